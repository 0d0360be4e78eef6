import { isNativeError } from 'node:util/types';
import pg from 'pg';
import { Failure } from '../provisioning/failure.js';
import { takenFailure } from './driverErrors.js';

/** The columns behind the unique indexes, by the names PostgreSQL gave these. */
const COLUMNS: Readonly<Record<string, string>> = {
  person_links_pkey: 'person_links.id',
  person_links_account_id_key: 'person_links.account_id',
  person_links_user_name_key_key: 'person_links.user_name_key',
  group_links_pkey: 'group_links.id',
  group_links_display_name: 'group_links.display_name_key',
};

const UNIQUE_VIOLATION = '23505';
const READ_ONLY = '25006';
/**
 * Classes of SQLSTATE that say "not now" or "not reachable", as opposed to "this statement is wrong": connections (08),
 * logins (28, 3D), read-only servers (25006), transactions that took too long (25P03, 25P04), conflicts between
 * transactions (40), resources (53), locks (55P03), rights (42501), the operator (57), the system (58) and damaged data (XX).
 */
const UNREACHABLE = /^(08|25006|25P0[34]|28|3D|40|42501|53|55P03|57|58|XX)/;
/** Class 22 quotes the value that it refuses. */
const QUOTES_VALUES = /^22/;

/** What is for the operator to cure before the bridge can start: what happened and what to do, by SQLSTATE or Node's code. */
const CURES: readonly (readonly [RegExp, string])[] = [
  [/^28/, 'PostgreSQL refuses the user or the password of DATABASE_URL. Correct them.'],
  [/^3D000$/, 'PostgreSQL has no database of the name in DATABASE_URL. Make it with createdb, or correct the name.'],
  [/^(22023|42704)$/, 'PostgreSQL does not know what the options of DATABASE_URL set. Correct them.'],
  [
    /^42501$/,
    'The user of DATABASE_URL may not make tables in the database. Grant it create on its schema, or give it a database of its own.',
  ],
  [/^25006$/, 'The PostgreSQL of DATABASE_URL is read-only, as a standby is. Name the primary.'],
  [
    /CERT|SIGNATURE|ERR_TLS|HOSTNAME/,
    'The certificate of PostgreSQL is not that of the host in DATABASE_URL, or nobody known has signed it. Give sslrootcert the certificate that signed it, or correct the host.',
  ],
];

/** An error of PostgreSQL or of the way to it, without the values that the driver's own error carries. */
export class PostgresError extends Error {
  /** SQLSTATE, or the code of Node's error. */
  readonly code: string | undefined;

  constructor(message: string, code: string | undefined) {
    super(message);
    this.name = 'PostgresError';
    this.code = code;
  }
}

/**
 * What `pg` threw, as the store's callers know it: `conflict` for a value that is taken, `unavailable` for a database
 * that cannot be reached. Whatever remains is a bug and passes, without its values.
 */
export function fromPostgres(error: unknown): unknown {
  if (!isNativeError(error) || error instanceof Failure) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (!(error instanceof pg.DatabaseError)) return unreachable(new PostgresError(error.message, code));
  const state = code ?? '';
  const cause = new PostgresError(QUOTES_VALUES.test(state) ? 'A value does not fit its column.' : error.message, code);
  if (state === UNIQUE_VIOLATION) return takenFailure(COLUMNS[error.constraint ?? ''], cause);
  return isFatal(error) || UNREACHABLE.test(state) ? unreachable(cause) : cause;
}

/** Whether the connection is of no more use: it is lost, or leads to a server that has ceased to be the primary. */
export function endsConnection(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return true;
  return isFatal(error) || error.code === READ_ONLY;
}

/** In words that a server of another language translates, so that this alone is not enough. */
function isFatal({ severity }: pg.DatabaseError): boolean {
  return severity === 'FATAL' || severity === 'PANIC';
}

/** The same at the start of a process, where the operator is there to read what is wrong with the settings. */
export function atStart(error: unknown): unknown {
  if (!(error instanceof Failure) || !(error.cause instanceof PostgresError)) return error;
  const { code, message } = error.cause;
  const cure = CURES.find(([pattern]) => code !== undefined && pattern.test(code))?.[1] ?? wayOf(message);
  if (cure !== undefined) return new Failure('misconfigured', cure, { cause: error.cause });
  return new Failure(
    'unavailable',
    'PostgreSQL cannot be reached where DATABASE_URL points to, or takes no more connections. See that it runs there, and start again.',
    {
      retryAfterSeconds: 5,
      cause: error.cause,
    },
  );
}

/** What `pg` says without a code. */
function wayOf(message: string): string | undefined {
  if (message.includes('does not support SSL')) {
    return 'PostgreSQL offers no TLS, which the sslmode of DATABASE_URL asks for. Have it switched on there.';
  }
  if (message.includes('password must be')) return 'PostgreSQL asks for a password, and DATABASE_URL has none. Add it.';
  return undefined;
}

function unreachable(cause: PostgresError): Failure {
  return new Failure('unavailable', 'The bridge cannot use its database at the moment. Send the request again.', {
    retryAfterSeconds: 5,
    cause,
  });
}
