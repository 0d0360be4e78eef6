import type { Questions } from '../doctor/questions.js';
import type { Clock } from '../provisioning/call.js';
import type { Directory } from '../provisioning/directory.js';
import type { Store } from '../provisioning/store.js';
import { openOwnCall } from '../roster/ownCall.js';
import { lockToTestWrites } from '../store/processLocks.js';
import { createJournal } from '../writeTest/journal.js';
import { type Leftover, takeLeftovers } from '../writeTest/leftovers.js';

const BUDGET_MS = 60_000;

export interface LeftoverParts {
  readonly databaseUrl: string;
  readonly store: Store;
  readonly questions: Pick<Questions, 'grantingGroups'> & { readonly directory: () => Promise<Directory> };
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Takes away what write tests left that ended without being able to. While one runs, nothing is done: it takes its own
 * things away.
 */
export async function clearWriteTests(parts: LeftoverParts): Promise<readonly Leftover[]> {
  if ((await createJournal(parts.store, parts.clock).list()).length === 0) return [];
  return (await withWriteTestLock(parts.databaseUrl, () => clearWhileLocked(parts))) ?? [];
}

/** The same for who holds the lock already. */
export async function clearWhileLocked(parts: Omit<LeftoverParts, 'databaseUrl'>): Promise<readonly Leftover[]> {
  const { store, clock, questions, signal } = parts;
  const journal = createJournal(store, clock);
  if ((await journal.list()).length === 0) return [];
  const directory = await questions.directory();
  return takeLeftovers({ directory, store, journal, clock, grantingGroups: questions.grantingGroups }, () => ({
    ...openOwnCall('request', BUDGET_MS, signal, clock),
    caller: 'operator',
  }));
}

/** @returns undefined, with nothing done, when another process runs a write test */
export async function withWriteTestLock<T>(databaseUrl: string, work: () => Promise<T>): Promise<T | undefined> {
  const lock = await lockToTestWrites(databaseUrl);
  if (lock === undefined) return undefined;
  try {
    return await work();
  } finally {
    await lock.release();
  }
}
