import { startBridge } from '../bridge.js';
import { systemClock } from '../clock.js';
import { type Config, readConfig, secretsOf } from '../config.js';
import { onCrash } from '../crash.js';
import { databasePlace } from '../databaseAddress.js';
import { examine } from '../doctor/check.js';
import { OWN_CHECKS } from '../doctor/checks.js';
import { once } from '../doctor/questions.js';
import { logFindings } from '../doctor/report.js';
import { loadEnvironment } from '../environment.js';
import { EXIT_CODES, ExitError } from '../exit.js';
import { createLogger, type RedactingLogger } from '../observability/logger.js';
import type { Dependencies } from '../provisioning/dependencies.js';
import { Failure } from '../provisioning/failure.js';
import { readGrantingGroups } from '../roster/accessGroups.js';
import { openOwnCall } from '../roster/ownCall.js';
import { type HangupHandler, letGo, onShutdown } from '../shutdown.js';
import { glanceAtStore } from '../store/glance.js';
import { openStore } from '../store/open.js';
import { isPostgresUrl } from '../store/postgresUrl.js';
import { lockToServe } from '../store/processLocks.js';
import { readServerCertificate } from '../tls.js';
import { clearWriteTests } from './leftovers.js';

/** Under the 30 s that orchestrators usually give a process to end, and over the default request budget. */
const DRAIN_MS = 28_000;
const SCAN_BUDGET_MS = 60_000;

const CRASHED =
  'The bridge met an error that nobody caught, and ends. Start it again: what was acknowledged is kept, the rest can be sent again.';

const MADE =
  'A new, empty database was made; if this bridge served before, stop it and restore the old one, or set DATABASE_URL to it';

/**
 * Runs the bridge until a signal ends it. Resolves when it serves.
 *
 * @param onHangup who takes over SIGHUP once there is a bridge that can reload
 */
export async function serve(onHangup: HangupHandler): Promise<void> {
  const config = readConfig(loadEnvironment());
  const logger = createLogger({ ...config.log, secrets: secretsOf(config) });
  onCrash((error) => process.stderr.write(`${logger.line('error', CRASHED, { error })}\n`));
  logFindings(
    await examine(OWN_CHECKS, {
      config,
      store: once(() => glanceAtStore(config.databaseUrl)),
      now: () => systemClock.now(),
    }),
    logger,
  );
  const { tls } = config;
  const certificate = tls && (await orExit(() => readServerCertificate(tls)));
  const lock = await orExit(() => lockToServe(config.databaseUrl));
  const store = await orExit(() =>
    openStore({
      url: config.databaseUrl,
      clock: systemClock,
      role: 'serve',
      onMade: () => logger.warn(MADE, { place: databasePlace(config.databaseUrl) }),
    }),
  );
  const closeFailed = (error: unknown): void => {
    logger.warn('After the start failed, something could not be closed', { error });
  };
  const isShared = isPostgresUrl(config.databaseUrl);
  const bridge = await startBridge({ config, store, clock: systemClock, logger, certificate, isShared }).catch(
    async (error: unknown) => {
      // Connections to a database would keep the process from ending.
      await letGo([() => store.close(), () => lock.release()], closeFailed);
      throw error;
    },
  );
  onHangup(() => {
    bridge.renewCertificate();
    void bridge.reload(() => readAgain(logger));
  });
  logger.info('Listening', { url: bridge.url });
  const stopping = new AbortController();
  onShutdown(['SIGTERM', 'SIGINT'], (signal) => {
    stopping.abort();
    logger.info('Stopping', { signal });
    void bridge.close(DRAIN_MS).then(async (answered) => {
      await lock.release();
      logger.info('Stopped', { answered });
    });
  });
  try {
    const { deps } = await orExit(() => bridge.ready);
    // In observe mode nothing is taken away either (rule SA14); the next start that is live does it.
    if (config.mode === 'observe') return;
    await clearAfterWriteTests({ ...deps, databaseUrl: config.databaseUrl, signal: stopping.signal });
  } catch (error) {
    // Told to stop before Atlassian was reached.
    if (stopping.signal.aborted) return;
    await letGo([() => bridge.close(0), () => lock.release()], closeFailed);
    throw error;
  }
}

/** @throws ConfigurationError */
function readAgain(logger: RedactingLogger): Config {
  const config = readConfig(loadEnvironment());
  logger.redact(secretsOf(config));
  return config;
}

/** A group that a write test left harms nobody, so nothing that goes wrong here keeps the bridge from serving. */
async function clearAfterWriteTests(
  parts: Pick<Dependencies, 'directory' | 'store' | 'clock' | 'log'> & {
    readonly databaseUrl: string;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { directory, clock, log, signal } = parts;
  const questions = {
    directory: () => Promise.resolve(directory),
    grantingGroups: () => readGrantingGroups(directory, clock, openOwnCall('scan', SCAN_BUDGET_MS, signal, clock)),
  };
  try {
    for (const { isGone, message } of await clearWriteTests({ ...parts, questions })) {
      if (isGone) log.info(message);
      else log.warn(message);
    }
  } catch (error) {
    log.warn('What a write test left could not be looked at', { error: Failure.from(error) });
  }
}

/**
 * What is wrong with database or certificate is the operator's to cure: printed, not logged as a bug. A database that is
 * away for the moment may be back at the next start; whatever else it is stays wrong until somebody changes it.
 */
async function orExit<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const code = error.kind === 'unavailable' ? EXIT_CODES.tryAgain : EXIT_CODES.configuration;
    throw new ExitError(error.message, code, { cause: error });
  }
}
