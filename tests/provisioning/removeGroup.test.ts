import { describe, expect, it } from '@jest/globals';
import { Failure } from '../../src/provisioning/failure.js';
import { until } from '../roster/handClock.js';
import { addGroupOf, addKnownPeople, type GroupSite, startGroups } from './groupSite.js';

const WITHOUT = { members: false };
const ADOPTED = { adoptGroups: ['engineering'] };

async function createDesign(site: GroupSite): Promise<string> {
  const { id } = await site.groups.create({ displayName: 'Design', externalId: 'x', memberIds: [] }, site.request());
  site.operations();
  return id;
}

describe('removing a group the bridge created', () => {
  it('deletes it with one call; afterwards it is gone at once, and the second time 404 without a call [GR1]', async () => {
    const site = await startGroups();
    const id = await createDesign(site);

    await site.groups.remove(id, site.request());

    expect(site.operations()).toEqual(['deleteGroup']);
    expect(site.sandbox.findGroupByName('Design')).toBeUndefined();
    await expect(site.groups.get(id, site.request(), WITHOUT)).rejects.toMatchObject({ kind: 'notFound' });
    await expect(site.groups.remove(id, site.request())).rejects.toMatchObject({ kind: 'notFound' });
    await expect(site.groups.change(id, { add: [], remove: [] }, site.request())).rejects.toMatchObject({
      kind: 'notFound',
    });
    expect(await site.groups.findByExternalId('x', site.request(), WITHOUT)).toEqual([]);
    expect(await site.store.index.findListedGroup(id, 'okta')).toBeUndefined();
    expect(site.operations()).toEqual([]);
    expect((await site.audited(id)).map(({ event }) => event).sort()).toEqual(['group.created', 'group.removed']);
  });

  it('succeeds when Confluence lost it already, after a control read [SA2]', async () => {
    const site = await startGroups();
    const id = await createDesign(site);
    site.sandbox.deleteGroup(id);

    await site.groups.remove(id, site.request());

    expect(site.operations()).toEqual(['deleteGroup', 'getGroup', 'listMembers']);
    await expect(site.groups.remove(id, site.request())).rejects.toMatchObject({ kind: 'notFound' });
  });

  it('does not take a 404 for a deletion of a group that still answers by its id [SA2]', async () => {
    const site = await startGroups();
    const id = await createDesign(site);
    site.sandbox.faults.next({ method: 'DELETE', path: /by-id/, status: 404 });

    await expect(site.groups.remove(id, site.request())).rejects.toMatchObject({ kind: 'unavailable' });

    expect(await site.store.groups.find(id)).toBeDefined();
    await site.groups.remove(id, site.request());
    expect(site.sandbox.findGroupByName('Design')).toBeUndefined();
  });

  it('does not take a 404 for a deletion when the credential sees nothing any more [SA2]', async () => {
    const site = await startGroups();
    const id = await createDesign(site);
    site.sandbox.faults.next({ path: /by-id/, status: 404 });
    site.sandbox.faults.next({ path: /by-id/, status: 404 });
    site.sandbox.faults.next({
      path: /membersByGroupId/,
      status: 200,
      body: { results: [], start: 0, limit: 1, size: 0, _links: {} },
    });

    await expect(site.groups.remove(id, site.request())).rejects.toMatchObject({ kind: 'unavailable' });

    expect(await site.store.groups.find(id)).toBeDefined();
    await site.groups.remove(id, site.request());
    expect(site.sandbox.findGroupByName('Design')).toBeUndefined();
  });

  it('can be sent again when the answer was lost [SA6]', async () => {
    const site = await startGroups();
    const id = await createDesign(site);
    site.sandbox.faults.always({ method: 'DELETE', path: /by-id/, kind: 'drop-after' });
    let kind: string | undefined;
    site.groups.remove(id, site.request()).catch((error: unknown) => (kind = Failure.from(error).kind));
    await until(async () => {
      await site.clock.advance(1000);
      return kind !== undefined;
    });
    expect(kind).toBe('unavailable');
    expect(await site.store.groups.find(id)).toBeDefined();
    site.sandbox.faults.clear();

    await site.groups.remove(id, site.request());

    await expect(site.groups.get(id, site.request(), WITHOUT)).rejects.toMatchObject({ kind: 'notFound' });
  });
});

describe('removing an adopted group', () => {
  it('releases it without a call: gone for SCIM, its Confluence members stay [GR1]', async () => {
    const site = await startGroups(ADOPTED);
    const { id, people } = await addGroupOf(site, 'engineering', 3);
    await site.groups.change(id, { add: [], remove: [], externalId: { value: 'x' } }, site.request());

    await site.groups.remove(id, site.request());

    expect(site.operations()).toEqual([]);
    expect([...site.sandbox.membersOf(id)].sort()).toEqual([...people].sort());
    await expect(site.groups.get(id, site.request(), WITHOUT)).rejects.toMatchObject({ kind: 'notFound' });
    await expect(site.groups.remove(id, site.request())).rejects.toMatchObject({ kind: 'notFound' });
    expect(site.operations()).toEqual([]);
    expect(await site.groups.findByDisplayName('engineering', site.request(), WITHOUT)).toBeUndefined();
    expect(await site.groups.findByExternalId('x', site.request(), WITHOUT)).toEqual([]);
    expect(await site.store.index.findListedGroup(id, 'okta')).toBeUndefined();
  });

  it('does so before its first change too [GR1]', async () => {
    const site = await startGroups(ADOPTED);
    const { id } = await addGroupOf(site, 'engineering', 1);
    await site.groups.remove(id, site.request());
    expect(site.operations()).toEqual([]);
    await expect(site.groups.get(id, site.request(), WITHOUT)).rejects.toMatchObject({ kind: 'notFound' });
  });

  it('is undone by a POST of its name while ADOPT_GROUPS names it: same id, the given members added [GR3]', async () => {
    const site = await startGroups(ADOPTED);
    const { id, people } = await addGroupOf(site, 'engineering', 2);
    const [newcomer = ''] = await addKnownPeople(site, 1);
    await site.groups.remove(id, site.request());

    const view = await site.groups.create(
      { displayName: 'Engineering', externalId: 'y', memberIds: [newcomer] },
      site.request(),
    );

    expect(view).toMatchObject({
      id,
      displayName: 'Engineering',
      externalId: 'y',
    });
    expect(await site.store.groups.find(id)).toMatchObject({ origin: 'adopted', confluenceName: 'engineering' });
    expect([...(view.memberIds ?? [])].sort()).toEqual([newcomer, ...people].sort());
    expect((await site.groups.get(id, site.request(), WITHOUT)).id).toBe(id);
  });

  it('leaves no membership owed to it, and keeps what deactivation took away [US8]', async () => {
    const site = await startGroups(ADOPTED);
    const { id } = await addGroupOf(site, 'engineering', 0);
    const pending = await site.link(undefined);
    const leaver = await site.link('712020:leaver', { wanted: 'inactive' });
    await site.groups.change(id, { add: [pending], remove: [] }, site.request());
    await site.store.holds.put({ personId: leaver, groupId: id, kind: 'remembered' });

    await site.groups.remove(id, site.request());

    expect(await site.store.holds.ofGroup(id)).toEqual([{ personId: leaver, groupId: id, kind: 'remembered' }]);
  });
});

describe('refusing to remove a group', () => {
  it('that is neither created nor adopted, before any call [GR1]', async () => {
    const site = await startGroups();
    const { id } = await addGroupOf(site, 'legal', 1);
    await expect(site.groups.remove(id, site.request())).rejects.toMatchObject({
      kind: 'forbidden',
      message: expect.stringContaining('ADOPT_GROUPS'),
    });
    expect(site.operations()).toEqual([]);
    expect(site.sandbox.findGroupByName('legal')?.id).toBe(id);
  });

  it('with GROUP_DELETE=never, whichever it is [GR1]', async () => {
    const site = await startGroups({ ...ADOPTED, groupDelete: 'never' });
    const adopted = await addGroupOf(site, 'engineering', 1);
    const created = await createDesign(site);
    for (const id of [adopted.id, created]) {
      await expect(site.groups.remove(id, site.request())).rejects.toMatchObject({
        kind: 'forbidden',
        message: expect.stringContaining('GROUP_DELETE'),
      });
    }
    expect(site.operations()).toEqual([]);
  });

  it('that nobody knows [GR1]', async () => {
    const site = await startGroups();
    await expect(site.groups.remove('nobody', site.request())).rejects.toMatchObject({ kind: 'notFound' });
    expect(site.operations()).not.toContain('deleteGroup');
  });
});
