import { describe, expect, it } from '@jest/globals';
import type supertest from 'supertest';
import { expectScimError, operations } from '../support/bridge.js';
import { ACCESS_GROUP, type Crowd, flood, startCrowd } from './wave.js';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

function patchGroup(site: Crowd, id: string, ...Operations: object[]): supertest.Test {
  return site.scim('patch', `/Groups/${id}`, { schemas: [PATCH_OP], Operations });
}

function remove(site: Crowd, id: string, ...members: string[]): supertest.Test {
  return patchGroup(site, id, { op: 'remove', path: 'members', value: members.map((value) => ({ value })) });
}

/** Groups of everybody, known to the index. @returns their ids */
async function addGroups(site: Crowd, ...names: string[]): Promise<string[]> {
  const ids = names.map((name) => {
    const { id } = site.sandbox.addGroup({ name });
    for (const person of site.people) site.sandbox.addMember(id, person);
    return id;
  });
  await site.scan();
  site.sandbox.takeCalls();
  return ids;
}

async function createGroup(site: Crowd, displayName: string, members: readonly string[]): Promise<string> {
  const reply = await site.scim('post', '/Groups', { displayName, members: members.map((value) => ({ value })) });
  expect(reply.status).toBe(201);
  site.sandbox.takeCalls();
  return (reply.body as { id: string }).id;
}

describe('members who leave a group', () => {
  it('may be as many as the share of the group, counted for each group by itself [SA11]', async () => {
    const site = await startCrowd(40, { settings: { ADOPT_GROUPS: 'red,blue', GROUP_REMOVAL_LIMIT: '5,30%' } });
    const [red = '', blue = ''] = await addGroups(site, 'red', 'blue');

    for (const id of site.people.slice(0, 12)) expect((await remove(site, red, id)).status).toBe(204);
    const reply = await remove(site, red, site.people[12] ?? '');

    expectScimError(reply, 503);
    expect((reply.body as { detail: string }).detail).toMatch(
      /12 members left this group in the last 60 minutes, and this message would remove 1 more, over the limit of 12 \(GROUP_REMOVAL_LIMIT; group /,
    );
    expect(reply.headers['retry-after']).toBe('300');
    expect((await remove(site, blue, ...site.people.slice(0, 12))).status).toBe(204);
    expect((await remove(site, red, ...site.people.slice(0, 12))).status).toBe(204);
    expect(site.sandbox.membersOf(red)).toHaveLength(28);
    expect(site.withAccess()).toHaveLength(40);
  });

  it.each<[string, (site: Crowd, id: string) => supertest.Test]>([
    ['PUT without members', (site, id) => site.scim('put', `/Groups/${id}`, { displayName: 'Red', externalId: 'r' })],
    ['a list of values', (site, id) => remove(site, id, ...site.people)],
    ['everybody', (site, id) => patchGroup(site, id, { op: 'remove', path: 'members' })],
    ['a filter', (site, id) => patchGroup(site, id, { op: 'remove', path: 'members[value pr]' })],
    [
      'a replaced list beside a new name',
      (site, id) =>
        patchGroup(site, id, { op: 'replace', value: { displayName: 'Red', externalId: 'r', members: [] } }),
    ],
  ])('by %s in one message are refused whole, and nothing of it is recorded [SA11]', async (_name, message) => {
    const site = await startCrowd(40, { settings: { ADOPT_GROUPS: 'red', GROUP_REMOVAL_LIMIT: '5,30%' } });
    const [red = ''] = await addGroups(site, 'red');

    const reply = await message(site, red);

    expectScimError(reply, 503);
    expect(operations(site.sandbox, 'writes')).toEqual([]);
    expect(site.sandbox.membersOf(red)).toHaveLength(40);
    expect(await site.store.groups.find(red)).toBeUndefined();
    expect(await site.store.brake.counted(`group:${red}`, 0)).toEqual(new Set());
    const [line] = await site.store.audit.list({ subject: red, limit: 1 });
    expect(line).toMatchObject({ event: 'group.changed', decision: 'SA11', result: 'refused' });
  });

  it('that was refused leaves no work behind, and the same message succeeds once it is released [SA11] [GR8]', async () => {
    const site = await startCrowd(40, { settings: { ADOPT_GROUPS: 'red', GROUP_REMOVAL_LIMIT: '5,30%' } });
    const [red = ''] = await addGroups(site, 'red');
    expectScimError(await remove(site, red, ...site.people), 503);
    site.sandbox.takeCalls();

    expect(
      (await patchGroup(site, red, { op: 'add', path: 'members', value: [{ value: site.people[0] }] })).status,
    ).toBe(204);
    expect(operations(site.sandbox, 'writes')).toEqual(['confluence.addMember']);
    await site.store.brake.release(site.clock.now() + 60_000);

    expect((await remove(site, red, ...site.people)).status).toBe(204);
    expect(site.sandbox.membersOf(red)).toEqual([]);
  });

  it('are counted when DELETE of a person takes the membership, too [SA11]', async () => {
    const site = await startCrowd(8, { settings: { ADOPT_GROUPS: 'red', GROUP_REMOVAL_LIMIT: '2' } });
    const [red = ''] = await addGroups(site, 'red');
    expect(
      (await patchGroup(site, red, { op: 'add', path: 'members', value: [{ value: site.people[0] }] })).status,
    ).toBe(204);
    const [one = '', two = '', three = ''] = site.people;

    expect((await site.scim('delete', `/Users/${one}`)).status).toBe(204);
    expect((await remove(site, red, two)).status).toBe(204);
    expectScimError(await site.scim('delete', `/Users/${three}`), 503);

    expect(site.sandbox.groupsOf(three)).toHaveLength(2);
  });

  it('but whom Atlassian certainly kept are given back [SA11]', async () => {
    const site = await startCrowd(4, { settings: { ADOPT_GROUPS: 'red' } });
    const [red = ''] = await addGroups(site, 'red');
    site.sandbox.faults.next({ method: 'DELETE', path: /userByGroupId/, status: 401 });

    expect((await remove(site, red, site.people[0] ?? '')).status).toBe(500);

    expect(await site.store.brake.counted(`group:${red}`, 0)).toEqual(new Set());
  });
});

describe('the last granting group', () => {
  it('counts as a loss of access when a group change takes it: two groups emptied side by side stop at the limit [SA11] [GR2]', async () => {
    const site = await startCrowd(64, { settings: { ADOPT_GROUPS: `${ACCESS_GROUP},second` } });
    const second = site.sandbox.addGroup({ name: 'second', grants: 'user' }).id;
    for (const person of site.people) site.sandbox.addMember(second, person);
    await site.scan();
    const groups = [site.sandbox.groups.access.id, second];

    await flood(
      site.people.flatMap((person) => groups.map((group) => () => remove(site, group, person))),
      20,
    );

    const without = site.people.filter((id) => site.sandbox.groupsOf(id).length === 0);
    expect(without).toHaveLength(13);
    expect((await site.store.brake.counted('access', 0)).size).toBe(13);
  });

  it('is kept whole when one message would take it from too many [SA11]', async () => {
    const site = await startCrowd(30, { settings: { ADOPT_GROUPS: ACCESS_GROUP } });

    const reply = await site.scim('put', `/Groups/${site.sandbox.groups.access.id}`, { displayName: ACCESS_GROUP });

    expectScimError(reply, 503);
    expect((reply.body as { detail: string }).detail).toContain('ACCESS_LOSS_LIMIT');
    expect(site.withAccess()).toHaveLength(30);
  });

  it('does not count where it is not the last [SA11]', async () => {
    const site = await startCrowd(15, { settings: { ADOPT_GROUPS: ACCESS_GROUP } });
    const second = site.sandbox.addGroup({ name: 'second', grants: 'user' }).id;
    for (const person of site.people) site.sandbox.addMember(second, person);
    await site.scan();

    expect((await remove(site, site.sandbox.groups.access.id, ...site.people)).status).toBe(204);

    expect(await site.store.brake.counted('access', 0)).toEqual(new Set());
  });
});

describe('deleting a group', () => {
  it('counts its members [SA11]', async () => {
    const site = await startCrowd(8, { settings: { GROUP_REMOVAL_LIMIT: '5,30%' } });
    const large = await createGroup(site, 'Large', site.people.slice(0, 6));
    const small = await createGroup(site, 'Small', site.people.slice(0, 5));

    expectScimError(await site.scim('delete', `/Groups/${large}`), 503);
    expect(operations(site.sandbox, 'writes')).toEqual([]);
    expect(site.sandbox.membersOf(large)).toHaveLength(6);
    expect((await site.scim('delete', `/Groups/${small}`)).status).toBe(204);
  });

  it('counts on top of the members who left already, and asks Confluence before it refuses [SA11]', async () => {
    const site = await startCrowd(8, { settings: { GROUP_REMOVAL_LIMIT: '5' } });
    const id = await createGroup(site, 'Large', site.people.slice(0, 6));
    expect((await remove(site, id, site.people[0] ?? '')).status).toBe(204);
    expectScimError(await site.scim('delete', `/Groups/${id}`), 503);

    site.sandbox.removeMember(id, site.people[1] ?? '');

    expect((await site.scim('delete', `/Groups/${id}`)).status).toBe(204);
  });

  it('that Confluence has lost already takes nothing from anybody [SA11]', async () => {
    const site = await startCrowd(8, { settings: { GROUP_REMOVAL_LIMIT: '5' } });
    const id = await createGroup(site, 'Large', site.people);
    site.sandbox.deleteGroup(id);

    expect((await site.scim('delete', `/Groups/${id}`)).status).toBe(204);
  });

  it('that grants access counts those who lose it [SA11]', async () => {
    const site = await startCrowd(12, { settings: { ADOPT_GROUPS: 'Readers' } });
    const id = await createGroup(site, 'Readers', site.people);
    site.sandbox.updateGroup(id, { grants: 'user' });
    for (const person of site.people.slice(0, 11)) site.sandbox.removeMember(site.sandbox.groups.access.id, person);
    await site.scan();

    expectScimError(await site.scim('delete', `/Groups/${id}`), 503);
    expect(site.sandbox.membersOf(id)).toHaveLength(12);
    site.sandbox.addMember(site.sandbox.groups.access.id, site.people[0] ?? '');
    await site.scan();

    expect((await site.scim('delete', `/Groups/${id}`)).status).toBe(204);
    expect(await site.store.brake.counted('access', 0)).toEqual(new Set(site.people.slice(1, 11)));
  });

  it('that is only released takes nothing [SA11]', async () => {
    const site = await startCrowd(8, { settings: { ADOPT_GROUPS: 'red', GROUP_REMOVAL_LIMIT: '5' } });
    const [red = ''] = await addGroups(site, 'red');

    expect((await site.scim('delete', `/Groups/${red}`)).status).toBe(204);
    expect(site.sandbox.membersOf(red)).toHaveLength(8);
  });
});
