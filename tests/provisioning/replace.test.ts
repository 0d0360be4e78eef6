import { describe, expect, it } from '@jest/globals';
import { expectScimError } from '../support/bridge.js';
import { ADA, ada, bodyOf, startUsers, detailOf } from './userSite.js';

const MODES = ['put', 'reject', 'record'] as const;

describe('PUT for a linked person', () => {
  it.each(MODES)('of what the record says changes nothing, with one read (%s) [US10]', async (mode) => {
    const site = await startUsers({ settings: { PROFILE_UPDATES: mode } });
    const { id } = await site.created({
      emails: [{ value: ADA, type: 'work', primary: true }, { value: 'a@home.example' }],
    });
    const before = bodyOf(await site.get(id));
    site.received();
    site.clock.advance(60_000);

    for (const same of [
      ada({ emails: before.emails }),
      ada({
        emails: [
          { value: 'A@HOME.example', primary: false },
          { value: 'ADA@example.com', type: 'work', primary: true },
        ],
      }),
      ada({ userName: 'Ada@Example.COM', emails: undefined }),
      { ...before, id: 'other', meta: { resourceType: 'Group' }, groups: [], schemas: ['urn:scim:schemas:core:2.0'] },
      { userName: ADA },
      { userName: ADA, title: null, name: null, emails: [], externalId: null, active: null },
      ada({ emails: undefined, password: 'another-Password-2' }),
    ]) {
      const reply = await site.replace(id, same);
      expect(reply.status).toBe(200);
      expect(bodyOf(reply)).toEqual(before);
      expect(site.received()).toEqual(['confluence.listMemberships']);
    }
  });

  it.each(MODES)('applies active and externalId (%s) [US10]', async (mode) => {
    const site = await startUsers({ settings: { PROFILE_UPDATES: mode } });
    const { id } = await site.created();

    const left = await site.replace(id, ada({ active: false, externalId: 'new' }));
    expect(bodyOf(left)).toMatchObject({ active: false, externalId: 'new' });
    expect(site.sandbox.groupsOf(id)).toEqual([]);

    expect(bodyOf(await site.replace(id, ada({ externalId: 'newer' })))).toMatchObject({
      active: true,
      externalId: 'newer',
    });
    expect(site.sandbox.groupsOf(id)).toHaveLength(1);
  });

  it.each(['put', 'record'] as const)(
    'of another profile replaces the record, audited as not applied in Confluence (%s) [US10]',
    async (mode) => {
      const site = await startUsers({ settings: { PROFILE_UPDATES: mode } });
      const { id, meta } = await site.created();
      site.clock.advance(60_000);

      const reply = await site.replace(
        id,
        ada({ title: 'Enchantress', name: { givenName: 'Augusta' }, nickName: 'A' }),
      );

      expect(reply.status).toBe(200);
      const user = bodyOf(await site.get(id));
      expect(user).toMatchObject({
        title: 'Enchantress',
        name: { givenName: 'Augusta', familyName: 'Lovelace' },
        nickName: 'A',
      });
      expect(user.meta.created).toBe(meta.created);
      expect(user.meta.lastModified > meta.lastModified).toBe(true);
      expect(site.received('writes')).toEqual([]);
      expect(await site.audited(id)).toContainEqual(
        expect.objectContaining({
          event: 'user.profileRecorded',
          result: 'noted',
          note: expect.stringMatching(/Not applied in Confluence: .*title/) as unknown,
        }),
      );
    },
  );

  it('of another profile is 501 in mode reject, names the attributes, and applies nothing of it [US10]', async () => {
    const site = await startUsers({ settings: { PROFILE_UPDATES: 'reject' } });
    const { id } = await site.created();
    const before = bodyOf(await site.get(id));

    const reply = await site.replace(id, ada({ title: 'Enchantress', externalId: 'new' }));

    expectScimError(reply, 501);
    expect(detailOf(reply)).toContain('title');
    expect(detailOf(reply)).not.toContain('Enchantress');
    expect(bodyOf(await site.get(id))).toEqual(before);
  });

  it.each([{ userName: undefined }, { userName: null }, { userName: '' }])(
    'needs a userName: 400 for %j [US10]',
    async (missing) => {
      const site = await startUsers();
      const { id } = await site.created();

      expectScimError(await site.replace(id, ada({ ...missing, title: 'Enchantress' })), 400, 'invalidValue');
      expect(bodyOf(await site.get(id)).title).toBe('Countess');
      expect(site.received('writes')).toEqual([]);
    },
  );

  it('keeps a known address against a blank one [US1]', async () => {
    const site = await startUsers();
    const { id } = await site.created();

    for (const emails of [null, [], [{ value: '' }], [{ value: '', type: 'work', primary: true }], '']) {
      expect((await site.replace(id, ada({ emails }))).status).toBe(200);
      expect(bodyOf(await site.get(id)).emails).toEqual([{ value: ADA, type: 'work', primary: true }]);
    }
    expect((await site.find(`emails.value eq "${ADA}"`)).map((user) => user.id)).toEqual([id]);
  });

  it('is 409 uniqueness for a userName that another record holds, and changes nothing [US6]', async () => {
    const site = await startUsers();
    const bob = await site.created({ userName: 'bob', emails: [{ value: 'bob@example.com' }], externalId: 'bob' });
    const { id } = await site.created();

    const reply = await site.replace(id, ada({ userName: 'BOB', title: 'Enchantress' }));

    expectScimError(reply, 409, 'uniqueness');
    expect(detailOf(reply)).toContain(bob.id);
    expect(bodyOf(await site.get(id))).toMatchObject({ userName: ADA, title: 'Countess' });
  });

  it('is 404 for an id nobody has [US10]', async () => {
    const site = await startUsers();

    expectScimError(await site.replace('712020:nobody', ada()), 404);
    expectScimError(await site.replace('inv-nobody', ada({ active: false })), 404);
    expect(site.received('writes')).toEqual([]);
  });
});

describe('PUT for a person nobody linked', () => {
  it.each(MODES)('adopts: what is sent becomes the record (%s), with two calls [US10]', async (mode) => {
    const site = await startUsers({ settings: { PROFILE_UPDATES: mode } });
    const { accountId } = await site.known();

    const reply = await site.replace(accountId, ada({ userName: 'ada', active: undefined }));

    expect(reply.status).toBe(200);
    expect(site.received().sort()).toEqual(['confluence.listMemberships', 'confluence.usersBulk']);
    const user = bodyOf(await site.get(accountId));
    expect(user).toMatchObject({
      id: accountId,
      userName: 'ada',
      title: 'Countess',
      externalId: 'okta-ada',
      active: true,
    });
    expect(user).not.toHaveProperty('displayName');
    expect((await site.audited(accountId)).map(({ event }) => event)).toEqual(['user.adopted']);
    expect((await site.find('userName eq "ada"')).map(({ id }) => id)).toEqual([accountId]);
  });

  it('is 409 for a userName that a record holds, and adopts nobody [US6]', async () => {
    const site = await startUsers();
    await site.created({ userName: 'bob', emails: [{ value: 'bob@example.com' }] });
    const { accountId } = await site.known();

    expectScimError(await site.replace(accountId, ada({ userName: 'bob' })), 409, 'uniqueness');
    expect(await site.link(accountId)).toBeUndefined();
  });

  it('refuses active: true where Atlassian has deactivated the account, and adopts nobody [US6]', async () => {
    const site = await startUsers();
    const { accountId } = await site.known({ accountStatus: 'inactive' });

    expectScimError(await site.replace(accountId, ada()), 409);
    expect(await site.link(accountId)).toBeUndefined();
    const adopted = await site.replace(accountId, ada({ active: undefined }));
    expect(bodyOf(adopted).active).toBe(false);
  });
});
