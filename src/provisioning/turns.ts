import { setImmediate } from 'node:timers/promises';

/** Steps of long work that are done before others are let on: some milliseconds. */
const STEPS_AT_ONCE = 1_000;

/** Work of this process alone, cut into short steps by `yield`. */
export type Steps<Result> = Generator<void, Result, void>;

/** Lets whatever else waits go on first. */
export async function nextTurn(): Promise<void> {
  await setImmediate();
}

/** Does the steps in turns with whatever else the process has to do, so that a long message holds nobody up (rule SA18). */
export async function inTurns<Result>(work: Steps<Result>): Promise<Result> {
  for (let count = 1; ; count += 1) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (count % STEPS_AT_ONCE === 0) await nextTurn();
  }
}

/** Does the steps without letting anybody else go on. */
export function atOnce<Result>(work: Steps<Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
