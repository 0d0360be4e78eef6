import type { Call, Clock } from '../provisioning/call.js';
import { type Log, OWN_WRITE_MS, type Roster, type Settings } from '../provisioning/dependencies.js';
import type { Directory } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import type { Store } from '../provisioning/store.js';
import { forgetUnrepeated } from '../provisioning/unfinished.js';
import { createAccessReader } from './accessReader.js';
import { createIndexWatch } from './indexWatch.js';
import { createLeaverGuard } from './leaverGuard.js';
import { openOwnCall } from './ownCall.js';
import { createScanRunner, type RosterMetrics, SCAN_BUDGET_MS } from './runner.js';
import { scanDirectory, type ScanReport } from './scan.js';
import { createSchedule } from './schedule.js';
import { createShrinkGuard } from './shrinkGuard.js';
import { endsInTime } from '../provisioning/waiting.js';

/** How old the index may be for a list when it cannot be refreshed (rule LI1). */
const USABLE_FOR_MS = 60 * 60 * 1000;

/** What a refresh may take of the time that a request has left: an old index is of no use to a request without time. */
const REFRESH_SHARE = 0.75;

/** What waits for the index is told to come back after this, unless a later attempt is known. */
const SEND_AGAIN_SECONDS = 5;

export interface RosterParts {
  readonly directory: Directory;
  readonly store: Store;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics?: RosterMetrics;
  /** From 0 to 1, for the jitter between scans; `Math.random` when absent. */
  readonly random?: () => number;
  /** There is a new index, of this instance or another one: what it tells is to be shown. */
  readonly onIndexed?: () => Promise<void>;
  /**
   * Work that a new index makes possible, such as linking invited people. It gets a call of its own, runs beside later
   * scans' waiting, and nobody waits for it, so that it may take locks a waiting request holds. It is for the instance that
   * scanned; the others leave it to that one.
   */
  readonly onScanned: (call: Call) => Promise<void>;
}

/** The directory index with its scans (rules LI1, SA1, SA2, SA9). */
export interface RunningRoster extends Roster {
  /** Begins the scheduled scans; without it the roster scans when somebody waits for it. */
  start(): void;
  /** Ends scans and what follows them; resolves when nothing is under way any more. */
  stop(): Promise<void>;
  /** What is wrong with the access groups (rule SA1): while it lasts the bridge is not ready. */
  accessFailure(): Failure | undefined;
  /** Whether no scan and nothing that follows one is under way. */
  settled(): boolean;
}

export function createRoster(parts: RosterParts): RunningRoster {
  const { directory, store, settings, clock, log, metrics } = parts;
  const stopping = new AbortController();
  const stopSignal = stopping.signal;
  const shrinkGuard = createShrinkGuard(clock);
  const leaverGuard = createLeaverGuard({ store, clock, log });
  const accessReader = createAccessReader({ directory, store, settings, clock, stopSignal });
  let followUp = Promise.resolve();
  let followUps = 0;
  let hasIndex = false;
  /** The last scan found the access groups wrong (rule SA1). Looks since may have found them right; the index is not. */
  let isBlocked = false;

  const runner = createScanRunner({
    store,
    clock,
    log,
    metrics,
    stopSignal,
    scan: (call) => scanDirectory({ directory, store, settings, clock, log, shrinkGuard }, call),
    committed: afterCommit,
    served: () => watch.look(),
  });

  const watch = createIndexWatch({
    clock,
    log,
    scannedAtMs: () => store.index.scannedAtMs(),
    renewed: async (scannedAtMs) => {
      await leaverGuard.recount(scannedAtMs);
      await show(openOwnCall('scan', settings.requestBudgetMs, stopSignal, clock));
    },
  });

  const schedule = createSchedule({
    clock,
    log,
    random: parts.random ?? Math.random,
    scan: runner.run,
    retryAtMs: runner.retryAtMs,
    scannedAtMs: () => store.index.scannedAtMs(),
    isBlocked: () => isBlocked,
    isUnblocked: () =>
      accessReader.read(openOwnCall('scan', settings.requestBudgetMs, stopSignal, clock)).then(
        ({ trouble }) => trouble === undefined,
        () => false,
      ),
  });

  async function afterCommit(report: ScanReport, call: Call): Promise<void> {
    watch.know(report.startedAtMs);
    try {
      await store.writes.prune(report.startedAtMs - OWN_WRITE_MS);
      await forgetUnrepeated(store.intents, report.startedAtMs);
      await leaverGuard.check(report.startedAtMs, call);
    } catch (error) {
      log.error('The people recorded inactive could not be compared with the index.', { error: Failure.from(error) });
    }
    try {
      const trouble = await show(call);
      if (trouble !== undefined)
        log.error('The access groups are not right; nobody can be given access.', { error: trouble });
    } catch (error) {
      log.warn('What a scan found could not be shown; the next scan shows it.', { error: Failure.from(error) });
    }
    followUps += 1;
    followUp = followUp.then(() => tellScanned(call.requestId)).finally(() => (followUps -= 1));
  }

  /** Renews what this instance keeps in memory of the index, and what it shows of it. @returns trouble with the access groups */
  async function show(call: Call): Promise<Failure | undefined> {
    metrics?.leaversWithAccess(leaverGuard.count());
    accessReader.indexChanged();
    const trouble = await accessReader.read(call).then(
      (access) => access.trouble,
      (error: unknown) => Failure.from(error),
    );
    isBlocked = trouble !== undefined;
    await parts.onIndexed?.();
    return trouble;
  }

  async function tellScanned(requestId: string): Promise<void> {
    try {
      await parts.onScanned(openOwnCall('scan', SCAN_BUDGET_MS, stopSignal, clock, requestId));
    } catch (error) {
      log.warn('What follows a scan did not finish; the next scan takes it up again.', { error: Failure.from(error) });
    }
  }

  /** Asked of the store until it is true: an index never goes away again. */
  async function isScanned(): Promise<boolean> {
    hasIndex ||= (await store.index.scannedAtMs()) !== undefined;
    return hasIndex;
  }

  /** What a wait that came to nothing is answered with: our operator's trouble by its name, all else as "later". */
  function notYet(message: string): Failure {
    const failure = runner.lastFailure();
    if (failure?.kind === 'misconfigured') return failure;
    const seconds = Math.ceil(((runner.retryAtMs() ?? 0) - clock.now()) / 1000);
    return new Failure('unavailable', message, {
      retryAfterSeconds: Math.max(SEND_AGAIN_SECONDS, seconds),
      cause: failure,
    });
  }

  async function ready(call: Call): Promise<void> {
    while (!(await isScanned())) {
      const unread = 'The bridge has not read the directory for the first time yet. Send it again in a moment.';
      if (stopSignal.aborted || call.signal.aborted || clock.now() >= call.deadlineMs) throw notYet(unread);
      const retryAtMs = runner.retryAtMs();
      if (!runner.isRunning() && retryAtMs !== undefined && retryAtMs > clock.now()) {
        if (runner.lastFailure()?.kind === 'misconfigured' || retryAtMs >= call.deadlineMs) throw notYet(unread);
        await clock.sleep(retryAtMs - clock.now(), call.signal).catch(() => undefined);
        continue;
      }
      await endsInTime(
        runner.run().catch(() => undefined),
        call.deadlineMs,
        call.signal,
        clock,
      );
    }
  }

  /** @returns whether the index was refreshed in time */
  async function refresh(untilMs: number, call: Call): Promise<boolean> {
    const retryAtMs = runner.retryAtMs();
    if (!runner.isRunning() && retryAtMs !== undefined && retryAtMs > clock.now()) return false;
    return await endsInTime(runner.run(), untilMs, call.signal, clock).catch(() => false);
  }

  return {
    ready,
    async fresh(call) {
      const atMs = await store.index.scannedAtMs();
      if (atMs === undefined) {
        await ready(call);
        return;
      }
      const ageMs = clock.now() - atMs;
      if (ageMs <= settings.indexMaxAgeMs) return;
      const isUsable = ageMs <= USABLE_FOR_MS;
      const leftMs = call.deadlineMs - clock.now();
      const untilMs = isUsable ? clock.now() + leftMs * REFRESH_SHARE : call.deadlineMs;
      if (await refresh(untilMs, call)) return;
      if (!isUsable) {
        throw notYet('The directory index is over an hour old and could not be refreshed. Send it again later.');
      }
      log.warn('A list is answered from an older directory index, since it could not be refreshed in time.', {
        ageSeconds: Math.round(ageMs / 1000),
        requestId: call.requestId,
      });
    },
    async scan(call) {
      if (await endsInTime(runner.run(), call.deadlineMs, call.signal, clock)) return;
      throw notYet('The directory could not be read in the time of this request. Send it again in a moment.');
    },
    access: accessReader.read,
    expectAccount: schedule.expectAccount,
    start() {
      schedule.start();
      watch.start();
    },
    async stop() {
      stopping.abort();
      await Promise.all([schedule.stop(), watch.stop()]);
      await runner.ended();
      await followUp;
    },
    accessFailure: accessReader.failure,
    settled: () => !runner.isRunning() && followUps === 0,
  };
}
