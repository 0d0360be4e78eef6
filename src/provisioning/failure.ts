/**
 * The closed set of expected bad outcomes. Two translations exist: an upstream answer becomes a kind in
 * `atlassian/responses.ts`, a kind becomes a SCIM error in `scim/errors.ts`.
 *
 * - `invalid`        the message is wrong, or Atlassian rejects a value of it (400; `scimType` says which way)
 * - `notFound`       an id that nobody has
 * - `conflict`       a userName or group name is taken (409 `uniqueness`)
 * - `refused`        right message, but it cannot be done now: no free seat, a closed account, a group that cannot be left (409 without scimType)
 * - `forbidden`      the operator's rules forbid it: protected people, groups that are not ours (403)
 * - `precondition`   `If-Match` names a version; the bridge keeps none (412)
 * - `rateLimited`    Atlassian's 429 and no budget left to wait
 * - `unavailable`    Atlassian or the store did not answer usefully; sending again is right
 * - `misconfigured`  Atlassian refuses *our* credential or its rights
 * - `unsupported`    Confluence has no call for it (501)
 * - `unexpected`     a bug, or an answer of the wrong shape
 */
export type FailureKind =
  | 'invalid'
  | 'notFound'
  | 'conflict'
  | 'refused'
  | 'forbidden'
  | 'precondition'
  | 'rateLimited'
  | 'unavailable'
  | 'misconfigured'
  | 'unsupported'
  | 'unexpected';

/** RFC 7644 §3.12, table 9: what exactly is wrong with a message; only for `invalid`. */
export type ScimType =
  'invalidFilter' | 'tooMany' | 'mutability' | 'invalidSyntax' | 'invalidPath' | 'noTarget' | 'invalidValue';

/** What Atlassian answered, when it answered. Never a URL, header or body. */
export interface UpstreamAnswer {
  readonly operation: string;
  /** Of HTTP; undefined when no answer came. */
  readonly status: number | undefined;
  /** The credential itself was accepted, but was made without a scope that the operation needs. */
  readonly lacksScope?: true;
}

export interface FailureDetails {
  /** Only for `invalid`; `invalidValue` when absent. */
  readonly scimType?: ScimType;
  /** Whole seconds, for `rateLimited` and `unavailable`. */
  readonly retryAfterSeconds?: number;
  readonly upstream?: UpstreamAnswer;
  /** The rule that refused the message, where it is not the one that the check stands for; for the audit. */
  readonly refusedBy?: string;
  readonly cause?: unknown;
}

/**
 * An expected bad outcome. `message` is user interface: one sentence what happened, one what to do. It is shown to
 * IdP admins, so it holds no secret and nothing personal beyond what the caller itself sent.
 */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly scimType: ScimType | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly upstream: UpstreamAnswer | undefined;
  readonly refusedBy: string | undefined;

  constructor(kind: FailureKind, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'Failure';
    this.kind = kind;
    this.scimType = kind === 'invalid' ? (details.scimType ?? 'invalidValue') : undefined;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.upstream = details.upstream;
    this.refusedBy = details.refusedBy;
  }

  /** Any thrown value as a Failure; what is not one already is a bug and keeps its cause for the log. */
  static from(error: unknown): Failure {
    if (error instanceof Failure) return error;
    return new Failure('unexpected', 'The bridge met an error of its own. Look in its log for this requestId.', {
      cause: error,
    });
  }
}
