import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { Config } from './config.js';
import type { Metrics } from './observability/metrics.js';
import { logRequests } from './observability/requests.js';
import type { Clock } from './provisioning/call.js';
import type { Log } from './provisioning/dependencies.js';
import { SCIM_BASE_PATH } from './scim/router.js';

export interface HttpAppParts {
  readonly config: Pick<Config, 'publicUrl' | 'trustProxy'>;
  readonly logger: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/**
 * An Express app with what every answer of the bridge has, whoever gives it: headers, a request id, a line in the log.
 * Its `request.ip` is the client's address as far as `TRUST_PROXY` goes (rule SA20).
 */
export function createHttpApp({ config, logger, metrics, clock }: HttpAppParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('trust proxy', config.trustProxy);
  app.use(securityHeaders(config.publicUrl), neverStored);
  app.use(logRequests({ logger, metrics, scimBasePath: SCIM_BASE_PATH, now: () => clock.now() }));
  return app;
}

/** Nothing here is a page: a browser that is led to it may load nothing and show it in no frame. */
function securityHeaders(publicUrl: string): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    xFrameOptions: { action: 'deny' },
    // About this host alone: who else lives under its name is not ours to say. Plain HTTP may not send it (RFC 6797 §7.2).
    strictTransportSecurity: publicUrl.startsWith('https:') && { includeSubDomains: false },
  });
}

/** Answers hold people, and what is true of them now. */
const neverStored: RequestHandler = (_request, response, next) => {
  response.setHeader('Cache-Control', 'no-store');
  next();
};
