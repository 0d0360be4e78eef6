import type { Call, Clock } from '../provisioning/call.js';
import type { Log } from '../provisioning/dependencies.js';
import { Failure, type FailureKind } from '../provisioning/failure.js';
import type { Store } from '../provisioning/store.js';
import { openOwnCall } from './ownCall.js';
import type { ScanReport } from './scan.js';
import { asOwnTrouble } from './trouble.js';

/** A large organization takes minutes; a scan that has not ended by then will not. */
export const SCAN_BUDGET_MS = 10 * 60 * 1000;

const FIRST_RETRY_MS = 5 * 1000;
const LAST_RETRY_MS = 60 * 1000;

/** Where the roster counts what it does. */
export interface RosterMetrics {
  scanEnded(outcome: 'committed' | FailureKind, durationMs: number): void;
  leaversWithAccess(count: number): void;
}

/** One scan at a time, in this process and across instances. */
export interface ScanRunner {
  /** Starts a scan or joins the running one. @throws Failure what it failed with */
  readonly run: () => Promise<void>;
  readonly isRunning: () => boolean;
  /** Why the last scan failed; undefined when it did not, or before the first. */
  readonly lastFailure: () => Failure | undefined;
  /** After a failure: not before when the next attempt is worth while. */
  readonly retryAtMs: () => number | undefined;
  /** Resolves when no scan is running any more; the stop signal must have aborted. */
  readonly ended: () => Promise<void>;
}

interface RunnerParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: RosterMetrics | undefined;
  /** Aborts when the bridge stops. */
  readonly stopSignal: AbortSignal;
  readonly scan: (call: Call) => Promise<ScanReport>;
  /** Called after a commit, before the scan counts as ended. Must not fail. */
  readonly committed: (report: ScanReport, call: Call) => Promise<void>;
  /** The same where another instance's scan served. Must not fail. */
  readonly served: () => Promise<void>;
}

/** Failures, and when to try again, are each instance's own: what keeps one from Atlassian need not keep the others. */
export function createScanRunner(parts: RunnerParts): ScanRunner {
  const { store, clock, log, metrics, stopSignal } = parts;
  let running: Promise<void> | undefined;
  let failures = 0;
  let lastFailure: Failure | undefined;
  let retryAtMs: number | undefined;

  /** @returns undefined when another instance committed a scan while this one waited for its turn */
  async function scanInTurn(call: Call): Promise<ScanReport | undefined> {
    const before = await store.index.scannedAtMs();
    const scanUnlessDone = async (held: Call): Promise<ScanReport | undefined> => {
      const isDone = (await store.index.scannedAtMs()) !== before;
      return isDone ? undefined : parts.scan(held);
    };
    return store.locks.withLock('scan', call, scanUnlessDone);
  }

  async function attempt(): Promise<void> {
    const call = openOwnCall('scan', SCAN_BUDGET_MS, stopSignal, clock);
    const startedAtMs = clock.now();
    try {
      const report = await scanInTurn(call);
      failures = 0;
      lastFailure = undefined;
      retryAtMs = undefined;
      if (report === undefined) {
        await parts.served();
        return;
      }
      const durationMs = clock.now() - startedAtMs;
      log.info('The directory index is up to date.', {
        ...report,
        durationMs,
        upstreamCalls: call.upstream.length,
        requestId: call.requestId,
      });
      metrics?.scanEnded('committed', durationMs);
      await parts.committed(report, call);
    } catch (error) {
      const failure = stopSignal.aborted ? stopping(error) : asOwnTrouble(error);
      lastFailure = failure;
      failures += 1;
      const backoffMs = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS);
      retryAtMs = clock.now() + Math.max(backoffMs, (failure.retryAfterSeconds ?? 0) * 1000);
      if (!stopSignal.aborted) {
        report(failure, call);
        metrics?.scanEnded(failure.kind, clock.now() - startedAtMs);
      }
      throw failure;
    }
  }

  function report(failure: Failure, call: Call): void {
    const fields = { error: failure, failures, requestId: call.requestId };
    // Nobody needs to act on an outage that passes.
    if (failure.kind === 'unavailable' || failure.kind === 'rateLimited') {
      log.warn('A scan of the directory failed; the index stays as it was, and a scan follows soon.', fields);
    } else {
      log.error('A scan of the directory failed; look at the reason. The index stays as it was.', fields);
    }
  }

  return {
    async run() {
      if (stopSignal.aborted) throw stopping(undefined);
      running ??= attempt().finally(() => (running = undefined));
      await running;
    },
    isRunning: () => running !== undefined,
    lastFailure: () => lastFailure,
    retryAtMs: () => retryAtMs,
    async ended() {
      await running?.catch(() => undefined);
    },
  };
}

function stopping(cause: unknown): Failure {
  return new Failure('unavailable', 'The bridge is stopping. Send it again in a moment.', {
    retryAfterSeconds: 5,
    cause,
  });
}
