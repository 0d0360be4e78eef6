import { mkdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Sqlite from 'libsql';
import { Failure } from '../provisioning/failure.js';
import { sqliteCode } from './driverErrors.js';

/** What keeps others from doing the same on a database. It falls free with the process, however that ends. */
export interface ProcessLock {
  release(): Promise<void>;
}

/**
 * Makes this process the only `serve` on a SQLite file. The lock is an exclusive transaction on a companion file
 * (`<path>.serve-lock`), which stays empty: the kernel drops it when the process ends, however it ends, and the
 * database itself stays open to the other commands.
 *
 * @param path of the database, which need not exist yet
 * @throws Failure `misconfigured`, at once, when another process serves this file or its folder cannot be written to
 */
export function holdServeLock(path: string): ProcessLock {
  try {
    return hold(path, 'serve-lock');
  } catch (error) {
    if (!isTaken(error)) throw cannotLock(path, error);
    throw new Failure(
      'misconfigured',
      `Another confluence-scim-bridge serves the database ${path} already. Stop it, or give this one a DATABASE_URL of its own.`,
      { cause: error },
    );
  }
}

/**
 * Makes this process the only one that runs a write test on a SQLite file, or removes what one left.
 *
 * @returns undefined when another process does at the moment
 * @throws Failure `misconfigured` when the folder cannot be written to
 */
export function holdWriteTestLock(path: string): ProcessLock | undefined {
  return holdUnlessTaken(path, 'write-test-lock');
}

/** The same for who carries out a plan. */
export function holdApplyLock(path: string): ProcessLock | undefined {
  return holdUnlessTaken(path, 'apply-lock');
}

function holdUnlessTaken(path: string, suffix: string): ProcessLock | undefined {
  try {
    return hold(path, suffix);
  } catch (error) {
    if (isTaken(error)) return undefined;
    throw cannotLock(path, error);
  }
}

function hold(path: string, suffix: string): ProcessLock {
  const database = new Sqlite(`${toRealPath(path)}.${suffix}`);
  try {
    database.exec('begin exclusive');
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    release() {
      database.close();
      return Promise.resolve();
    },
  };
}

function isTaken(error: unknown): boolean {
  return sqliteCode(error)?.startsWith('SQLITE_BUSY') === true;
}

function cannotLock(path: string, cause: unknown): Failure {
  return new Failure(
    'misconfigured',
    `The lock file beside the database ${path} cannot be opened. Give DATABASE_URL a folder that the bridge may write to.`,
    { cause },
  );
}

/** One file, one lock, whatever symbolic links lead to it. */
function toRealPath(path: string): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    return realpathSync(path);
  } catch {
    return join(realpathSync(dirname(path)), basename(path));
  }
}
