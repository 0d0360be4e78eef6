import { closeSync, openSync, statSync, writeFileSync } from 'node:fs';
import { Failure } from '../provisioning/failure.js';
import { sqliteCode } from './driverErrors.js';

/**
 * Beside the database, once `serve` has made or opened it: a note that there was one. Without it nobody could tell a lost
 * database from a first start, and an empty one would forget who was deactivated, and what to give back.
 */
function markerOf(path: string): string {
  return `${path}.made`;
}

/**
 * Refuses to take nothing, or an empty file, for a database where there was one.
 *
 * @throws Failure `misconfigured`
 */
export function refuseLostDatabase(path: string): void {
  const size = sizeOf(path);
  const hasLog = (sizeOf(`${path}-wal`) ?? 0) > 0;
  if ((size ?? 0) > 0 || (sizeOf(markerOf(path)) === undefined && !hasLog)) return;
  const left = hasLog ? `${path}-wal` : markerOf(path);
  throw new Failure(
    'misconfigured',
    `The database file ${path} is ${size === undefined ? 'gone' : 'empty'}, and ${left} shows that it was there. ` +
      `Restore it from a backup; or, to begin anew and forget who was deactivated and which groups to give back, delete ${left}, too.`,
  );
}

/**
 * Notes that there is a database at the path.
 *
 * @throws Failure `misconfigured` when the note cannot be written
 */
export function noteDatabase(path: string): void {
  const marker = markerOf(path);
  if (sizeOf(marker) !== undefined) return;
  try {
    closeSync(openSync(marker, 'a', 0o600));
    writeFileSync(marker, 'There was a database beside this file. While it is gone, the bridge does not start.\n');
  } catch (error) {
    throw new Failure(
      'misconfigured',
      `The file ${marker}, by which a lost database is noticed, cannot be written. Give the bridge the right to, and room on the disk.`,
      { cause: error },
    );
  }
}

/** What is wrong with a file that could not be opened, for whoever starts the bridge; undefined where it is something else. */
export function openingProblem(path: string, error: unknown): Failure | undefined {
  // What the driver has put into words already has the error as its cause.
  const code = sqliteCode(error) ?? (error instanceof Failure ? sqliteCode(error.cause) : undefined) ?? '';
  const problem = PROBLEMS.find(([codes]) => codes.test(code))?.[1];
  return problem === undefined
    ? undefined
    : new Failure('misconfigured', `The database file ${path} ${problem}`, { cause: error });
}

const PROBLEMS: readonly (readonly [RegExp, string])[] = [
  [/^SQLITE_NOTADB/, 'is no database. Set DATABASE_URL to the file of the bridge, or restore it from a backup.'],
  [/^SQLITE_CORRUPT/, 'is damaged. Keep it for whoever can look into it, and restore a backup in its place.'],
  [/^SQLITE_FULL/, 'has no room on its disk. Make room there, and start again.'],
  [
    /^SQLITE_(READONLY|CANTOPEN|PERM|AUTH)/,
    'or its folder cannot be written to. Give the bridge the right to, or set DATABASE_URL to another place.',
  ],
  [/^SQLITE_IOERR/, 'cannot be read or written. Check its disk, how much room it has, and its limits.'],
];

/** @returns undefined where there is nothing, or nothing that can be looked at: opening it says why */
function sizeOf(path: string): number | undefined {
  try {
    return statSync(path).size;
  } catch {
    return undefined;
  }
}
