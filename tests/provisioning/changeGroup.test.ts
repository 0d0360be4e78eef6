import { describe, expect, it } from '@jest/globals';
import { Failure } from '../../src/provisioning/failure.js';
import type { GroupChange } from '../../src/provisioning/groups.js';
import { until } from '../roster/handClock.js';
import { addGroupOf, addKnownPeople, type GroupSite, startGroups, times } from './groupSite.js';

const ADOPTED = { adoptGroups: ['engineering', 'team-*'] };

function change(changes: Partial<GroupChange>): GroupChange {
  return { add: [], remove: [], ...changes };
}

async function startEngineering(count: number, settings: Parameters<typeof startGroups>[0] = {}) {
  const site = await startGroups({ ...ADOPTED, ...settings });
  return { site, ...(await addGroupOf(site, 'engineering', count)) };
}

async function membersOf(site: GroupSite, id: string): Promise<string[]> {
  const view = await site.groups.get(id, site.request(), { members: true });
  site.operations();
  return [...(view.memberIds ?? [])].sort();
}

/** What the sandbox truly holds. */
function holds(site: GroupSite, id: string): string[] {
  return [...site.sandbox.membersOf(id)].sort();
}

function writes(operations: readonly string[]): string[] {
  return operations.filter((operation) => operation === 'addMember' || operation === 'removeMember');
}

describe('adding and removing named people', () => {
  it.each([10, 5000])('costs one call for one person in a group of %i [GR5]', async (count) => {
    const { site, id, people } = await startEngineering(count);
    const [newcomer = ''] = await addKnownPeople(site, 1);

    await site.groups.change(id, change({ add: [newcomer] }), site.request());
    expect(site.operations()).toEqual(['addMember']);
    await site.groups.change(id, change({ remove: [people[0] ?? ''] }), site.request());
    expect(site.operations()).toEqual(['removeMember']);

    expect(holds(site, id)).toEqual([newcomer, ...people.slice(1)].sort());
  });

  it('costs one call a person where the group has more pages than the message people [GR5]', async () => {
    const { site, id } = await startEngineering(5000);
    const newcomers = await addKnownPeople(site, 5);
    await membersOf(site, id);
    await site.groups.change(id, change({}), site.request());
    await membersOf(site, id);

    await site.groups.change(id, change({ add: newcomers }), site.request());

    expect(site.operations()).toEqual(times(5, 'addMember'));
  });

  it('reads first where the message names more people than the group has pages, and sends what is missing [GR5]', async () => {
    const { site, id, people } = await startEngineering(10);
    const [newcomer = ''] = await addKnownPeople(site, 1);

    await site.groups.change(id, change({ add: [...people, newcomer] }), site.request());

    expect(site.operations()).toEqual(['listMembers', 'addMember']);
  });

  it('sends removals before additions [GR5]', async () => {
    const { site, id, people } = await startEngineering(3);
    const newcomers = await addKnownPeople(site, 3);

    await site.groups.change(id, change({ add: newcomers, remove: people }), site.request());

    expect(site.operations()).toEqual(['listMembers', ...times(3, 'removeMember'), ...times(3, 'addMember')]);
    expect(holds(site, id)).toEqual([...newcomers].sort());
  });

  it('sends no upstream write when the same message comes again [GR5]', async () => {
    const { site, id, people } = await startEngineering(3);
    const [newcomer = ''] = await addKnownPeople(site, 1);
    for (const message of [
      change({ add: [newcomer] }),
      change({ remove: people.slice(0, 1) }),
      change({ add: people }),
    ]) {
      await site.groups.change(id, message, site.request());
      site.operations();
      await site.groups.change(id, message, site.request());
      expect(writes(site.operations())).toEqual([]);
    }
  });

  it('takes out again whom somebody put back by hand after our removal, and puts in whom somebody took out [US2]', async () => {
    const { site, id, people } = await startEngineering(3);
    const [newcomer = ''] = await addKnownPeople(site, 1);
    const [leaver = ''] = people;
    await site.groups.change(id, change({ remove: [leaver] }), site.request());
    await site.groups.change(id, change({ add: [newcomer] }), site.request());
    site.sandbox.addMember(id, leaver);
    site.sandbox.removeMember(id, newcomer);

    await site.groups.change(id, change({ remove: [leaver] }), site.request());
    await site.groups.change(id, change({ add: [newcomer] }), site.request());

    expect(holds(site, id)).toEqual([newcomer, ...people.slice(1)].sort());
  });

  it('adds whom we have just taken out although the read still shows a member [US2]', async () => {
    const { site, id, people } = await startEngineering(3);
    site.sandbox.options.lag = { ms: 5 * 60_000, reads: 0 };
    await site.groups.change(id, change({ remove: people }), site.request());

    await site.groups.change(id, change({ add: people }), site.request());

    expect(holds(site, id)).toEqual([...people].sort());
  });

  it('does nothing for a removal of somebody nobody knows [GR4]', async () => {
    const { site, id, people } = await startEngineering(2);
    await site.groups.change(
      id,
      change({ remove: ['712020:nobody', 'inv-gone', site.sandbox.appAccountId] }),
      site.request(),
    );
    expect(site.operations()).toEqual([]);
    expect(holds(site, id)).toEqual([...people].sort());
  });

  it('names the ids that are no user of ours and changes nothing [GR4]', async () => {
    const { site, id } = await startEngineering(0);
    const [known = ''] = await addKnownPeople(site, 1);
    const stranger = site.sandbox.addPerson({ email: 'stranger@example.com' }).accountId;

    const message = change({ add: [known, 'nobody', stranger, site.sandbox.appAccountId], displayName: 'Renamed' });
    await expect(site.groups.change(id, message, site.request())).rejects.toMatchObject({
      kind: 'invalid',
      scimType: 'invalidValue',
      message: expect.stringContaining('"nobody"'),
    });

    expect(site.operations().sort()).toEqual(['listMembers', 'listMemberships', 'usersBulk']);
    expect(holds(site, id)).toEqual([]);
    expect(await site.store.groups.find(id)).toBeUndefined();
  });

  it('finds somebody who got access since the last scan by one look-up [GR4]', async () => {
    const { site, id } = await startEngineering(0);
    const newcomer = site.sandbox.addPerson({ email: 'new@example.com', access: true }).accountId;

    await site.groups.change(id, change({ add: [newcomer] }), site.request());

    expect(site.operations()).toEqual(['usersBulk', 'listMemberships', 'addMember']);
  });

  it('names the member whose account Atlassian does not know on the site [GR4]', async () => {
    const { site, id } = await startEngineering(0);
    const gone = site.sandbox.addPerson({ email: 'gone@example.com', inDirectory: false });
    await site.link(gone.accountId);

    await expect(site.groups.change(id, change({ add: [gone.accountId] }), site.request())).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining(gone.accountId),
    });
  });

  it('keeps a leaver whom Atlassian does not know on the site any more as a member here [GR4]', async () => {
    const { site, id } = await startEngineering(0);
    const gone = site.sandbox.addPerson({ email: 'gone@example.com', inDirectory: false });
    await site.link(gone.accountId, { wanted: 'inactive' });

    await site.groups.change(id, change({ add: [gone.accountId] }), site.request());

    expect(await membersOf(site, id)).toEqual([gone.accountId]);
    expect(holds(site, id)).toEqual([]);
  });

  it('owes nothing any more once the person really is a member [GR4]', async () => {
    const { site, id } = await startEngineering(0);
    const [person = ''] = await addKnownPeople(site, 1);
    await site.link(person);
    await site.store.holds.put({ personId: person, groupId: id, kind: 'owed' });

    await site.groups.change(id, change({ add: [person] }), site.request());

    expect(holds(site, id)).toEqual([person]);
    expect(await site.store.holds.ofGroup(id)).toEqual([]);
  });

  it('owes the membership to a person whose account is still to appear, and shows it meanwhile [US5]', async () => {
    const { site, id } = await startEngineering(0);
    const pending = await site.link(undefined);

    await site.groups.change(id, change({ add: [pending] }), site.request());
    expect(site.operations()).toEqual([]);
    expect(await site.store.holds.ofGroup(id)).toEqual([{ personId: pending, groupId: id, kind: 'owed' }]);
    expect(await membersOf(site, id)).toEqual([pending]);

    await site.groups.change(id, change({ remove: [pending] }), site.request());
    expect(site.operations()).toEqual([]);
    expect(await membersOf(site, id)).toEqual([]);
  });

  it('really removes a suspended member, whom listings hide [GR4]', async () => {
    const { site, id, people } = await startEngineering(2);
    const [suspended = ''] = people;
    await site.link(suspended, { suspended: true, wanted: 'inactive' });
    site.sandbox.suspend(suspended);
    await site.store.holds.put({ personId: suspended, groupId: id, kind: 'suspended' });
    expect(await membersOf(site, id)).toContain(suspended);

    await site.groups.change(id, change({ replaceWith: people.slice(1) }), site.request());

    expect(holds(site, id)).toEqual(people.slice(1));
    expect(await membersOf(site, id)).toEqual(people.slice(1));
  });

  it('keeps apps and people who are no users of ours through every replacement [ID2]', async () => {
    const { site, id } = await startEngineering(2);
    const outsider = site.sandbox.addPerson({ email: 'outside@example.com' }).accountId;
    for (const accountId of [outsider, site.sandbox.appAccountId]) site.sandbox.addMember(id, accountId);

    await site.groups.change(id, change({ replaceWith: [] }), site.request());

    expect(holds(site, id)).toEqual([outsider, site.sandbox.appAccountId].sort());
  });
});

describe('replacing the members', () => {
  it.each([
    [10, 1],
    [5000, 25],
  ])('in a group of %i costs 1 + %i calls and one for each difference [GR5]', async (count, pages) => {
    const { site, id, people } = await startEngineering(count);
    const newcomers = await addKnownPeople(site, 2);
    const wanted = [...newcomers, ...people.slice(3)];

    const view = await site.groups.change(id, change({ replaceWith: wanted }), site.request());

    const operations = site.operations();
    expect(operations).toHaveLength(1 + pages + 5);
    expect(writes(operations)).toEqual([...times(3, 'removeMember'), ...times(2, 'addMember')]);
    expect([...(view.memberIds ?? [])].sort()).toEqual([...wanted].sort());
    expect(holds(site, id)).toEqual([...wanted].sort());

    await site.groups.change(id, change({ replaceWith: wanted }), site.request());
    expect(site.operations().sort()).toEqual(['getGroup', ...times(pages, 'listMembers')]);
  });

  it('removes those a filter matches and nobody else [GR6]', async () => {
    const { site, id, people } = await startEngineering(4);
    const matching = people.slice(0, 2);

    await site.groups.change(
      id,
      change({ removeMatching: (ids) => ids.filter((member) => matching.includes(member)) }),
      site.request(),
    );

    expect(holds(site, id)).toEqual(people.slice(2).sort());
  });

  it('believes an empty list only when the group answers by its id [SA2]', async () => {
    const { site, id, people } = await startEngineering(2);
    site.sandbox.faults.next({
      path: /membersByGroupId/,
      status: 200,
      body: { results: [], start: 0, limit: 200, size: 0, totalSize: 0, _links: {} },
    });
    site.sandbox.faults.next({ path: /by-id/, status: 404 });

    await expect(site.groups.change(id, change({ replaceWith: [] }), site.request())).rejects.toMatchObject({
      kind: 'notFound',
    });

    expect(writes(site.operations())).toEqual([]);
    expect(holds(site, id)).toEqual([...people].sort());
  });
});

describe('removing named people from a group that reads empty', () => {
  it('is believed to be done only when the group answers by its id [SA2]', async () => {
    const { site, id, people } = await startEngineering(2);
    const nobody = { results: [], start: 0, limit: 200, size: 0, totalSize: 0, _links: {} };
    site.sandbox.faults.next({ path: /membersByGroupId/, status: 200, body: nobody });
    site.sandbox.faults.next({ path: /by-id/, status: 404 });

    await expect(site.groups.change(id, change({ remove: people }), site.request())).rejects.toMatchObject({
      kind: 'notFound',
    });
  });
});

describe('what SCIM may not change', () => {
  it.each([
    ['a group that is neither created nor adopted', { name: 'legal' }, /ADOPT_GROUPS/],
    ['a group that is synced into Confluence', { name: 'engineering', managedBy: 'EXTERNAL' as const }, /EXTERNAL/],
    ['a team', { name: 'engineering', usageType: 'TEAM_COLLABORATION' as const }, /team/],
    ['a group that grants admin rights', { name: 'engineering', grants: 'admin' as const }, /administration/],
    ['a granting group adopted by a pattern only', { name: 'team-all', grants: 'user' as const }, /Assign people/],
    ['a privileged name reached by a pattern only', { name: 'team-admins' }, /PRIVILEGED_GROUPS/],
  ])('refuses %s before any call [GR1]', async (_, group, advice) => {
    const site = await startGroups({ ...ADOPTED, accessGroups: ['confluence-users-acme'] });
    const { id } = site.sandbox.addGroup(group);
    const [person = ''] = await addKnownPeople(site, 1);

    for (const message of [change({ add: [person] }), change({ replaceWith: [] }), change({ displayName: 'x' })]) {
      await expect(site.groups.change(id, message, site.request())).rejects.toMatchObject({
        kind: 'forbidden',
        message: expect.stringMatching(advice),
      });
    }
    expect(site.operations()).toEqual([]);
    expect((await site.audited(id)).map(({ result, decision }) => [result, decision])).toEqual(
      times(3, '').map(() => ['refused', 'GR1']),
    );
  });

  it('reads a group by its id before it judges it while there is no index yet [LI1]', async () => {
    const site = await startGroups({}, { scanned: false });
    const { id } = site.sandbox.addGroup({ name: 'synced', managedBy: 'EXTERNAL' });

    await expect(site.groups.change(id, change({}), site.request())).rejects.toMatchObject({ kind: 'forbidden' });

    expect(site.operations()).toContain('getGroup');
  });

  it('refuses to remove a protected person who is named, and changes nothing [SA8]', async () => {
    const { site, id, people } = await startEngineering(2, { protectedUsers: ['boss@example.com'] });
    const boss = site.sandbox.addPerson({ email: 'boss@example.com' }).accountId;
    await site.link(boss, { id: 'inv-boss', address: 'boss@example.com' });
    site.sandbox.addMember(id, boss);

    const message = change({ remove: [people[0] ?? '', 'inv-boss'] });
    await expect(site.groups.change(id, message, site.request())).rejects.toMatchObject({ kind: 'forbidden' });

    expect(site.operations()).toEqual([]);
    expect(holds(site, id)).toEqual([boss, ...people].sort());
  });

  it('keeps a protected person who is merely left out of a list, audited [GR7]', async () => {
    const { site, id } = await startEngineering(2);
    const { accountId } = site.sandbox.admin;
    site.sandbox.addMember(id, accountId);

    const view = await site.groups.change(id, change({ replaceWith: [] }), site.request());

    expect(holds(site, id)).toEqual([accountId]);
    expect(view.memberIds).toEqual([accountId]);
    expect(await site.audited(accountId)).toMatchObject([{ event: 'group.memberKept', object: id, decision: 'GR7' }]);
  });

  it('knows a protected person by an address that Atlassian shows [GR7]', async () => {
    const { site, id, people } = await startEngineering(2, { protectedUsers: ['PERSON-0@example.com'] });
    await site.groups.change(id, change({ replaceWith: [] }), site.request());
    expect(holds(site, id)).toEqual(people.slice(0, 1));
  });

  it('puts no protected person into a group, but is content with one who is a member [SA8]', async () => {
    const { site, id } = await startEngineering(0);
    const { accountId } = site.sandbox.admin;

    await expect(site.groups.change(id, change({ add: [accountId] }), site.request())).rejects.toMatchObject({
      kind: 'forbidden',
    });
    expect(writes(site.operations())).toEqual([]);
    expect(await site.store.groups.find(id)).toBeUndefined();

    site.sandbox.addMember(id, accountId);
    await site.groups.change(id, change({ add: [accountId] }), site.request());
    expect(writes(site.operations())).toEqual([]);
  });
});

describe('a granting group that is adopted', () => {
  async function startGranting() {
    const site = await startGroups({ accessGroups: ['confluence-users-acme'], adoptGroups: ['staff'] });
    const { id } = site.sandbox.addGroup({ name: 'staff', grants: 'user' });
    const [person = ''] = await addKnownPeople(site, 1);
    return { site, id, person, access: site.sandbox.groups.access.id };
  }

  it('never re-admits somebody recorded inactive: the membership is owed and shown [GR2]', async () => {
    const { site, id, person, access } = await startGranting();
    site.sandbox.removeMember(access, person);
    await site.link(person, { wanted: 'inactive' });

    for (const message of [change({ add: [person] }), change({ replaceWith: [person] })]) {
      await site.groups.change(id, message, site.request());
      expect(writes(site.operations())).toEqual([]);
    }
    expect(holds(site, id)).toEqual([]);
    expect(await site.store.holds.ofPerson(person)).toEqual([{ personId: person, groupId: id, kind: 'owed' }]);
    expect(await membersOf(site, id)).toEqual([person]);
  });

  it('never re-admits somebody who was deleted [GR2]', async () => {
    const { site, id, person } = await startGranting();
    await site.link(person);
    await site.store.people.bury(person, new Date(site.clock.now()).toISOString());

    await site.groups.change(id, change({ add: [person] }), site.request());

    expect(writes(site.operations())).toEqual([]);
    expect(holds(site, id)).toEqual([]);
  });

  it('judges the status right before the addition, after a deactivation that came in between [GR2]', async () => {
    const { site, id, person } = await startGranting();
    await site.link(person);
    let release: () => void = () => undefined;
    let isHeld = false;
    const held = site.store.locks.withLock(`person:${person}`, site.request(), async () => {
      isHeld = true;
      await new Promise<void>((resolve) => (release = resolve));
      await site.store.people.update(person, { wanted: 'inactive' });
    });
    await until(() => isHeld);

    const answer = site.groups.change(id, change({ add: [person] }), site.request());
    await until(async () => (await site.store.groups.find(id)) !== undefined);
    release();
    await Promise.all([held, answer]);

    expect(writes(site.operations())).toEqual([]);
    expect(holds(site, id)).toEqual([]);
  });

  it('takes access with the last granting group, keeps the wanted status, and counts it as a loss of access [GR2]', async () => {
    const { site, id, person, access } = await startGranting();
    await site.link(person);
    await site.groups.change(id, change({ add: [person] }), site.request());
    await site.groups.change(id, change({ remove: [person] }), site.request());
    expect((await site.audited(person)).map(({ event }) => event)).not.toContain('user.accessLost');

    await site.groups.change(id, change({ add: [person] }), site.request());
    site.sandbox.removeMember(access, person);
    await site.roster.scan(site.request());
    await site.groups.change(id, change({ remove: [person] }), site.request());

    expect((await site.store.people.find(person))?.wanted).toBe('active');
    expect((await site.store.index.person(person))?.grantingGroupIds ?? []).toEqual([]);
    expect((await site.audited(person)).map(({ event }) => event)).toContain('user.accessLost');
  });

  it('adds the others and then says that no seat was free for one [SA5]', async () => {
    const { site, id } = await startGranting();
    const seated = await addKnownPeople(site, 30);
    const unseated = site.sandbox.addPerson({ email: 'late@example.com' }).accountId;
    await site.link(unseated);
    site.sandbox.options.seats = site.sandbox.seatsUsed();

    await expect(site.groups.change(id, change({ add: [unseated, ...seated] }), site.request())).rejects.toMatchObject({
      kind: 'refused',
    });

    expect(holds(site, id)).toEqual([...seated].sort());
    expect(await membersOf(site, id)).toEqual([...seated].sort());
    expect(await site.audited(unseated)).toMatchObject([{ event: 'group.memberAdded', result: 'refused' }]);
  });
});

describe('renaming', () => {
  it('records the name, keeps id and Confluence name, and is audited; the message again changes nothing [GR3]', async () => {
    const { site, id } = await startEngineering(1);
    const view = await site.groups.change(id, change({ displayName: 'Builders' }), site.request());
    expect(view).toMatchObject({ id, displayName: 'Builders' });
    expect(await site.store.groups.find(id)).toMatchObject({ confluenceName: 'engineering' });
    expect(site.sandbox.findGroupByName('engineering')?.id).toBe(id);
    expect(site.operations()).toEqual(['searchGroups']);
    const lines = (await site.audited(id)).length;

    await site.groups.change(id, change({ displayName: 'Builders' }), site.request());
    expect(site.operations()).toEqual([]);
    expect(await site.audited(id)).toHaveLength(lines);
  });

  it('is unique over recorded and upstream names; a group is no conflict with itself [GR3]', async () => {
    const { site, id } = await startEngineering(1);
    const other = await addGroupOf(site, 'team-red', 0);
    await site.groups.change(other.id, change({ displayName: 'Red' }), site.request());

    for (const displayName of ['RED', 'Team-Red']) {
      await expect(site.groups.change(id, change({ displayName }), site.request())).rejects.toMatchObject({
        kind: 'conflict',
        message: expect.stringContaining(other.id),
      });
    }
    expect((await site.groups.change(id, change({ displayName: 'ENGINEERING' }), site.request())).displayName).toBe(
      'ENGINEERING',
    );
    await site.groups.change(id, change({ displayName: 'Builders' }), site.request());
    expect((await site.groups.change(id, change({ displayName: 'engineering' }), site.request())).displayName).toBe(
      'engineering',
    );
  });

  it('refused for its name changes no member [GR3]', async () => {
    const { site, id, people } = await startEngineering(2);
    await addGroupOf(site, 'team-red', 0);
    for (const displayName of ['team-red', '  ', 'a'.repeat(256), 'line\nbreak']) {
      await expect(
        site.groups.change(id, change({ displayName, replaceWith: [] }), site.request()),
      ).rejects.toBeDefined();
    }
    expect(writes(site.operations())).toEqual([]);
    expect(holds(site, id)).toEqual([...people].sort());
  });

  it('is unsupported with GROUP_RENAMES=reject, where other letters alone are no new name [GR3]', async () => {
    const { site, id, people } = await startEngineering(2, { groupRenames: 'reject' });
    await expect(
      site.groups.change(id, change({ displayName: 'Builders', remove: people }), site.request()),
    ).rejects.toMatchObject({ kind: 'unsupported' });
    expect(site.operations()).toEqual([]);
    expect((await site.groups.change(id, change({ displayName: 'Engineering' }), site.request())).displayName).toBe(
      'engineering',
    );
  });
});

describe('one message after the other', () => {
  it('plans a message only when those before it are done [SA4]', async () => {
    const { site, id, people } = await startEngineering(5);
    const newcomers = await addKnownPeople(site, 5);

    await Promise.all([
      site.groups.change(id, change({ replaceWith: newcomers }), site.request()),
      site.groups.change(id, change({ replaceWith: people }), site.request()),
    ]);

    expect(holds(site, id)).toEqual([...people].sort());
  });

  it('joins the identical message that is still running [GR8]', async () => {
    const { site, id } = await startEngineering(1);
    const newcomers = await addKnownPeople(site, 3);
    const message = change({ replaceWith: newcomers });

    await Promise.all([1, 2, 3].map(() => site.groups.change(id, message, site.request())));

    expect(writes(site.operations())).toEqual(['removeMember', ...times(3, 'addMember')]);
  });

  it('goes on after the budget, says how much is done, and gives the identical message its success [GR8]', async () => {
    const { site, id } = await startEngineering(0);
    const newcomers = await addKnownPeople(site, 30);
    let arrived = 0;
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    site.sandbox.faults.when({ method: 'POST', path: /userByGroupId/, times: Infinity }, async () => {
      arrived += 1;
      if (arrived > 12) await gate;
    });

    const message = change({ add: newcomers });
    const told = expect(site.groups.change(id, message, site.request({ budgetMs: 1000 }))).rejects.toMatchObject({
      kind: 'unavailable',
      retryAfterSeconds: expect.any(Number),
      message: expect.stringMatching(/^1[0-2] of 30 members/),
    });
    await until(() => arrived > 15);
    await site.clock.advance(1000);
    await told;

    const again = site.groups.change(id, message, site.request());
    open();
    await again;
    expect(holds(site, id)).toEqual([...newcomers].sort());
    expect(writes(site.operations())).toEqual(times(30, 'addMember'));
  });

  it('finishes the rest when the message comes again after a failure half-way [SA6]', async () => {
    const { site, id } = await startEngineering(0);
    const newcomers = await addKnownPeople(site, 10);
    let letThrough = 0;
    site.sandbox.faults.when({ method: 'POST', path: /userByGroupId/, times: Infinity }, () => {
      letThrough += 1;
      if (letThrough === 5) site.sandbox.faults.always({ method: 'POST', path: /userByGroupId/, status: 403 });
    });
    const message = change({ add: newcomers });
    await expect(site.groups.change(id, message, site.request())).rejects.toMatchObject({ kind: 'misconfigured' });
    const done = holds(site, id).length;
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(10);

    site.sandbox.faults.clear();
    site.operations();
    await site.groups.change(id, message, site.request());

    expect(site.operations()).toEqual(['listMembers', ...times(10 - done, 'addMember')]);
    expect(holds(site, id)).toEqual([...newcomers].sort());
  });

  it('is refused as unknown when the group was deleted while it waited [SA4]', async () => {
    const { site, id, people } = await startEngineering(1);
    const outcomes = await Promise.allSettled([
      site.groups.remove(id, site.request()),
      site.groups.change(id, change({ remove: people }), site.request()),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(holds(site, id)).toEqual(people);
  });
});

describe('records of a change', () => {
  it('adopts with the first message, keeps the externalId of the caller, and counts as the last change [GR1]', async () => {
    const { site, id } = await startEngineering(1);
    await site.clock.advance(5000);
    const view = await site.groups.change(id, change({ externalId: { value: 'x' } }), site.request());
    expect(view).toMatchObject({ externalId: 'x' });
    expect(await site.store.groups.find(id)).toMatchObject({ origin: 'adopted', caller: 'okta' });
    expect(view.modifiedAt > view.createdAt).toBe(true);

    const emptied = await site.groups.change(id, change({ externalId: { value: '' } }), site.request());
    expect(emptied.externalId).toBeUndefined();
    expect((await site.audited(id)).map(({ event }) => event)).toEqual(['group.adopted']);
  });

  it('writes one audit line for each membership, with just the calls that belong to it [SA10]', async () => {
    const { site, id, people } = await startEngineering(3);
    const call = site.request();
    await site.groups.change(id, change({ replaceWith: people.slice(2) }), call);

    const lines = (await site.audited()).filter(({ event }) => event === 'group.memberRemoved');
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).toMatchObject({ caller: 'okta', requestId: call.requestId, object: id, result: 'done' });
      expect(line.upstream).toMatchObject([{ operation: 'confluence.removeMember', status: 204 }]);
    }
    expect(call.upstream).toHaveLength(4);
  });

  it('answers a refusal that waits for the group to exist only for one that does [US11]', async () => {
    const { site, id } = await startEngineering(1);
    const refusal = new Failure('invalid', 'id is read-only.', { scimType: 'mutability' });
    await expect(site.groups.change('nobody', change({ refusal }), site.request())).rejects.toMatchObject({
      kind: 'notFound',
    });
    await expect(site.groups.change(id, change({ refusal }), site.request())).rejects.toMatchObject({
      scimType: 'mutability',
    });
  });
});
