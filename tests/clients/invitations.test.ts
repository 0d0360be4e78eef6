import { describe, expect, it } from '@jest/globals';
import { operations, startTestBridge, type TestBridge } from '../support/bridge.js';

const LATER_MS = 120_000;
const ADA = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  userName: 'ada@example.com',
  emails: [{ primary: true, type: 'work', value: 'ada@example.com' }],
  active: true,
};

const patch = (...operationsOfIt: object[]): object => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: operationsOfIt,
});

interface Invited {
  readonly bridge: TestBridge;
  readonly id: string;
  readonly groupId: string;
}

/** Ada, invited and not yet there, with a membership that is owed. */
async function startWithInvited(): Promise<Invited> {
  const bridge = await startTestBridge({ backEnd: 'invite', sandbox: { inviteAppears: { afterMs: LATER_MS } } });
  const { id } = (await bridge.scim('post', '/Users', ADA).expect(201)).body as { id: string };
  const group = await bridge.scim('post', '/Groups', { displayName: 'Engineering' }).expect(201);
  const { id: groupId } = group.body as { id: string };
  await bridge
    .scim('patch', `/Groups/${groupId}`, patch({ op: 'add', path: 'members', value: [{ value: id }] }))
    .expect(204);
  bridge.sandbox.takeCalls();
  return { bridge, id, groupId };
}

function accountOf({ sandbox }: TestBridge): string {
  const person = sandbox.findPersonByEmail('ada@example.com');
  if (person === undefined) throw new Error('The account has not appeared.');
  return person.accountId;
}

function groupsOf({ sandbox }: TestBridge): readonly string[] {
  const names = new Map([[sandbox.groups.access.id, 'access']]);
  const engineering = sandbox.findGroupByName('Engineering');
  if (engineering !== undefined) names.set(engineering.id, 'Engineering');
  const person = sandbox.findPersonByEmail('ada@example.com');
  return person === undefined
    ? []
    : sandbox
        .groupsOf(person.accountId)
        .map((id) => names.get(id) ?? id)
        .sort();
}

describe('an invited person whose account has not appeared', () => {
  it('is active, and a member of the groups that are owed, for both resources [US5]', async () => {
    const { bridge, id, groupId } = await startWithInvited();

    const user = await bridge.scim('get', `/Users/${id}`).expect(200);
    const group = await bridge.scim('get', `/Groups/${groupId}`).expect(200);

    expect(id).toMatch(/^inv-/);
    expect(user.body).toMatchObject({ id, active: true, groups: [{ value: groupId, display: 'Engineering' }] });
    expect(group.body).toMatchObject({ members: [{ value: id, type: 'User' }] });
    expect(groupsOf(bridge)).toEqual([]);
  });

  it('joins the groups that are owed when a scan finds the account, and keeps the id [US5] [ID1]', async () => {
    const { bridge, id, groupId } = await startWithInvited();
    bridge.clock.advance(LATER_MS);

    await bridge.scan();

    expect(groupsOf(bridge)).toEqual(['Engineering', 'access']);
    expect(operations(bridge.sandbox, 'writes')).toEqual(['confluence.addMember']);
    const user = await bridge.scim('get', `/Users/${id}`).expect(200);
    expect(user.body).toMatchObject({ id, active: true });
    const group = await bridge.scim('get', `/Groups/${groupId}`).expect(200);
    expect(group.body).toMatchObject({ members: [{ value: id }] });
    const byAccount = await bridge.scim('get', `/Users/${accountOf(bridge)}`);
    expect(byAccount.status).toBe(404);
  });

  it('is deactivated without any access, and loses it as soon as a scan finds the account [US5]', async () => {
    const { bridge, id, groupId } = await startWithInvited();

    const reply = await bridge.scim('patch', `/Users/${id}`, patch({ op: 'replace', value: { active: false } }));
    expect({ status: reply.status, body: reply.body as unknown }).toMatchObject({
      status: 200,
      body: { id, active: false },
    });
    expect(operations(bridge.sandbox)).toEqual(['confluence.checkAccessByEmail']);
    bridge.clock.advance(LATER_MS);
    await bridge.scan();

    expect(groupsOf(bridge)).not.toContain('access');
    const user = await bridge.scim('get', `/Users/${id}`).expect(200);
    expect(user.body).toMatchObject({ active: false, groups: [{ value: groupId }] });
  });

  it('gets access and the groups that are owed when reactivated after that [US5] [US8]', async () => {
    const { bridge, id } = await startWithInvited();
    await bridge.scim('patch', `/Users/${id}`, patch({ op: 'replace', value: { active: false } })).expect(200);
    bridge.clock.advance(LATER_MS);
    await bridge.scan();

    const reply = await bridge.scim('patch', `/Users/${id}`, patch({ op: 'replace', value: { active: true } }));

    expect(reply.body).toMatchObject({ id, active: true });
    expect(groupsOf(bridge)).toEqual(['Engineering', 'access']);
  });

  it('loses access at once when the account appeared before any scan saw it [US5]', async () => {
    const { bridge, id } = await startWithInvited();
    bridge.clock.advance(LATER_MS);

    const reply = await bridge.scim('patch', `/Users/${id}`, patch({ op: 'replace', value: { active: false } }));

    expect(reply.body).toMatchObject({ id, active: false });
    expect(groupsOf(bridge)).not.toContain('access');
  });

  it('has no access when the account appears after a DELETE [US9]', async () => {
    const { bridge, id } = await startWithInvited();

    await bridge.scim('delete', `/Users/${id}`).expect(204);
    bridge.clock.advance(LATER_MS);
    await bridge.scan();

    expect(groupsOf(bridge)).toEqual([]);
    await bridge.scim('get', `/Users/${id}`).expect(404);
  });

  it('leaves the groups that are owed before they were ever joined [US5] [GR6]', async () => {
    const { bridge, id, groupId } = await startWithInvited();

    await bridge
      .scim('patch', `/Groups/${groupId}`, patch({ op: 'Remove', path: 'members', value: [{ value: id }] }))
      .expect(204);
    bridge.clock.advance(LATER_MS);
    await bridge.scan();

    expect(groupsOf(bridge)).toEqual(['access']);
    expect(operations(bridge.sandbox, 'writes')).toEqual([]);
  });
});
