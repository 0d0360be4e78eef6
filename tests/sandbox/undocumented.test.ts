import { describe, expect, it } from '@jest/globals';
import { HYSTRIX_MESSAGE } from '../../src/sandbox/errors.js';
import { at, each, startCallers } from './callers.js';

const GROUP = '/wiki/rest/api/group';
const joinPath = (groupId: string): string => `${GROUP}/userByGroupId?groupId=${groupId}`;
const leavePath = (groupId: string, accountId: string): string => `${joinPath(groupId)}&accountId=${accountId}`;
const EMAIL = 'ada@example.com';

describe('what Atlassian documents nowhere is answered as the test wants it', () => {
  it.each([200, 201, 204, 400, 404, 409, 500] as const)('to a second addition: %s', async (duplicateAdd) => {
    const { site, sandbox } = await startCallers({ duplicateAdd });
    const { id } = sandbox.addGroup({ name: 'chess' });
    const { accountId } = sandbox.addPerson({ email: EMAIL });
    expect((await site('POST', joinPath(id), { accountId })).status).toBe(201);
    expect((await site('POST', joinPath(id), { accountId })).status).toBe(duplicateAdd);
    expect(sandbox.membersOf(id)).toEqual([accountId]);
  });

  it.each([400, 404] as const)('to an addition from outside the directory: %s', async (strangerAdd) => {
    const { site, sandbox } = await startCallers({ strangerAdd });
    const { accountId } = sandbox.addPerson({ email: EMAIL, inDirectory: false });
    expect((await site('POST', joinPath(sandbox.groups.access.id), { accountId })).status).toBe(strangerAdd);
  });

  it('to both, and to a locked group: the 500 of a missing seat', async () => {
    const { site, sandbox } = await startCallers({ duplicateAdd: 500, strangerAdd: 'limit', lockedGroup: 'limit' });
    const { access, synced } = sandbox.groups;
    const stranger = sandbox.addPerson({ email: EMAIL, inDirectory: false });
    for (const [groupId, accountId] of [
      [access.id, sandbox.admin.accountId],
      [access.id, stranger.accountId],
      [synced.id, sandbox.admin.accountId],
    ] as const) {
      const reply = await site('POST', joinPath(groupId), { accountId });
      expect(reply).toMatchObject({ status: 500, body: { message: HYSTRIX_MESSAGE } });
    }
  });

  it.each([204, 400, 404] as const)('to the removal of no member: %s', async (strangerRemoval) => {
    const { site, sandbox } = await startCallers({ strangerRemoval });
    const { id } = sandbox.addGroup({ name: 'chess' });
    const { accountId } = sandbox.addPerson({ email: EMAIL });
    sandbox.addMember(id, accountId);
    expect((await site('DELETE', leavePath(id, accountId))).status).toBe(204);
    expect((await site('DELETE', leavePath(id, accountId))).status).toBe(strangerRemoval);
  });

  it.each([
    [400, 400, 1],
    [409, 409, 1],
    ['existing', 201, 1],
    ['second', 201, 2],
  ] as const)('to a group name that is taken: %s', async (duplicateGroup, status, count) => {
    const { site, sandbox } = await startCallers({ duplicateGroup });
    const { id } = sandbox.addGroup({ name: 'chess' });
    const reply = await site('POST', GROUP, { name: 'chess' });
    expect(reply.status).toBe(status);
    if (duplicateGroup === 'existing') expect(at(reply.body, 'id')).toBe(id);
    const { body } = await site('GET', `${GROUP}/picker?query=chess`);
    expect(each(at(body, 'results'), 'id')).toHaveLength(count);
  });

  it.each([200, 404] as const)('to a listing of the members of no group: %s', async (unknownGroupMembers) => {
    const { site } = await startCallers({ unknownGroupMembers });
    expect((await site('GET', `${GROUP}/nobody/membersByGroupId`)).status).toBe(unknownGroupMembers);
  });

  it.each(['shown', 'hidden', 403, 404] as const)(
    'to the groups of the suspended: %s',
    async (suspendedMemberships) => {
      const { site, sandbox } = await startCallers({ suspendedMemberships });
      const { accountId } = sandbox.addPerson({ email: EMAIL, access: true, suspended: true });
      const reply = await site('GET', `/wiki/rest/api/user/memberof?accountId=${accountId}`);
      expect(reply.status).toBe(typeof suspendedMemberships === 'number' ? suspendedMemberships : 200);
      if (reply.status === 200) expect(at(reply.body, 'size')).toBe(suspendedMemberships === 'shown' ? 1 : 0);
    },
  );

  it('to lists and status of the suspended', async () => {
    const { site, sandbox } = await startCallers({ suspendedListed: true, suspendedStatus: 'inactive' });
    const { accountId } = sandbox.addPerson({ email: EMAIL, access: true, suspended: true });
    const { body } = await site('GET', `${GROUP}/${sandbox.groups.access.id}/membersByGroupId`);
    expect(each(at(body, 'results'), 'accountId')).toContain(accountId);
    const bulk = await site('POST', '/wiki/api/v2/users-bulk', { accountIds: [accountId] });
    expect(each(at(bulk.body, 'results'), 'accountStatus')).toEqual(['inactive']);
  });

  it('to a question for one kind of access: every group', async () => {
    const { site } = await startCallers({ ignoresAccessType: true });
    const all = await site('GET', GROUP);
    const { body } = await site('GET', `${GROUP}?accessType=admin`);
    expect(at(body, 'size')).toBe(at(all.body, 'size'));
  });
});
