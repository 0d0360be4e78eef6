import type { Clock } from '../provisioning/call.js';
import { Failure } from '../provisioning/failure.js';

/** How long after the first doubtful scan a second one may confirm it. */
const SECOND_LOOK_MS = 60 * 1000;

/** Doubts a scan that lost many people at once, until a second scan agrees (rule LI1). */
export interface ShrinkGuard {
  /**
   * @param known     people in the index so far; undefined before the first scan
   * @param found     people that the scan found
   * @param startedAt when the scan began, milliseconds since the epoch
   * @throws Failure `unavailable` when the scan is not believed yet, with the time to the second look
   */
  check(known: number | undefined, found: number, startedAtMs: number): void;
}

/** The doubt lives in memory: after a restart, or when another instance comes to scan, it only takes one look more. */
export function createShrinkGuard(clock: Clock): ShrinkGuard {
  let doubt: { readonly found: number; readonly atMs: number } | undefined;
  return {
    check(known, found, startedAtMs) {
      if (known === undefined || found > known || !isFarFrom(found, known)) {
        doubt = undefined;
        return;
      }
      if (doubt === undefined || isFarFrom(found, doubt.found)) doubt = { found, atMs: clock.now() };
      const secondLookAtMs = doubt.atMs + SECOND_LOOK_MS;
      if (startedAtMs >= secondLookAtMs) {
        doubt = undefined;
        return;
      }
      throw new Failure(
        'unavailable',
        `A scan found ${found} people where there were ${known}. It is believed only when a second scan, a minute later, agrees.`,
        { retryAfterSeconds: Math.ceil(Math.max(0, secondLookAtMs - clock.now()) / 1000) },
      );
    },
  };
}

/** More than 20 % of the larger number and more than ten people apart. */
function isFarFrom(left: number, right: number): boolean {
  const apart = Math.abs(left - right);
  return apart > 10 && apart > 0.2 * Math.max(left, right);
}
