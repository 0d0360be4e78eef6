import { getEventListeners, once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Call } from '../../src/provisioning/call.js';
import type { Store } from '../../src/provisioning/store.js';
import { aCall, aLine, aPerson, ManualClock, settled, START_MS, type OpenStore } from './samples.js';

const DEADLINE_MS = START_MS + 25_000;
const LOST = { kind: 'unavailable', retryAfterSeconds: 5, message: expect.stringContaining('lost its lock') };

/** @returns lets time pass in which this process stands still: by one of its clocks, and without its timers */
function standingStill(by: 'monotonic' | 'time of day'): (ms: number) => void {
  const clock = by === 'monotonic' ? performance : Date;
  const now = clock.now.bind(clock);
  let stoodMs = 0;
  jest.spyOn(clock, 'now').mockImplementation(() => now() + stoodMs);
  return (ms) => {
    stoodMs += ms;
  };
}

/** Holds `key` from when the promise resolves until `letGo` is called. */
async function hold(store: Store, key: string): Promise<{ call: Call; letGo: () => void; done: Promise<void> }> {
  let letGo = (): void => undefined;
  let done: Promise<void> = Promise.resolve();
  const call = await new Promise<Call>((isHeld) => {
    done = store.locks.withLock(key, aCall(DEADLINE_MS), (held) => {
      isHeld(held);
      return new Promise<void>((resolve) => {
        letGo = resolve;
      });
    });
  });
  return { call, letGo, done };
}

/** Lets time go by until the work is over: a database elsewhere takes its own time to say that a lock is taken. */
async function passing<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  const state = { isOver: false };
  void work.catch(() => undefined).then(() => (state.isOver = true));
  while (!state.isOver) await clock.advance(100);
  return work;
}

export function describeLocks(open: OpenStore): void {
  describe('locks', () => {
    afterEach(() => void jest.restoreAllMocks());

    it('give back the result of the work, and its failure', async () => {
      const { locks } = await open();

      await expect(locks.withLock('person:1', aCall(DEADLINE_MS), () => Promise.resolve('done'))).resolves.toBe('done');
      const failing = locks.withLock('person:1', aCall(DEADLINE_MS), () => Promise.reject(new Error('failed')));
      await expect(failing).rejects.toThrow('failed');
      await expect(locks.withLock('person:1', aCall(DEADLINE_MS), () => Promise.resolve('again'))).resolves.toBe(
        'again',
      );
    });

    it('let one at a time through, first come, first served [SA4]', async () => {
      const { locks } = await open();
      const events: string[] = [];
      const names = Array.from({ length: 8 }, (_, number) => `${number}`);

      await Promise.all(
        names.map((name) =>
          locks.withLock('group:1', aCall(DEADLINE_MS), async () => {
            events.push(`${name} in`);
            await settled();
            events.push(`${name} out`);
          }),
        ),
      );

      expect(events).toEqual(names.flatMap((name) => [`${name} in`, `${name} out`]));
    });

    it('of different keys do not wait for each other', async () => {
      const store = await open();
      const held = await hold(store, 'person:1');

      await expect(store.locks.withLock('person:2', aCall(DEADLINE_MS), () => Promise.resolve('in'))).resolves.toBe(
        'in',
      );
      held.letGo();
      await held.done;
    });

    it('fail as unavailable with Retry-After at the deadline, and the queue goes on without who gave up', async () => {
      const clock = new ManualClock();
      const store = await open(clock);
      const held = await hold(store, 'person:1');
      const events: string[] = [];
      const impatient = store.locks.withLock('person:1', aCall(START_MS + 1_000), () =>
        Promise.resolve(events.push('never')),
      );
      const patient = store.locks.withLock('person:1', aCall(DEADLINE_MS), () =>
        Promise.resolve(events.push('patient')),
      );
      const expectation = expect(impatient).rejects.toMatchObject({
        kind: 'unavailable',
        retryAfterSeconds: expect.any(Number),
      });

      await clock.advance(1_000);
      await expectation;
      await settled();
      expect(events).toEqual([]);
      held.letGo();
      await Promise.all([held.done, patient]);

      expect(events).toEqual(['patient']);
    });

    it('are waited for no longer when the signal aborts, and the queue goes on [SA6]', async () => {
      const store = await open(new ManualClock());
      const held = await hold(store, 'person:1');
      const stopping = new AbortController();
      const events: string[] = [];
      const stopped = store.locks.withLock('person:1', aCall(DEADLINE_MS, stopping.signal), () =>
        Promise.resolve(events.push('never')),
      );
      const patient = store.locks.withLock('person:1', aCall(DEADLINE_MS), () =>
        Promise.resolve(events.push('patient')),
      );

      stopping.abort();

      await expect(stopped).rejects.toMatchObject({ kind: 'unavailable' });
      held.letGo();
      await Promise.all([held.done, patient]);
      expect(events).toEqual(['patient']);
    });

    it.each(['monotonic', 'time of day'] as const)(
      'are given up by who stood still for as long as a lease by the %s clock, before anything more is done [SA17]',
      async (clock) => {
        const { locks } = await open();
        const standStill = standingStill(clock);
        const signals: AbortSignal[] = [];
        const working = locks.withLock('group:1', aCall(DEADLINE_MS), async (outer) => {
          standStill(20_000);
          await locks.withLock('person:1', outer, (inner) => {
            inner.checkLocks?.();
            expect(inner.signal.aborted).toBe(false);
            // Of the two leases only the outer one is over by now.
            standStill(15_000);
            inner.checkLocks?.();
            signals.push(outer.signal, inner.signal);
            return Promise.resolve();
          });
          return 'done';
        });

        await expect(working).rejects.toMatchObject(LOST);
        expect(signals.map(({ reason }) => reason as unknown)).toMatchObject([LOST, LOST]);
        await expect(locks.withLock('group:1', aCall(DEADLINE_MS), () => Promise.resolve('free'))).resolves.toBe(
          'free',
        );
      },
    );

    it('abort what goes on under them with the call, whose signal nothing listens to any more afterwards', async () => {
      const { locks } = await open();
      const stopping = new AbortController();
      const call = aCall(DEADLINE_MS, stopping.signal);
      await locks.withLock('person:1', call, () => Promise.resolve());
      expect(getEventListeners(stopping.signal, 'abort')).toEqual([]);

      const reason = await locks.withLock('person:1', call, ({ signal }) => {
        stopping.abort('stopping');
        return Promise.resolve(signal.reason as unknown);
      });

      expect(reason).toBe('stopping');
    });

    it('do not bind what was begun under them and goes on afterwards', async () => {
      const { locks, people } = await open();
      let goOn: () => void = () => undefined;
      let leftBehind: Promise<unknown> = Promise.resolve();
      await locks.withLock('person:1', aCall(DEADLINE_MS), () => {
        leftBehind = new Promise<void>((resolve) => (goOn = resolve)).then(() => people.insert(aPerson('ada')));
        return Promise.resolve();
      });

      goOn();
      await leftBehind;

      expect(await people.find('ada')).toBeDefined();
    });

    it('leave the store usable for the work', async () => {
      const store = await open();
      const found = await store.locks.withLock('person:1', aCall(DEADLINE_MS), () =>
        store.transaction(({ people }) => people.find('ada')),
      );

      expect(found).toBeUndefined();
    });
  });
}

/** @param pass lets time go by, for leases as well */
export function describeSharedLocks(open: OpenStore, pass: (clock: ManualClock, ms: number) => Promise<void>): void {
  describe('locks of two stores on the same data', () => {
    it('exclude each other', async () => {
      const clock = new ManualClock();
      const [first, second] = [await open(clock), await open(clock)];
      const held = await hold(first, 'address:ada@example.com');
      const events: string[] = [];
      const waiting = second.locks.withLock('address:ada@example.com', aCall(DEADLINE_MS), () =>
        Promise.resolve(events.push('second')),
      );
      await settled();
      await clock.advance(5_000);
      expect(events).toEqual([]);

      held.letGo();
      await held.done;
      await passing(clock, waiting);

      expect(events).toEqual(['second']);
    });

    it('fail as unavailable when the other keeps it past the deadline', async () => {
      const clock = new ManualClock();
      const [first, second] = [await open(clock), await open(clock)];
      const held = await hold(first, 'scan');
      const waiting = second.locks.withLock('scan', aCall(START_MS + 1_000), () => Promise.resolve());
      const expectation = expect(waiting).rejects.toMatchObject({ kind: 'unavailable' });

      await passing(clock, expectation);
      held.letGo();
      await held.done;
    });

    it('are waited for no longer when the signal aborts [SA6]', async () => {
      const clock = new ManualClock();
      const [first, second] = [await open(clock), await open(clock)];
      const held = await hold(first, 'scan');
      const stopping = new AbortController();
      const waiting = second.locks.withLock('scan', aCall(DEADLINE_MS, stopping.signal), () => Promise.resolve());
      const expectation = expect(waiting).rejects.toMatchObject({ kind: 'unavailable' });
      await settled();

      stopping.abort();

      await expectation;
      held.letGo();
      await held.done;
    });

    it('fall free when the lease of a holder that stopped renewing has run out [SA6]', async () => {
      const clock = new ManualClock();
      const [first, second] = [await open(clock), await open(clock)];
      const held = await hold(first, 'scan');
      const waiting = second.locks.withLock('scan', aCall(START_MS + 120_000), () => Promise.resolve('taken over'));

      await settled();
      await pass(clock, 31_000);

      await expect(passing(clock, waiting)).resolves.toBe('taken over');
      held.letGo();
      // Whoever had it between may have changed what this work went by.
      await expect(held.done).rejects.toMatchObject(LOST);
    });

    it('let nothing be changed any more by who lost them, who still tells what was tried and gives back what was taken [SA17] [SA10]', async () => {
      const clock = new ManualClock();
      const [first, second] = [await open(clock), await open(clock)];
      const update = (store: Store, wanted: 'active' | 'inactive') => store.people.update('ada', { wanted });
      let outcomes: readonly unknown[] = [];
      const lost = first.locks.withLock('person:1', aCall(DEADLINE_MS), async (outer) => {
        await first.people.insert(aPerson('ada'));
        await pass(clock, 31_000);
        await second.locks.withLock('person:1', aCall(clock.now()), () => update(second, 'inactive'));

        outcomes = await Promise.allSettled([
          update(first, 'active'),
          first.transaction(({ people }) => people.update('ada', { wanted: 'active' })),
          first.locks.withLock('person:2', outer, () => update(first, 'active')),
        ]);
        await first.audit.append(aLine());
        await first.brake.settle('reservation', new Set());
        await first.seats.release('reservation');
        await first.pauses.extend('token', { untilMs: 1, reason: 'rateLimited' });
      });

      await expect(lost).rejects.toMatchObject(LOST);
      expect(outcomes).toMatchObject([{ reason: LOST }, { reason: LOST }, { reason: LOST }]);
      expect((await second.people.find('ada'))?.wanted).toBe('inactive');
      expect(await second.audit.list({ limit: 10 })).toHaveLength(1);
    });

    it('are lost by who finds them with another at the next renewal [SA17]', async () => {
      const clock = new ManualClock();
      const [first, second] = [await open(clock), await open(clock)];
      jest.useFakeTimers({ doNotFake: ['setTimeout', 'setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
      try {
        const held = await hold(first, 'scan');
        await pass(clock, 31_000);
        const other = await hold(second, 'scan');
        const told = once(held.call.signal, 'abort');

        await jest.advanceTimersByTimeAsync(10_000);
        await told;

        expect(held.call.signal.reason).toMatchObject(LOST);
        held.letGo();
        await expect(held.done).rejects.toMatchObject(LOST);
        other.letGo();
        await other.done;
      } finally {
        jest.useRealTimers();
      }
    });

    it('stay with a holder that works longer than a lease, because it renews', async () => {
      const clock = new ManualClock();
      const [first, second] = [await open(clock), await open(clock)];
      jest.useFakeTimers({ doNotFake: ['setTimeout', 'setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
      try {
        const held = await hold(first, 'scan');
        for (let seconds = 0; seconds < 60; seconds += 10) {
          await pass(clock, 10_000);
          await jest.advanceTimersByTimeAsync(10_000);
        }

        const late = second.locks.withLock('scan', aCall(clock.now()), () => Promise.resolve());
        await expect(late).rejects.toMatchObject({ kind: 'unavailable' });
        held.letGo();
        await held.done;
        expect(jest.getTimerCount()).toBe(0);
      } finally {
        jest.useRealTimers();
      }
    });
  });
}
