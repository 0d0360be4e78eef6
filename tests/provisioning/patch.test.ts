import { describe, expect, it } from '@jest/globals';
import { expectScimError } from '../support/bridge.js';
import { ADA, bodyOf, type Operation, startUsers, detailOf } from './userSite.js';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const TITLE: Operation = { op: 'replace', path: 'title', value: 'Enchantress' };
const MODES = ['put', 'reject', 'record'] as const;

describe('PATCH of a linked person', () => {
  it.each(['put', 'reject'] as const)(
    'of another profile is 501 before any call, names it, and changes nothing (%s) [US11]',
    async (mode) => {
      const site = await startUsers({ settings: { PROFILE_UPDATES: mode } });
      const { id } = await site.created();
      const before = bodyOf(await site.get(id));
      site.received();

      const reply = await site.patch(id, [
        { op: 'replace', path: 'externalId', value: 'new' },
        TITLE,
        { op: 'add', path: 'name.familyName', value: 'Byron' },
      ]);

      expectScimError(reply, 501);
      expect(detailOf(reply)).toMatch(/title.*name|name.*title/);
      expect(detailOf(reply)).not.toMatch(/Enchantress|Byron/);
      expect(site.received()).toEqual([]);
      expect(bodyOf(await site.get(id))).toEqual(before);
    },
  );

  it('of another profile is recorded in mode record, audited as not applied [US11]', async () => {
    const site = await startUsers({ settings: { PROFILE_UPDATES: 'record' } });
    const { id } = await site.created();

    const reply = await site.patch(id, [TITLE, { op: 'replace', path: 'userName', value: 'ada' }]);

    expect(reply.status).toBe(200);
    expect(bodyOf(await site.get(id))).toMatchObject({ title: 'Enchantress', userName: 'ada' });
    expect((await site.audited(id)).map(({ event }) => event)).toContain('user.profileRecorded');
    expect(site.received('writes')).toEqual([]);
  });

  it.each(MODES)('of a userName that another record holds is no way to take it (%s) [US6]', async (mode) => {
    const site = await startUsers({ settings: { PROFILE_UPDATES: mode } });
    await site.created({ userName: 'bob', emails: [{ value: 'bob@example.com' }], externalId: 'bob' });
    const { id } = await site.created();

    const reply = await site.patch(id, [{ op: 'replace', path: 'userName', value: 'Bob' }]);

    if (mode === 'record') expectScimError(reply, 409, 'uniqueness');
    else expectScimError(reply, 501);
    expect(bodyOf(await site.get(id)).userName).toBe(ADA);
  });

  it.each(MODES)('of a password is 501 (%s) [US10]', async (mode) => {
    const site = await startUsers({ settings: { PROFILE_UPDATES: mode } });
    const { id } = await site.created();

    expectScimError(await site.patch(id, [{ op: 'replace', path: 'password', value: 'Secret-1' }]), 501);
  });

  it.each<[string, Operation[]]>([
    ['the title it has', [{ op: 'replace', path: 'title', value: 'Countess' }]],
    [
      'the e-mail it has, in other letters',
      [{ op: 'replace', path: 'emails[type eq "work"].value', value: 'ADA@EXAMPLE.com' }],
    ],
    ['a removal of what is not there', [{ op: 'remove', path: 'nickName' }]],
    ['its own id', [{ op: 'replace', value: { id: 'other', title: 'Countess' } }]],
    ['the externalId it has', [{ op: 'add', path: 'externalId', value: 'okta-ada' }]],
    ['the userName it has, in other letters', [{ op: 'replace', path: 'userName', value: 'ADA@example.com' }]],
    ['two operations that undo each other', [TITLE, { op: 'replace', path: 'title', value: 'Countess' }]],
  ])('of %s is 200 and changes nothing [US11]', async (_name, operations) => {
    const site = await startUsers();
    const { id } = await site.created();
    const before = bodyOf(await site.get(id));
    site.clock.advance(60_000);

    const reply = await site.patch(id, operations);

    expect(reply.status).toBe(200);
    expect(bodyOf(reply)).toEqual(before);
  });

  it.each<[string, Operation[]]>([
    ['add', [{ op: 'add', path: 'externalId', value: 'x' }]],
    ['replace without path', [{ op: 'Replace', value: { externalId: 'x' } }]],
    ['a URN', [{ op: 'replace', path: 'urn:ietf:params:scim:schemas:core:2.0:User:externalId', value: 'x' }]],
    ['a list of one', [{ op: 'replace', path: 'EXTERNALID', value: ['x'] }]],
  ])('sets externalId by %s [US11]', async (_name, operations) => {
    const site = await startUsers();
    const { id } = await site.created();

    expect(bodyOf(await site.patch(id, operations))).toMatchObject({ externalId: 'x' });
  });

  it('of several statements of active the last counts [US11]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    const off: Operation = { op: 'replace', path: 'active', value: false };
    const on: Operation = { op: 'Replace', path: 'active', value: 'True' };

    expect(bodyOf(await site.patch(id, [on, off])).active).toBe(false);
    expect(bodyOf(await site.patch(id, [off, on])).active).toBe(true);
    expect(site.sandbox.groupsOf(id)).toHaveLength(1);
  });

  it.each<[string, object, string]>([
    ['no PatchOp schema', { Operations: [TITLE] }, 'invalidSyntax'],
    ['no operations', { schemas: [PATCH_OP], Operations: [] }, 'invalidSyntax'],
    [
      'an unknown op',
      { schemas: [PATCH_OP], Operations: [{ op: 'move', path: 'active', value: false }] },
      'invalidSyntax',
    ],
    ['remove without path', { schemas: [PATCH_OP], Operations: [{ op: 'remove' }] }, 'noTarget'],
    [
      'an unreadable active',
      { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'active', value: 'off' }] },
      'invalidValue',
    ],
  ])('with %s is malformed, 400 before anybody is looked for [US11]', async (_name, message, scimType) => {
    const site = await startUsers();

    expectScimError(await site.scim('patch', '/Users/712020:nobody', message), 400, scimType);
    expect(site.received()).toEqual([]);
  });

  it('refuses in the order: unknown resource, read-only, no target, profile [US11]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    const readOnly: Operation = { op: 'replace', path: 'meta', value: { version: '1' } };
    const required: Operation = { op: 'remove', path: 'userName' };
    const noTarget: Operation = { op: 'replace', path: 'emails[type eq "fax"].display', value: 'x' };

    expectScimError(await site.patch('712020:nobody', [TITLE, noTarget, readOnly]), 404);
    expectScimError(await site.patch(id, [TITLE, noTarget, readOnly]), 400, 'mutability');
    expectScimError(await site.patch(id, [TITLE, noTarget, required]), 400, 'mutability');
    expectScimError(await site.patch(id, [TITLE, noTarget]), 400, 'noTarget');
    expectScimError(await site.patch(id, [TITLE]), 501);
    expect(site.received('writes')).toEqual([]);
  });
});

describe('PATCH of a person nobody linked', () => {
  it('is compared with what Confluence shows, for one users-bulk; a refused one adopts nobody [US11]', async () => {
    const site = await startUsers();
    const { accountId } = await site.known();

    expectScimError(await site.patch(accountId, [TITLE]), 501);
    expect(site.received()).toEqual(['confluence.usersBulk']);
    expectScimError(await site.patch(accountId, [TITLE, { op: 'replace', path: 'externalId', value: 'x' }]), 501);
    expectScimError(await site.patch(accountId, [TITLE, { op: 'replace', path: 'active', value: true }]), 501);
    expect(await site.link(accountId)).toBeUndefined();
    expect(await site.find('externalId eq "x"')).toEqual([]);
  });

  it('of what Confluence shows is 200 and adopts nobody [US11]', async () => {
    const site = await startUsers();
    const { accountId } = await site.known();

    const reply = await site.patch(accountId, [{ op: 'replace', path: 'displayName', value: 'Ada King Lovelace' }]);

    expect(reply.status).toBe(200);
    expect(bodyOf(reply)).toMatchObject({ id: accountId, userName: ADA, active: true });
    expect(await site.link(accountId)).toBeUndefined();
  });

  it.each<[string, Operation]>([
    ['active: true', { op: 'replace', path: 'active', value: true }],
    ['active: false', { op: 'replace', path: 'active', value: false }],
    ['externalId', { op: 'add', path: 'externalId', value: 'x' }],
  ])('that states %s adopts, recording what Confluence shows [US11]', async (_name, operation) => {
    const site = await startUsers({ settings: { PROFILE_UPDATES: 'reject' } });
    const { accountId } = await site.known();

    const reply = await site.patch(accountId, [operation]);

    expect(reply.status).toBe(200);
    expect(await site.link(accountId)).toMatchObject({ userName: ADA, origin: 'adopted', accountId, address: ADA });
    const active = operation.value !== false;
    expect(bodyOf(await site.get(accountId))).toMatchObject({ displayName: 'Ada King Lovelace', active });
    expect(site.sandbox.groupsOf(accountId)).toHaveLength(active ? 1 : 0);
  });

  it('records in mode record what is sent [US11]', async () => {
    const site = await startUsers({ settings: { PROFILE_UPDATES: 'record' } });
    const { accountId } = await site.known();

    expect((await site.patch(accountId, [TITLE])).status).toBe(200);
    expect(bodyOf(await site.get(accountId))).toMatchObject({ title: 'Enchantress', userName: ADA });
  });
});
