import { describe, expect, it } from '@jest/globals';
import { type PlannedWrite, planTarget } from '../../src/provisioning/planRecords.js';
import { aPerson, at, type OpenStore } from './samples.js';

const BY = { at: at(), caller: 'okta', requestId: 'r1' };

function aWrite(kind: PlannedWrite['kind'], changes: Partial<PlannedWrite> = {}): PlannedWrite {
  return { kind, groupId: undefined, accountId: undefined, address: undefined, groupName: undefined, ...changes };
}

/** What remains to be done, and the ids of groups that were planned. */
export function describePlan(open: OpenStore): void {
  describe('the plan', () => {
    const add = aWrite('addMember', { groupId: 'g1', accountId: 'a1', groupName: 'engineering' });
    const target = planTarget.membership('g1', 'a1');

    it('keeps one open entry about a target: repeats collapse, the opposite replaces it', async () => {
      const { plan } = await open();
      await plan.put(add, BY);
      await plan.put(add, { ...BY, requestId: 'r2' });
      expect(await plan.open()).toEqual([
        expect.objectContaining({ ...add, ...BY, state: 'pending', answer: undefined, isOwed: false }),
      ]);

      await plan.put({ ...add, kind: 'removeMember' }, BY);
      expect((await plan.open()).map(({ kind }) => kind)).toEqual(['removeMember']);
      await plan.cancel(target);
      expect(await plan.open()).toEqual([]);
      expect(await plan.openAbout(target)).toBeUndefined();
    });

    it('finds what is open about an account, a group and all groups, in the order of planning', async () => {
      const { plan } = await open();
      await plan.put(aWrite('createGroup', { groupId: 'g1', groupName: 'engineering' }), BY);
      await plan.put(add, BY);
      await plan.put(aWrite('removeMember', { groupId: 'g2', accountId: 'a1' }), BY);
      await plan.put(aWrite('suspend', { accountId: 'a2' }), BY);
      await plan.put(aWrite('deleteGroup', { groupId: 'g3' }), BY);

      const kinds = (entries: readonly PlannedWrite[]): string[] => entries.map(({ kind }) => kind);
      expect(kinds(await plan.open())).toEqual(['createGroup', 'addMember', 'removeMember', 'suspend', 'deleteGroup']);
      expect(kinds(await plan.openOf({ accountId: 'a1' }))).toEqual(['addMember', 'removeMember']);
      expect(kinds(await plan.openOf({ groupId: 'g1' }))).toEqual(['addMember']);
      expect(kinds(await plan.openGroups())).toEqual(['createGroup', 'deleteGroup']);
      await plan.cancelMembers('g1');
      expect(await plan.openOf({ groupId: 'g1' })).toEqual([]);
      expect((await plan.openAbout(planTarget.group('g1')))?.kind).toBe('createGroup');
    });

    it('keeps what failed open, and what was applied or dropped without its address', async () => {
      const { plan } = await open();
      await plan.put(aWrite('inviteByEmail', { address: 'ada@example.com' }), BY);
      const [entry] = await plan.open();
      const number = entry?.number ?? 0;

      await plan.settle(number, 'failed', 'No seat is free.');
      expect(await plan.open()).toEqual([
        expect.objectContaining({ state: 'failed', answer: 'No seat is free.', address: 'ada@example.com' }),
      ]);
      await plan.settle(number, 'applied');
      expect(await plan.open()).toEqual([]);
      expect(await plan.find(number)).toMatchObject({ state: 'applied', answer: undefined, address: undefined });
      await plan.settle(number, 'failed', 'Too late.');
      expect((await plan.find(number))?.state).toBe('applied');
    });

    it('takes a write that was made for what was planned, or for its opposite', async () => {
      const { plan } = await open();
      await plan.put(add, BY);
      const [first] = await plan.open();
      await plan.made(target, 'addMember');
      await plan.put(add, BY);
      const [second] = await plan.open();
      await plan.made(target, 'removeMember');

      expect((await plan.find(first?.number ?? 0))?.state).toBe('applied');
      expect((await plan.find(second?.number ?? 0))?.state).toBe('dropped');
      expect(await plan.open()).toEqual([]);
    });

    it('plans again what was only owed', async () => {
      const { plan } = await open();
      await plan.put(add, BY);
      const [entry] = await plan.open();
      await plan.markOwed(entry?.number ?? 0, true);
      expect((await plan.openAbout(target))?.isOwed).toBe(true);

      await plan.put(add, { ...BY, requestId: 'r2' });
      expect(await plan.open()).toEqual([expect.objectContaining({ isOwed: false, requestId: 'r2' })]);
    });

    it('makes no account for somebody who was deleted', async () => {
      const { plan, people } = await open();
      await people.insert(aPerson('inv-1', { accountId: undefined, address: 'ada@example.com' }));
      await plan.put(aWrite('createAccount', { address: 'ada@example.com' }), BY);
      await plan.put(aWrite('createAccount', { address: 'bob@example.com' }), BY);

      await people.bury('inv-1', at());

      expect((await plan.open()).map(({ address }) => address)).toEqual(['bob@example.com']);
    });
  });

  describe('ids of groups', () => {
    it('tie the minted one to that of Confluence', async () => {
      const { groupIds } = await open();
      await groupIds.put('grp-1', 'c1');
      expect(await groupIds.confluenceId('grp-1')).toBe('c1');
      expect(await groupIds.confluenceId('grp-2')).toBeUndefined();
      expect(await groupIds.mintedIds()).toEqual(new Map([['c1', 'grp-1']]));
    });
  });
}
