import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import type { UpstreamCall } from '../provisioning/call.js';
import type { Logger } from './log.js';
import type { Metrics } from './metrics.js';
import { routeOf } from './routes.js';

/** What one request is known by while it lasts; kept beside its response. */
export interface RequestRecord {
  readonly requestId: string;
  /** Set once the token is recognised. */
  caller: string | undefined;
  /** Every upstream call made for it; `Call.upstream` is this array. */
  readonly upstream: UpstreamCall[];
}

export interface RequestLogOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Where SCIM is mounted, without a slash at its end: `/scim/v2`. */
  readonly scimBasePath: string;
  /** Milliseconds, for durations only. */
  readonly now: () => number;
}

const RECORD = 'requestRecord';
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Goes in front of everything: gives the request its id, which is answered as `X-Request-Id`, and writes one line at its
 * end, also when the client hung up. The line has the route's pattern and never the URL: filters hold addresses.
 */
export function logRequests({ logger, metrics, scimBasePath, now }: RequestLogOptions): RequestHandler {
  return (request, response, next) => {
    const startedAtMs = now();
    const offered = request.get('x-request-id') ?? '';
    const record: RequestRecord = {
      requestId: REQUEST_ID.test(offered) ? offered : randomUUID(),
      caller: undefined,
      upstream: [],
    };
    response.locals[RECORD] = record;
    response.setHeader('X-Request-Id', record.requestId);
    const route = routeOf(request.path, scimBasePath);

    // 'close' comes after 'finish', and alone when the client is gone before the end of the answer.
    response.once('close', () => {
      const aborted = !response.writableFinished;
      const status = response.headersSent ? response.statusCode : undefined;
      const durationMs = Math.round(now() - startedAtMs);
      metrics.request({ method: request.method, route, status, durationMs });
      // A 429 to nobody is told once a minute by whoever counts wrong tokens.
      const isFlood = status === 429 && record.caller === undefined;
      logger[isProbe(route) || isFlood ? 'debug' : 'info']('request', {
        requestId: record.requestId,
        caller: record.caller,
        method: request.method,
        route,
        status,
        durationMs,
        upstreamCalls: record.upstream.length,
        aborted,
      });
    });
    next();
  };
}

/** The record that `logRequests` made for this request. */
export function requestRecord(response: Response): RequestRecord {
  const record = response.locals[RECORD] as RequestRecord | undefined;
  if (record === undefined) throw new Error('logRequests must be mounted in front of this route');
  return record;
}

/** Orchestrators and Prometheus ask every few seconds; at `info` they would drown what matters. */
function isProbe(route: string): boolean {
  return route === '/healthz' || route === '/readyz' || route === '/metrics';
}
