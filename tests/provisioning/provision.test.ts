import { describe, expect, it } from '@jest/globals';
import { expectScimError } from '../support/bridge.js';
import { ADA, bodyOf, startUsers, detailOf } from './userSite.js';

const INVITE = /users\/invite/;

describe('the address to invite', () => {
  const work = { value: 'work@example.com', type: 'work' };
  const home = { value: 'home@example.com', type: 'home' };

  it.each([
    ['the primary one', { emails: [work, { ...home, primary: true }] }, 'home@example.com'],
    ['else the one of type work', { emails: [home, work] }, 'work@example.com'],
    ['else the first', { emails: [home, { ...work, type: 'other' }] }, 'home@example.com'],
    ['else a userName that is an address', { emails: undefined, userName: 'Ada@Example.com' }, 'ada@example.com'],
    ['else the default domain’s', { emails: [], userName: 'ada' }, 'ada@example.org'],
  ])('is %s [US3]', async (_name, changes, address) => {
    const site = await startUsers({ settings: { DEFAULT_EMAIL_DOMAIN: 'example.org' } });

    const { id } = await site.created(changes);

    expect(site.sandbox.findPersonByEmail(address)?.accountId).toBe(id);
  });

  it.each([
    ['there is none', { emails: undefined, userName: 'ada' }],
    ['the one to use is none', { emails: [{ value: 'not an address' }] }],
  ])('is missed with 400 invalidValue when %s, before any call [US3]', async (_name, changes) => {
    const site = await startUsers();

    expectScimError(await site.create(changes), 400, 'invalidValue');
    expect(site.received()).toEqual([]);
  });
});

describe('creating through the organization', () => {
  it('searches, invites once with the access group and without mail, and knows the account at once [US4] [ID1]', async () => {
    const site = await startUsers();

    const reply = await site.create();

    const person = site.sandbox.findPersonByEmail(ADA);
    expect(reply.status).toBe(201);
    expect(reply.headers['location']).toBe(bodyOf(reply).meta.location);
    expect(bodyOf(reply)).toMatchObject({ id: person?.accountId, active: true, externalId: 'okta-ada' });
    expect(site.sandbox.calls[1]?.body).toEqual({
      emails: [ADA],
      additionalGroups: [site.sandbox.groups.access.id],
      sendNotification: false,
    });
    expect(site.received()).toEqual(['organization.searchUsers', 'organization.inviteUsers']);
    expect(site.sandbox.groupsOf(bodyOf(reply).id)).toEqual([site.sandbox.groups.access.id]);
  });

  it('does not take an answer of 200 for success: the status of the item decides [US4]', async () => {
    const site = await startUsers();
    const item = { status: 'ERROR', statusReason: 'INVITE_FAILED', group: site.sandbox.groups.access.id };
    const data = [{ id: 'x', email: ADA, results: [{ groupAssignmentResult: [item] }] }];
    site.sandbox.faults.next({ path: INVITE, status: 200, body: { data } });

    expectScimError(await site.create(), 409);
    expect(await site.store.people.findByUserName(ADA)).toBeUndefined();
  });

  it('does not take a partial answer for success, and the repeat finishes [US4] [SA3]', async () => {
    const site = await startUsers({ sandbox: { organizationInviteFails: true } });

    expectScimError(await site.create(), 409);
    site.sandbox.options.organizationInviteFails = false;
    expect((await site.create()).status).toBe(201);
  });

  it('gives the first configured access group [US4] [SA1]', async () => {
    const site = await startUsers({
      settings: { CONFLUENCE_ACCESS_GROUPS: 'writers,confluence-users-sandbox' },
      sandbox: {
        seed: {
          people: [{ email: 'w@example.com' }],
          groups: [{ name: 'writers', grants: 'user', members: ['w@example.com'] }],
        },
      },
    });

    const { id } = await site.created();

    expect(site.sandbox.groupsOf(id)).toEqual([site.sandbox.findGroupByName('writers')?.id]);
  });

  it('answers 409 without scimType when no seat is free, links nobody, and works once there is one [SA5]', async () => {
    const site = await startUsers({ sandbox: { seats: 1 } });

    const reply = await site.create();
    expectScimError(reply, 409);
    expect(detailOf(reply)).toMatch(/licence/);
    expect(await site.find(`userName eq "${ADA}"`)).toEqual([]);
    expect(site.sandbox.seatsUsed()).toBe(1);

    site.sandbox.options.seats = 2;
    expect(bodyOf(await site.create()).active).toBe(true);
  });

  it('names the missing subscription [US4]', async () => {
    const site = await startUsers({ sandbox: { subscription: false } });

    const reply = await site.create();

    expectScimError(reply, 409);
    expect(detailOf(reply)).toMatch(/subscription/);
  });

  it.each(['drop-after', 'error-after'] as const)(
    'invites nobody twice when the answer was lost (%s): the repeat finds the account [US4] [SA6]',
    async (kind) => {
      const site = await startUsers();
      site.sandbox.faults.next({ path: INVITE, kind, status: 502 });

      expectScimError(await site.create(), 503);
      expect(site.received('writes')).toEqual(['organization.inviteUsers']);

      expect((await site.create()).status).toBe(201);
      expect(site.received('writes')).toEqual([]);
      expect(site.sandbox.seatsUsed()).toBe(2);
      // No scan since the invitation has seen it.
      expect(bodyOf(await site.scim('get', '/Users'))).toMatchObject({
        Resources: expect.arrayContaining([expect.objectContaining({ userName: ADA, active: true })]),
      });
    },
  );

  it('sends an invitation once, whatever the answer, and again at the next request [SA4]', async () => {
    const site = await startUsers();
    site.sandbox.faults.next({ path: INVITE, status: 500 });

    expectScimError(await site.create(), 503);
    expect(site.received('writes')).toEqual(['organization.inviteUsers']);
    expect((await site.create()).status).toBe(201);
  });

  it.each([401, 403])('answers 500 with advice when Atlassian refuses the key with %i [SA5]', async (status) => {
    const site = await startUsers();
    site.sandbox.faults.next({ path: INVITE, status });

    expectScimError(await site.create(), 500);
  });

  it('makes one person of several requests at once [US6]', async () => {
    const site = await startUsers();

    const replies = await Promise.all([
      site.create(),
      site.create(),
      site.create({ userName: 'ada', externalId: 'other' }),
    ]);

    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect(site.received('writes')).toEqual(['organization.inviteUsers']);
  });

  it('refuses what is no User before any call [US10]', async () => {
    const site = await startUsers();

    expectScimError(await site.create({ userName: undefined }), 400, 'invalidValue');
    expectScimError(await site.create({ userName: ' ' }), 400, 'invalidValue');
    expectScimError(await site.create({ userName: 7 }), 400, 'invalidValue');
    expectScimError(await site.create({ active: 'maybe' }), 400, 'invalidValue');
    expectScimError(await site.create({ name: 7 }), 400, 'invalidValue');
    expect(site.received()).toEqual([]);
  });
});

describe('creating through Jira', () => {
  it('searches, creates without products, and joins the access group: three calls [US4]', async () => {
    const site = await startUsers({ backEnd: 'jira' });

    const user = bodyOf(await site.create());

    expect(user).toMatchObject({ id: site.sandbox.findPersonByEmail(ADA)?.accountId, active: true });
    expect(site.sandbox.calls[1]?.body).toEqual({ emailAddress: ADA, products: [] });
    expect(site.received()).toEqual(['jira.searchUsers', 'jira.createUser', 'confluence.addMember']);
    expect((await site.audited(user.id)).map(({ event }) => event)).toEqual(['group.memberAdded', 'user.provisioned']);
  });

  it.each([400, 500] as const)('looks again when Jira creates and answers %i all the same [US4]', async (answer) => {
    const site = await startUsers({ backEnd: 'jira', sandbox: { jiraCreateAnswer: answer } });

    expect((await site.create()).status).toBe(201);
    expect(site.received()).toEqual([
      'jira.searchUsers',
      'jira.createUser',
      'jira.searchUsers',
      'confluence.addMember',
    ]);
  });

  it('looks again when the answer is lost, and creates nobody twice [US4] [SA6]', async () => {
    const site = await startUsers({ backEnd: 'jira' });
    site.sandbox.faults.next({ path: /api\/3\/user$/, kind: 'drop-after' });

    expect((await site.create()).status).toBe(201);
    expect(site.received('writes')).toEqual(['jira.createUser', 'confluence.addMember']);
  });

  it('goes on where it stopped: created, but not yet in the access group [SA6]', async () => {
    const site = await startUsers({ backEnd: 'jira' });
    site.sandbox.faults.always({ path: /userByGroupId/, status: 503 });
    expectScimError(await site.create(), 503);
    site.sandbox.faults.clear();
    site.received();

    expect(bodyOf(await site.create())).toMatchObject({ active: true });
    expect(site.received('writes')).toEqual(['confluence.addMember']);
  });

  it('answers 409 without scimType when no seat is free, which Confluence says as 500, and shows nobody active [SA5]', async () => {
    const site = await startUsers({ backEnd: 'jira', sandbox: { seats: 1 } });

    const reply = await site.create();

    expectScimError(reply, 409);
    expect(detailOf(reply)).toMatch(/licence/);
    expect(await site.find(`userName eq "${ADA}"`)).toEqual([]);
    site.sandbox.options.seats = undefined;
    expect(bodyOf(await site.create()).active).toBe(true);
  });
});
