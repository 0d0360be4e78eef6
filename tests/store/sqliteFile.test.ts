import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Sqlite from 'libsql';
import type { Store } from '../../src/provisioning/store.js';
import { glanceAtStore } from '../../src/store/glance.js';
import { holdServeLock } from '../../src/store/serveLock.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { aCall, aPerson, at, ManualClock, scan, START_MS } from './samples.js';

let folder: string;
const stores: Store[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridge-file-'));
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  await rm(folder, { recursive: true });
});

async function open(path = join(folder, 'bridge.db')): Promise<Store> {
  const store = await openSqliteStore({ url: `file:${path}`, clock: new ManualClock() });
  stores.push(store);
  return store;
}

/** Whether any file of the store, its log included, has the text in whatever case among its bytes. */
async function isOnDisk(text: string): Promise<boolean> {
  const names = await readdir(folder);
  const files = await Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')));
  return files.some((bytes) => bytes.toLowerCase().includes(text));
}

describe('openSqliteStore', () => {
  it('makes the folder, and a file that its owner alone can read [SA7]', async () => {
    const path = join(folder, 'new', 'deeper', 'bridge.db');
    const store = await open(path);
    await store.people.insert(aPerson('ada'));

    for (const name of await readdir(join(folder, 'new', 'deeper'))) {
      const { mode } = await stat(join(folder, 'new', 'deeper', name));
      expect([name, (mode & 0o777).toString(8)]).toEqual([name, '600']);
    }
  });

  it('keeps what it has when it is opened again', async () => {
    const first = await open();
    await first.people.insert(aPerson('ada'));
    await first.people.insert(aPerson('gone', { address: 'gone@example.com' }));
    await first.people.bury('gone', at(1));
    await scan(first, { users: ['ada'] }, { scannedAtMs: START_MS + 7 });
    await first.close();

    const second = await open();

    expect(await second.people.find('ada')).toMatchObject({ userName: 'ada@example.com' });
    expect(await second.index.state()).toEqual({ scannedAtMs: START_MS + 7, people: 1 });
    expect(await second.index.findByAddress('ada@example.com')).toHaveLength(1);
    expect(await second.tombstones.findByAddress('gone@example.com')).toHaveLength(1);
  });

  it('has everything in the database file itself when it is closed, the log being empty', async () => {
    const store = await open();
    await store.people.insert(aPerson('ada'));
    await store.close();

    expect((await stat(join(folder, 'bridge.db-wal'))).size).toBe(0);
  });

  it.each(['postgres://db/bridge', 'bridge.db', 'file:', 'file://host/bridge.db'])(
    'refuses %j as misconfigured',
    async (url) => {
      await expect(openSqliteStore({ url, clock: new ManualClock() })).rejects.toMatchObject({ kind: 'misconfigured' });
    },
  );

  it('reads a file URL with three slashes as an absolute path', async () => {
    const store = await openSqliteStore({ url: `file://${folder}/a%20b.db`, clock: new ManualClock() });
    await store.close();

    expect(await readdir(folder)).toContain('a b.db');
  });

  it('says which file cannot be opened', async () => {
    await writeFile(join(folder, 'file'), '');

    await expect(open(join(folder, 'file', 'bridge.db'))).rejects.toMatchObject({
      kind: 'misconfigured',
      message: expect.stringContaining(join(folder, 'file', 'bridge.db')),
    });
  });

  it.each([
    ['of something else', () => Buffer.from('not a database, but long enough to be taken for one'.repeat(100))],
    ['whose format no SQLite has written', (database: Buffer) => database.fill(0xff, 44, 48)],
  ])('says that a file %s is no database, whoever opens or looks into it [SA21]', async (_what, spoil) => {
    await (await open()).close();
    const path = join(folder, 'bridge.db');
    await writeFile(path, spoil(await readFile(path)));

    const refusal = { kind: 'misconfigured', message: expect.stringContaining('is no database') };
    await expect(open()).rejects.toMatchObject(refusal);
    await expect(glanceAtStore(`file:${path}`)).rejects.toMatchObject(refusal);
  });
});

describe('a database file that is gone', () => {
  it('is missed where its log is left, though serve never noted it [SA21]', async () => {
    await writeFile(join(folder, 'bridge.db-wal'), 'what was written last');

    await expect(open()).rejects.toMatchObject({
      kind: 'misconfigured',
      message: expect.stringMatching(/bridge\.db is gone, and .*-wal shows that it was there/),
    });
    expect(await readdir(folder)).toEqual(['bridge.db-wal']);
  });
});

describe('addresses on the disk', () => {
  it('of a buried person are gone, also from the free pages and the log [ID5]', async () => {
    const store = await open();
    const secret = 'ada.secret@private.example';
    for (let number = 0; number < 60; number += 1) {
      await store.people.insert(aPerson(`p${number}`, { profile: { title: 'y'.repeat(number * 60) } }));
    }
    await store.people.insert(
      aPerson('ada', { userName: secret, address: secret, profile: { emails: [{ value: secret.toUpperCase() }] } }),
    );
    await store.people.update('ada', { profile: { emails: [{ value: secret }], title: 'z'.repeat(9_000) } });
    expect(await isOnDisk(secret)).toBe(true);

    await store.people.bury('ada', at(1));
    await store.close();

    expect(await isOnDisk(secret)).toBe(false);
    expect(await isOnDisk('p59@example.com')).toBe(true);
  });

  it('of a buried person leave the log with the next checkpoint, while the store is open [ID5]', async () => {
    const store = await open();
    await store.people.insert(aPerson('ada', { address: 'ada.secret@private.example' }));
    await store.people.bury('ada', at(1));
    expect(await isOnDisk('ada.secret@private.example')).toBe(true);

    const other = new Sqlite(join(folder, 'bridge.db'));
    other.exec('pragma wal_checkpoint(restart)');
    await store.people.insert(aPerson('bob'));

    expect(await isOnDisk('ada.secret@private.example')).toBe(false);
    other.close();
  });

  it('of people who are not linked never get there, neither from a scan nor from a lock [LI1]', async () => {
    const store = await open();
    await scan(store, { users: ['ada'] });
    await store.locks.withLock('address:ada@example.com', aCall(START_MS + 1_000), async () => {
      expect(await isOnDisk('example.com')).toBe(false);
    });
  });
});

describe('a lock whose row could not be removed', () => {
  it('does not keep out the store that left it behind', async () => {
    const store = await open();
    const other = new Sqlite(join(folder, 'bridge.db'));
    other.exec("create trigger undeletable before delete on locks begin select raise(abort, 'no'); end");
    other.close();
    const take = () => store.locks.withLock('scan', aCall(START_MS), () => Promise.resolve('held'));

    expect([await take(), await take()]).toEqual(['held', 'held']);
  });
});

describe('holdServeLock', () => {
  it('is one lock, whatever links lead to the file, and can be given back', async () => {
    const path = join(folder, 'bridge.db');
    await open(path);
    await symlink(path, join(folder, 'linked.db'));
    const lock = holdServeLock(path);

    expect(() => holdServeLock(join(folder, 'linked.db'))).toThrow(/serves the database/);
    await lock.release();
    await holdServeLock(join(folder, 'linked.db')).release();
  });

  it('says when its file cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');

    expect(() => holdServeLock(join(folder, 'file', 'bridge.db'))).toThrow(/cannot be opened/);
  });
});
