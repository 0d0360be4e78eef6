import { describe, expect, it } from '@jest/globals';
import { anIndexedGroup, aPerson, at, groupIds, peopleIds, scan, START_MS, type OpenStore } from './samples.js';

const MINUTE_MS = 60_000;

export function describeIndex(open: OpenStore): void {
  describe('the directory index', () => {
    it('is unknown before the first committed scan', async () => {
      const { index } = await open();
      const started = await index.beginScan();
      await started.addMembers('users', [{ accountId: 'ada', kind: 'atlassian', email: 'ada@example.com' }]);

      expect(await index.state()).toBeUndefined();
      expect(await index.scannedAtMs()).toBeUndefined();
      expect(await index.person('ada')).toBeUndefined();
      expect(await index.findByAddress('ada@example.com')).toEqual([]);
    });

    it('shows people with their granting groups, apps included but not counted [LI1]', async () => {
      const store = await open();
      await scan(store, { users: ['ada', 'bob', 'app-1'], admins: ['ada'] }, { scannedAtMs: START_MS + 5 });
      const { index } = store;

      expect(await index.state()).toEqual({ scannedAtMs: START_MS + 5, people: 2 });
      expect(await index.scannedAtMs()).toBe(START_MS + 5);
      expect(await index.person('ada')).toEqual({
        accountId: 'ada',
        kind: 'atlassian',
        grantingGroupIds: ['admins', 'users'],
      });
      expect(await index.people(['bob', 'nobody', 'app-1'])).toEqual([
        { accountId: 'app-1', kind: 'other', grantingGroupIds: ['users'] },
        { accountId: 'bob', kind: 'atlassian', grantingGroupIds: ['users'] },
      ]);
      expect(await index.people([])).toEqual([]);
    });

    it('reads any number of people at once, each of them once', async () => {
      const store = await open();
      const ids = Array.from({ length: 1_200 }, (_, number) => `p${number}`);
      await scan(store, { users: ids });

      const found = await store.index.people([...ids, ...ids, 'nobody']);

      expect(new Set(found.map(({ accountId }) => accountId))).toEqual(new Set(ids));
      expect(found).toHaveLength(ids.length);
    });

    it('finds accounts by a visible address without regard to case [ID4]', async () => {
      const { index } = await open();
      const started = await index.beginScan();
      await started.addMembers('users', [
        { accountId: 'ada', kind: 'atlassian', email: 'Ada@Example.com' },
        { accountId: 'bob', kind: 'atlassian', email: undefined },
      ]);
      // The second listing hides the address that the first one showed.
      await started.addMembers('admins', [{ accountId: 'ada', kind: 'atlassian', email: undefined }]);
      const groups = ['users', 'admins'].map((id) => anIndexedGroup(id, { accessTypes: ['user'] }));
      await started.commit({ groups, scannedAtMs: START_MS, ownWritesSinceMs: START_MS });

      expect((await index.findByAddress('ADA@example.com')).map(({ accountId }) => accountId)).toEqual(['ada']);
      expect(await index.findByAddress('bob@example.com')).toEqual([]);
    });

    it('shows a member whom a read has shown, until the next scan finds otherwise', async () => {
      const store = await open();
      await scan(store, { users: ['ada'] }, { groups: [anIndexedGroup('plain')] });

      await store.index.putMember('bob', ['users', 'plain'], START_MS);
      await store.index.putMember('bob', ['users'], START_MS);

      expect((await store.index.person('bob'))?.grantingGroupIds).toEqual(['users']);
      expect(await peopleIds(store)).toEqual(['ada', 'bob']);
      await scan(store, { users: ['ada'] });
      expect(await peopleIds(store)).toEqual(['ada']);
    });

    it('counts distinct people while a scan runs, whatever is repeated', async () => {
      const { index } = await open();
      const started = await index.beginScan();
      const ada = { accountId: 'ada', kind: 'atlassian', email: undefined } as const;
      await started.addMembers('users', [ada, ada, { accountId: 'app', kind: 'other', email: undefined }]);
      await started.addMembers('users', [ada]);
      await started.addMembers('admins', [ada]);
      await started.addMembers('empty', []);

      expect(await started.countPeople()).toBe(1);
    });

    it('replaces the whole generation: who is gone from the scan has no access [LI1]', async () => {
      const store = await open();
      await scan(store, { users: ['ada', 'bob'] });
      await scan(store, { users: ['bob'] }, { scannedAtMs: START_MS + 1 });

      expect(await store.index.person('ada')).toBeUndefined();
      expect(await peopleIds(store)).toEqual(['bob']);
      expect(await store.index.state()).toEqual({ scannedAtMs: START_MS + 1, people: 1 });
    });

    it('does not change when a scan fails half-way or is discarded [LI1]', async () => {
      const store = await open();
      await scan(store, { users: ['ada'] });
      const failed = await store.index.beginScan();
      await failed.addMembers('users', [{ accountId: 'eve', kind: 'atlassian', email: 'ada@example.com' }]);
      expect(await peopleIds(store)).toEqual(['ada']);

      await failed.discard();
      await failed.discard();

      expect(await store.index.findByAddress('ada@example.com')).toMatchObject([{ accountId: 'ada' }]);
      await scan(store, { users: ['ada'] });
      expect(await peopleIds(store)).toEqual(['ada']);
    });

    it('lets a scan that another one has replaced neither write nor commit', async () => {
      const store = await open();
      const stale = await store.index.beginScan();
      await stale.addMembers('users', [{ accountId: 'stale', kind: 'atlassian', email: undefined }]);
      await scan(store, { users: ['ada'] });

      const commit = stale.commit({ groups: [], scannedAtMs: START_MS, ownWritesSinceMs: 0 });
      await expect(commit).rejects.toMatchObject({ kind: 'unavailable' });
      await expect(stale.addMembers('users', [])).rejects.toMatchObject({ kind: 'unavailable' });
      await stale.discard();
      expect(await peopleIds(store)).toEqual(['ada']);
    });

    it('lays our own recent writes over what a lagging scan read [US2]', async () => {
      const store = await open();
      await scan(store, { users: ['ada', 'bob', 'app-1'], more: [] });
      await store.writes.membership('old', 'users', true, START_MS + MINUTE_MS);
      await store.writes.membership('ada', 'users', false, START_MS + 9 * MINUTE_MS);
      await store.writes.membership('eve', 'users', true, START_MS + 9 * MINUTE_MS);
      await store.writes.membership('app-1', 'more', true, START_MS + 9 * MINUTE_MS);

      await scan(store, { users: ['ada', 'bob'], more: [] }, { ownWritesSinceMs: START_MS + 2 * MINUTE_MS });

      expect(await store.index.person('ada')).toMatchObject({ grantingGroupIds: [] });
      expect(await store.index.person('eve')).toMatchObject({ kind: 'atlassian', grantingGroupIds: ['users'] });
      expect(await store.index.person('app-1')).toMatchObject({ kind: 'other', grantingGroupIds: ['more'] });
      expect(await store.index.person('old')).toBeUndefined();
      expect(await store.index.state()).toMatchObject({ people: 2 });
    });

    it('lays writes made before the first scan over it [US2]', async () => {
      const store = await open();
      await store.writes.membership('eve', 'users', true, START_MS);
      await scan(store, { users: ['ada'] });

      expect(await peopleIds(store)).toEqual(['ada', 'eve']);
    });

    it('takes access only from groups that grant it by the same scan [SA1]', async () => {
      const store = await open();
      const started = await store.index.beginScan();
      await started.addMembers('users', [{ accountId: 'ada', kind: 'atlassian', email: undefined }]);
      await started.addMembers('former', [{ accountId: 'eve', kind: 'atlassian', email: undefined }]);
      await started.commit({
        groups: [anIndexedGroup('users', { accessTypes: ['user', 'admin'] }), anIndexedGroup('former')],
        scannedAtMs: START_MS,
        ownWritesSinceMs: 0,
      });

      expect(await peopleIds(store)).toEqual(['ada']);
      expect((await store.index.grantingGroups()).map(({ id, accessTypes }) => [id, accessTypes])).toEqual([
        ['users', ['user', 'admin']],
      ]);
    });
  });

  describe('groups of the index', () => {
    it('are those of the last scan, found by id', async () => {
      const store = await open();
      await scan(store, {}, { groups: [anIndexedGroup('gone'), anIndexedGroup('g', { name: 'Ops' })] });
      const synced = anIndexedGroup('g', { name: 'Ops Team', managedBy: 'EXTERNAL', usageType: undefined });
      await scan(store, {}, { groups: [synced], scannedAtMs: START_MS + 1 });

      expect(await store.index.group('gone')).toBeUndefined();
      expect(await store.index.group('g')).toEqual({ ...synced, firstSeenAt: at() });
    });

    it('keep one that we put there while a lagging scan does not show it yet, and then follow the scan', async () => {
      const store = await open();
      await store.index.putGroup(anIndexedGroup('new', { name: 'New' }), START_MS + MINUTE_MS);
      await scan(store, {}, { groups: [anIndexedGroup('g')], ownWritesSinceMs: START_MS });
      expect(await groupIds(store)).toEqual(['new', 'g']);

      const later = { groups: [anIndexedGroup('g')], ownWritesSinceMs: START_MS + 2 * MINUTE_MS };
      await scan(store, {}, later);

      expect(await groupIds(store)).toEqual(['g']);
    });

    it('keep out one that we deleted while a lagging scan still shows it [US2]', async () => {
      const store = await open();
      await scan(store, { users: ['ada'] });
      await store.writes.groupDeleted('users', START_MS + MINUTE_MS);
      await scan(store, { users: ['ada'] }, { ownWritesSinceMs: START_MS });

      expect(await store.index.group('users')).toBeUndefined();
      expect(await peopleIds(store)).toEqual([]);
    });

    it('grant as the scan found, though somebody read one meanwhile and knew nothing of that', async () => {
      const store = await open();
      await scan(store, { users: ['ada'] });
      const before = await store.index.group('users');

      await store.index.putGroup(anIndexedGroup('users', { name: 'Renamed' }), START_MS);

      expect(await store.index.group('users')).toEqual({ ...before, name: 'Renamed' });
      expect(await peopleIds(store)).toEqual(['ada']);
    });
  });

  describe('leavers with access', () => {
    it('are people recorded inactive long enough whom the index shows in a granting group [SA9]', async () => {
      const store = await open();
      const { people, index } = store;
      await people.insert(aPerson('inv-1', { accountId: 'ada', userName: 'ada', wanted: 'inactive', wantedAt: at(0) }));
      await people.insert(aPerson('bob', { wanted: 'inactive', wantedAt: at(MINUTE_MS) }));
      await people.insert(aPerson('eve', { wanted: 'active', wantedAt: at(0) }));
      await people.insert(aPerson('out', { wanted: 'inactive', wantedAt: at(0) }));
      await scan(store, { users: ['ada', 'bob', 'eve'], admins: ['ada'] });

      const leavers = await index.leaversWithAccess(START_MS + MINUTE_MS);

      expect(leavers).toEqual([{ personId: 'inv-1', groupIds: ['admins', 'users'] }]);
    });
  });
}
