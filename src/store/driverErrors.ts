import { Failure } from '../provisioning/failure.js';

/** What a unique index protects, in words for an IdP admin. The value itself stays out of the message. */
const TAKEN: Readonly<Record<string, string>> = {
  'person_links.id': 'A user with this id is recorded already.',
  'person_links.account_id': 'This Atlassian account belongs to another user of the bridge.',
  'person_links.user_name_key': 'Another user has this userName.',
  'group_links.id': 'A group with this id is recorded already.',
  'group_links.display_name_key': 'Another group has this displayName.',
};

/** SQLite's result codes that say "not now" or "not reachable", as opposed to "this statement is wrong". */
const UNREACHABLE =
  /^SQLITE_(BUSY|LOCKED|IOERR|FULL|CANTOPEN|READONLY|CORRUPT|NOTADB|PROTOCOL|NOMEM|INTERRUPT|PERM|AUTH)(_|$)/;

/** @param column as `table.column`, the first of the violated index */
export function takenFailure(column: string | undefined, cause: Error): Failure {
  return new Failure('conflict', TAKEN[column ?? ''] ?? 'This record exists already.', { cause });
}

/** A bug: what failed inside a transaction was caught there, and the rest of it was to be kept. */
export function spoilt(): Error {
  return new Error('A statement of the transaction had failed, so nothing of it was kept.');
}

/** What only the operator can put right: waiting alone does not help. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /^SQLITE_FULL/,
    'The disk of the database is full, so nothing can be recorded. The operator should make room there; send the request again later.',
  ],
  [
    /^SQLITE_IOERR/,
    'The database of the bridge cannot be read or written. The operator should check its disk and how much room it has; send the request again later.',
  ],
  [
    /^SQLITE_(READONLY|CANTOPEN|PERM|AUTH)/,
    'The bridge may not write to its database. The operator should check the rights of the file and of its folder; send the request again later.',
  ],
  [
    /^SQLITE_(CORRUPT|NOTADB)/,
    'The database of the bridge is damaged. The operator should stop the bridge and restore a backup; send the request again later.',
  ],
];

/** What SQLite says, with no code of its own, of a header that no release of it has written. */
const UNKNOWN_FORMAT = 'unsupported file format';

/** SQLite's result code, for example `SQLITE_BUSY`; undefined for any other error. */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  if (error.message === UNKNOWN_FORMAT) return 'SQLITE_NOTADB';
  return error.code.startsWith('SQLITE_') ? error.code : undefined;
}

/**
 * What the driver threw, as the store's callers know it: `conflict` for a value that is taken, `unavailable` for a
 * database that cannot be reached. Whatever remains is a bug and passes unchanged.
 */
export function fromDriver(error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === undefined || !(error instanceof Error)) return error;
  if (code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY') {
    return takenFailure(/constraint failed: ([\w.]+)/.exec(error.message)?.[1], error);
  }
  if (!UNREACHABLE.test(code)) return error;
  const [, advice] = ADVICE.find(([codes]) => codes.test(code)) ?? [];
  return new Failure(
    'unavailable',
    advice ?? 'The bridge cannot use its database at the moment. Send the request again.',
    {
      retryAfterSeconds: advice === undefined ? 5 : 60,
      cause: error,
    },
  );
}
