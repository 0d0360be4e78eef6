import type { Call, Clock } from '../provisioning/call.js';
import { OWN_WRITE_MS, type Settings } from '../provisioning/dependencies.js';
import type { Directory } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import type { IndexedGroup, IndexScan } from '../provisioning/indexRecords.js';
import type { Store } from '../provisioning/store.js';
import { readAccessGroups, resolveAccess } from './accessGroups.js';
import { readMembers } from './members.js';
import type { ShrinkGuard } from './shrinkGuard.js';
import { together } from './together.js';

/** What a scan tells of a group; when it was first seen the index itself knows. */
type ScannedGroup = Omit<IndexedGroup, 'firstSeenAt'>;

export interface ScanParts {
  readonly directory: Directory;
  readonly store: Store;
  readonly settings: Pick<Settings, 'accessGroups'>;
  readonly clock: Clock;
  readonly shrinkGuard: ShrinkGuard;
}

/** What a committed scan found; numbers for the log. */
export interface ScanReport {
  /** How old the information is: a scan is as fresh as its beginning. */
  readonly startedAtMs: number;
  readonly people: number;
  readonly groups: number;
  readonly grantingGroups: number;
}

/**
 * Reads the directory into a new generation of the index and makes it the index (rule LI1): who is in which granting
 * group, and every group. All or nothing: a scan that fails, or reads nothing where something must be (rule SA2), leaves
 * the index as it was.
 *
 * A configured access group that does not grant is read like the others (rule SA1); `Roster.access` tells of the trouble.
 *
 * @throws Failure what a read failed with, or `unavailable` for an answer that is not believed
 */
export async function scanDirectory(parts: ScanParts, call: Call): Promise<ScanReport> {
  const { directory, store, clock } = parts;
  const startedAtMs = clock.now();
  const { accessGroups: configured } = parts.settings;
  const granting = await readAccessGroups(directory, configured, clock, call);
  // Undefined where the configuration does not say which one it is.
  const firstAccessGroupId = resolveAccess(granting, configured).accessGroups[0]?.id;
  const generation = await store.index.beginScan();
  try {
    const [counts, groups] = await readAll(granting, generation, directory, call);
    await assertBelievable(granting, counts, firstAccessGroupId, directory, call);
    const people = await generation.countPeople();
    if (people === 0) throw emptyAnswer('no people in the groups that grant access');
    parts.shrinkGuard.check((await store.index.state())?.people, people, startedAtMs);
    await generation.commit({ groups, scannedAtMs: startedAtMs, ownWritesSinceMs: startedAtMs - OWN_WRITE_MS });
    return { startedAtMs, people, groups: groups.length, grantingGroups: granting.length };
  } catch (error) {
    // What went wrong first is what to tell; the next scan discards a generation that is left over.
    await generation.discard().catch(() => undefined);
    throw error;
  }
}

/** Members and the group list side by side: the list covers the whole organization, and can take half a minute. */
async function readAll(
  granting: readonly ScannedGroup[],
  generation: IndexScan,
  directory: Directory,
  call: Call,
): Promise<readonly [ReadonlyMap<string, number>, readonly ScannedGroup[]]> {
  const scan = new AbortController();
  const stop = (): void => scan.abort();
  call.signal.addEventListener('abort', stop, { once: true });
  if (call.signal.aborted) stop();
  const ownCall: Call = { ...call, signal: scan.signal };
  const granted = granting.map((group) => group.id);
  try {
    const members = readMembers(granted, generation, directory, ownCall, stop);
    const groups = readGroups(granting, directory, ownCall);
    await together<unknown>([members, groups], stop);
    return [await members, await groups];
  } finally {
    call.signal.removeEventListener('abort', stop);
  }
}

async function readGroups(
  granting: readonly ScannedGroup[],
  directory: Directory,
  call: Call,
): Promise<readonly ScannedGroup[]> {
  const groups = new Map<string, ScannedGroup>();
  for await (const page of directory.listGroups(call)) {
    for (const group of page) groups.set(group.id, { ...group, accessTypes: [] });
  }
  if (groups.size === 0) throw emptyAnswer('no groups at all');
  for (const group of granting) groups.set(group.id, group);
  return [...groups.values()];
}

/**
 * Rule SA2: to a credential that lost its rights Atlassian shows empty groups. So where new people go there must be
 * somebody, and any other empty group must at least answer to its id.
 */
export async function assertBelievable(
  granting: readonly ScannedGroup[],
  counts: ReadonlyMap<string, number>,
  firstAccessGroupId: string | undefined,
  directory: Directory,
  call: Call,
): Promise<void> {
  const empty = granting.filter((group) => counts.get(group.id) === 0);
  if (empty.some((group) => group.id === firstAccessGroupId)) throw emptyAnswer('nobody in the first access group');
  await Promise.all(empty.map((group) => directory.getGroup(group.id, call)));
}

function emptyAnswer(what: string): Failure {
  return new Failure(
    'unavailable',
    `Atlassian shows ${what}, which is not believed. The operator of the bridge should check the rights of its credential with the command doctor.`,
    { retryAfterSeconds: 60 },
  );
}
