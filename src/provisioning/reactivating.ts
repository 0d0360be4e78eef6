import { assertNotProtected, firstAccessGroup, isPlainAccess, isSurelyIn, type Memberships } from './access.js';
import { assertAllowedDomain, createMissingAccount, restoreAccount } from './accounts.js';
import type { Call } from './call.js';
import type { Access, Dependencies } from './dependencies.js';
import { Failure } from './failure.js';
import { joinGroups } from './joining.js';
import type { CurrentMemberships } from './people.js';
import { holdingSeat } from './seating.js';
import type { Giving } from './seats.js';
import { conclude, concludeWithoutAccount, readStanding, rememberWish, type Standing } from './status.js';
import type { Hold, PersonLink } from './store.js';
import { isSuspendedUpstream } from './suspending.js';

/**
 * Gives access back (rule US8): the remembered groups that still grant plain access, else the first access group, and
 * the memberships owed meanwhile. What was remembered is forgotten only when all is done.
 *
 * @param decision what the audit names as the reason
 * @returns the memberships as they are afterwards; undefined for a person whose account is still to appear
 * @throws Failure `refused` when no seat is free, here (rule US14) or at Atlassian
 */
export async function reactivate(
  link: PersonLink,
  standing: Standing,
  deps: Dependencies,
  call: Call,
  decision = 'US8',
): Promise<CurrentMemberships | undefined> {
  assertNotProtected({ accountId: link.accountId, addresses: [link.address, link.userName] }, deps);
  assertAllowedDomain(link.address, deps);
  return holdingSeat(link, standing, deps, call, (giving) => giveBack(link, standing, giving, decision, deps, call));
}

async function giveBack(
  link: PersonLink,
  standing: Standing,
  giving: Giving,
  decision: string,
  deps: Dependencies,
  call: Call,
): Promise<CurrentMemberships | undefined> {
  const { access, memberships } = standing;
  await rememberWish(link, 'active', [], deps, call);
  if (link.accountId === undefined || memberships === undefined) {
    const accountId = await createMissingAccount(link, access, deps, call);
    if (accountId === undefined) {
      await concludeWithoutAccount(link, 'active', deps, call);
      return undefined;
    }
    const attached = { ...link, accountId, wanted: 'active' as const };
    return reactivate(attached, await readStanding(attached, deps, call), deps, call, decision);
  }
  const holds = await deps.store.holds.ofPerson(link.id);
  const underSuspension = holds.filter((hold) => hold.kind === 'suspended');
  // Kept by Atlassian through the suspension, whether or not it showed them meanwhile.
  const kept = link.suspended ? underSuspension.map((hold) => hold.groupId) : [];
  const isUnsure = !link.suspended && underSuspension.length > 0 && deps.directory.backEnd === 'organization';
  if (link.suspended || isUnsure) {
    const account = { ...link, accountId: link.accountId };
    await giving(() =>
      isUnsure
        ? restoreUnconfirmed(account, access, deps, call)
        : restoreAccount(account.accountId, kept, access, deps, call),
    );
    await deps.store.transaction(async (records) => {
      await records.people.update(link.id, { suspended: false });
      await records.holds.removeAll(link.id, 'suspended');
    });
  }
  const groupIds = groupsToGive(link.suspended ? holds : holds.map(asRemembered), memberships, access);
  await joinGroups(
    { id: link.id, accountId: link.accountId, address: link.address },
    groupIds,
    decision,
    access,
    deps,
    call,
  );
  const { accountId } = link;
  await deps.store.transaction(async (records) => {
    await records.index.putMember(accountId, memberships.shown, deps.clock.now());
    await records.holds.removeAll(link.id, 'remembered');
    await records.holds.removeAll(link.id, 'owed');
    await conclude(link, 'active', !standing.isActive, records, deps, call, {
      event: 'user.reactivated',
      decision,
      result: 'done',
    });
  });
  return { access, names: memberships.names, shown: new Set([...memberships.shown, ...kept, ...groupIds]) };
}

/**
 * Ends a suspension that was asked for and not confirmed, so that it may have happened. What Atlassian answers to the
 * restoration of somebody who is not suspended is not documented: then the status decides.
 */
async function restoreUnconfirmed(
  link: PersonLink & { readonly accountId: string },
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<void> {
  try {
    await restoreAccount(link.accountId, [], access, deps, call);
  } catch (error) {
    const { kind } = Failure.from(error);
    const isRefused = kind === 'refused' || kind === 'invalid';
    if (!isRefused || (await isSuspendedUpstream(link, deps, call))) throw error;
  }
}

/** What was to be kept through a suspension that nobody confirmed is not surely there. */
function asRemembered(hold: Hold): Hold {
  return hold.kind === 'suspended' ? { ...hold, kind: 'remembered' } : hold;
}

/** Remembered plain groups, owed groups, and the first access group where none grants; without those surely there already. */
function groupsToGive(holds: readonly Hold[], memberships: Memberships, access: Access): string[] {
  const grants = (id: string) => access.granting.has(id);
  const wanted = new Set<string>();
  let hasAccess = [...memberships.read].some((id) => grants(id) && isSurelyIn(memberships, id));
  for (const { groupId, kind } of holds) {
    const granting = access.granting.get(groupId);
    const isGivenBack = kind === 'remembered' && granting !== undefined && isPlainAccess(granting);
    if (kind === 'owed' || isGivenBack) wanted.add(groupId);
    if (granting !== undefined && (kind !== 'remembered' || isGivenBack)) hasAccess = true;
  }
  if (!hasAccess) wanted.add(firstAccessGroup(access).id);
  return [...wanted].filter((id) => !isSurelyIn(memberships, id));
}
