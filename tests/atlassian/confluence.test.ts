import { describe, expect, it } from '@jest/globals';
import { startSite, type Site } from './site.js';
import { expectFailure } from './upstream.js';

const ADA = 'ada@example.com';

async function startWithAda(options: Parameters<typeof startSite>[1] = {}) {
  const site = await startSite('invite', options);
  const ada = site.sandbox.addPerson({ email: ADA, displayName: 'Ada Lovelace' });
  const group = site.sandbox.addGroup({ name: 'Engineering' });
  return { ...site, ada, group };
}

/** The operations that reached Atlassian, in order. */
const operations = ({ sandbox }: Site): (string | undefined)[] => sandbox.takeCalls().map(({ operation }) => operation);

describe('groups', () => {
  it('that grant access are listed by kind', async () => {
    const { directory, sandbox, call } = await startSite('invite');
    const { access, admins, siteAdmins } = sandbox.groups;
    for (const [accessType, group] of [
      ['user', access],
      ['admin', admins],
      ['site-admin', siteAdmins],
    ] as const) {
      await expect(directory.listGrantingGroups(accessType, call())).resolves.toEqual([
        { id: group.id, name: group.name, usageType: 'USERBASE_GROUP', managedBy: 'ADMINS' },
      ]);
    }
  });

  it('are all listed, with who manages them', async () => {
    const { directory, sandbox, call } = await startSite('invite', { maxPageSize: 4 });
    const pages: number[] = [];
    const kinds = new Map<string, string | undefined>();
    for await (const page of directory.listGroups(call())) {
      pages.push(page.length);
      for (const group of page) kinds.set(group.id, group.managedBy);
    }
    expect(pages).toEqual([4, 2]);
    expect(kinds.get(sandbox.groups.synced.id)).toBe('EXTERNAL');
  });

  it('are read by id, and an unknown id is not found', async () => {
    const { directory, group, call } = await startWithAda();
    await expect(directory.getGroup(group.id, call())).resolves.toMatchObject({ id: group.id, name: 'Engineering' });
    await expectFailure(directory.getGroup('no-such-group', call()), 'notFound');
  });

  it('are found by name whatever the case, never by a part of it', async () => {
    const { directory, group, call } = await startWithAda();
    await expect(directory.findGroupByName('ENGINEERING', call())).resolves.toMatchObject({ id: group.id });
    await expect(directory.findGroupByName('Engineer', call())).resolves.toBeUndefined();
  });

  it('are created once; a name that is taken or not allowed is invalid', async () => {
    const { directory, sandbox, call } = await startWithAda();
    const made = await directory.createGroup('Design', call());
    expect(sandbox.findGroupByName('design')?.id).toBe(made.id);

    await expectFailure(directory.createGroup('DESIGN', call()), 'invalid');
    await expectFailure(directory.createGroup('x'.repeat(256), call()), 'invalid');
  });

  it('are deleted; one that is gone is not found, one that may not go names the missing right', async () => {
    const { directory, sandbox, group, call } = await startWithAda();
    await directory.deleteGroup(group.id, call());
    expect(sandbox.findGroupByName('Engineering')).toBeUndefined();

    await expectFailure(directory.deleteGroup(group.id, call()), 'notFound');
    const failure = await expectFailure(directory.deleteGroup(sandbox.groups.access.id, call()), 'misconfigured');
    expect(failure.upstream).toEqual({ operation: 'confluence.deleteGroup', status: 403 });
  });

  it('that answer 400 to their deletion are looked at before they count as gone [SA2]', async () => {
    const { directory, sandbox, group, call } = await startWithAda();
    sandbox.faults.next({ method: 'DELETE', path: /by-id/, status: 400 });
    await expectFailure(directory.deleteGroup(group.id, call()), 'refused');

    sandbox.faults.next({ method: 'DELETE', path: /by-id/, status: 400 });
    await expectFailure(directory.deleteGroup('no-such-group', call()), 'notFound');
  });
});

describe('members', () => {
  it('are listed with what Atlassian shows of them, apps included', async () => {
    const { directory, sandbox, ada, call } = await startWithAda({ hiddenEmail: 'absent' });
    sandbox.updatePerson(ada.accountId, { emailVisible: false });
    sandbox.addMember(sandbox.groups.access.id, ada.accountId);

    const members = await directory.listAllMembers(sandbox.groups.access.id, call());
    expect(members.map(({ accountId }) => accountId).sort()).toEqual(
      [sandbox.admin.accountId, sandbox.appAccountId, ada.accountId].sort(),
    );
    expect(members.find(({ accountId }) => accountId === ada.accountId)).toEqual({
      accountId: ada.accountId,
      accountType: 'atlassian',
      accountStatus: 'active',
      displayName: 'Ada Lovelace',
      email: undefined,
    });
  });

  it('of a large group are read completely, suspended people left out', async () => {
    const { directory, sandbox, group, call } = await startWithAda({ maxPageSize: 50 });
    const people = Array.from({ length: 230 }, (_, number) => sandbox.addPerson({ email: `p${number}@example.com` }));
    for (const { accountId } of people) sandbox.addMember(group.id, accountId);
    const [first] = people;
    sandbox.suspend(first?.accountId ?? '');

    const members = await directory.listAllMembers(group.id, call());
    expect(members).toHaveLength(229);
  });

  it('are added, and added again without harm, however Atlassian answers that [SA4]', async () => {
    for (const duplicateAdd of [201, 400] as const) {
      const { directory, sandbox, ada, group, call } = await startWithAda({ duplicateAdd });
      await directory.addMember(group.id, ada.accountId, call());
      await directory.addMember(group.id, ada.accountId, call());
      expect(sandbox.membersOf(group.id)).toEqual([ada.accountId]);
      expect(sandbox.calls).toHaveLength(2);
    }
  });

  it('are added once although the answer was lost [SA4]', async () => {
    const { directory, sandbox, ada, group, call } = await startWithAda({ duplicateAdd: 400 });
    sandbox.faults.next({ method: 'POST', path: /userByGroupId/, kind: 'drop-after' });
    await directory.addMember(group.id, ada.accountId, call());
    expect(sandbox.membersOf(group.id)).toEqual([ada.accountId]);
  });

  it('without a free seat are refused with a word about the licence, after one look at their groups [SA5]', async () => {
    const site = await startWithAda({ seats: 1 });
    const { directory, sandbox, ada, call } = site;
    const failure = await expectFailure(
      directory.addMember(sandbox.groups.access.id, ada.accountId, call()),
      'refused',
    );
    expect(failure.message).toContain('licence');
    expect(operations(site)).toEqual(['confluence.addMember', 'confluence.listMemberships']);
  });

  it('that the identity service refused but let in count as added [SA5]', async () => {
    const { directory, sandbox, ada, group, call } = await startWithAda();
    const body = {
      statusCode: 500,
      message: 'AddUserToGroupsIdentityPlatformCommand failed and no fallback available.',
    };
    sandbox.faults.next({ method: 'POST', path: /userByGroupId/, kind: 'error-after', status: 500, body });
    await directory.addMember(group.id, ada.accountId, call());
    expect(sandbox.membersOf(group.id)).toEqual([ada.accountId]);
  });

  it('whose refusal cannot be explained, because their groups cannot be read, are not called refused [SA2]', async () => {
    const { directory, sandbox, ada, call } = await startWithAda({ seats: 1 });
    sandbox.faults.always({ path: /memberof/, status: 503 });
    await expectFailure(directory.addMember(sandbox.groups.access.id, ada.accountId, call()), 'unavailable');
  });

  it('whom Atlassian does not accept for another reason are invalid', async () => {
    const site = await startWithAda();
    const { directory, sandbox, group, call } = site;
    const stranger = sandbox.addPerson({ email: 'stranger@example.com', inDirectory: false });
    await expectFailure(directory.addMember(group.id, stranger.accountId, call()), 'invalid');
    expect(operations(site)).toEqual(['confluence.addMember', 'confluence.listMemberships']);
  });

  it('are not added to a group that is gone', async () => {
    const { directory, ada, call } = await startWithAda();
    await expectFailure(directory.addMember('no-such-group', ada.accountId, call()), 'notFound');
  });

  it('are removed, and removed again without harm; an unknown group or person is not found', async () => {
    const { directory, sandbox, ada, group, call } = await startWithAda();
    sandbox.addMember(group.id, ada.accountId);
    await directory.removeMember(group.id, ada.accountId, call());
    await directory.removeMember(group.id, ada.accountId, call());
    expect(sandbox.membersOf(group.id)).toEqual([]);

    await expectFailure(directory.removeMember('no-such-group', ada.accountId, call()), 'notFound');
    await expectFailure(directory.removeMember(group.id, 'no-such-person', call()), 'notFound');
  });

  it('tell all groups they are in, over several pages', async () => {
    const { directory, sandbox, ada, call } = await startWithAda({ maxPageSize: 2 });
    const groups = ['One', 'Two', 'Three', 'Four', 'Five'].map((name) => sandbox.addGroup({ name }));
    for (const { id } of groups) sandbox.addMember(id, ada.accountId);

    const memberships = await directory.listMemberships(ada.accountId, call());
    expect(memberships.map(({ name }) => name)).toEqual(['One', 'Two', 'Three', 'Four', 'Five']);
    await expect(directory.listMemberships('no-such-person', call())).resolves.toEqual([]);
  });
});

describe('accounts', () => {
  it('are read in one call; unknown ones are missing, and nobody costs nothing', async () => {
    const { directory, sandbox, ada, call } = await startWithAda();
    sandbox.closeAccount(ada.accountId);
    const accounts = await directory.listAccounts([ada.accountId, 'nobody', sandbox.appAccountId], call());
    expect(accounts).toHaveLength(2);
    expect(accounts).toContainEqual(
      expect.objectContaining({ accountId: ada.accountId, accountStatus: 'closed', email: undefined }),
    );
    expect(accounts).toContainEqual(expect.objectContaining({ accountId: sandbox.appAccountId, accountType: 'app' }));

    sandbox.takeCalls();
    await expect(directory.listAccounts([], call())).resolves.toEqual([]);
    expect(sandbox.calls).toHaveLength(0);
  });

  it('that may not be read are a matter of rights, never "nobody" [SA2] [SA5]', async () => {
    const { directory, sandbox, ada, call } = await startWithAda();
    sandbox.options.rights = 'none';
    await expectFailure(directory.listAccounts([ada.accountId], call()), 'misconfigured');
  });
});

describe('invitations', () => {
  it('tell whether an address has access', async () => {
    const { directory, sandbox, ada, call } = await startWithAda();
    await expect(directory.hasAccess(ADA, call())).resolves.toBe(false);
    sandbox.addMember(sandbox.groups.access.id, ada.accountId);
    await expect(directory.hasAccess('ADA@example.com', call())).resolves.toBe(true);
  });

  it('say that an address is invalid, which is not "has access" [US4]', async () => {
    const { directory, call } = await startWithAda();
    await expectFailure(directory.hasAccess('nonsense', call()), 'invalid');
  });

  it('bring the person into the access group, some time [US4]', async () => {
    const { directory, sandbox, call } = await startWithAda({ inviteAppears: 'never' });
    await directory.inviteByEmail('grace@example.com', call());
    expect(sandbox.findPersonByEmail('grace@example.com')).toBeUndefined();
    expect(sandbox.acceptInvitation('grace@example.com').accountStatus).toBe('active');
  });

  it('are sent once when the answer is lost [SA4]', async () => {
    const { directory, sandbox, call } = await startWithAda();
    sandbox.faults.always({ path: /invite-by-email/, kind: 'drop-after' });
    await expectFailure(directory.inviteByEmail('grace@example.com', call()), 'unavailable');
    expect(sandbox.calls).toHaveLength(1);
  });
});

describe('a credential', () => {
  it('of the scoped kind goes through the gateway, whose site id is asked for once', async () => {
    const site = await startSite('invite', {}, 'scoped');
    const { directory, sandbox, call } = site;
    await directory.getGroup(sandbox.groups.access.id, call());
    await directory.createGroup('Engineering', call());
    const calls = sandbox.takeCalls();
    expect(calls.map(({ operation, credential }) => [operation, credential])).toEqual([
      ['site.tenantInfo', 'none'],
      ['confluence.getGroup', 'scoped'],
      ['confluence.createGroup', 'scoped'],
    ]);
    expect(calls[1]?.path).toContain(`/ex/confluence/${sandbox.credentials.cloudId}/wiki/`);
  });

  it("that is revoked or lacks rights is the operator's matter in every call [SA5]", async () => {
    const { directory, sandbox, ada, group, call } = await startWithAda();
    sandbox.options.rights = 'member';
    const failure = await expectFailure(directory.addMember(group.id, ada.accountId, call()), 'misconfigured');
    expect(failure.message).toContain('organization admin');

    sandbox.revoke('apiToken');
    await expectFailure(directory.listMemberships(ada.accountId, call()), 'misconfigured');
    await expectFailure(directory.removeMember(group.id, ada.accountId, call()), 'misconfigured');
    await expectFailure(directory.hasAccess(ADA, call()), 'misconfigured');
  });
});
