import { execFile, type ExecFileOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './serve.js';

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

/** A PostgreSQL of the run's own, in a folder that goes with it. */
export interface PostgresServer {
  /** Of its superuser, on a database that is there already. */
  readonly url: string;
  readonly folder: string;
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  start(): Promise<void>;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
  /** The same at once, for a process that ends. */
  kill(): void;
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

/** The same in a folder that is there, for who removes it. */
export async function startIn(folder: string): Promise<PostgresServer> {
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
    kill() {
      const [pid = ''] = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
      process.kill(Number(pid), 'SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
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
