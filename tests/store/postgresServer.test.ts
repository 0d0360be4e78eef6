import { chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, connect, type Server, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Store } from '../../src/provisioning/store.js';
import type { ProcessRole } from '../../src/store/fence.js';
import { openExistingStore, openStore } from '../../src/store/open.js';
import { lockToApply, lockToServe } from '../../src/store/processLocks.js';
import { makePair, writePair } from '../support/certificates.js';
import {
  asSuperuser,
  hasPostgres,
  newDatabase,
  postgresPrograms,
  type PostgresPlace,
  type PostgresServer,
  startPostgres,
  warnWithoutPostgres,
} from '../support/postgres.js';
import { aCall, aPerson, ManualClock } from './samples.js';

// A server of this file's own, because it is stopped: one that TEST_DATABASE_URL names is left alone.
const isPossible = hasPostgres() && (postgresPrograms() !== undefined || process.env['CI'] === 'true');

warnWithoutPostgres('a PostgreSQL that is stopped and cut off');

// Skipped, and said aloud, only where there is no PostgreSQL that this file may stop; in CI that is a failure.
(isPossible ? describe : describe.skip)('a PostgreSQL', () => {
  let server: PostgresServer;
  let place: PostgresPlace;
  const cleanUps: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.remove());
  beforeEach(async () => {
    place = await newDatabase(server.url);
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  async function open(url = place.url, role: ProcessRole = 'command', onMade = (): void => undefined): Promise<Store> {
    const store = await openStore({ url, clock: new ManualClock(), role, onMade });
    cleanUps.push(() => store.close());
    return store;
  }

  /** Statements in the database of this test, by its superuser. */
  const run = (sql: string): Promise<unknown> => asSuperuser((client) => client.query(sql), place.url);

  /** Cuts every connection of the bridge to this test's database, and waits until the server has ended them. */
  const cut = (): Promise<unknown> =>
    run(`select pg_terminate_backend(pid, 20000) from pg_stat_activity
      where datname = current_database() and application_name = 'confluence-scim-bridge'`);

  function withOptions(options: string): string {
    const url = new URL(place.url);
    url.searchParams.set('options', options);
    return url.href;
  }

  function withPlace(change: (url: URL) => void): string {
    const url = new URL(place.url);
    change(url);
    return url.href;
  }

  describe('that is lost', () => {
    it('in the middle of a transaction makes it unavailable and keeps nothing of it, and the store goes on [SA6]', async () => {
      const store = await open();
      const cutOff = store.transaction(async ({ people }) => {
        await people.insert(aPerson('ada'));
        await cut();
        await people.find('ada');
      });

      await expect(cutOff).rejects.toMatchObject({ kind: 'unavailable', retryAfterSeconds: 5 });
      expect(await store.people.find('ada')).toBeUndefined();
      await store.people.insert(aPerson('ada'));
    });

    it('between two statements of a transaction does not end the process', async () => {
      const store = await open();
      const cutOff = store.transaction(async ({ people }) => {
        await people.insert(aPerson('ada'));
        await cut();
        // The news of it arrives while nobody asks anything.
        await new Promise((resolve) => setTimeout(resolve, 50));
      });

      await expect(cutOff).rejects.toMatchObject({ kind: 'unavailable' });
      expect(await store.people.find('ada')).toBeUndefined();
    });

    it('before it confirms a commit never makes that a success, although it was kept [SA6]', async () => {
      const proxy = await startProxy(Number(new URL(place.url).port));
      cleanUps.push(() => proxy.close());
      const store = await open(withPlace((url) => (url.port = String(proxy.port))));
      proxy.swallowCommit();

      await expect(store.people.insert(aPerson('ada'))).rejects.toMatchObject({ kind: 'unavailable' });

      expect(await store.people.find('ada')).toMatchObject({ id: 'ada' });
      await expect(store.people.insert(aPerson('ada'))).rejects.toMatchObject({ kind: 'conflict' });
    });

    it('is unavailable while it is away, and used again as soon as it is back, locks included [SA6]', async () => {
      const store = await open();
      const other = await open();
      await store.people.insert(aPerson('ada'));
      const held = store.locks.withLock('scan', aCall(Number.MAX_SAFE_INTEGER), async () => {
        await server.stop('immediate');
        const away = await Promise.allSettled([
          store.people.find('ada'),
          store.people.insert(aPerson('bob')),
          store.transaction(({ people }) => people.find('ada')),
          other.locks.withLock('scan', aCall(0), () => Promise.resolve()),
        ]);
        await server.start();
        return away;
      });

      for (const outcome of await held) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { kind: 'unavailable', retryAfterSeconds: 5 } });
      }
      expect(await store.people.find('ada')).toMatchObject({ id: 'ada' });
      expect(await other.people.find('bob')).toBeUndefined();
      await expect(other.locks.withLock('scan', aCall(0), () => Promise.resolve('free'))).resolves.toBe('free');
    });
  });

  describe('that is busy', () => {
    it('is waited for so long and no longer by who writes, and answers readers meanwhile', async () => {
      const store = await open(withOptions('-c lock_timeout=200'));
      const other = await open();
      const blocked = await other.transaction(async () => [
        ...(await Promise.allSettled([
          store.people.insert(aPerson('ada')),
          store.transaction(({ people }) => people.insert(aPerson('bob'))),
        ])),
        ...(await Promise.allSettled(Array.from({ length: 30 }, () => store.people.find('ada')))),
      ]);

      expect(blocked.map(({ status }) => status)).toEqual([
        'rejected',
        'rejected',
        ...Array.from({ length: 30 }, () => 'fulfilled'),
      ]);
      expect(blocked[0]).toMatchObject({ reason: { kind: 'unavailable', retryAfterSeconds: 5 } });
      await store.people.insert(aPerson('ada'));
    });

    it('ends the transaction of a process that hangs in it, so that others go on [SA6]', async () => {
      // Makes the tables, for which so short a time may not do.
      const other = await open();
      const hanging = await open(withOptions('-c idle_in_transaction_session_timeout=100'));
      const stuck = hanging.transaction(async ({ people }) => {
        await people.insert(aPerson('ada'));
        // Waits for the other's turn to write, which comes only when this transaction is over.
        await other.people.insert(aPerson('ada'));
      });

      await expect(stuck).rejects.toMatchObject({ kind: 'unavailable' });
      expect(await other.people.find('ada')).toMatchObject({ id: 'ada' });
    });

    it('has ended the transaction of a process that was stopped in it: that is unavailable, and no error of the bridge [SA6]', async () => {
      // Makes the tables, for which so short a time may not do.
      await open();
      const stopped = await open(withOptions('-c idle_in_transaction_session_timeout=100'));
      const stuck = stopped.transaction(async ({ people }) => {
        await people.insert(aPerson('ada'));
        // Nothing of this process runs, so that the news waits behind its next statement.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
        await people.find('ada');
      });

      await expect(stuck).rejects.toMatchObject({ kind: 'unavailable', retryAfterSeconds: 5 });
      expect(await stopped.people.find('ada')).toBeUndefined();
    });

    it('is unavailable when it takes no more connections', async () => {
      await run(
        `create role few login password 'few' connection limit 1; grant create on database ${nameOf(place)} to few`,
      );
      await run('create schema authorization few');
      const url = withPlace((few) => Object.assign(few, { username: 'few', password: 'few' }));
      const store = await open(url);

      const reads = await Promise.allSettled(Array.from({ length: 3 }, () => store.people.find('ada')));

      expect(reads.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(reads.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { kind: 'unavailable' } });
      expect(await store.people.find('ada')).toBeUndefined();
    });
  });

  describe('that refuses us', () => {
    it.each<[string, (url: URL) => void, RegExp]>([
      ['the password', (url) => (url.password = 'not-the-one'), /the user or the password of DATABASE_URL/],
      ['the user', (url) => (url.username = 'nobody'), /the user or the password of DATABASE_URL/],
      ['no password', (url) => (url.password = ''), /asks for a password/],
      ['the database', (url) => (url.pathname = '/nowhere'), /no database of the name/],
      ['the schema', (url) => url.searchParams.set('options', '-c search_path=nowhere'), /has no schema/],
      ['an option', (url) => url.searchParams.set('options', '-c lock_timeout=soon'), /options of DATABASE_URL/],
      ['a setting', (url) => url.searchParams.set('options', '-c no_such=1'), /options of DATABASE_URL/],
      ['TLS', (url) => url.searchParams.set('sslmode', 'verify-full'), /offers no TLS/],
    ])('for %s is told to the operator at the start, without the password [SA7]', async (_, change, words) => {
      const url = withPlace(change);
      const failure = await open(url).catch((error: unknown) => error);

      expect(failure).toMatchObject({ kind: 'misconfigured', message: expect.stringMatching(words) });
      const { password } = new URL(url);
      if (password !== '') expect(JSON.stringify(failure, allOf)).not.toContain(password);
    });

    it('because we may make no tables says which right is missing', async () => {
      await run("create role reader login password 'reader'; revoke create on schema public from public");

      const opening = open(withPlace((url) => Object.assign(url, { username: 'reader', password: 'reader' })));

      await expect(opening).rejects.toMatchObject({ kind: 'misconfigured', message: expect.stringContaining('Grant') });
    });

    it('because it only reads, as a standby does, is misconfigured at the start and unavailable later', async () => {
      const store = await open();
      await run(`alter database ${nameOf(place)} set default_transaction_read_only = on`);
      await cut();
      await expect(store.people.find('ada').catch(() => store.people.find('ada'))).resolves.toBeUndefined();

      await expect(store.people.insert(aPerson('ada'))).rejects.toMatchObject({ kind: 'unavailable' });
      await expect(open()).rejects.toMatchObject({
        kind: 'misconfigured',
        message: expect.stringContaining('standby'),
      });
    });

    it('because nothing listens there is unavailable, without the password [SA7]', async () => {
      const url = withPlace((nowhere) => (nowhere.port = '1'));
      const failure = await open(url).catch((error: unknown) => error);

      expect(failure).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('cannot be reached') });
      expect(JSON.stringify(failure, allOf)).not.toContain(new URL(url).password);
    });

    it('because a newer release has changed the database is left as it is', async () => {
      await open();
      await run("insert into schema_migrations values (999, 'of the future', 'later')");

      await expect(open()).rejects.toMatchObject({
        kind: 'misconfigured',
        message: expect.stringContaining('newer release'),
      });
    });
  });

  describe('that speaks TLS', () => {
    it('is used with the certificate that sslrootcert names, and refused with another [SA20]', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'bridge-postgres-tls-'));
      cleanUps.push(() => rm(folder, { recursive: true }));
      const { certFile, keyFile } = await writePair(await makePair(), folder);
      const otherFile = join(folder, 'other.crt');
      await writeFile(otherFile, (await makePair()).cert);
      // The server runs as who owns its folder, and takes no key that others may read.
      const { uid, gid } = await stat(server.folder);
      for (const file of [folder, certFile, keyFile]) await chown(file, uid, gid);
      await chmod(keyFile, 0o600);
      for (const [name, value] of Object.entries({ ssl_cert_file: certFile, ssl_key_file: keyFile, ssl: 'on' })) {
        await run(`alter system set ${name} = '${value}'`);
        cleanUps.push(() => run(`alter system reset ${name}`));
      }
      await run('select pg_reload_conf()');
      const withRoot = (file: string): string =>
        withPlace(({ searchParams }) => {
          searchParams.set('sslmode', 'verify-full');
          searchParams.set('sslrootcert', file);
        });

      const store = await open(withRoot(certFile));
      await store.people.insert(aPerson('ada'));
      const { rows } = await asSuperuser(
        (client) =>
          client.query(`select distinct ssl from pg_stat_ssl join pg_stat_activity using (pid)
            where datname = current_database() and application_name = 'confluence-scim-bridge'`),
        place.url,
      );
      expect(rows).toEqual([{ ssl: true }]);
      await expect(open(withRoot(otherFile))).rejects.toMatchObject({
        kind: 'misconfigured',
        message: expect.stringContaining('nobody known has signed it'),
      });
    });
  });

  describe('that several processes use', () => {
    it('is made by who serves, and by one of those that start at the same instant [ID3] [SA21]', async () => {
      await expect(openExistingStore({ url: place.url, clock: new ManualClock() })).rejects.toMatchObject({
        kind: 'notFound',
        message: expect.stringContaining('no database where DATABASE_URL points to'),
      });
      let made = 0;
      const onMade = (): void => void (made += 1);
      const stores = await Promise.all(Array.from({ length: 4 }, () => open(place.url, 'serve', onMade)));
      expect(made).toBe(1);

      await Promise.all(stores.map((store, number) => store.people.insert(aPerson(`p${number}`))));
      expect(await stores[0]?.people.page({ afterId: '', limit: 10 })).toHaveLength(4);
    });

    it('lets several serve, none of which drops the locks of another', async () => {
      const [first, second] = [lockToServe(place.url), lockToServe(place.url)];
      const store = await open(place.url, 'serve');
      await store.locks.withLock('scan', aCall(0), async () => {
        const other = await open(place.url, 'serve');
        await expect(other.locks.withLock('scan', aCall(0), () => Promise.resolve())).rejects.toMatchObject({
          kind: 'unavailable',
        });
      });
      await first.release();
      await second.release();
    });

    it('lets one carry out a plan, until that one ends or is cut off', async () => {
      const first = await lockToApply(place.url);
      expect(await lockToApply(place.url)).toBeUndefined();
      await first?.release();
      const second = await lockToApply(place.url);
      expect(second).toBeDefined();
      await cut();

      const third = await lockToApply(place.url);

      expect(third).toBeDefined();
      await third?.release();
      await second?.release();
    });

    it('keeps commits on the disk, whatever the database says of it', async () => {
      await run(`alter database ${nameOf(place)} set synchronous_commit = off`);
      const store = await open(withOptions('-c synchronous_commit=off'));
      await run(`create table seen (value text); create function see() returns trigger language plpgsql as
        $$ begin insert into seen values (current_setting('synchronous_commit')); return null; end $$;
        create trigger see after insert on intents execute function see()`);

      await store.intents.begin({ kind: 'invite', key: 'k', caller: 'okta', startedAt: 'now' });

      await asSuperuser(async (client) => {
        expect((await client.query('select value from seen')).rows).toEqual([{ value: 'on' }]);
      }, place.url);
    });
  });
});

function nameOf({ url }: PostgresPlace): string {
  return new URL(url).pathname.slice(1);
}

/** For JSON that shows what an error holds. */
function allOf(_: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return Object.fromEntries(
    Object.getOwnPropertyNames(value).map((name) => [name, (value as unknown as Record<string, unknown>)[name]]),
  );
}

/** Passes a connection on, until it is told to drop one instead of what the server says to a commit. */
async function startProxy(to: number): Promise<{ port: number; swallowCommit(): void; close(): Promise<void> }> {
  let isToSwallow = false;
  const server: Server = createServer((socket) => {
    const upstream = connect(to, '127.0.0.1');
    let hasCommitted = false;
    const end = (): void => {
      socket.destroy();
      upstream.destroy();
    };
    socket.on('data', (data) => {
      hasCommitted = isToSwallow && data.includes('commit\0');
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (hasCommitted) {
        isToSwallow = false;
        end();
      } else socket.write(data);
    });
    for (const one of [socket, upstream]) one.on('error', end).on('close', end);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    swallowCommit() {
      isToSwallow = true;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
