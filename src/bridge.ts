import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { type App, createApp } from './app.js';
import { chooseBackEnd, createDirectory } from './atlassian/backends.js';
import { connect, type Connection } from './atlassian/connection.js';
import { createProbes } from './atlassian/probes.js';
import type { Config } from './config.js';
import { createWaitingRoom } from './waitingRoom.js';
import { EXIT_CODES, ExitError } from './exit.js';
import { Health } from './observability/health.js';
import { createMetrics, type Metrics } from './observability/metrics.js';
import type { Call, Clock } from './provisioning/call.js';
import type { Log } from './provisioning/dependencies.js';
import { Failure } from './provisioning/failure.js';
import type { Store } from './provisioning/store.js';
import { type Listening, listen } from './server.js';

const PROBE_BUDGET_MS = 60_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;

export interface BridgeParts {
  readonly config: Config;
  /** Opened by the caller, closed by `close`. */
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Log;
}

/** A bridge that listens. It answers from the first moment: 503 with reasons until Atlassian was reached. */
export interface RunningBridge {
  readonly url: string;
  /**
   * Resolves when the bridge serves.
   *
   * @throws ExitError (78) when Atlassian refuses the credential, or the access groups have to be chosen
   */
  readonly ready: Promise<App>;
  /** Drains requests for `graceMs`, then stops scans and jobs and closes the store. @returns whether all were answered */
  close(graceMs: number): Promise<boolean>;
}

export async function startBridge(parts: BridgeParts): Promise<RunningBridge> {
  const { config, store, clock, logger } = parts;
  const health = new Health(() => clock.now());
  const metrics = createMetrics(() => clock.now());
  health.set('store', { ok: true });
  const stopping = new AbortController();
  const connection = connect({ config: upstreamConfig(config), clock, log: logger });
  let serve: RequestListener = createWaitingRoom({ config, logger, metrics, health, clock });
  const server: Listening = await listen((request, response) => serve(request, response), config);

  let app: App | undefined;
  const ready = reach(parts, connection, health, metrics, stopping.signal).then((reached) => {
    app = reached;
    serve = reached.handler;
    reached.start();
    return reached;
  });
  ready.catch(() => undefined);

  return {
    url: server.url,
    ready,
    async close(graceMs) {
      stopping.abort(new Error('The bridge is stopping'));
      const answered = await server.close(graceMs);
      await ready.catch(() => undefined);
      await app?.stop();
      connection.close();
      await store.close();
      return answered;
    },
  };
}

export function upstreamConfig({ site }: Config): Parameters<typeof connect>[0]['config'] {
  return {
    siteUrl: site.url,
    adminEmail: site.adminEmail,
    apiToken: site.apiToken,
    tokenKind: site.tokenKind,
    apiUrl: site.apiUrl,
    orgId: site.organization?.id,
    orgApiKey: site.organization?.apiKey,
    concurrency: site.concurrency,
  };
}

/** A call of the bridge's own, outside any request. */
export function ownCall(clock: Clock, budgetMs: number, signal: AbortSignal): Call {
  return {
    requestId: randomUUID(),
    caller: 'bridge',
    kind: 'scan',
    deadlineMs: clock.now() + budgetMs,
    signal,
    upstream: [],
  };
}

/** Keeps asking until Atlassian answers; a refusal of the credential ends it, an outage does not. */
async function reach(
  parts: BridgeParts,
  connection: Connection,
  health: Health,
  metrics: Metrics,
  signal: AbortSignal,
): Promise<App> {
  const { clock, logger } = parts;
  for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)) {
    try {
      return await reachOnce(parts, connection, health, metrics, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const failure = Failure.from(error);
      if (failure.kind === 'misconfigured')
        throw new ExitError(failure.message, EXIT_CODES.configuration, { cause: failure });
      health.set('atlassian', { ok: false, message: failure.message });
      logger.warn('Atlassian cannot be reached yet; trying again', { inMs: waitMs, error: failure });
      await clock.sleep(waitMs, signal);
    }
  }
}

async function reachOnce(
  parts: BridgeParts,
  connection: Connection,
  health: Health,
  metrics: Metrics,
  signal: AbortSignal,
): Promise<App> {
  const { config, store, clock, logger } = parts;
  const call = ownCall(clock, PROBE_BUDGET_MS, signal);
  const probes = createProbes(connection);
  const { accountId } = await probes.currentUser(call);
  const backEnd = await chooseBackEnd(connection.config, () => probes.jiraAccess(call));
  const app = createApp({
    config,
    directory: createDirectory(connection, backEnd),
    store,
    clock,
    logger,
    metrics,
    health,
    ownAccountId: accountId,
  });
  const { accessGroups } = await app.roster.access(call);
  health.set('atlassian', { ok: true });
  health.set('credential', { ok: true });
  health.set('accessGroups', { ok: true });
  logger.info('Atlassian was reached', { backEnd, accessGroups: accessGroups.length });
  return app;
}
