import { describe, expect, it } from '@jest/globals';
import { aGroup, anIndexedGroup, peopleIds, scan, START_MS, type OpenStore } from './samples.js';

export function describeWrites(open: OpenStore): void {
  describe('own writes', () => {
    it('answer with the latest write per group and per account since a time [US2]', async () => {
      const { writes } = await open();
      await writes.membership('ada', 'g1', true, START_MS);
      await writes.membership('ada', 'g1', false, START_MS + 1);
      await writes.membership('ada', 'g2', true, START_MS + 2);
      await writes.membership('bob', 'g2', false, START_MS + 3);

      expect(await writes.membershipsOf('ada', START_MS)).toEqual(
        new Map([
          ['g1', false],
          ['g2', true],
        ]),
      );
      expect(await writes.membershipsOf('ada', START_MS + 2)).toEqual(new Map([['g2', true]]));
      expect(await writes.membersOf('g2', START_MS)).toEqual(
        new Map([
          ['ada', true],
          ['bob', false],
        ]),
      );
      expect(await writes.membersOf('g2', START_MS + 4)).toEqual(new Map());
    });

    it('are forgotten by prune', async () => {
      const store = await open();
      const { writes } = store;
      await writes.membership('ada', 'g1', true, START_MS);
      await writes.membership('ada', 'g2', true, START_MS + 1);
      await writes.groupDeleted('g3', START_MS);

      await writes.prune(START_MS + 1);

      expect(await writes.membershipsOf('ada', 0)).toEqual(new Map([['g2', true]]));
      await scan(store, {}, { groups: [anIndexedGroup('g3')], ownWritesSinceMs: 0 });
      expect(await store.index.group('g3')).toBeDefined();
    });

    it('change the index at once [LI1]', async () => {
      const store = await open();
      const { writes, index } = store;
      await scan(store, { users: ['ada', 'bob'] });

      await writes.membership('ada', 'users', false, START_MS);
      await writes.membership('eve', 'users', true, START_MS);

      expect(await index.person('ada')).toEqual({ accountId: 'ada', kind: 'atlassian', grantingGroupIds: [] });
      expect(await index.person('eve')).toEqual({ accountId: 'eve', kind: 'atlassian', grantingGroupIds: ['users'] });
      expect(await index.state()).toEqual({ scannedAtMs: START_MS, people: 2 });
    });

    it('in groups that grant nothing do not make access', async () => {
      const store = await open();
      await scan(store, { users: ['ada'] }, { groups: [anIndexedGroup('team')] });

      await store.writes.membership('eve', 'team', true, START_MS);
      await store.writes.membership('eve', 'unheard-of', true, START_MS);

      expect(await store.index.person('eve')).toBeUndefined();
      expect(await peopleIds(store)).toEqual(['ada']);
    });

    it('leave the kind of an app alone', async () => {
      const store = await open();
      await scan(store, { users: ['app-1'], admins: [] });
      await store.writes.membership('app-1', 'admins', true, START_MS);

      expect(await store.index.person('app-1')).toMatchObject({ kind: 'other', grantingGroupIds: ['admins', 'users'] });
      expect(await peopleIds(store)).toEqual([]);
    });

    it('take a deleted group and the access through it out of the index', async () => {
      const store = await open();
      await scan(store, { users: ['ada'], more: ['ada'] });

      await store.writes.groupDeleted('more', START_MS);

      expect(await store.index.group('more')).toBeUndefined();
      expect(await store.index.person('ada')).toMatchObject({ grantingGroupIds: ['users'] });
    });
  });

  describe('attempts to make somebody a member', () => {
    it('stand until a confirmed write about the same two, or until they are old [US2]', async () => {
      const { writes } = await open();
      await writes.attempt('ada', 'users', START_MS);
      await writes.attempt('ada', 'second', START_MS + 5);
      await writes.attempt('ada', 'second', START_MS + 7);
      expect(await writes.attemptsOf('ada', START_MS)).toEqual(expect.arrayContaining(['users', 'second']));
      expect(await writes.attemptsOf('ada', START_MS + 6)).toEqual(['second']);
      expect(await writes.attemptsIn('users', START_MS)).toEqual(['ada']);
      expect(await writes.attemptsIn('users', START_MS + 1)).toEqual([]);
      expect((await writes.membershipsOf('ada', START_MS)).size).toBe(0);

      await writes.membership('ada', 'second', false, START_MS + 8);
      expect(await writes.attemptsOf('ada', START_MS)).toEqual(['users']);
      await writes.prune(START_MS + 1);
      expect(await writes.attemptsOf('ada', START_MS)).toEqual([]);
    });
  });

  describe('the member count of a group link', () => {
    it('follows our own writes, once per change of state', async () => {
      const { groups, writes } = await open();
      await groups.insert(aGroup('g', { memberCount: 5 }));
      const count = async () => (await groups.find('g'))?.memberCount;

      await writes.membership('ada', 'g', true, START_MS);
      await writes.membership('ada', 'g', true, START_MS + 1);
      expect(await count()).toBe(6);
      await writes.membership('ada', 'g', false, START_MS + 2);
      await writes.membership('ada', 'g', false, START_MS + 3);
      expect(await count()).toBe(5);
    });

    it('does not count a person whom the index already shows in the group', async () => {
      const store = await open();
      await store.groups.insert(aGroup('users', { memberCount: 1 }));
      await scan(store, { users: ['ada'] });

      await store.writes.membership('ada', 'users', true, START_MS);

      expect((await store.groups.find('users'))?.memberCount).toBe(1);
    });

    it('stays unknown when it was never read, and never falls below none', async () => {
      const { groups, writes } = await open();
      await groups.insert(aGroup('unread'));
      await groups.insert(aGroup('empty', { memberCount: 0 }));

      await writes.membership('ada', 'unread', true, START_MS);
      await writes.membership('ada', 'empty', false, START_MS);

      expect((await groups.find('unread'))?.memberCount).toBeUndefined();
      expect((await groups.find('empty'))?.memberCount).toBe(0);
    });
  });
}
