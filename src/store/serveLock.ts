import { mkdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Sqlite from 'libsql';
import { Failure } from '../provisioning/failure.js';
import { sqliteCode } from './driverErrors.js';

export interface ServeLock {
  release(): void;
}

/**
 * Makes this process the only `serve` on a SQLite file. The lock is an exclusive transaction on a companion file
 * (`<path>.serve-lock`), which stays empty: the kernel drops it when the process ends, however it ends, and the
 * database itself stays open to the other commands.
 *
 * @param path of the database, which need not exist yet
 * @throws Failure `misconfigured`, at once, when another process serves this file or its folder cannot be written to
 */
export function holdServeLock(path: string): ServeLock {
  try {
    const database = new Sqlite(`${toRealPath(path)}.serve-lock`);
    try {
      database.exec('begin exclusive');
    } catch (error) {
      database.close();
      throw error;
    }
    return { release: () => database.close() };
  } catch (error) {
    throw new Failure(
      'misconfigured',
      sqliteCode(error)?.startsWith('SQLITE_BUSY') === true
        ? `Another confluence-scim-bridge serves the database ${path} already. Stop it, or give this one a DATABASE_URL of its own.`
        : `The lock file beside the database ${path} cannot be opened. Give DATABASE_URL a folder that the bridge may write to.`,
      { cause: error },
    );
  }
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
