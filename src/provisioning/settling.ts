import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import { Failure } from './failure.js';
import { isProtected } from './access.js';
import { audit } from './auditing.js';
import { RELEASED_BRAKE } from './brake.js';
import { accountByVisibleAddress, attach, holdingAccount } from './invitations.js';
import { refusing } from './refusals.js';
import { leaveEverything } from './removal.js';
import { holdingSeat } from './seating.js';
import { reactivate } from './reactivating.js';
import { deactivate, readStanding } from './status.js';
import type { PersonLink } from './store.js';

/**
 * After a scan: connects invited people whose account has appeared, applies the memberships owed to those who are
 * entitled, and takes access from those deactivated meanwhile. One person's failure does not stop the others.
 */
export async function settleInvitations(deps: Dependencies, call: Call): Promise<void> {
  const found = await accountsFound(deps);
  const invited = await deps.store.people.listInvited();
  for (const { id } of invited) {
    try {
      await deps.store.locks.withLock(`person:${id}`, call, (held) => settleOne(id, found.get(id), deps, held));
    } catch (error) {
      deps.log.warn('An invited person could not be settled; the next scan tries again', {
        personId: id,
        failure: Failure.from(error),
      });
    }
  }
}

/**
 * What is carried out here was asked for, and answered, earlier. An entitlement taken from somebody invited counted when
 * it was asked for (rule SA11); to count or refuse it now would let a leaver keep the access that appeared since.
 */
function unbraked(deps: Dependencies): Dependencies {
  return { ...deps, brake: RELEASED_BRAKE };
}

/** For how long an invitation can be accepted after its person was deleted; later, somebody gave access by hand. */
const RETURN_MS = 30 * 24 * 60 * 60 * 1000;

/**
 * After a scan: takes access from people who were deleted before they had an account and have accepted the invitation
 * since (rule US9). Done once for each: who is given access afterwards was given it by somebody.
 */
export async function settleReturned(deps: Dependencies, call: Call): Promise<void> {
  const since = new Date(deps.clock.now() - RETURN_MS).toISOString();
  for (const { id, accountId } of await deps.store.tombstones.listReturned(since)) {
    if (isProtected({ accountId, addresses: [] }, deps)) continue;
    try {
      await withAccount(accountId, deps, call, async (held) => {
        const tombstone = await deps.store.tombstones.find(id);
        // Done by another instance meanwhile: since then somebody may have given access. Or the person is back.
        if (tombstone === undefined || tombstone.accountId !== undefined) return;
        if ((await deps.store.people.findByAccount(accountId)) === undefined)
          await takeReturned(id, accountId, deps, held);
      });
    } catch (error) {
      deps.log.warn('Access of a deleted person could not be taken; the next scan tries again', {
        personId: id,
        failure: Failure.from(error),
      });
    }
  }
}

/**
 * Holds what a message that makes the account a user again holds (rule US6). Where Atlassian has hidden the address since
 * the scan, no message finds the account by it.
 */
async function withAccount(
  accountId: string,
  deps: Dependencies,
  call: Call,
  work: (held: Call) => Promise<void>,
): Promise<void> {
  const { locks } = deps.store;
  const [account] = await deps.directory.listAccounts([accountId], call);
  const locked = (held: Call): Promise<void> => locks.withLock(`person:${accountId}`, held, work);
  if (account?.email === undefined) return locked(call);
  await locks.withLock(`address:${account.email.toLowerCase()}`, call, locked);
}

async function takeReturned(id: string, accountId: string, deps: Dependencies, call: Call): Promise<void> {
  await leaveEverything({ id, accountId, suspended: false }, unbraked(deps), call);
  await deps.store.transaction(async (records) => {
    await records.tombstones.connect(id, accountId);
    await audit(records, deps, call, {
      event: 'user.deprovisioned',
      subject: id,
      object: accountId,
      decision: 'US9',
      result: 'done',
    });
  });
}

/** Accounts that earlier scans found and did not come to an end with, by SCIM id. */
async function accountsFound({ store }: Dependencies): Promise<ReadonlyMap<string, string>> {
  const begun = await store.intents.list('settle');
  return new Map(
    begun.map(({ key }) => {
      const [id = '', accountId = ''] = key.split(' ');
      return [id, accountId];
    }),
  );
}

async function settleOne(id: string, known: string | undefined, deps: Dependencies, call: Call): Promise<void> {
  const link = await deps.store.people.find(id);
  if (link === undefined || link.accountId !== undefined || link.address === undefined) return;
  const accountId = known ?? (await findAccount(link.address, link.invitedAt !== undefined, deps, call));
  if (accountId === undefined) return;
  await holdingAccount(accountId, deps, call, async (held) => {
    const isTaken = (await deps.store.people.findByAccount(accountId)) !== undefined;
    const key = `${id} ${accountId}`;
    if (!isTaken) {
      // Once access is taken no scan shows the account any more, and nobody would find it again.
      const startedAt = new Date(deps.clock.now()).toISOString();
      await deps.store.intents.begin({ kind: 'settle', key, caller: held.caller, startedAt });
      await settle(link, accountId, 'US5', deps, held);
    }
    await deps.store.intents.end('settle', key);
  });
}

/** A visible exact address; for the invited also the look-up of credentials that grew since. */
async function findAccount(
  address: string,
  isInvited: boolean,
  deps: Dependencies,
  call: Call,
): Promise<string | undefined> {
  const indexed = await accountByVisibleAddress(address, deps);
  if (indexed !== undefined) return indexed.accountId;
  // People recorded as inactive are many and expected by nobody; a call for each of them at every scan is too much.
  if (!isInvited) return undefined;
  const match = await deps.directory.findByEmail(address, call);
  if (match.kind !== 'one' || (await deps.store.people.findByAccount(match.accountId)) !== undefined) return undefined;
  return match.accountId;
}

/**
 * Makes the account what the person's identity provider wanted meanwhile, then connects the two: until all is done the
 * person stays one whose account is looked for, so that a failure half-way is taken up again. Holds the locks of the person
 * and of the account.
 *
 * @param link a person recorded without an account, or with one that is gone
 */
export async function settle(
  link: PersonLink,
  accountId: string,
  decision: string,
  deps: Dependencies,
  call: Call,
): Promise<void> {
  const found: PersonLink = { ...link, accountId };
  const standing = await readStanding(found, deps, call);
  const connect = async (): Promise<void> => {
    await (link.wanted === 'inactive' ? deactivate : reactivate)(found, standing, unbraked(deps), call);
    await attach(link, accountId, decision, deps, call);
  };
  if (link.wanted === 'inactive') return connect();
  await refusing(decision, { event: 'user.linked', subject: link.id }, deps, call, () =>
    // The seat of the invitation is the one of the account, until the record says so.
    holdingSeat(found, standing, deps, call, connect),
  );
}
