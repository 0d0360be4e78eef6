import { describe, expect, it } from '@jest/globals';
import { until } from './handClock.js';
import { addPeople, makeCall, SETTINGS, startSite } from './site.js';

const MINUTE = 60_000;
const GROUP_LIST = /\/rest\/api\/group\?(?!.*accessType)/;

describe('ready', () => {
  it('scans when nobody has yet, and costs nothing afterwards [LI1]', async () => {
    const { sandbox, roster, clock } = await startSite();

    await roster.ready(makeCall(clock));
    expect(sandbox.takeCalls().length).toBeGreaterThan(0);

    await roster.ready(makeCall(clock));
    expect(sandbox.calls).toHaveLength(0);
  });

  it('waits for the first scan as long as the budget lasts, then answers when to come back [LI1]', async () => {
    const { sandbox, roster, clock } = await startSite();
    sandbox.faults.always({ method: 'GET', path: GROUP_LIST, kind: 'hang' });

    const waiting = expect(roster.ready(makeCall(clock, 4000))).rejects.toMatchObject({
      kind: 'unavailable',
      retryAfterSeconds: 5,
    });
    await until(() => sandbox.calls.some(({ path }) => GROUP_LIST.test(path)));
    await clock.advance(4000);

    await waiting;
    expect(roster.settled()).toBe(false);
  });

  it('ends its wait when the request ends', async () => {
    const { sandbox, roster, clock } = await startSite();
    sandbox.faults.always({ method: 'GET', path: GROUP_LIST, kind: 'hang' });
    const request = new AbortController();

    const waiting = expect(roster.ready(makeCall(clock, 25_000, request.signal))).rejects.toMatchObject({
      kind: 'unavailable',
    });
    await until(() => sandbox.calls.length > 0);
    request.abort();

    await waiting;
  });

  it('outlasts a scan that failed, when the next one comes in time', async () => {
    const { sandbox, roster, clock, store, log } = await startSite();
    sandbox.faults.next({ method: 'GET', path: GROUP_LIST, status: 400 });

    const waiting = roster.ready(makeCall(clock));
    await until(() => log.some(({ level }) => level === 'warn'));
    await clock.advance(5000);
    await waiting;

    expect(await store.index.scannedAtMs()).toBe(clock.now());
  });

  it('answers at once with the trouble that only our operator can end [SA5]', async () => {
    const { sandbox, roster, clock, log } = await startSite();
    sandbox.revoke('apiToken');

    await expect(roster.ready(makeCall(clock))).rejects.toMatchObject({ kind: 'misconfigured' });

    expect(log.some(({ level }) => level === 'error')).toBe(true);
    sandbox.takeCalls();
    await expect(roster.ready(makeCall(clock))).rejects.toMatchObject({ kind: 'misconfigured' });
    expect(sandbox.calls).toHaveLength(0);
  });
});

describe('fresh', () => {
  it('scans once for twenty lists that find the index too old [LI1]', async () => {
    const { sandbox, roster, clock, memberPages } = await startSite();
    addPeople(sandbox, 300);
    await roster.ready(makeCall(clock));
    await clock.advance(301_000);
    sandbox.takeCalls();

    await Promise.all(Array.from({ length: 20 }, () => roster.fresh(makeCall(clock))));

    expect(memberPages()[sandbox.groups.access.id]).toBe(2);
  });

  it('asks nothing of Atlassian while the index is young enough [LI1]', async () => {
    const { sandbox, roster, clock } = await startSite();
    await roster.ready(makeCall(clock));
    await clock.advance(300_000);
    sandbox.takeCalls();

    await roster.fresh(makeCall(clock));

    expect(sandbox.calls).toHaveLength(0);
  });

  it('is content with an index of up to an hour, with a warning, when a refresh fails; then it is 503 [LI1]', async () => {
    const { sandbox, roster, clock, log } = await startSite();
    await roster.ready(makeCall(clock));
    sandbox.faults.always({ method: 'GET', path: GROUP_LIST, status: 400 });
    const warned = () => log.filter(({ level, message }) => level === 'warn' && message.includes('list')).length;

    await clock.advance(59 * MINUTE);
    await roster.fresh(makeCall(clock));
    expect(warned()).toBe(1);

    await clock.advance(2 * MINUTE);
    await expect(roster.fresh(makeCall(clock))).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('leaves a request the time to answer when a refresh takes too long [LI1]', async () => {
    const { sandbox, roster, clock, log } = await startSite();
    await roster.ready(makeCall(clock));
    await clock.advance(6 * MINUTE);
    const release = sandbox.faults.always({ method: 'GET', path: GROUP_LIST, kind: 'hang' });
    const startedAtMs = clock.now();

    let isOver = false;
    const call = makeCall(clock, 20_000);
    const waiting = roster.fresh(call).then(() => (isOver = true));
    await until(() => sandbox.calls.some(({ path }) => path.includes('membersByGroupId')));
    await clock.advance(14_000);
    expect(isOver).toBe(false);
    await clock.advance(1000);
    await waiting;

    expect(clock.now() - startedAtMs).toBeLessThan(20_000);
    expect(log.at(-1)).toMatchObject({ level: 'warn', fields: { ageSeconds: 360 } });
    release();
  });

  it('does not press Atlassian with a refresh for each list while scans fail', async () => {
    const { sandbox, roster, clock } = await startSite();
    await roster.ready(makeCall(clock));
    await clock.advance(6 * MINUTE);
    sandbox.faults.always({ method: 'GET', path: GROUP_LIST, status: 400 });
    await roster.fresh(makeCall(clock));
    sandbox.takeCalls();

    await roster.fresh(makeCall(clock));

    expect(sandbox.calls).toHaveLength(0);
  });
});

describe('scan', () => {
  it('goes on when the request that asked for it ends', async () => {
    const { sandbox, roster, clock, store } = await startSite();
    const request = new AbortController();
    sandbox.faults.when({ method: 'GET', path: GROUP_LIST }, () => request.abort());

    await expect(roster.scan(makeCall(clock, 25_000, request.signal))).rejects.toMatchObject({ kind: 'unavailable' });
    await until(() => roster.settled());

    expect(await store.index.state()).toBeDefined();
  });

  it('is done by one instance while another one waits for its turn [LI1]', async () => {
    const { sandbox, roster, anotherRoster, clock, memberPages } = await startSite();
    const other = anotherRoster();
    addPeople(sandbox, 300);

    await Promise.all([roster.scan(makeCall(clock)), other.scan(makeCall(clock))]);

    expect(memberPages()[sandbox.groups.access.id]).toBe(2);
  });

  it('waits for its turn while an instance elsewhere scans, and takes over what that one did not finish [LI1]', async () => {
    const { sandbox, roster, clock, store } = await startSite();
    let release: () => void = () => undefined;
    const elsewhere = store.locks.withLock(
      'scan',
      makeCall(clock),
      () => new Promise<void>((done) => (release = done)),
    );
    const scanning = roster.scan(makeCall(clock));

    await clock.advance(7000);
    expect(sandbox.calls).toHaveLength(0);
    release();
    await elsewhere;
    await scanning;

    expect(await store.index.state()).toBeDefined();
  });

  it('does not repeat what an instance elsewhere has scanned meanwhile [LI1]', async () => {
    const { sandbox, roster, clock, store } = await startSite();
    await roster.ready(makeCall(clock));
    await clock.advance(6 * MINUTE);
    sandbox.takeCalls();
    let release: () => void = () => undefined;
    const elsewhere = store.locks.withLock('scan', makeCall(clock), async () => {
      await new Promise<void>((done) => (release = done));
      const scan = await store.index.beginScan();
      await scan.commit({ groups: [], scannedAtMs: clock.now(), ownWritesSinceMs: clock.now() });
    });
    const refreshing = roster.fresh(makeCall(clock));

    await clock.advance(5000);
    release();
    await elsewhere;
    await refreshing;

    expect(sandbox.calls).toHaveLength(0);
  });

  it('gives up its place in the queue at once when the bridge stops', async () => {
    const { roster, clock, store } = await startSite();
    let release: () => void = () => undefined;
    const elsewhere = store.locks.withLock(
      'scan',
      makeCall(clock),
      () => new Promise<void>((done) => (release = done)),
    );
    const scanning = expect(roster.scan(makeCall(clock))).rejects.toMatchObject({ kind: 'unavailable' });
    await clock.advance(1000);

    await roster.stop();

    await scanning;
    release();
    await elsewhere;
  });

  it('ends promptly when the bridge stops, and leaves no wait behind', async () => {
    const { sandbox, roster, clock } = await startSite();
    sandbox.faults.always({ method: 'GET', path: GROUP_LIST, kind: 'hang' });
    roster.start();
    const waiting = expect(roster.ready(makeCall(clock))).rejects.toMatchObject({ kind: 'unavailable' });
    await until(() => sandbox.calls.some(({ path }) => GROUP_LIST.test(path)));

    await roster.stop();

    await waiting;
    expect(roster.settled()).toBe(true);
    expect(clock.sleepers).toBe(0);
  });
});

describe('access', () => {
  it('reads the granting groups directly before the first scan, once for all who ask [SA1]', async () => {
    const { sandbox, roster, clock } = await startSite();

    const answers = await Promise.all(Array.from({ length: 5 }, () => roster.access(makeCall(clock))));

    expect(sandbox.takeCalls()).toHaveLength(3);
    expect(answers[0]?.accessGroups.map(({ name }) => name)).toEqual(['confluence-users-acme']);
    expect([...(answers[0]?.granting.keys() ?? [])].sort()).toEqual(
      [sandbox.groups.access.id, sandbox.groups.admins.id, sandbox.groups.siteAdmins.id].sort(),
    );
  });

  it('comes from the index once there is one, and follows it [SA1]', async () => {
    const { sandbox, roster, clock } = await startSite({ accessGroups: ['confluence-users-acme'] });
    await roster.ready(makeCall(clock));
    const second = sandbox.addGroup({ name: 'confluence-users-emea', grants: 'user' });
    sandbox.addMember(second.id, sandbox.admin.accountId);
    sandbox.takeCalls();

    expect((await roster.access(makeCall(clock))).granting.has(second.id)).toBe(false);
    expect(sandbox.takeCalls()).toHaveLength(0);

    await clock.advance(MINUTE);
    await roster.scan(makeCall(clock));
    expect((await roster.access(makeCall(clock))).granting.has(second.id)).toBe(true);
  });

  it('sees what another instance has scanned', async () => {
    const { sandbox, roster, anotherRoster, clock } = await startSite({ accessGroups: ['confluence-users-acme'] });
    await roster.ready(makeCall(clock));
    const second = sandbox.addGroup({ name: 'confluence-users-emea', grants: 'user' });
    sandbox.addMember(second.id, sandbox.admin.accountId);
    await clock.advance(MINUTE);

    await anotherRoster().scan(makeCall(clock));

    expect((await roster.access(makeCall(clock))).granting.has(second.id)).toBe(true);
  });

  it('names the setting, the configured group and the candidates when they do not fit, and keeps the index [SA1]', async () => {
    const { roster, clock, store, sandbox } = await startSite({ accessGroups: ['confluence-user-acme'] });

    await roster.ready(makeCall(clock));
    const { trouble, granting } = await roster.access(makeCall(clock));

    expect(trouble).toMatchObject({ kind: 'misconfigured' });
    expect(String(trouble)).toContain('"confluence-user-acme"');
    expect(String(trouble)).toContain('CONFLUENCE_ACCESS_GROUPS=confluence-users-acme');
    expect(roster.accessFailure()).toBe(trouble);
    expect([...granting.keys()]).toContain(sandbox.groups.access.id);
    expect((await store.index.person(sandbox.admin.accountId))?.grantingGroupIds).not.toEqual([]);
  });

  it('keeps a configured group that does not grant any more among the granting ones, and its people in the index [SA1]', async () => {
    const { sandbox, roster, clock, store } = await startSite({ accessGroups: ['emea', 'confluence-users-acme'] });
    const { id } = sandbox.addGroup({ name: 'emea', grants: 'user' });
    const people = addPeople(sandbox, 30, [id]);
    await roster.ready(makeCall(clock));
    sandbox.updateGroup(id, { grants: undefined });
    await clock.advance(MINUTE);

    await roster.scan(makeCall(clock));
    const fromIndex = await roster.access(makeCall(clock));
    await clock.advance(MINUTE);
    const direct = await roster.access(makeCall(clock));

    for (const access of [fromIndex, direct]) {
      expect(access.trouble).toMatchObject({ kind: 'misconfigured', message: expect.stringContaining('"emea"') });
      expect(access.granting.get(id)?.accessTypes).toEqual(['configured']);
    }
    expect((await store.index.person(people[0] ?? ''))?.grantingGroupIds).toEqual([id]);
  });

  it('comes from the index when the second opinion on its trouble cannot be had', async () => {
    const { sandbox, roster, clock } = await startSite({ accessGroups: ['confluence-user-acme'] });
    await roster.ready(makeCall(clock));
    await clock.advance(MINUTE);
    sandbox.faults.next({ method: 'GET', path: /accessType=admin/, status: 400 });

    const access = await roster.access(makeCall(clock));

    expect(access.trouble).toMatchObject({ kind: 'misconfigured' });
    expect([...access.granting.keys()]).toContain(sandbox.groups.access.id);
  });

  it('believes an index that speaks against the configuration only after asking Atlassian again [SA1]', async () => {
    const { sandbox, roster, anotherRoster, clock } = await startSite();
    await roster.ready(makeCall(clock));
    const second = sandbox.addGroup({ name: 'confluence-users-emea', grants: 'user' });
    await clock.advance(MINUTE);
    const restarted = anotherRoster({ settings: { ...SETTINGS, accessGroups: ['confluence-users-emea'] } });
    sandbox.takeCalls();

    const access = await restarted.access(makeCall(clock));

    expect(access.accessGroups.map(({ id }) => id)).toEqual([second.id]);
    expect(sandbox.calls).toHaveLength(3);
  });

  it('is looked at every minute while the groups are wrong, and followed by a scan once they are right [SA1]', async () => {
    const scanned: (string | undefined)[] = [];
    const site = await startSite(
      { accessGroups: ['emea'] },
      { onScanned: () => Promise.resolve(void scanned.push(site.roster.accessFailure()?.kind)) },
    );
    const { sandbox, roster, clock, store } = site;
    roster.start();
    await until(() => scanned.length === 1);

    for (let minute = 0; minute < 3; minute += 1) {
      sandbox.takeCalls();
      await clock.advance(MINUTE);
      await until(() => sandbox.calls.length > 0);
      expect(roster.settled()).toBe(true);
      expect(sandbox.calls.filter(({ path }) => !/accessType=|picker\?query=emea/.test(path))).toEqual([]);
    }
    const repaired = sandbox.addGroup({ name: 'emea', grants: 'user' });
    sandbox.addMember(repaired.id, sandbox.admin.accountId);
    await clock.advance(MINUTE);
    await until(() => scanned.length === 2);

    expect(scanned).toEqual(['misconfigured', undefined]);
    expect((await store.index.person(sandbox.admin.accountId))?.grantingGroupIds).toContain(repaired.id);
    sandbox.takeCalls();
    await clock.advance(10 * MINUTE);
    expect(sandbox.calls).toHaveLength(0);
  });

  it('is unavailable, not empty, while Atlassian names no granting group [SA2]', async () => {
    const { sandbox, roster, clock } = await startSite();
    sandbox.faults.next({
      method: 'GET',
      path: /accessType=user/,
      status: 200,
      body: { results: [], start: 0, limit: 200, size: 0, _links: {} },
    });

    await expect(roster.access(makeCall(clock))).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('does not keep a failed read', async () => {
    const { sandbox, roster, clock } = await startSite();
    sandbox.faults.next({ method: 'GET', path: /accessType=admin/, status: 400 });
    await expect(roster.access(makeCall(clock))).rejects.toMatchObject({ kind: 'unavailable' });

    expect((await roster.access(makeCall(clock))).accessGroups).toHaveLength(1);
  });
});
