import { describe, expect, it } from '@jest/globals';
import type { Role } from '../../src/provisioning/roles.js';
import type { NewPersonLink, Store } from '../../src/provisioning/store.js';
import { aGroup, aPerson, at, type OpenStore, START_MS } from './samples.js';

const USER: Role = { name: 'user', on: 'confluence', owner: 'confluence' };
const DAY_MS = 24 * 60 * 60 * 1000;
const WHEN = { leftSince: at(-7 * DAY_MS), leftBefore: at(), lookedBefore: at(-DAY_MS), most: 10 };

function leaver(id: string, wantedAt: string, changes: Partial<NewPersonLink> = {}): NewPersonLink {
  return aPerson(id, { wanted: 'inactive', wantedAt, ...changes });
}

async function due(store: Store, when: Partial<typeof WHEN> = {}): Promise<readonly string[]> {
  return (await store.roles.leaversToLookAt({ ...WHEN, ...when })).map(({ accountId }) => accountId);
}

export function describeRoles(open: OpenStore): void {
  describe('role assignments', () => {
    it('keeps what was last read of a group, also that it has no role, until the group is dropped [SA1]', async () => {
      const { roles } = await open();
      await roles.putGroup('g1', { roles: [], readAtMs: START_MS });
      await roles.putGroup('g2', { roles: [USER], readAtMs: START_MS });
      await roles.putGroup('g1', { roles: [USER], readAtMs: START_MS + 1 });
      await roles.putGroup('g2', { roles: [], readAtMs: START_MS + 1 });
      await roles.dropGroups(['g2', 'g3']);
      await roles.dropGroups([]);

      expect(await roles.ofGroups()).toEqual(new Map([['g1', { roles: [USER], readAtMs: START_MS + 1 }]]));
    });

    it('looks at those with an account who left in time, deleted ones too, the longest unseen first [SA16]', async () => {
      const store = await open();
      const { people, roles } = store;
      await people.insert(leaver('bob', at(-2)));
      await people.insert(leaver('ada', at(-1)));
      await people.insert(leaver('later', at(1)));
      await people.insert(leaver('old', at(-8 * DAY_MS)));
      await people.insert(leaver('inv-1', at(-1), { accountId: undefined }));
      await people.insert(leaver('asleep', at(-1), { suspended: true }));
      await people.insert(aPerson('active'));
      await people.insert(aPerson('eve'));
      await people.bury('eve', at(-3));

      expect(await due(store)).toEqual(['ada', 'bob', 'eve']);
      expect(await due(store, { most: 2 })).toEqual(['ada', 'bob']);
      await roles.putLeaver({ personId: 'ada', accountId: 'ada', roles: undefined }, at());
      expect(await due(store)).toEqual(['bob', 'eve', 'ada']);
    });

    it('looks again when a look failed, found something, is a day old, or was before the person left [SA16]', async () => {
      const store = await open();
      const { people, roles } = store;
      for (const id of ['clear', 'failed', 'found', 'stale']) await people.insert(leaver(id, at(-6 * DAY_MS)));
      await people.insert(leaver('again', at(-1)));
      await people.insert(leaver('old', at(-30 * DAY_MS)));
      const look = (id: string, held: readonly Role[] | undefined, atMs: number) =>
        roles.putLeaver({ personId: id, accountId: id, roles: held }, at(atMs));
      await look('clear', [], -1);
      await look('failed', undefined, -1);
      await look('found', [USER], -1);
      await look('stale', [], -2 * DAY_MS);
      await look('again', [], -2);
      await look('old', [USER], -1);

      expect([...(await due(store))].sort()).toEqual(['again', 'failed', 'found', 'old', 'stale']);
    });

    it('tells of open looks only while the person is a leaver, and not of one before he left [SA16]', async () => {
      const { people, roles } = await open();
      for (const id of ['back', 'failed', 'found', 'left-again', 'clear']) await people.insert(leaver(id, at()));
      await roles.putLeaver({ personId: 'failed', accountId: 'failed', roles: undefined }, at(1));
      await roles.putLeaver({ personId: 'clear', accountId: 'clear', roles: [] }, at(1));
      for (const id of ['back', 'found', 'left-again']) {
        await roles.putLeaver({ personId: id, accountId: id, roles: [USER] }, at(1));
      }
      await people.update('back', { wanted: 'active', wantedAt: at(2) });
      await people.update('left-again', { wantedAt: at(2) });

      expect(await roles.openLeavers()).toEqual([
        { personId: 'failed', accountId: 'failed', roles: undefined },
        { personId: 'found', accountId: 'found', roles: [USER] },
      ]);
      expect(await roles.leaver('found')).toMatchObject({ roles: [USER], lookedAt: at(1) });
      expect(await roles.leaver('clear')).toMatchObject({ roles: [] });
      for (const id of ['back', 'left-again', 'nobody']) expect(await roles.leaver(id)).toBeUndefined();
    });

    it('names the groups that SCIM manages, without released ones [GR1]', async () => {
      const { groups } = await open();
      await groups.insert(aGroup('g1'));
      await groups.insert(aGroup('g2', { origin: 'adopted', isReleased: true }));
      expect(await groups.ids()).toEqual(['g1']);
    });
  });
}
