import { isSurelyIn } from './access.js';
import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import { Failure } from './failure.js';
import { accountByVisibleAddress, attach } from './invitations.js';
import { joinGroups } from './joining.js';
import { deactivate, readStanding } from './status.js';
import type { PersonLink } from './store.js';

/**
 * After a scan: connects invited people whose account has appeared, applies the memberships owed to those who are
 * entitled, and takes access from those deactivated or deleted meanwhile. One person's failure does not stop the others.
 */
export async function settleInvitations(deps: Dependencies, call: Call): Promise<void> {
  for (const invited of await deps.store.people.listInvited()) {
    try {
      await deps.store.locks.withLock(`person:${invited.id}`, call.deadlineMs, () => settleOne(invited.id, deps, call));
    } catch (error) {
      deps.log.warn('An invited person could not be settled; the next scan tries again', {
        personId: invited.id,
        failure: Failure.from(error),
      });
    }
  }
}

async function settleOne(id: string, deps: Dependencies, call: Call): Promise<void> {
  const link = await deps.store.people.find(id);
  if (link === undefined || link.accountId !== undefined || link.address === undefined) return;
  const accountId = await findAccount(link.address, deps, call);
  if (accountId !== undefined) await settle(await attach(link, accountId, 'US5', deps, call), deps, call);
}

/** Organization or Jira look-up, where the credentials grew since the invitation; else a visible exact address. */
async function findAccount(address: string, deps: Dependencies, call: Call): Promise<string | undefined> {
  const indexed = await accountByVisibleAddress(address, deps);
  if (indexed !== undefined) return indexed.accountId;
  const match = await deps.directory.findByEmail(address, call);
  if (match.kind !== 'one' || (await deps.store.people.findByAccount(match.accountId)) !== undefined) return undefined;
  return match.accountId;
}

/** Makes a freshly connected person what its IdP wanted meanwhile. Holds the person's lock. */
export async function settle(link: PersonLink, deps: Dependencies, call: Call): Promise<void> {
  const { accountId } = link;
  if (accountId === undefined) return;
  const standing = await readStanding(link, deps, call);
  if (link.wanted === 'inactive') {
    await deactivate(link, standing, deps, call);
    return;
  }
  const owed = (await deps.store.holds.ofPerson(link.id))
    .filter((hold) => hold.kind === 'owed')
    .map((hold) => hold.groupId);
  await joinGroups(
    { id: link.id, accountId },
    owed.filter((groupId) => standing.memberships === undefined || !isSurelyIn(standing.memberships, groupId)),
    'US5',
    standing.access,
    deps,
    call,
  );
  for (const groupId of owed) await deps.store.holds.remove(link.id, groupId, 'owed');
}
