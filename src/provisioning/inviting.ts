import { isProtected, recordMembership } from './access.js';
import { anotherAccount, assertNotSwitchedOff, assertUsableAccount, notOnSite } from './accountStates.js';
import { audit } from './auditing.js';
import type { Call } from './call.js';
import { type Dependencies, OWN_WRITE_MS } from './dependencies.js';
import { Failure } from './failure.js';
import { isTestAddress, severalAccounts } from './invitations.js';

/** Somebody with an account. */
export interface Invitee {
  readonly id: string;
  readonly accountId: string;
}

/**
 * Finds out why Atlassian puts somebody into no group, and takes a person back onto the site who was removed from it
 * (rule US8). Looks whose the address is now and whether the account is switched off, then invites the address into the
 * group, on the organization back end only: three calls at most.
 *
 * @returns whether the invitation gave the group
 * @throws Failure `refused` when the address is somebody else's by now, or the account is switched off; on other back ends
 *   always, with the way out
 */
export async function reinvite(
  person: Invitee & { readonly address?: string | undefined },
  groupId: string,
  refusal: Failure,
  deps: Dependencies,
  call: Call,
): Promise<boolean> {
  const { accountId, address } = person;
  const match = address === undefined ? undefined : await deps.directory.findByEmail(address, call);
  if (match?.kind === 'several') throw severalAccounts();
  if (match?.kind === 'one') {
    if (match.accountId !== accountId) throw anotherAccount();
    const { accountStatus: status, suspended, groupIds } = match;
    assertUsableAccount({ accountId, status, suspended, groupIds }, deps);
  } else {
    await assertNotSwitchedOff(accountId, deps, call);
  }
  if (address === undefined || deps.directory.backEnd !== 'organization' || (await isTestAddress(address, deps))) {
    throw notOnSite(refusal);
  }
  return inviteAs(person, address, groupId, match?.kind === 'one', deps, call);
}

/**
 * Invites an address whose account is known, and insists on that account.
 *
 * @param isNamed Atlassian has just named an account for the address: then another one that is invited was there before,
 *   and nobody can tell what it had
 * @returns whether the invitation gave the group
 * @throws Failure `refused` when Atlassian invites another account: the record stays as it is, and what that account was
 *   given is taken back where it surely had nothing before
 */
export async function inviteAs(
  person: Invitee,
  address: string,
  groupId: string,
  isNamed: boolean,
  deps: Dependencies,
  call: Call,
): Promise<boolean> {
  const before = call.upstream.length;
  const created = await deps.directory.createAccount(address, groupId, call);
  if (created === undefined) return false;
  const { accountId, granted } = created;
  if (accountId === person.accountId) {
    if (granted) await recordGrant(person, groupId, before, deps, call);
    return granted;
  }
  const isNew = !isNamed && (await isUnknown(accountId, groupId, deps));
  if (granted) await recordGrant({ id: accountId, accountId }, groupId, before, deps, call);
  await audit(deps.store, deps, call, {
    event: 'user.anotherInvited',
    subject: person.id,
    object: accountId,
    decision: 'US8',
    result: 'noted',
    note: isNew
      ? 'The address was invited as another account than the one on record, which nobody knew; it is taken out again.'
      : 'The address was invited as another account than the one on record. See in Atlassian administration whether it may keep the access.',
  });
  if (isNew && granted) await takeBack({ id: accountId, accountId }, groupId, deps, call);
  throw anotherAccount();
}

/** Whether nothing here has ever seen the account: whoever is linked, protected or in the group may have a right to it. */
async function isUnknown(accountId: string, groupId: string, deps: Dependencies): Promise<boolean> {
  if (isProtected({ accountId, addresses: [] }, deps)) return false;
  if ((await deps.store.people.findByAccount(accountId)) !== undefined) return false;
  if ((await deps.store.index.person(accountId)) !== undefined) return false;
  const writes = await deps.store.writes.membershipsOf(accountId, deps.clock.now() - OWN_WRITE_MS);
  return !writes.has(groupId);
}

/** A removal that fails is in the audit; the answer is the same, for the person's own access was not given either way. */
async function takeBack(stranger: Invitee, groupId: string, deps: Dependencies, call: Call): Promise<void> {
  const before = call.upstream.length;
  const entry = { event: 'group.memberRemoved', subject: stranger.id, object: groupId, decision: 'US8' } as const;
  try {
    await deps.directory.removeMember(groupId, stranger.accountId, call);
  } catch (error) {
    await audit(deps.store, deps, call, {
      ...entry,
      result: 'failed',
      upstream: call.upstream.slice(before),
      note: Failure.from(error).kind,
    });
    return;
  }
  await deps.store.transaction(async (records) => {
    await recordMembership(records, deps, stranger.accountId, groupId, false);
    await audit(records, deps, call, { ...entry, result: 'done', upstream: call.upstream.slice(before) });
  });
}

/** An invitation that gave a group has made a membership like any other. `before`: how many calls came before it. */
export async function recordGrant(
  person: Invitee,
  groupId: string,
  before: number,
  deps: Dependencies,
  call: Call,
): Promise<void> {
  await deps.store.transaction(async (records) => {
    await recordMembership(records, deps, person.accountId, groupId, true);
    await audit(records, deps, call, {
      event: 'group.memberAdded',
      subject: person.id,
      object: groupId,
      decision: 'US4',
      result: 'done',
      upstream: call.upstream.slice(before),
    });
  });
}
