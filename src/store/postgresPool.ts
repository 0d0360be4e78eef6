import { readFileSync } from 'node:fs';
import pg from 'pg';
import { Failure } from '../provisioning/failure.js';
import { parsePostgresUrl, type PostgresAddress } from './postgresUrl.js';

/** For a new connection, and for a free one of the pool. */
const CONNECT_MS = 5_000;
/** How long a statement waits for the lock of somebody who writes. */
const LOCK_WAIT_MS = 5_000;
/** The swap of the directory index after a scan of a large site is the longest. */
const STATEMENT_MS = 30_000;
/** A process that hangs inside a transaction keeps everybody else from writing. */
const IDLE_IN_TRANSACTION_MS = 10_000;
/** A server that no longer answers at all; after the server's own limit. */
const ANSWER_MS = 35_000;

/** Limits that the options of DATABASE_URL may change. */
const LIMITS = [
  `lock_timeout=${LOCK_WAIT_MS}`,
  `statement_timeout=${STATEMENT_MS}`,
  `idle_in_transaction_session_timeout=${IDLE_IN_TRANSACTION_MS}`,
];
/**
 * What the session insists on, whatever the database, its user or DATABASE_URL say: a commit is on the disk before it is
 * acknowledged, and a connection whose other end has vanished, with the locks it holds, ends within a minute.
 */
const DEMANDS = [
  'synchronous_commit=on',
  'tcp_keepalives_idle=20',
  'tcp_keepalives_interval=10',
  'tcp_keepalives_count=3',
];

/** @throws Failure `misconfigured` for what is no address of PostgreSQL, or certificates that cannot be read */
export function clientConfig(url: string): pg.ClientConfig {
  const parsed = parsePostgresUrl(url);
  if ('problem' in parsed) throw new Failure('misconfigured', `DATABASE_URL ${parsed.problem}.`);
  const { host, port, user, password, database, options } = parsed.value;
  return {
    host,
    port,
    user,
    password,
    database,
    ssl: tlsOf(parsed.value),
    options: [...LIMITS.map(asOption), options, ...DEMANDS.map(asOption)].join(' '),
    application_name: 'confluence-scim-bridge',
    keepAlive: true,
    keepAliveInitialDelayMillis: 20_000,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    types: int8AsNumber(),
  };
}

/** @param size connections at most */
export function openPool(url: string, size: number): pg.Pool {
  const pool = new pg.Pool({ ...clientConfig(url), max: size });
  // A connection that is lost while nobody uses it, or between two statements: whoever uses it next learns of it, and
  // without a listener it would end the process.
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));
  return pool;
}

function asOption(setting: string): string {
  return `-c ${setting}`;
}

/** Counts, and milliseconds since the epoch: all of them far below 2^53. */
function int8AsNumber(): pg.TypeOverrides {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, Number);
  return types;
}

function ignore(): void {
  // See above.
}

function tlsOf({ sslMode, rootCertificate }: PostgresAddress): NonNullable<pg.ClientConfig['ssl']> {
  if (sslMode === 'disable') return false;
  if (sslMode === 'require') return { rejectUnauthorized: false };
  return rootCertificate === undefined ? {} : { ca: readCertificates(rootCertificate) };
}

function readCertificates(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure(
      'misconfigured',
      'The sslrootcert of DATABASE_URL cannot be read. Give it the path of a file with certificates in PEM.',
      { cause: error },
    );
  }
}
