import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Sqlite from 'libsql';
import { Kysely, sql } from 'kysely';
import { LibsqlDialect, LibsqlDriver } from '../../src/store/driver.js';

interface Tables {
  things: { name: string; size: unknown };
}

let driver: LibsqlDriver;
let db: Kysely<Tables>;
beforeEach(async () => {
  driver = new LibsqlDriver(new Sqlite(':memory:'), () => false);
  db = new Kysely<Tables>({ dialect: new LibsqlDialect(driver) });
  await db.schema
    .createTable('things')
    .addColumn('name', 'text', (column) => column.unique())
    .addColumn('size', 'text')
    .execute();
});
afterEach(() => driver.destroy());

async function roundTrip(size: unknown): Promise<unknown> {
  await db.insertInto('things').values({ name: 'one', size }).execute();
  return (await db.selectFrom('things').select('size').executeTakeFirstOrThrow()).size;
}

describe('what is bound to a statement', () => {
  it.each([
    [true, '1'],
    [false, '0'],
    [null, null],
    ['text', 'text'],
    ['', ''],
    ['\u{1F600} \u00e9', '\u{1F600} \u00e9'],
  ])('%j comes back as %j', async (value, stored) => {
    expect(await roundTrip(value)).toBe(stored);
  });

  it.each([
    ['a date', new Date(0)],
    ['an object', { a: 1 }],
    ['a list', [1]],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
  ])('%s is refused before it reaches the native code', async (_, value) => {
    await expect(roundTrip(value)).rejects.toThrow(TypeError);
  });

  it('half of a surrogate pair is invalid, because another character would take its place', async () => {
    await expect(roundTrip('half \ud83d of one')).rejects.toMatchObject({ kind: 'invalid' });
  });

  it('text with NUL is invalid, because it would be read back cut', async () => {
    await expect(roundTrip('before\0after')).rejects.toMatchObject({ kind: 'invalid' });
    await expect(db.selectFrom('things').select('name').where('name', '=', '\0').execute()).rejects.toMatchObject({
      kind: 'invalid',
    });
  });
});

describe('what the driver throws', () => {
  it('is a conflict for a taken value, with its cause and without the value', async () => {
    await roundTrip('x');
    const failure = await roundTrip('x').catch((error: unknown) => error);

    expect(failure).toMatchObject({ kind: 'conflict', cause: { code: 'SQLITE_CONSTRAINT_UNIQUE' } });
    expect(String(failure)).not.toContain('one');
  });

  it('stays what it is for a wrong statement, which is a bug', async () => {
    await expect(sql`select nonsense from nowhere`.execute(db)).rejects.toMatchObject({ code: 'SQLITE_ERROR' });
  });

  it('does not spoil the connection for what follows', async () => {
    await roundTrip('x');
    await expect(roundTrip('x')).rejects.toMatchObject({ kind: 'conflict' });

    await db.transaction().execute((trx) => trx.insertInto('things').values({ name: 'two', size: 'y' }).execute());

    expect(await db.selectFrom('things').select('name').execute()).toEqual([{ name: 'one' }, { name: 'two' }]);
  });
});

describe('many different statements', () => {
  it('each answer what they ask, however many there are', async () => {
    for (let number = 0; number < 600; number += 1) {
      const { rows } = await sql.raw<{ number: number }>(`select ${number} as number`).execute(db);
      expect(rows).toEqual([{ number }]);
    }
  });
});
