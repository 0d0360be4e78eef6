import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'libsql';
import { Kysely, sql } from 'kysely';
import { Failure } from '../provisioning/failure.js';
import type { Store } from '../provisioning/store.js';
import { assembleStore, type StoreOptions } from './assemble.js';
import { noteDatabase, openingProblem, refuseLostDatabase } from './databaseFile.js';
import { databasePath } from './databasePath.js';
import { LibsqlDialect, LibsqlDriver, waitWhileBusy } from './driver.js';
import { fromDriver } from './driverErrors.js';
import { Fence } from './fence.js';
import { ensureHash } from './hashKey.js';
import { StoreLocks } from './locks.js';
import { migrate } from './migrate.js';
import { MIGRATIONS } from './migrations.js';
import type { Database } from './schema.js';
import { TransactionScope } from './scope.js';

/**
 * - A commit is on the disk before it is acknowledged (`synchronous`), and readers do not wait for writers (WAL).
 * - What is deleted is overwritten, so that a buried person's address is really gone, and the log shrinks with each
 *   checkpoint, so that it does not live on in there.
 */
const PRAGMAS = [
  'journal_mode = wal',
  'synchronous = full',
  'foreign_keys = on',
  'secure_delete = on',
  'journal_size_limit = 0',
];

/**
 * Opens the SQLite store, makes its folder and file (readable by their owner only) and brings its schema up to date.
 * A process of a role (`serve`, `apply`) is the only one of its kind and takes over the locks of a dead one.
 *
 * @throws Failure `misconfigured` when the file cannot be made or a newer release wrote it; `unavailable` when it cannot be used
 */
export async function openSqliteStore({ url, clock, role = 'command', onMade }: StoreOptions): Promise<Store> {
  const scope = new TransactionScope();
  const fence = new Fence(role);
  const path = databasePath(url);
  const database = openFile(path);
  const driver = new LibsqlDriver(
    database,
    () => scope.assertOutside(),
    path === undefined ? undefined : samePlace(path),
    'write',
    fence,
  );
  const db = new Kysely<Database>({ dialect: new LibsqlDialect(driver) });
  try {
    for (const pragma of PRAGMAS) await waitWhileBusy(() => database.exec(`pragma ${pragma}`));
    if (role === 'serve') refuseDamage(database);
    const isNew = await migrate(db, MIGRATIONS, { counter: 'integer' }, new Date(clock.now()).toISOString());
    const hash = await ensureHash(db);
    const locks = new StoreLocks(db, hash, clock, { fence, now: () => sql<number>`${clock.now()}` });
    if (role !== 'command') await locks.dropLocksOf(role);
    if (role === 'serve' && path !== undefined) noteDatabase(path);
    if (isNew) onMade?.();
    return assembleStore({ db, hash, scope, fence, locks, close: () => driver.destroy() });
  } catch (error) {
    await driver.destroy();
    scope.end();
    fence.end();
    throw (path === undefined ? undefined : openingProblem(path, error)) ?? fromDriver(error);
  }
}

/** Finds pages that cannot be read, which else would come to light in the middle of a change. */
function refuseDamage(database: Sqlite.Database): void {
  const found = database.prepare('pragma quick_check(1)').all() as readonly { readonly quick_check: string }[];
  if (found[0]?.quick_check === 'ok') return;
  throw Object.assign(new Error('The check found damage'), { code: 'SQLITE_CORRUPT' });
}

function openFile(path: string | undefined): Sqlite.Database {
  if (path === undefined) return new Sqlite(':memory:');
  refuseLostDatabase(path);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // SQLite would make the file readable for everybody; its log files copy the mode of the file.
    closeSync(openSync(path, 'a', 0o600));
    return new Sqlite(path);
  } catch (error) {
    throw new Failure(
      'misconfigured',
      `The database file ${path} cannot be opened. Give DATABASE_URL a folder that the bridge may write to.`,
      { cause: error },
    );
  }
}

/** Says whether the file at the path is still the one that is there now. */
function samePlace(path: string): () => boolean {
  const identity = (): string | undefined => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? undefined : `${found.dev} ${found.ino}`;
  };
  const opened = identity();
  return () => identity() === opened;
}
