import { matchesPattern } from '../patterns.js';
import { audit } from './auditing.js';
import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import { Failure, type FailureKind } from './failure.js';
import type { IndexedPerson } from './indexRecords.js';
import type { PersonLink, Records } from './store.js';

/**
 * Invites an address whose account will appear later (back end `invite`, rule US4). The intent is stored before the
 * call. One whose answer was lost is not repeated blindly: the caller looked first whether the person has access, and
 * only when nothing shows it, it is sent once more, audited (rule US5).
 *
 * @param subject the SCIM id the invitation belongs to, or `new`
 */
export async function inviteOnce(address: string, subject: string, deps: Dependencies, call: Call): Promise<void> {
  const earlier = await deps.store.intents.find('invite', address);
  const startedAt = new Date(deps.clock.now()).toISOString();
  if (earlier !== undefined) {
    if (earlier.attempts > 1) {
      throw new Failure(
        'refused',
        'This address was invited twice without an answer from Atlassian. Look in Atlassian administration whether the invitation is pending; once the person is there, the next scan or the command link connects the account.',
      );
    }
    await audit(deps.store, deps, call, {
      event: 'user.inviteRepeated',
      subject,
      decision: 'US5',
      result: 'noted',
      note: 'The answer to the first invitation was lost and nothing shows the person; it is sent once more.',
    });
  }
  await deps.store.intents.begin({ kind: 'invite', key: address, caller: call.caller, startedAt });
  const before = call.upstream.length;
  try {
    await deps.directory.inviteByEmail(address, call);
  } catch (error) {
    const failure = Failure.from(error);
    const wasSent = call.upstream.length > before;
    // Never sent, or refused before it happened (503: invitations are switched off): nothing to look for later.
    if (!wasSent || REFUSALS.includes(failure.kind) || failure.upstream?.status === 503) {
      await deps.store.intents.end('invite', address);
    }
    throw failure;
  }
}

const REFUSALS: readonly FailureKind[] = ['invalid', 'misconfigured', 'rateLimited'];

/** What finding an address in index and records takes. */
type AddressReading = { readonly store: Pick<Records, 'index' | 'people'> };

/** The account that a visible exact address names: a person, the only one with it, and linked to nobody. */
export async function accountByVisibleAddress(
  address: string,
  deps: AddressReading,
): Promise<IndexedPerson | undefined> {
  const people = (await deps.store.index.findByAddress(address)).filter((person) => person.kind === 'atlassian');
  const [only] = people;
  if (only === undefined || people.length > 1) return undefined;
  return (await deps.store.people.findByAccount(only.accountId)) === undefined ? only : undefined;
}

/**
 * Whether an address is one of an identity provider's connection test (`TEST_ADDRESSES`): the person is then answered
 * from the record alone, invited by nobody and looked for nowhere. Not so where the index shows an account with access:
 * somebody real must be able to lose it.
 */
export async function isTestAddress(
  address: string,
  deps: AddressReading & Pick<Dependencies, 'settings'>,
): Promise<boolean> {
  if (!deps.settings.testAddresses.some((pattern) => matchesPattern(pattern, address))) return false;
  return (await accountByVisibleAddress(address, deps)) === undefined;
}

/** As {@link accountByVisibleAddress}, after a scan made now unless the index shows the account already. */
export async function accountAfterScan(
  address: string,
  deps: Dependencies,
  call: Call,
): Promise<IndexedPerson | undefined> {
  await deps.roster.ready(call);
  const known = await accountByVisibleAddress(address, deps);
  if (known !== undefined) return known;
  await deps.roster.scan(call);
  return accountByVisibleAddress(address, deps);
}

/**
 * Links the account of a person recorded without one, if there is one by now (rule US5): by the back end's look-up, else,
 * where the address has access, by a visible exact address.
 *
 * @returns the link with its account, or undefined when there is none to take access from
 * @throws Failure `refused` that names `link` when there is access but no telling whose, or no telling whether
 */
export async function attachIfPresent(
  link: PersonLink,
  deps: Dependencies,
  call: Call,
): Promise<PersonLink | undefined> {
  if (link.address === undefined || (await isTestAddress(link.address, deps))) return undefined;
  const match = await deps.directory.findByEmail(link.address, call);
  if (match.kind === 'several') throw severalAccounts();
  if (match.kind === 'one') {
    return attachUnlessTaken(link, match.accountId, deps, call);
  }
  // The organization knows every address; to Jira and Confluence people may hide theirs.
  if (deps.directory.backEnd === 'organization' || !(await mayHaveAccess(link.address, deps, call))) return undefined;
  const person = await accountAfterScan(link.address, deps, call);
  if (person === undefined) throw needsLink();
  return attachUnlessTaken(link, person.accountId, deps, call);
}

/** @returns undefined for an account that another record holds: that is the other one's to give and to take */
function attachUnlessTaken(
  link: PersonLink,
  accountId: string,
  deps: Dependencies,
  call: Call,
): Promise<PersonLink | undefined> {
  return holdingAccount(accountId, deps, call, async (held) => {
    const isTaken = (await deps.store.people.findByAccount(accountId)) !== undefined;
    return isTaken ? undefined : attach(link, accountId, 'US5', deps, held);
  });
}

/** An address that Atlassian does not accept decides nothing: never 400, at which an identity provider would give up. */
async function mayHaveAccess(address: string, deps: Dependencies, call: Call): Promise<boolean> {
  try {
    return await deps.directory.hasAccess(address, call);
  } catch (error) {
    const failure = Failure.from(error);
    if (failure.kind !== 'invalid') throw failure;
    throw new Failure(
      'refused',
      'Atlassian does not accept this e-mail address and does not say whether it has access. Correct the address of the user, or have the operator connect its account with: confluence-scim-bridge link EMAIL ACCOUNT, then send it again.',
      { cause: failure, ...(failure.upstream === undefined ? {} : { upstream: failure.upstream }) },
    );
  }
}

export function needsLink(): Failure {
  return new Failure(
    'refused',
    'This address has access to Confluence, but Atlassian hides which account it belongs to. Have the operator connect them with: confluence-scim-bridge link EMAIL ACCOUNT, then send it again.',
  );
}

export function severalAccounts(): Failure {
  return new Failure(
    'refused',
    'Atlassian knows several accounts with this address. Have the operator name the right one with: confluence-scim-bridge link EMAIL ACCOUNT, then send it again.',
  );
}

/**
 * Waits for messages about an account under its own id, which hold that lock alone until a record has the account. Inside
 * the lock of the record's person, never around it.
 */
export function holdingAccount<T>(
  accountId: string,
  deps: Pick<Dependencies, 'store'>,
  call: Call,
  work: (held: Call) => Promise<T>,
): Promise<T> {
  return deps.store.locks.withLock(`person:${accountId}`, call, work);
}

/** Connects a pending person with an account; a pending invitation ends. Holds the locks of both. */
export async function attach(
  link: PersonLink,
  accountId: string,
  decision: string,
  deps: Dependencies,
  call: Call,
): Promise<PersonLink> {
  const now = new Date(deps.clock.now()).toISOString();
  await deps.store.transaction(async (records) => {
    await records.people.update(link.id, { accountId, invitedAt: undefined, modifiedAt: now });
    // Until now the account was a user of its own, whom an identity provider may have put into groups. What is owed to it
    // goes along and stays owed: its group may be one that only a plan has so far.
    await records.membershipOwners.move(accountId, link.id);
    await records.holds.move(accountId, link.id);
    if (link.address !== undefined) await records.intents.end('invite', link.address);
    await audit(records, deps, call, {
      event: 'user.linked',
      subject: link.id,
      object: accountId,
      decision,
      result: 'done',
    });
  });
  return { ...link, accountId, invitedAt: undefined, modifiedAt: now };
}
