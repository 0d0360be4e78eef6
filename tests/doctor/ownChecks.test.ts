import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Sqlite from 'libsql';
import { systemClock } from '../../src/clock.js';
import { type Config, readConfig } from '../../src/config.js';
import { examine, type Finding } from '../../src/doctor/check.js';
import { OWN_CHECKS } from '../../src/doctor/checks.js';
import type { Store } from '../../src/provisioning/store.js';
import { glanceAtStore } from '../../src/store/glance.js';
import { openSqliteStore } from '../../src/store/sqlite.js';

const AT = '2026-01-15T09:00:00.000Z';

let folder: string;
let url: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridge-doctor-'));
  url = `file:${join(folder, 'bridge.db')}`;
});
afterEach(() => rm(folder, { recursive: true }));

function configWith(settings: Readonly<Record<string, string>> = {}): Config {
  return readConfig({
    ATLASSIAN_SITE_URL: 'https://acme.atlassian.net',
    ATLASSIAN_ADMIN_EMAIL: 'admin@acme.com',
    ATLASSIAN_API_TOKEN: 'ATATT3xFfGF0Example',
    SCIM_TOKENS: 'okta:okta-secret-0123456789abcdef',
    DATABASE_URL: url,
    ...settings,
  });
}

async function look(check: Finding['check'], settings: Readonly<Record<string, string>> = {}, nowMs = Date.now()) {
  const findings = await examine(OWN_CHECKS, {
    config: configWith(settings),
    store: () => glanceAtStore(url),
    now: () => nowMs,
  });
  return findings.filter((finding) => finding.check === check);
}

/** Fills the database and closes it. */
async function fill(work: (store: Store) => Promise<void>): Promise<void> {
  const store = await openSqliteStore({ url, clock: systemClock });
  await work(store);
  await store.close();
}

async function addPerson(store: Store, id: string, more: { accountId?: string | undefined; wanted?: 'inactive' } = {}) {
  const accountId = 'accountId' in more ? more.accountId : id;
  await store.people.insert({
    id,
    accountId,
    userName: `${id}@example.com`,
    profile: {},
    wanted: more.wanted ?? 'active',
    suspended: false,
    address: `${id}@example.com`,
    invitedAt: accountId === undefined ? AT : undefined,
    origin: 'created',
    caller: 'okta',
    owner: 'okta',
    createdAt: AT,
    wantedAt: AT,
  });
}

async function supersede(store: Store, older: string, by: string): Promise<void> {
  await store.audit.append({
    at: AT,
    caller: 'okta',
    requestId: 'test',
    event: 'user.superseded',
    subject: older,
    object: by,
    decision: 'ID6',
    result: 'noted',
    upstream: [],
    note: undefined,
  });
}

async function addGroup(store: Store, displayName: string, confluenceName: string, isReleased = false): Promise<void> {
  await store.groups.insert({
    id: `id-of-${confluenceName}`,
    displayName,
    confluenceName,
    origin: 'created',
    caller: 'okta',
    owner: 'okta',
    isReleased,
    memberCount: undefined,
    createdAt: AT,
  });
}

describe('settings', () => {
  it('has nothing to say about the defaults', async () => {
    expect(await look('settings')).toMatchObject([{ status: 'ok' }]);
  });

  it('warns of every setting that somebody may regret', async () => {
    const findings = await look('settings', {
      PROFILE_UPDATES: 'record',
      DEACTIVATION: 'suspend',
      ATLASSIAN_ORG_ID: 'org',
      ATLASSIAN_ORG_API_KEY: 'key',
    });

    expect(findings.map(({ status }) => status)).toEqual(['warning', 'warning']);
    expect(findings.map(({ message }) => message.slice(0, 22))).toEqual([
      'PROFILE_UPDATES=record',
      'DEACTIVATION=suspend s',
    ]);
  });
});

describe('callers', () => {
  it('lists who may write and who only reads, without a secret [SA13]', async () => {
    const secret = 'report-secret-0123456789abcdef';
    const findings = await look('callers', { SCIM_TOKENS: `okta:okta-secret-0123456789abcdef,report:${secret}:ro` });

    expect(findings).toMatchObject([{ status: 'ok', message: 'Callers: okta reads and writes, report only reads.' }]);
    expect(JSON.stringify(findings)).not.toContain('secret');
  });

  it('warns when nobody may write [SA13]', async () => {
    const findings = await look('callers', { SCIM_TOKENS: 'report:report-secret-0123456789abcdef:ro' });

    expect(findings).toMatchObject([{ status: 'ok' }, { status: 'warning', remedy: expect.stringContaining(':ro') }]);
  });

  it('names owners that are not configured any more, once each [SA12]', async () => {
    await fill(async (store) => {
      await addPerson(store, 'ada');
      await addPerson(store, 'bob');
      await addGroup(store, 'Engineering', 'eng');
    });
    expect(await look('callers')).toMatchObject([{ status: 'ok' }]);

    const findings = await look('callers', { SCIM_TOKENS: 'entra:entra-secret-0123456789abcdef' });

    expect(findings).toMatchObject([
      { status: 'ok' },
      { status: 'warning', message: expect.stringMatching(/: okta\.$/), remedy: expect.stringContaining('transfer') },
    ]);
  });
});

describe('seatLimit', () => {
  /** A scan found so many people; one more is invited. */
  const fillSeats = (people: number): Promise<void> =>
    fill(async (store) => {
      const generation = await store.index.beginScan();
      const members = Array.from({ length: people }, (_, n) => `p${n}`).map((accountId) => ({
        accountId,
        kind: 'atlassian' as const,
        email: undefined,
      }));
      await generation.addMembers('users', members);
      const users = {
        id: 'users',
        name: 'users',
        usageType: undefined,
        managedBy: undefined,
        accessTypes: ['user'],
      } as const;
      await generation.commit({ groups: [users], scannedAtMs: Date.now(), ownWritesSinceMs: 0 });
      await addPerson(store, 'inv-1', { accountId: undefined });
    });

  it('has nothing to say without a limit, and before the first scan [US14]', async () => {
    await fill(() => Promise.resolve());
    expect(await look('seatLimit', { SEAT_LIMIT: '10' })).toEqual([]);
    await fillSeats(3);
    expect(await look('seatLimit')).toEqual([]);
  });

  it('tells how many are taken, and warns above 90 % [US14]', async () => {
    await fillSeats(8);

    expect(await look('seatLimit', { SEAT_LIMIT: '10' })).toEqual([
      {
        check: 'seatLimit',
        status: 'ok',
        message: '9 of 10 seats are taken (SEAT_LIMIT), pending invitations included.',
      },
    ]);
    expect(await look('seatLimit', { SEAT_LIMIT: '9' })).toMatchObject([
      { status: 'warning', message: expect.stringContaining('Nobody else is given access'), remedy: expect.anything() },
    ]);
  });
});

describe('mode', () => {
  const write = { groupId: 'g1', address: undefined, groupName: undefined };
  const by = { at: AT, caller: 'okta', requestId: 'test' };

  it('is live without a plan, or observes and says so [SA14]', async () => {
    expect(await look('mode')).toMatchObject([{ status: 'ok' }]);
    expect(await look('mode', { MODE: 'observe' })).toMatchObject([
      { status: 'warning', message: expect.stringContaining('nothing is changed in Confluence') },
    ]);
  });

  it('counts what is planned still, and does not call those invited who are to be [SA14]', async () => {
    await fill(async (store) => {
      await addPerson(store, 'inv-ada', { accountId: undefined });
      await addPerson(store, 'inv-gone', { accountId: undefined, wanted: 'inactive' });
      for (const name of ['inv-ada', 'inv-gone']) {
        const account = { ...write, kind: 'inviteByEmail', accountId: undefined, groupId: undefined } as const;
        await store.plan.put({ ...account, address: `${name}@example.com` }, by);
      }
      await store.plan.put({ ...write, kind: 'addMember', accountId: 'a1' }, by);
    });

    for (const mode of ['live', 'observe']) {
      const [finding] = await look('mode', { MODE: mode });
      expect(finding).toMatchObject({ status: 'warning', remedy: expect.stringContaining('plan apply') });
      expect(finding?.message).toContain('2 writes');
    }
    expect(await look('records')).toMatchObject([{ status: 'ok' }]);
  });
});

describe('brake', () => {
  const nowMs = Date.now();

  it('is silent before there is a database, and content with one in order [SA11]', async () => {
    expect(await look('brake')).toEqual([]);
    await fill(() => Promise.resolve());
    expect(await look('brake')).toMatchObject([{ status: 'ok' }]);
  });

  it('shows what is refused, until the window has passed or the operator releases it [SA11]', async () => {
    await fill(async ({ brake }) => {
      await brake.noteRefusal('access', nowMs - 1000, 0);
      await brake.noteRefusal('group:old', nowMs - 61 * 60_000, 0);
    });

    const [finding, ...more] = await look('brake');

    expect(more).toEqual([]);
    expect(finding).toMatchObject({ status: 'warning', remedy: expect.stringContaining('brake release') });
    expect(finding?.message).toMatch(/has refused 1 messages since .* \(access\)/);
    await fill(({ brake }) => brake.release(nowMs));
    expect(await look('brake')).toMatchObject([{ status: 'ok' }]);
  });

  it('warns while everything passes [SA11]', async () => {
    await fill(({ brake }) => brake.release(nowMs + 60 * 60_000));

    expect(await look('brake')).toMatchObject([{ status: 'warning', message: expect.stringContaining('pass until') }]);
  });
});

describe('records', () => {
  it('makes no database where there is none', async () => {
    expect(await look('records')).toMatchObject([{ status: 'ok' }]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('has nothing to say about records in order', async () => {
    await fill(async (store) => {
      await addPerson(store, 'ada');
      await addGroup(store, 'Engineering', 'Engineering');
    });

    expect(await look('records')).toMatchObject([{ status: 'ok' }]);
  });

  it('shows groups whose recorded name is not the one in Confluence, but no released ones', async () => {
    await fill(async (store) => {
      await addGroup(store, 'Engineering', 'eng-old');
      await addGroup(store, 'Research', 'research-old', true);
    });

    const [finding, ...more] = await look('records');

    expect(more).toEqual([]);
    expect(finding?.status).toBe('warning');
    expect(finding?.message).toContain('"Engineering" is "eng-old".');
  });

  it('shows records that lost their externalId and are still active, and no others [ID6]', async () => {
    await fill(async (store) => {
      await addPerson(store, 'still-active');
      await addPerson(store, 'left', { wanted: 'inactive' });
      await addPerson(store, 'has-another');
      await addPerson(store, 'successor');
      await store.people.setExternalId('has-another', 'okta', '00u9');
      for (const older of ['still-active', 'left', 'has-another', 'deleted'])
        await supersede(store, older, 'successor');
      await supersede(store, 'still-active', 'successor');
    });

    const [finding, ...more] = await look('records');

    expect(more).toEqual([]);
    expect(finding?.status).toBe('warning');
    expect(finding?.message).toMatch(/: still-active\.$/);
  });

  it('counts invitations that are pending, without naming anybody', async () => {
    await fill(async (store) => {
      await addPerson(store, 'inv-1', { accountId: undefined });
      await addPerson(store, 'inv-2', { accountId: undefined });
    });

    const [finding] = await look('records');

    expect(finding?.status).toBe('warning');
    expect(finding?.message).toBe(`Invited people have no account yet: 2, the first since ${AT}.`);
    expect(JSON.stringify(finding)).not.toContain('@');
  });

  it('names people who left and have roles, and counts those who could not be looked at [SA16]', async () => {
    await fill(async (store) => {
      for (const id of ['kept', 'clear', 'unseen']) await addPerson(store, id, { wanted: 'inactive' });
      const look = {
        kept: [{ name: 'user', on: 'confluence', owner: 'confluence' }],
        clear: [],
        unseen: undefined,
      } as const;
      for (const [id, roles] of Object.entries(look)) {
        await store.roles.putLeaver({ personId: id, accountId: id, roles }, AT);
      }
    });

    expect((await look('records')).map(({ status, message }) => `${status}: ${message}`)).toEqual([
      'warning: People who left have roles on the site that the bridge cannot take: kept (user on confluence).',
      'unknown: Whether people who left have roles on the site could not be looked at: 1.',
    ]);
  });

  it('names no more than ten of many', async () => {
    await fill(async (store) => {
      for (let number = 10; number < 22; number += 1)
        await addGroup(store, `Name ${String(number)}`, `old ${String(number)}`);
    });

    const message = (await look('records'))[0]?.message;

    expect(message).toContain('"Name 19"');
    expect(message).not.toContain('"Name 20"');
    expect(message).toContain('and 2 more');
  });

  it('reads beside a bridge that is writing, and changes nothing', async () => {
    const store = await openSqliteStore({ url, clock: systemClock });
    await addGroup(store, 'Engineering', 'eng-old');

    const found = await store.transaction(async (records) => {
      await records.groups.update('id-of-eng-old', { displayName: 'Half done' });
      return look('records');
    });

    expect(found[0]?.message).toContain('"Engineering"');
    const watcher = new Sqlite(join(folder, 'bridge.db'));
    // Counts what other connections commit.
    const version = (): unknown =>
      (watcher.prepare('pragma data_version').get() as { data_version: number }).data_version;
    const before = version();
    expect((await look('records'))[0]?.message).toContain('"Half done"');
    expect(version()).toBe(before);
    watcher.close();
    await store.close();
  });

  it('leaves a database of another release alone', async () => {
    await fill(() => Promise.resolve());
    const database = new Sqlite(join(folder, 'bridge.db'));
    database.exec("insert into schema_migrations values (999, 'from the future', '')");

    expect(await look('records')).toMatchObject([{ status: 'failed', remedy: expect.stringContaining('backup') }]);

    database.exec('delete from schema_migrations');
    expect(await look('records')).toMatchObject([{ status: 'unknown' }]);
    expect(database.prepare('select number from schema_migrations').all()).toEqual([]);
    database.close();
  });

  it('fails when the file is no database', async () => {
    await writeFile(
      join(folder, 'bridge.db'),
      'this is a letter and no database, whatever its name may say'.repeat(50),
    );

    expect(await look('records')).toMatchObject([{ status: 'failed' }]);
  });
});

describe('expiry', () => {
  const KEY = { ATLASSIAN_ORG_ID: 'org-1', ATLASSIAN_ORG_API_KEY: 'ATCTT3xFfGN0Example' };

  it('says what Atlassian never tells, of each credential, and what to note', async () => {
    const findings = await look('expiry', KEY);

    expect(findings).toMatchObject([{ status: 'unknown' }, { status: 'unknown' }]);
    expect(findings[0]?.message).toContain('a year at most');
    expect(findings[0]?.remedy).toContain('ATLASSIAN_API_TOKEN_EXPIRES=YYYY-MM-DD');
    expect(findings[1]?.message).toContain('a week unless');
    expect(findings[1]?.remedy).toContain('ATLASSIAN_ORG_API_KEY_EXPIRES=YYYY-MM-DD');
    expect(await look('expiry')).toHaveLength(1);
  });

  it.each([
    ['2027-02-28T23:59:59Z', 'ok', 'The API token expires on 2027-03-31, in 31 days.'],
    ['2027-03-01T00:00:00Z', 'warning', 'The API token expires on 2027-03-31, in 30 days.'],
    ['2027-03-30T12:00:00Z', 'warning', 'The API token expires on 2027-03-31, in 1 day.'],
    ['2027-03-31T23:59:59Z', 'warning', 'The API token expires on 2027-03-31, today.'],
    ['2028-01-01T00:00:00Z', 'warning', 'The API token was to expire on 2027-03-31.'],
  ])('warns from 30 days before the noted day: at %s', async (now, status, message) => {
    const [finding] = await look('expiry', { ATLASSIAN_API_TOKEN_EXPIRES: '2027-03-31' }, Date.parse(now));

    expect(finding).toMatchObject({ status, message });
    expect(finding?.remedy).toEqual(
      status === 'ok' ? undefined : expect.stringContaining('ATLASSIAN_API_TOKEN_EXPIRES'),
    );
  });
});

describe('leavers', () => {
  it('are counted as the last scan found them, with the way out [SA9]', async () => {
    expect(await look('leavers')).toEqual([]);
    await fill(async (store) => {
      await addPerson(store, 'ada', { wanted: 'inactive' });
      const scan = await store.index.beginScan();
      await scan.addMembers('users', [{ accountId: 'ada', kind: 'atlassian', email: undefined }]);
      const group = { id: 'users', name: 'users', usageType: undefined, managedBy: undefined };
      const nowMs = Date.now();
      await scan.commit({ groups: [{ ...group, accessTypes: ['user'] }], scannedAtMs: nowMs, ownWritesSinceMs: nowMs });
    });

    expect(await look('leavers')).toMatchObject([
      {
        status: 'warning',
        message: 'The last scan found 1 deactivated person with access.',
        remedy: expect.stringContaining('drift --repair takes it') as unknown,
      },
    ]);
    expect(await look('leavers', { LEAVER_GUARD: 'remove' })).toMatchObject([
      { remedy: expect.stringContaining('LEAVER_GUARD=remove takes it after the next scan') as unknown },
    ]);

    await fill(async (store) => store.people.update('ada', { wanted: 'active' }));
    expect(await look('leavers')).toMatchObject([{ status: 'ok' }]);
  });
});
