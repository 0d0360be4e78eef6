import type { Kysely } from 'kysely';
import { Failure } from '../provisioning/failure.js';
import type { Migration } from './migrations.js';
import type { ColumnTypes, Database } from './schema.js';

/**
 * Brings the schema up to date. Each step runs in a transaction of its own together with the line that records it, so
 * that a failing one leaves nothing behind, and is looked up inside that transaction, so that of two processes that
 * start at once the second finds it done.
 *
 * @returns whether the database was empty, and this process took the first step
 * @throws Failure `misconfigured` when a newer release has already changed this database
 */
export async function migrate(
  db: Kysely<Database>,
  migrations: readonly Migration[],
  types: ColumnTypes,
  nowIso: string,
): Promise<boolean> {
  await db.transaction().execute(async (trx) => {
    await trx.schema
      .createTable('schema_migrations')
      .ifNotExists()
      .addColumn('number', 'integer', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('applied_at', 'text', (column) => column.notNull())
      .execute();
  });
  const newest = await newestStep(db);
  refuseNewerDatabase(newest, migrations);
  let isNew = false;
  for (const { number, name, up } of migrations) {
    if (number <= newest) continue;
    await db.transaction().execute(async (trx) => {
      const applied = await trx.selectFrom('schema_migrations').select('number').where('number', '=', number).execute();
      if (applied.length > 0) return;
      await up(trx, types);
      await trx.insertInto('schema_migrations').values({ number, name, applied_at: nowIso }).execute();
      isNew ||= number === migrations[0]?.number;
    });
  }
  return isNew;
}

/** 0 before the first. */
async function newestStep(db: Kysely<Database>): Promise<number> {
  const newest = await db
    .selectFrom('schema_migrations')
    .select((eb) => eb.fn.max<number | null>('number').as('number'))
    .executeTakeFirst();
  return newest?.number ?? 0;
}

function refuseNewerDatabase(found: number, migrations: readonly Migration[]): void {
  const known = Math.max(0, ...migrations.map(({ number }) => number));
  if (found <= known) return;
  throw new Failure(
    'misconfigured',
    `The database was written by a newer release of the bridge (schema ${found}, this release knows ${known}). ` +
      'Start that release, or restore the backup made before the upgrade.',
  );
}
