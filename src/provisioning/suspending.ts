import type { Memberships } from './access.js';
import { outsideDirectory } from './accounts.js';
import { audit } from './auditing.js';
import { mayHaveHappened, type Reservation } from './brake.js';
import type { Call } from './call.js';
import type { Access, Dependencies } from './dependencies.js';
import { Failure } from './failure.js';
import { grantingGroupsOf } from './leaving.js';
import type { PersonLink } from './store.js';

/** `DEACTIVATION=suspend`: organization-wide; memberships stay upstream, hidden, and are shown from here. */
export async function suspend(
  link: PersonLink & { readonly accountId: string },
  standing: { readonly access: Access; readonly memberships: Memberships },
  reservation: Reservation,
  decision: string,
  deps: Dependencies,
  call: Call,
): Promise<void> {
  let suspended: boolean;
  try {
    suspended = await suspendAccount(link.accountId, standing, deps, call);
  } catch (error) {
    if (mayHaveHappened(Failure.from(error))) reservation.keep(link.id);
    throw error;
  }
  if (suspended) reservation.keep(link.id);
  await deps.store.transaction(async (records) => {
    await records.people.update(link.id, { suspended });
    if (!suspended) await records.holds.removeAll(link.id, 'suspended');
    await records.intents.end('status', link.id);
    await audit(records, deps, call, {
      event: 'user.deactivated',
      subject: link.id,
      decision: `${decision} DEACTIVATION=suspend`,
      result: 'done',
    });
  });
}

/**
 * @returns whether the account is suspended now; false for one that is in no directory any more and in no granting group,
 *   and so has no access that a suspension could take
 * @throws Failure `refused` for an account in no directory whom a granting group shows all the same
 */
async function suspendAccount(
  accountId: string,
  { access, memberships }: { readonly access: Access; readonly memberships: Memberships },
  deps: Dependencies,
  call: Call,
): Promise<boolean> {
  try {
    await deps.directory.suspend(accountId, call);
    return true;
  } catch (error) {
    const failure = Failure.from(error);
    if (failure.kind !== 'notFound') throw failure;
    if ((await grantingGroupsOf(accountId, memberships, access, deps)).length > 0) throw outsideDirectory(failure);
    return false;
  }
}

/** Whether a person we suspended still is; an address that no longer answers is taken as "not suspended". */
export async function isSuspendedUpstream(link: PersonLink, deps: Dependencies, call: Call): Promise<boolean> {
  if (link.address === undefined) return false;
  const match = await deps.directory.findByEmail(link.address, call);
  return match.kind === 'one' && match.accountId === link.accountId && match.suspended;
}
