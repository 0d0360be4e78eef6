import { describe, expect, it } from '@jest/globals';
import { ENTRA_TOKEN, operations } from '../support/bridge.js';
import { ADA, createGroup } from '../provisioning/userSite.js';
import { type DriftSite, startDrift } from './site.js';

const BOB = { userName: 'bob@example.com', externalId: 'okta-bob', emails: [{ value: 'bob@example.com' }] };

function takeOut(site: DriftSite, groupId: string, operation: object): PromiseLike<{ status: number }> {
  const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
  return site.scim('patch', `/Groups/${groupId}`, { schemas, Operations: [{ op: 'remove', ...operation }] });
}

/** Ada, deactivated through the bridge, has access again. */
async function leaverInside(settings: Readonly<Record<string, string>> = {}): Promise<DriftSite & { ada: string }> {
  const site = await startDrift({ settings });
  const { id: ada } = await site.created();
  await site.state(ada, false);
  site.later();
  site.sandbox.addMember(site.sandbox.groups.access.id, ada);
  site.sandbox.takeCalls();
  return { ...site, ada };
}

describe('drift --repair', () => {
  it('takes access from leavers, as the plan said, and the audit names it [SA10] [SA15]', async () => {
    const site = await leaverInside();
    const { access } = site.sandbox.groups;

    const { plan, outcomes } = await site.repair('leavers', 'owed');

    expect(outcomes).toEqual([{ kind: 'done' }]);
    expect(plan).toContain(
      `DELETE /wiki/rest/api/group/userByGroupId?groupId=${access.id}&accountId=${encodeURIComponent(site.ada)}`,
    );
    expect(operations(site.sandbox, 'writes')).toEqual(['confluence.removeMember']);
    expect(site.sandbox.groupsOf(site.ada)).not.toContain(access.id);
    expect((await site.audited(site.ada)).slice(-2)).toMatchObject([
      { event: 'group.memberRemoved', decision: 'drift --repair', caller: 'operator', result: 'done' },
      { event: 'user.deactivated', decision: 'drift --repair', caller: 'operator', result: 'done' },
    ]);
    expect(await site.found()).toEqual([]);
  });

  it('suspends again where that is how people are deactivated [SA15]', async () => {
    const site = await startDrift({ settings: { DEACTIVATION: 'suspend' } });
    const { id } = await site.created();
    await site.state(id, false);
    site.later();
    site.sandbox.updatePerson(id, { suspended: false });

    const { plan, outcomes } = await site.repair('leavers');

    expect(plan).toContain('/suspend');
    expect(outcomes).toEqual([{ kind: 'done' }]);
    expect(site.sandbox.person(id).suspended).toBe(true);
  });

  it('takes access from deleted people, and leaves their other groups [SA15]', async () => {
    const site = await startDrift();
    const { id } = await site.created();
    await site.remove(id);
    site.later();
    const { id: other } = site.sandbox.addGroup({ name: 'by-hand' });
    for (const groupId of [site.sandbox.groups.access.id, other]) site.sandbox.addMember(groupId, id);

    expect((await site.repair('leavers')).outcomes).toEqual([{ kind: 'done' }]);
    expect(site.sandbox.groupsOf(id)).toEqual([other]);
  });

  it('leaves a deleted person whom an identity provider has invited again, though Atlassian hides whose account it is [US5] [SA15]', async () => {
    const site = await startDrift({ backEnd: 'invite', sandbox: { inviteAppears: 'never' } });
    const { accountId } = await site.known({ emailVisible: false });
    const user = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: ADA, emails: [{ value: ADA }] };
    expect((await site.replace(accountId, { ...user, active: true })).status).toBe(200);
    expect((await site.remove(accountId)).status).toBe(204);
    site.later();
    const { access } = site.sandbox.groups;
    site.sandbox.addMember(access.id, accountId);
    const invite = async (): Promise<void> => {
      site.sandbox.removeMember(access.id, accountId);
      expect((await site.create({}, ENTRA_TOKEN)).status).toBe(201);
      site.sandbox.addMember(access.id, accountId);
    };

    const { plan, outcomes } = await site.repairAfter(invite, 'leavers');

    expect(plan).toContain(`accountId=${encodeURIComponent(accountId)}`);
    expect(outcomes).toEqual([{ kind: 'needless' }]);
    expect(site.sandbox.groupsOf(accountId)).toContain(access.id);
    expect(await site.drift()).toMatchObject({
      findings: [],
      remarks: [expect.stringContaining(`The account ${accountId} of somebody deleted has access`)],
    });
  });

  it('judges again right before the write: who came back meanwhile, or is out already, is left [SA15]', async () => {
    const site = await leaverInside();
    const { outcomes } = await site.repairAfter(() => site.state(site.ada, true), 'leavers');
    expect(outcomes).toEqual([{ kind: 'needless' }]);
    expect(site.sandbox.groupsOf(site.ada)).toContain(site.sandbox.groups.access.id);

    const other = await leaverInside();
    const out = await other.repairAfter(() => {
      other.sandbox.removeMember(other.sandbox.groups.access.id, other.ada);
      return Promise.resolve();
    }, 'leavers');
    expect(out.outcomes).toEqual([{ kind: 'needless' }]);
    expect(operations(other.sandbox, 'writes')).toEqual([]);
  });

  it('leaves protected people, and plans nothing for them [SA8] [SA15]', async () => {
    const site = await leaverInside();
    const guarded = await startDrift({
      site: site.sandbox,
      store: site.store,
      clock: site.clock,
      settings: { PROTECTED_USERS: ADA },
    });

    const { findings } = await guarded.drift();
    expect(findings).toMatchObject([{ kind: 'leaverHasAccess', person: { isProtected: true } }]);
    expect((await guarded.repair('leavers')).outcomes).toEqual([]);
    expect(site.sandbox.groupsOf(site.ada)).toContain(site.sandbox.groups.access.id);
  });

  it('stops at the limit of the brake, and goes on with what gives something [SA11] [SA15]', async () => {
    const site = await startDrift({ settings: { ACCESS_LOSS_LIMIT: '2' } });
    const { access } = site.sandbox.groups;
    const { id: bob } = await site.created(BOB);
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      const email = `p${n}@example.com`;
      const { id } = await site.created({ userName: email, externalId: email, emails: [{ value: email }] });
      await site.store.people.update(id, { wanted: 'inactive' });
      ids.push(id);
    }
    site.later();
    site.sandbox.removeMember(access.id, bob);

    const { outcomes } = await site.repair('leavers', 'lost');

    expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'done', 'failed', 'held', 'done']);
    expect(outcomes[2]).toMatchObject({ reason: expect.stringContaining('brake') as unknown });
    expect(ids.filter((id) => site.sandbox.groupsOf(id).includes(access.id))).toHaveLength(2);
    expect(site.sandbox.groupsOf(bob)).toContain(access.id);
  });

  it('gives nothing back and takes no foreign member out unless asked to [SA15]', async () => {
    const site = await startDrift();
    const { id } = await site.created();
    const { id: bob } = await site.created(BOB);
    const groupId = await createGroup(site, 'engineering', bob);
    site.later();
    site.sandbox.removeMember(site.sandbox.groups.access.id, id);
    site.sandbox.removeMember(groupId, bob);
    const { accountId: eve } = site.sandbox.addPerson({ email: 'eve@example.com', access: true });
    site.sandbox.addMember(groupId, eve);
    await site.scan();
    site.sandbox.takeCalls();

    expect((await site.repair('leavers', 'owed')).outcomes).toEqual([]);
    expect(operations(site.sandbox, 'writes')).toEqual([]);

    const { plan, outcomes } = await site.repair('lost', 'foreign', 'missing');
    expect(outcomes).toEqual([{ kind: 'done' }, { kind: 'done' }, { kind: 'done' }]);
    expect(plan).toContain('1 take something away, 2 give something');
    expect(site.sandbox.membersOf(groupId)).toEqual([bob]);
    expect(site.sandbox.groupsOf(id)).toContain(site.sandbox.groups.access.id);
    expect((await site.audited()).filter(({ decision }) => decision === 'drift --repair')).toHaveLength(4);
    site.later();
    expect(await site.found()).toEqual([]);
  });

  it('leaves a foreign member whom the identity provider sends meanwhile [SA15]', async () => {
    const site = await startDrift();
    const { id } = await site.created();
    const groupId = await createGroup(site, 'engineering');
    site.later();
    site.sandbox.addMember(groupId, id);
    const addition = { op: 'add', path: 'members', value: [{ value: id }] };
    const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [addition] };

    const { outcomes } = await site.repairAfter(() => site.scim('patch', `/Groups/${groupId}`, body), 'foreign');

    expect(outcomes).toEqual([{ kind: 'needless' }]);
    expect(site.sandbox.membersOf(groupId)).toEqual([id]);
  });

  it('leaves a foreign member whom a list of the identity provider names meanwhile, though it writes nothing [SA15]', async () => {
    const site = await startDrift();
    const { id } = await site.created();
    const groupId = await createGroup(site, 'engineering');
    site.later();
    site.sandbox.addMember(groupId, id);
    const list = { displayName: 'engineering', members: [{ value: id }] };

    const { outcomes } = await site.repairAfter(() => site.scim('put', `/Groups/${groupId}`, list), 'foreign');

    expect(outcomes).toEqual([{ kind: 'needless' }]);
    expect(site.sandbox.membersOf(groupId)).toEqual([id]);
  });

  it.each<[string, (site: DriftSite, groupId: string, id: string) => PromiseLike<{ status: number }>]>([
    ['a PUT', (site, groupId) => site.scim('put', `/Groups/${groupId}`, { displayName: 'engineering', members: [] })],
    ['a removal', (site, groupId, id) => takeOut(site, groupId, { path: 'members', value: [{ value: id }] })],
    ['a filter', (site, groupId, id) => takeOut(site, groupId, { path: `members[value eq "${id}"]` })],
    ['a removal of everybody', (site, groupId) => takeOut(site, groupId, { path: 'members' })],
  ])(
    'puts nobody back whom %s left out after somebody had taken the person out by hand [SA12] [SA15]',
    async (_name, leaveOut) => {
      const site = await startDrift();
      const { id } = await site.created();
      const { id: bob } = await site.created(BOB);
      const groupId = await createGroup(site, 'engineering', id, bob);
      site.later();
      site.sandbox.removeMember(groupId, id);
      expect(await site.found()).toEqual([`memberMissing ${ADA}`]);

      const { outcomes } = await site.repairAfter(() => leaveOut(site, groupId, id), 'missing');
      site.later();

      expect(outcomes).toEqual([{ kind: 'needless' }]);
      expect(site.sandbox.membersOf(groupId)).not.toContain(id);
      expect(await site.found()).toEqual([]);
      expect((await site.store.membershipOwners.of(groupId, [id])).size).toBe(0);
    },
  );

  it('puts people where they are owed a place [SA15]', async () => {
    const site = await startDrift();
    const { id } = await site.created();
    const groupId = await createGroup(site, 'engineering');
    await site.store.holds.put({ personId: id, groupId, kind: 'owed' });
    site.later();

    expect((await site.repair('owed')).outcomes).toEqual([{ kind: 'done' }]);
    expect(site.sandbox.membersOf(groupId)).toEqual([id]);
    expect(await site.holds(id, 'owed')).toEqual([]);
  });
});
