import { describe, expect, it } from '@jest/globals';
import { createGroups, type Groups, type NewGroup } from '../../src/provisioning/groups.js';
import { createJobs } from '../../src/provisioning/jobs.js';
import { until } from '../roster/handClock.js';
import { addGroupOf, addKnownPeople, type GroupSite, startGroups, times } from './groupSite.js';

function newGroup(displayName: string, changes: Partial<NewGroup> = {}): NewGroup {
  return { displayName, externalId: undefined, memberIds: [], ...changes };
}

function truly(site: GroupSite, name: string): string[] {
  const group = site.sandbox.findGroupByName(name);
  if (group === undefined) throw new Error('no such group');
  return [...site.sandbox.membersOf(group.id)].sort();
}

/** The group is created, and the answer never arrives. */
const LOST = { method: 'POST', path: /\/rest\/api\/group$/, kind: 'drop-after' as const };

describe('create', () => {
  it.each([0, 1, 10])('costs 2 + %i calls for as many members, and answers them [GR3]', async (count) => {
    const site = await startGroups();
    const people = await addKnownPeople(site, count);

    const view = await site.groups.create(newGroup('Design', { externalId: 'x', memberIds: people }), site.request());

    expect(site.operations()).toEqual(['searchGroups', 'createGroup', ...times(count, 'addMember')]);
    expect(view).toMatchObject({
      id: site.sandbox.findGroupByName('design')?.id,
      displayName: 'Design',
      externalId: 'x',
      memberIds: people,
    });
    expect(await site.store.groups.find(view.id)).toMatchObject({ origin: 'created', caller: 'okta' });
    expect(truly(site, 'Design')).toEqual([...people].sort());
    expect((await site.audited(view.id)).map(({ event, result }) => `${event} ${result}`)).toEqual([
      'group.created done',
    ]);
  });

  it('makes a group that SCIM may change afterwards [GR1]', async () => {
    const site = await startGroups();
    const [person = ''] = await addKnownPeople(site, 1);
    const { id } = await site.groups.create(newGroup('Design'), site.request());
    site.operations();

    await site.groups.change(id, { add: [person], remove: [] }, site.request());

    expect(site.operations()).toEqual(['addMember']);
    expect((await site.groups.get(id, site.request(), { members: true })).memberIds).toEqual([person]);
  });

  it('checks the members before the first call [GR8]', async () => {
    const site = await startGroups();
    await expect(
      site.groups.create(newGroup('Design', { memberIds: ['inv-nobody'] }), site.request()),
    ).rejects.toMatchObject({ kind: 'invalid', message: expect.stringContaining('inv-nobody') });
    await expect(
      site.groups.create(newGroup('Design', { memberIds: [site.sandbox.admin.accountId] }), site.request()),
    ).rejects.toMatchObject({ kind: 'forbidden' });

    expect(site.operations()).not.toContain('createGroup');
    expect(site.sandbox.findGroupByName('Design')).toBeUndefined();
    expect(await site.store.intents.list('createGroup')).toEqual([]);
  });

  it.each([[''], [' \u00a0'], ['a'.repeat(256)], ['line\nbreak'], ['nul\0']])(
    'refuses the name %j without a call [GR3]',
    async (name) => {
      const site = await startGroups();
      await expect(site.groups.create(newGroup(name), site.request())).rejects.toMatchObject({
        kind: 'invalid',
        scimType: 'invalidValue',
      });
      expect(site.operations()).toEqual([]);
    },
  );

  it('says so when Atlassian refuses the name, and leaves nothing behind [GR3]', async () => {
    const site = await startGroups();
    site.sandbox.faults.next({ method: 'POST', path: /\/rest\/api\/group$/, status: 400 });
    await expect(site.groups.create(newGroup('Design'), site.request())).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('displayName'),
    });
    expect(await site.store.intents.list('createGroup')).toEqual([]);
  });
});

describe('a name that is taken', () => {
  it.each([
    ['a group of Confluence', 'ENGINEERING', 'ADOPT_GROUPS'],
    ['the Confluence name of a renamed group', 'Team-Red', 'Red'],
    ['a recorded name', 'RED', 'Red'],
    ['a group the bridge created', 'design', 'Design'],
  ])('by %s is a conflict that names the group and the way out [GR3]', async (_, displayName, named) => {
    const site = await startGroups({ adoptGroups: ['engineering', 'team-*'] });
    const engineering = await addGroupOf(site, 'engineering', 0);
    const red = await addGroupOf(site, 'team-red', 0);
    await site.groups.change(red.id, { add: [], remove: [], displayName: 'Red' }, site.request());
    const design = await site.groups.create(newGroup('Design'), site.request());
    const holder = { ENGINEERING: engineering.id, 'Team-Red': red.id, RED: red.id, design: design.id }[displayName];
    site.operations();

    await expect(site.groups.create(newGroup(displayName), site.request())).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringMatching(new RegExp(`(?=.*${named})(?=.*${holder ?? ''})(?=.*ADOPT_GROUPS)`)),
    });
    expect(site.operations()).not.toContain('createGroup');
  });

  it('is free again once the group was deleted, although a look-up still shows it [US2]', async () => {
    const site = await startGroups();
    const { id } = await site.groups.create(newGroup('Design'), site.request());
    await site.groups.remove(id, site.request());
    site.sandbox.faults.next({
      path: /picker/,
      status: 200,
      body: { results: [{ type: 'group', name: 'Design', id }], start: 0, limit: 200, size: 1, _links: {} },
    });

    const again = await site.groups.create(newGroup('Design'), site.request());

    expect(again.id).not.toBe(id);
  });

  it('goes to one of two callers who ask at once [GR3]', async () => {
    const site = await startGroups();
    const outcomes = await Promise.allSettled([
      site.groups.create(newGroup('Design'), site.request()),
      site.groups.create(newGroup('DESIGN'), site.request({ caller: 'entra' })),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(site.operations().filter((operation) => operation === 'createGroup')).toHaveLength(1);
  });
});

describe('a creation whose answer was lost', () => {
  it('is found by the repeat, which answers as if it had created the group [GR8]', async () => {
    const site = await startGroups();
    const [person = ''] = await addKnownPeople(site, 1);
    const group = newGroup('Design', { memberIds: [person], externalId: 'x' });
    site.sandbox.faults.next(LOST);
    await expect(site.groups.create(group, site.request())).rejects.toMatchObject({ kind: 'unavailable' });
    site.operations();

    const view = await site.groups.create(group, site.request());

    expect(site.operations()).not.toContain('createGroup');
    expect(view).toMatchObject({
      displayName: 'Design',
      externalId: 'x',
      memberIds: [person],
    });
    expect(await site.store.groups.find(view.id)).toMatchObject({ origin: 'created' });
    expect(truly(site, 'Design')).toEqual([person]);
    await expect(site.groups.create(group, site.request())).rejects.toMatchObject({ kind: 'conflict' });
  });

  it('is found although the look-up lags and Atlassian calls the name taken [GR8]', async () => {
    const site = await startGroups();
    site.sandbox.faults.next(LOST);
    await expect(site.groups.create(newGroup('Design'), site.request())).rejects.toMatchObject({ kind: 'unavailable' });
    site.sandbox.faults.next({
      path: /picker/,
      status: 200,
      body: { results: [], start: 0, limit: 200, size: 0, _links: {} },
    });

    const view = await site.groups.create(newGroup('Design'), site.request());

    expect(view.id).toBe(site.sandbox.findGroupByName('Design')?.id);
  });

  it('does not make a group ours that has members or that came up a day later [GR3]', async () => {
    const making: ((site: GroupSite) => Promise<void>)[] = [
      (site) => {
        site.sandbox.addMember(site.sandbox.findGroupByName('Design')?.id ?? '', site.sandbox.admin.accountId);
        return Promise.resolve();
      },
      (site) => site.clock.advance(24 * 60 * 60_000 + 1),
    ];
    for (const makeForeign of making) {
      const site = await startGroups();
      site.sandbox.faults.next(LOST);
      await expect(site.groups.create(newGroup('Design'), site.request())).rejects.toMatchObject({
        kind: 'unavailable',
      });
      await makeForeign(site);
      await expect(site.groups.create(newGroup('Design'), site.request())).rejects.toMatchObject({ kind: 'conflict' });
    }
  });

  it('is sent again when it never happened [SA6]', async () => {
    const site = await startGroups();
    site.sandbox.faults.next({ ...LOST, kind: 'reset' });
    await expect(site.groups.create(newGroup('Design'), site.request())).rejects.toMatchObject({ kind: 'unavailable' });

    const view = await site.groups.create(newGroup('Design'), site.request());

    expect(view.id).toBe(site.sandbox.findGroupByName('Design')?.id);
    expect(await site.store.intents.list('createGroup')).toEqual([]);
  });
});

describe('a creation that outlasts its request', () => {
  async function startSlow() {
    const site = await startGroups();
    const people = await addKnownPeople(site, 12);
    let arrived = 0;
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    site.sandbox.faults.when({ method: 'POST', path: /userByGroupId/, times: Infinity }, async () => {
      arrived += 1;
      if (arrived > 6) await gate;
    });
    const group = newGroup('Design', { memberIds: people });
    const told = expect(site.groups.create(group, site.request({ budgetMs: 1000 }))).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/of 12 members/),
    });
    await until(() => arrived > 8);
    await site.clock.advance(1000);
    await told;
    return { site, people, group, open };
  }

  it('is joined by the repeat, which answers 201 [GR8]', async () => {
    const { site, people, group, open } = await startSlow();

    const again = site.groups.create(group, site.request());
    open();

    expect((await again).memberIds).toEqual(people);
    expect(site.operations().filter((operation) => operation === 'createGroup')).toHaveLength(1);
    await expect(site.groups.create(group, site.request())).rejects.toMatchObject({ kind: 'conflict' });
  });

  it('answers the repeat that comes when all is done, without a write [GR8]', async () => {
    const { site, people, group, open } = await startSlow();
    open();
    await until(() => truly(site, 'Design').length === people.length);
    const { id } = site.sandbox.findGroupByName('Design') ?? { id: '' };
    await site.store.locks.withLock(`group:${id}`, site.request(), () => Promise.resolve());
    site.operations();

    const view = await site.groups.create(group, site.request());

    expect([...(view.memberIds ?? [])].sort()).toEqual([...people].sort());
    expect(site.operations()).not.toContain('addMember');
  });

  it('goes on where it stood when the process was killed in the middle [SA6]', async () => {
    const { site, people, group, open } = await startSlow();
    await site.jobs.stop();
    open();
    const restarted = startAgain(site);

    const view = await restarted.create(group, site.request());

    expect(view.memberIds).toHaveLength(people.length);
    expect(truly(site, 'Design')).toEqual([...people].sort());
    expect(site.operations().filter((operation) => operation === 'createGroup')).toHaveLength(1);
  });

  it('is a conflict for another caller [GR3]', async () => {
    const { site, group, open } = await startSlow();
    open();
    await until(() => truly(site, 'Design').length === 12);

    await expect(site.groups.create(group, site.request({ caller: 'entra' }))).rejects.toMatchObject({
      kind: 'conflict',
    });
  });
});

/** A new process on the same store. */
function startAgain(site: GroupSite): Groups {
  const jobs = createJobs({ clock: site.clock, log: site.deps.log, maxRunning: 10, maxMs: 60_000 });
  return createGroups(site.deps, jobs);
}
