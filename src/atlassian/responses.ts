import type { z } from 'zod';
import { Failure, type FailureDetails, type FailureKind } from '../provisioning/failure.js';
import type { Answer, Operation } from './operation.js';
import { scopesInWords } from './scopes.js';
import { PROXY_REFUSED } from './tunnel.js';

const SEND_AGAIN_SECONDS = 5;
/** The longest pause that Atlassian advises where it names none. */
const RATE_LIMIT_SECONDS = 30;

/** Confluence says this to an expired token as well as to an account without access. */
const NO_CONFLUENCE =
  "Atlassian does not let the account behind the bridge's API token use Confluence. The operator should check ATLASSIAN_ADMIN_EMAIL and ATLASSIAN_API_TOKEN, whether the token has expired, and whether that account has access to Confluence.";

/**
 * The value in an operation's documented answer.
 *
 * @throws Failure what `refusal` says of any other status; `unexpected` for a body of the wrong type or shape
 */
export function readJson<T>(operation: Operation, answer: Answer, status: number, schema: z.ZodType<T>): T {
  confirm(operation, answer, status);
  if (!isJson(answer)) throw unreadable(operation, answer, 'the body is not declared as JSON');
  const read = schema.safeParse(parsed(answer.body));
  if (read.success) return read.data;
  // Where and in which way, never the value: it may be somebody's address.
  const wrong = read.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.') || 'body'}: ${issue.code}`);
  throw unreadable(operation, answer, wrong.join(', '));
}

/** @throws Failure unless this is the documented answer of an operation whose body says nothing, at least of no error */
export function confirm(operation: Operation, answer: Answer, status: number): void {
  if (answer.status !== status || isAnonymous(answer) || isHtml(answer)) throw refusal(operation, answer);
  if (tellsOfError(answer)) throw unreadable(operation, answer, 'the body tells of an error');
}

/**
 * Whether the body is an error in the words of one of Atlassian's APIs, whatever the status says: of the organization or
 * Confluence v2, Jira, Confluence v1, the gateway.
 */
function tellsOfError({ body }: Answer): boolean {
  const read = parsed(body);
  if (typeof read !== 'object' || read === null) return false;
  const field = (name: string): unknown => Object.getOwnPropertyDescriptor(read, name)?.value;
  const isFilled = (list: unknown): boolean => Array.isArray(list) && list.length > 0;
  const isRefusal = (status: unknown): boolean => typeof status === 'number' && status >= 400;
  return ['errors', 'errorMessages'].map(field).some(isFilled) || ['statusCode', 'code'].map(field).some(isRefusal);
}

/**
 * Whether the API itself answered with this status. The same status on a proxy's or a login page means something else:
 * to take its 404 for "no such group" would take away what is still there.
 */
export function says(answer: Answer, status: number): boolean {
  return answer.status === status && isApiAnswer(answer);
}

/** Whether an outage or somebody in between answered, so that asking again may help. */
export function isUseless(answer: Answer): boolean {
  const { status } = answer;
  if (status >= 500 || status === 408) return true;
  return isHtml(answer) && (status < 300 || status === 400 || status === 404);
}

/** What an answer means that is not the documented success and that has no special meaning for its operation. */
export function refusal(operation: Operation, answer: Answer): Failure {
  const { status } = answer;
  if (lacksScope(answer)) return fail('misconfigured', missingScope(operation), operation, answer);
  if (isAnonymous(answer) || status === 401) {
    return fail('misconfigured', refusedCredential(operation), operation, answer);
  }
  if (isShutOut(answer)) return fail('misconfigured', NO_CONFLUENCE, operation, answer);
  if (status === 403) return notAllowed(operation, answer);
  if (status === 429) {
    const message = 'Atlassian limits how often the bridge may call it at the moment. Send the request again later.';
    const seconds = answer.retryAfterSeconds ?? RATE_LIMIT_SECONDS;
    return fail('rateLimited', message, operation, answer, { retryAfterSeconds: seconds });
  }
  if (status >= 300 && status < 400) {
    const message =
      'Atlassian sends the bridge to another address. The operator should check ATLASSIAN_SITE_URL and ATLASSIAN_API_URL.';
    return fail('misconfigured', message, operation, answer);
  }
  if (isUseless(answer) || (status >= 400 && !isApiAnswer(answer))) {
    const message = 'Atlassian gives no useful answer at the moment. Send the request again later.';
    const seconds = answer.retryAfterSeconds ?? SEND_AGAIN_SECONDS;
    return fail('unavailable', message, operation, answer, { retryAfterSeconds: seconds });
  }
  if (status === 400 || status === 422) {
    const message = 'Atlassian rejects a value of this request. Correct the value and send the request again.';
    return fail('invalid', message, operation, answer);
  }
  if (status === 404) {
    const message = 'Atlassian knows nothing under this id. Check the id, or look the resource up again.';
    return fail('notFound', message, operation, answer);
  }
  return unreadable(operation, answer, `status ${status} is not documented`);
}

/** A Failure that a call's answer led to. It carries the operation and the status, nothing else of the answer. */
export function fail(
  kind: FailureKind,
  message: string,
  operation: Operation,
  answer: Answer | undefined,
  details: FailureDetails = {},
): Failure {
  return new Failure(kind, message, {
    ...details,
    upstream: {
      operation: operation.name,
      status: answer?.status,
      ...(answer !== undefined && lacksScope(answer) ? { lacksScope: true } : {}),
    },
  });
}

/** Errors of a certificate that is not Atlassian's as far as this machine can tell; nothing is sent behind them. */
export const UNTRUSTED: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

const PROXY_REFUSES =
  'The proxy on the way to Atlassian refuses the bridge. The operator should check UPSTREAM_PROXY; send the request again later.';
const NOT_TRUSTED =
  'Whoever answers at the address of Atlassian has a certificate that this machine does not trust. The operator should see who that is, ' +
  'and name an authority of their own in NODE_EXTRA_CA_CERTS; send the request again later.';

/** Nobody answered. Whether the call happened is unknown, unless no connection came about. */
export function unreachable(operation: Operation, attempt: { kind: 'notSent' | 'lost'; code: string }): Failure {
  const message = {
    notSent: 'The bridge cannot reach Atlassian. Send the request again later.',
    lost: 'Atlassian did not answer in time. Send the request again later.',
  }[attempt.kind];
  const why = attempt.code === PROXY_REFUSED ? PROXY_REFUSES : UNTRUSTED.has(attempt.code) ? NOT_TRUSTED : message;
  return fail('unavailable', why, operation, undefined, {
    retryAfterSeconds: SEND_AGAIN_SECONDS,
    cause: new Error(`no answer: ${attempt.code}`),
  });
}

/** An answer that the bridge cannot read: neither success nor a known refusal. */
export function unreadable(operation: Operation, answer: Answer, reason: string): Failure {
  const message =
    'Atlassian answered in a way the bridge does not know, so it cannot tell what was done. ' +
    'Send the request again; if that does not help, report it to the makers of the bridge.';
  return fail('unexpected', message, operation, answer, { cause: new Error(reason) });
}

/**
 * A success that cannot be read leaves open whether a person was made: another Failure to the domain than a wrong
 * answer to a question.
 */
export function outcomeUnknown(failure: Failure): Failure {
  const status = failure.upstream?.status ?? 0;
  if (failure.kind !== 'unexpected' || status < 200 || status >= 300) return failure;
  return new Failure('unavailable', 'Atlassian did not say whether this was done. Send the request again.', {
    retryAfterSeconds: SEND_AGAIN_SECONDS,
    ...(failure.upstream === undefined ? {} : { upstream: failure.upstream }),
    cause: failure,
  });
}

/** A right is missing: 403, and 404 of those operations for which it is documented to mean that. */
export function notAllowed(operation: Operation, answer: Answer): Failure {
  const message = `Atlassian does not let the bridge ${operation.act}. ${operation.remedy}`;
  return fail('misconfigured', message, operation, answer);
}

/** Atlassian has no seat left to give. */
export function noSeat(operation: Operation, answer: Answer): Failure {
  const message =
    'Atlassian seems to have no free licence for this person. ' +
    'Ask an Atlassian organization admin to free or buy a seat, then send the request again.';
  return fail('refused', message, operation, answer);
}

function refusedCredential({ credential }: Operation): string {
  return credential === 'organization'
    ? "Atlassian refuses the bridge's organization key. The operator should check ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY, and make a new key without scopes if it has expired."
    : "Atlassian refuses the bridge's API token. The operator should check ATLASSIAN_ADMIN_EMAIL, ATLASSIAN_API_TOKEN and ATLASSIAN_TOKEN_KIND, and make a new token if it has expired.";
}

/** The gateway says it to a scoped token without the scope of the operation, and to a token that has no scopes at all. */
function missingScope({ name, act, remedy, scopes }: Operation): string {
  return scopes === undefined
    ? `The organization key of the bridge lacks the scope to ${act} (${name}). ${remedy}`
    : `The bridge's API token lacks the scope to ${act} (${name}). The operator should make a new token that also has ${scopesInWords(scopes)}, or set ATLASSIAN_TOKEN_KIND=classic if it was made without scopes.`;
}

/**
 * Whether the gateway refuses the token for this one operation, whose scope it lacks, and not as such. It says so in the
 * body, in a header, or in both.
 */
export function lacksScope(answer: Answer): boolean {
  if (answer.status !== 401) return false;
  return (
    /scope does not match/i.test(answer.body) || answer.header('x-failure-category') === 'FAILURE_CLIENT_SCOPE_CHECK'
  );
}

/** Whether Confluence is closed to the account as such, whatever was asked. */
export function isShutOut({ status, body }: Answer): boolean {
  return status === 403 && /not permitted to use Confluence/i.test(body);
}

/** Whether Jira took the token for a bad one: it then serves us as anonymous, with any status, and says so in a header. */
export function isAnonymous(answer: Answer): boolean {
  return /AUTHENTICATED_FAILED|AUTHENTICATION_DENIED/.test(answer.header('x-seraph-loginreason') ?? '');
}

function isApiAnswer(answer: Answer): boolean {
  return !isAnonymous(answer) && (answer.body === '' || isJson(answer));
}

function isJson(answer: Answer): boolean {
  return /^application\/([\w.-]+\+)?json\b/i.test(answer.header('content-type') ?? '');
}

function isHtml(answer: Answer): boolean {
  return /^text\/html\b/i.test(answer.header('content-type') ?? '') || /^\s*<(!doctype|html)\b/i.test(answer.body);
}

/** @returns undefined for what is not JSON, which no schema accepts */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
