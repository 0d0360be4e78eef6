import { matchesPattern } from '../patterns.js';
import { assertNotProtected, firstAccessGroup, recordMembership } from './access.js';
import { audit } from './auditing.js';
import type { Call } from './call.js';
import type { Access, Dependencies } from './dependencies.js';
import { assertUsableAccount, type LocatedAccount } from './accountStates.js';
import { Failure } from './failure.js';
import {
  accountAfterScan,
  accountByVisibleAddress,
  attach,
  holdingAccount,
  inviteOnce,
  isTestAddress,
  needsLink,
  severalAccounts,
} from './invitations.js';
import { inviteAs, recordGrant } from './inviting.js';
import { joinGroups } from './joining.js';
import type { PersonLink } from './store.js';

/**
 * The account of an address as the back end sees it (rule ID4, last two steps); one upstream call, none on the invite
 * back end, which knows visible addresses of the index only.
 *
 * @throws Failure `refused` when several accounts have the address and none of them is linked
 */
export async function locateAccount(
  address: string,
  deps: Dependencies,
  call: Call,
): Promise<LocatedAccount | undefined> {
  if (await isTestAddress(address, deps)) return undefined;
  const match = await deps.directory.findByEmail(address, call);
  switch (match.kind) {
    case 'one':
      return {
        accountId: match.accountId,
        status: match.accountStatus,
        suspended: match.suspended,
        groupIds: match.groupIds,
      };
    case 'none':
      return undefined;
    case 'several': {
      const linked = (await deps.store.people.findByAddress(address)).flatMap(({ accountId }) => accountId ?? []);
      const [only] = linked;
      if (only === undefined || linked.length > 1) throw severalAccounts();
      return { accountId: only, status: 'unknown', suspended: false, groupIds: undefined };
    }
    case 'cannotTell': {
      await deps.roster.ready(call);
      const person = await accountByVisibleAddress(address, deps);
      return person === undefined
        ? undefined
        : { accountId: person.accountId, status: 'unknown', suspended: false, groupIds: undefined };
    }
  }
}

/**
 * The account of an address that has access already, on the invite back end, which does not name the accounts of
 * addresses: found by a scan made now.
 *
 * @throws Failure `refused` when there is access under an account nobody can see
 */
export async function accountWithAccess(
  address: string,
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<LocatedAccount | undefined> {
  if (deps.directory.backEnd !== 'invite') return undefined;
  firstAccessGroup(access);
  if (!(await deps.directory.hasAccess(address, call))) return undefined;
  const person = await accountAfterScan(address, deps, call);
  if (person === undefined) throw needsLink();
  return { accountId: person.accountId, status: 'unknown', suspended: false, groupIds: undefined };
}

/**
 * Gives access to an address that has no account on the site, by what the back end can do (rule US4), and holds a seat
 * for it until that is recorded (rule US14).
 *
 * @param recordedId the SCIM id of a person who is recorded already, for the audit
 * @param record what the caller records of it; the account id is undefined when an invitation was sent and the account
 *   will appear later
 * @throws Failure `refused` when no seat is free
 */
export async function giveNewAccess<T>(
  address: string,
  recordedId: string | undefined,
  access: Access,
  deps: Dependencies,
  call: Call,
  record: (accountId: string | undefined) => Promise<T>,
): Promise<T> {
  const newcomer = { accountId: undefined, address };
  if (deps.directory.backEnd !== 'invite') {
    return deps.seats.hold(newcomer, call, async (giving) =>
      record(await giving(() => createWithAccess(address, recordedId, access, deps, call))),
    );
  }
  return deps.seats.hold(newcomer, call, async (giving) => {
    await giving(() => inviteOnce(address, recordedId ?? 'new', deps, call));
    return record(undefined);
  });
}

/** @returns the account id; undefined when the account is still to appear */
async function createWithAccess(
  address: string,
  recordedId: string | undefined,
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<string | undefined> {
  const group = firstAccessGroup(access);
  const before = call.upstream.length;
  const created = await deps.directory.createAccount(address, group.id, call);
  if (created === undefined) return undefined;
  const { accountId, granted } = created;
  await deps.seats.identify(address, accountId);
  if (granted) await recordGrant({ id: recordedId ?? accountId, accountId }, group.id, before, deps, call);
  // A look-up that did not name the account, because its address is hidden, must not open a side door to it.
  await assertUnlinked(accountId, deps);
  assertNotProtected({ accountId, addresses: [] }, deps);
  if (!granted) await joinGroups({ id: recordedId ?? accountId, accountId }, [group.id], 'US4', access, deps, call);
  return accountId;
}

/** The organization's invite also takes in an account that is not in the site's directory; elsewhere the group is joined. */
export async function giveAccess(
  accountId: string,
  address: string,
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<void> {
  const group = firstAccessGroup(access);
  const person = { id: accountId, accountId };
  const invite = (): Promise<boolean> => inviteAs(person, address, group.id, true, deps, call);
  if (deps.directory.backEnd === 'organization') {
    if (await deps.seats.hold({ accountId, address }, call, (giving) => giving(invite))) return;
  }
  await joinGroups(person, [group.id], 'US4', access, deps, call);
}

/**
 * Ends a suspension, and notes the access that came back with it.
 *
 * @param groupIds what the account is in, hidden while it is suspended
 * @throws Failure `refused` when the organization does not have the account in a directory any more: never `notFound`,
 *   which would be about the SCIM User
 */
export async function restoreAccount(
  accountId: string,
  groupIds: Iterable<string>,
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<void> {
  try {
    await deps.directory.restore(accountId, call);
  } catch (error) {
    const failure = Failure.from(error);
    throw failure.kind === 'notFound' ? outsideDirectory(failure) : failure;
  }
  const granting = [...groupIds].filter((groupId) => access.granting.has(groupId));
  await deps.store.transaction(async (records) => {
    for (const groupId of granting) await recordMembership(records, deps, accountId, groupId, true);
  });
}

/** To the organization the account is nobody, whatever Confluence shows of it. */
export function outsideDirectory(cause: Failure): Failure {
  return new Failure(
    'refused',
    'The Atlassian organization does not have this account in a directory any more. Ask an Atlassian organization admin to look at it, then send it again.',
    { cause, ...(cause.upstream === undefined ? {} : { upstream: cause.upstream }) },
  );
}

/** @throws Failure `conflict` when the account is another record's */
async function assertUnlinked(accountId: string, deps: Dependencies): Promise<void> {
  const holder = await deps.store.people.findByAccount(accountId);
  if (holder !== undefined) throw linkedElsewhere(holder.id);
}

/**
 * For a recorded person without an account who is to be active: finds or makes the account and connects it.
 *
 * @returns undefined when the account is still to appear: an invitation is pending, or was sent now; and for the address
 *   of a connection test, which never has one
 */
export async function createMissingAccount(
  link: PersonLink,
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<string | undefined> {
  if (link.address === undefined || link.invitedAt !== undefined) return undefined;
  if (await isTestAddress(link.address, deps)) return undefined;
  const located =
    (await locateAccount(link.address, deps, call)) ?? (await accountWithAccess(link.address, access, deps, call));
  const connect = (accountId: string): Promise<string> =>
    holdingAccount(accountId, deps, call, async (held) => {
      await assertUnlinked(accountId, deps);
      await attach(link, accountId, 'US8', deps, held);
      return accountId;
    });
  if (located !== undefined) {
    assertUsableAccount(located, deps);
    return connect(located.accountId);
  }
  return giveNewAccess(link.address, link.id, access, deps, call, (accountId) =>
    accountId === undefined ? noteInvitation(link, deps, call) : connect(accountId),
  );
}

/** @returns undefined, for the account that is still to appear */
async function noteInvitation(link: PersonLink, deps: Dependencies, call: Call): Promise<undefined> {
  const now = new Date(deps.clock.now()).toISOString();
  await deps.store.transaction(async (records) => {
    await records.people.update(link.id, { invitedAt: now });
    if (link.address !== undefined) await records.intents.end('invite', link.address);
    await audit(records, deps, call, { event: 'user.invited', subject: link.id, decision: 'US8', result: 'done' });
  });
  deps.roster.expectAccount();
  return undefined;
}

function linkedElsewhere(holderId: string): Failure {
  return new Failure(
    'conflict',
    `The account of this address belongs to another user (id ${holderId}). Update that one instead.`,
  );
}

/**
 * @param address undefined for a person whose address nobody told, who can have had access only before
 * @throws Failure `forbidden` for an address that `ALLOWED_EMAIL_DOMAINS` leaves out
 */
export function assertAllowedDomain(address: string | undefined, deps: Pick<Dependencies, 'settings'>): void {
  const domains = deps.settings.allowedEmailDomains;
  if (address === undefined || domains.length === 0) return;
  const own = address.slice(address.lastIndexOf('@') + 1);
  if (domains.some((pattern) => matchesPattern(pattern, own))) return;
  throw new Failure(
    'forbidden',
    'Addresses of this domain may not be given access. Use an address of an allowed domain, or have the operator change ALLOWED_EMAIL_DOMAINS.',
  );
}
