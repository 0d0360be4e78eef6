import { audit } from '../provisioning/auditing.js';
import type { Call, Clock } from '../provisioning/call.js';
import type { Directory } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import { isSameName } from '../provisioning/groupNames.js';
import type { IndexedGroup } from '../provisioning/indexRecords.js';
import type { Store } from '../provisioning/store.js';
import type { Entry, Journal } from './journal.js';
import { DECISION } from './recorder.js';

/** For so long Atlassian may not show what it has; afterwards, what it does not show is not there. */
const UNSEEN_MS = 60 * 60 * 1000;

export interface TakingAway {
  readonly directory: Directory;
  readonly store: Store;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Asked only for people. */
  readonly grantingGroups: () => Promise<readonly IndexedGroup[]>;
}

/**
 * - `removed`   a moment ago
 * - `forgotten` there is nothing to remove, or it belongs to somebody else by now
 * - `unseen`    Atlassian shows nothing of it, which so soon proves nothing; it stays in the journal
 */
export type Removal = 'removed' | 'forgotten' | 'unseen';

/**
 * Takes away what an entry of the journal stands for, and ends the entry when that is done.
 *
 * @throws Failure when it could not be done; the entry stays
 */
export async function takeAway(entry: Entry, parts: TakingAway, call: Call): Promise<Removal> {
  const removal =
    entry.kind === 'writeTest' ? await removeGroup(entry, parts, call) : await takeAccess(entry, parts, call);
  if (removal === 'unseen' && parts.clock.now() - Date.parse(entry.startedAt) < UNSEEN_MS) return 'unseen';
  await parts.journal.end(entry);
  return removal === 'unseen' ? 'forgotten' : removal;
}

/** Deletes the group only if it still has the name of the journal: one that was renamed is in use. */
async function removeGroup(entry: Entry, { directory, store, clock }: TakingAway, call: Call): Promise<Removal> {
  const group =
    entry.id === undefined
      ? await directory.findGroupByName(entry.name, call)
      : await orUndefined(directory.getGroup(entry.id, call));
  if (group === undefined) return 'unseen';
  if (!isSameName(group.name, entry.name)) return 'forgotten';
  await directory.deleteGroup(group.id, call);
  await audit(store, { clock }, call, {
    event: 'group.removed',
    subject: group.id,
    decision: DECISION,
    result: 'done',
  });
  await store.writes.groupDeleted(group.id, clock.now());
  return 'removed';
}

/**
 * Takes the person of a test out of every group that grants access. A person whom an identity provider sent since is
 * its, and is left alone.
 */
async function takeAccess(entry: Entry, parts: TakingAway, call: Call): Promise<Removal> {
  const { directory, store } = parts;
  const { locks, people } = store;
  const take = async (accountId: string, held: Call): Promise<Removal> => {
    if ((await people.findByAccount(accountId)) !== undefined) return 'forgotten';
    const left = await leaveGranting(accountId, parts, held);
    return left.length === 0 ? 'unseen' : 'removed';
  };
  // Beside a bridge that serves, as a message about the person.
  return locks.withLock(`address:${entry.name.toLowerCase()}`, call, async (held) => {
    if ((await people.findByAddress(entry.name)).length > 0) return 'forgotten';
    const accountId = entry.id ?? (await findAccount(entry.name, await parts.grantingGroups(), directory, held));
    if (accountId === undefined) return 'unseen';
    return locks.withLock(`person:${accountId}`, held, (both) => take(accountId, both));
  });
}

/** The account of an address, by the back end, or among the people with access where it shows itself. */
export async function findAccount(
  email: string,
  granting: readonly IndexedGroup[],
  directory: Directory,
  call: Call,
): Promise<string | undefined> {
  const match = await directory.findByEmail(email, call);
  if (match.kind === 'one') return match.accountId;
  if (match.kind !== 'cannotTell') return undefined;
  for (const group of granting.filter(({ accessTypes }) => accessTypes.includes('user'))) {
    const members = await directory.listAllMembers(group.id, call);
    const found = members.find((member) => member.email?.toLowerCase() === email.toLowerCase());
    if (found !== undefined) return found.accountId;
  }
  return undefined;
}

/**
 * Leaves every granting group that the account is shown in.
 *
 * @returns ids of the groups that were left
 */
export async function leaveGranting(accountId: string, parts: TakingAway, call: Call): Promise<readonly string[]> {
  const { directory, store, clock } = parts;
  const granting = new Set((await parts.grantingGroups()).map(({ id }) => id));
  const shown = (await directory.listMemberships(accountId, call)).map(({ id }) => id);
  const own = await store.writes.membershipsOf(accountId, clock.now() - UNSEEN_MS);
  const groupIds = [...new Set([...shown, ...[...own].flatMap(([id, isMember]) => (isMember ? [id] : []))])].filter(
    (id) => granting.has(id),
  );
  for (const groupId of groupIds) {
    const before = call.upstream.length;
    await directory.removeMember(groupId, accountId, call);
    await store.writes.membership(accountId, groupId, false, clock.now());
    await audit(store, { clock }, call, {
      event: 'group.memberRemoved',
      subject: accountId,
      object: groupId,
      decision: DECISION,
      result: 'done',
      upstream: call.upstream.slice(before),
    });
  }
  return groupIds;
}

async function orUndefined<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (Failure.from(error).kind === 'notFound') return undefined;
    throw error;
  }
}
