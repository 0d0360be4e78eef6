import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import express, { type Request, type Response } from 'express';

import { accountRoutes } from './accounts.js';
import type { CallInProgress, ReceivedCall } from './calls.js';
import { confluenceV1Routes } from './confluenceV1.js';
import { confluenceV2Routes } from './confluenceV2.js';
import { credentialKind, type CredentialName, type Credentials, type Entrance } from './credentials.js';
import { SCOPE_MISMATCH, type Surface } from './errors.js';
import { faultAnswer, firstHalf } from './faultAnswers.js';
import type { FaultSource } from './faults.js';
import type { Answer, Route } from './http.js';
import { jiraRoutes } from './jira.js';
import { organizationRoutes } from './organization.js';
import { perform } from './perform.js';
import type { Site } from './site.js';

const LARGEST_BODY = '1mb';
const JSON_TYPE = 'application/json';
/** Longer than callers keep their connections, so that it is they who close idle ones. */
const KEEP_ALIVE_MS = 65_000;
/** The families of endpoints that are also served by the gateway, by its name for them. */
const GATEWAY: Readonly<Partial<Record<Surface, string>>> = {
  'confluence v1': 'confluence',
  'confluence v2': 'confluence',
  jira: 'jira',
};

export interface ServerParts {
  readonly site: Site;
  readonly credentials: Credentials;
  readonly revoked: ReadonlySet<CredentialName>;
  readonly faults: FaultSource;
  /** Called once per call, in the order of arrival; the call is completed later. */
  readonly onArrival: (call: ReceivedCall) => void;
  /** Called when a call was answered or its connection is gone. */
  readonly onEnd: (call: ReceivedCall) => void;
}

export interface SandboxServer {
  readonly url: string;
  /** Refuses connections from now on. Calls under way are answered, and their connections closed. */
  shut(): void;
  /** Takes connections again, at the same address. */
  reopen(): Promise<void>;
  /** Drops every connection, hanging ones too. */
  close(): Promise<void>;
}

/** @param port 0 for any free one */
export async function listen(parts: ServerParts, host: string, port: number): Promise<SandboxServer> {
  const app = createApp(parts);
  const underWay = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    app(request, response);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const open = (at: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(at, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
  await open(port);
  const { address, family, port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    shut() {
      server.close();
      server.closeIdleConnections();
      for (const response of underWay) response.shouldKeepAlive = false;
    },
    reopen: () => open(bound),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function createApp(parts: ServerParts): express.Express {
  const { site, credentials, revoked } = parts;
  const inProgress = new WeakMap<Request, CallInProgress>();
  const callOf = (request: Request): CallInProgress => {
    const known = inProgress.get(request);
    if (known !== undefined) return known;
    const call: CallInProgress = {
      method: request.method,
      path: request.originalUrl,
      operation: undefined,
      isWrite: false,
      credential: credentialKind(request.headers.authorization, credentials, revoked),
      body: undefined,
      status: undefined,
      isStruck: false,
      isServed: false,
    };
    inProgress.set(request, call);
    return call;
  };

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((request, response, next) => {
    const call = callOf(request);
    parts.onArrival(call);
    response.once('close', () => parts.onEnd(call));
    next();
  });
  app.use(express.text({ type: () => true, limit: LARGEST_BODY }));

  for (const route of allRoutes(site)) {
    const method = route.method === 'GET' ? 'get' : route.method === 'POST' ? 'post' : 'delete';
    app[method](route.path, (request, response) => serve(parts, route, 'site', callOf(request), request, response));
    const name = GATEWAY[route.surface];
    if (name === undefined) continue;
    app[method](`/ex/${name}/:cloudId${route.path}`, (request, response) =>
      serve(parts, route, 'gateway', callOf(request), request, response),
    );
  }

  // Atlassian's gateway says this of Confluence paths that lack their `/wiki`, too.
  app.use('/ex/confluence/:cloudId/rest', (request, response) => {
    send(response, callOf(request), { status: 401, ...SCOPE_MISMATCH });
  });
  app.use((request, response) => {
    const message = `The sandbox does not know ${request.method} ${request.path}.`;
    send(response, callOf(request), { status: 404, body: { message, statusCode: 404 } });
  });
  return app;
}

function allRoutes(site: Site): readonly Route[] {
  const tenantInfo: Route = {
    operation: 'site.tenantInfo',
    method: 'GET',
    path: '/_edge/tenant_info',
    surface: 'site',
    isWrite: false,
    right: 'nobody in particular',
    answer: () => ({ status: 200, body: { cloudId: site.credentials.cloudId } }),
  };
  return [
    tenantInfo,
    ...confluenceV1Routes(site),
    ...confluenceV2Routes(site),
    ...jiraRoutes(site),
    ...organizationRoutes(site),
    ...accountRoutes(site),
  ];
}

/** One call from arrival to answer: hooks, then the fault that is due, then what was asked. */
async function serve(
  { site, faults }: ServerParts,
  route: Route,
  entrance: Entrance,
  call: CallInProgress,
  request: Request,
  response: Response,
): Promise<void> {
  const text = typeof request.body === 'string' ? request.body : '';
  call.operation = route.operation;
  call.isWrite = route.isWrite;
  call.body = parseJson(text);

  await faults.runHooks(call);
  const fault = faults.strike(call);
  if (fault === undefined) {
    send(response, call, await perform(site, route, entrance, call, text, request));
    return;
  }
  call.isStruck = true;
  switch (fault.kind ?? 'status') {
    case 'hang':
      await faults.cleared();
      request.socket.destroy();
      return;
    case 'reset':
      request.socket.resetAndDestroy();
      return;
    case 'status':
    case 'html':
      break;
    case 'drop-after':
      await perform(site, route, entrance, call, text, request);
      request.socket.destroy();
      return;
    case 'error-after':
      await perform(site, route, entrance, call, text, request);
      break;
    case 'truncated': {
      const { status, body } = await perform(site, route, entrance, call, text, request);
      // A 204 has no body that could be cut.
      send(response, call, { status: status === 204 ? 200 : status, body: firstHalf(body), contentType: JSON_TYPE });
      return;
    }
    case 'cut-off': {
      const { status, body } = await perform(site, route, entrance, call, text, request);
      const sent = firstHalf(body);
      response.writeHead(status === 204 ? 200 : status, {
        'Content-Type': JSON_TYPE,
        'Content-Length': 2 * Buffer.byteLength(sent),
      });
      response.write(sent, () => request.socket.destroy());
      return;
    }
  }
  send(response, call, faultAnswer(fault, route.surface, site.now()));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * The status is noted before it leaves, so that whoever reads the answer finds it in the list of calls; an answer that
 * nobody waits for any more has none.
 */
function send(response: Response, call: CallInProgress, { status, body, contentType, headers }: Answer): void {
  if (response.req.socket.destroyed) return;
  call.status = status;
  response.status(status).set(headers ?? {});
  if (body === undefined) {
    response.end();
    return;
  }
  const isText = typeof body === 'string';
  response.type(contentType ?? (isText ? 'text/plain' : JSON_TYPE)).send(isText ? body : JSON.stringify(body));
}
