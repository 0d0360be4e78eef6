import { describe, expect, it } from '@jest/globals';
import { createShrinkGuard } from '../../src/roster/shrinkGuard.js';
import { createHandClock } from './handClock.js';

const MINUTE = 60_000;

describe('the shrink guard', () => {
  it.each([
    [undefined, 3],
    [100, 80],
    [100, 130],
    [12, 2],
    [50, 40],
    [1000, 5000],
  ])('believes a change from %s to %s people at once [LI1]', (known, found) => {
    const clock = createHandClock();
    expect(() => createShrinkGuard(clock).check(known, found, clock.now())).not.toThrow();
  });

  it.each([
    [100, 79],
    [12, 1],
    [6000, 1],
  ])('doubts a change from %s to %s people [LI1]', (known, found) => {
    const clock = createHandClock();
    expect(() => createShrinkGuard(clock).check(known, found, clock.now())).toThrow(/second scan/);
  });

  it('starts over when the second scan disagrees with the first [LI1]', async () => {
    const clock = createHandClock();
    const guard = createShrinkGuard(clock);
    const check = (found: number) => guard.check(1000, found, clock.now());

    expect(() => check(100)).toThrow();
    await clock.advance(MINUTE);
    expect(() => check(700)).toThrow();
    await clock.advance(MINUTE);
    expect(() => check(690)).not.toThrow();
  });

  it('forgets its doubt when the people are back', async () => {
    const clock = createHandClock();
    const guard = createShrinkGuard(clock);
    const check = (found: number) => guard.check(1000, found, clock.now());

    expect(() => check(100)).toThrow();
    check(1000);
    await clock.advance(MINUTE);
    expect(() => check(100)).toThrow();
  });

  it('counts the minute from the end of the first scan to the beginning of the second', async () => {
    const clock = createHandClock();
    const guard = createShrinkGuard(clock);
    expect(() => guard.check(1000, 100, clock.now())).toThrow();
    await clock.advance(MINUTE - 1);
    const startedAtMs = clock.now();
    await clock.advance(MINUTE);

    expect(() => guard.check(1000, 100, startedAtMs)).toThrow();
  });
});
