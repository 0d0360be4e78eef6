import type { Call, Clock } from '../provisioning/call.js';
import { type Log, OWN_WRITE_MS, type Settings } from '../provisioning/dependencies.js';
import type { Directory, UpstreamGroup } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import type { IndexedGroup, IndexScan } from '../provisioning/indexRecords.js';
import type { Store } from '../provisioning/store.js';
import { grantingGroups, listAccess, resolveAccess } from './accessGroups.js';
import { matchesPattern } from '../patterns.js';
import { readMembers } from './members.js';
import { openRoleBook, type RoleBook } from './roleBook.js';
import type { ShrinkGuard } from './shrinkGuard.js';
import { together } from './together.js';

/** What a scan tells of a group; when it was first seen the index itself knows. */
type ScannedGroup = Omit<IndexedGroup, 'firstSeenAt'>;

export interface ScanParts {
  readonly directory: Directory;
  readonly store: Store;
  readonly settings: Pick<Settings, 'accessGroups' | 'adoptGroups'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
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
  const { directory, store, clock, log, settings } = parts;
  const startedAtMs = clock.now();
  const listing = await listAccess(directory, settings.accessGroups, call);
  const book = await openRoleBook({ reads: directory.roles, records: store.roles, clock, log });
  const listed = listing.groups.map(({ group }) => group);
  await book.renew(idsOf(listed), true, call);
  await book.renew(idsOf(listing.strangers), false, call);
  const known = grantingGroups(listing, book.roles(), clock, [], book.lately());
  // Undefined where the configuration does not say which one it is.
  const firstAccessGroupId = resolveAccess(known, settings.accessGroups).accessGroups[0]?.id;
  const generation = await store.index.beginScan();
  try {
    const [counts, groups] = await readAll(known, generation, directory, call);
    const others = without(groups, [...listed, ...listing.strangers]);
    await book.keepOnly(new Set(idsOf([...groups, ...listed, ...listing.strangers])));
    await book.renew(await ofInterest(others, book, parts), false, call);
    const granting = grantingGroups(listing, book.roles(), clock, others, book.lately());
    // What role assignments alone name, if anything.
    const more = without(granting, known);
    const moreCounts = await readMembersOf(more, generation, directory, call);
    await assertBelievable(granting, new Map([...counts, ...moreCounts]), firstAccessGroupId, directory, call);
    const people = await generation.countPeople();
    if (people === 0) throw emptyAnswer('no people in the groups that grant access');
    parts.shrinkGuard.check((await store.index.state())?.people, people, startedAtMs);
    const all = [...without(groups, granting), ...granting];
    await generation.commit({ groups: all, scannedAtMs: startedAtMs, ownWritesSinceMs: startedAtMs - OWN_WRITE_MS });
    return { startedAtMs, people, groups: all.length, grantingGroups: granting.length };
  } catch (error) {
    // What went wrong first is what to tell; the next scan discards a generation that is left over.
    await generation.discard().catch(() => undefined);
    throw error;
  }
}

function idsOf(groups: readonly UpstreamGroup[]): readonly string[] {
  return groups.map(({ id }) => id);
}

function without<Group extends UpstreamGroup>(groups: readonly Group[], left: readonly UpstreamGroup[]): Group[] {
  const ids = new Set(idsOf(left));
  return groups.filter(({ id }) => !ids.has(id));
}

/** Groups that SCIM changes or may change, and those of which something is known, which may be so no more. */
async function ofInterest(
  groups: readonly UpstreamGroup[],
  book: RoleBook,
  { store, settings }: Pick<ScanParts, 'store' | 'settings'>,
): Promise<readonly string[]> {
  const managed = new Set(await store.groups.ids());
  const known = book.roles();
  const isAdoptable = (name: string): boolean => settings.adoptGroups.some((pattern) => matchesPattern(pattern, name));
  return groups.filter(({ id, name }) => managed.has(id) || known.has(id) || isAdoptable(name)).map(({ id }) => id);
}

/** Members and the group list side by side: the list covers the whole organization, and can take half a minute. */
function readAll(
  granting: readonly ScannedGroup[],
  generation: IndexScan,
  directory: Directory,
  call: Call,
): Promise<readonly [ReadonlyMap<string, number>, readonly ScannedGroup[]]> {
  return stoppable(call, async (ownCall, stop) => {
    const members = readMembers(idsOf(granting), generation, directory, ownCall, stop);
    const groups = readGroups(directory, ownCall);
    await together<unknown>([members, groups], stop);
    return [await members, await groups];
  });
}

function readMembersOf(
  groups: readonly ScannedGroup[],
  generation: IndexScan,
  directory: Directory,
  call: Call,
): Promise<ReadonlyMap<string, number>> {
  return stoppable(call, (ownCall, stop) => readMembers(idsOf(groups), generation, directory, ownCall, stop));
}

/** Work whose parts can be ended without ending the call. */
async function stoppable<T>(call: Call, work: (ownCall: Call, stop: () => void) => Promise<T>): Promise<T> {
  const scan = new AbortController();
  const stop = (): void => scan.abort();
  call.signal.addEventListener('abort', stop, { once: true });
  if (call.signal.aborted) stop();
  try {
    return await work({ ...call, signal: scan.signal }, stop);
  } finally {
    call.signal.removeEventListener('abort', stop);
  }
}

async function readGroups(directory: Directory, call: Call): Promise<readonly ScannedGroup[]> {
  const groups = new Map<string, ScannedGroup>();
  for await (const page of directory.listGroups(call)) {
    for (const group of page) groups.set(group.id, { ...group, accessTypes: [] });
  }
  if (groups.size === 0) throw emptyAnswer('no groups at all');
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
