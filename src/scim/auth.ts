import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { Caller } from '../config.js';
import type { AuthenticationFailure, Metrics } from '../observability/metrics.js';
import { requestRecord } from '../observability/requests.js';
import type { Clock } from '../provisioning/call.js';
import type { Log, Settings } from '../provisioning/dependencies.js';
import { refuse } from './answers.js';
import { createFailedAttempts } from './failedAttempts.js';

/** Who a request comes from, or why nobody is recognised: what kind of failure it is, and the sentence that says so. */
export type Authentication =
  { readonly caller: string } | { readonly reason: AuthenticationFailure; readonly problem: string };
export type Authenticator = (authorization: string | undefined) => Authentication;

export interface DoorParts {
  /** As they are configured at the moment. */
  readonly callers: () => readonly Caller[];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'authenticationFailed'>;
}

const WRITING_METHODS: readonly string[] = ['POST', 'PUT', 'PATCH', 'DELETE'];
const REALM = 'confluence-scim-bridge';
const BEARER = /^\s*bearer\s+(\S+)\s*$/i;
const MISSING = 'This request has no bearer token. Send "Authorization: Bearer" and a secret of SCIM_TOKENS.';
const UNREADABLE =
  'The Authorization header is not "Bearer" and one token. Choose authentication by bearer token (HTTP header) in the identity provider.';
const UNKNOWN_TOKEN =
  'The bearer token is not one of SCIM_TOKENS. Compare the token in the identity provider with the configuration of the bridge.';
const TOO_MANY =
  'Too many wrong tokens came from this address within a minute. Put the right one into the identity provider: it is let in at once.';

/**
 * Recognises callers by bearer token (RFC 6750 §2.1). The scheme's name is read in any case (RFC 9110 §11.1).
 *
 * Digests of equal length are compared, and always all of them, so that the time tells neither how much of a token was
 * right nor whose it resembles.
 *
 * @param callers as they are configured at the moment
 */
export function createAuthenticator(callers: () => readonly Caller[]): Authenticator {
  let digested = digestsOf(callers());
  return (authorization) => {
    if (authorization === undefined || authorization.trim() === '') return { reason: 'missing', problem: MISSING };
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) return { reason: 'unreadable', problem: UNREADABLE };
    if (digested.callers !== callers()) digested = digestsOf(callers());
    const digest = digestOf(token);
    const matches = digested.known.filter((candidate) => timingSafeEqual(candidate.digest, digest));
    return matches[0] === undefined ? { reason: 'unknown', problem: UNKNOWN_TOKEN } : { caller: matches[0].name };
  };
}

/**
 * Lets a request pass whose token is known and notes its caller; answers any other with 401, and with 429 where wrong
 * tokens keep coming (rule SA19). Mount it in front of every body parser: nobody without a token gets a body parsed.
 */
export function requireCaller({ callers, metrics, ...parts }: DoorParts): RequestHandler {
  const authenticate = createAuthenticator(callers);
  const attempts = createFailedAttempts(parts);
  return (request, response, next) => {
    const result = authenticate(request.headers.authorization);
    if ('caller' in result) {
      requestRecord(response).caller = result.caller;
      next();
      return;
    }
    metrics.authenticationFailed(result.reason);
    // Without a token nothing was tried: probes and browsers come so.
    const retryAfterSeconds = result.reason === 'missing' ? undefined : attempts.count(request.ip);
    if (retryAfterSeconds === undefined) refuseCaller(response, result);
    else refuse(response, 429, TOO_MANY, { headers: { 'Retry-After': String(retryAfterSeconds) } });
  };
}

/** Refuses every change by a caller that only reads (rule SA13), before anything of its message is looked at. */
export function refuseReaders(settings: Pick<Settings, 'callers'>): RequestHandler {
  return (request, response, next) => {
    const { caller } = requestRecord(response);
    const isReader = settings.callers.some(({ name, isReadOnly }) => isReadOnly && name === caller);
    if (!isReader || isReading(request)) {
      next();
      return;
    }
    refuse(
      response,
      403,
      `The token of "${caller}" may only read. Use the token of another caller, or have the operator take :ro from it in SCIM_TOKENS.`,
    );
  };
}

/** `.search` is a query with its parameters in the body (RFC 7644 §3.4.3). */
function isReading({ method, path }: Pick<Request, 'method' | 'path'>): boolean {
  return !WRITING_METHODS.includes(method) || (method === 'POST' && /\/\.search\/?$/i.test(path));
}

/** RFC 6750 §3 wants an error code only where a token was sent. */
function refuseCaller(
  response: Response,
  failed: { readonly reason: AuthenticationFailure; readonly problem: string },
) {
  const error = failed.reason === 'unknown' ? ', error="invalid_token"' : '';
  refuse(response, 401, failed.problem, { headers: { 'WWW-Authenticate': `Bearer realm="${REALM}"${error}` } });
}

function digestsOf(callers: readonly Caller[]) {
  const known = callers.flatMap(({ name, secrets }) => secrets.map((secret) => ({ name, digest: digestOf(secret) })));
  return { callers, known };
}

function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
