import { execFile, type ExecFileOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';

/** Names a PostgreSQL for tests: the URL of a user who may make databases. */
export const URL_VARIABLE = 'TEST_DATABASE_URL';
/** The folder of the one server of a run of jest; set by `run/setup.js`. */
export const FOLDER_VARIABLE = 'TEST_POSTGRES_FOLDER';

const PROGRAMS = ['initdb', 'pg_ctl'] as const;
const PORT_TRIES = 5;
const START_MS = 60_000;
const run = promisify(execFile);

/** Where PostgreSQL's programs are; undefined where it is not installed. */
export function postgresPrograms(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const installed = existsSync(debian)
    ? readdirSync(debian)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => join(debian, version, 'bin'))
    : [];
  const folders = [...installed, ...(process.env['PATH'] ?? '').split(':')];
  return folders.find((folder) => PROGRAMS.every((program) => existsSync(join(folder, program))));
}

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

/** A server of the test's own, in a folder that goes with it. */
export interface PostgresServer {
  /** Of its superuser, on a database that is there already. */
  readonly url: string;
  readonly folder: string;
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  start(): Promise<void>;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
}

/** Starts a server on a free port of this machine, as another user where this one is root. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-postgres-'));
  try {
    return await startIn(folder);
  } catch (error) {
    await rm(folder, { recursive: true });
    throw error;
  }
}

async function startIn(folder: string): Promise<PostgresServer> {
  const programs = postgresPrograms();
  if (programs === undefined) throw new Error('PostgreSQL is not installed here: initdb and pg_ctl were not found.');
  const user = await unprivilegedUser();
  if (user.uid !== undefined) await chown(folder, user.uid, user.gid ?? user.uid);
  await chmod(folder, 0o755);
  const password = randomBytes(12).toString('hex');
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password);
  const data = join(folder, 'data');
  const program = (name: (typeof PROGRAMS)[number], args: readonly string[]) =>
    run(join(programs, name), [...args], { ...user, cwd: folder, timeout: START_MS });
  await program('initdb', [
    ...['-D', data, '-U', 'bridge', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--no-sync'],
    // Not the order of bytes, so that a query which forgot to ask for that one is noticed.
    ...['--encoding=UTF8', '--locale=C.UTF-8', '--locale-provider=icu', '--icu-locale=en'],
  ]);
  let port = 0;
  const start = async (): Promise<void> => {
    const options = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1`;
    // Without its output: the server would keep our end of it open.
    await program('pg_ctl', ['-D', data, '-w', '-s', '-l', join(folder, 'log'), '-o', options, 'start']);
  };
  const stop = async (mode = 'fast'): Promise<void> => {
    await program('pg_ctl', ['-D', data, '-w', '-s', '-m', mode, 'stop']);
  };
  for (let tries = 1; ; tries += 1) {
    port = await freePort();
    try {
      await start();
      break;
    } catch (error) {
      if (tries === PORT_TRIES) throw error;
    }
  }
  return {
    url: `postgres://bridge:${password}@127.0.0.1:${port}/postgres`,
    folder,
    start,
    stop,
    async remove() {
      await stop('immediate').catch(() => undefined);
      await rm(folder, { recursive: true });
    },
  };
}

/** PostgreSQL refuses to run as root. */
async function unprivilegedUser(): Promise<Pick<ExecFileOptions, 'uid' | 'gid'>> {
  if (process.getuid?.() !== 0) return {};
  for (const line of (await readFile('/etc/passwd', 'utf8')).split('\n')) {
    const [name = '', , uid, gid] = line.split(':');
    if (['postgres', 'nobody'].includes(name)) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('PostgreSQL cannot run as root, and there is no user called postgres or nobody.');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
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
  const name = `bridge_${randomBytes(6).toString('hex')}`;
  const server = serverUrl ?? (await sharedUrl());
  await asSuperuser((client) => client.query(`create database ${name} template template0 encoding 'UTF8'`), server);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async drop() {
      if (server !== process.env[URL_VARIABLE]) return;
      await asSuperuser((client) => client.query(`drop database ${name} with (force)`), server);
    },
  };
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
