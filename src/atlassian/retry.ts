/**
 * What may be done again when a call brought no answer.
 * `read`: changes nothing. `idempotent`: a change that may happen twice. `once`: a change that must not.
 */
export type Repeatability = 'read' | 'idempotent' | 'once';

/** How one attempt ended, as far as trying again depends on it. */
export type Outcome =
  /** `isUseless`: an outage page or the like in place of the API's own answer. */
  | { readonly kind: 'answer'; readonly status: number; readonly isUseless: boolean }
  /** No connection came about, so the call surely did not happen. */
  | { readonly kind: 'notSent' }
  /** The call went out and no answer came back: it may have happened. */
  | { readonly kind: 'lost' };

const MAX_ATTEMPTS = 3;
const FIRST_WAIT_MS = 400;
/** Atlassian's quotas start anew every hour. A number that is wrong by years must not silence the bridge for years. */
const LONGEST_RETRY_AFTER_SECONDS = 3_600;

/**
 * How long to wait before trying again.
 *
 * A 429 says that the call was not carried out, so that anything may be sent again; how long is the limiter's
 * decision, for all calls of the credential. A 500 is repeated for reads only: Confluence hides refusals behind it.
 *
 * @param attempt which attempt ended with `outcome`, from 1
 * @param random  0 to 1, spreads callers that failed together
 * @returns milliseconds; undefined when the outcome is to be taken as it is
 */
export function waitBeforeRetryMs(
  repeatability: Repeatability,
  attempt: number,
  outcome: Outcome,
  random: number,
): number | undefined {
  if (attempt >= MAX_ATTEMPTS) return undefined;
  if (outcome.kind === 'answer' && outcome.status === 429) return 0;
  const mayRepeat = outcome.kind === 'notSent' || (isFailed(outcome, repeatability) && repeatability !== 'once');
  return mayRepeat ? Math.round(FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + random)) : undefined;
}

function isFailed(outcome: Outcome, repeatability: Repeatability): boolean {
  if (outcome.kind !== 'answer') return true;
  return outcome.isUseless && (repeatability === 'read' || outcome.status !== 500);
}

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3) as whole seconds, rounded up.
 *
 * @param header delta-seconds or an HTTP-date; Atlassian sends seconds
 * @param nowMs  the clock, milliseconds since the epoch
 * @returns seconds, 0 to an hour; undefined when absent or unreadable, so that the caller falls back to its own delay
 */
export function retryAfterSeconds(header: string | undefined, nowMs: number): number | undefined {
  const seconds = secondsIn(header?.trim() ?? '', nowMs);
  return seconds === undefined ? undefined : Math.min(Math.max(0, Math.ceil(seconds)), LONGEST_RETRY_AFTER_SECONDS);
}

function secondsIn(text: string, nowMs: number): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  // Date.parse alone would take almost any text that holds a number.
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return undefined;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : (atMs - nowMs) / 1000;
}
