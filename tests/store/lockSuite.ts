import { describe, expect, it, jest } from '@jest/globals';
import type { Store } from '../../src/provisioning/store.js';
import { aCall, ManualClock, settled, START_MS, type OpenStore } from './samples.js';

const DEADLINE_MS = START_MS + 25_000;

/** Holds `key` from when the promise resolves until `letGo` is called. */
async function hold(store: Store, key: string): Promise<{ letGo: () => void; done: Promise<void> }> {
  let letGo = (): void => undefined;
  let done: Promise<void> = Promise.resolve();
  await new Promise<void>((isHeld) => {
    done = store.locks.withLock(key, aCall(DEADLINE_MS), () => {
      isHeld();
      return new Promise<void>((resolve) => {
        letGo = resolve;
      });
    });
  });
  return { letGo, done };
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
      await held.done;
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
