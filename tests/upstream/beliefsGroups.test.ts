import { describe, expect, it } from '@jest/globals';
import { adding } from '../attack/site.js';
import { bodyOf, createGroup, startUsers, type UserSite } from '../provisioning/userSite.js';
import { expectScimError } from '../support/bridge.js';
import { membersShown, NOTHING } from './beliefs.js';

const DUPLICATE = [400, 409, 'existing', 'second'] as const;

/** The search for a name does not show the group yet, as reads do that lag. */
const UNFOUND = { path: /group\/picker/, status: 200, body: NOTHING } as const;
const CREATE = { method: 'POST', path: /rest\/api\/group$/ } as const;

function create(site: UserSite, displayName: string, ...ids: readonly string[]) {
  return site.scim('post', '/Groups', { displayName, members: ids.map((value) => ({ value })) });
}

describe('creating a group whose name is taken, unseen', () => {
  it.each(DUPLICATE)('takes over nobody’s group, whether Atlassian answers with %s', async (duplicateGroup) => {
    const site = await startUsers({ sandbox: { duplicateGroup } });
    const { id } = await site.created();
    const theirs = site.sandbox.addGroup({ name: 'Chess' });
    site.sandbox.addMember(theirs.id, site.sandbox.admin.accountId);
    await site.scan();

    for (let round = 0; round < 2; round += 1) {
      site.sandbox.faults.next(UNFOUND);
      const reply = await create(site, 'chess', id);
      // A second group is one of our own; everything else is a refusal.
      const isMade = reply.status === 201;
      expect(isMade).toBe(duplicateGroup === 'second' && round === 0);
      if (isMade) expect(site.sandbox.membersOf(bodyOf(reply).id)).toEqual([id]);
      else expect([400, 409]).toContain(reply.status);
    }
    expect(site.sandbox.membersOf(theirs.id)).toEqual([site.sandbox.admin.accountId]);
    expectScimError(await site.scim('patch', `/Groups/${theirs.id}`, adding(id)), 403);
    expectScimError(await site.scim('delete', `/Groups/${theirs.id}`), 403);
    // Seen, the name is refused for good.
    expectScimError(await create(site, 'chess', id), 409, 'uniqueness');
  });

  it.each([400, 409, 'second'] as const)(
    'takes over no empty group either, which somebody made since the last scan: %s',
    async (duplicateGroup) => {
      const site = await startUsers({ sandbox: { duplicateGroup } });
      const theirs = site.sandbox.addGroup({ name: 'Chess' });
      site.sandbox.faults.next(UNFOUND);
      const reply = await create(site, 'chess');
      expect(reply.status === 201).toBe(duplicateGroup === 'second');
      if (reply.status === 201) expect(bodyOf(reply).id).not.toBe(theirs.id);
      expectScimError(await create(site, 'chess'), 409, 'uniqueness');
      expect(site.sandbox.membersOf(theirs.id)).toEqual([]);
    },
  );

  it.each(['empty', 'with members'])(
    'uses as a new one a group made since the last scan that Atlassian answers 201 with, and takes nobody out of it: %s',
    async (kind) => {
      const site = await startUsers({ sandbox: { duplicateGroup: 'existing' } });
      const { id } = await site.created();
      const theirs = site.sandbox.addGroup({ name: 'Chess' });
      const { accountId } = site.sandbox.admin;
      if (kind !== 'empty') site.sandbox.addMember(theirs.id, accountId);
      site.sandbox.faults.next(UNFOUND);
      const reply = await create(site, 'chess', id);
      expect(reply.status).toBe(201);
      expect(bodyOf(reply).id).toBe(theirs.id);
      expect(site.sandbox.membersOf(theirs.id)).toEqual(kind === 'empty' ? [id] : [accountId, id]);
    },
  );

  it.each(DUPLICATE)('finds its own group again after a lost answer: %s', async (duplicateGroup) => {
    const site = await startUsers({ sandbox: { duplicateGroup } });
    const { id } = await site.created();
    site.sandbox.faults.next({ ...CREATE, kind: 'drop-after' });
    expect((await create(site, 'chess', id)).status).toBe(503);

    const reply = await create(site, 'chess', id);
    expect(reply.status).toBe(201);
    const named = bodyOf(reply).id;
    expect(site.sandbox.findGroupByName('chess')?.id).toBe(named);
    expect(site.sandbox.membersOf(named)).toEqual([id]);
    expect(site.received('writes').filter((operation) => operation === 'confluence.createGroup')).toHaveLength(1);
  });
});

describe('a group that Confluence names in other letters', () => {
  const NAMES = ['CHESS', 'Chess', ' chess '];

  it.each(NAMES)('is the one that was asked for: %j', async (name) => {
    const site = await startUsers();
    const { id } = await site.created();
    site.sandbox.faults.when({ method: 'POST', path: /userByGroupId/ }, () => {
      const made = site.sandbox.findGroupByName('chess');
      if (made !== undefined) site.sandbox.updateGroup(made.id, { name });
    });
    await expectOneGroup(site, id);
  });

  it.each(NAMES)('is the one that was asked for also when the answer to its creation says so: %j', async (name) => {
    const site = await startUsers();
    const { id } = await site.created();
    site.sandbox.faults.when(CREATE, () => {
      const made = site.sandbox.addGroup({ name });
      const body = { type: 'group', id: made.id, name, usageType: 'USERBASE_GROUP', managedBy: 'ADMINS' };
      site.sandbox.faults.next({ ...CREATE, status: 201, body });
    });
    await expectOneGroup(site, id);
  });

  /** Creates the group "chess", which keeps its name, its member and its id for the identity provider. */
  async function expectOneGroup(site: UserSite, id: string): Promise<void> {
    const reply = await create(site, 'chess', id);
    expect(reply.status).toBe(201);
    expect((reply.body as { readonly displayName: string }).displayName).toBe('chess');
    await site.scan();
    expectScimError(await create(site, 'chess', id), 409, 'uniqueness');
    const found = await site.scim('get', `/Groups?filter=${encodeURIComponent('displayName eq "chess"')}`);
    expect((found.body as { readonly totalResults: number }).totalResults).toBe(1);
    expect(await membersShown(site, bodyOf(reply).id)).toEqual([id]);
  }
});

describe('deleting a group', () => {
  const DELETE = { method: 'DELETE', path: /by-id/ } as const;

  it.each([
    ['400, as of a default group', 400, [409]],
    ['403, as of a default group', 403, [500]],
    ['409, as of a group that is not empty', 409, [409]],
    ['404 while it is there', 404, [503]],
    ['500', 500, [503]],
    ['200', 200, [500]],
    ['202, so that it goes later', 202, [500]],
  ] as const)(
    'is no success when Atlassian answers %s, and is done when it lets go',
    async (_name, status, statuses) => {
      const site = await startUsers();
      const { id } = await site.created();
      const groupId = await createGroup(site, 'chess', id);
      const heal = site.sandbox.faults.always({ ...DELETE, status });

      for (let round = 0; round < 2; round += 1) {
        expect(statuses).toContain((await site.scim('delete', `/Groups/${groupId}`)).status);
        expect(await membersShown(site, groupId)).toEqual([id]);
      }
      heal();
      expect((await site.scim('delete', `/Groups/${groupId}`)).status).toBe(204);
      expect(site.sandbox.findGroupByName('chess')).toBeUndefined();
      expectScimError(await site.scim('get', `/Groups/${groupId}`), 404);
    },
  );

  it.each([404, 400])('that is gone is done, whether Atlassian answers it with %s', async (status) => {
    const site = await startUsers();
    const groupId = await createGroup(site, 'chess');
    await site.scan();
    site.sandbox.deleteGroup(groupId);
    site.sandbox.faults.next({ ...DELETE, status });
    expect((await site.scim('delete', `/Groups/${groupId}`)).status).toBe(204);
    expectScimError(await site.scim('get', `/Groups/${groupId}`), 404);
    expect((await create(site, 'chess')).status).toBe(201);
  });

  it('that Atlassian still shows afterwards stays gone, in lists and scans too, and its name is free', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    const groupId = await createGroup(site, 'chess', id);
    const shown = { type: 'group', id: groupId, name: 'chess', usageType: 'USERBASE_GROUP', managedBy: 'ADMINS' };
    expect((await site.scim('delete', `/Groups/${groupId}`)).status).toBe(204);
    const page = { ...NOTHING, results: [shown], size: 1 };
    site.sandbox.faults.always({ method: 'GET', path: /by-id/, status: 200, body: shown });
    site.sandbox.faults.always({ path: /group\/picker|group\?start/, status: 200, body: page });
    await site.scan();

    expectScimError(await site.scim('get', `/Groups/${groupId}`), 404);
    expectScimError(await site.scim('delete', `/Groups/${groupId}`), 404);
    const listed = await site.scim('get', '/Groups?excludedAttributes=members');
    expect(JSON.stringify(listed.body)).not.toContain(groupId);
    const again = await create(site, 'chess', id);
    expect(again.status).toBe(201);
    expect(bodyOf(again).id).not.toBe(groupId);
    expect(site.sandbox.membersOf(bodyOf(again).id)).toEqual([id]);
  });
});
