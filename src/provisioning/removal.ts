import { assertNotProtected, readMemberships } from './access.js';
import { audit } from './auditing.js';
import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import { attachIfPresent } from './invitations.js';
import { grantingGroupsOf, leaveGroups, refuseStuck } from './leaving.js';
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
  await deps.store.locks.withLock(`person:${id}`, call.deadlineMs, async () => {
    const attempt = { event: 'user.deprovisioned', subject: id };
    const link = await deps.store.people.find(id);
    if (link !== undefined) {
      const person = { accountId: link.accountId, addresses: [link.address, link.userName] };
      await refusing('SA8', attempt, deps, call, () => assertNotProtected(person, deps));
      await refusing('US9', attempt, deps, call, () => removeLinked(link, deps, call));
      return;
    }
    const view = await people.get(id, call, { groups: false });
    const person = { accountId: view.accountId, addresses: [view.account?.email] };
    await refusing('SA8', attempt, deps, call, () => assertNotProtected(person, deps));
    await refusing('US9', attempt, deps, call, async () => {
      await leaveEverything(id, view.accountId ?? id, deps, call);
      await audit(deps.store, deps, call, { ...attempt, decision: 'US9', result: 'done' });
    });
  });
}

async function removeLinked(link: PersonLink, deps: Dependencies, call: Call): Promise<void> {
  const now = new Date(deps.clock.now()).toISOString();
  // Stored first: whatever fails below, the person is known to have to lose access.
  if (link.wanted !== 'inactive') await deps.store.people.update(link.id, { wanted: 'inactive', wantedAt: now });
  const accountId = link.accountId ?? (await attachIfPresent(link, deps, call))?.accountId;
  if (accountId !== undefined) await leaveEverything(link.id, accountId, deps, call);
  await deps.store.transaction(async (records) => {
    await records.people.bury(link.id, now);
    await audit(records, deps, call, {
      event: 'user.deprovisioned',
      subject: link.id,
      decision: 'US9',
      result: 'done',
    });
  });
}

/** Takes an account out of every granting and every managed group (rule US9). */
export async function leaveEverything(id: string, accountId: string, deps: Dependencies, call: Call): Promise<void> {
  const access = await deps.roster.access(call);
  const memberships = await readMemberships(accountId, deps, access, call);
  // Atlassian may hide what a suspended person is in.
  const hidden = (await deps.store.holds.ofPerson(id))
    .filter((hold) => hold.kind === 'suspended')
    .map((hold) => hold.groupId);
  const toLeave = new Set(await grantingGroupsOf(accountId, memberships, access, deps));
  for (const groupId of [...memberships.possible, ...hidden]) {
    const link = await deps.store.groups.find(groupId);
    if (access.granting.has(groupId) || (link !== undefined && !link.isReleased)) toLeave.add(groupId);
  }
  const { stuck } = await leaveGroups({ id, accountId }, [...toLeave], 'US9', access, deps, call);
  refuseStuck(
    stuck.filter((groupId) => access.granting.has(groupId)),
    access,
  );
}
