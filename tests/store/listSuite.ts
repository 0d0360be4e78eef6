import { describe, expect, it } from '@jest/globals';
import { aGroup, anIndexedGroup, aPerson, at, groupIds, peopleIds, scan, START_MS, type OpenStore } from './samples.js';

export function describeLists(open: OpenStore): void {
  describe('the list of people', () => {
    it('holds links and people with access, a linked account once, under its link [LI2]', async () => {
      const store = await open();
      await store.people.insert(aPerson('inv-1', { accountId: 'ada', userName: 'ada' }));
      await store.people.setExternalId('inv-1', 'okta', '00u1');
      await store.people.setExternalId('inv-1', 'entra', 'guid');
      await store.people.insert(aPerson('inv-2', { accountId: undefined, userName: 'bob', createdAt: at(1) }));
      await scan(store, { users: ['ada', 'eve', 'app-1'] }, { scannedAtMs: START_MS + 2 });

      expect(await store.index.countPeople()).toBe(3);
      expect(await store.index.listPeople('okta', { offset: 0, limit: 10 })).toEqual([
        {
          id: 'inv-1',
          accountId: 'ada',
          link: await store.people.find('inv-1'),
          externalId: '00u1',
          hasAccess: true,
          firstSeenAt: at(0),
        },
        {
          id: 'inv-2',
          accountId: undefined,
          link: await store.people.find('inv-2'),
          externalId: undefined,
          hasAccess: false,
          firstSeenAt: at(1),
        },
        {
          id: 'eve',
          accountId: 'eve',
          link: undefined,
          externalId: undefined,
          hasAccess: true,
          firstSeenAt: at(2),
        },
      ]);
    });

    it('keeps everybody in place through adoption, deactivation and new scans [LI2]', async () => {
      const store = await open();
      await scan(store, { users: ['ada', 'bob', 'eve'] });
      await store.people.insert(aPerson('new', { createdAt: at(1) }));
      expect(await peopleIds(store)).toEqual(['ada', 'bob', 'eve', 'new']);

      await store.people.insert(aPerson('bob', { origin: 'adopted', createdAt: at(2) }));
      await store.people.update('bob', { wanted: 'inactive', wantedAt: at(3) });
      await store.writes.membership('bob', 'users', false, START_MS + 3);
      expect(await peopleIds(store)).toEqual(['ada', 'bob', 'eve', 'new']);
      await scan(store, { users: ['aaa', 'ada', 'eve', 'new'] }, { ownWritesSinceMs: START_MS + 4 });

      expect(await peopleIds(store)).toEqual(['ada', 'bob', 'eve', 'new', 'aaa']);
      expect(await store.index.findListed('bob', 'okta')).toMatchObject({ hasAccess: false, firstSeenAt: at(0) });
    });

    it('gives a place back to whom it belonged, and to nobody else [LI2]', async () => {
      const store = await open();
      await scan(store, { users: ['ada', 'bob'] });
      await scan(store, { users: ['bob', 'eve'] }, { ownWritesSinceMs: START_MS + 1 });
      expect(await peopleIds(store)).toEqual(['bob', 'eve']);

      await scan(store, { users: ['ada', 'bob', 'eve'] });

      expect(await peopleIds(store)).toEqual(['ada', 'bob', 'eve']);
    });

    it('loses a buried person at once and shows the account again only with access', async () => {
      const store = await open();
      await store.people.insert(aPerson('inv-1', { accountId: 'ada', userName: 'ada' }));
      await scan(store, { users: ['ada', 'bob'] });
      await store.transaction(async ({ people, writes }) => {
        await writes.membership('ada', 'users', false, START_MS);
        await people.bury('inv-1', at(1));
      });
      expect(await peopleIds(store)).toEqual(['bob']);
      expect(await store.index.findListed('inv-1', 'okta')).toBeUndefined();

      await store.writes.membership('ada', 'users', true, START_MS + 2);

      expect(await peopleIds(store)).toEqual(['ada', 'bob']);
    });

    it('is cut into windows that never overlap, empty past the end [LI2]', async () => {
      const store = await open();
      await scan(store, { users: ['a', 'b', 'c', 'd', 'e'] });
      const window = async (offset: number, limit: number) =>
        (await store.index.listPeople('okta', { offset, limit })).map(({ id }) => id);

      expect(await window(0, 2)).toEqual(['a', 'b']);
      expect(await window(2, 2)).toEqual(['c', 'd']);
      expect(await window(4, 2)).toEqual(['e']);
      expect(await window(5, 2)).toEqual([]);
      expect(await window(0, 0)).toEqual([]);
    });

    it('finds one person as the list shows it', async () => {
      const store = await open();
      await store.people.insert(aPerson('inv-1', { accountId: 'ada', userName: 'ada' }));
      await scan(store, { users: ['ada', 'bob', 'app-1'] });
      const [ada, bob] = await store.index.listPeople('okta', { offset: 0, limit: 2 });

      expect(await store.index.findListed('inv-1', 'okta')).toEqual(ada);
      expect(await store.index.findListed('bob', 'okta')).toEqual(bob);
      expect(await store.index.findListed('ada', 'okta')).toBeUndefined();
      expect(await store.index.findListed('app-1', 'okta')).toBeUndefined();
    });

    it('of 6,000 people is scanned, counted and paged to its end [LI2]', async () => {
      const store = await open();
      const ids = Array.from({ length: 6_000 }, (_, number) => `p${String(number).padStart(5, '0')}`);
      await scan(store, { users: ids, more: ids.slice(0, 500) });

      expect(await store.index.countPeople()).toBe(6_000);
      const last = await store.index.listPeople('okta', { offset: 5_800, limit: 200 });
      expect(last.map(({ id }) => id)).toEqual(ids.slice(5_800));
    });
  });

  describe('the list of groups', () => {
    it('holds links and groups of the index once each, with what both know [LI2]', async () => {
      const store = await open();
      await store.groups.insert(aGroup('g2', { displayName: 'Renamed' }));
      await store.groups.setExternalId('g2', 'okta', 'e2');
      await scan(store, {}, { groups: [anIndexedGroup('g1'), anIndexedGroup('g2')], scannedAtMs: START_MS + 1 });

      expect(await store.index.countGroups()).toBe(2);
      expect(await store.index.listGroups('okta', { offset: 0, limit: 10 })).toEqual([
        {
          id: 'g2',
          group: { ...anIndexedGroup('g2'), firstSeenAt: at(0) },
          link: await store.groups.find('g2'),
          externalId: 'e2',
          firstSeenAt: at(0),
        },
        {
          id: 'g1',
          group: { ...anIndexedGroup('g1'), firstSeenAt: at(1) },
          link: undefined,
          externalId: undefined,
          firstSeenAt: at(1),
        },
      ]);
      expect(await store.index.listGroups('okta', { offset: 2, limit: 10 })).toEqual([]);
    });

    it('leaves out released and deleted groups, although Confluence may still list them [GR1]', async () => {
      const store = await open();
      await scan(store, {}, { groups: ['g1', 'g2', 'g3'].map((id) => anIndexedGroup(id)) });
      await store.groups.insert(aGroup('g1'));
      await store.groups.update('g1', { isReleased: true });
      await store.tombstones.putGroup('g2', at());

      expect(await groupIds(store)).toEqual(['g3']);
      expect(await store.index.countGroups()).toBe(1);
      expect(await store.index.findListedGroup('g1', 'okta')).toBeUndefined();
      expect(await store.index.findListedGroup('g2', 'okta')).toBeUndefined();
      expect(await store.index.findListedGroup('g3', 'okta')).toMatchObject({ id: 'g3', firstSeenAt: at() });
    });

    it('keeps groups in place through scans, and puts new ones at the end [LI2]', async () => {
      const store = await open();
      await scan(store, {}, { groups: ['b', 'c'].map((id) => anIndexedGroup(id)) });
      await store.groups.insert(aGroup('z'));
      await scan(store, {}, { groups: ['a', 'c', 'b', 'z'].map((id) => anIndexedGroup(id)) });

      expect(await groupIds(store)).toEqual(['b', 'c', 'z', 'a']);
    });
  });
}
