import type { Call, Clock } from '../provisioning/call.js';
import { Failure } from '../provisioning/failure.js';

/** Advice where Atlassian itself named no time. */
const SEND_AGAIN_SECONDS = 5;

/** @returns whether the call has used up its time, was told to stop, or has lost a lock */
export function isOver(call: Call, clock: Clock): boolean {
  call.checkLocks?.();
  return call.signal.aborted || clock.now() >= call.deadlineMs;
}

/** What a call fails with that is over before Atlassian was asked. */
export function outOfTime({ signal }: Call): Failure {
  if (signal.reason instanceof Failure) return signal.reason;
  return new Failure(
    'unavailable',
    'The time for this request was over before Atlassian could be asked. Send the request again.',
    { retryAfterSeconds: SEND_AGAIN_SECONDS },
  );
}

export interface Countdown {
  /** Aborts when the budget ends, with the call's own signal, or after `atMostMs`. */
  readonly signal: AbortSignal;
  /** Ends the countdown, so that neither a timer nor a listener outlives the wait. */
  readonly stop: () => void;
}

/**
 * Bounds a wait for something outside, an answer or a free slot, whose time passes whatever the clock that was handed
 * in says. So this is the one place with a timer of its own; waits for nothing but time go through `Clock.sleep`.
 */
export function countdown(call: Call, clock: Clock, atMostMs: number): Countdown {
  const controller = new AbortController();
  const end = (): void => controller.abort();
  const timer = setTimeout(end, Math.max(0, Math.min(atMostMs, call.deadlineMs - clock.now())));
  if (call.signal.aborted) end();
  call.signal.addEventListener('abort', end);
  return {
    signal: controller.signal,
    stop: () => {
      clearTimeout(timer);
      call.signal.removeEventListener('abort', end);
    },
  };
}
