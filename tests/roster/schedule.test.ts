import { describe, expect, it } from '@jest/globals';
import { createSchedule, type Schedule } from '../../src/roster/schedule.js';
import { createHandClock, type HandClock } from './handClock.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

interface Scheduled {
  readonly schedule: Schedule;
  readonly clock: HandClock;
  /** When scans were made, in seconds since the start. */
  readonly scans: number[];
  /** Lets the next scans fail, each with this many seconds to the next attempt. */
  readonly failing: (...retries: number[]) => void;
  /** Another instance has scanned just now. */
  readonly scannedElsewhere: () => void;
  /** From the next scan on the bridge is blocked, until the question whether it still is was asked so often. */
  readonly blockedFor: (questions: number) => void;
  /** When that was asked, in seconds since the start. */
  readonly questions: number[];
}

function scheduled(random = 0.5): Scheduled {
  const clock = createHandClock();
  const beganAtMs = clock.now();
  const scans: number[] = [];
  const failures: number[] = [];
  let retryAtMs: number | undefined;
  let scannedAtMs: number | undefined;
  const questions: number[] = [];
  let blockedFor = 0;
  const schedule = createSchedule({
    clock,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    random: () => random,
    scan: () => {
      scans.push((clock.now() - beganAtMs) / SECOND);
      const retry = failures.shift();
      if (retry === undefined) {
        retryAtMs = undefined;
        scannedAtMs = clock.now();
        return Promise.resolve();
      }
      retryAtMs = clock.now() + retry * SECOND;
      return Promise.reject(new Error('failed'));
    },
    retryAtMs: () => retryAtMs,
    scannedAtMs: () => Promise.resolve(scannedAtMs),
    isBlocked: () => blockedFor > 0,
    isUnblocked: () => {
      questions.push((clock.now() - beganAtMs) / SECOND);
      blockedFor -= 1;
      return Promise.resolve(blockedFor === 0);
    },
  });
  return {
    schedule,
    clock,
    scans,
    failing: (...retries) => void failures.push(...retries),
    scannedElsewhere: () => (scannedAtMs = clock.now()),
    blockedFor: (count) => void (blockedFor = count),
    questions,
  };
}

describe('the schedule of scans', () => {
  it('scans at the start and every 15 minutes [LI1]', async () => {
    const { schedule, clock, scans } = scheduled();

    schedule.start();
    await clock.advance(45 * MINUTE);

    expect(scans).toEqual([0, 900, 1800, 2700]);
    await schedule.stop();
  });

  it.each([
    [0, 810],
    [1, 990],
  ])('spreads scans of several instances: with chance %s the second comes after %s s', async (random, second) => {
    const { schedule, clock, scans } = scheduled(random);

    schedule.start();
    await clock.advance(20 * MINUTE);

    expect(scans[1]).toBe(second);
    await schedule.stop();
  });

  it('tries again after a failure when the runner says, not at the next regular time', async () => {
    const { schedule, clock, scans, failing } = scheduled();
    failing(5, 10, 60);

    schedule.start();
    await clock.advance(20 * MINUTE);

    expect(scans).toEqual([0, 5, 15, 75, 975]);
    await schedule.stop();
  });

  it('scans once a minute for ten minutes when an account is expected [US4]', async () => {
    const { schedule, clock, scans } = scheduled();
    schedule.start();
    await clock.advance(2 * MINUTE);

    schedule.expectAccount();
    await clock.advance(20 * MINUTE);

    expect(scans).toEqual([0, 180, 240, 300, 360, 420, 480, 540, 600, 660, 720]);
    await schedule.stop();
  });

  it('keeps its beat when accounts are expected all the time [US4]', async () => {
    const { schedule, clock, scans } = scheduled();
    schedule.start();

    for (let count = 0; count < 12; count += 1) {
      schedule.expectAccount();
      await clock.advance(20 * SECOND);
    }

    expect(scans).toEqual([0, 60, 120, 180, 240]);
    await schedule.stop();
  });

  it('leaves out a regular scan that another instance has made [LI1]', async () => {
    const { schedule, clock, scans, scannedElsewhere } = scheduled();
    schedule.start();
    await clock.advance(10 * MINUTE);
    scannedElsewhere();

    await clock.advance(14 * MINUTE);
    expect(scans).toEqual([0]);
    await clock.advance(MINUTE);
    expect(scans).toEqual([0, 1500]);
    await schedule.stop();
  });

  it('leaves out a scan for an expected account that another instance has made [SA17]', async () => {
    const { schedule, clock, scans, scannedElsewhere } = scheduled();
    schedule.start();
    await clock.advance(2 * MINUTE);
    schedule.expectAccount();

    await clock.advance(30 * SECOND);
    scannedElsewhere();
    await clock.advance(50 * SECOND);
    expect(scans).toEqual([0]);
    await clock.advance(10 * SECOND);
    expect(scans).toEqual([0, 210]);
    await schedule.stop();
  });

  it('asks every minute whether it is still blocked, and scans as soon as it is not [SA1]', async () => {
    const { schedule, clock, scans, blockedFor, questions } = scheduled();
    blockedFor(3);

    schedule.start();
    await clock.advance(20 * MINUTE);

    expect(questions).toEqual([60, 120, 180]);
    expect(scans).toEqual([0, 180, 1080]);
    await schedule.stop();
  });

  it('scans every 15 minutes however long it is blocked [LI1]', async () => {
    const { schedule, clock, scans, blockedFor, questions } = scheduled();
    blockedFor(1000);

    schedule.start();
    await clock.advance(31 * MINUTE);

    expect(scans).toEqual([0, 900, 1800]);
    expect(questions).toHaveLength(29);
    await schedule.stop();
  });

  it('leaves the question to the next attempt while scans fail', async () => {
    const { schedule, clock, scans, failing, blockedFor, questions } = scheduled();
    blockedFor(1);
    failing(300);

    schedule.start();
    await clock.advance(6 * MINUTE);

    expect(scans).toEqual([0, 300, 360]);
    expect(questions).toEqual([360]);
    await schedule.stop();
  });

  it('stops at once, and leaves no wait behind', async () => {
    const { schedule, clock, scans } = scheduled();
    schedule.start();
    await clock.advance(MINUTE);

    await schedule.stop();
    await clock.advance(60 * MINUTE);

    expect(clock.sleepers).toBe(0);
    expect(scans).toEqual([0]);
  });
});
