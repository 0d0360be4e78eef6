import type { RequestListener } from 'node:http';
import { type App, createApp } from './app.js';
import { connect, type Connection } from './atlassian/connection.js';
import type { Config } from './config.js';
import { watchCertificate } from './certificateWatch.js';
import { watchCredentials } from './credentialWatch.js';
import { examine, type Finding } from './doctor/check.js';
import { SITE_CHECKS } from './doctor/checks.js';
import { type Questions, questionsTo } from './doctor/questions.js';
import { hasFailed, logFindings, toLine } from './doctor/report.js';
import { EXIT_CODES, ExitError } from './exit.js';
import { createExpiryWatch } from './expiry.js';
import { createAttendance } from './instances.js';
import { Health, type PartState } from './observability/health.js';
import { createMetrics, type Metrics } from './observability/metrics.js';
import { enterMode, leftPending, OBSERVES } from './observe/mode.js';
import type { Clock } from './provisioning/call.js';
import type { Log } from './provisioning/dependencies.js';
import { Failure } from './provisioning/failure.js';
import type { Store } from './provisioning/store.js';
import { createReload } from './reload.js';
import { type Listening, listen } from './server.js';
import type { ServerCertificate } from './tls.js';
import { createWaitingRoom } from './waitingRoom.js';

const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;

export interface BridgeParts {
  readonly config: Config;
  /** Opened by the caller, closed by `close`. */
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Log;
  /** Of `config.tls`, at first; the files are watched. */
  readonly certificate?: ServerCertificate | undefined;
  /** Other instances may serve from the same store (rule SA17). */
  readonly isShared?: boolean;
}

/** A bridge that listens. It answers from the first moment: 503 with reasons until Atlassian was reached. */
export interface RunningBridge {
  readonly url: string;
  /**
   * Resolves when the bridge serves.
   *
   * @throws ExitError (78), with the findings of the doctor, when Atlassian refuses a credential, or the access groups
   *   have to be chosen; or when another instance serves with settings that exclude these
   */
  readonly ready: Promise<App>;
  /** Reads the settings again and takes over what can change while the bridge runs; see `createReload`. Never rejects. */
  reload(read: () => Config): Promise<void>;
  /** Looks for a renewed certificate now instead of within a minute. */
  renewCertificate(): void;
  /** Drains requests for `graceMs`, then stops scans and jobs and closes the store. @returns whether all were answered */
  close(graceMs: number): Promise<boolean>;
}

export async function startBridge(parts: BridgeParts): Promise<RunningBridge> {
  const { config, store, clock, logger } = parts;
  const health = new Health(() => clock.now());
  const metrics = createMetrics(() => clock.now());
  health.set('store', { ok: true });
  const stopping = new AbortController();
  const watch = watchCredentials({ health, metrics, logger });
  const expiries = createExpiryWatch({ clock, log: logger, metrics, signal: stopping.signal });
  const connection = connect({
    config: upstreamConfig(config),
    clock,
    pauses: store.pauses,
    log: logger,
    onCall: (call) => metrics.upstreamCall(call),
    // Until the bridge serves, its start judges for itself what is refused, and may ask what it has no right to.
    onVerdict: (verdict) => app !== undefined && watch(verdict),
  });
  let app: App | undefined;
  let { callers } = config;
  let serve: RequestListener = createWaitingRoom({ config, callers: () => callers, logger, metrics, health, clock });
  const server: Listening = await listen((request, response) => serve(request, response), {
    host: config.host,
    port: config.port,
    certificate: parts.certificate,
    onError: (error) => logger.warn('A connection could not be accepted', { error }),
  });
  // Not before: a start that fails leaves nothing behind that keeps the process alive.
  expiries.watch(config.site);
  const certificateWatch =
    config.tls &&
    parts.certificate &&
    watchCertificate(parts.certificate, {
      files: config.tls,
      clock,
      log: logger,
      signal: stopping.signal,
      onCertificate: (certificate) => {
        server.useCertificate(certificate);
        metrics.credentialExpires('certificate', certificate.expiresAtMs);
      },
    });

  const reload = createReload({
    config,
    admit: (next) => (callers = next),
    connect: (next) => connect({ config: upstreamConfig(next), clock, pauses: store.pauses }),
    renew(next) {
      connection.renew(upstreamConfig(next));
      expiries.watch(next.site);
    },
    ownAccountId: () => app?.deps.ownAccountId(),
    health,
    metrics,
    clock,
    logger,
    signal: stopping.signal,
  });

  const made = { connection, health, metrics, callers: () => callers };
  const attendance =
    parts.isShared === true
      ? createAttendance({ config, callers: () => callers, store, clock, log: logger })
      : undefined;
  const ready = begin().then((reached) => {
    app = reached;
    serve = reached.handler;
    reached.start();
    return reached;
  });
  ready.catch(() => undefined);

  async function begin(): Promise<App> {
    await attendance?.enter();
    return reach(parts, made, stopping.signal);
  }

  return {
    url: server.url,
    ready,
    reload,
    renewCertificate: () => certificateWatch?.look(),
    async close(graceMs) {
      health.stopping();
      stopping.abort(new Error('The bridge is stopping'));
      const answered = await server.close(graceMs);
      await ready.catch(() => undefined);
      await Promise.all([expiries.ended(), certificateWatch?.ended]);
      await app?.stop();
      await attendance?.leave();
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
    proxy: site.proxy,
  };
}

/** What the start of a bridge has made before Atlassian is reached. */
interface Made {
  readonly connection: Connection;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly callers: () => Config['callers'];
}

/** Keeps asking until Atlassian answers; what only the operator can put right ends it, an outage does not. */
async function reach(parts: BridgeParts, made: Made, signal: AbortSignal): Promise<App> {
  const { config, clock, logger } = parts;
  const { connection, health } = made;
  for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)) {
    const questions = questionsTo(config, connection, clock, signal);
    const findings = await examine(SITE_CHECKS, questions);
    try {
      const app = await wire(parts, questions, made);
      logFindings(findings, logger);
      return app;
    } catch (error) {
      if (signal.aborted) throw error;
      const failure = Failure.from(error);
      if (isForOperator(failure)) throw cannotStart(findings, failure);
      const finding = findings.find(hasFailed)?.message ?? failure.message;
      health.set('atlassian', { ok: false, message: finding });
      logger.warn('Atlassian cannot be reached yet; trying again', { inMs: waitMs, finding, error: failure });
      await clock.sleep(waitMs, signal);
    }
  }
}

/** Everything below was asked by the checks already; here their answers decide. @throws Failure */
async function wire(parts: BridgeParts, questions: Questions, made: Made): Promise<App> {
  const { health, metrics, callers } = made;
  const { accountId } = await questions.currentUser();
  if (parts.config.site.organization !== undefined) await questions.organization();
  const directory = await questions.directory();
  const accessGroups = await accessGroupsState(questions);
  const pending = await enterMode(parts.config.mode, parts.store);
  // From here on nothing is waited for: whoever is told that the bridge is ready must not be sent away.
  health.set('atlassian', { ok: true });
  health.set('credential', { ok: true });
  health.set('accessGroups', accessGroups);
  if (parts.config.mode === 'observe') parts.logger.warn(OBSERVES, { planned: pending });
  else if (pending > 0) parts.logger.warn(leftPending(pending));
  parts.logger.info('Atlassian was reached', { backEnd: directory.backEnd });
  return createApp({ ...parts, callers, directory, metrics, health, ownAccountId: accountId });
}

/**
 * Access groups that were chosen, and do not grant (any more), are put right in Confluence while the bridge runs and
 * waits (rule SA1). Ones that have yet to be chosen need another configuration.
 *
 * @throws Failure
 */
async function accessGroupsState(questions: Questions): Promise<PartState> {
  await questions.grantingGroups();
  try {
    await questions.access();
    return { ok: true };
  } catch (error) {
    const failure = Failure.from(error);
    if (failure.kind !== 'misconfigured' || questions.config.accessGroups.length === 0) throw failure;
    return { ok: false, message: failure.message };
  }
}

/** A redirection may be Atlassian's own trouble, and passes. */
function isForOperator({ kind, upstream }: Failure): boolean {
  const status = upstream?.status ?? 0;
  return kind === 'misconfigured' && !(status >= 300 && status < 400);
}

function cannotStart(findings: readonly Finding[], failure: Failure): ExitError {
  const lines = findings.filter(hasFailed).map((finding) => `  ${toLine(finding)}`);
  return new ExitError(['The bridge cannot start:', ...lines].join('\n'), EXIT_CODES.configuration, { cause: failure });
}
