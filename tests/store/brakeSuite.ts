import { describe, expect, it } from '@jest/globals';
import type { CountedRemoval } from '../../src/provisioning/brakeRecords.js';
import { anIndexedGroup, scan, START_MS, type OpenStore } from './samples.js';

function losses(...personIds: string[]): CountedRemoval[] {
  return personIds.map((personId) => ({ counter: 'access', personId, accountId: personId }));
}

export function describeBrake(open: OpenStore): void {
  describe('the brake', () => {
    it('counts each person once within the window, whose beginning is exclusive [SA11]', async () => {
      const { brake } = await open();
      await brake.reserve('r1', losses('ada', 'bob'), START_MS);
      await brake.reserve('r2', losses('bob', 'eve'), START_MS + 1);
      await brake.reserve('r2', losses('eve'), START_MS + 2);

      expect(await brake.counted('access', START_MS - 1)).toEqual(new Set(['ada', 'bob', 'eve']));
      expect(await brake.counted('access', START_MS)).toEqual(new Set(['bob', 'eve']));
      expect(await brake.counted('group:g', 0)).toEqual(new Set());
    });

    it('gives back of a reservation who was not kept, and nothing of others [SA11]', async () => {
      const { brake } = await open();
      await brake.reserve('r1', losses('ada', 'bob', 'eve'), START_MS);
      await brake.reserve('r2', losses('bob'), START_MS);

      await brake.settle('r1', new Set(['ada']));

      expect(await brake.counted('access', 0)).toEqual(new Set(['ada', 'bob']));
      expect(await brake.countSettled('access', 0)).toBe(1);
    });

    it('counts people who are there or have left, and nobody twice [SA11]', async () => {
      const store = await open();
      await scan(store, { users: ['ada', 'bob'] });
      await store.brake.reserve('r1', losses('bob', 'gone'), START_MS);
      await store.brake.reserve('r2', [{ counter: 'access', personId: 'inv-1', accountId: undefined }], START_MS);

      expect(await store.brake.countPeople(0)).toBe(4);
      expect(await store.brake.countPeople(START_MS)).toBe(2);
    });

    it('finds whose last granting group it is, not counting a group that is just being left [SA11]', async () => {
      const store = await open();
      await scan(store, { users: ['ada', 'bob', 'eve'], more: ['bob', 'eve'] });
      const { brake } = store;
      expect(await brake.onlyAccessThrough('users', undefined, 0)).toEqual(['ada']);

      await brake.reserve('r1', [{ counter: 'group:more', personId: 'bob', accountId: 'bob' }], START_MS);

      expect(await brake.onlyAccessThrough('users', undefined, 0)).toEqual(['ada', 'bob']);
      expect(await brake.onlyAccessThrough('users', ['bob', 'eve', 'nobody'], 0)).toEqual(['bob']);
      await brake.settle('r1', new Set(['bob']));
      expect(await brake.onlyAccessThrough('users', ['bob', 'eve'], 0)).toEqual([]);
    });

    it('lists the groups that members left, the most first [SA11]', async () => {
      const store = await open();
      await scan(store, {}, { groups: [anIndexedGroup('g1')] });
      const removal = (groupId: string, personId: string): CountedRemoval => ({
        counter: `group:${groupId}`,
        personId,
        accountId: personId,
      });
      await store.brake.reserve('r1', [removal('g1', 'ada'), removal('g2', 'ada'), removal('g2', 'bob')], START_MS);

      expect(await store.brake.countedGroups(0)).toEqual([
        { groupId: 'g2', removed: 2 },
        { groupId: 'g1', removed: 1 },
      ]);
      expect(await store.brake.countedGroups(START_MS)).toEqual([]);
    });

    it('trips once, until the window has passed without a refusal [SA11]', async () => {
      const { brake } = await open();
      expect(await brake.noteRefusal('access', START_MS, START_MS - 10)).toBe(true);
      expect(await brake.noteRefusal('access', START_MS + 5, START_MS - 5)).toBe(false);
      expect(await brake.trips(START_MS)).toEqual([
        { counter: 'access', trippedAtMs: START_MS, lastRefusedAtMs: START_MS + 5, refusals: 2 },
      ]);

      expect(await brake.trips(START_MS + 5)).toEqual([]);
      expect(await brake.noteRefusal('access', START_MS + 20, START_MS + 10)).toBe(true);
      expect(await brake.trips(0)).toMatchObject([{ trippedAtMs: START_MS + 20, refusals: 1 }]);
    });

    it('remembers its release, and forgets what is pruned', async () => {
      const { brake } = await open();
      expect(await brake.releasedUntilMs()).toBe(0);
      await brake.release(START_MS);
      await brake.release(START_MS + 1);
      expect(await brake.releasedUntilMs()).toBe(START_MS + 1);
      await brake.reserve('r1', losses('ada'), START_MS);
      await brake.reserve('r2', losses('bob'), START_MS + 1);

      await brake.prune(START_MS);

      expect(await brake.counted('access', 0)).toEqual(new Set(['bob']));
    });
  });
}
