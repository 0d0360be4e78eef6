/** The time of day and the passing of time; tests pass their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** One call that was sent to Atlassian, for the log, the audit and the demo. Holds no URL, no address, no secret. */
export interface UpstreamCall {
  /** The operation as in `atlassian/`, for example `confluence.addMember`. */
  readonly operation: string;
  /** HTTP status; undefined when no answer came. */
  readonly status: number | undefined;
  /** An outage page or the like came in place of Atlassian's own answer, whatever its status. */
  readonly isUseless?: true;
  readonly durationMs: number;
}

/**
 * Who spends upstream time: one SCIM request, one scan, one background job or one command. It is passed down to
 * every upstream call, so that all of them together stay inside one budget and are recorded in order.
 */
export interface Call {
  /** Of the SCIM request, or made for a scan or job; the thread from an answer to the log and the audit. */
  readonly requestId: string;
  /** The name of the `SCIM_TOKENS` pair, or `bridge` for the bridge's own work. */
  readonly caller: string;
  /** Requests and scans share the credential's concurrency fairly. */
  readonly kind: 'request' | 'scan';
  /** Milliseconds since the epoch; no upstream call starts or waits past it. */
  readonly deadlineMs: number;
  /** Aborts when the process stops, the budget is over, or a lock is lost that the work goes on under. */
  readonly signal: AbortSignal;
  /**
   * Aborts the signal now if a lock may have been lost: after a time in which the process stood still, work may come
   * before the timers that watch over its locks. To be called right before what cannot be taken back. Absent where the
   * work is under no lock.
   */
  readonly checkLocks?: () => void;
  /** Every upstream call sent so far, in order; appended by the client. */
  readonly upstream: UpstreamCall[];
}

/** How a call names itself that is no identity provider's: the bridge's own work, and what is done by command. */
export const OWN_CALLERS = { bridge: 'the bridge itself', operator: 'whoever types commands' } as const;
