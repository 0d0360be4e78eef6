import { describe, expect, it } from '@jest/globals';
import { expectScimError } from '../support/bridge.js';
import { ADA, ada, bodyOf, type Operation, startUsers } from './userSite.js';

const OFF: Operation = { op: 'replace', path: 'active', value: false };
const ON: Operation = { op: 'replace', path: 'active', value: true };
const MODES = ['put', 'reject', 'record'] as const;

/** What other operations of the message may be, none of which may keep access alive. */
const NEIGHBOURS: readonly [string, Operation][] = [
  ['a profile attribute', { op: 'replace', path: 'title', value: 'Former Countess' }],
  ['a userName of the soft-deleted', { op: 'Replace', path: 'userName', value: '0a1b2cada@example.com' }],
  ['a userName that another holds', { op: 'replace', path: 'userName', value: 'bob@example.com' }],
  ['a value path without match', { op: 'replace', path: 'emails[type eq "fax"].value', value: 'x' }],
  ['a value path without match to remove', { op: 'remove', path: 'emails[value eq "nobody@example.com"]' }],
  ['a read-only attribute', { op: 'replace', path: 'meta.created', value: '2020-01-01T00:00:00Z' }],
  ['the id', { op: 'replace', path: 'id', value: 'another' }],
  ['the groups', { op: 'remove', path: 'groups' }],
  ['a required attribute to remove', { op: 'remove', path: 'userName' }],
  ['a removal of active', { op: 'remove', path: 'active' }],
  ['an unknown path', { op: 'replace', path: 'shoe size]', value: 42 }],
  ['a broken filter', { op: 'replace', path: 'emails[type eq].value', value: 'x' }],
  ['a password', { op: 'replace', path: 'password', value: 'Secret-1' }],
  ['unreadable e-mails', { op: 'replace', path: 'emails', value: { deep: [[7, { value: [] }]] } }],
  ['an unreadable name', { op: 'replace', path: 'name', value: 7 }],
  ['an unreadable externalId', { op: 'replace', path: 'externalId', value: { not: ['text'] } }],
  ['an operation without value', { op: 'add', path: 'title' }],
  ['an operation with nothing', { op: 'replace', value: 'nothing' }],
  ['a path that is no text', { op: 'replace', path: 7 as unknown as string, value: 1 }],
];

describe.each(MODES)('a PATCH that takes access (PROFILE_UPDATES=%s)', (mode) => {
  it.each(NEIGHBOURS)('is carried out beside %s, before and after it [US12]', async (_name, neighbour) => {
    const site = await startUsers({ settings: { PROFILE_UPDATES: mode } });
    await site.created({ userName: 'bob@example.com', emails: [{ value: 'bob@example.com' }], externalId: 'bob' });
    const { id } = await site.created();

    for (const operations of [
      [OFF, neighbour],
      [neighbour, OFF],
    ]) {
      await site.state(id, true);
      const reply = await site.patch(id, operations);

      expect(reply.status).toBe(200);
      expect(bodyOf(reply)).toMatchObject({ id, userName: ADA, active: false });
      expect(site.sandbox.groupsOf(id)).toEqual([]);
      expect(await site.link(id)).toMatchObject({ userName: ADA, address: ADA, wanted: 'inactive' });
    }
  });
});

it.each(NEIGHBOURS)('takes the access of a person nobody linked beside %s [US12]', async (_name, neighbour) => {
  const site = await startUsers();
  await site.created({ userName: 'bob@example.com', emails: [{ value: 'bob@example.com' }], externalId: 'bob' });
  const { accountId } = await site.known();

  const reply = await site.patch(accountId, [neighbour, OFF]);

  expect(reply.status).toBe(200);
  expect(bodyOf(reply)).toMatchObject({ userName: ADA, active: false });
  expect(site.sandbox.groupsOf(accountId)).toEqual([]);
});

it.each<[string, Operation, RegExp]>([
  ['a profile attribute', { op: 'replace', path: 'title', value: 'x' }, /title/],
  ['a password', { op: 'replace', path: 'password', value: 'Secret-1' }, /password/],
  ['a value path without match', { op: 'replace', path: 'emails[type eq "fax"].value', value: 'x@y.example' }, /./],
  ['an unknown path', { op: 'replace', path: 'shoe size]', value: 42 }, /./],
  ['a read-only attribute', { op: 'replace', path: 'id', value: 'another' }, /./],
])('audits what was dropped: %s, without values [US12] [SA10]', async (_name, neighbour, words) => {
  const site = await startUsers();
  const { id } = await site.created();

  await site.patch(id, [OFF, neighbour]);

  const dropped = (await site.audited(id)).filter(({ event }) => event === 'user.profileDropped');
  expect(dropped).toHaveLength(1);
  expect(dropped[0]).toMatchObject({
    decision: 'US12',
    result: 'noted',
    note: expect.stringMatching(words) as unknown,
  });
  expect(JSON.stringify(dropped)).not.toMatch(/Secret-1|x@y\.example/);
});

describe('a PUT that takes access', () => {
  it.each<[string, object]>([
    ['another profile', { title: 'Former Countess' }],
    ['a userName of the soft-deleted', { userName: '0a1b2cada@example.com' }],
    ['a userName of the soft-deleted and no e-mails', { userName: '0a1b2cada@example.com', emails: undefined }],
    ['a userName that another holds', { userName: 'bob@example.com' }],
    ['no userName', { userName: undefined }],
    ['an unreadable userName', { userName: { a: 1 } }],
    ['unreadable e-mails', { emails: 7, name: 7 }],
    ['e-mails without end', { emails: Array.from({ length: 5000 }, () => ({ value: 'x@example.com' })) }],
    ['an unreadable externalId', { externalId: [[]] }],
    ['an overlong title', { title: 'x'.repeat(70_000) }],
    ['a password', { password: 'Secret-1' }],
    ['strange keys', { ['__proto__x']: 1, constructor: { prototype: 1 }, 'urn:x:y': { a: null } }],
  ])('is carried out beside %s, in every mode, and the userName stays [US12]', async (_name, changes) => {
    for (const mode of MODES) {
      const site = await startUsers({ settings: { PROFILE_UPDATES: mode } });
      await site.created({ userName: 'bob@example.com', emails: [{ value: 'bob@example.com' }], externalId: 'bob' });
      const { id } = await site.created();

      const reply = await site.replace(id, ada({ active: false, ...changes }));

      expect(reply.status).toBe(200);
      expect(bodyOf(reply)).toMatchObject({ id, userName: ADA, active: false });
      expect(site.sandbox.groupsOf(id)).toEqual([]);
      expect(await site.link(id)).toMatchObject({ userName: ADA, address: ADA });
      await site.close();
    }
  });

  it('is carried out for a person nobody linked, whose userName is not taken from it [US12]', async () => {
    const site = await startUsers();
    const { accountId } = await site.known();

    const reply = await site.replace(accountId, ada({ active: false, userName: '0a1b2cada@example.com', emails: 7 }));

    expect(bodyOf(reply)).toMatchObject({ userName: ADA, active: false });
    expect(await site.link(accountId)).toMatchObject({ userName: ADA, address: ADA, wanted: 'inactive' });
    expect(site.sandbox.groupsOf(accountId)).toEqual([]);
  });

  it('lets the person be found and come back under the old name [US12] [US6]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    await site.replace(id, { userName: '0a1b2cada@example.com', active: false });

    expect((await site.find(`userName eq "${ADA}"`)).map((user) => user.id)).toEqual([id]);
    expect(bodyOf(await site.replace(id, ada()))).toMatchObject({ id, active: true });
  });
});

describe('a message that gives access back', () => {
  it.each(NEIGHBOURS.filter(([name]) => !name.includes('another holds')))(
    'is carried out beside %s when the status changes, and refused as ever when it does not [US12]',
    async (_name, neighbour) => {
      const site = await startUsers({ settings: { PROFILE_UPDATES: 'reject' } });
      const { id } = await site.created();
      await site.state(id, false);

      const reply = await site.patch(id, [ON, neighbour]);
      expect(reply.status).toBe(200);
      expect(bodyOf(reply)).toMatchObject({ userName: ADA, title: 'Countess', active: true });
      expect(site.sandbox.groupsOf(id)).toHaveLength(1);

      expect([400, 501]).toContain((await site.patch(id, [ON, neighbour])).status);
    },
  );

  it('is carried out as PUT with a profile that mode reject refuses [US12]', async () => {
    const site = await startUsers({ settings: { PROFILE_UPDATES: 'reject' } });
    const { id } = await site.created();
    await site.state(id, false);

    const reply = await site.replace(id, ada({ title: 'Enchantress' }));
    expect(bodyOf(reply)).toMatchObject({ active: true, title: 'Countess' });
    expectScimError(await site.replace(id, ada({ title: 'Enchantress' })), 501);
  });
});

it('is not carried out when it is malformed or the person does not exist [US12] [US11]', async () => {
  const site = await startUsers();
  const { id } = await site.created();

  expectScimError(
    await site.scim('patch', `/Users/${encodeURIComponent(id)}`, { Operations: [OFF] }),
    400,
    'invalidSyntax',
  );
  expectScimError(await site.patch(id, [OFF, { op: 'rename', path: 'x' }]), 400, 'invalidSyntax');
  expectScimError(await site.patch(id, [{ ...OFF, value: 'perhaps' }]), 400, 'invalidValue');
  expectScimError(await site.patch(id, [OFF, { op: 'remove' }]), 400, 'noTarget');
  expectScimError(await site.replace(id, ada({ active: 'perhaps' })), 400, 'invalidValue');
  expectScimError(await site.patch('712020:nobody', [OFF]), 404);
  expect(site.sandbox.groupsOf(id)).toHaveLength(1);
});
