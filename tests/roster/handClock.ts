import type { Clock } from '../../src/provisioning/call.js';

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. */
export interface HandClock extends Clock {
  /** Lets time pass, waking sleepers in the order of their times; what they do next runs before the following wakes. */
  advance(ms: number): Promise<void>;
  /** How many are asleep now: a test that ends with one has leaked a wait. */
  readonly sleepers: number;
}

export function createHandClock(startMs = Date.UTC(2026, 0, 15, 9)): HandClock {
  let nowMs = startMs;
  const sleeping = new Set<Sleeper>();
  return {
    now: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { atMs: nowMs + ms, wake: resolve };
        const give = (): void => {
          sleeping.delete(sleeper);
          reject(signal?.reason as Error);
        };
        sleeping.add(sleeper);
        if (signal?.aborted === true) give();
        signal?.addEventListener('abort', give, { once: true });
      }),
    async advance(ms) {
      const untilMs = nowMs + ms;
      for (;;) {
        await turns();
        const due = [...sleeping].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (due === undefined) break;
        nowMs = Math.max(nowMs, due.atMs);
        sleeping.delete(due);
        due.wake();
      }
      nowMs = untilMs;
      await turns();
    },
    get sleepers() {
      return sleeping.size;
    },
  };
}

/** Waits until something holds, turn by turn of the event loop. Jest's own time limit ends it. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await turn();
}

/** Enough turns for work that needs no network to go as far as it can. */
async function turns(): Promise<void> {
  for (let count = 0; count < 10; count += 1) await turn();
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
