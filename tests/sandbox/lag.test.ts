import { describe, expect, it } from '@jest/globals';

import { at, each, startCallers, type Callers } from './callers.js';

const encoded = encodeURIComponent;
const join = ({ site }: Callers, groupId: string, accountId: string): Promise<unknown> =>
  site('POST', `/wiki/rest/api/group/userByGroupId?groupId=${groupId}`, { accountId });
const leave = ({ site }: Callers, groupId: string, accountId: string): Promise<unknown> =>
  site('DELETE', `/wiki/rest/api/group/userByGroupId?groupId=${groupId}&accountId=${encoded(accountId)}`);
const listed = async ({ site }: Callers, groupId: string): Promise<readonly unknown[]> =>
  each(at((await site('GET', `/wiki/rest/api/group/${groupId}/membersByGroupId`)).body, 'results'), 'accountId');
const memberOf = async ({ site }: Callers, accountId: string): Promise<readonly unknown[]> =>
  each(at((await site('GET', `/wiki/rest/api/user/memberof?accountId=${encoded(accountId)}`)).body, 'results'), 'id');
const searched = async ({ directory }: Callers, groupId: string): Promise<readonly unknown[]> =>
  each(at((await directory('POST', '/users/search', { groupIds: [groupId] })).body, 'data'), 'accountId');

async function startLagging(lag: { ms: number; reads: number }) {
  const clock = { nowMs: 0 };
  const callers = await startCallers({ lag, now: () => clock.nowMs });
  const { id: groupId } = callers.sandbox.addGroup({ name: 'engineering' });
  const { accountId } = callers.sandbox.addPerson({ email: 'ada@example.com' });
  return { callers, sandbox: callers.sandbox, groupId, accountId, clock };
}

describe('reads that lag behind writes', () => {
  it('show a membership after the milliseconds, on every list', async () => {
    const { callers, sandbox, groupId, accountId, clock } = await startLagging({ ms: 5000, reads: 0 });
    await join(callers, groupId, accountId);
    clock.nowMs = 4999;
    expect(sandbox.membersOf(groupId)).toEqual([accountId]);
    expect([
      await listed(callers, groupId),
      await memberOf(callers, accountId),
      await searched(callers, groupId),
    ]).toEqual([[], [], []]);
    clock.nowMs = 5000;
    expect([
      await listed(callers, groupId),
      await memberOf(callers, accountId),
      await searched(callers, groupId),
    ]).toEqual([[accountId], [groupId], [accountId]]);
    await leave(callers, groupId, accountId);
    expect(await memberOf(callers, accountId)).toEqual([groupId]);
    clock.nowMs = 10_000;
    expect(await memberOf(callers, accountId)).toEqual([]);
  });

  it('show a membership after so many reads', async () => {
    const { callers, groupId, accountId } = await startLagging({ ms: 0, reads: 2 });
    await join(callers, groupId, accountId);
    expect(await listed(callers, groupId)).toEqual([]);
    expect(await memberOf(callers, accountId)).toEqual([]);
    expect(await listed(callers, groupId)).toEqual([accountId]);
  });

  it('keep the order of changes', async () => {
    const { callers, groupId, accountId, clock } = await startLagging({ ms: 1000, reads: 0 });
    await join(callers, groupId, accountId);
    clock.nowMs = 500;
    await leave(callers, groupId, accountId);
    clock.nowMs = 1000;
    expect(await listed(callers, groupId)).toEqual([accountId]);
    clock.nowMs = 1500;
    expect(await listed(callers, groupId)).toEqual([]);
  });

  it('show what the site admin does at once, also over a change that is still on its way', async () => {
    const { callers, sandbox, groupId, accountId, clock } = await startLagging({ ms: 1000, reads: 0 });
    sandbox.addMember(groupId, accountId);
    expect(await listed(callers, groupId)).toEqual([accountId]);
    await leave(callers, groupId, accountId);
    sandbox.addMember(groupId, accountId);
    clock.nowMs = 5000;
    expect(await listed(callers, groupId)).toEqual([accountId]);
  });

  it('catch up when told to, and when the lag is switched off', async () => {
    const { callers, sandbox, groupId, accountId } = await startLagging({ ms: 1000, reads: 0 });
    await join(callers, groupId, accountId);
    sandbox.settle();
    expect(await listed(callers, groupId)).toEqual([accountId]);
    await leave(callers, groupId, accountId);
    sandbox.options.lag = { ms: 0, reads: 0 };
    expect(await listed(callers, groupId)).toEqual([]);
  });

  it('hide a person that was suspended through the API only later', async () => {
    const { callers, sandbox, groupId, accountId, clock } = await startLagging({ ms: 1000, reads: 0 });
    sandbox.addMember(groupId, accountId);
    await callers.directory('POST', `/users/${encoded(accountId)}/suspend`, {});
    expect(await listed(callers, groupId)).toEqual([accountId]);
    clock.nowMs = 1000;
    expect(await listed(callers, groupId)).toEqual([]);
  });

  it('never show a membership of a group that was deleted meanwhile', async () => {
    const { callers, sandbox, groupId, accountId, clock } = await startLagging({ ms: 1000, reads: 0 });
    await join(callers, groupId, accountId);
    sandbox.deleteGroup(groupId);
    clock.nowMs = 1000;
    expect(await listed(callers, groupId)).toEqual([]);
    expect(await memberOf(callers, accountId)).toEqual([]);
  });
});
