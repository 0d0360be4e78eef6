import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'libsql';
import { Kysely } from 'kysely';
import type { Clock } from '../provisioning/call.js';
import { Failure } from '../provisioning/failure.js';
import type { Store } from '../provisioning/store.js';
import { keyedHash, type KeyedHash } from './addresses.js';
import { databasePath } from './databasePath.js';
import { LibsqlDialect, LibsqlDriver, waitWhileBusy } from './driver.js';
import { fromDriver } from './driverErrors.js';
import { type ProcessRole, StoreLocks } from './locks.js';
import { migrate } from './migrate.js';
import { MIGRATIONS } from './migrations.js';
import { recordsOf } from './records.js';
import type { Database } from './schema.js';

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

export interface SqliteOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly role?: ProcessRole;
}

/**
 * Opens the SQLite store, makes its folder and file (readable by their owner only) and brings its schema up to date.
 *
 * @param options.url   `file:./data/bridge.db`, or `:memory:` for a store that goes with the process
 * @param options.clock for leases of locks; waiting for a busy database goes by real time
 * @param options.role  `serve`, `apply` only for the process that holds that lock: it takes over the locks of a dead one
 * @throws Failure `misconfigured` when the file cannot be made or a newer release wrote it; `unavailable` when it cannot be used
 */
export async function openSqliteStore({ url, clock, role = 'command' }: SqliteOptions): Promise<Store> {
  const transactions = new AsyncLocalStorage<{ isOpen: boolean }>();
  const path = databasePath(url);
  const database = openFile(path);
  const isInsideTransaction = () => transactions.getStore()?.isOpen === true;
  const driver = new LibsqlDriver(database, isInsideTransaction, path === undefined ? undefined : samePlace(path));
  const db = new Kysely<Database>({ dialect: new LibsqlDialect(driver) });
  try {
    for (const pragma of PRAGMAS) await waitWhileBusy(() => database.exec(`pragma ${pragma}`));
    await migrate(db, MIGRATIONS, { counter: 'integer' }, new Date(clock.now()).toISOString());
    const hash = await readHash(db);
    const locks = new StoreLocks(db, hash, clock, role);
    if (role !== 'command') await locks.dropLocksOf(role);
    return {
      ...recordsOf(db, hash),
      locks,
      transaction: (work) =>
        db.transaction().execute(async (trx) => {
          const scope = { isOpen: true };
          try {
            return await transactions.run(scope, () => work(recordsOf(trx, hash)));
          } finally {
            scope.isOpen = false;
          }
        }),
      close: async () => {
        await driver.destroy();
        // Until then it is carried along by every promise of the process, and is never freed.
        transactions.disable();
      },
    };
  } catch (error) {
    await driver.destroy();
    transactions.disable();
    throw fromDriver(error);
  }
}

function openFile(path: string | undefined): Sqlite.Database {
  if (path === undefined) return new Sqlite(':memory:');
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

/** The hash whose key was made when the database was. */
async function readHash(db: Kysely<Database>): Promise<KeyedHash> {
  await db
    .insertInto('meta')
    .values({ name: 'hash_key', value: randomBytes(32).toString('hex') })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { value } = await db
    .selectFrom('meta')
    .select('value')
    .where('name', '=', 'hash_key')
    .executeTakeFirstOrThrow();
  return keyedHash(Buffer.from(value, 'hex'));
}
