import { describe, expect, it } from '@jest/globals';
import type { AuditLine } from '../../src/provisioning/auditRecords.js';
import { aPerson, at, type OpenStore } from './samples.js';

function membership(subject: string, object: string, changes: Partial<AuditLine> = {}): AuditLine {
  return {
    at: at(),
    caller: 'okta',
    requestId: 'r-1',
    event: 'group.memberAdded',
    subject,
    object,
    decision: 'GR5',
    result: 'done',
    upstream: [],
    note: undefined,
    ...changes,
  };
}

/** What `drift` walks over, page by page. */
export function describeWalks(open: OpenStore): void {
  describe('walking over the record', () => {
    it('gives everybody on record once, in the order of ids, page by page [SA15]', async () => {
      const { people } = await open();
      for (const id of ['c', 'a', 'inv-1', 'b']) {
        await people.insert(aPerson(id, id === 'inv-1' ? { accountId: undefined } : {}));
      }

      const first = await people.page({ afterId: '', limit: 3 });
      const second = await people.page({ afterId: first.at(-1)?.id ?? '', limit: 3 });

      expect([first, second].map((page) => page.map(({ id }) => id))).toEqual([['a', 'b', 'c'], ['inv-1']]);
      expect(await people.page({ afterId: 'inv-1', limit: 3 })).toEqual([]);
    });

    it('gives deleted people with their account, unless the account is on record again [SA15]', async () => {
      const { people, tombstones } = await open();
      for (const id of ['a', 'b', 'c']) await people.insert(aPerson(id));
      await people.insert(aPerson('inv-1', { accountId: undefined }));
      for (const id of ['a', 'b', 'c', 'inv-1']) await people.bury(id, at(1));
      await tombstones.putGroup('g', at(1));
      await people.insert(aPerson('inv-2', { accountId: 'b', userName: 'b', address: undefined }));

      expect(await tombstones.page({ afterId: '', limit: 1 })).toEqual([{ id: 'a', accountId: 'a', deletedAt: at(1) }]);
      expect(await tombstones.page({ afterId: 'a', limit: 5 })).toEqual([
        { id: 'c', accountId: 'c', deletedAt: at(1) },
      ]);
    });

    it('tells what is owed to active people with an account, and to nobody else [SA15]', async () => {
      const { people, holds } = await open();
      await people.insert(aPerson('ada'));
      await people.insert(aPerson('bob', { wanted: 'inactive' }));
      await people.insert(aPerson('inv-1', { accountId: undefined }));
      for (const personId of ['ada', 'bob', 'inv-1']) await holds.put({ personId, groupId: 'g', kind: 'owed' });
      await holds.put({ personId: 'ada', groupId: 'h', kind: 'remembered' });

      expect(await holds.listOverdue()).toEqual([{ personId: 'ada', groupId: 'g', kind: 'owed' }]);
    });

    it("gives the last writes to a group's members by person, page by page, and of some people in one group [SA15]", async () => {
      const { audit } = await open();
      await audit.append(membership('bob', 'g'));
      await audit.append(membership('ada', 'g'));
      await audit.append(membership('ada', 'h'));
      await audit.append(membership('eve', 'g', { result: 'failed' }));
      await audit.append(membership('ada', 'g', { event: 'group.memberRemoved', at: at(1) }));

      const page = await audit.pageOfMembershipWrites('g', { afterPersonId: '', limit: 1 });
      expect(page).toEqual([{ personId: 'ada', groupId: 'g', isMember: false, at: at(1), caller: 'okta' }]);
      expect(await audit.pageOfMembershipWrites('g', { afterPersonId: 'ada', limit: 5 })).toMatchObject([
        { personId: 'bob', isMember: true },
      ]);
      const some = await audit.lastMembershipWrites({ personIds: ['ada', 'eve'], groupId: 'h' });
      expect(some).toMatchObject([{ personId: 'ada', groupId: 'h', isMember: true }]);
    });
  });
}
