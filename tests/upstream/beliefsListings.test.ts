import { describe, expect, it } from '@jest/globals';
import { adding } from '../attack/site.js';
import { bodyOf, createGroup, startUsers, type UserSite } from '../provisioning/userSite.js';
import { expectScimError } from '../support/bridge.js';
import { addTo, hasAccess, membersShown, NOTHING, seen } from './beliefs.js';

const UNKNOWN_MEMBERS = [200, 404] as const;

async function startWithLostGroup(unknownGroupMembers: 200 | 404): Promise<UserSite & { groupId: string; id: string }> {
  const site = await startUsers({ sandbox: { unknownGroupMembers } });
  const { id } = await site.created();
  const groupId = await createGroup(site, 'chess', id);
  await site.scan();
  site.sandbox.deleteGroup(groupId);
  return { ...site, groupId, id };
}

describe('a group that somebody deleted, whose members are asked for', () => {
  it.each(UNKNOWN_MEMBERS)('is 404 by its id and for every change, and nobody loses access: %s', async (answer) => {
    const site = await startWithLostGroup(answer);
    const { groupId, id } = site;
    const grace = await site.known({ email: 'grace@example.com' });
    for (let round = 0; round < 2; round += 1) {
      expectScimError(await site.scim('get', `/Groups/${groupId}`), 404);
      expectScimError(await addTo(site, groupId, grace.accountId), 404);
      expectScimError(await site.scim('patch', `/Groups/${groupId}`, adding(id, grace.accountId)), 404);
      expectScimError(await site.scim('put', `/Groups/${groupId}`, { displayName: 'chess', members: [] }), 404);
    }
    expect(await seen(site, id)).toEqual({ told: { status: 200, active: true }, hasAccess: true });
    expect((await site.scim('delete', `/Groups/${groupId}`)).status).toBe(204);
  });

  it.each(UNKNOWN_MEMBERS)('does not spoil lists of groups or scans: %s', async (answer) => {
    const site = await startWithLostGroup(answer);
    const listed = await site.scim('get', '/Groups');
    expect(listed.status).toBe(200);
    await site.scan();
    expect((await site.scim('get', '/Groups')).status).toBe(200);
    expect(await site.find('active eq true')).not.toEqual([]);
  });

  it.each(UNKNOWN_MEMBERS)('takes nobody along when it granted access: %s', async (answer) => {
    const site = await startUsers({
      sandbox: { unknownGroupMembers: answer },
      settings: { CONFLUENCE_ACCESS_GROUPS: 'confluence-users-sandbox' },
    });
    const { id } = await site.created();
    const second = site.sandbox.addGroup({ name: 'second', grants: 'user' });
    site.sandbox.addMember(second.id, id);
    await site.scan();
    site.sandbox.deleteGroup(second.id);

    expect((await site.state(id, false)).status).toBe(200);
    await site.scan();
    expect(await seen(site, id)).toEqual({ told: { status: 200, active: false }, hasAccess: false });
    expect((await site.state(id, true)).status).toBe(200);
    expect(hasAccess(site, id)).toBe(true);
  });
});

describe('the groups that grant access', () => {
  it('are not believed when Atlassian answers every group for every kind of access', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    const chess = site.sandbox.addGroup({ name: 'chess' });
    site.sandbox.addMember(chess.id, id);
    const stranger = site.sandbox.addPerson({ email: 'grace@example.com' });
    site.sandbox.addMember(chess.id, stranger.accountId);
    site.sandbox.options.ignoresAccessType = true;
    await site.scan().catch(() => undefined);

    // Nobody becomes a user by a group that grants nothing, and a leaver keeps the groups that grant nothing.
    expect(await site.find('userName eq "grace@example.com"')).toEqual([]);
    expect((await site.state(id, false)).status).toBe(200);
    expect(site.sandbox.groupsOf(id)).toEqual([chess.id]);
    site.sandbox.options.ignoresAccessType = false;
    await site.scan();
    expect((await site.state(id, true)).status).toBe(200);
    expect([...site.sandbox.groupsOf(id)].sort()).toEqual([chess.id, site.sandbox.groups.access.id].sort());
  });

  it.each([
    ['400', { status: 400 }],
    ['404', { status: 404 }],
    ['an empty list', { status: 200, body: NOTHING }],
  ])('are no reason to give or to take anything when Atlassian answers %s', async (_name, answer) => {
    const site = await startUsers();
    const { id } = await site.created();
    await site.scan();
    const heal = site.sandbox.faults.always({ path: /accessType/, ...answer });
    await site.scan().catch(() => undefined);

    expect(await seen(site, id)).toEqual({ told: { status: 200, active: true }, hasAccess: true });
    // A bridge that has never read them says so, and never that the identity provider's message is at fault.
    const fresh = await startUsers({ site: site.sandbox, scan: false });
    const reply = await fresh.create({ userName: 'grace@example.com', emails: undefined });
    expect([500, 503]).toContain(reply.status);
    expect(site.sandbox.findPersonByEmail('grace@example.com')).toBeUndefined();
    heal();
    fresh.clock.advance(120_000);
    const again = await fresh.create({ userName: 'grace@example.com', emails: undefined });
    expect(again.status).toBe(201);
  });
});

describe('a list of members', () => {
  const MEMBERS = /membersByGroupId/;

  it('is whole, for a scan and for a group, when Atlassian lowers the limit', async () => {
    const site = await startUsers({ sandbox: { maxPageSize: 3 } });
    const ids = await knowMany(site, 8);
    expect((await site.find('active eq true')).map((user) => user.id)).toEqual(expect.arrayContaining(ids));
    expect(await membersShown(site, site.sandbox.groups.access.id)).toEqual(expect.arrayContaining(ids));
  });

  it.each([
    ['the same page whatever is asked for', { start: 0, limit: 3 }],
    ['the same page as the one asked for', { limit: 3 }],
    ['an empty page that is not the last', { limit: 3, results: [], size: 0 }],
  ])('is no list at all when Atlassian answers %s: nobody is lost by it', async (_name, page) => {
    const site = await startUsers({ sandbox: { maxPageSize: 3 } });
    const ids = await knowMany(site, 8);
    const results = ids.slice(0, 3).map((accountId) => ({ accountId, accountType: 'atlassian', type: 'known' }));
    const body = { results, size: 3, totalSize: 10, _links: { next: '/next' }, ...page };
    const heal = site.sandbox.faults.always({ path: MEMBERS, status: 200, body });

    await site.scan().catch(() => undefined);
    expect((await site.find('active eq true')).map((user) => user.id)).toEqual(expect.arrayContaining(ids));
    const group = site.sandbox.groups.access.id;
    expect((await site.scim('get', `/Groups/${group}`)).status).toBeGreaterThanOrEqual(500);
    heal();
    expect(await membersShown(site, group)).toEqual(expect.arrayContaining(ids));
  });
});

describe('the groups of a leaver', () => {
  /** The group that Atlassian lists last of many gives access, and nobody has scanned that she is in it. */
  async function startLeaving() {
    const site = await startUsers({
      sandbox: { maxPageSize: 2 },
      settings: { CONFLUENCE_ACCESS_GROUPS: 'confluence-users-sandbox' },
    });
    const { id } = await site.created();
    const plain = Array.from({ length: 5 }, (_, at) => site.sandbox.addGroup({ name: `plain ${at}` }).id);
    const last = site.sandbox.addGroup({ name: 'second', grants: 'user' }).id;
    await site.scan();
    for (const groupId of [...plain, last]) site.sandbox.addMember(groupId, id);
    return { ...site, id, plain };
  }

  it('are read to the last page: none that gives access is kept', async () => {
    const { id, plain, ...site } = await startLeaving();
    const reply = await site.state(id, false);
    expect(reply.status).toBe(200);
    expect(bodyOf(reply).active).toBe(false);
    expect(site.sandbox.groupsOf(id)).toEqual(plain);
  });

  it.each([
    ['the same page whatever is asked for', { start: 0, limit: 2 }],
    ['the same page as the one asked for', { limit: 2 }],
    ['an empty page that is not the last', { limit: 2, results: [], size: 0 }],
  ])('are no list at all when Atlassian answers %s: no success, and done by the repeat', async (_name, page) => {
    const { id, plain, ...site } = await startLeaving();
    const results = plain.slice(0, 2).map((groupId) => ({ type: 'group', id: groupId, name: groupId }));
    const body = { results, size: 2, _links: { next: '/next' }, ...page };
    const heal = site.sandbox.faults.always({ path: /memberof/, status: 200, body });
    for (let round = 0; round < 2; round += 1) {
      expect((await site.state(id, false)).status).toBeGreaterThanOrEqual(500);
    }
    heal();
    expect((await site.state(id, false)).status).toBe(200);
    expect(site.sandbox.groupsOf(id)).toEqual(plain);
  });
});

async function knowMany(site: UserSite, count: number): Promise<string[]> {
  const ids = Array.from(
    { length: count },
    (_, at) => site.sandbox.addPerson({ email: `p${at}@example.com`, access: true }).accountId,
  );
  await site.scan();
  return ids;
}
