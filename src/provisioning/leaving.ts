import { controlRead, type Memberships, readMemberships, recordMembership } from './access.js';
import { audit } from './auditing.js';
import { mayHaveHappened } from './brake.js';
import type { Call } from './call.js';
import type { Access, Dependencies } from './dependencies.js';
import { Failure } from './failure.js';
import type { PersonLink } from './store.js';

/** What leaving groups came to. */
export interface Left {
  /** The groups still held because Atlassian does not let anybody out of them. */
  readonly stuck: readonly string[];
  /** The first failure that leaves it open whether a group was left; what was left stays left and recorded. */
  readonly failure: Failure | undefined;
  /** Whether any group was left, or may have been. */
  readonly mayHaveTaken: boolean;
}

/**
 * Takes an account out of groups, one call a group, all of them tried even when one fails: a leaver loses what can be
 * lost (rules US7, US9). A 204 confirms; a 404 counts only when `memberof`, read again, no longer shows the group. A 403
 * while the control read works says that a group cannot be left.
 */
export async function leaveGroups(
  person: { readonly id: string; readonly accountId: string },
  groupIds: readonly string[],
  decision: string,
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<Left> {
  const outcomes = await Promise.allSettled(
    groupIds.map((groupId) => leaveGroup(person, groupId, decision, access, deps, call)),
  );
  const stuck: string[] = [];
  const failures: Failure[] = [];
  outcomes.forEach((outcome, position) => {
    const groupId = groupIds[position];
    if (outcome.status === 'rejected') failures.push(Failure.from(outcome.reason));
    else if (outcome.value === 'stuck' && groupId !== undefined) stuck.push(groupId);
  });
  const isAnyLeft = failures.length + stuck.length < groupIds.length;
  return { stuck, failure: failures[0], mayHaveTaken: isAnyLeft || failures.some(mayHaveHappened) };
}

async function leaveGroup(
  person: { readonly id: string; readonly accountId: string },
  groupId: string,
  decision: string,
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<'left' | 'stuck'> {
  const entry = { event: 'group.memberRemoved', subject: person.id, object: groupId, decision } as const;
  // Groups are left side by side; a list of its own keeps each audit line to the calls that belong to it.
  const own: Call = { ...call, upstream: [] };
  try {
    await deps.directory.removeMember(groupId, person.accountId, own);
  } catch (error) {
    const failure = Failure.from(error);
    // A judgement that cannot be made leaves it open, as the refusal did.
    const outcome = await judgeRefusal(failure, person.accountId, groupId, access, deps, own).catch(
      () => 'unknown' as const,
    );
    if (outcome !== 'left') {
      await audit(deps.store, deps, own, { ...entry, result: outcome === 'stuck' ? 'refused' : 'failed' });
      if (outcome === 'stuck') return 'stuck';
      throw isAboutIds(failure) ? stillThere(failure) : failure;
    }
  } finally {
    call.upstream.push(...own.upstream);
  }
  await deps.store.transaction(async (records) => {
    await recordMembership(records, deps, person.accountId, groupId, false);
    await audit(records, deps, own, { ...entry, result: 'done' });
  });
  return 'left';
}

/** Atlassian knows nothing under one of the two ids, or so it says. */
function isAboutIds(failure: Failure): boolean {
  return failure.kind === 'notFound' || failure.kind === 'invalid';
}

/** Never a 404 or 400 of ours: the person and the group exist, and the identity provider would stop trying. */
function stillThere(cause: Failure): Failure {
  return new Failure(
    'unavailable',
    'Atlassian says that it does not know the person or the group, and shows the membership all the same. Send it again later.',
    { cause, ...(cause.upstream === undefined ? {} : { upstream: cause.upstream }) },
  );
}

/** What a refused removal means: gone anyway, impossible for everybody, or unknown. */
async function judgeRefusal(
  failure: Failure,
  accountId: string,
  groupId: string,
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<'left' | 'stuck' | 'unknown'> {
  if (isAboutIds(failure)) {
    const again = await readMemberships(accountId, deps, access, call);
    return again.read.has(groupId) ? 'unknown' : 'left';
  }
  if (failure.kind === 'misconfigured' && failure.upstream?.status === 403) {
    await controlRead(deps, access, call);
    return 'stuck';
  }
  return 'unknown';
}

/**
 * The granting groups to leave: what the read, the index or an own write shows, and those whose joining was not answered
 * (rule US2: the safe side of all).
 */
export async function grantingGroupsOf(
  accountId: string,
  memberships: Memberships,
  access: Access,
  deps: Dependencies,
): Promise<string[]> {
  const indexed = await deps.store.index.person(accountId);
  const candidates = new Set([...memberships.possible, ...(indexed?.grantingGroupIds ?? [])]);
  return [...candidates].filter((id) => access.granting.has(id));
}

/** Entitled to the access that a pending invitation will give (rule US5). */
export function isInvited({ accountId, wanted, invitedAt }: PersonLink): boolean {
  return accountId === undefined && wanted === 'active' && invitedAt !== undefined;
}

/**
 * Asks the brake about somebody whom the index shows with access, or who is entitled to it (rule SA11), before any upstream
 * call: what a wave sends beyond the limit costs nothing. What the index does not know is asked again once it was read.
 *
 * @throws Failure `unavailable`, refused by SA11
 */
export async function assertRoomToLeave(
  id: string,
  accountId: string | undefined,
  link: PersonLink | undefined,
  deps: Dependencies,
  call: Call,
): Promise<void> {
  // Whether a suspended person has access again, only Atlassian can tell.
  if (link?.suspended === true) return;
  const hasAccess =
    accountId === undefined
      ? link !== undefined && isInvited(link)
      : ((await deps.store.index.person(accountId))?.grantingGroupIds.length ?? 0) > 0;
  if (hasAccess) await deps.brake.check({ access: [{ id, accountId }] }, call);
}

/**
 * @throws Failure `refused` that names the groups an account cannot be taken out of
 */
export function refuseStuck(stuck: readonly string[], access: Access): void {
  if (stuck.length === 0) return;
  const names = stuck.map((id) => `"${access.granting.get(id)?.name ?? id}"`).join(', ');
  throw new Failure(
    'refused',
    `Access could not be taken completely: Atlassian does not let this bridge change the membership of ${names}. Remove the person there by hand in Atlassian administration, then send it again.`,
  );
}
