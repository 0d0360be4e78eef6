import type { Clock } from './call.js';

/**
 * Waits for work that others share, and that goes on when this wait is over.
 *
 * @param untilMs milliseconds since the epoch
 * @returns whether the work ended in time; false when the time was over or the signal aborted first
 * @throws whatever the work fails with in time
 */
export async function endsInTime(
  work: Promise<unknown>,
  untilMs: number,
  signal: AbortSignal,
  clock: Clock,
): Promise<boolean> {
  const timer = new AbortController();
  const giveUp = (): void => timer.abort();
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  const timeIsOver = clock.sleep(Math.max(0, untilMs - clock.now()), timer.signal).then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([work.then(() => true), timeIsOver]);
  } finally {
    signal.removeEventListener('abort', giveUp);
    timer.abort();
  }
}

/** Works again and again, first after `everyMs`, until the signal aborts. @throws whatever the work fails with */
export async function repeatedly(
  everyMs: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  work: () => Promise<void> | void,
): Promise<void> {
  for (;;) {
    try {
      await clock.sleep(everyMs, signal);
    } catch {
      // Told to stop.
      return;
    }
    await work();
  }
}
