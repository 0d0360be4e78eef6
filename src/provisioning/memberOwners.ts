import { audit } from './auditing.js';
import type { Call } from './call.js';
import { type Access, type Dependencies, OWN_WRITE_MS } from './dependencies.js';
import { Failure } from './failure.js';
import { inBulk, type Member } from './members.js';
import { type MemberChange, type MemberPlan, wantedMembers } from './memberships.js';
import { isAnothers } from './ownership.js';
import { refusing } from './refusals.js';
import type { Records } from './store.js';

/** Kept members who get a line of their own in the audit. */
const MOST_NOTED = 20;

/** A member whom another identity provider keeps in a group. */
interface Kept {
  readonly member: Member;
  readonly owner: string;
  /** `membership`: it put the person there. `access`: it gave the person access, which ends with this group. */
  readonly by: 'membership' | 'access';
}

/**
 * Those of these members whom the caller may not take out of the group (rule SA12): another identity provider put them
 * there, or gave them the access that would be lost with their last granting group (rule GR2). No upstream call.
 */
async function keptByOthers(
  groupId: string,
  members: readonly Member[],
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<readonly Kept[]> {
  const owners = await deps.store.membershipOwners.of(
    groupId,
    members.map(({ id }) => id),
  );
  const isGranting = access.granting.has(groupId);
  const lastHere = isGranting ? await losingAccess(groupId, members, deps, call) : new Set<string>();
  const leavers = isGranting ? await leaversInside(groupId, members, deps) : new Set<string>();
  return members.flatMap((member): Kept[] => {
    if (leavers.has(member.id)) return [];
    const owner = owners.get(member.id);
    if (isAnothers(owner, deps, call)) return [{ member, owner, by: 'membership' }];
    const personOwner = member.link?.owner;
    return personOwner !== undefined && lastHere.has(member.id) ? [{ member, owner: personOwner, by: 'access' }] : [];
  });
}

/** Ids of people of other callers who have access through this group alone, and are to have it. */
async function losingAccess(
  groupId: string,
  members: readonly Member[],
  deps: Dependencies,
  call: Call,
): Promise<ReadonlySet<string>> {
  const wanted = members.filter(({ link }) => link?.wanted === 'active' && isAnothers(link.owner, deps, call));
  const accountIds = wanted.flatMap(({ accountId }) => accountId ?? []);
  const indexed = await inBulk(accountIds, (ids) => deps.store.index.people(ids));
  const elsewhere = new Set(
    indexed
      .filter(({ grantingGroupIds }) => grantingGroupIds.some((id) => id !== groupId))
      .map(({ accountId }) => accountId),
  );
  return new Set(
    wanted.flatMap(({ id, accountId }) => (accountId !== undefined && !elsewhere.has(accountId) ? id : [])),
  );
}

/** Ids of deactivated people whom a granting group shows all the same: that access is nobody's to keep. */
async function leaversInside(
  groupId: string,
  members: readonly Member[],
  deps: Dependencies,
): Promise<ReadonlySet<string>> {
  const inactive = members.filter(({ link }) => link?.wanted === 'inactive');
  const accountIds = inactive.flatMap(({ accountId }) => accountId ?? []);
  const indexed = await inBulk(accountIds, (ids) => deps.store.index.people(ids));
  const inside = new Set(
    indexed.filter(({ grantingGroupIds }) => grantingGroupIds.includes(groupId)).map(({ accountId }) => accountId),
  );
  return new Set(inactive.flatMap(({ id, accountId }) => (accountId !== undefined && inside.has(accountId) ? id : [])));
}

/**
 * Refuses to take out members whom another identity provider keeps there.
 *
 * @throws Failure `forbidden` that names the owner and the way out
 */
export async function assertMayRemove(
  groupId: string,
  members: readonly Member[],
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<void> {
  const [kept] = await keptByOthers(groupId, members, access, deps, call);
  if (kept === undefined) return;
  await refusing('SA12', { event: 'group.changed', subject: groupId }, deps, call, () => {
    throw notYours(kept, groupId, call);
  });
}

/**
 * Refuses to delete a granting group with which the access would end that another identity provider gave (rule SA12).
 * Judged by the index; no upstream call.
 *
 * @throws Failure `forbidden` that names the owner and the way out
 */
export async function assertEndsNoAccess(
  groupId: string,
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<void> {
  if (!access.granting.has(groupId)) return;
  await deps.roster.ready(call);
  const sinceMs = deps.clock.now() - OWN_WRITE_MS;
  const accountIds = await deps.store.brake.onlyAccessThrough(groupId, undefined, sinceMs);
  const links = await inBulk(accountIds, (ids) => deps.store.people.findByAccounts(ids));
  for (const { id, wanted, owner } of links) {
    if (wanted !== 'active' || !isAnothers(owner, deps, call)) continue;
    throw new Failure(
      'forbidden',
      `This group gives access to the user ${id}, whom the identity provider "${owner}" made active and who has no other access. Deactivate the user there, or have the operator run: confluence-scim-bridge transfer ${id} ${call.caller}`,
    );
  }
}

function notYours({ member, owner, by }: Kept, groupId: string, { caller }: Call): Failure {
  const reason = by === 'membership' ? 'put into this group' : 'gave the access that would be lost with this group';
  const transfer = by === 'membership' ? `--group ${groupId}` : member.id;
  return new Failure(
    'forbidden',
    `members would remove ${JSON.stringify(member.id)}, whom the identity provider "${owner}" ${reason}. Remove the person there, or have the operator run: confluence-scim-bridge transfer ${transfer} ${caller}`,
  );
}

/**
 * Leaves out of a plan whom other identity providers keep in the group: a list that does not name them takes nobody of
 * theirs, audited. A removal that does name them is refused.
 *
 * @throws Failure as {@link assertMayRemove}
 */
export async function sparingOthers(
  plan: MemberPlan,
  change: MemberChange,
  people: ReadonlyMap<string, Member>,
  groupId: string,
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<MemberPlan> {
  const ids = plan.remove.map(({ id }) => id);
  const membersOf = (some: readonly string[]): Member[] => some.flatMap((id) => people.get(id) ?? []);
  const named = change.removesAll === true ? ids : (change.removeMatching?.(ids) ?? []);
  await assertMayRemove(groupId, membersOf(named), access, deps, call);
  const kept = await keptByOthers(groupId, membersOf(ids), access, deps, call);
  await noteKept(kept, groupId, deps, call);
  const spared = new Set(kept.map(({ member }) => member.id));
  return { ...plan, remove: plan.remove.filter(({ id }) => !spared.has(id)) };
}

/** A line for each, and one for the rest: a list that two identity providers push in turn leaves out many each time. */
async function noteKept(kept: readonly Kept[], groupId: string, deps: Dependencies, call: Call): Promise<void> {
  if (kept.length === 0) return;
  const entry = { event: 'group.memberKept', decision: 'SA12', result: 'noted' } as const;
  const more = kept.length - MOST_NOTED;
  await deps.store.transaction(async (records) => {
    for (const { member, owner } of kept.slice(0, MOST_NOTED)) {
      const note = `Kept there by ${owner}.`;
      await audit(records, deps, call, { ...entry, subject: member.id, object: groupId, note });
    }
    if (more > 0) {
      const note = `Left out of the list and kept by their owners: ${more} more.`;
      await audit(records, deps, call, { ...entry, event: 'group.membersKept', subject: groupId, note });
    }
  });
}

/**
 * Whoever names a member last, to be added or in a list, owns the membership, also when it was there before; one that
 * ended has no owner, nor has one that the message ends and that somebody had ended by hand before.
 *
 * @param settled those of the plan whose step is done
 */
export async function recordMemberOwners(
  groupId: string,
  change: MemberChange,
  plan: MemberPlan,
  settled: ReadonlySet<string>,
  { membershipOwners }: Pick<Records, 'membershipOwners'>,
  deps: Pick<Dependencies, 'settings'>,
  call: Call,
): Promise<void> {
  const wanted = wantedMembers(change);
  const unsettled = new Set([...plan.add, ...plan.remove].flatMap(({ id }) => (settled.has(id) ? [] : id)));
  const ended = new Set([...plan.remove.map(({ id }) => id), ...change.remove]);
  if (change.replaceWith !== undefined || change.removeMatching !== undefined) {
    const owners = await membershipOwners.ofGroup(groupId);
    const own = [...owners].flatMap(([id, owner]) => (isAnothers(owner, deps, call) ? [] : id));
    const leftOut = change.replaceWith === undefined ? (change.removeMatching?.(own) ?? []) : own;
    for (const id of leftOut) ended.add(id);
  }
  await membershipOwners.remove(
    groupId,
    [...ended].filter((id) => !wanted.has(id) && !unsettled.has(id)),
  );
  await membershipOwners.put(
    groupId,
    [...wanted].filter((id) => !unsettled.has(id)),
    call.caller,
  );
}
