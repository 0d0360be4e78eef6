import { Kysely, sql } from 'kysely';
import type pg from 'pg';
import { Failure } from '../provisioning/failure.js';
import type { Store } from '../provisioning/store.js';
import { assembleStore, type StoreOptions } from './assemble.js';
import { Fence } from './fence.js';
import { ensureHash } from './hashKey.js';
import { StoreLocks } from './locks.js';
import { migrate } from './migrate.js';
import { MIGRATIONS } from './migrations.js';
import { PostgresDialect, PostgresDriver, type Writing } from './postgresDriver.js';
import { atStart } from './postgresErrors.js';
import { openPool } from './postgresPool.js';
import type { Database } from './schema.js';
import { TransactionScope } from './scope.js';

/** Of one process. PostgreSQL allows a hundred for all, unless it is told otherwise. */
const POOL_SIZE = 10;

/** Milliseconds since the epoch by the clock of the database, which is one for all instances. */
const DATABASE_NOW = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`;

/**
 * Opens the PostgreSQL store and brings its schema up to date. Several processes may have it open and serve.
 *
 * @throws Failure `misconfigured` when the server refuses us, or a newer release wrote the database; `unavailable` when
 *   it cannot be reached
 */
export async function openPostgresStore({ url, clock, role = 'command', onMade }: StoreOptions): Promise<Store> {
  const pool = openPool(url, POOL_SIZE);
  const scope = new TransactionScope();
  const fence = new Fence(role);
  const db = databaseOn(pool, 'inTurn', scope, fence);
  try {
    await assertUsable(db);
    const isNew = await migrate(db, MIGRATIONS, { counter: 'bigserial' }, new Date(clock.now()).toISOString());
    const hash = await ensureHash(db);
    // A lease must be renewed in time also while somebody writes for long.
    const locks = new StoreLocks(databaseOn(pool, 'alone', scope), hash, clock, { fence, now: () => DATABASE_NOW });
    if (isNew) onMade?.();
    return assembleStore({ db, hash, scope, fence, locks, close: () => end(pool) });
  } catch (error) {
    await end(pool);
    scope.end();
    fence.end();
    throw atStart(error);
  }
}

export function databaseOn(
  pool: pg.Pool,
  writing: Writing,
  scope = new TransactionScope(),
  fence?: Fence,
): Kysely<Database> {
  const driver = new PostgresDriver(pool, () => scope.assertOutside(), writing, fence);
  return new Kysely<Database>({ dialect: new PostgresDialect(driver) });
}

async function end(pool: pg.Pool): Promise<void> {
  if (!pool.ending) await pool.end();
}

async function assertUsable(db: Kysely<Database>): Promise<void> {
  const { rows } = await sql<{ schema: string | null; encoding: string }>`
    select current_schema() as schema, current_setting('server_encoding') as encoding`.execute(db);
  const [found] = rows;
  if (found?.schema == null) {
    throw new Failure(
      'misconfigured',
      'The user of DATABASE_URL has no schema in the database to make tables in. Make one, or name it in the search_path.',
    );
  }
  if (found.encoding !== 'UTF8') {
    throw new Failure(
      'misconfigured',
      'The database of DATABASE_URL cannot hold every character. Make it with: createdb --encoding=UTF8 --template=template0',
    );
  }
}
