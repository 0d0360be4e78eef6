import { describe, expect, it } from '@jest/globals';
import { operations } from '../support/bridge.js';
import { ADA, createGroup } from '../provisioning/userSite.js';
import { startDrift } from './site.js';

describe('drift about people', () => {
  it('finds nothing where record and Confluence agree, and writes nothing [SA15]', async () => {
    const site = await startDrift();
    const { id } = await site.created();
    await createGroup(site, 'engineering', id);
    await site.known({ email: 'eve@example.com' });
    site.later();

    expect(await site.drift()).toEqual({ findings: [], unread: [], remarks: [] });
    expect(operations(site.sandbox, 'writes')).toEqual([]);
  });

  it('finds a deactivated person who has access again, since when, and that somebody else gave it [SA15]', async () => {
    const site = await startDrift();
    const { id } = await site.created();
    await site.state(id, false);
    const { access } = site.sandbox.groups;
    site.later();
    site.sandbox.addMember(access.id, id);

    const { findings } = await site.drift();

    expect(findings).toMatchObject([
      {
        kind: 'leaverHasAccess',
        person: { id, accountId: id, name: ADA, isProtected: false },
        groups: [{ id: access.id }],
        sinceIso: (await site.link(id))?.wantedAt,
        ownWrite: { isMember: false, caller: 'okta' },
        changedBy: 'others',
      },
    ]);
  });

  it('finds a deleted person who has access again, until an identity provider takes the account up [SA15]', async () => {
    const site = await startDrift();
    const { id } = await site.created();
    await site.remove(id);
    site.later();
    site.sandbox.addMember(site.sandbox.groups.access.id, id);
    expect(await site.found()).toEqual([`deletedHasAccess ${ADA}`]);

    await site.created();
    site.later();

    expect(await site.found()).toEqual([]);
  });

  it('finds a person recorded active who lost access, and when the bridge gave it [SA15]', async () => {
    const site = await startDrift();
    const { id } = await site.created();
    site.later();
    site.sandbox.removeMember(site.sandbox.groups.access.id, id);

    expect((await site.drift()).findings).toMatchObject([
      { kind: 'accessLost', person: { id }, ownWrite: { isMember: true, caller: 'okta' }, changedBy: 'others' },
    ]);
  });

  it('leaves out a person whose last granting group the identity provider itself took [GR2] [SA15]', async () => {
    const site = await startDrift({
      sandbox: { siteName: 'acme' },
      settings: { ADOPT_GROUPS: 'confluence-users-acme' },
    });
    const { id } = await site.created();
    const { access } = site.sandbox.groups;
    const removal = { op: 'remove', path: 'members', value: [{ value: id }] };
    const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [removal] };
    expect((await site.scim('patch', `/Groups/${access.id}`, body)).status).toBe(204);
    site.later();

    expect(site.sandbox.groupsOf(id)).not.toContain(access.id);
    expect(await site.found()).toEqual([]);
  });

  it('tells accounts that are closed or unknown from people who only lost access [SA15]', async () => {
    const site = await startDrift();
    const { id } = await site.created();
    site.later();
    site.sandbox.closeAccount(id);
    expect(await site.found()).toEqual([`accountGone ${ADA}`]);
  });

  it('tells an account that Atlassian does not know any more, once it knows at least our own [SA2] [SA15]', async () => {
    const site = await startDrift();
    const { id } = await site.created();
    site.later();
    site.sandbox.removeMember(site.sandbox.groups.access.id, id);
    const { accountId } = site.sandbox.admin;
    const ours = { accountId, accountType: 'atlassian', accountStatus: 'active', displayName: 'Admin', email: '' };
    site.sandbox.faults.next({ path: /users-bulk/, status: 200, body: { results: [ours] } });
    site.sandbox.faults.next({ path: /users-bulk/, status: 200, body: { results: [] } });

    expect(await site.found()).toEqual([`accountGone ${ADA}`]);
  });

  it.each(['jira', 'invite'] as const)('finds and repairs a leaver on the back end %s, too [SA15]', async (backEnd) => {
    const site = await startDrift({ backEnd });
    const { accountId } = await site.known();
    const { access } = site.sandbox.groups;
    expect((await site.state(accountId, false)).status).toBe(200);
    site.later();
    site.sandbox.addMember(access.id, accountId);

    expect(await site.found()).toEqual([`leaverHasAccess ${ADA}`]);
    expect((await site.repair('leavers')).outcomes).toEqual([{ kind: 'done' }]);
    expect(site.sandbox.groupsOf(accountId)).not.toContain(access.id);
  });

  it('tells people whom the organization suspended, and not those whom the bridge did [SA15]', async () => {
    const site = await startDrift({ settings: { DEACTIVATION: 'suspend' } });
    const { id } = await site.created();
    const { id: bob } = await site.created({ userName: 'bob@example.com', emails: [{ value: 'bob@example.com' }] });
    await site.state(bob, false);
    site.later();
    site.sandbox.suspend(id);

    expect(await site.found()).toEqual([`suspended ${ADA}`]);
  });

  it('takes a difference younger than ten minutes for lag [US2] [SA15]', async () => {
    const site = await startDrift();
    const { id } = await site.created();
    site.later();
    await site.state(id, false);
    site.sandbox.addMember(site.sandbox.groups.access.id, id);
    expect(await site.found()).toEqual([]);

    site.later();
    expect(await site.found()).toEqual([`leaverHasAccess ${ADA}`]);
  });

  it('finds what is owed to somebody with an account, and invitations without one after a week [SA15]', async () => {
    const site = await startDrift();
    const { id } = await site.created();
    const groupId = await createGroup(site, 'engineering');
    await site.store.holds.put({ personId: id, groupId, kind: 'owed' });
    await site.store.people.insert({
      id: 'inv-1',
      accountId: undefined,
      userName: 'new@example.com',
      profile: {},
      wanted: 'active',
      suspended: false,
      address: 'new@example.com',
      invitedAt: new Date(site.clock.now()).toISOString(),
      origin: 'created',
      caller: 'okta',
      owner: 'okta',
      createdAt: new Date(site.clock.now()).toISOString(),
      wantedAt: new Date(site.clock.now()).toISOString(),
    });
    expect(await site.found()).toEqual([]);

    site.later();
    expect(await site.found()).toEqual([`membershipOwed ${ADA}`]);

    site.clock.advance(7 * 24 * 60 * 60_000);
    expect(await site.found()).toEqual([`membershipOwed ${ADA}`, 'invitationOverdue new@example.com']);
  });
});
