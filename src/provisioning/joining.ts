import { controlRead, recordMembership } from './access.js';
import { assertNotSwitchedOff, notOnSite } from './accountStates.js';
import { audit } from './auditing.js';
import type { Call } from './call.js';
import type { Access, Dependencies } from './dependencies.js';
import { Failure } from './failure.js';
import { knownGroup, readGroup, unbelieved } from './groupReads.js';
import { type Invitee, reinvite } from './inviting.js';

/**
 * Puts an account into groups, the granting ones first; each confirmed one is recorded at once. An attempt is
 * noted first, so that a deactivation or a DELETE that follows a lost answer leaves that group, too.
 *
 * @param person somebody with an address who was removed from the site is invited again, where the back end can
 * @throws Failure `refused` when no seat is free, here (rule US14) or at Atlassian, the account is switched off, or
 *   Atlassian does not know it on the site any more
 */
export async function joinGroups(
  person: Invitee & { readonly address?: string | undefined },
  groupIds: readonly string[],
  decision: string,
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<void> {
  const queue = [...groupIds].sort((a, b) => Number(access.granting.has(b)) - Number(access.granting.has(a)));
  const newcomer = { accountId: person.accountId, address: undefined };
  let isInvited = false;
  for (const groupId of queue) {
    const join = async (): Promise<void> => {
      const refusal = await joinGroup(person, groupId, decision, access, deps, call);
      if (refusal === undefined) return;
      if (isInvited) throw notOnSite(refusal);
      isInvited = true;
      // What the invitation does not give is asked for once more.
      if (!(await reinvite(person, groupId, refusal, deps, call))) queue.push(groupId);
    };
    if (access.granting.has(groupId)) await deps.seats.hold(newcomer, call, (giving) => giving(join));
    else await join();
  }
}

/** @returns what Atlassian says of somebody whom it puts into no group; undefined when there is nothing more to do */
async function joinGroup(
  person: Invitee,
  groupId: string,
  decision: string,
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<Failure | undefined> {
  const before = call.upstream.length;
  const entry = { event: 'group.memberAdded', subject: person.id, object: groupId, decision } as const;
  await deps.store.writes.attempt(person.accountId, groupId, deps.clock.now());
  try {
    await deps.directory.addMember(groupId, person.accountId, call);
  } catch (error) {
    const failure = Failure.from(error);
    await audit(deps.store, deps, call, {
      ...entry,
      result: ['refused', 'invalid', 'notFound'].includes(failure.kind) ? 'refused' : 'failed',
      upstream: call.upstream.slice(before),
    });
    // An owed group that was deleted meanwhile is owed no more; a granting one must not be skipped silently.
    if (failure.kind === 'notFound' && !access.granting.has(groupId)) {
      if (await isGone(groupId, deps, call)) return undefined;
      // Granting groups came first, so that the person is known on the site, or will be in a moment.
      throw unbelieved(failure);
    }
    // Confluence may say so also of an account that is switched off.
    if (isLackOfSeat(failure)) await assertNotSwitchedOff(person.accountId, deps, call);
    // 404 or 400: who has left the site's directory can be put into no group.
    if (failure.kind !== 'notFound' && failure.kind !== 'invalid') throw failure;
    // Atlassian says 404 also to a credential that lost its rights (rule SA2).
    await controlRead(deps, access, call);
    return failure;
  }
  await deps.store.transaction(async (records) => {
    await recordMembership(records, deps, person.accountId, groupId, true);
    await audit(records, deps, call, { ...entry, result: 'done', upstream: call.upstream.slice(before) });
  });
  return undefined;
}

/** Whether a group is there no more, for SCIM or at Atlassian; the latter only its own id says (rule SA2). */
async function isGone(groupId: string, deps: Dependencies, call: Call): Promise<boolean> {
  try {
    await readGroup(await knownGroup(groupId, deps), deps, call);
    return false;
  } catch (error) {
    if (Failure.from(error).kind === 'notFound') return true;
    throw error;
  }
}

/** The 500 that Confluence sends when the identity platform refuses, for lack of a seat or for another reason. */
function isLackOfSeat({ kind, upstream }: Failure): boolean {
  return kind === 'refused' && upstream?.status === 500;
}
