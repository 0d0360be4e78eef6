import { existsSync } from 'node:fs';
import Sqlite from 'libsql';
import { Kysely, sql } from 'kysely';
import { Failure } from '../provisioning/failure.js';
import type { PauseRecords } from '../provisioning/pauseRecords.js';
import type { Records } from '../provisioning/store.js';
import { openingProblem, refuseLostDatabase } from './databaseFile.js';
import { databasePath } from './databasePath.js';
import { LibsqlDialect, LibsqlDriver } from './driver.js';
import { fromDriver } from './driverErrors.js';
import { readHash } from './hashKey.js';
import { MIGRATIONS } from './migrations.js';
import { pauseRecords } from './pauses.js';
import { databaseOn } from './postgres.js';
import { atStart } from './postgresErrors.js';
import { openPool } from './postgresPool.js';
import { isPostgresUrl } from './postgresUrl.js';
import { recordsOf } from './records.js';
import type { Database, Handle } from './schema.js';

/** What came of looking into a store. `older`, `newer`: it is of another release, so that its tables may be others. */
export type Look<T> = { readonly kind: 'absent' | 'older' | 'newer' } | { readonly kind: 'read'; readonly value: T };

/**
 * Reads a store without making, migrating or changing it, also while a bridge serves it.
 *
 * @param url as for `openStore`; a store in memory is nobody else's, so that there is none
 * @throws Failure `misconfigured` when the file is lost, damaged or no database, or PostgreSQL refuses us; `unavailable`
 *   when the database cannot be read at the moment
 */
export function lookInto<T>(url: string, work: (db: Handle) => Promise<T>): Promise<Look<T>> {
  return isPostgresUrl(url) ? lookIntoPostgres(url, work) : lookIntoFile(url, work);
}

async function lookIntoPostgres<T>(url: string, work: (db: Handle) => Promise<T>): Promise<Look<T>> {
  const pool = openPool(url, 1);
  const db = databaseOn(pool, 'never');
  try {
    // By the search_path alone: a schema of another bridge is none of ours.
    const { rows } = await sql<{ isThere: boolean }>`
      select to_regclass('schema_migrations') is not null as "isThere"`.execute(db);
    return rows[0]?.isThere === true ? await lookAt(db, work) : { kind: 'absent' };
  } catch (error) {
    throw atStart(error);
  } finally {
    await pool.end();
  }
}

async function lookIntoFile<T>(url: string, work: (db: Handle) => Promise<T>): Promise<Look<T>> {
  const path = databasePath(url);
  if (path === undefined) return { kind: 'absent' };
  refuseLostDatabase(path);
  if (!existsSync(path)) return { kind: 'absent' };
  const database = new Sqlite(path);
  try {
    // libsql ignores its own option for read-only files.
    database.exec('pragma query_only = on');
    const driver = new LibsqlDriver(
      database,
      () => false,
      () => true,
      'read',
    );
    const db = new Kysely<Database>({ dialect: new LibsqlDialect(driver) });
    const tables = await db.introspection.getTables();
    return tables.some(({ name }) => name === 'schema_migrations') ? await lookAt(db, work) : { kind: 'absent' };
  } catch (error) {
    throw openingProblem(path, error) ?? fromDriver(error);
  } finally {
    // Not by the driver, which would move the log into the database first: that is for those who write.
    database.close();
  }
}

/**
 * The records of a store, for reading: whatever would write fails.
 *
 * @throws Failure `notFound` when there is no database yet; `misconfigured` when another release wrote it; `unavailable`
 *   as `lookInto`
 */
export async function readRecords<T>(url: string, work: (records: Records) => Promise<T>): Promise<T> {
  const looked = await lookInto(url, async (db) => work(recordsOf(db, await readHash(db))));
  switch (looked.kind) {
    case 'read':
      return looked.value;
    case 'absent':
      throw new Failure(
        'notFound',
        'There is no database where DATABASE_URL points to. Run this where the bridge runs, with its settings; serve makes the database.',
      );
    case 'older':
      throw new Failure(
        'misconfigured',
        'The database is of an older release. Start serve, which brings it up to date.',
      );
    case 'newer':
      throw new Failure(
        'misconfigured',
        'The database was written by a newer release of the bridge. Use the command of that release.',
      );
  }
}

/**
 * The pauses that a store keeps, for commands that write nothing: they hear of them, and what they are told themselves
 * they keep to themselves. Where there is no store of this release, none is known.
 */
export function pausesKeptIn(url: string): PauseRecords {
  return {
    async find(credential) {
      const looked = await lookInto(url, async (db) => pauseRecords(db, await readHash(db)).find(credential));
      return looked.kind === 'read' ? looked.value : undefined;
    },
    extend: () => Promise.resolve(),
  };
}

async function lookAt<T>(db: Handle, work: (db: Handle) => Promise<T>): Promise<Look<T>> {
  const age = await ageOf(db);
  return age === 'current' ? { kind: 'read', value: await work(db) } : { kind: age };
}

async function ageOf(db: Handle): Promise<'older' | 'current' | 'newer'> {
  const { number } = await db
    .selectFrom('schema_migrations')
    .select((eb) => eb.fn.max<number | null>('number').as('number'))
    .executeTakeFirstOrThrow();
  const known = Math.max(...MIGRATIONS.map((migration) => migration.number));
  if (number === null || number < known) return 'older';
  return number > known ? 'newer' : 'current';
}
