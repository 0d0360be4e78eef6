import { describe, expect, it } from '@jest/globals';
import type supertest from 'supertest';
import { expectScimError } from '../support/bridge.js';
import { ADA, ada, bodyOf, startUsers, type UserSite, detailOf } from './userSite.js';

/** Every change a person can meet, with what the audit calls it. */
const CHANGES: [string, string, (site: UserSite, id: string, email: string) => Promise<supertest.Response>][] = [
  ['POST', 'user.provisioned', (site, _id, email) => site.create({ userName: email, emails: [{ value: email }] })],
  [
    'POST of active: false',
    'user.provisioned',
    (site, _id, email) => site.create({ userName: 'x', emails: [{ value: email }], active: false }),
  ],
  ['PATCH of active: false', 'user.deactivated', (site, id) => site.state(id, false)],
  ['PATCH of active: true', 'user.reactivated', (site, id) => site.state(id, true)],
  [
    'PATCH of externalId',
    'user.changed',
    (site, id) => site.patch(id, [{ op: 'add', path: 'externalId', value: 'x' }]),
  ],
  [
    'PUT',
    'user.deactivated',
    (site, id, email) => site.replace(id, ada({ userName: email, emails: [{ value: email }], active: false })),
  ],
  ['DELETE', 'user.deprovisioned', (site, id) => site.remove(id)],
];

describe('a protected person', () => {
  it.each(CHANGES)(
    'meets %s with 403 and no write when it is the credential’s own account [SA8]',
    async (_name, event, send) => {
      const site = await startUsers();
      const { accountId, email } = site.sandbox.admin;
      const groups = site.sandbox.groupsOf(accountId);

      const reply = await send(site, accountId, email);

      expectScimError(reply, 403);
      expect(site.received('writes')).toEqual([]);
      expect(site.sandbox.groupsOf(accountId)).toEqual(groups);
      expect(await site.link(accountId)).toBeUndefined();
      expect(await site.audited()).toEqual([expect.objectContaining({ event, decision: 'SA8', result: 'refused' })]);
    },
  );

  it.each(['jira', 'invite'] as const)(
    'is the own account by its e-mail where %s hides addresses [SA8]',
    async (backEnd) => {
      const site = await startUsers({ backEnd });
      const { accountId, email } = site.sandbox.admin;
      site.sandbox.updatePerson(accountId, { emailVisible: false });
      await site.scan();
      site.received();

      expectScimError(await site.create({ userName: 'chef', emails: [{ value: email.toUpperCase() }] }), 403);
      expect(site.received()).toEqual([]);
    },
  );

  it.each(CHANGES)(
    'meets %s with 403 when PROTECTED_USERS names the account, linked or not [SA8]',
    async (_name, event, send) => {
      const accountId = '712020:0e4f3b1c-7a53-4d18-9b0a-5d9c2f6e8a11';
      for (const isLinked of [false, true]) {
        const site = await startUsers({ settings: { PROTECTED_USERS: accountId } });
        await site.known({ accountId });
        if (isLinked) await linkAs(site, accountId, 'boss');

        expectScimError(await send(site, accountId, ADA), 403);
        expect(site.received('writes')).toEqual([]);
        expect(site.sandbox.groupsOf(accountId)).toHaveLength(1);
        expect((await site.audited()).at(-1)).toMatchObject({ event, result: 'refused' });
        await site.close();
      }
    },
  );

  it.each(CHANGES)(
    'meets %s with 403 when PROTECTED_USERS names the address, in other letters [SA8]',
    async (_name, _event, send) => {
      const site = await startUsers({ settings: { PROTECTED_USERS: 'ADA@example.com' } });
      const { accountId } = await site.known();

      expectScimError(await send(site, accountId, ADA), 403);
      expect(site.received('writes')).toEqual([]);
      expect(site.sandbox.groupsOf(accountId)).toHaveLength(1);
    },
  );

  it('is not deactivated by a leaver’s message, whatever it carries [SA8] [US12]', async () => {
    const site = await startUsers({ settings: { PROTECTED_USERS: ADA } });
    const { accountId } = await site.known();
    await linkAs(site, accountId, 'boss');

    const reply = await site.patch(accountId, [
      { op: 'replace', path: 'userName', value: 'x' },
      { op: 'replace', path: 'active', value: false },
    ]);

    expectScimError(reply, 403);
    expect(await site.link(accountId)).toMatchObject({ wanted: 'active' });
  });

  it('can be read, and met by what changes nothing [SA8]', async () => {
    const site = await startUsers({ settings: { PROTECTED_USERS: ADA } });
    const { accountId } = await site.known();

    expect((await site.get(accountId)).status).toBe(200);
    expect(await site.find(`userName eq "${ADA}"`)).toHaveLength(1);
    expect(
      (await site.patch(accountId, [{ op: 'replace', path: 'displayName', value: 'Ada King Lovelace' }])).status,
    ).toBe(200);
  });
});

/** A record from before the person was protected. */
async function linkAs(site: UserSite, accountId: string, userName: string): Promise<void> {
  const at = new Date(site.clock.now()).toISOString();
  await site.store.people.insert({
    id: accountId,
    accountId,
    userName,
    profile: {},
    wanted: 'active',
    suspended: false,
    address: ADA,
    invitedAt: undefined,
    origin: 'adopted',
    caller: 'okta',
    owner: 'okta',
    createdAt: at,
    wantedAt: at,
  });
}

describe('ALLOWED_EMAIL_DOMAINS', () => {
  const settings = { ALLOWED_EMAIL_DOMAINS: 'example.org,Example.net' };

  it('lets addresses of these domains have access, in any letter case [US4]', async () => {
    const site = await startUsers({ settings });

    expect((await site.create({ emails: [{ value: 'Ada@EXAMPLE.net' }] })).status).toBe(201);
  });

  it('takes a pattern for all domains that fit it [US4]', async () => {
    const site = await startUsers({ settings: { ALLOWED_EMAIL_DOMAINS: '*.example.org' } });

    expect((await site.create({ emails: [{ value: 'ada@sub.example.org' }] })).status).toBe(201);
    expectScimError(await site.create({ userName: 'bob', emails: [{ value: 'bob@example.org' }] }), 403);
  });

  it.each(['ada@example.com', 'ada@sub.example.org', 'ada@example.org.evil.example'])(
    'refuses access to %s with 403 that names the setting, before any call [US4]',
    async (value) => {
      const site = await startUsers({ settings });

      const reply = await site.create({ emails: [{ value }] });

      expectScimError(reply, 403);
      expect(detailOf(reply)).toContain('ALLOWED_EMAIL_DOMAINS');
      expect(site.received()).toEqual([]);
    },
  );

  it('cannot be gone round by creating inactive and activating later [US4] [US8]', async () => {
    const site = await startUsers({ settings });
    const { accountId } = site.sandbox.addPerson({ email: ADA });
    const { id } = await site.created({ active: false });
    expect(id).toBe(accountId);

    expectScimError(await site.state(id, true), 403);
    expect(site.sandbox.groupsOf(id)).toEqual([]);
    expect((await site.link(id))?.wanted).toBe('inactive');
  });

  it('does not keep anybody from losing access [US12]', async () => {
    const site = await startUsers({ settings });
    const { accountId } = await site.known();

    expect(bodyOf(await site.state(accountId, false)).active).toBe(false);
    expect(site.sandbox.groupsOf(accountId)).toEqual([]);
  });
});

describe('the audit', () => {
  it('has a line for every attempt: when, who, which request, what, by which rule, with which answers, and the result [SA10]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    const reply = await site.state(id, false);

    const lines = await site.audited(id);
    expect(lines.map(({ event, object, decision, result }) => [event, object, decision, result])).toEqual([
      ['group.memberAdded', site.sandbox.groups.access.id, 'US4', 'done'],
      ['user.provisioned', undefined, 'US4', 'done'],
      ['group.memberRemoved', site.sandbox.groups.access.id, 'US7', 'done'],
      ['user.deactivated', undefined, 'US7', 'done'],
    ]);
    const [, , removed] = lines;
    expect(removed).toMatchObject({ caller: 'okta', at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as unknown });
    expect(removed?.requestId).toBe(reply.headers['x-request-id']);
    expect(removed?.upstream.map(({ operation, status }) => [operation, status])).toEqual([
      ['confluence.removeMember', 204],
    ]);
  });

  it.each<[string, Parameters<typeof startUsers>[0], object, string]>([
    ['no seat', { sandbox: { seats: 1 } }, {}, 'refused'],
    ['a refused domain', { settings: { ALLOWED_EMAIL_DOMAINS: 'example.org' } }, {}, 'refused'],
    ['a failed call', { sandbox: { organizationInviteFails: true } }, {}, 'refused'],
  ])('has a line for an attempt that came to nothing: %s [SA10]', async (_name, options, changes, result) => {
    const site = await startUsers(options);
    await site.create(changes);

    expect((await site.audited()).map((line) => [line.event, line.result])).toContainEqual([
      'user.provisioned',
      result,
    ]);
  });

  it('has a line for an attempt whose outcome is unknown [SA10]', async () => {
    const site = await startUsers();
    site.sandbox.faults.next({ path: /users\/invite/, kind: 'drop-after' });
    await site.create();

    const [line] = await site.audited();
    expect(line).toMatchObject({ event: 'user.provisioned', subject: 'new', result: 'failed' });
    expect(line?.upstream.at(-1)).toMatchObject({ operation: 'organization.inviteUsers', status: undefined });
  });

  it('holds ids only: no address, no name, no attribute value [SA7] [SA10]', async () => {
    const site = await startUsers({ settings: { PROFILE_UPDATES: 'record' } });
    const { id } = await site.created();
    await site.create({ userName: 'ada.byron', externalId: 'other' });
    await site.patch(id, [
      { op: 'replace', path: 'title', value: 'Enchantress' },
      { op: 'replace', path: 'emails[value eq "ada@example.com"].value', value: 'augusta@example.com' },
    ]);
    await site.patch(id, [
      { op: 'replace', path: 'active', value: false },
      { op: 'replace', path: 'emails[value eq "byron@example.com"].type', value: 'x' },
    ]);
    await site.remove(id);

    const text = JSON.stringify(await site.audited());
    expect(text).toContain('user.deprovisioned');
    expect(text).not.toMatch(/@|Lovelace|Enchantress|byron/i);
  });
});
