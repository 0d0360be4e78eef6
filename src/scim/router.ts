import { type ErrorRequestHandler, type Request, type RequestHandler, Router } from 'express';
import SCIMMY from 'scimmy';
import SCIMMYRouters from 'scimmy-routers';
import type { Call, Clock } from '../provisioning/call.js';
import { Failure } from '../provisioning/failure.js';
import { requestRecord } from '../observability/requests.js';
import { answerFailure, noteFailure, notedFailure, refuse, scimAnswers } from './answers.js';
import { refuseReaders } from './auth.js';
import { mediaType, readBody, UNREADABLE } from './body.js';
import { createBodyGate, MAX_BODY_BYTES } from './bodyGate.js';
import type { Bridge, ScimContext } from './context.js';
import { declareGroups } from './groupResource.js';
import { MAX_COUNT } from './queryParameters.js';
import { search } from './search.js';
import { declareUsers } from './userResource.js';

/** Where SCIM is served, under `PUBLIC_URL`. */
export const SCIM_BASE_PATH = '/scim/v2';

export interface ScimRouterParts {
  readonly bridge: Bridge;
  /** Lets nobody pass who has no token; see `requireCaller`. */
  readonly door: RequestHandler;
  /** Origin of `meta.location`, without the base path. */
  readonly publicUrl: string;
  readonly clock: Clock;
  /** Aborts when the process stops. */
  readonly stopping: AbortSignal;
}

/** What is served where; everything else is 404, every other method 405. `id` patterns match one segment. */
const ROUTES: readonly { readonly path: RegExp; readonly methods: readonly string[] }[] = [
  { path: /^\/(Users|Groups)\/?$/i, methods: ['GET', 'HEAD', 'POST'] },
  { path: /^\/(Users\/|Groups\/)?\.search\/?$/i, methods: ['POST'] },
  { path: /^\/(Users|Groups)\/[^/]+\/?$/i, methods: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'] },
  { path: /^\/ServiceProviderConfig\/?$/i, methods: ['GET', 'HEAD'] },
  // By name, since scimmy makes a filter of any id, and its filters reach prototypes.
  { path: /^\/ResourceTypes(\/(User|Group))?\/?$/i, methods: ['GET', 'HEAD'] },
];
const DISCOVERY = /^\/(ServiceProviderConfig|ResourceTypes)/i;

/** Answered 501 by every method that RFC 7644 gives the address: declared off, and said so (rule LI4). */
const UNSUPPORTED: readonly { readonly path: RegExp; readonly methods: readonly string[]; readonly why: string }[] = [
  {
    path: /^\/Schemas(\/.*)?$/i,
    methods: ['GET', 'HEAD'],
    why: 'Schema discovery is not supported. Map userName, emails, name, displayName and active, and give strict clients the core schemas as a file.',
  },
  { path: /^\/Bulk\/?$/i, methods: ['POST'], why: 'Bulk operations are not supported. Send the requests one by one.' },
  {
    path: /^\/Me\/?$/i,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    why: '/Me is not supported: a token here belongs to an identity provider, not to a person. Use /Users.',
  },
];

/**
 * Everything under `/scim/v2`. In front of scimmy: the token before the body, routes and methods, `If-Match`, media
 * type, JSON. Behind it nothing: what scimmy does not serve is refused here.
 */
export function createScimRouter(parts: ScimRouterParts): Router {
  declareUsers();
  declareGroups();
  const router = Router();
  router.use(scimAnswers);
  router.use(parts.door);
  router.use(refuseReaders(parts.bridge.deps.settings));
  router.use(routesAndMethods);
  router.use(preconditions);
  router.use(mediaType);
  const gate = createBodyGate(parts.clock, parts.stopping);
  router.use(gate.admit);
  router.use(...readBody(gate));
  router.use(search((request) => contextOf(parts, request)));
  router.use(withoutDiscoveryParameters);
  router.use(scimmyRouter(parts));
  router.use(onError(parts));
  return router;
}

function contextOf(parts: ScimRouterParts, request: Request): ScimContext {
  const { res: response } = request;
  if (response === undefined) throw new Error('A request without its response');
  const record = requestRecord(response);
  const { requestBudgetMs } = parts.bridge.deps.settings;
  const call: Call = {
    requestId: record.requestId,
    caller: record.caller ?? 'unknown',
    kind: 'request',
    deadlineMs: parts.clock.now() + requestBudgetMs,
    signal: parts.stopping,
    upstream: record.upstream,
  };
  return { bridge: parts.bridge, call, response };
}

/** scimmy's own routes. Its configuration is process-wide and overwritten by its constructor, hence the order. */
function scimmyRouter(parts: ScimRouterParts): RequestHandler {
  SCIMMY.Config.set('authenticationSchemes', []);
  const routers = new SCIMMYRouters({
    type: 'bearer',
    // The token was checked in front, before the body was read.
    handler: () => '',
    baseUri: () => parts.publicUrl,
    context: (request: Request) => contextOf(parts, request),
  });
  SCIMMY.Config.set({
    documentationUri: 'https://datatracker.ietf.org/doc/html/rfc7644',
    patch: true,
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: MAX_COUNT },
    changePassword: false,
    sort: false,
    etag: false,
  });
  return routers;
}

const routesAndMethods: RequestHandler = (request, response, next) => {
  const unsupported = UNSUPPORTED.find(({ path }) => path.test(request.path));
  // `.search` looks like an id, too; the first route that fits decides.
  const route = unsupported ?? ROUTES.find(({ path }) => path.test(request.path));
  if (route === undefined || (unsupported === undefined && !isDecodable(request.path))) {
    refuse(
      response,
      404,
      'There is nothing at this address. SCIM is served under /scim/v2 as /Users, /Groups, /ServiceProviderConfig and /ResourceTypes.',
    );
    return;
  }
  const { methods } = route;
  if (!methods.includes(request.method)) {
    refuse(response, 405, `${request.method} is not possible here. Use one of: ${methods.join(', ')}.`, {
      headers: { Allow: methods.join(', ') },
    });
    return;
  }
  if (unsupported === undefined) next();
  else refuse(response, 501, unsupported.why);
};

/** What is no percent-encoded UTF-8 names nothing (Express would answer in its own words), nor what no database can look up. */
function isDecodable(path: string): boolean {
  try {
    return !decodeURIComponent(path).includes('\0');
  } catch {
    return false;
  }
}

/**
 * The bridge keeps no versions: in `If-Match`, `*` passes and any tag cannot match; in `If-None-Match` it is the other way
 * round, for `*` asks for a resource that is not there, which these methods cannot change (RFC 9110 §13.1.1, §13.1.2).
 */
const preconditions: RequestHandler = (request, response, next) => {
  const match = request.get('if-match')?.trim();
  const noneMatch = request.get('if-none-match')?.trim();
  const changesExisting = ['PUT', 'PATCH', 'DELETE'].includes(request.method);
  let problem: string | undefined;
  if (match !== undefined && match !== '*') problem = 'so no tag can match. Leave If-Match out, or send *.';
  else if (noneMatch === '*' && changesExisting) problem = 'and changes only what is there. Leave If-None-Match out.';
  if (problem === undefined) {
    next();
    return;
  }
  answerFailure(response, new Failure('precondition', `The bridge keeps no versions of resources, ${problem}`));
};

/** RFC 7644 §4: filters and paging are ignored on discovery; scimmy would answer 403. */
const withoutDiscoveryParameters: RequestHandler = (request, _response, next) => {
  if (DISCOVERY.test(request.path)) Object.defineProperty(request, 'query', { value: {}, configurable: true });
  next();
};

/** What went wrong before or beside a handler. Nothing is left for Express, which would answer HTML. */
function onError(parts: ScimRouterParts): ErrorRequestHandler {
  return (error: unknown, _request, response, _next) => {
    // scimmy passes every 5xx on after it was answered.
    if (response.headersSent) return;
    const noted = notedFailure(response);
    const status = statusOf(error);
    if (noted !== undefined) answerFailure(response, noted);
    else if (status === 413)
      refuse(response, 413, `The body is larger than ${MAX_BODY_BYTES / 1024 / 1024} MB. Send it in several messages.`);
    else if (status === 415) refuse(response, 415, UNREADABLE);
    else if (status === 400)
      refuse(response, 400, 'The body did not arrive as it was announced. Send it again.', {
        scimType: 'invalidSyntax',
      });
    else {
      const failure = Failure.from(error);
      parts.bridge.deps.log.error('A request failed outside its handler', {
        requestId: requestRecord(response).requestId,
        error: failure,
      });
      noteFailure(response, failure);
      answerFailure(response, failure);
    }
  };
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || error instanceof Failure) return undefined;
  return 'status' in error && typeof error.status === 'number' ? error.status : undefined;
}
