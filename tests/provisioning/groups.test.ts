import { describe, expect, it } from '@jest/globals';
import { addPeople } from '../roster/site.js';
import { addGroupOf, addKnownPeople, startGroups, times } from './groupSite.js';

const WITH = { members: true };
const WITHOUT = { members: false };

describe('get', () => {
  it.each([
    [0, 1],
    [10, 1],
    [450, 3],
  ])('reads a group of %i people with 1 + %i calls, and with one call without members [GR5]', async (count, pages) => {
    const site = await startGroups();
    const { id, people } = await addGroupOf(site, 'engineering', count);

    const view = await site.groups.get(id, site.request(), WITH);
    expect(site.operations().sort()).toEqual(['getGroup', ...times(pages, 'listMembers')]);
    expect([...(view.memberIds ?? [])].sort()).toEqual([...people].sort());

    const bare = await site.groups.get(id, site.request(), WITHOUT);
    expect(site.operations()).toEqual(['getGroup']);
    expect(bare).toMatchObject({ id, displayName: 'engineering', memberIds: undefined, createdAt: view.createdAt });
  });

  it('reads 5,000 members with 26 calls [GR5]', async () => {
    const site = await startGroups();
    const { id } = await addGroupOf(site, 'everybody', 5000);

    const view = await site.groups.get(id, site.request(), WITH);

    expect(view.memberIds).toHaveLength(5000);
    expect(site.operations()).toHaveLength(26);
  });

  it('shows linked people under their SCIM id, and neither apps, customers nor people without access [ID2]', async () => {
    const site = await startGroups();
    const { id, people } = await addGroupOf(site, 'engineering', 1);
    const { sandbox } = site;
    const invited = sandbox.addPerson({ email: 'late@example.com' });
    await site.link(invited.accountId, { id: 'inv-1' });
    const customer = sandbox.addPerson({ accountType: 'customer', access: true });
    const outsider = sandbox.addPerson({ email: 'outside@example.com' });
    for (const { accountId } of [invited, customer, outsider]) sandbox.addMember(id, accountId);
    sandbox.addMember(id, sandbox.appAccountId);

    const view = await site.groups.get(id, site.request(), WITH);

    expect([...(view.memberIds ?? [])].sort()).toEqual([...people, 'inv-1'].sort());
  });

  it('lets our own writes of the last ten minutes beat a read that lags, and no longer [US2]', async () => {
    const site = await startGroups({ adoptGroups: ['engineering'] });
    const { id, people } = await addGroupOf(site, 'engineering', 2);
    const [newcomer = ''] = await addKnownPeople(site, 1);
    site.sandbox.options.lag = { ms: 60 * 60_000, reads: 0 };
    await site.groups.change(id, { add: [newcomer], remove: [] }, site.request());
    await site.groups.change(id, { add: [], remove: people.slice(0, 1) }, site.request());

    const view = await site.groups.get(id, site.request(), WITH);
    expect([...(view.memberIds ?? [])].sort()).toEqual([newcomer, ...people.slice(1)].sort());

    await site.clock.advance(10 * 60_000 + 1);
    const later = await site.groups.get(id, site.request(), WITH);
    expect([...(later.memberIds ?? [])].sort()).toEqual([...people].sort());
  });

  it('shows the members kept in the store; those remembered only where an IdP manages the group [GR4]', async () => {
    const site = await startGroups({ adoptGroups: ['engineering'] });
    const { id, people } = await addGroupOf(site, 'engineering', 1);
    for (const kind of ['owed', 'suspended', 'remembered'] as const) {
      await site.link(site.sandbox.addPerson({}).accountId, { id: kind });
      await site.store.holds.put({ personId: kind, groupId: id, kind });
    }

    const unmanaged = await site.groups.get(id, site.request(), WITH);
    expect([...(unmanaged.memberIds ?? [])].sort()).toEqual([...people, 'owed', 'suspended'].sort());

    await site.groups.change(id, { add: [], remove: [] }, site.request());
    const managed = await site.groups.get(id, site.request(), WITH);
    expect(managed.memberIds).toContain('remembered');
  });

  it('believes a 404 for a group it knows only after a control read [SA2]', async () => {
    const site = await startGroups();
    const { id } = await addGroupOf(site, 'engineering', 1);
    site.sandbox.deleteGroup(id);

    await expect(site.groups.get(id, site.request(), WITHOUT)).rejects.toMatchObject({ kind: 'notFound' });
    expect(site.operations()).toEqual(['getGroup', 'listMembers']);

    site.sandbox.removeMember(site.sandbox.groups.access.id, site.sandbox.admin.accountId);
    for (const accountId of site.sandbox.membersOf(site.sandbox.groups.access.id)) {
      site.sandbox.removeMember(site.sandbox.groups.access.id, accountId);
    }
    await expect(site.groups.get(id, site.request(), WITHOUT)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it.each([[''], ['a'.repeat(256)], ['tab\there'], ['nul\0']])('refuses the id %j without a call [ID1]', async (id) => {
    const site = await startGroups();
    await expect(site.groups.get(id, site.request(), WITH)).rejects.toMatchObject({ kind: 'notFound' });
    expect(site.operations()).toEqual([]);
  });

  it('fails rather than show fewer members when a page cannot be read [SA2]', async () => {
    const site = await startGroups();
    const { id } = await addGroupOf(site, 'engineering', 450);
    site.sandbox.faults.always({ path: /membersByGroupId.*start=400/, status: 403 });

    await expect(site.groups.get(id, site.request(), WITH)).rejects.toMatchObject({ kind: 'misconfigured' });
  });

  it('waits for the first scan before it leaves out people that no link names [SA2]', async () => {
    const site = await startGroups({}, { scanned: false });
    const { id } = site.sandbox.addGroup({ name: 'engineering' });
    const people = addPeople(site.sandbox, 3, [site.sandbox.groups.access.id, id]);

    const view = await site.groups.get(id, site.request(), WITH);

    expect([...(view.memberIds ?? [])].sort()).toEqual([...people].sort());
  });
});

describe('findByDisplayName', () => {
  it('costs one call without members, found or not, without regard to case [GR3]', async () => {
    const site = await startGroups();
    const { id } = await addGroupOf(site, 'engineering', 1);

    expect((await site.groups.findByDisplayName('ENGINEERING', site.request(), WITHOUT))?.id).toBe(id);
    expect(site.operations()).toEqual(['searchGroups']);
    expect(await site.groups.findByDisplayName('engineer', site.request(), WITHOUT)).toBeUndefined();
    expect(site.operations()).toEqual(['searchGroups']);
    expect((await site.groups.findByDisplayName('engineering', site.request(), WITH))?.memberIds).toHaveLength(1);
    expect(site.operations()).toEqual(['searchGroups', 'listMembers']);
  });

  it('finds a renamed group by its recorded name with one call, and not by its old one [GR3]', async () => {
    const site = await startGroups({ adoptGroups: ['engineering'] });
    const { id } = await addGroupOf(site, 'engineering', 1);
    await site.groups.change(id, { add: [], remove: [], displayName: 'Builders' }, site.request());
    site.operations();

    const found = await site.groups.findByDisplayName('builders', site.request(), WITHOUT);
    expect(site.operations()).toEqual(['getGroup']);
    expect(found).toMatchObject({ id, displayName: 'Builders' });
    expect(await site.groups.findByDisplayName('engineering', site.request(), WITHOUT)).toBeUndefined();
  });

  it('asks Atlassian for no name that no group can have [GR3]', async () => {
    const site = await startGroups();
    expect(await site.groups.findByDisplayName('line\nbreak', site.request(), WITHOUT)).toBeUndefined();
    expect(site.operations()).toEqual([]);
  });
});

describe('findByExternalId', () => {
  it("finds the asking caller's group only, and moves an externalId to the record that states it last [ID6]", async () => {
    const site = await startGroups();
    const one = await site.groups.create({ displayName: 'one', externalId: 'x', memberIds: [] }, site.request());
    expect((await site.groups.findByExternalId('x', site.request(), WITHOUT)).map(({ id }) => id)).toEqual([one.id]);
    expect(await site.groups.findByExternalId('x', site.request({ caller: 'entra' }), WITHOUT)).toEqual([]);

    const two = await site.groups.create({ displayName: 'two', externalId: 'x', memberIds: [] }, site.request());
    expect((await site.groups.findByExternalId('x', site.request(), WITHOUT)).map(({ id }) => id)).toEqual([two.id]);
    expect((await site.groups.get(one.id, site.request(), WITHOUT)).externalId).toBeUndefined();
  });
});

describe('a listed group', () => {
  it('becomes a view without a call; its members cost their pages, one more call when they read empty [SA2]', async () => {
    const site = await startGroups();
    const { id, people } = await addGroupOf(site, 'engineering', 250);
    const empty = await addGroupOf(site, 'empty', 0);
    const row = await site.store.index.findListedGroup(id, 'okta');
    if (row === undefined) throw new Error('not listed');

    expect(site.groups.view(row)).toMatchObject({ id, displayName: 'engineering', memberIds: undefined });
    expect(site.operations()).toEqual([]);
    expect(await site.groups.memberIds({ id, isRead: false }, site.request())).toHaveLength(people.length);
    expect(site.operations()).toEqual(['listMembers', 'listMembers']);
    expect(await site.groups.memberIds({ id: empty.id, isRead: false }, site.request())).toEqual([]);
    expect(site.operations()).toEqual(['listMembers', 'getGroup']);
    expect(await site.groups.memberIds({ id: empty.id, isRead: true }, site.request())).toEqual([]);
    expect(site.operations()).toEqual(['listMembers']);
  });

  it('that is gone has no members; one that cannot be read fails [SA2]', async () => {
    const site = await startGroups();
    const { id } = await addGroupOf(site, 'engineering', 2);
    site.sandbox.deleteGroup(id);

    expect(await site.groups.memberIds({ id, isRead: false }, site.request())).toEqual([]);
    expect(site.operations()).toEqual(['listMembers', 'getGroup', 'listMembers']);

    site.sandbox.faults.always({ path: /by-id/, status: 403 });
    await expect(site.groups.memberIds({ id, isRead: false }, site.request())).rejects.toMatchObject({
      kind: 'misconfigured',
    });
  });
});
