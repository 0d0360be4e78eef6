import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLimiter, type Limiter } from '../../src/atlassian/limiter.js';
import type { Call } from '../../src/provisioning/call.js';
import { callOf, expectFailure, testClock, type TestClock } from './upstream.js';

const UPSTREAM = { operation: 'confluence.getGroup', status: undefined };

let testEnd = new AbortController();
beforeEach(() => {
  testEnd = new AbortController();
});
afterEach(() => testEnd.abort());

/** Takes slots and remembers the order in which they were given. */
function takers(limiter: Limiter, clock: TestClock) {
  const order: string[] = [];
  const releases: (() => void)[] = [];
  function take(name: string, kind: Call['kind']): void {
    const taken = limiter.acquire(callOf(clock, 60_000, { kind, signal: testEnd.signal }), UPSTREAM);
    taken.then(
      (release) => {
        order.push(name);
        releases.push(release);
      },
      () => undefined,
    );
  }
  return { order, take, releaseOldest: () => releases.shift()?.() };
}

/** Lets everything that is ready happen. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('slots', () => {
  it('lets no more calls run at once than the credential may have [SA4]', async () => {
    const clock = testClock();
    const { order, take, releaseOldest } = takers(createLimiter({ concurrency: 2, clock }), clock);
    for (const name of ['a', 'b', 'c']) take(name, 'request');
    await settle();
    expect(order).toEqual(['a', 'b']);

    releaseOldest();
    await settle();
    expect(order).toEqual(['a', 'b', 'c']);
  });

  it('keeps half of the slots free of scans [SA4]', async () => {
    const clock = testClock();
    const { order, take } = takers(createLimiter({ concurrency: 4, clock }), clock);
    for (const name of ['scan 1', 'scan 2', 'scan 3', 'scan 4']) take(name, 'scan');
    take('request 1', 'request');
    await settle();
    expect(order).toEqual(['scan 1', 'scan 2', 'request 1']);
  });

  it.each([1, 8])('serves requests and scans in turn while both wait, with %d slots [SA4]', async (concurrency) => {
    const clock = testClock();
    const { order, take, releaseOldest } = takers(createLimiter({ concurrency, clock }), clock);
    for (let number = 0; number < concurrency; number += 1) take('first', 'request');
    await settle();
    for (const kind of ['request', 'scan'] as const) for (let number = 0; number < 3; number += 1) take(kind, kind);
    await settle();

    for (let number = 0; number < 6 + concurrency; number += 1) {
      releaseOldest();
      await settle();
    }
    expect(order.slice(concurrency)).toEqual(['scan', 'request', 'scan', 'request', 'scan', 'request']);
  });

  it('fails as unavailable when no slot comes free within the budget, and leaves the queue [SA4]', async () => {
    const clock = testClock();
    const limiter = createLimiter({ concurrency: 1, clock });
    const release = await limiter.acquire(callOf(clock), UPSTREAM);

    const failure = await expectFailure(limiter.acquire(callOf(clock, 20), UPSTREAM), 'unavailable');
    expect(failure.retryAfterSeconds).toBeGreaterThan(0);

    release();
    await expect(limiter.acquire(callOf(clock), UPSTREAM)).resolves.toBeInstanceOf(Function);
  });

  it('gives up as soon as the call is told to stop', async () => {
    const clock = testClock();
    const limiter = createLimiter({ concurrency: 1, clock });
    await limiter.acquire(callOf(clock), UPSTREAM);
    const stop = new AbortController();
    const waiting = limiter.acquire(callOf(clock, 60_000, { signal: stop.signal }), UPSTREAM);

    stop.abort();
    await expectFailure(waiting, 'unavailable');
  });

  it('starts nothing for a call whose budget is over [SA4]', async () => {
    const clock = testClock();
    const limiter = createLimiter({ concurrency: 1, clock });
    await expectFailure(limiter.acquire(callOf(clock, 0), UPSTREAM), 'unavailable');
  });
});

describe('pauses', () => {
  it('holds every call of the credential until Retry-After has passed [SA4]', async () => {
    const clock = testClock();
    const limiter = createLimiter({ concurrency: 8, clock });
    await limiter.pause('rateLimited', 7);
    const startedAtMs = clock.now();

    await limiter.acquire(callOf(clock), UPSTREAM);
    expect(clock.now() - startedAtMs).toBeGreaterThanOrEqual(6_990);
  });

  it.each(['rateLimited', 'unavailable'] as const)(
    'fails at once as %s when the pause outlasts the budget, and says for how long [SA4]',
    async (reason) => {
      const clock = testClock();
      const limiter = createLimiter({ concurrency: 8, clock });
      await limiter.pause(reason, 40);

      const failure = await expectFailure(limiter.acquire(callOf(clock), { ...UPSTREAM, status: 429 }), reason);
      expect(failure.retryAfterSeconds).toBe(40);
      expect(failure.upstream).toEqual({ operation: 'confluence.getGroup', status: 429 });
      expect(clock.sleeps).toEqual([]);
    },
  );

  it('pauses 5 s when Atlassian names no time, doubling up to 30 s until it answers again [SA4]', async () => {
    const clock = testClock();
    const limiter = createLimiter({ concurrency: 8, clock });
    const pauses: number[] = [];
    for (let number = 0; number < 5; number += 1) {
      await limiter.pause('rateLimited', undefined);
      const failure = await expectFailure(limiter.acquire(callOf(clock, 1_000), UPSTREAM), 'rateLimited');
      pauses.push(failure.retryAfterSeconds ?? 0);
      await clock.sleep(30_001);
    }
    expect(pauses).toEqual([5, 10, 20, 30, 30]);

    limiter.recovered();
    await limiter.pause('rateLimited', undefined);
    const failure = await expectFailure(limiter.acquire(callOf(clock, 1_000), UPSTREAM), 'rateLimited');
    expect(failure.retryAfterSeconds).toBe(5);
  });

  it('takes several refusals of calls that were under way together for one [SA4]', async () => {
    const clock = testClock();
    const limiter = createLimiter({ concurrency: 8, clock });
    for (let number = 0; number < 8; number += 1) await limiter.pause('rateLimited', undefined);

    const failure = await expectFailure(limiter.acquire(callOf(clock, 1_000), UPSTREAM), 'rateLimited');
    expect(failure.retryAfterSeconds).toBe(5);
  });

  it('never shortens a pause', async () => {
    const clock = testClock();
    const limiter = createLimiter({ concurrency: 8, clock });
    await limiter.pause('rateLimited', 60);
    await limiter.pause('rateLimited', 1);

    const failure = await expectFailure(limiter.acquire(callOf(clock), UPSTREAM), 'rateLimited');
    expect(failure.retryAfterSeconds).toBe(60);
  });

  it('holds calls that were waiting for a slot when the pause began [SA4]', async () => {
    const clock = testClock();
    const limiter = createLimiter({ concurrency: 1, clock });
    const release = await limiter.acquire(callOf(clock), UPSTREAM);
    const waiting = limiter.acquire(callOf(clock), UPSTREAM);

    await limiter.pause('rateLimited', 100);
    release();
    await expectFailure(waiting, 'rateLimited');
  });
});
