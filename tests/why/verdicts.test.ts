import { describe, expect, it } from '@jest/globals';
import { ADA, createGroup, startInviting } from '../provisioning/userSite.js';
import { startWhy } from './site.js';

describe('the verdict about a person', () => {
  it('is "active" for somebody whose identity provider asked for it, by the bridge\'s own write', async () => {
    const site = await startWhy();
    await site.created();

    const { verdict, now } = await site.told(ADA);

    expect(verdict).toMatchObject({ kind: 'active', hasAccess: true });
    expect(verdict.sentence).toMatch(
      /^Has access, because okta wants the person active since \S+Z and Confluence shows "/,
    );
    expect(now['memberships']).toMatchObject([
      { isMember: true, grants: ['user'], origin: { by: 'bridge', caller: 'okta' } },
    ]);
  });

  it('is "unmanaged" for somebody whom nobody provisioned, found by visible address and by account id', async () => {
    const site = await startWhy();
    const { accountId } = await site.known();

    const { verdict, now } = await site.told(ADA);

    expect(verdict).toMatchObject({ kind: 'unmanaged', hasAccess: true });
    expect(now['record']).toBeNull();
    expect((await site.told(accountId)).verdict.kind).toBe('unmanaged');
  });

  it('is "deactivated" after active: false, also by userName and in other letters', async () => {
    const site = await startWhy();
    const { id } = await site.created({ userName: 'ada.l' });
    await site.state(id, false);

    for (const key of ['ADA.L', 'Ada@Example.com', id])
      expect((await site.told(key)).verdict).toMatchObject({ kind: 'deactivated', hasAccess: false });
  });

  it('is "keptRole" for somebody who left and has a role that the bridge cannot take, until it is gone [SA16]', async () => {
    const site = await startWhy();
    const { id } = await site.created();
    site.sandbox.updatePerson(id, { directRoles: ['atlassian/user'] });
    await site.state(id, false);
    site.later();
    site.sandbox.options.rolesReadable = false;
    await site.scan();
    expect((await site.told(ADA)).verdict).toMatchObject({
      kind: 'deactivated',
      sentence: expect.stringMatching(/whether a role on the site is left could not be looked at\.$/),
    });

    site.sandbox.options.rolesReadable = true;
    await site.scan();
    const { verdict, timeline } = await site.told(ADA);
    expect(verdict).toMatchObject({ kind: 'keptRole', hasAccess: true });
    expect(verdict.sentence).toMatch(/showed user on confluence at \S+Z, though okta deactivated .* "Remove access"/);
    expect(timeline.at(-1)).toMatchObject({ event: 'leaver.hasRole', rule: 'SA16' });

    site.sandbox.updatePerson(id, { directRoles: [] });
    await site.scan();
    expect((await site.told(ADA)).verdict).toMatchObject({ kind: 'deactivated', hasAccess: false });
  });

  it("goes by the bridge's own write while reads lag, and says that they do [US2]", async () => {
    const site = await startWhy();
    const { id } = await site.created();
    site.sandbox.options.lag = { ms: 5 * 60_000, reads: 0 };
    await site.state(id, false);

    const { verdict, now } = await site.told(ADA);

    expect(verdict.kind).toBe('deactivated');
    expect(now['readsLagFor']).toMatchObject([{ id: site.sandbox.groups.access.id }]);
    expect((await site.why(ADA)).text).toMatch(/^ {2}reads lag +Atlassian does not show a write/m);
  });

  it('is "untaken" where Atlassian did not let the bridge take a group', async () => {
    const site = await startWhy();
    const { id } = await site.created();
    site.sandbox.faults.always({ method: 'DELETE', path: /userByGroupId/, status: 403 });
    expect((await site.state(id, false)).status).toBe(409);

    const { verdict, now } = await site.told(ADA);

    expect(verdict).toMatchObject({ kind: 'untaken', hasAccess: true });
    expect(now['memberships']).toMatchObject([{ origin: { by: 'untaken' } }]);
  });

  it('is "taken" where somebody else took access from a person who is to be active', async () => {
    const site = await startWhy();
    const { id } = await site.created();
    site.later();
    await site.scan();
    const scannedAt = new Date((await site.store.index.scannedAtMs()) ?? 0).toISOString();
    site.sandbox.removeMember(site.sandbox.groups.access.id, id);
    site.clock.advance(1000);

    const { verdict, timeline } = await site.told(ADA);

    expect(verdict).toMatchObject({ kind: 'taken', hasAccess: false });
    expect(verdict.sentence).toContain(`was taken away, not by this bridge, between ${scannedAt} and `);
    expect(timeline.at(-1)).toMatchObject({ event: 'membership.taken', who: 'not by this bridge', since: scannedAt });
  });

  it('is "lostByGroup" where an identity provider took the last granting group', async () => {
    const site = await startWhy({ settings: { ADOPT_GROUPS: 'confluence-users-sandbox' } });
    const { id } = await site.created();
    const groupId = site.sandbox.groups.access.id;
    const taking = { Operations: [{ op: 'remove', path: `members[value eq "${id}"]` }] };
    const reply = await site.scim('patch', `/Groups/${groupId}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      ...taking,
    });
    expect(reply.status).toBe(204);

    const { verdict } = await site.told(ADA);

    expect(verdict).toMatchObject({ kind: 'lostByGroup', hasAccess: false });
    expect(verdict.sentence).toMatch(/^Has no access, because okta took the last group/);
  });

  it.each([
    ['closed', 'closed (deleted)'],
    ['inactive', 'deactivated'],
  ] as const)('is "accountOff" for an account that Atlassian has as %s', async (accountStatus, words) => {
    const site = await startWhy();
    const { id } = await site.created();
    if (accountStatus === 'closed') site.sandbox.closeAccount(id);
    else site.sandbox.updatePerson(id, { accountStatus });

    const { verdict, timeline } = await site.told(ADA);

    expect(verdict).toMatchObject({ kind: 'accountOff', hasAccess: false });
    expect(verdict.sentence).toContain(words);
    expect(timeline.filter(({ who }) => who === 'not by this bridge')).toEqual([]);
  });

  it('tells a suspension by the bridge from one by somebody else', async () => {
    const ours = await startWhy({ settings: { DEACTIVATION: 'suspend' } });
    const { id } = await ours.created();
    await ours.state(id, false);
    expect((await ours.told(ADA)).verdict).toMatchObject({ kind: 'suspended', hasAccess: false });

    const theirs = await startWhy();
    const other = await theirs.created();
    theirs.sandbox.suspend(other.id);
    expect((await theirs.told(ADA)).verdict).toMatchObject({ kind: 'suspendedByOthers', hasAccess: false });
  });

  it('is "deleted" after DELETE, and "givenBack" when the account is in again', async () => {
    const site = await startWhy();
    const { id } = await site.created();
    site.later();
    await site.remove(id);
    expect((await site.told(ADA)).verdict).toMatchObject({
      kind: 'deleted',
      hasAccess: false,
      sentence: expect.stringContaining('okta deleted the person at') as unknown,
    });

    site.later();
    site.sandbox.addMember(site.sandbox.groups.access.id, id);
    await site.scan();
    expect((await site.told(ADA)).verdict).toMatchObject({ kind: 'givenBack', hasAccess: true });
  });

  it('is "invited" while no account has appeared, with what is owed and since when', async () => {
    const site = await startWhy({ backEnd: 'invite', sandbox: { inviteAppears: 'never' } });
    const { id } = await site.created();
    await createGroup(site, 'engineering', id);

    const { verdict, now } = await site.told(ADA);

    expect(verdict).toMatchObject({ kind: 'invited', hasAccess: false });
    expect(now).toMatchObject({ owed: [{ name: '"engineering"' }], invitedAt: expect.stringMatching(/Z$/) as unknown });
    expect((await site.why(id)).text).toMatch(/^ {2}invitation +pending since \S+Z$/m);
  });

  it('is "noAccount" with access where the address may enter under an account that Atlassian hides', async () => {
    const site = await startWhy({ backEnd: 'invite', sandbox: { inviteAppears: 'never' } });
    await site.created();
    site.sandbox.addPerson({ email: ADA, emailVisible: false, access: true });

    const { verdict } = await site.told(ADA);

    expect(verdict).toMatchObject({ kind: 'noAccount', hasAccess: true });
    expect(verdict.sentence).toContain('confluence-scim-bridge link EMAIL ACCOUNT');
  });

  it('is "never" for an account in no granting group that only the organization knows', async () => {
    const site = await startWhy();
    const { accountId } = site.sandbox.addPerson({ email: 'eve@example.com' });

    const { verdict, person } = await site.told('eve@example.com');

    expect(person?.id).toBe(accountId);
    expect(verdict).toMatchObject({ kind: 'never', hasAccess: false });
  });

  it.each(['connection', 'credential', 'shown nothing'])(
    'is "unknown" when Confluence cannot be asked (%s), with the timeline and the record [SA2]',
    async (trouble) => {
      const site = await startWhy();
      const { id } = await site.created();
      await site.state(id, false);
      if (trouble === 'connection') site.sandbox.faults.always({ kind: 'reset' });
      else if (trouble === 'credential') site.sandbox.revoke('apiToken');
      else
        site.sandbox.faults.always({
          path: /membersByGroupId/,
          status: 200,
          body: { results: [], start: 0, limit: 1, size: 0 },
        });

      const explanation = await site.why(ADA);
      const { verdict, timeline } = await site.told(ADA);

      expect(explanation.isComplete).toBe(false);
      expect(explanation.text).toMatch(/^ {2}Confluence +Confluence could not be asked: \S/m);
      expect(verdict).toMatchObject({ kind: 'unknown', hasAccess: null });
      expect(verdict.sentence).toContain('By the record, okta deactivated the person at');
      expect(timeline.map(({ event }) => event)).toContain('user.deactivated');
    },
  );

  it('says who is protected [SA8]', async () => {
    const site = await startWhy({ settings: { PROTECTED_USERS: ADA } });
    await site.known();

    expect((await site.told(ADA)).now['isProtected']).toBe(true);
    expect((await site.told(site.sandbox.admin.accountId)).now['isProtected']).toBe(true);
  });
});

describe('the question about a person', () => {
  it('finds nobody in words, with what to do', async () => {
    const site = await startWhy();

    const { kind, text, isComplete } = await site.why('nobody\u001b@example.com');

    expect({ kind, isComplete }).toEqual({ kind: 'none', isComplete: true });
    expect(text).toMatch(
      /^Neither the records nor Atlassian have a person under this: nobody\\u\{1b\}@example\.com\. Check /,
    );
  });

  it('takes silence for no answer where the records have nobody [SA2]', async () => {
    const site = await startWhy();
    site.sandbox.faults.always({ kind: 'reset' });

    const { kind, text, isComplete } = await site.why('nobody@example.com');

    expect({ kind, isComplete }).toEqual({ kind: 'none', isComplete: false });
    expect(text).toContain('Confluence could not be asked: ');
  });

  it('lists several people with their ids', async () => {
    const site = await startWhy();
    const one = await site.created({
      userName: 'one@example.com',
      externalId: 'one',
      emails: [{ value: 'one@example.com' }, { value: 'both@example.com' }],
    });
    const two = await site.created({
      userName: 'two@example.com',
      externalId: 'two',
      emails: [{ value: 'two@example.com' }, { value: 'both@example.com' }],
    });

    const { kind, text } = await site.why('both@example.com');

    expect(kind).toBe('several');
    expect(text).toContain(`${one.id}  one@example.com`);
    expect(text).toContain(`${two.id}  two@example.com`);
  });

  it('finds a linked person by the account that appeared later', async () => {
    const site = await startInviting();
    const { id } = await site.created();
    const person = site.sandbox.acceptInvitation(ADA);
    await site.scan();
    const asked = await startWhy({ backEnd: 'invite', site: site.sandbox, store: site.store, clock: site.clock });

    expect((await asked.told(person.accountId)).person?.id).toBe(id);
    expect((await asked.told(id)).timeline.map(({ event }) => event)).toContain('user.linked');
  });
});
