import { databasePath } from './databasePath.js';
import { holdPostgresLock } from './postgresLock.js';
import { isPostgresUrl } from './postgresUrl.js';
import { holdApplyLock, holdServeLock, holdWriteTestLock, type ProcessLock } from './serveLock.js';

/**
 * Makes this process the only `serve` on a SQLite file. On PostgreSQL any number may serve.
 *
 * @throws Failure `misconfigured`, at once, when another process serves this file or its folder cannot be written to
 */
export function lockToServe(url: string): ProcessLock {
  const path = isPostgresUrl(url) ? undefined : databasePath(url);
  return path === undefined ? UNSHARED : holdServeLock(path);
}

/**
 * Makes this process the only one that carries out a plan.
 *
 * @returns undefined when another process does at the moment
 * @throws Failure `misconfigured` when the lock cannot be had for another reason; `unavailable`
 */
export function lockToApply(url: string): Promise<ProcessLock | undefined> {
  return lockUnlessTaken(url, 'apply', holdApplyLock);
}

/** The same for who runs a write test, or removes what one left. */
export function lockToTestWrites(url: string): Promise<ProcessLock | undefined> {
  return lockUnlessTaken(url, 'write-test', holdWriteTestLock);
}

/** A store in memory belongs to nobody else and needs no lock. */
const UNSHARED: ProcessLock = { release: () => Promise.resolve() };

async function lockUnlessTaken(
  url: string,
  name: string,
  hold: (path: string) => ProcessLock | undefined,
): Promise<ProcessLock | undefined> {
  if (isPostgresUrl(url)) return holdPostgresLock(url, name);
  const path = databasePath(url);
  return path === undefined ? UNSHARED : hold(path);
}
