import type { Failure, FailureKind } from '../provisioning/failure.js';

const ERROR_URN = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** How each kind of failure is answered (RFC 7644 §3.12). An absent `scimType` is left out of the body. */
const SCIM_ERRORS: Readonly<Record<FailureKind, { readonly status: number; readonly scimType?: string }>> = {
  invalid: { status: 400 },
  notFound: { status: 404 },
  conflict: { status: 409, scimType: 'uniqueness' },
  refused: { status: 409 },
  forbidden: { status: 403 },
  precondition: { status: 412 },
  rateLimited: { status: 429 },
  unavailable: { status: 503 },
  // Never 401 or 403: the caller would think its own token is bad.
  misconfigured: { status: 500 },
  unsupported: { status: 501 },
  unexpected: { status: 500 },
};

/** Used where Atlassian named no time: every 429 and 503 of ours carries `Retry-After` (rule SA4). */
const DEFAULT_RETRY_AFTER_SECONDS = 30;

/** A SCIM error as it goes out: status line, extra headers, body. */
export interface ScimError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Renders a failure. The request id in `detail` is the thread from an IdP's screen to the bridge's log. */
export function toScimError(failure: Failure, requestId: string): ScimError {
  const { status, scimType } = SCIM_ERRORS[failure.kind];
  const headers =
    status === 429 || status === 503
      ? { 'Retry-After': String(Math.max(1, Math.ceil(failure.retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS))) }
      : {};
  return scimError(status, failure.message, requestId, { scimType: failure.scimType ?? scimType, headers });
}

/** An error of the edge itself: 401, 404 for a route, 405, 413, 415, 501. */
export function scimError(
  status: number,
  detail: string,
  requestId: string,
  more: { readonly scimType?: string | undefined; readonly headers?: Readonly<Record<string, string>> } = {},
): ScimError {
  return {
    status,
    headers: more.headers ?? {},
    body: {
      schemas: [ERROR_URN],
      // A string, as the RFC has it; Okta's test asks for it too.
      status: String(status),
      ...(more.scimType === undefined ? {} : { scimType: more.scimType }),
      detail: `${detail} (request ${requestId})`,
    },
  };
}
