import type { Call, Clock } from '../provisioning/call.js';
import { Failure } from '../provisioning/failure.js';
import type { Pause, PauseReason } from '../provisioning/pauseRecords.js';
import { countdown, isOver, outOfTime } from './budget.js';
import { OWN_PAUSE, type SharedPause } from './sharedPause.js';

type Kind = Call['kind'];
type Upstream = NonNullable<Failure['upstream']>;

/** One per credential, because Atlassian counts per credential. */
export interface Limiter {
  /**
   * Waits until the credential is not paused and a slot is free, within the call's budget.
   *
   * @param upstream what is to be sent and how Atlassian answered it before; for the Failure
   * @returns gives the slot back; to be called once
   * @throws Failure `rateLimited` or `unavailable` with `retryAfterSeconds`: at once when a pause outlasts the budget
   */
  acquire(call: Call, upstream: Upstream): Promise<() => void>;
  /**
   * No call starts for so many seconds; undefined is 5 s, doubling up to 30 s while Atlassian keeps refusing. It holds here
   * from now on, and for other processes when the promise resolves, which never rejects.
   */
  pause(reason: PauseReason, seconds: number | undefined): Promise<void>;
  /** Atlassian answers again, so the next pause without a number is 5 s. */
  recovered(): void;
}

interface LimiterParts {
  readonly concurrency: number;
  readonly clock: Clock;
  /** Where other processes with the same credential hear of pauses, and tell theirs. */
  readonly shared?: SharedPause;
}

const FIRST_PAUSE_SECONDS = 5;
const LONGEST_PAUSE_SECONDS = 30;
const LONGEST_WAIT_FOR_SLOT_MS = 10 * 60_000;

/**
 * At most `concurrency` calls at once. While both kinds wait, slots go to requests and scans in turn; scans never hold
 * more than half of the slots (of a single slot: every other turn).
 *
 * Slots are this process's own: several instances make that many calls each. Pauses hold for all of them.
 */
export function createLimiter({ concurrency, clock, shared = OWN_PAUSE }: LimiterParts): Limiter {
  const slots = createSlots(concurrency, clock);
  let pause: Pause = { untilMs: 0, reason: 'rateLimited' };
  let pausesInARow = 0;

  /** @returns whether that is longer than what was known */
  function heed(heard: Pause): boolean {
    if (heard.untilMs <= pause.untilMs) return false;
    pause = heard;
    return true;
  }

  async function waitOutPause(call: Call, upstream: Upstream): Promise<void> {
    // A timer may fire a little early, and the pause may have grown meanwhile: look again after each sleep.
    for (let leftMs = pause.untilMs - clock.now(); leftMs > 0; leftMs = pause.untilMs - clock.now()) {
      if (clock.now() + leftMs >= call.deadlineMs) throw paused(pause.reason, leftMs, upstream);
      await clock.sleep(leftMs, call.signal).catch(() => Promise.reject(outOfTime(call)));
    }
  }

  return {
    async acquire(call, upstream) {
      for (;;) {
        await waitOutPause(call, upstream);
        const release = await slots.take(call);
        const heard = await shared.look();
        if (heard !== undefined) heed(heard);
        // A pause may have begun while this call stood in the queue, here or in another process.
        if (clock.now() >= pause.untilMs && !isOver(call, clock)) return release;
        release();
      }
    },
    async pause(reason, seconds) {
      // Calls that were under way together are refused together: that is one refusal, not several in a row.
      if (seconds === undefined && clock.now() < pause.untilMs) return;
      if (seconds === undefined) pausesInARow += 1;
      const ownSeconds = Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (pausesInARow - 1));
      const untilMs = clock.now() + (seconds ?? ownSeconds) * 1000;
      if (heed({ untilMs, reason })) await shared.tell(pause);
    },
    recovered() {
      if (clock.now() >= pause.untilMs) pausesInARow = 0;
    },
  };
}

function paused(reason: PauseReason, leftMs: number, upstream: Upstream): Failure {
  const sentence = {
    rateLimited: 'Atlassian limits how often the bridge may call it at the moment.',
    unavailable: 'Atlassian asks the bridge to wait because it cannot answer at the moment.',
  }[reason];
  return new Failure(reason, `${sentence} Send the request again after the time in Retry-After.`, {
    retryAfterSeconds: Math.ceil(leftMs / 1000),
    upstream,
  });
}

interface Slots {
  take(call: Call): Promise<() => void>;
}

function createSlots(concurrency: number, clock: Clock): Slots {
  const scanShare = Math.max(1, Math.floor(concurrency / 2));
  const running: Record<Kind, number> = { request: 0, scan: 0 };
  const waiting: Record<Kind, (() => void)[]> = { request: [], scan: [] };
  let lastStarted: Kind = 'scan';

  function hasSlot(kind: Kind): boolean {
    return running.request + running.scan < concurrency && (kind === 'request' || running.scan < scanShare);
  }

  function startWaiting(): void {
    for (;;) {
      const inTurn: readonly Kind[] = lastStarted === 'request' ? ['scan', 'request'] : ['request', 'scan'];
      const kind = inTurn.find((candidate) => waiting[candidate].length > 0 && hasSlot(candidate));
      if (kind === undefined) return;
      lastStarted = kind;
      running[kind] += 1;
      waiting[kind].shift()?.();
    }
  }

  function release(kind: Kind): void {
    running[kind] -= 1;
    startWaiting();
  }

  return {
    take(call) {
      return new Promise((resolve, reject) => {
        if (isOver(call, clock)) {
          reject(outOfTime(call));
          return;
        }
        const { signal, stop } = countdown(call, clock, LONGEST_WAIT_FOR_SLOT_MS);
        const start = (): void => {
          signal.removeEventListener('abort', giveUp);
          stop();
          resolve(() => release(call.kind));
        };
        const giveUp = (): void => {
          waiting[call.kind].splice(waiting[call.kind].indexOf(start), 1);
          stop();
          reject(outOfTime(call));
        };
        signal.addEventListener('abort', giveUp);
        waiting[call.kind].push(start);
        startWaiting();
      });
    },
  };
}
