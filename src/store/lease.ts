import { setMaxListeners } from 'node:events';
import { performance } from 'node:perf_hooks';
import type { Call } from '../provisioning/call.js';
import { Failure } from '../provisioning/failure.js';

/** A lock whose holder has died falls free after this long. */
export const LEASE_MS = 30_000;

/**
 * An instant by both clocks of this process, in milliseconds. The monotonic one stands still while the machine is
 * suspended, and the time of day may be set back: of two instants, the longer distance counts.
 */
export interface Instant {
  readonly monotonicMs: number;
  readonly timeOfDayMs: number;
}

export function thisInstant(): Instant {
  return { monotonicMs: performance.now(), timeOfDayMs: Date.now() };
}

/** One hold of a lock, as far as the process that holds it can tell by itself. Lost once is lost. */
export class Lease {
  /** The call of whoever waited for the lock, for as long as it is held. */
  readonly held: Call;
  readonly #losing = new AbortController();
  readonly #unfollow: () => void;
  #since: Instant;
  #state: 'held' | 'lost' | 'ended' = 'held';

  /** @param since before the statement was sent that took the lock: so the store lets nobody have it any earlier */
  constructor(call: Call, since: Instant) {
    this.#since = since;
    // All that goes on under the lock listens to it; more than ten are no leak.
    setMaxListeners(0, this.#losing.signal);
    const follow = (): void => this.#losing.abort(call.signal.reason);
    if (call.signal.aborted) follow();
    call.signal.addEventListener('abort', follow, { once: true });
    this.#unfollow = () => call.signal.removeEventListener('abort', follow);
    this.held = {
      ...call,
      signal: this.#losing.signal,
      checkLocks: () => {
        call.checkLocks?.();
        this.check();
      },
    };
  }

  get isLost(): boolean {
    return this.#state === 'lost';
  }

  /** Gives the lock up when the store may have let it go to somebody else by now. */
  check(): void {
    const { monotonicMs, timeOfDayMs } = thisInstant();
    const ageMs = Math.max(monotonicMs - this.#since.monotonicMs, timeOfDayMs - this.#since.timeOfDayMs);
    if (ageMs >= LEASE_MS) this.lose();
  }

  /** @param since before the statement was sent that renewed it */
  renewed(since: Instant): void {
    this.#since = since;
  }

  lose(): void {
    if (this.#state !== 'held') return;
    this.#state = 'lost';
    this.#losing.abort(lostLock());
  }

  /** The work is over: whatever comes to light now is no matter of its any more. */
  end(): void {
    if (this.#state === 'held') this.#state = 'ended';
    this.#unfollow();
  }
}

/** What work fails with whose lock may be somebody else's by now. */
export function lostLock(): Failure {
  return new Failure(
    'unavailable',
    'The bridge lost its lock on this while it was held up. Send the same message again.',
    { retryAfterSeconds: 5 },
  );
}
