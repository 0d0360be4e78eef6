import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Sqlite from 'libsql';
import { Kysely, sql } from 'kysely';
import { LibsqlDialect, LibsqlDriver } from '../../src/store/driver.js';
import { migrate } from '../../src/store/migrate.js';
import { MIGRATIONS, type Migration } from '../../src/store/migrations.js';
import type { Database } from '../../src/store/schema.js';
import { at } from './samples.js';

/** The steps that ran, by the tables they make. */
const ran: string[] = [];
let driver: LibsqlDriver;
let db: Kysely<Database>;
beforeEach(() => {
  ran.length = 0;
  driver = new LibsqlDriver(new Sqlite(':memory:'), () => false);
  db = new Kysely<Database>({ dialect: new LibsqlDialect(driver) });
});
afterEach(() => driver.destroy());

function step(number: number, table: string, up: () => Promise<void> = () => Promise.resolve()): Migration {
  return {
    number,
    name: table,
    async up({ schema }) {
      ran.push(table);
      await schema.createTable(table).addColumn('id', 'text').execute();
      await up();
    },
  };
}

const run = (migrations: readonly Migration[]) => migrate(db, migrations, { counter: 'integer' }, at());

async function tables(): Promise<readonly string[]> {
  return (await db.introspection.getTables()).map(({ name }) => name).sort();
}

describe('migrate', () => {
  it('runs each step once, in order, and records it [ID3]', async () => {
    await run([step(1, 'one')]);
    await run([step(1, 'one'), step(2, 'two')]);

    expect(ran).toEqual(['one', 'two']);
    expect(await db.selectFrom('schema_migrations').selectAll().execute()).toEqual([
      { number: 1, name: 'one', applied_at: at() },
      { number: 2, name: 'two', applied_at: at() },
    ]);
  });

  it('leaves nothing of a step that fails, keeps those before it, and can be repeated [ID3]', async () => {
    const failing = step(2, 'two', () => Promise.reject(new Error('half-way')));
    await expect(run([step(1, 'one'), failing, step(3, 'three')])).rejects.toThrow('half-way');
    expect(await tables()).toEqual(['one', 'schema_migrations']);

    await run([step(1, 'one'), step(2, 'two'), step(3, 'three')]);

    expect(await tables()).toEqual(['one', 'schema_migrations', 'three', 'two']);
  });

  it('refuses a database that a newer release has changed, and leaves it as it is', async () => {
    await run([step(1, 'one'), step(2, 'two')]);

    await expect(run([step(1, 'one')])).rejects.toMatchObject({
      kind: 'misconfigured',
      message: expect.stringContaining('newer release'),
    });
  });

  it('makes whoever brought people and groups their owner [SA12]', async () => {
    const ownership = MIGRATIONS.findIndex(({ name }) => name === 'ownership');
    await run(MIGRATIONS.slice(0, ownership));
    await sql`insert into person_links (id, user_name, user_name_key, profile, wanted, wanted_at, suspended, origin,
      caller, created_at, modified_at) values ('ada', 'ada', 'ada', '{}', 'active', 't', 0, 'created', 'okta', 't', 't')`.execute(
      db,
    );
    await sql`insert into group_links (id, display_name, display_name_key, confluence_name, origin, caller, is_released,
      created_at, modified_at) values ('g', 'G', 'g', 'G', 'adopted', 'entra', 0, 't', 't')`.execute(db);

    await run(MIGRATIONS);

    expect(await db.selectFrom('person_links').select('owner').execute()).toEqual([{ owner: 'okta' }]);
    expect(await db.selectFrom('group_links').select('owner').execute()).toEqual([{ owner: 'entra' }]);
  });

  it('has steps numbered from 1 without gaps', () => {
    expect(MIGRATIONS.map(({ number }) => number)).toEqual(MIGRATIONS.map((_, index) => index + 1));
  });
});
