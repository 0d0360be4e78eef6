import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Sqlite from 'libsql';
import type { Clock } from '../../src/provisioning/call.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { openWorkshop, type Child, type Workshop } from './processes.js';
import { aCall, ManualClock } from './samples.js';

let workshop: Workshop;
beforeAll(async () => {
  workshop = await openWorkshop();
});
afterAll(() => workshop.remove());

function fileUrl(name: string): string {
  return `file:${join(workshop.folder, name)}`;
}

/** Whatever the child had acknowledged when it was killed after its `count`th line. */
async function killAfter(child: Child, count: number): Promise<readonly string[]> {
  const acknowledged: string[] = [];
  while (acknowledged.length < count) acknowledged.push((await child.nextLine()) ?? 'ended too early');
  await child.kill();
  for (let line = await child.nextLine(); line !== undefined; line = await child.nextLine()) acknowledged.push(line);
  return acknowledged;
}

/** Real time, as the other processes have it, that skips ahead instead of passing. */
class SkippingClock implements Clock {
  #skippedMs = 0;

  now(): number {
    return Date.now() + this.#skippedMs;
  }

  sleep(ms: number): Promise<void> {
    this.skip(ms);
    return Promise.resolve();
  }

  skip(ms: number): void {
    this.#skippedMs += ms;
  }
}

describe('kill -9 of a process that writes', () => {
  it('loses nothing that was acknowledged and leaves nothing half-written [SA6]', async () => {
    const url = fileUrl('killed.db');
    const acknowledged: string[] = [];
    for (const [prefix, count] of Object.entries({ a: 1, b: 40, c: 150 })) {
      acknowledged.push(...(await killAfter(workshop.start('writer', url, prefix), count)));
    }

    const store = await openSqliteStore({ url, clock: new ManualClock() });
    const held = new Set((await store.holds.ofGroup('g')).map(({ personId }) => personId));
    const members = await store.writes.membersOf('g', 0);
    const listed = await store.index.listPeople('okta', { offset: 0, limit: 100_000 });
    await store.close();

    expect(acknowledged.length).toBeGreaterThanOrEqual(191);
    expect(acknowledged.filter((id) => !held.has(id))).toEqual([]);
    expect(listed.map(({ id }) => id).sort()).toEqual([...held].sort());
    expect([...members.keys()].sort()).toEqual([...held].sort());
    const database = new Sqlite(join(workshop.folder, 'killed.db'));
    expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    database.close();
  });
});

describe('several processes on one file', () => {
  it('may open a new database at the same instant [ID3]', async () => {
    const url = fileUrl('raced.db');
    const names = ['one', 'two', 'three', 'four'];
    const children = names.map((name) => workshop.start('opener', url, name));

    expect(await Promise.all(children.map((child) => child.nextLine()))).toEqual(names.map(() => 'opened'));
    const store = await openSqliteStore({ url, clock: new ManualClock() });
    const lines = await store.audit.list({ limit: 10 });
    await store.close();
    expect(lines.map(({ subject }) => subject).sort()).toEqual([...names].sort());
  });

  it('exclude each other by a lock, which falls free by its lease when its holder is killed [SA6]', async () => {
    const url = fileUrl('locked.db');
    const holder = workshop.start('holder', url, 'scan');
    expect(await holder.nextLine()).toBe('held');
    const clock = new SkippingClock();
    const store = await openSqliteStore({ url, clock });

    const tooEarly = store.locks.withLock('scan', aCall(clock.now() + 300), () => Promise.resolve());
    await expect(tooEarly).rejects.toMatchObject({ kind: 'unavailable' });
    await holder.kill();
    clock.skip(31_000);

    await expect(store.locks.withLock('scan', aCall(clock.now()), () => Promise.resolve('free'))).resolves.toBe('free');
    await store.close();
  });
});

describe('holdServeLock', () => {
  it('lets one process serve a file and tells the second one at once', async () => {
    const path = join(workshop.folder, 'served', 'bridge.db');
    const first = workshop.start('server', path);
    expect(await first.nextLine()).toBe('held');

    const second = workshop.start('server', path);

    expect(await second.nextLine()).toMatch(/^misconfigured: Another confluence-scim-bridge serves the database/);
    expect(await second.nextLine()).toBeUndefined();
  });

  it('falls free with kill -9, and leaves the database open to other commands [SA6]', async () => {
    const path = join(workshop.folder, 'killed-server.db');
    const first = workshop.start('server', path);
    expect(await first.nextLine()).toBe('held');
    expect(await workshop.start('opener', `file:${path}`, 'doctor').nextLine()).toBe('opened');

    await first.kill();

    const next = workshop.start('server', path);
    expect(await next.nextLine()).toBe('held');
  });
});
