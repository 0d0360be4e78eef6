import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, open, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Sqlite from 'libsql';
import { systemClock } from '../../src/clock.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { type RunningCommand, startCommand } from '../support/command.js';
import { freePort } from '../support/gate.js';

const TOKEN = 'okta-secret-0123456789abcdef';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ jira: false });
});
afterAll(() => sandbox.close());

let folder: string;
let path: string;
const commands: RunningCommand[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridge-database-'));
  path = join(folder, 'bridge.db');
});
afterEach(async () => {
  for (const command of commands.splice(0)) {
    command.signal('SIGKILL');
    await command.exit;
  }
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true });
});

/** @param through a command in front of it */
async function run(
  args: readonly string[] = ['serve'],
  through: readonly string[] = [],
): Promise<RunningCommand & { readonly url: string }> {
  const { credentials, url } = sandbox;
  const port = String(await freePort());
  const env = {
    ATLASSIAN_SITE_URL: url,
    ATLASSIAN_API_URL: url,
    ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
    ATLASSIAN_API_TOKEN: credentials.apiToken,
    ATLASSIAN_ORG_ID: credentials.orgId,
    ATLASSIAN_ORG_API_KEY: credentials.orgApiKey,
    SCIM_TOKENS: `okta:${TOKEN}`,
    DATABASE_URL: `file:${path}`,
    PORT: port,
  };
  const command = startCommand(args, { env, cwd: folder, through });
  commands.push(command);
  return { ...command, url: `http://127.0.0.1:${port}/scim/v2` };
}

async function served(): Promise<RunningCommand & { readonly url: string }> {
  const command = await run();
  await command.said('The directory index is up to date');
  return command;
}

/** A database as `serve` leaves it, with `people` audit lines to make it some pages long. */
async function makeDatabase(): Promise<void> {
  const store = await openSqliteStore({ url: `file:${path}`, clock: systemClock, role: 'serve' });
  for (let number = 0; number < 300; number += 1) {
    await store.people.insert({
      id: `p${number}`,
      accountId: `p${number}`,
      userName: `p${number}@example.com`,
      profile: { title: 'x'.repeat(200) },
      wanted: 'active',
      suspended: false,
      address: `p${number}@example.com`,
      invitedAt: undefined,
      origin: 'created',
      caller: 'okta',
      owner: 'okta',
      createdAt: '2026-01-15T09:00:00.000Z',
      wantedAt: '2026-01-15T09:00:00.000Z',
    });
  }
  await store.close();
}

function create(url: string, userName: string): Promise<Response> {
  return fetch(`${url}/Users`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/scim+json' },
    body: JSON.stringify({ schemas: [USER], userName }),
  });
}

async function find(url: string, userName: string): Promise<number> {
  const query = new URLSearchParams({ filter: `userName eq "${userName}"` });
  const reply = await fetch(`${url}/Users?${query.toString()}`, { headers: { Authorization: `Bearer ${TOKEN}` } });
  return ((await reply.json()) as { totalResults: number }).totalResults;
}

describe('a start on a database that is not as it was', () => {
  it.each([
    [
      'gone',
      () => rm(path),
      /is gone, and .*\.made shows that it was there\. Restore it from a backup; or, to begin anew/,
    ],
    ['empty', () => truncate(path, 0), /is empty, and .*\.made shows that it was there/],
    ['overwritten', () => writeFile(path, 'no database '.repeat(2_000)), /is no database\. Set DATABASE_URL/],
    [
      'damaged in the middle',
      async () => {
        const { size } = await stat(path);
        const file = await open(path, 'r+');
        for (let page = 3; page * 4096 < size; page += 1)
          await file.write(Buffer.alloc(2048, 0x5a), 0, 2048, page * 4096);
        await file.close();
      },
      /is damaged\. Keep it for whoever can look into it, and restore a backup/,
    ],
    ['cut off', async () => truncate(path, Math.floor((await stat(path)).size / 8192) * 4096), /is damaged/],
    [
      'of a newer release',
      () => {
        const database = new Sqlite(path);
        database.exec("insert into schema_migrations values (999, 'later', '2030')");
        database.close();
        return Promise.resolve();
      },
      /was written by a newer release of the bridge \(schema 999.*Start that release, or restore/,
    ],
  ])('%s ends with 78 and says what to do, and makes no new one [SA21]', async (_what, spoil, words) => {
    await makeDatabase();
    await spoil();
    const before = await readdir(folder);
    const sizeBefore = before.includes('bridge.db') ? (await stat(path)).size : undefined;
    const command = await run();

    expect(await command.exit).toBe(78);
    expect(command.output().stderr).toMatch(words);
    // Several checks look into the database; what is wrong with it is told once, and with the same advice.
    const failed = command.output().stdout.match(/.*"A check failed".*/g) ?? [];
    expect(failed.length).toBeLessThanOrEqual(1);
    expect(failed.join()).not.toContain('Run doctor again');
    const sizeAfter = (await readdir(folder)).includes('bridge.db') ? (await stat(path)).size : undefined;
    expect(sizeAfter).toBe(sizeBefore);
  });

  it('says that the first one is new, and nothing at the second start; doctor knows of a lost one [SA21]', async () => {
    const first = await served();
    expect(first.output().stdout).toContain('A new, empty database was made; if this bridge served before, stop it');
    first.signal('SIGTERM');
    expect(await first.exit).toBe(0);
    const second = await served();
    expect(second.output().stdout).not.toContain('A new, empty database');
    second.signal('SIGKILL');
    await second.exit;

    for (const name of await readdir(folder)) if (name !== 'bridge.db.made') await rm(join(folder, name));
    const doctor = await run(['doctor']);
    expect(await doctor.exit).toBe(1);
    expect(doctor.output().stdout).toMatch(/failed .*is gone, and .*\.made shows/);
    const released = await run(['brake', 'release']);
    expect(await released.exit).not.toBe(0);
    expect(await readdir(folder)).toEqual(['bridge.db.made']);
  });

  it('is made by serve alone: commands beside it refuse where there is none, and where there is an empty file [SA21]', async () => {
    const refusal = /^There is no database where DATABASE_URL points to\. Run this where the bridge runs/;
    const refused = async (...args: string[]): Promise<void> => {
      const command = await run(args);
      expect(await command.exit).toBe(1);
      expect(command.output()).toEqual({ stdout: '', stderr: expect.stringMatching(refusal) });
    };
    await Promise.all([refused('deactivate', 'ada@example.com'), refused('link', 'ada@example.com', 'ada', '--yes')]);
    expect(await readdir(folder)).toEqual([]);

    await writeFile(path, '');
    await refused('brake', 'release');
    expect([await readdir(folder), (await stat(path)).size]).toEqual([['bridge.db'], 0]);
  });

  it('beside which its note cannot be written ends with 78 and says what to do [SA21]', async () => {
    await symlink(join(folder, 'nowhere', 'made'), `${path}.made`);
    const command = await run();

    expect(await command.exit).toBe(78);
    expect(command.output().stderr).toMatch(
      /^The file .*\.made, by which a lost database is noticed, cannot be written\. Give/,
    );
  });

  it('with the end of its log cut off opens with everything before it, and nothing by halves [SA21]', async () => {
    const first = await served();
    expect((await create(first.url, 'kept@example.com')).status).toBe(201);
    first.signal('SIGKILL');
    await first.exit;
    const { size } = await stat(`${path}-wal`);
    await truncate(`${path}-wal`, size - 100);

    const second = await served();
    expect(await find(second.url, 'kept@example.com')).toBe(1);
  });
});

describe('a disk that is full while the bridge runs', () => {
  function limitFiles(pid: number, bytes: string): void {
    execFileSync('prlimit', [`--pid=${pid}`, `--fsize=${bytes}:unlimited`]);
  }
  const canLimit = spawnSync('prlimit', ['--version']).status === 0;
  if (!canLimit) console.warn('SKIPPED: there is no prlimit (util-linux), so no disk is made full.');

  (canLimit ? it : it.skip)(
    'is 503 with advice, loses nothing, and is over when there is room again [SA21]',
    async () => {
      const bridge = await served();
      expect((await create(bridge.url, 'before@example.com')).status).toBe(201);

      limitFiles(bridge.pid, '4096');
      const refused = await create(bridge.url, 'during@example.com');
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(((await refused.json()) as { detail: string }).detail).toMatch(
        /operator should (check its disk|make room)/,
      );

      limitFiles(bridge.pid, 'unlimited');
      expect((await create(bridge.url, 'during@example.com')).status).toBe(201);
      bridge.signal('SIGKILL');
      await bridge.exit;
      const next = await served();
      for (const name of ['before', 'during']) expect(await find(next.url, `${name}@example.com`)).toBe(1);
    },
  );
});

describe('a folder that cannot be written to', () => {
  // Root may write everywhere, unless that right is taken from the process.
  const isRoot = process.getuid?.() === 0;
  const powerless = ['--bounding-set=-dac_override,-dac_read_search'];
  const canDrop = !isRoot || spawnSync('setpriv', [...powerless, 'true']).status === 0;
  if (!canDrop) console.warn('SKIPPED: root cannot give up its rights here (setpriv), so no folder is read-only.');

  (canDrop ? it : it.skip)('ends the start with 78, also where only the file is read-only [SA21]', async () => {
    await makeDatabase();
    const before = await stat(path);
    for (const [target, mode] of [
      [folder, 0o500],
      [path, 0o400],
    ] as const) {
      await chmod(target, mode);
      const command = await run(['serve'], isRoot ? ['setpriv', ...powerless] : []);
      expect(await command.exit).toBe(78);
      expect(command.output().stderr).toMatch(/cannot be (opened|written to)\. Give/);
      await chmod(target, 0o700);
    }
    expect((await stat(path)).size).toBe(before.size);
  });
});
