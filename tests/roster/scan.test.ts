import { describe, expect, it } from '@jest/globals';
import { addPeople, makeCall, recordLeaver, startSite } from './site.js';
import { until } from './handClock.js';

describe('a scan', () => {
  it('costs one call for each 200 members of each granting group, also where they overlap [SA1]', async () => {
    const { sandbox, roster, store, clock, memberPages } = await startSite({ accessGroups: ['confluence-users-acme'] });
    const second = sandbox.addGroup({ name: 'confluence-users-emea', grants: 'user' });
    const people = addPeople(sandbox, 6000);
    for (const accountId of people.slice(0, 400)) sandbox.addMember(second.id, accountId);

    await roster.scan(makeCall(clock));

    const counted = Object.entries(memberPages()).map(([groupId, pages]) => {
      const members = sandbox.membersOf(groupId).length;
      return { groupId, pages, expected: Math.max(1, Math.ceil(members / 200)) };
    });
    expect(counted.every(({ pages, expected }) => pages === expected)).toBe(true);
    expect(memberPages()[second.id]).toBe(2);
    expect(memberPages()[sandbox.groups.access.id]).toBe(31);
    expect((await store.index.state())?.people).toBe(6001);
    expect((await store.index.person(people[0] ?? ''))?.grantingGroupIds).toHaveLength(2);
  });

  it('finds everybody when Atlassian lowers the size of its pages [LI1]', async () => {
    const { sandbox, roster, store, clock } = await startSite();
    addPeople(sandbox, 950);
    sandbox.options.maxPageSize = 70;

    await roster.scan(makeCall(clock));

    expect((await store.index.state())?.people).toBe(951);
  });

  it.each([
    ['the last page', 300, 200],
    ['a page in the middle', 900, 400],
  ])('loses nobody when somebody leaves the group before %s is read [SA2]', async (_, count, start) => {
    const { sandbox, roster, store, clock } = await startSite();
    const people = addPeople(sandbox, count);
    const { access } = sandbox.groups;
    const [leaver = ''] = sandbox.membersOf(access.id).filter((accountId) => people.includes(accountId));
    sandbox.faults.when({ path: new RegExp(`${access.id}/membersByGroupId.*start=${start}`) }, () => {
      sandbox.removeMember(access.id, leaver);
    });

    await roster.scan(makeCall(clock));

    const found = (await store.index.people(people)).map(({ accountId }) => accountId);
    expect(people.filter((accountId) => accountId !== leaver && !found.includes(accountId))).toEqual([]);
  });

  it('keeps apps and customers apart from people [ID2]', async () => {
    const { sandbox, roster, store, clock } = await startSite();
    const customer = sandbox.addPerson({ accountType: 'customer', displayName: 'A customer', access: true });

    await roster.scan(makeCall(clock));

    expect((await store.index.person(sandbox.appAccountId))?.kind).toBe('other');
    expect((await store.index.person(customer.accountId))?.kind).toBe('other');
    expect((await store.index.person(sandbox.admin.accountId))?.kind).toBe('atlassian');
    expect((await store.index.state())?.people).toBe(1);
  });

  it('knows every group of the organization, and by which access types it grants [SA1]', async () => {
    const { sandbox, roster, store, clock } = await startSite();
    const plain = sandbox.addGroup({ name: 'engineering' });

    await roster.scan(makeCall(clock));

    const { access, admins, siteAdmins, synced } = sandbox.groups;
    expect((await store.index.group(access.id))?.accessTypes).toEqual(['user']);
    expect((await store.index.group(admins.id))?.accessTypes).toContain('admin');
    expect((await store.index.group(siteAdmins.id))?.accessTypes).toContain('site-admin');
    expect(await store.index.group(plain.id)).toMatchObject({ name: 'engineering', accessTypes: [] });
    expect(await store.index.group(synced.id)).toMatchObject({ managedBy: 'EXTERNAL' });
  });

  it.each([
    ['a page of members', /membersByGroupId\?.*start=400/],
    ['the group list', /\/rest\/api\/group\?(?!.*accessType)/],
    ['the granting groups', /accessType=site-admin/],
  ])('changes nothing when %s cannot be read [SA2]', async (_, path) => {
    const { sandbox, roster, store, clock } = await startSite();
    const [first = ''] = addPeople(sandbox, 700);
    await roster.scan(makeCall(clock));
    const before = await store.index.state();
    sandbox.removeMember(sandbox.groups.access.id, first);
    await clock.advance(60_000);
    sandbox.faults.next({ method: 'GET', path, status: 400 });

    await expect(roster.scan(makeCall(clock))).rejects.toMatchObject({ kind: 'unavailable' });

    expect(await store.index.state()).toEqual(before);
    expect((await store.index.person(first))?.grantingGroupIds).toEqual([sandbox.groups.access.id]);
    await roster.scan(makeCall(clock));
    expect(await store.index.person(first)).toBeUndefined();
  });

  it('does not believe a first access group without members [SA2]', async () => {
    const { sandbox, roster, store, clock } = await startSite();
    addPeople(sandbox, 30, [sandbox.groups.admins.id]);
    for (const accountId of sandbox.membersOf(sandbox.groups.access.id)) {
      sandbox.removeMember(sandbox.groups.access.id, accountId);
    }

    await expect(roster.scan(makeCall(clock))).rejects.toMatchObject({ kind: 'unavailable', retryAfterSeconds: 60 });

    expect(await store.index.state()).toBeUndefined();
  });

  it('does not believe a directory without people [SA2]', async () => {
    const { sandbox, roster, store, clock } = await startSite();
    for (const { id } of [sandbox.groups.access, sandbox.groups.admins, sandbox.groups.siteAdmins]) {
      for (const accountId of sandbox.membersOf(id)) sandbox.removeMember(id, accountId);
    }
    sandbox.addMember(sandbox.groups.access.id, sandbox.appAccountId);

    await expect(roster.scan(makeCall(clock))).rejects.toMatchObject({ kind: 'unavailable' });

    expect(await store.index.state()).toBeUndefined();
  });

  it('believes another granting group to be empty only when the group answers to its id [SA2]', async () => {
    const { sandbox, roster, store, clock } = await startSite({ accessGroups: ['confluence-users-acme'] });
    const empty = sandbox.addGroup({ name: 'confluence-users-emea', grants: 'user' });
    const byId = new RegExp(`by-id\\?id=${empty.id}`);
    sandbox.faults.next({ method: 'GET', path: byId, status: 404 });

    await expect(roster.scan(makeCall(clock))).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await store.index.state()).toBeUndefined();

    await roster.scan(makeCall(clock));
    expect(await store.index.state()).toMatchObject({ people: 1 });
  });

  it('believes a shrink by more than a fifth and ten people only when a second scan, a minute later, agrees [LI1]', async () => {
    const { sandbox, roster, store, clock } = await startSite();
    const people = addPeople(sandbox, 60);
    await roster.scan(makeCall(clock));
    for (const accountId of people.slice(0, 30)) sandbox.removeMember(sandbox.groups.access.id, accountId);
    await clock.advance(900_000);

    await expect(roster.scan(makeCall(clock))).rejects.toMatchObject({ kind: 'unavailable', retryAfterSeconds: 60 });
    await clock.advance(30_000);
    await expect(roster.scan(makeCall(clock))).rejects.toMatchObject({ kind: 'unavailable', retryAfterSeconds: 30 });
    expect((await store.index.state())?.people).toBe(61);

    await clock.advance(30_000);
    await roster.scan(makeCall(clock));
    expect((await store.index.state())?.people).toBe(31);
  });

  it('lets our own writes of the last ten minutes beat reads that lag [US2]', async () => {
    const { sandbox, roster, store, clock, directory } = await startSite();
    const [left = '', stays = ''] = addPeople(sandbox, 20);
    const joined = sandbox.addPerson({ email: 'new@example.com' });
    const { access } = sandbox.groups;
    await roster.scan(makeCall(clock));
    sandbox.options.lag = { ms: 11 * 60_000, reads: 0 };
    await directory.removeMember(access.id, left, makeCall(clock));
    await store.writes.membership(left, access.id, false, clock.now());
    await directory.addMember(access.id, joined.accountId, makeCall(clock));
    await store.writes.membership(joined.accountId, access.id, true, clock.now());

    await clock.advance(60_000);
    await roster.scan(makeCall(clock));
    expect((await store.index.person(left))?.grantingGroupIds ?? []).toEqual([]);
    expect((await store.index.person(joined.accountId))?.grantingGroupIds).toEqual([access.id]);
    expect((await store.index.person(stays))?.grantingGroupIds).toEqual([access.id]);

    await clock.advance(9.5 * 60_000);
    await roster.scan(makeCall(clock));
    expect((await store.index.person(left))?.grantingGroupIds).toEqual([access.id]);
  });

  it('tells who comes after it, with a call of its own', async () => {
    const callers: string[] = [];
    const site = await startSite(
      {},
      {
        onScanned: (call) => {
          callers.push(`${call.caller} ${call.kind} ${call.upstream.length}`);
          return Promise.reject(new Error('whatever follows may fail'));
        },
      },
    );

    await site.roster.scan(makeCall(site.clock));
    await until(() => site.roster.settled());

    expect(callers).toEqual(['bridge scan 0']);
    expect(site.log.filter(({ message }) => message.includes('scan') && message.includes('failed'))).toEqual([]);
  });
});

describe('the leaver guard', () => {
  it('reports people recorded inactive who have access again, once in the audit and at each scan in the log [SA9]', async () => {
    const counts: number[] = [];
    const metrics = { scanEnded: () => undefined, leaversWithAccess: (count: number) => void counts.push(count) };
    const { sandbox, roster, store, clock, log } = await startSite({}, { metrics });
    const [leaver = '', fresh = ''] = addPeople(sandbox, 12);
    await recordLeaver(store, leaver, clock.now() - 11 * 60_000);
    await recordLeaver(store, fresh, clock.now() - 60_000);
    const audited = async () =>
      (await store.audit.list({ limit: 100 })).filter(({ event }) => event === 'leaver.hasAccess');

    await roster.scan(makeCall(clock));

    expect(await audited()).toMatchObject([
      { subject: leaver, object: sandbox.groups.access.id, decision: 'SA9', result: 'noted', caller: 'bridge' },
    ]);
    const errors = () => log.filter(({ level }) => level === 'error');
    expect(errors()).toMatchObject([{ fields: { personId: leaver, groupIds: [sandbox.groups.access.id] } }]);

    await clock.advance(60_000);
    await roster.scan(makeCall(clock));
    expect(await audited()).toHaveLength(1);
    expect(errors()).toHaveLength(2);

    sandbox.removeMember(sandbox.groups.access.id, leaver);
    await clock.advance(60_000);
    await roster.scan(makeCall(clock));
    sandbox.addMember(sandbox.groups.access.id, leaver);
    await clock.advance(60_000);
    await roster.scan(makeCall(clock));
    expect(await audited()).toHaveLength(2);
    expect(counts).toEqual([1, 1, 0, 1]);
  });
});
