import { describe, expect, it } from '@jest/globals';
import { chooseBackEnd, createDirectory } from '../../src/atlassian/backends.js';
import { Failure } from '../../src/provisioning/failure.js';
import { startSite } from './site.js';
import { connectTo, expectFailure, testClock } from './upstream.js';

const ADA = 'ada@example.com';

describe('choosing a back end', () => {
  const KEY = { orgId: 'org-1', orgApiKey: 'key' };
  const NO_KEY = { orgId: undefined, orgApiKey: undefined };

  it('takes the organization where there is a credential for it, without asking Jira [US4]', async () => {
    const ask = () => Promise.reject(new Error('asked'));
    await expect(chooseBackEnd(KEY, ask)).resolves.toBe('organization');
  });

  it.each([
    ['admin', 'jira'],
    ['user', 'invite'],
    ['none', 'invite'],
  ] as const)('with Jira access "%s" takes %s [US4]', async (access, backEnd) => {
    await expect(chooseBackEnd(NO_KEY, () => Promise.resolve(access))).resolves.toBe(backEnd);
  });

  it('does not fall back to a weaker one because Jira is down [US4]', async () => {
    const down = () => Promise.reject(new Failure('unavailable', 'Jira is down. Try again.'));
    await expectFailure(chooseBackEnd(NO_KEY, down), 'unavailable');
  });

  it('refuses to be the organization without a credential for it', () => {
    const connection = connectTo('http://127.0.0.1:9', testClock(), NO_KEY);
    expect(() => createDirectory(connection, 'organization')).toThrow(/ATLASSIAN_ORG_API_KEY/);
  });
});

describe('the organization back end', () => {
  it('finds one account by its exact address in any case, with status and groups [ID4]', async () => {
    const { directory, sandbox, call } = await startSite('organization');
    const ada = sandbox.addPerson({ email: ADA, emailVisible: false, access: true });
    await expect(directory.findByEmail('ADA@example.com', call())).resolves.toEqual({
      kind: 'one',
      accountId: ada.accountId,
      accountStatus: 'active',
      suspended: false,
      groupIds: [sandbox.groups.access.id],
    });
    expect(sandbox.calls).toHaveLength(1);
  });

  it.each([
    [{ suspended: true }, { accountStatus: 'active', suspended: true }],
    [{ accountStatus: 'inactive' }, { accountStatus: 'inactive', suspended: false }],
    [
      { inDirectory: false, managed: true },
      { accountStatus: 'active', suspended: false, groupIds: [] },
    ],
  ] as const)('tells the state of %j', async (person, state) => {
    const { directory, sandbox, call } = await startSite('organization');
    sandbox.addPerson({ email: ADA, ...person });
    await expect(directory.findByEmail(ADA, call())).resolves.toMatchObject({ kind: 'one', ...state });
  });

  it('says none for an unknown address, several for a shared one, and leaves customers aside [ID4]', async () => {
    const { directory, sandbox, call } = await startSite('organization');
    await expect(directory.findByEmail(ADA, call())).resolves.toEqual({ kind: 'none' });

    sandbox.addPerson({ email: ADA, accountType: 'customer' });
    const { accountId } = sandbox.addPerson({ email: ADA });
    await expect(directory.findByEmail(ADA, call())).resolves.toMatchObject({ kind: 'one', accountId });

    sandbox.addPerson({ email: ADA });
    await expect(directory.findByEmail(ADA, call())).resolves.toEqual({ kind: 'several' });
  });

  it('invites one address with the access group and without a mail, and believes the item [US4]', async () => {
    const { directory, sandbox, call } = await startSite('organization');
    const made = await directory.createAccount(ADA, sandbox.groups.access.id, call());
    expect(made).toEqual({ accountId: sandbox.findPersonByEmail(ADA)?.accountId, granted: true });
    expect(sandbox.membersOf(sandbox.groups.access.id)).toContain(made.accountId);
    expect(sandbox.calls.map(({ body }) => body)).toEqual([
      { emails: [ADA], additionalGroups: [sandbox.groups.access.id], sendNotification: false },
    ]);
  });

  it.each([
    ['every item fails', { organizationInviteFails: true }, 'Ask an Atlassian organization admin to invite'],
    ['no seat is free', { seats: 1 }, 'licence'],
    ['nothing is paid for', { subscription: false }, 'subscription'],
  ])('refuses when %s [US4] [SA5]', async (_what, options, words) => {
    const { directory, sandbox, call } = await startSite('organization', options);
    const failure = await expectFailure(directory.createAccount(ADA, sandbox.groups.access.id, call()), 'refused');
    expect(failure.message).toContain(words);
  });

  it('refuses when the access group cannot be given, though the person was invited [US4]', async () => {
    const { directory, call } = await startSite('organization');
    await expectFailure(directory.createAccount(ADA, 'no-such-group', call()), 'refused');
  });

  it('sends an invitation once when its answer is lost, and says that it is not known [SA4]', async () => {
    const { directory, sandbox, call } = await startSite('organization');
    sandbox.faults.always({ path: /invite/, kind: 'drop-after' });
    await expectFailure(directory.createAccount(ADA, sandbox.groups.access.id, call()), 'unavailable');
    expect(sandbox.calls).toHaveLength(1);
  });

  it('suspends and restores; an unknown person is not found', async () => {
    const { directory, sandbox, call } = await startSite('organization');
    const { accountId } = sandbox.addPerson({ email: ADA, access: true });
    await directory.suspend(accountId, call());
    expect(sandbox.person(accountId).suspended).toBe(true);
    await directory.restore(accountId, call());
    expect(sandbox.person(accountId).suspended).toBe(false);

    await expectFailure(directory.suspend('no-such-person', call()), 'notFound');
  });

  it('names the setting when the key is refused [SA5]', async () => {
    const { directory, probes, sandbox, call } = await startSite('organization');
    await expect(probes.organization(call())).resolves.toBeUndefined();
    sandbox.revoke('orgApiKey');
    const failure = await expectFailure(directory.findByEmail(ADA, call()), 'misconfigured');
    expect(failure.message).toContain('ATLASSIAN_ORG_API_KEY');
    await expectFailure(probes.organization(call()), 'misconfigured');
  });
});

describe('the Jira back end', () => {
  it('finds one account whose address it shows, and only that [ID4]', async () => {
    const { directory, sandbox, call } = await startSite('jira');
    const ada = sandbox.addPerson({ email: ADA });
    sandbox.addPerson({ email: `${ADA}.au` });
    await expect(directory.findByEmail('Ada@Example.com', call())).resolves.toEqual({
      kind: 'one',
      accountId: ada.accountId,
      accountStatus: 'active',
      suspended: false,
      groupIds: undefined,
    });
  });

  it('takes a sole hit that hides its address for nobody [ID4]', async () => {
    const { directory, sandbox, call } = await startSite('jira');
    sandbox.addPerson({ email: ADA, emailVisible: false });
    await expect(directory.findByEmail(ADA, call())).resolves.toEqual({ kind: 'none' });
  });

  it('says several for a shared address, and leaves customers aside [ID4]', async () => {
    const { directory, sandbox, call } = await startSite('jira');
    sandbox.addPerson({ email: ADA, accountType: 'customer' });
    sandbox.addPerson({ email: ADA });
    await expect(directory.findByEmail(ADA, call())).resolves.toMatchObject({ kind: 'one' });
    sandbox.addPerson({ email: ADA });
    await expect(directory.findByEmail(ADA, call())).resolves.toEqual({ kind: 'several' });
  });

  it('makes an account without products, and leaves the access group to be given [US4]', async () => {
    const { directory, sandbox, call } = await startSite('jira');
    const made = await directory.createAccount(ADA, sandbox.groups.access.id, call());
    expect(made).toEqual({ accountId: sandbox.findPersonByEmail(ADA)?.accountId, granted: false });
    expect(sandbox.calls.map(({ body }) => body)).toEqual([{ emailAddress: ADA, products: [] }]);
  });

  it.each([400, 500] as const)(
    'finds the person whom Jira made and answered %d for [US4]',
    async (jiraCreateAnswer) => {
      const { directory, sandbox, call } = await startSite('jira', { jiraCreateAnswer });
      const made = await directory.createAccount(ADA, sandbox.groups.access.id, call());
      expect(made.accountId).toBe(sandbox.findPersonByEmail(ADA)?.accountId);
      expect(sandbox.calls.map(({ operation }) => operation)).toEqual(['jira.createUser', 'jira.searchUsers']);
    },
  );

  it('finds the person after a lost answer, and sends the creation once [US4] [SA4]', async () => {
    const { directory, sandbox, call } = await startSite('jira');
    sandbox.faults.always({ method: 'POST', path: /user/, kind: 'drop-after' });
    const made = await directory.createAccount(ADA, sandbox.groups.access.id, call());
    expect(made.accountId).toBe(sandbox.findPersonByEmail(ADA)?.accountId);
    expect(sandbox.calls).toHaveLength(2);
  });

  it.each([
    [400, 'refused'],
    [500, 'unavailable'],
  ] as const)('fails when Jira answers %d and shows nobody of that address [US4]', async (jiraCreateAnswer, kind) => {
    const { directory, sandbox, call } = await startSite('jira', { jiraCreateAnswer, newAccountsShowEmail: false });
    await expectFailure(directory.createAccount(ADA, sandbox.groups.access.id, call()), kind);
  });

  it('names the command that connects an account which hides its address [US4]', async () => {
    const { directory, sandbox, call } = await startSite('jira', {
      jiraCreateAnswer: 400,
      newAccountsShowEmail: false,
    });
    const failure = await expectFailure(directory.createAccount(ADA, sandbox.groups.access.id, call()), 'refused');
    expect(failure.message).toContain('confluence-scim-bridge link EMAIL ACCOUNT');
  });

  it('does not take an anonymous, empty search for "nobody" when the token is refused [SA2] [SA5]', async () => {
    const { directory, sandbox, call } = await startSite('jira');
    sandbox.addPerson({ email: ADA });
    sandbox.revoke('apiToken');
    await expectFailure(directory.findByEmail(ADA, call()), 'misconfigured');
  });
});

describe('the invite back end', () => {
  it('cannot look anybody up, and asks nobody', async () => {
    const { directory, sandbox, call } = await startSite('invite');
    await expect(directory.findByEmail(ADA, call())).resolves.toEqual({ kind: 'cannotTell' });
    await expectFailure(directory.createAccount(ADA, 'g1', call()), 'unsupported');
    expect(sandbox.calls).toHaveLength(0);
  });
});

describe.each(['jira', 'invite'] as const)('the %s back end', (backEnd) => {
  it('cannot suspend or restore anybody, and asks nobody', async () => {
    const { directory, sandbox, call } = await startSite(backEnd);
    await expectFailure(directory.suspend('a1', call()), 'unsupported');
    await expectFailure(directory.restore('a1', call()), 'unsupported');
    expect(sandbox.calls).toHaveLength(0);
  });
});

describe.each(['organization', 'jira', 'invite'] as const)('the %s back end', (backEnd) => {
  it('says which it is, and shares the Confluence calls', async () => {
    const { directory, sandbox, call } = await startSite(backEnd);
    expect(directory.backEnd).toBe(backEnd);
    const { accountId } = sandbox.addPerson({ email: ADA });
    const group = await directory.createGroup('Engineering', call());
    await directory.addMember(group.id, accountId, call());
    await expect(directory.listMemberships(accountId, call())).resolves.toMatchObject([{ id: group.id }]);
    await expect(
      directory.listMembers(group.id, { start: 0, limit: 200, withTotal: true }, call()),
    ).resolves.toMatchObject({ members: [{ accountId }], next: undefined, totalSize: 1 });
    await directory.removeMember(group.id, accountId, call());
    await directory.deleteGroup(group.id, call());
    expect(sandbox.findGroupByName('Engineering')).toBeUndefined();
  });
});
