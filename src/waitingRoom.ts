import type { Express } from 'express';
import type { Caller } from './config.js';
import { createHttpApp, type HttpAppParts } from './httpApp.js';
import { type Health, serveHealth, serveReadiness } from './observability/health.js';
import { serveMetrics } from './observability/metrics.js';
import { Failure } from './provisioning/failure.js';
import { answerFailure, refuse } from './scim/answers.js';
import { requireCaller } from './scim/auth.js';
import { SCIM_BASE_PATH } from './scim/router.js';

/** What identity providers are told to wait before they come back. */
const RETRY_AFTER_SECONDS = 10;

/** Answers until Atlassian was reached for the first time: health and readiness truthfully, SCIM with 503. */
export function createWaitingRoom(
  parts: HttpAppParts & {
    /** As they are configured at the moment. */
    readonly callers: () => readonly Caller[];
    readonly health: Health;
  },
): Express {
  const app = createHttpApp(parts);
  const door = requireCaller({ ...parts, log: parts.logger });
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
