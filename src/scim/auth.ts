import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { Caller } from '../config.js';
import { requestRecord } from '../observability/requests.js';
import type { Settings } from '../provisioning/dependencies.js';
import { refuse } from './answers.js';

/** Who a request comes from, or the sentence that says why nobody is recognised. */
export type Authentication = { readonly caller: string } | { readonly problem: string };
export type Authenticator = (authorization: string | undefined) => Authentication;

const WRITING_METHODS: readonly string[] = ['POST', 'PUT', 'PATCH', 'DELETE'];
const REALM = 'confluence-scim-bridge';
const BEARER = /^\s*bearer\s+(\S+)\s*$/i;
const MISSING = 'This request has no bearer token. Send "Authorization: Bearer" and a secret of SCIM_TOKENS.';
const UNREADABLE =
  'The Authorization header is not "Bearer" and one token. Choose authentication by bearer token (HTTP header) in the identity provider.';
const UNKNOWN_TOKEN =
  'The bearer token is not one of SCIM_TOKENS. Compare the token in the identity provider with the configuration of the bridge.';

/**
 * Recognises callers by bearer token (RFC 6750 §2.1). The scheme's name is read in any case (RFC 9110 §11.1).
 *
 * Digests of equal length are compared, and always all of them, so that the time tells neither how much of a token was
 * right nor whose it resembles.
 */
export function createAuthenticator(callers: readonly Caller[]): Authenticator {
  const known = callers.flatMap(({ name, secrets }) => secrets.map((secret) => ({ name, digest: digestOf(secret) })));
  return (authorization) => {
    if (authorization === undefined || authorization.trim() === '') return { problem: MISSING };
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) return { problem: UNREADABLE };
    const digest = digestOf(token);
    const matches = known.filter((candidate) => timingSafeEqual(candidate.digest, digest));
    return matches[0] === undefined ? { problem: UNKNOWN_TOKEN } : { caller: matches[0].name };
  };
}

/**
 * Lets a request pass whose token is known and notes its caller; answers any other with 401. Mount it in front of every
 * body parser: nobody without a token gets a body parsed.
 */
export function requireCaller(authenticate: Authenticator): RequestHandler {
  return (request, response, next) => {
    const result = authenticate(request.headers.authorization);
    if ('problem' in result) {
      refuseCaller(response, result.problem);
      return;
    }
    requestRecord(response).caller = result.caller;
    next();
  };
}

/** Refuses every change by a caller that only reads (rule SA13), before anything of its message is looked at. */
export function refuseReaders(callers: Settings['callers']): RequestHandler {
  const readers = new Set(callers.filter(({ isReadOnly }) => isReadOnly).map(({ name }) => name));
  return (request, response, next) => {
    const { caller } = requestRecord(response);
    if (caller === undefined || !readers.has(caller) || isReading(request)) {
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
function refuseCaller(response: Response, problem: string): void {
  const error = problem === UNKNOWN_TOKEN ? ', error="invalid_token"' : '';
  refuse(response, 401, problem, { headers: { 'WWW-Authenticate': `Bearer realm="${REALM}"${error}` } });
}

function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
