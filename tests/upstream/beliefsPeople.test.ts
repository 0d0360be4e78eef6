import { describe, expect, it } from '@jest/globals';
import type { SandboxOptions } from '../../src/sandbox/options.js';
import { ADA, bodyOf, createGroup, startUsers } from '../provisioning/userSite.js';
import { expectScimError } from '../support/bridge.js';
import { AFTER_OWN_WRITES_MS, hasAccess, membersShown, seen } from './beliefs.js';

type Suspension = Pick<SandboxOptions, 'suspendedMemberships' | 'suspendedListed' | 'suspendedStatus'>;

/** What Confluence may show of a suspended person: its lists were seen to leave them out, the rest nobody knows. */
const SUSPENSIONS: readonly Suspension[] = (['shown', 'hidden', 403, 404] as const).flatMap((suspendedMemberships) =>
  [false, true].flatMap((suspendedListed) =>
    (['active', 'inactive'] as const).map((suspendedStatus) => ({
      suspendedMemberships,
      suspendedListed,
      suspendedStatus,
    })),
  ),
);
const TITLE = 'memberof $suspendedMemberships, listed $suspendedListed, status $suspendedStatus';

describe.each(SUSPENSIONS)(`somebody whom an admin suspended: ${TITLE}`, (sandbox) => {
  it('keeps nothing that a deactivation was told to be taken, once the admin restores', async () => {
    const site = await startUsers({ sandbox });
    const { id } = await site.created();
    await site.scan();
    site.sandbox.suspend(id);

    const reply = await site.state(id, false);
    if (reply.status === 200) expect(bodyOf(reply).active).toBe(false);
    else expect(reply.status).toBe(500);
    // The admin restores: who was not taken out is shown as what they are, and reported.
    site.sandbox.updatePerson(id, { suspended: false });
    site.clock.advance(AFTER_OWN_WRITES_MS);
    await site.scan();
    const { told, hasAccess: isIn } = await seen(site, id);
    expect(told).toEqual({ status: 200, active: isIn });
    expect((await site.state(id, false)).status).toBe(200);
    expect(await seen(site, id)).toEqual({ told: { status: 200, active: false }, hasAccess: false });
  });

  it('is given nothing, and nothing is taken, by lists and reads', async () => {
    const site = await startUsers({ sandbox });
    const { id } = await site.created();
    const groupId = await createGroup(site, 'chess', id);
    await site.scan();
    site.sandbox.suspend(id);
    site.clock.advance(AFTER_OWN_WRITES_MS);
    await site.scan();

    const { status } = await site.get(id);
    expect([200, 500]).toContain(status);
    await membersShown(site, groupId);
    expect((await site.scim('get', '/Users')).status).toBe(200);
    expect([...site.sandbox.groupsOf(id)].sort()).toEqual([groupId, site.sandbox.groups.access.id].sort());
    site.sandbox.updatePerson(id, { suspended: false });
    await site.scan();
    expect((await seen(site, id)).told).toEqual({ status: 200, active: true });
    expect(await membersShown(site, groupId)).toEqual([id]);
  });
});

describe('somebody whose account', () => {
  it.each(['inactive', 'closed'] as const)('is %s is shown inactive and given nothing', async (accountStatus) => {
    const site = await startUsers();
    const { id } = await site.created();
    site.sandbox.updatePerson(id, { accountStatus });
    expect((await seen(site, id)).told.active).toBe(false);
    await site.scan();
    expect((await site.state(id, false)).status).toBe(200);
    expect(hasAccess(site, id)).toBe(false);
  });

  it.each(['unknown', 'something new', '', null, undefined])(
    'has a status that says nothing, %j, is judged by its groups, and loses and gets access as told',
    async (accountStatus) => {
      const site = await startUsers();
      const { id } = await site.created();
      const results = [{ accountId: id, accountType: 'atlassian', accountStatus, displayName: 'Ada', email: ADA }];
      site.sandbox.faults.always({ path: /users-bulk/, status: 200, body: { results } });
      expect(await seen(site, id)).toEqual({ told: { status: 200, active: true }, hasAccess: true });
      for (const active of [false, true]) {
        expect(bodyOf(await site.state(id, active)).active).toBe(active);
        expect(await seen(site, id)).toEqual({ told: { status: 200, active }, hasAccess: active });
      }
    },
  );

  it('is missing from users-bulk is judged by its groups, and a stranger is nobody', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    const grace = await site.known({ email: 'grace@example.com' });
    const heal = site.sandbox.faults.always({ path: /users-bulk/, status: 200, body: { results: [] } });
    expect((await seen(site, id)).told).toEqual({ status: 200, active: true });
    expectScimError(await site.get(grace.accountId), 404);
    heal();
    expect((await seen(site, grace.accountId)).told).toEqual({ status: 200, active: true });
    expect(hasAccess(site, grace.accountId)).toBe(true);
  });

  it('has the id "unknown" is nobody: not listed, not a member, not found', async () => {
    const site = await startUsers();
    const unknown = site.sandbox.addPerson({ accountId: 'unknown', email: ADA, access: true });
    await site.scan();
    expect(await site.find(`userName eq "${ADA}"`)).toEqual([]);
    expectScimError(await site.get(unknown.accountId), 404);
    expect(await membersShown(site, site.sandbox.groups.access.id)).not.toContain('unknown');
    const reply = await site.create({ active: false });
    expect(bodyOf(reply).id).not.toBe('unknown');
    expect(hasAccess(site, 'unknown')).toBe(true);
  });
});

describe('what Confluence adds to a name or hides of an address', () => {
  it.each(['empty', 'null', 'absent'] as const)('overwrites nothing that is known: %s', async (hiddenEmail) => {
    const site = await startUsers({ sandbox: { hiddenEmail, nameSuffixes: true, newAccountsShowEmail: false } });
    const { id, displayName, name } = await site.created();
    await site.scan();
    for (const active of [false, true]) {
      await site.state(id, active);
      await site.scan();
      const user = bodyOf(await site.get(id));
      expect(user).toMatchObject({ userName: ADA, emails: [{ value: ADA }], ...(name === undefined ? {} : { name }) });
      expect(user.displayName).toBe(displayName);
      expect((await site.find(`userName eq "${ADA}"`)).map((found) => found.id)).toEqual([id]);
    }
  });
});

describe('a member whose record', () => {
  const PERSON = { type: 'known', accountType: 'atlassian', email: 'grace@example.com', displayName: 'Grace' };

  it.each([
    ['calls them a guest', false, { isGuest: true }],
    ['calls them an external collaborator', false, { isExternalCollaborator: true }],
    ['is an app’s', false, { accountType: 'app' }],
    ['is a customer’s', false, { accountType: 'customer' }],
    ['has an empty type', false, { accountType: '' }],
    ['has no type', false, { accountType: undefined }],
    ['says that they are neither', true, { isGuest: false, isExternalCollaborator: false }],
    ['leaves open whether they are either', true, { isGuest: null, isExternalCollaborator: undefined }],
  ] as const)('%s is listed, shown and taken out as a User: %s', async (_name, isUser, changes) => {
    const site = await startUsers();
    const { id } = await site.created();
    const groupId = await createGroup(site, 'chess', id);
    const { accountId } = site.sandbox.addPerson({ email: PERSON.email, access: true });
    site.sandbox.addMember(groupId, accountId);
    const { access } = site.sandbox.groups;
    const [ada, grace] = [
      { ...PERSON, accountId: id, email: ADA },
      { ...PERSON, accountId, ...changes },
    ];
    for (const group of [groupId, access.id]) {
      const body = { results: [ada, grace], start: 0, limit: 200, size: 2, totalSize: 2, _links: {} };
      site.sandbox.faults.always({ path: new RegExp(`${group}/membersByGroupId`), status: 200, body });
    }
    await site.scan();

    expect((await site.find('active eq true')).some((user) => user.id === accountId)).toBe(isUser);
    expect(await membersShown(site, groupId)).toEqual(isUser ? [id, accountId] : [id]);
    const members = [{ value: id }];
    expect((await site.scim('put', `/Groups/${groupId}`, { displayName: 'chess', members })).status).toBe(200);
    expect(site.sandbox.membersOf(groupId)).toEqual(isUser ? [id] : [id, accountId]);
  });
});
