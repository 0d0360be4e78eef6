import { describe, expect, it } from '@jest/globals';
import { expectScimError } from '../support/bridge.js';
import { ADA, bodyOf, startUsers } from './userSite.js';

describe('a person nobody provisioned yet', () => {
  it('is a User when in a granting group, under the account id [ID1] [ID2]', async () => {
    const site = await startUsers();
    const { accountId } = await site.known();

    const reply = await site.get(accountId);

    expect(reply.status).toBe(200);
    expect(bodyOf(reply)).toMatchObject({ id: accountId, active: true });
    expect(bodyOf(reply).meta.location).toBe(`https://scim.example.com/scim/v2/Users/${accountId}`);
  });

  it('answers with what Confluence shows: e-mail as userName, name split for imports, no more [US1]', async () => {
    const site = await startUsers();
    const { accountId } = await site.known();

    const user = bodyOf(await site.get(accountId));

    expect(user).toEqual({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      id: accountId,
      userName: ADA,
      displayName: 'Ada King Lovelace',
      name: { formatted: 'Ada King Lovelace', familyName: 'Lovelace', givenName: 'Ada King' },
      emails: [{ value: ADA, primary: true }],
      active: true,
      groups: [expect.objectContaining({ value: site.sandbox.groups.access.id })],
      meta: expect.objectContaining({ resourceType: 'User' }) as unknown,
    });
  });

  it.each(['empty', 'null', 'absent'] as const)(
    'has the account id as userName and no e-mails where the address is hidden (%s) [US1]',
    async (hiddenEmail) => {
      const site = await startUsers({ sandbox: { hiddenEmail } });
      const { accountId } = await site.known({ emailVisible: false, displayName: 'Ada' });

      const user = bodyOf(await site.get(accountId));

      expect(user).toMatchObject({ userName: accountId, displayName: 'Ada', name: { formatted: 'Ada' } });
      expect(user).not.toHaveProperty('emails');
      expect(user.name).not.toHaveProperty('familyName');
    },
  );

  it('is inactive when Atlassian has deactivated the account [US2]', async () => {
    const site = await startUsers();
    const { accountId } = await site.known({ accountStatus: 'inactive' });

    expect(bodyOf(await site.get(accountId)).active).toBe(false);
  });

  it.each([
    ['an app', { accountType: 'app' }],
    ['a customer', { accountType: 'customer' }],
  ] as const)('is no User when it is %s in a granting group [ID2]', async (_name, person) => {
    const site = await startUsers();
    const { accountId } = await site.known({ ...person, email: ADA });

    expectScimError(await site.get(accountId), 404);
    expectScimError(await site.remove(accountId), 404);
    expectScimError(await site.state(accountId, false), 404);
    expect(await site.find(`userName eq "${ADA}"`)).toEqual([]);
    expect(await site.find(`id eq "${accountId}"`)).toEqual([]);
    expect(site.sandbox.groupsOf(accountId)).toEqual([site.sandbox.groups.access.id]);
  });

  it('is no User without a granting group [ID2]', async () => {
    const site = await startUsers();
    const { accountId } = await site.known({ access: false });

    expectScimError(await site.get(accountId), 404);
    expect(await site.find(`userName eq "${ADA}"`)).toEqual([]);
  });

  it('is not declared gone when every group vanishes from sight with the rights of the credential [SA2]', async () => {
    const site = await startUsers();
    const { accountId } = await site.known();
    const nothing = { results: [], start: 0, limit: 200, size: 0, _links: {} };
    site.sandbox.faults.always({ path: /memberof|membersByGroupId/, status: 200, body: nothing });

    expectScimError(await site.get(accountId), 503);
  });
});

describe('a linked person', () => {
  it('is answered with everything the identity provider supplied, and the true active, groups and meta [US1]', async () => {
    const site = await startUsers();
    const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
    const { id } = await site.created({
      [enterprise]: { department: 'Analysis', manager: { value: 'boss' } },
      emails: [
        { value: 'Ada@Example.com', type: 'work', primary: true },
        { value: 'ada@home.example', type: 'home' },
      ],
      password: 'secret-Password-1',
    });

    const user = bodyOf(await site.get(id));

    expect(user).toMatchObject({
      userName: ADA,
      externalId: 'okta-ada',
      name: { givenName: 'Ada', familyName: 'Lovelace' },
      title: 'Countess',
      emails: [
        { value: 'Ada@Example.com', type: 'work', primary: true },
        { value: 'ada@home.example', type: 'home' },
      ],
      [enterprise]: { department: 'Analysis', manager: { value: 'boss' } },
      active: true,
      groups: [{ value: site.sandbox.groups.access.id }],
    });
    expect(user).not.toHaveProperty('displayName');
    expect(JSON.stringify([user, await site.link(id), site.logs])).not.toContain('secret-Password-1');
  });

  it('is inactive when the account is deactivated, and when nobody left it in a granting group [US2]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    site.sandbox.updatePerson(id, { accountStatus: 'inactive' });
    expect(bodyOf(await site.get(id)).active).toBe(false);

    site.sandbox.updatePerson(id, { accountStatus: 'active' });
    site.clock.advance(11 * 60_000);
    site.sandbox.removeMember(site.sandbox.groups.access.id, id);
    const other = site.sandbox.addGroup({ name: 'chess' });
    site.sandbox.addMember(other.id, id);

    const user = bodyOf(await site.get(id));
    expect(user.active).toBe(false);
    expect(user.groups?.map(({ display }) => display)).toEqual(['chess']);
  });

  it('keeps what we wrote for ten minutes against lagging reads, and no longer [US2]', async () => {
    const site = await startUsers({ sandbox: { lag: { ms: 3_600_000, reads: 0 } } });
    const { id } = await site.created();

    expect(bodyOf(await site.get(id)).active).toBe(true);
    site.clock.advance(9 * 60_000);
    expect(bodyOf(await site.get(id)).active).toBe(true);
    site.clock.advance(2 * 60_000);
    expect(bodyOf(await site.get(id)).active).toBe(false);
  });

  it('costs two calls at once, one without groups [US1]', async () => {
    const site = await startUsers();
    const { id } = await site.created();

    await site.get(id);
    expect(site.received().sort()).toEqual(['confluence.listMemberships', 'confluence.usersBulk']);
    await site.scim('get', `/Users/${encodeURIComponent(id)}?excludedAttributes=groups`);
    expect(site.received()).toHaveLength(1);
  });

  it('is the same record for an id that was made before the account was known [ID1]', async () => {
    const site = await startUsers({ backEnd: 'invite', sandbox: { inviteAppears: 'never' } });
    const { id } = await site.created();
    expect(id).toMatch(/^inv-[0-9a-f-]{36}$/);

    const { accountId } = site.sandbox.acceptInvitation(ADA);
    await site.scan();

    expect(bodyOf(await site.get(id))).toMatchObject({ id, active: true });
    expect((await site.link(id))?.accountId).toBe(accountId);
    expectScimError(await site.get(accountId), 404);
  });

  it.each(['a b', 'a/b', '../admin', 'ä', 'a'.repeat(256), "'--", 'inv-nobody', '%00'])(
    'is not looked for under the impossible id %j [ID1]',
    async (id) => {
      const site = await startUsers();

      expectScimError(await site.get(id), 404);
      expectScimError(await site.state(id, false), 404);
      expectScimError(await site.remove(id), 404);
      expect(site.received()).toEqual([]);
    },
  );

  it('sends an id upstream encoded [ID1]', async () => {
    const site = await startUsers();
    await site.get('712020:a@b');

    expect(site.sandbox.calls.map(({ path }) => path).join()).toContain('712020%3Aa%40b');
  });
});
