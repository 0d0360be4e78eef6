import { isProtected, layOwnWrites, readMemberships } from '../provisioning/access.js';
import { assertAllowedDomain } from '../provisioning/accounts.js';
import { assertUsableAccount, type LocatedAccount } from '../provisioning/accountStates.js';
import type { Call } from '../provisioning/call.js';
import { Failure } from '../provisioning/failure.js';
import { isPlausibleId } from '../provisioning/groupNames.js';
import { isTestAddress } from '../provisioning/invitations.js';
import type { PersonLink } from '../provisioning/store.js';
import type { PersonLine, PersonOutcome } from './lines.js';
import type { AdoptionParts } from './parts.js';

/** As a mail system has them at most. */
const ADDRESS = /^[^\s@\p{Cc}]{1,64}@[^\s@\p{Cc}]{1,255}$/u;

/** Accounts by visible address, where the back end cannot be asked for an address. */
export type Visible = ReadonlyMap<string, readonly string[]>;

/**
 * What a first contact would do about an address or id, decided in the order in which the bridge decides (rules US4, US6,
 * ID4): by id, then by exact address, never by name. At most three upstream calls, all of them reads.
 *
 * @param who in lower case when it is an address
 * @throws Failure when something could not be read
 */
export async function judgePerson(who: string, visible: Visible, parts: AdoptionParts): Promise<PersonLine> {
  const call = parts.call();
  if (!who.includes('@')) return judgeId(who, parts, call);
  const asked = personLine(who, 'notAnAddress');
  if (!ADDRESS.test(who)) return asked;
  if (isProtected({ accountId: undefined, addresses: [who] }, parts)) return { ...asked, outcome: 'protected' };
  const named = await parts.store.people.findByUserName(who);
  if (named !== undefined) return linkedLine(who, named);
  if (!isAllowed(who, parts)) return { ...asked, outcome: 'domainNotAllowed' };
  if (await isTestAddress(who, parts)) return { ...asked, outcome: 'connectionTest' };
  const found = await locate(who, visible, parts, call);
  const record = await recordOf(who, found, parts);
  if (record !== undefined) return linkedLine(who, record);
  return typeof found === 'string' ? { ...asked, outcome: found } : judgeAccount(who, found, parts, call);
}

export function personLine(who: string | undefined, outcome: PersonOutcome): PersonLine {
  return { kind: 'person', who, accountId: undefined, outcome, hasAccess: undefined, groups: [], user: undefined };
}

function linkedLine(who: string | undefined, { id, accountId, owner, wanted }: PersonLink): PersonLine {
  return { ...personLine(who, 'linked'), accountId, user: { id, owner, wanted } };
}

/** A user's id or an account id. Only somebody with access is a user without a record (rule ID2). */
async function judgeId(id: string, parts: AdoptionParts, call: Call): Promise<PersonLine> {
  const { people } = parts.store;
  const nobody = personLine(id, 'nobody');
  if (!isPlausibleId(id)) return nobody;
  const record = (await people.find(id)) ?? (await people.findByAccount(id));
  if (record !== undefined) return linkedLine(id, record);
  const [account] = await parts.directory.listAccounts([id], call);
  if (account?.accountType !== 'atlassian') return nobody;
  const located = { accountId: id, status: account.accountStatus, suspended: false, groupIds: undefined };
  if (isProtected({ accountId: id, addresses: [account.email] }, parts)) {
    return { ...nobody, accountId: id, outcome: 'protected' };
  }
  const line = await judgeAccount(id, located, parts, call);
  return line.outcome === 'givenAccess' ? { ...line, outcome: 'nobody' } : line;
}

/** The account of an address, or what there is to say where there is none. */
async function locate(
  address: string,
  visible: Visible,
  parts: AdoptionParts,
  call: Call,
): Promise<LocatedAccount | 'severalAccounts' | 'created' | 'invited' | 'hidden' | 'notAnAddress'> {
  const match = await parts.directory.findByEmail(address, call);
  if (match.kind === 'one') {
    const { accountId, accountStatus: status, suspended, groupIds } = match;
    return { accountId, status, suspended, groupIds };
  }
  if (match.kind === 'several') return 'severalAccounts';
  if (match.kind === 'none') return 'created';
  const [accountId, another] = visible.get(address) ?? [];
  if (another !== undefined) return 'severalAccounts';
  if (accountId !== undefined) return { accountId, status: 'unknown', suspended: false, groupIds: undefined };
  try {
    return (await parts.directory.hasAccess(address, call)) ? 'hidden' : 'invited';
  } catch (error) {
    if (Failure.from(error).kind === 'invalid') return 'notAnAddress';
    throw error;
  }
}

/** The record that would be found by the account or, where none is named, by the address (rule US6). */
async function recordOf(
  address: string,
  found: LocatedAccount | string,
  { store, directory }: AdoptionParts,
): Promise<PersonLink | undefined> {
  const byAccount = typeof found === 'string' ? undefined : await store.people.findByAccount(found.accountId);
  if (byAccount !== undefined) return byAccount;
  const mayBeHidden = typeof found === 'string' && directory.backEnd !== 'organization';
  const records = await store.people.findByAddress(address);
  if (found === 'severalAccounts') {
    // Of several accounts the linked one is meant, if it is one (rule ID4).
    const [linked, another] = records.filter(({ accountId }) => accountId !== undefined);
    if (linked !== undefined && another === undefined) return linked;
  }
  return records.find((link) => link.address === address && (mayBeHidden || link.accountId === undefined));
}

async function judgeAccount(
  who: string,
  located: LocatedAccount,
  parts: AdoptionParts,
  call: Call,
): Promise<PersonLine> {
  const { accountId, groupIds } = located;
  const line = { ...personLine(who, 'unusable'), accountId };
  if (isProtected({ accountId, addresses: [] }, parts)) return { ...line, outcome: 'protected' };
  if (!isUsable(located, parts)) return line;
  const { shown, names } =
    groupIds === undefined
      ? await readMemberships(accountId, parts, parts.access, call)
      : await layOwnWrites(accountId, groupIds, new Map(), parts);
  const hasAccess = [...shown].some((id) => parts.access.granting.has(id)) && !located.suspended;
  return {
    ...line,
    outcome: hasAccess ? 'adopted' : 'givenAccess',
    hasAccess,
    groups: await managedGroups(shown, names, parts),
  };
}

async function managedGroups(
  ids: ReadonlySet<string>,
  names: ReadonlyMap<string, string>,
  { store }: AdoptionParts,
): Promise<string[]> {
  const managed: string[] = [];
  for (const id of ids) {
    const link = await store.groups.find(id);
    if (link !== undefined && !link.isReleased) managed.push(names.get(id) ?? link.displayName);
  }
  return managed;
}

function isAllowed(address: string, parts: AdoptionParts): boolean {
  return succeeds(() => assertAllowedDomain(address, parts));
}

function isUsable(located: LocatedAccount, parts: AdoptionParts): boolean {
  return succeeds(() => assertUsableAccount(located, parts));
}

function succeeds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}
