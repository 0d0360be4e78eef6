import type { Clock } from '../provisioning/call.js';
import type { Log } from '../provisioning/dependencies.js';
import { Failure } from '../provisioning/failure.js';

const REGULAR_MS = 15 * 60 * 1000;

/** Several instances, and several bridges, should not scan in step. */
const JITTER = 0.1;

/** While an account is expected (rule US4): how often, and for how long. */
const EXPECTING_MS = 60 * 1000;
const EXPECTED_FOR_MS = 10 * 60 * 1000;

/** While something stands in the way that may be put right at any moment (rule SA1): how often that is asked. */
const BLOCKED_MS = 60 * 1000;

export interface Schedule {
  readonly start: () => void;
  /** Ends the waiting at once, and resolves when nothing of it is left. */
  readonly stop: () => Promise<void>;
  /** From now on one scan a minute for ten minutes. */
  readonly expectAccount: () => void;
}

interface ScheduleParts {
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 to 1, as `Math.random`. */
  readonly random: () => number;
  /** Rejects when the scan failed; then `retryAtMs` says when the next one is due. */
  readonly scan: () => Promise<void>;
  readonly retryAtMs: () => number | undefined;
  /** The age of the index, which another instance may have renewed. */
  readonly scannedAtMs: () => Promise<number | undefined>;
  /** Whether what the last scan found keeps the bridge from its work, until somebody puts it right in Confluence. */
  readonly isBlocked: () => boolean;
  /** Asks, at little cost, whether that was put right; then a scan is due. Must not fail. */
  readonly isUnblocked: () => Promise<boolean>;
}

/**
 * Scans at the start, then every 15 minutes, sooner after a failure, while an account is expected, or once unblocked (rule
 * LI1). A scan of another instance counts. That an account is expected the instance knows that invited; where it dies,
 * the next regular scan finds the account.
 */
export function createSchedule(parts: ScheduleParts): Schedule {
  const { clock, log } = parts;
  let isStopped = false;
  let loop: Promise<void> | undefined;
  let pause: AbortController | undefined;
  let expected = { fromMs: 0, untilMs: 0 };

  async function dueAtMs(lastEndedAtMs: number, regularMs: number): Promise<number> {
    const retryAtMs = parts.retryAtMs();
    if (retryAtMs !== undefined) return retryAtMs;
    const lastAtMs = Math.max(lastEndedAtMs, (await parts.scannedAtMs()) ?? 0);
    const regularAtMs = lastAtMs + regularMs;
    const expectingAtMs = Math.max(lastAtMs, expected.fromMs) + EXPECTING_MS;
    return expectingAtMs > expected.untilMs ? regularAtMs : Math.min(regularAtMs, expectingAtMs);
  }

  /** What is due may change during the wait: an account is expected, or another instance has scanned. */
  async function waitForNext(lastEndedAtMs: number): Promise<void> {
    const regularMs = REGULAR_MS * (1 - JITTER + 2 * JITTER * parts.random());
    while (!isStopped) {
      pause = new AbortController();
      const atMs = await dueAtMs(lastEndedAtMs, regularMs).catch((error: unknown) => {
        log.warn('The age of the directory index could not be read.', { error: Failure.from(error) });
        return lastEndedAtMs + regularMs;
      });
      const waitMs = atMs - clock.now();
      if (waitMs <= 0) return;
      const mayUnblock = parts.isBlocked() && parts.retryAtMs() === undefined && waitMs > BLOCKED_MS;
      await clock.sleep(mayUnblock ? BLOCKED_MS : waitMs, pause.signal).catch(() => undefined);
      if (mayUnblock && !pause.signal.aborted && (await parts.isUnblocked())) return;
    }
  }

  async function run(): Promise<void> {
    while (!isStopped) {
      // A failure is the runner's to log; it also says when to try again.
      await parts.scan().catch(() => undefined);
      await waitForNext(clock.now());
    }
  }

  return {
    start() {
      loop ??= run();
    },
    async stop() {
      isStopped = true;
      pause?.abort();
      await loop;
    },
    expectAccount() {
      const now = clock.now();
      const isExpecting = now < expected.untilMs;
      expected = { fromMs: isExpecting ? expected.fromMs : now, untilMs: now + EXPECTED_FOR_MS };
      pause?.abort();
    },
  };
}
