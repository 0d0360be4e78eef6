import { assertNotProtected, readMemberships } from './access.js';
import { audit } from './auditing.js';
import { spending } from './brake.js';
import type { GroupLoss } from './brakeLimits.js';
import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import { attachIfPresent } from './invitations.js';
import { assertRoomToLeave, grantingGroupsOf, isInvited, leaveGroups, refuseStuck } from './leaving.js';
import { assertMayTake } from './ownership.js';
import { assertPlausibleId, type People } from './people.js';
import { refusing } from './refusals.js';
import type { PersonLink } from './store.js';

/**
 * Removes a SCIM User (rule US9): granting groups and groups the bridge manages are left, then the record becomes a
 * tombstone and its id answers 404. The Atlassian account stays.
 *
 * @throws Failure `notFound` for an id nobody has; `refused` naming a granting group that cannot be left, the record kept
 */
export async function removePerson(id: string, people: People, deps: Dependencies, call: Call): Promise<void> {
  assertPlausibleId(id);
  await deps.store.locks.withLock(`person:${id}`, call, async (held) => {
    const attempt = { event: 'user.deprovisioned', subject: id };
    const link = await deps.store.people.find(id);
    if (link !== undefined) {
      const person = { accountId: link.accountId, addresses: [link.address, link.userName] };
      await refusing('SA8', attempt, deps, held, () => assertNotProtected(person, deps));
      await refusing('SA12', attempt, deps, held, () => assertMayTake(link, 'record', deps, held));
      await refusing('US9', attempt, deps, held, async () => {
        await assertRoomToLeave(link.id, link.accountId, link, deps, held);
        await removeLinked(link, deps, held);
      });
      return;
    }
    const view = await people.get(id, held, { groups: false });
    const person = { accountId: view.accountId, addresses: [view.account?.email] };
    await refusing('SA8', attempt, deps, held, () => assertNotProtected(person, deps));
    await refusing('US9', attempt, deps, held, async () => {
      await assertRoomToLeave(id, view.accountId, undefined, deps, held);
      await leaveEverything({ id, accountId: view.accountId ?? id, suspended: false }, deps, held);
      await audit(deps.store, deps, held, { ...attempt, decision: 'US9', result: 'done' });
    });
  });
}

async function removeLinked(link: PersonLink, deps: Dependencies, call: Call): Promise<void> {
  const now = new Date(deps.clock.now()).toISOString();
  // Stored before anything is taken: whatever fails then, the person is known to have to lose access, and a reactivation
  // in place of the repeat gives back what was taken.
  const noteWish = (granting: readonly string[]): Promise<void> =>
    deps.store.transaction(async (records) => {
      if (link.wanted !== 'inactive') await records.people.update(link.id, { wanted: 'inactive', wantedAt: now });
      for (const groupId of granting) await records.holds.put({ personId: link.id, groupId, kind: 'remembered' });
    });
  if (link.accountId !== undefined) {
    await leaveEverything({ ...link, accountId: link.accountId }, deps, call, noteWish);
  } else {
    const reservation = await deps.brake.reserve({ access: isInvited(link) ? [link] : [] }, call);
    await spending(reservation, async () => {
      await noteWish([]);
      reservation.keep(link.id);
      const attached = await attachIfPresent(link, deps, call);
      if (attached?.accountId !== undefined)
        await leaveEverything({ ...attached, accountId: attached.accountId }, deps, call, noteWish);
    });
  }
  await deps.store.transaction(async (records) => {
    await records.people.bury(link.id, now);
    await records.intents.end('status', link.id);
    await audit(records, deps, call, {
      event: 'user.deprovisioned',
      subject: link.id,
      decision: 'US9',
      result: 'done',
    });
  });
}

/** Somebody to be taken out of everything; `suspended` is one who has lost access already. */
interface Departing {
  readonly id: string;
  readonly accountId: string;
  readonly suspended: boolean;
}

/**
 * Takes an account out of every granting and every managed group (rule US9), unless the brake refuses (rule SA11).
 *
 * @param beforehand done between the last refusal and the first call that takes anything; told the granting groups
 */
export async function leaveEverything(
  person: Departing,
  deps: Dependencies,
  call: Call,
  beforehand: (granting: readonly string[]) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { id, accountId } = person;
  const access = await deps.roster.access(call);
  const memberships = await readMemberships(accountId, deps, access, call);
  // Atlassian may hide what a suspended person is in.
  const hidden = (await deps.store.holds.ofPerson(id))
    .filter((hold) => hold.kind === 'suspended')
    .map((hold) => hold.groupId);
  const granting = await grantingGroupsOf(accountId, memberships, access, deps);
  const toLeave = new Set(granting);
  const managed: GroupLoss[] = [];
  for (const groupId of [...memberships.possible, ...hidden]) {
    if (access.granting.has(groupId)) toLeave.add(groupId);
    if (toLeave.has(groupId)) continue;
    const link = await deps.store.groups.find(groupId);
    if (link === undefined || link.isReleased) continue;
    toLeave.add(groupId);
    managed.push({ groupId, isGranting: false, members: [person], size: link.memberCount });
  }
  const losesAccess = granting.length > 0 && !person.suspended;
  const losses = { access: losesAccess ? [person] : [], groups: managed };
  const reservation = await deps.brake.reserve(losses, call);
  await spending(reservation, async () => {
    await beforehand(granting);
    const left = await leaveGroups({ id, accountId }, [...toLeave], 'US9', access, deps, call);
    if (left.mayHaveTaken) reservation.keepAll();
    if (left.failure !== undefined) throw left.failure;
    for (const groupId of left.stuck) toLeave.delete(groupId);
    for (const groupId of toLeave) await deps.store.membershipOwners.remove(groupId, [id]);
    refuseStuck(
      left.stuck.filter((groupId) => access.granting.has(groupId)),
      access,
    );
  });
}
