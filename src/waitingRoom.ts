import express, { type Express } from 'express';
import type { Caller } from './config.js';
import { type Health, serveHealth, serveReadiness } from './observability/health.js';
import { type Metrics, serveMetrics } from './observability/metrics.js';
import { logRequests } from './observability/requests.js';
import type { Clock } from './provisioning/call.js';
import type { Log } from './provisioning/dependencies.js';
import { Failure } from './provisioning/failure.js';
import { answerFailure, refuse } from './scim/answers.js';
import { requireCaller } from './scim/auth.js';
import { SCIM_BASE_PATH } from './scim/router.js';

/** What identity providers are told to wait before they come back. */
const RETRY_AFTER_SECONDS = 10;

/** Answers until Atlassian was reached for the first time: health and readiness truthfully, SCIM with 503. */
export function createWaitingRoom(parts: {
  /** As they are configured at the moment. */
  readonly callers: () => readonly Caller[];
  readonly logger: Log;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly clock: Clock;
}): Express {
  const app = express();
  const door = requireCaller({ ...parts, log: parts.logger });
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use(
    logRequests({
      logger: parts.logger,
      metrics: parts.metrics,
      scimBasePath: SCIM_BASE_PATH,
      now: () => parts.clock.now(),
    }),
  );
  app.get('/healthz', serveHealth(parts.health));
  app.get('/readyz', serveReadiness(parts.health));
  app.get('/metrics', door, serveMetrics(parts.metrics));
  app.use(SCIM_BASE_PATH, door, (_request, response) => {
    const message =
      'The bridge has not reached Atlassian yet. Send it again in a moment; the operator finds the reason at /readyz.';
    answerFailure(response, new Failure('unavailable', message, { retryAfterSeconds: RETRY_AFTER_SECONDS }));
  });
  app.use((_request, response) => {
    refuse(response, 404, `There is nothing at this address. SCIM is served under ${SCIM_BASE_PATH}.`);
  });
  return app;
}
