import { controlRead } from './access.js';
import type { Call } from './call.js';
import { type Dependencies, OWN_WRITE_MS } from './dependencies.js';
import type { UpstreamAccount, UpstreamGroup } from './directory.js';
import { Failure } from './failure.js';
import { displayNameOf, isPlausibleId } from './groupNames.js';
import { type Member, membersById, membersOfAccounts } from './members.js';
import type { MemberEvidence } from './memberships.js';
import type { IndexedGroup } from './indexRecords.js';
import type { GroupLink, HoldKind } from './store.js';
import type { GroupView } from './views.js';

/** What the store knows of a group. */
export interface KnownGroup {
  readonly id: string;
  /** Never a released one: for SCIM that group does not exist. */
  readonly link: GroupLink | undefined;
  readonly indexed: IndexedGroup | undefined;
}

function groupNotFound(): Failure {
  return new Failure('notFound', 'No group has this id. Look the group up by displayName.');
}

/**
 * What is known of a group without any upstream call.
 *
 * @throws Failure `notFound` for an id that cannot be one, and for groups deleted or released through us
 */
export async function knownGroup(id: string, deps: Dependencies): Promise<KnownGroup> {
  if (!isPlausibleId(id) || (await deps.store.tombstones.isGroupBuried(id))) throw groupNotFound();
  const link = await deps.store.groups.find(id);
  if (link?.isReleased === true) throw groupNotFound();
  return { id, link, indexed: await deps.store.index.group(id) };
}

/**
 * Reads a group by its id; one call.
 *
 * @throws Failure `notFound`; for a group that we know only after a control read (rule SA2)
 */
export async function readGroup(known: KnownGroup, deps: Dependencies, call: Call): Promise<UpstreamGroup> {
  let group: UpstreamGroup;
  try {
    group = await deps.directory.getGroup(known.id, call);
  } catch (error) {
    const failure = Failure.from(error);
    if (failure.kind !== 'notFound') throw failure;
    if (known.link !== undefined || known.indexed !== undefined) {
      await controlRead(deps, await deps.roster.access(call), call);
    }
    throw groupNotFound();
  }
  if (known.indexed === undefined) await deps.store.index.putGroup({ ...group, accessTypes: [] }, deps.clock.now());
  return group;
}

/**
 * What `read` says of a group's members. To a group that is gone Atlassian may answer 404 as well as an empty list;
 * whether it is gone, only the group's own id says (rule SA2).
 *
 * @throws Failure `notFound` when the group is gone; else what `read` fails with
 */
export async function unlessGone<T>(
  known: KnownGroup,
  read: () => Promise<T>,
  deps: Dependencies,
  call: Call,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const failure = Failure.from(error);
    if (failure.upstream?.status === 404) await readGroup(known, deps, call);
    throw failure;
  }
}

/** Group and person are both there, whatever a write of the membership was answered. */
export function unbelieved(failure: Failure): Failure {
  return new Failure(
    'unavailable',
    'Atlassian does not find a member or a group that it shows otherwise. Send the same message again later.',
    { cause: failure, ...(failure.upstream === undefined ? {} : { upstream: failure.upstream }) },
  );
}

/** Every member as Atlassian shows them. @throws Failure as {@link unlessGone} */
export function readAllMembers(known: KnownGroup, deps: Dependencies, call: Call): Promise<readonly UpstreamAccount[]> {
  return unlessGone(known, () => deps.directory.listAllMembers(known.id, call), deps, call);
}

/** Reads a group and all its members at once. That the group answers by its id makes an empty list believed (rule SA2). */
export async function readGroupAndMembers(
  known: KnownGroup,
  deps: Dependencies,
  call: Call,
): Promise<{ group: UpstreamGroup; accounts: readonly UpstreamAccount[] }> {
  const [group, accounts] = await Promise.all([readGroup(known, deps, call), readAllMembers(known, deps, call)]);
  await noteMemberCount(known.link, accounts.length, deps);
  return { group, accounts };
}

/**
 * How many members a group has now, apps included; none for one that is gone. One call, and one by the group's id to
 * believe that there is nobody (rule SA2).
 */
export async function countMembers(groupId: string, deps: Dependencies, call: Call): Promise<number> {
  const page = { start: 0, limit: 1, withTotal: true };
  try {
    const known = await knownGroup(groupId, deps);
    const first = await unlessGone(known, () => deps.directory.listMembers(groupId, page, call), deps, call);
    const total = first.totalSize ?? (await readAllMembers(known, deps, call)).length;
    if (total > 0) {
      await noteMemberCount(known.link, total, deps);
      return total;
    }
    await readGroup(known, deps, call);
    return known.link?.memberCount ?? 0;
  } catch (error) {
    if (error instanceof Failure && error.kind === 'notFound') return 0;
    throw error;
  }
}

/** Keeps the size of a managed group as a hint for planning. */
export async function noteMemberCount(
  link: GroupLink | undefined,
  memberCount: number,
  deps: Dependencies,
): Promise<void> {
  if (link === undefined || link.memberCount === memberCount) return;
  await deps.store.groups.update(link.id, { memberCount });
}

/** A group's members as SCIM sees them now, with the people behind the ids. */
export interface CurrentMembers extends MemberEvidence {
  readonly people: ReadonlyMap<string, Member>;
  /** What is answered: own writes beat the lagging read, and what is kept here is added (rules US2, GR4). */
  readonly shown: readonly string[];
}

/**
 * Lays our own writes and what is kept here over a read of a group's members. No upstream call.
 *
 * @param accounts undefined when the group was not read
 */
export async function currentMembers(
  known: KnownGroup,
  accounts: readonly UpstreamAccount[] | undefined,
  deps: Dependencies,
  call: Call,
): Promise<CurrentMembers> {
  const { writes } = deps.store;
  const sinceMs = deps.clock.now() - OWN_WRITE_MS;
  const written = await writes.membersOf(known.id, sinceMs);
  const attempted = await writes.attemptsIn(known.id, sinceMs);
  const isGranting = (known.indexed?.accessTypes.length ?? 0) > 0;
  const listed = (accounts ?? []).map(({ accountId, accountType }) => ({
    accountId,
    isPerson: accountType === 'atlassian',
  }));
  // Our own writes are about SCIM Users only.
  const others = [...new Set([...written.keys(), ...attempted])].map((accountId) => ({ accountId, isPerson: true }));
  const byAccount = new Map([
    ...(await membersOfAccounts(others, true, deps, call)),
    ...(await membersOfAccounts(listed, isGranting, deps, call)),
  ]);
  const people = new Map([...byAccount.values()].map((member) => [member.id, member]));

  const own = new Map<string, boolean>();
  for (const [accountId, isMember] of written) {
    const member = byAccount.get(accountId);
    if (member !== undefined) own.set(member.id, isMember);
  }
  const idsOf = (accountIds: readonly string[]): Set<string> =>
    new Set(accountIds.flatMap((accountId) => byAccount.get(accountId)?.id ?? []));
  const read = idsOf(listed.map(({ accountId }) => accountId));
  const unconfirmed = idsOf(attempted);
  const held = await heldMembers(known, deps);
  for (const [id, member] of await membersById(
    held.filter((heldId) => !people.has(heldId)),
    deps,
  ))
    people.set(id, member);

  const shown = new Set(read);
  for (const [id, isMember] of own) {
    if (isMember) shown.add(id);
    else shown.delete(id);
  }
  for (const id of held) shown.add(id);
  return {
    read: accounts === undefined ? undefined : read,
    own,
    unconfirmed,
    held: new Set(held),
    people,
    shown: [...shown],
  };
}

/** Members kept here: always those owed or hidden; those remembered where the IdP manages the group (rule GR4). */
async function heldMembers({ id, link }: KnownGroup, deps: Dependencies): Promise<string[]> {
  const isShown = (kind: HoldKind): boolean => kind !== 'remembered' || link !== undefined;
  const holds = await deps.store.holds.ofGroup(id);
  return [...new Set(holds.filter((hold) => isShown(hold.kind)).map((hold) => hold.personId))];
}

/** A group as it is answered; no upstream call. */
export async function viewOf(
  group: UpstreamGroup,
  memberIds: readonly string[] | undefined,
  deps: Dependencies,
  call: Call,
): Promise<GroupView> {
  const link = await deps.store.groups.find(group.id);
  const indexed = await deps.store.index.group(group.id);
  const seenAt = indexed?.firstSeenAt ?? new Date(deps.clock.now()).toISOString();
  return {
    id: group.id,
    displayName: displayNameOf(group, link),
    externalId: await deps.store.groups.externalId(group.id, call.caller),
    memberIds,
    createdAt: link?.createdAt ?? seenAt,
    modifiedAt: link?.modifiedAt ?? seenAt,
  };
}
