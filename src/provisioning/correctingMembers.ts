import { assertWritableGroup, readMemberships } from './access.js';
import { spending } from './brake.js';
import type { Call } from './call.js';
import type { Correction } from './correcting.js';
import type { Access, Dependencies } from './dependencies.js';
import { type KnownGroup, knownGroup, readGroup } from './groupReads.js';
import { type Member, membersById, protectionOf } from './members.js';
import { carryOut, type MemberWork } from './memberWork.js';

/** One person in one group that SCIM manages. */
export interface Place {
  /** SCIM id; the account id of somebody whom no record names. */
  readonly personId: string;
  readonly groupId: string;
}

/** A place, and what is known of it once its group is locked. */
interface Found {
  readonly member: Member & { readonly accountId: string };
  readonly known: KnownGroup;
  readonly access: Access;
}

/**
 * Puts somebody into the group that is owed to the person (rules US5, GR2), unless the record says otherwise by now.
 *
 * @param decision what the audit names as the reason
 * @throws Failure `notFound` for a group that is gone; `forbidden` for one that SCIM does not change; `refused` when no
 *   seat is free
 */
export function giveOwedPlace(place: Place, decision: string, deps: Dependencies, call: Call): Promise<Correction> {
  return correctPlace(place, deps, call, async (found, held) => {
    if (found.member.link?.wanted !== 'active') return 'needless';
    const holds = await deps.store.holds.ofPerson(place.personId);
    if (!holds.some(({ groupId, kind }) => groupId === place.groupId && kind === 'owed')) return 'needless';
    return join(found, decision, deps, held);
  });
}

/**
 * Puts somebody back into a group that the bridge had put the person into, where an identity provider still has the person
 * and a read made now does not show it.
 */
export function givePlaceBack(place: Place, decision: string, deps: Dependencies, call: Call): Promise<Correction> {
  return correctPlace(place, deps, call, async (found, held) => {
    if (found.member.link?.wanted === 'inactive') return 'needless';
    if (!(await wasPutThere(found, deps)) || !(await isNamed(found, deps))) return 'needless';
    if (await isShownIn(found, deps, held)) return 'needless';
    return join(found, decision, deps, held);
  });
}

/**
 * Takes somebody out of a group whom neither the bridge put there nor an identity provider named, where a read made now
 * shows it. Through the brake (rule SA11): in a granting group that is a loss of access, too.
 */
export function takeForeignPlace(place: Place, decision: string, deps: Dependencies, call: Call): Promise<Correction> {
  return correctPlace(place, deps, call, async (found, held) => {
    if ((await wasPutThere(found, deps)) || (await isNamed(found, deps))) return 'needless';
    if (!(await isShownIn(found, deps, held))) return 'needless';
    const { member, known, access } = found;
    const loss = {
      groupId: known.id,
      isGranting: access.granting.has(known.id),
      members: [member],
      size: known.link?.memberCount,
    };
    const work: MemberWork = { groupId: known.id, remove: [{ member, by: 'send' }], add: [], decision };
    const reservation = await deps.brake.reserve({ groups: [loss] }, held);
    return spending(reservation, async (): Promise<Correction> => {
      const { removed, failure } = await carryOut(work, access, deps, held, () => undefined);
      if (removed.size > 0) reservation.keepAll();
      if (failure !== undefined) throw failure;
      return 'done';
    });
  });
}

async function join(
  { member, known, access }: Found,
  decision: string,
  deps: Dependencies,
  call: Call,
): Promise<Correction> {
  const work: MemberWork = { groupId: known.id, remove: [], add: [{ member, by: 'send' }], decision };
  const { hasChanged, failure } = await carryOut(work, access, deps, call, () => undefined);
  if (failure !== undefined) throw failure;
  return hasChanged ? 'done' : 'needless';
}

/** Works on one place under the lock of its group, which SCIM must be allowed to change (rule GR1). */
async function correctPlace(
  { personId, groupId }: Place,
  deps: Dependencies,
  call: Call,
  work: (found: Found, held: Call) => Promise<Correction>,
): Promise<Correction> {
  const locked = async (held: Call): Promise<Correction> => {
    const known = await knownGroup(groupId, deps);
    const access = await deps.roster.access(held);
    assertWritableGroup(await readGroup(known, deps, held), known.link, access, deps.settings);
    const member = (await membersById([personId], deps)).get(personId);
    if (member?.accountId === undefined) return 'needless';
    if ((await protectionOf(deps))(member)) return 'protected';
    return work({ member: { ...member, accountId: member.accountId }, known, access }, held);
  };
  return deps.store.locks.withLock(`group:${groupId}`, call, locked);
}

/** The last confirmed write of the bridge to this place put the person there. */
async function wasPutThere({ member, known }: Found, { store }: Dependencies): Promise<boolean> {
  const personIds = [...new Set([member.id, member.accountId])];
  const writes = await store.audit.lastMembershipWrites({ personIds, groupId: known.id });
  return writes.at(-1)?.isMember === true;
}

/** An identity provider has named the person as a member, and not left the person out since: no write says so (rule SA12). */
async function isNamed({ member, known }: Found, { store }: Dependencies): Promise<boolean> {
  return (await store.membershipOwners.of(known.id, [member.id])).size > 0;
}

/** By a read made now, with own writes of the last ten minutes over it (rule US2). */
async function isShownIn({ member, known, access }: Found, deps: Dependencies, call: Call): Promise<boolean> {
  return (await readMemberships(member.accountId, deps, access, call)).shown.has(known.id);
}
