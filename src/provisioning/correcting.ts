import { readMemberships } from './access.js';
import { grantingGroupsOf, leaveGroups, refuseStuck } from './leaving.js';
import { spending } from './brake.js';
import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import { protectionOf } from './members.js';
import { reactivate } from './reactivating.js';
import { deactivate, lossesOf, readStanding } from './status.js';
import type { PersonLink, Records } from './store.js';

/**
 * What came of a correction. `needless`: judged again under the lock, right before the write, there is nothing to put
 * right any more. `protected`: SCIM never changes this person (rule SA8).
 */
export type Correction = 'done' | 'needless' | 'protected';

/**
 * Takes access again from somebody recorded inactive (rule SA9), as a deactivation does (rule US7): through the brake, and
 * only where a read made now shows the access.
 *
 * @param decision what the audit names as the reason
 * @throws Failure as `deactivate`
 */
export function retakeAccess(id: string, decision: string, deps: Dependencies, call: Call): Promise<Correction> {
  return correctPerson(id, deps, call, async (link, held) => {
    if (link.wanted !== 'inactive' || link.accountId === undefined) return 'needless';
    const standing = await readStanding(link, deps, held);
    // Of somebody suspended, memberships do not say whether there is access.
    const hasAccess = link.suspended
      ? (await lossesOf(link, standing, deps, held)).access.length > 0
      : standing.isActive;
    if (!hasAccess) return 'needless';
    await deactivate(link, standing, deps, held, decision);
    return 'done';
  });
}

/**
 * Accounts of deleted people at whose address somebody is wanted active and has no account yet: the access may come of
 * that invitation, where Atlassian hides whose account it is (rule US5).
 */
export async function accountsInvitedAgain({
  people,
  tombstones,
}: Pick<Records, 'people' | 'tombstones'>): Promise<ReadonlySet<string>> {
  const accountIds = new Set<string>();
  for (const { wanted, address } of await people.listInvited()) {
    if (wanted !== 'active' || address === undefined) continue;
    for (const { accountId } of await tombstones.findByAddress(address)) {
      if (accountId !== undefined) accountIds.add(accountId);
    }
  }
  return accountIds;
}

/**
 * Takes access from the account of somebody whom DELETE removed (rule US9), unless an identity provider has taken the
 * account up or asked for the address again since. Granting groups only: what else the person is in was somebody's decision.
 *
 * @throws Failure `refused` naming groups that cannot be left
 */
export function retakeFromDeleted(
  accountId: string,
  decision: string,
  deps: Dependencies,
  call: Call,
): Promise<Correction> {
  const locked = async (held: Call): Promise<Correction> => {
    const isLinked = (await deps.store.people.findByAccount(accountId)) !== undefined;
    if (isLinked || (await deps.store.tombstones.findByAccount(accountId)).length === 0) return 'needless';
    if ((await accountsInvitedAgain(deps.store)).has(accountId)) return 'needless';
    const person = { id: accountId, accountId };
    if ((await protectionOf(deps))({ ...person, link: undefined })) return 'protected';
    const access = await deps.roster.access(held);
    const memberships = await readMemberships(accountId, deps, access, held);
    if (![...memberships.shown].some((groupId) => access.granting.has(groupId))) return 'needless';
    const groupIds = await grantingGroupsOf(accountId, memberships, access, deps);
    const reservation = await deps.brake.reserve({ access: [person] }, held);
    await spending(reservation, async () => {
      const left = await leaveGroups(person, groupIds, decision, access, deps, held);
      if (left.mayHaveTaken) reservation.keepAll();
      if (left.failure !== undefined) throw left.failure;
      refuseStuck(left.stuck, access);
    });
    return 'done';
  };
  return deps.store.locks.withLock(`person:${accountId}`, call, locked);
}

/**
 * Gives access back to somebody recorded active (rule US8), where a read made now does not show it.
 *
 * @throws Failure as `reactivate`
 */
export function giveAccessBack(id: string, decision: string, deps: Dependencies, call: Call): Promise<Correction> {
  return correctPerson(id, deps, call, async (link, held) => {
    if (link.wanted !== 'active' || link.accountId === undefined) return 'needless';
    const standing = await readStanding(link, deps, held);
    if (standing.isActive) return 'needless';
    await reactivate(link, standing, deps, held, decision);
    return 'done';
  });
}

/** Works on one recorded person under the person's lock. */
async function correctPerson(
  id: string,
  deps: Dependencies,
  call: Call,
  work: (link: PersonLink, held: Call) => Promise<Correction>,
): Promise<Correction> {
  const locked = async (held: Call): Promise<Correction> => {
    const link = await deps.store.people.find(id);
    if (link === undefined) return 'needless';
    const isProtected = (await protectionOf(deps))({ id, accountId: link.accountId, link });
    return isProtected ? 'protected' : work(link, held);
  };
  return deps.store.locks.withLock(`person:${id}`, call, locked);
}
