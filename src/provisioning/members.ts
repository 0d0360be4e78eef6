import { isProtected, readMemberships } from './access.js';
import type { Call } from './call.js';
import type { Access, Dependencies } from './dependencies.js';
import { Failure } from './failure.js';
import { isPlausibleId } from './groupNames.js';
import type { PersonLink, Records } from './store.js';
import { nextTurn } from './turns.js';

/** A SCIM User as a member of groups. */
export interface Member {
  /** SCIM id. */
  readonly id: string;
  /** Undefined while an invitation is pending. */
  readonly accountId: string | undefined;
  readonly link: PersonLink | undefined;
}

/** Ids of one query; far below what a database takes. */
const IDS_PER_QUERY = 1000;
/** Atlassian takes at most 250 ids a call. */
const MOST_ACCOUNTS = 250;
/** Newcomers whose groups are read one by one; more of them than this wait for the index. */
const MOST_NEWCOMERS = 20;
const MOST_NAMED = 5;

/**
 * Those of these ids that are SCIM Users (rule ID2), from links and index alone. Until the first scan is done, an id
 * that neither knows waits for it.
 */
export async function findMembers(
  ids: readonly string[],
  deps: Dependencies,
  call: Call,
): Promise<Map<string, Member>> {
  const found = await knownMembers(ids, deps);
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length === 0) return found;
  await deps.roster.ready(call);
  return new Map([...found, ...(await indexedMembers(missing, deps))]);
}

/**
 * All of these ids as members (rule GR4). Ids that neither links nor index know cost one `users-bulk`, and those that
 * exist one `memberof` each: people who joined Confluence since the last scan.
 *
 * @throws Failure `invalid` that names ids of nobody, apps, or people without access to Confluence
 */
export async function assertMembersKnown(
  ids: readonly string[],
  deps: Dependencies,
  access: Access,
  call: Call,
): Promise<ReadonlyMap<string, Member>> {
  const known = await knownMembers(ids, deps);
  let missing = ids.filter((id) => !known.has(id));
  if (missing.length === 0) return known;
  const accounts = new Set(await existingAccounts(missing, deps, call));
  if (accounts.size > MOST_NEWCOMERS) {
    await deps.roster.ready(call);
    for (const [id, member] of await indexedMembers([...accounts], deps)) {
      known.set(id, member);
      accounts.delete(id);
    }
  }
  await Promise.all(
    [...accounts].slice(0, MOST_NEWCOMERS).map(async (accountId) => {
      const { shown } = await readMemberships(accountId, deps, access, call);
      if ([...shown].some((groupId) => access.granting.has(groupId))) {
        known.set(accountId, { id: accountId, accountId, link: undefined });
      }
    }),
  );
  missing = missing.filter((id) => !known.has(id));
  if (missing.length === 0) return known;
  throw unknownMembers(missing);
}

/** Those of these ids that are SCIM Users, from links and the index as it is now. */
export async function knownMembers(ids: readonly string[], deps: Dependencies): Promise<Map<string, Member>> {
  const links = await inBulk(ids, (some) => deps.store.people.findByIds(some));
  const known = new Map(links.map((link) => [link.id, memberOf(link)]));
  const rest = ids.filter((id) => !known.has(id));
  return new Map([...known, ...(await indexedMembers(rest, deps))]);
}

/** People of the index with access. An account that belongs to a link is known under the link's id only. */
async function indexedMembers(accountIds: readonly string[], deps: Dependencies): Promise<Map<string, Member>> {
  const people = await inBulk(accountIds, (some) => deps.store.index.people(some));
  const withAccess = people.filter((person) => person.kind === 'atlassian' && person.grantingGroupIds.length > 0);
  const linked = await inBulk(
    withAccess.map((person) => person.accountId),
    (some) => deps.store.people.findByAccounts(some),
  );
  const taken = new Set(linked.map((link) => link.accountId));
  const members = new Map<string, Member>();
  for (const { accountId } of withAccess) {
    if (!taken.has(accountId)) members.set(accountId, { id: accountId, accountId, link: undefined });
  }
  return members;
}

async function existingAccounts(ids: readonly string[], deps: Dependencies, call: Call): Promise<string[]> {
  const candidates = ids.filter(isPlausibleId).slice(0, MOST_ACCOUNTS);
  const linked = await inBulk(candidates, (some) => deps.store.people.findByAccounts(some));
  const taken = new Set(linked.map((link) => link.accountId));
  const unlinked = candidates.filter((id) => !taken.has(id));
  if (unlinked.length === 0) return [];
  const accounts = await deps.directory.listAccounts(unlinked, call);
  return accounts.filter((account) => account.accountType === 'atlassian').map((account) => account.accountId);
}

/** The answer to a message that would add ids of nobody (rule GR4). */
export function unknownMembers(ids: readonly string[]): Failure {
  const named = ids.slice(0, MOST_NAMED).map((id) => JSON.stringify(id.slice(0, 64)));
  const more = ids.length > MOST_NAMED ? ` and ${String(ids.length - MOST_NAMED)} more` : '';
  return new Failure(
    'invalid',
    `members names ${named.join(', ')}${more}, which is no user's id. Create or assign the people first, then send the id that /Users answered.`,
  );
}

/**
 * Maps accounts to the SCIM Users they are; apps, customers, guests and people without access are nobody (rule ID2).
 *
 * @param isGranting whether all of them are members of one granting group, which makes every person a SCIM User
 * @returns members by account id
 */
export async function membersOfAccounts(
  accounts: readonly { readonly accountId: string; readonly isPerson: boolean }[],
  isGranting: boolean,
  deps: Dependencies,
  call: Call,
): Promise<Map<string, Member>> {
  const ids = accounts.map((account) => account.accountId);
  const links = await inBulk(ids, (some) => deps.store.people.findByAccounts(some));
  const members = new Map<string, Member>();
  for (const link of links) if (link.accountId !== undefined) members.set(link.accountId, memberOf(link));
  const unlinked = accounts.flatMap(({ accountId, isPerson }) =>
    isPerson && !members.has(accountId) ? [accountId] : [],
  );
  if (unlinked.length === 0) return members;
  if (isGranting) {
    for (const accountId of unlinked) members.set(accountId, { id: accountId, accountId, link: undefined });
    return members;
  }
  // Whoever the index lacks would be left out, so it has to be there (rule SA2).
  await deps.roster.ready(call);
  return new Map([...members, ...(await indexedMembers(unlinked, deps))]);
}

/** People by SCIM id; one without a link is known by the account id alone. */
export async function membersById(ids: readonly string[], deps: Dependencies): Promise<Map<string, Member>> {
  const links = new Map(
    (await inBulk(ids, (some) => deps.store.people.findByIds(some))).map((link) => [link.id, link]),
  );
  return new Map(
    ids.map((id) => {
      const link = links.get(id);
      return [id, link === undefined ? { id, accountId: id, link } : memberOf(link)];
    }),
  );
}

/** Says which members SCIM never changes (rule SA8): by id, and by every address of theirs that is recorded or visible. */
export async function protectionOf(
  deps: Pick<Dependencies, 'settings' | 'ownAccountId'> & { readonly store: Pick<Records, 'index'> },
): Promise<(member: Member) => boolean> {
  const byVisibleAddress = new Set<string>();
  for (const entry of deps.settings.protectedUsers.filter((user) => user.includes('@'))) {
    for (const person of await deps.store.index.findByAddress(entry)) byVisibleAddress.add(person.accountId);
  }
  return ({ accountId, link }) =>
    (accountId !== undefined && byVisibleAddress.has(accountId)) ||
    isProtected({ accountId, addresses: link === undefined ? [] : addressesOf(link) }, deps);
}

function addressesOf(link: PersonLink): (string | undefined)[] {
  const { emails } = link.profile;
  const supplied = (Array.isArray(emails) ? emails : []).map((email: unknown) =>
    typeof email === 'object' && email !== null && 'value' in email && typeof email.value === 'string'
      ? email.value
      : undefined,
  );
  return [link.address, link.userName, ...supplied];
}

function memberOf(link: PersonLink): Member {
  return { id: link.id, accountId: link.accountId, link };
}

/** Reads by ids, as many at a time as one query takes, in turns with whatever else the process has to do. */
export async function inBulk<T>(
  ids: readonly string[],
  read: (ids: readonly string[]) => Promise<readonly T[]>,
): Promise<T[]> {
  const rows: T[] = [];
  for (let start = 0; start < ids.length; start += IDS_PER_QUERY) {
    // An embedded database answers at once: without a turn between them, a hundred queries would be one.
    if (start > 0) await nextTurn();
    rows.push(...(await read(ids.slice(start, start + IDS_PER_QUERY))));
  }
  return rows;
}
