import { describe, expect, it } from '@jest/globals';
import type { BackEnd } from '../../src/provisioning/directory.js';
import { ENTRA_TOKEN, expectScimError } from '../support/bridge.js';
import { ADA, ada, bodyOf, startUsers, detailOf } from './userSite.js';

describe('POST for somebody who has an account', () => {
  it.each([
    ['organization', ['organization.inviteUsers']],
    ['jira', ['confluence.addMember']],
  ] as [BackEnd, string[]][])(
    'gives access to one without any (%s) and links it, 201 [US6]',
    async (backEnd, writes) => {
      const site = await startUsers({ backEnd });
      const { accountId } = site.sandbox.addPerson({ email: ADA });

      const reply = await site.create();

      expect(reply.status).toBe(201);
      expect(bodyOf(reply)).toMatchObject({ id: accountId, active: true, title: 'Countess' });
      expect(site.received('writes')).toEqual(writes);
      expect(site.sandbox.groupsOf(accountId)).toEqual([site.sandbox.groups.access.id]);
    },
  );

  it.each(['organization', 'jira', 'invite'] as BackEnd[])(
    'adopts one with access (%s), 201, changing nothing [US6]',
    async (backEnd) => {
      const site = await startUsers({ backEnd });
      const { accountId } = await site.known();

      const reply = await site.create();

      expect(reply.status).toBe(201);
      expect(bodyOf(reply)).toMatchObject({ id: accountId, active: true, title: 'Countess', externalId: 'okta-ada' });
      expect(site.received('writes')).toEqual([]);
      expect((await site.audited(accountId)).map(({ event }) => event)).toEqual(['user.adopted']);
    },
  );

  it('invites one that is outside the directory of the site [US6]', async () => {
    const site = await startUsers();
    const { accountId } = site.sandbox.addPerson({ email: ADA, inDirectory: false, managed: true });

    expect(bodyOf(await site.create())).toMatchObject({ id: accountId, active: true });
  });

  it('is 409 uniqueness for a userName on record, active or not, and finds it by that name [US6]', async () => {
    const site = await startUsers();
    const { id } = await site.created();

    for (const active of [true, false]) {
      await site.state(id, active);
      site.received();
      const reply = await site.create({ userName: 'ADA@EXAMPLE.COM', externalId: 'another' });
      expectScimError(reply, 409, 'uniqueness');
      expect(detailOf(reply)).toContain(id);
      expect(site.received()).toEqual([]);
      expect(await site.find('userName eq "ADA@EXAMPLE.COM"')).toHaveLength(1);
    }
  });

  it('is 409 that names the record when an active one holds the account under another userName [US6]', async () => {
    const site = await startUsers();
    const { id } = await site.created({ userName: 'ada' });

    const reply = await site.create({ externalId: 'another' });

    expectScimError(reply, 409, 'uniqueness');
    expect(detailOf(reply)).toContain('"ada"');
    expect(detailOf(reply)).toContain(id);
    expect((await site.find('userName eq "ada"')).map((user) => user.id)).toEqual([id]);
  });

  it('takes up an active record with the same externalId: a rename, 201, same id, old name free [US6]', async () => {
    const site = await startUsers();
    const { id } = await site.created({ userName: 'ada.byron' });

    const reply = await site.create({ userName: 'ada.lovelace', title: 'Enchantress' });

    expect(reply.status).toBe(201);
    expect(bodyOf(reply)).toMatchObject({ id, userName: 'ada.lovelace', title: 'Enchantress', active: true });
    expect(await site.find('userName eq "ada.byron"')).toEqual([]);
    expect(site.received('writes')).toEqual([]);
  });

  it('does not take another caller’s equal externalId for a rename [US6] [ID6]', async () => {
    const site = await startUsers();
    await site.created({ userName: 'ada.byron' });

    expectScimError(await site.create({ userName: 'ada.lovelace' }, ENTRA_TOKEN), 409, 'uniqueness');
  });

  it.each(['organization', 'jira', 'invite'] as BackEnd[])(
    'takes up an inactive record (%s) and gives access back, 201, same id [US6]',
    async (backEnd) => {
      const site = await startUsers({ backEnd });
      await site.known();
      const { id } = await site.created({ userName: 'ada.byron', externalId: 'old' });
      await site.state(id, false);
      expect(site.sandbox.groupsOf(id)).toEqual([]);

      const reply = await site.create({ userName: 'ada.lovelace', externalId: 'new' });

      expect(reply.status).toBe(201);
      expect(bodyOf(reply)).toMatchObject({ id, userName: 'ada.lovelace', externalId: 'new', active: true });
      expect(site.sandbox.groupsOf(id)).toEqual([site.sandbox.groups.access.id]);
    },
  );

  it('takes up an inactive record without giving access when the message says inactive [US6]', async () => {
    const site = await startUsers();
    const { id } = await site.created({ userName: 'ada.byron', externalId: 'old' });
    await site.state(id, false);

    const reply = await site.create({ externalId: 'new', active: false });

    expect(reply.status).toBe(201);
    expect(bodyOf(reply)).toMatchObject({ id, userName: ADA, active: false });
    expect(site.sandbox.groupsOf(id)).toEqual([]);
  });

  it.each([
    ['deactivated', { accountStatus: 'inactive' }, /deactivated/],
    ['suspended in the organization', { suspended: true }, /suspended/],
  ] as const)(
    'is 409 without scimType that says so when Atlassian has the account %s, linked or not [US6]',
    async (_name, state, words) => {
      const site = await startUsers();
      const { accountId } = site.sandbox.addPerson({ email: ADA, ...state });
      const refused = await site.create();
      expectScimError(refused, 409);
      expect(detailOf(refused)).toMatch(words);

      expect((await site.create({ userName: 'ada.byron', active: false })).status).toBe(201);
      const again = await site.create();
      expectScimError(again, 409);
      expect(detailOf(again)).toMatch(words);
      expect(site.sandbox.groupsOf(accountId)).toEqual([]);
    },
  );

  it('starts anew for an address whose account was closed [US6]', async () => {
    const site = await startUsers();
    const old = await site.known();
    site.sandbox.closeAccount(old.accountId);

    expect(bodyOf(await site.create()).id).not.toBe(old.accountId);
  });
});

describe('POST of active: false', () => {
  it.each(['organization', 'jira'] as BackEnd[])(
    'links an account without access and gives none (%s) [US6]',
    async (backEnd) => {
      const site = await startUsers({ backEnd });
      const { accountId } = site.sandbox.addPerson({ email: ADA });

      const reply = await site.create({ active: false });

      expect(reply.status).toBe(201);
      expect(bodyOf(reply)).toMatchObject({ id: accountId, active: false });
      expect(site.received('writes')).toEqual([]);
      expect(bodyOf(await site.get(accountId)).active).toBe(false);
    },
  );

  it.each(['organization', 'jira', 'invite'] as BackEnd[])(
    'takes the access of an account that has some (%s) [US6] [US12]',
    async (backEnd) => {
      const site = await startUsers({ backEnd });
      const { accountId } = await site.known();

      const reply = await site.create({ active: false });

      expect(reply.status).toBe(201);
      expect(bodyOf(reply)).toMatchObject({ id: accountId, active: false });
      expect(site.sandbox.groupsOf(accountId)).toEqual([]);
    },
  );

  it('takes access that only the index shows yet [US6] [US2]', async () => {
    const site = await startUsers();
    const { accountId } = await site.known();
    site.sandbox.faults.next({
      path: /users\/search/,
      status: 200,
      body: { data: [{ accountId, email: ADA, status: 'active', accountStatus: 'active', groups: [] }], links: {} },
    });

    expect((await site.create({ active: false })).status).toBe(201);
    expect(site.sandbox.groupsOf(accountId)).toEqual([]);
  });

  it.each(['organization', 'jira', 'invite'] as BackEnd[])(
    'records somebody without an account (%s), inviting nobody; active: true makes the account later [US6] [ID1]',
    async (backEnd) => {
      const site = await startUsers({ backEnd });

      const user = bodyOf(await site.create({ active: false }));
      expect(user.id).toMatch(/^inv-/);
      expect(user.active).toBe(false);
      expect(site.received('writes')).toEqual([]);

      const reply = await site.state(user.id, true);
      await site.scan();

      expect(reply.status).toBe(200);
      const person = site.sandbox.findPersonByEmail(ADA);
      expect(bodyOf(await site.get(user.id))).toMatchObject({ id: user.id, active: true });
      expect((await site.link(user.id))?.accountId).toBe(person?.accountId);
    },
  );
});

describe('a recycled address', () => {
  it.each([
    ['the back end names the account for the address now', {}, true],
    ['the account has another address now', { email: 'ada@private.example' }, false],
  ])('after DELETE, when %s [ID5]', async (_name, change, isSame) => {
    const site = await startUsers();
    const { id } = await site.created();
    await site.remove(id);
    site.sandbox.updatePerson(id, change);

    const later = bodyOf(await site.create({ externalId: 'somebody-else' }));

    expect(later.id === id).toBe(isSame);
    expect(site.sandbox.groupsOf(id)).toHaveLength(isSame ? 1 : 0);
  });

  it.each(['jira', 'invite'] as BackEnd[])(
    'is the old account where addresses are hidden (%s) only for the same caller with the same externalId [ID5]',
    async (backEnd) => {
      const site = await startUsers({ backEnd });
      const { accountId } = await site.known();
      await site.created();
      expect((await site.remove(accountId)).status).toBe(204);
      site.sandbox.updatePerson(accountId, { emailVisible: false });
      site.sandbox.options.inviteAppears = 'never';
      await site.scan();
      site.clock.advance(60_000);

      const stranger = await site.create({ externalId: 'okta-ada' }, ENTRA_TOKEN);
      expect(stranger.status === 201 ? bodyOf(stranger).id : undefined).not.toBe(accountId);
      expect(site.sandbox.groupsOf(accountId)).toEqual([]);
      if (stranger.status === 201) await site.remove(bodyOf(stranger).id, ENTRA_TOKEN);

      expect(bodyOf(await site.create())).toMatchObject({ id: accountId, active: true });
    },
  );

  it('does not hand an inactive record’s account to whoever has the address now [ID5]', async () => {
    const site = await startUsers();
    const { id } = await site.created({ userName: 'ada.one', externalId: 'one' });
    await site.state(id, false);
    site.sandbox.updatePerson(id, { email: 'ada@private.example' });

    const later = bodyOf(await site.create({ userName: 'ada.two', externalId: 'two' }));

    expect(later.id).not.toBe(id);
    expect(site.sandbox.groupsOf(id)).toEqual([]);
    expect(bodyOf(await site.get(id))).toMatchObject({ userName: 'ada.one', active: false });
  });

  it('leaves a record with its account when userName and e-mail change to somebody else’s [ID5]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    const bob = site.sandbox.addPerson({ email: 'bob@example.com' });

    const reply = await site.replace(id, ada({ userName: 'bob@example.com', emails: [{ value: 'bob@example.com' }] }));
    await site.state(id, false);
    await site.state(id, true);

    expect(bodyOf(reply)).toMatchObject({ id, userName: 'bob@example.com' });
    expect((await site.link(id))?.accountId).toBe(id);
    expect(site.sandbox.groupsOf(id)).toHaveLength(1);
    expect(site.sandbox.groupsOf(bob.accountId)).toEqual([]);
  });

  it('leaves of a deleted person no address and no name, only a tombstone [ID5] [SA7]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    await site.remove(id);

    const [tombstone] = await site.store.tombstones.findByAddress(ADA);

    expect(tombstone).toMatchObject({ id, accountId: id });
    expect(tombstone?.externalIds.get('okta')).toBe('okta-ada');
    expect(JSON.stringify([tombstone, await site.audited()])).not.toMatch(/ada@|Lovelace/i);
  });
});
