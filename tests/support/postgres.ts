import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createEmptyDatabase } from '../../scripts/endurance/postgres.js';
import { postgresPrograms, startIn } from '../../scripts/endurance/postgresServer.js';

export { postgresPrograms, type PostgresServer, startPostgres } from '../../scripts/endurance/postgresServer.js';

/** Names a PostgreSQL for tests: the URL of a user who may make databases. */
export const URL_VARIABLE = 'TEST_DATABASE_URL';
/** The folder of the one server of a run of jest; set by `run/setup.js`. */
export const FOLDER_VARIABLE = 'TEST_POSTGRES_FOLDER';

const START_MS = 60_000;

/** Whether tests have a PostgreSQL; where CI has none, that is a failure of theirs and no reason to skip. */
export function hasPostgres(): boolean {
  return process.env[URL_VARIABLE] !== undefined || postgresPrograms() !== undefined || process.env['CI'] === 'true';
}

/** To be called by every file that needs one. */
export function warnWithoutPostgres(what: string): void {
  if (hasPostgres()) return;
  process.stderr.write(
    `SKIPPED: ${what}, for there is no PostgreSQL. Install Debian's package postgresql, or set ${URL_VARIABLE} to the ` +
      'URL of a user who may make databases.\n',
  );
}

/** The URL of the server that all tests of a run share: the given one, or one that the first of them starts. */
async function sharedUrl(): Promise<string> {
  const given = process.env[URL_VARIABLE];
  if (given !== undefined) return given;
  const folder = process.env[FOLDER_VARIABLE];
  if (folder === undefined) throw new Error(`${FOLDER_VARIABLE} is not set: run the tests through jest.`);
  const file = join(folder, 'url');
  try {
    await mkdir(join(folder, 'server'));
  } catch {
    for (let waitedMs = 0; !existsSync(file); waitedMs += 50) {
      if (waitedMs > START_MS) throw new Error('Another worker could not start PostgreSQL.');
      await sleep(50);
    }
    return readFile(file, 'utf8');
  }
  const { url } = await startIn(join(folder, 'server'));
  // Whole at once, for whoever waits for it.
  await writeFile(`${file}.new`, url);
  await rename(`${file}.new`, file);
  return url;
}

/** Runs statements as the superuser of the tests. */
export async function asSuperuser<T>(work: (client: pg.Client) => Promise<T>, url?: string): Promise<T> {
  const client = new pg.Client({ connectionString: url ?? (await sharedUrl()) });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A place for one test's data. */
export interface PostgresPlace {
  /** For `DATABASE_URL`. */
  readonly url: string;
  readonly drop: () => Promise<void>;
}

/** A new, empty database. Where its server goes with the run it is left there, for dropping one takes long. */
export async function newDatabase(serverUrl?: string): Promise<PostgresPlace> {
  const server = serverUrl ?? (await sharedUrl());
  const { url, drop } = await createEmptyDatabase(server);
  return { url, drop: server === process.env[URL_VARIABLE] ? drop : () => Promise.resolve() };
}

/** A schema of its own: the same for who has its URL, and made in a moment. */
export interface PostgresSchema extends PostgresPlace {
  /** Takes everything out of the tables that the store made: in less time than it takes to make them. */
  readonly empty: () => Promise<void>;
}

export async function newSchema(): Promise<PostgresSchema> {
  const name = `bridge_${randomBytes(6).toString('hex')}`;
  await asSuperuser((client) => client.query(`create schema ${name}`));
  const url = new URL(await sharedUrl());
  url.searchParams.set('options', `-c search_path=${name}`);
  return {
    url: url.href,
    async drop() {
      await asSuperuser((client) => client.query(`drop schema ${name} cascade`));
    },
    async empty() {
      await asSuperuser(async (client) => {
        const { rows } = await client.query<{ statement: string }>(
          `select 'delete from ' || format('%I.%I', table_schema, table_name) as statement
             from information_schema.tables
             where table_schema = $1 and table_name not in ('schema_migrations', 'index_state')
           union all
           select 'alter sequence ' || format('%I.%I', sequence_schema, sequence_name) || ' restart'
             from information_schema.sequences where sequence_schema = $1`,
          [name],
        );
        const statements = rows.map(({ statement }) => statement);
        // The one row that the store finds there from the beginning.
        const start = `update ${name}.index_state set current_generation = null, scanning_generation = null,
          last_generation = 0, scanned_at_ms = null`;
        await client.query([...statements, start].join(';'));
      });
    },
  };
}
