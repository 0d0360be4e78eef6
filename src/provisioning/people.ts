import { readMemberships } from './access.js';
import type { Call } from './call.js';
import type { Access, Dependencies } from './dependencies.js';
import type { UpstreamAccount } from './directory.js';
import { Failure } from './failure.js';
import { isTestAddress } from './invitations.js';
import type { ListedPerson } from './indexRecords.js';
import type { PersonLink } from './store.js';
import type { PersonView } from './views.js';

/** How a person may be looked up (rule ID4). Addresses and userNames compare without regard to case. */
export type PersonKey =
  | { readonly by: 'id'; readonly value: string }
  | { readonly by: 'userName'; readonly value: string }
  | { readonly by: 'address'; readonly value: string }
  | { readonly by: 'externalId'; readonly value: string };

/** Reads people: by id, by what an IdP knows of them, and a page of them. Never changes anything. */
export interface People {
  /**
   * One person, judged against Confluence: `memberof` and `users-bulk` at once, or one of them when `groups` is not wanted.
   *
   * @throws Failure `notFound` when nobody has the id
   */
  get(id: string, call: Call, wants: { groups: boolean }): Promise<PersonView>;
  /** Every person with this key; at most one but for addresses and externalIds, which need not be unique. */
  find(key: PersonKey, call: Call): Promise<readonly PersonView[]>;
  /** Views of a page of a list; details of unlinked people cost one `users-bulk`. `groups` are left out. */
  views(rows: readonly ListedPerson[], call: Call): Promise<readonly PersonView[]>;
}

/** A person's memberships now: as read, or as they are after our own confirmed changes. */
export interface CurrentMemberships {
  readonly access: Access;
  /** Group ids, own writes laid over the read. */
  readonly shown: ReadonlySet<string>;
  readonly names: ReadonlyMap<string, string>;
}

export function createPeople(deps: Dependencies): People {
  return {
    async get(id, call, wants) {
      assertPlausibleId(id);
      const link = await deps.store.people.find(id);
      if (link !== undefined) return linkedView(link, call, wants.groups ? 'complete' : 'access', deps);
      return unlinkedView(id, call, wants.groups, deps);
    },
    async find(key, call) {
      switch (key.by) {
        case 'id': {
          const link = await deps.store.people.find(key.value);
          if (link !== undefined) return [await linkedView(link, call, 'access', deps)];
          return optional(() => unlinkedView(key.value, call, true, deps));
        }
        case 'externalId': {
          const links = await deps.store.people.findByExternalId(call.caller, key.value);
          return Promise.all(links.map((link) => linkedView(link, call, 'access', deps)));
        }
        case 'userName': {
          const link = await deps.store.people.findByUserName(key.value);
          if (link !== undefined) return [await linkedView(link, call, 'access', deps)];
          return findUnlinked(key.value, call, deps);
        }
        case 'address': {
          const links = await deps.store.people.findByAddress(key.value);
          if (links.length > 0) return Promise.all(links.map((link) => linkedView(link, call, 'access', deps)));
          return findUnlinked(key.value, call, deps);
        }
      }
    },
    async views(rows, call) {
      const unlinked = rows.filter((row) => row.link === undefined);
      const accounts = new Map<string, UpstreamAccount>();
      // Atlassian takes at most 250 ids a call; a page of ours is at most 200, a filter's candidates too.
      if (unlinked.length > 0) {
        for (const account of await deps.directory.listAccounts(
          unlinked.map((row) => row.accountId ?? row.id),
          call,
        )) {
          accounts.set(account.accountId, account);
        }
      }
      return rows.map((row) => listedView(row, accounts.get(row.accountId ?? row.id)));
    },
  };
}

/** Ids are opaque; what cannot be one is refused before it reaches a query or an upstream address (rule ID1). */
export function assertPlausibleId(id: string): void {
  if (!/^[\w:.@-]{1,255}$/.test(id)) throw notFound();
}

export function notFound(): Failure {
  return new Failure('notFound', 'No user has this id. Look the person up by userName.');
}

/** A list's row as a view: access by the index. */
export function listedView(row: ListedPerson, account: UpstreamAccount | undefined): PersonView {
  return {
    id: row.id,
    accountId: row.accountId,
    link: row.link,
    externalId: row.externalId,
    account,
    active:
      row.link !== undefined && row.accountId === undefined
        ? row.link.wanted === 'active'
        : row.hasAccess && row.link?.suspended !== true && isUsable(account),
    groups: undefined,
    createdAt: row.link?.createdAt ?? row.firstSeenAt,
    modifiedAt: row.link?.modifiedAt ?? row.firstSeenAt,
  };
}

/** Atlassian calls deactivated accounts inactive and deleted ones closed; an unread account is taken for usable. */
export function isUsable(account: UpstreamAccount | undefined): boolean {
  return account === undefined || (account.accountStatus !== 'inactive' && account.accountStatus !== 'closed');
}

/** `complete` reads the account's status as well as its groups, at once; `access` reads the groups only. */
async function linkedView(
  link: PersonLink,
  call: Call,
  depth: 'complete' | 'access',
  deps: Dependencies,
): Promise<PersonView> {
  const { accountId } = link;
  if (accountId === undefined) return viewOfLink(link, call, undefined, undefined, deps);
  const access = await deps.roster.access(call);
  const [memberships, accounts] = await Promise.all([
    readMemberships(accountId, deps, access, call),
    depth === 'complete' ? deps.directory.listAccounts([accountId], call) : [],
  ]);
  return viewOfLink(link, call, { access, ...memberships }, accounts[0], deps);
}

/**
 * The view of a linked person from what was read or written already; no upstream call.
 *
 * @param current undefined for a person without an account: then being entitled is what counts (rule US5)
 */
export async function viewOfLink(
  link: PersonLink,
  call: Call,
  current: CurrentMemberships | undefined,
  account: UpstreamAccount | undefined,
  deps: Dependencies,
): Promise<PersonView> {
  const isMemberOfGranting = current !== undefined && [...current.shown].some((id) => current.access.granting.has(id));
  const active =
    current === undefined ? link.wanted === 'active' : isMemberOfGranting && isUsable(account) && !link.suspended;
  return {
    id: link.id,
    accountId: link.accountId,
    link,
    externalId: await deps.store.people.externalId(link.id, call.caller),
    account,
    active,
    groups: await groupsOf(link.id, current, deps),
    createdAt: link.createdAt,
    modifiedAt: link.modifiedAt,
  };
}

/**
 * Someone in a granting group whom nobody provisioned through us (rule ID2).
 *
 * @throws Failure `notFound` when the account is not in a granting group, is no person, or does not exist
 */
async function unlinkedView(accountId: string, call: Call, groups: boolean, deps: Dependencies): Promise<PersonView> {
  if (!/^[\w:.@-]{1,255}$/.test(accountId) || accountId.startsWith('inv-')) throw notFound();
  // An account that belongs to a link answers under the link's id only.
  if ((await deps.store.people.findByAccount(accountId)) !== undefined) throw notFound();
  const access = await deps.roster.access(call);
  const row = await deps.store.index.findListed(accountId, call.caller);
  if (row !== undefined && !groups) {
    const [account] = await deps.directory.listAccounts([accountId], call);
    if (account?.accountType === 'atlassian') return listedView(row, account);
  }
  const [memberships, accounts] = await Promise.all([
    readMemberships(accountId, deps, access, call),
    deps.directory.listAccounts([accountId], call),
  ]);
  const account = accounts[0];
  if (account?.accountType !== 'atlassian') throw notFound();
  if (![...memberships.shown].some((id) => access.granting.has(id))) throw notFound();
  const seenAt = row?.firstSeenAt ?? new Date(deps.clock.now()).toISOString();
  return {
    id: accountId,
    accountId,
    link: undefined,
    externalId: undefined,
    account,
    active: isUsable(account),
    groups: await groupsOf(accountId, memberships, deps),
    createdAt: seenAt,
    modifiedAt: seenAt,
  };
}

/** ID4 after the link store: the index where Atlassian shows the address, then the back end's exact look-up. */
async function findUnlinked(address: string, call: Call, deps: Dependencies): Promise<readonly PersonView[]> {
  if (!address.includes('@')) {
    // People whose address Atlassian hides are listed with their account id as userName (rule US1).
    const row = await deps.store.index.findListed(address, call.caller);
    return row === undefined || row.link !== undefined ? [] : optional(() => unlinkedView(row.id, call, true, deps));
  }
  const indexed = (await deps.store.index.findByAddress(address)).filter((person) => person.kind === 'atlassian');
  const [only] = indexed;
  // Several accounts with one address are no match; which one is meant, only the operator can tell.
  if (indexed.length > 1) return [];
  // A linked account is found by what its IdP calls it, not by an address that Atlassian shows (rule ID5).
  if (only !== undefined && (await deps.store.people.findByAccount(only.accountId)) === undefined) {
    const found = await optional(() => unlinkedView(only.accountId, call, true, deps));
    if (found.length > 0) return found;
  }
  if (await isTestAddress(address, deps)) return [];
  const match = await deps.directory.findByEmail(address, call);
  if (match.kind === 'cannotTell') {
    await deps.roster.ready(call);
    return [];
  }
  if (match.kind !== 'one' || (await deps.store.people.findByAccount(match.accountId)) !== undefined) return [];
  if (match.groupIds !== undefined) {
    const access = await deps.roster.access(call);
    if (!match.groupIds.some((id) => access.granting.has(id))) return [];
  }
  const found = await optional(() => unlinkedView(match.accountId, call, true, deps));
  // Confluence hides the address; the back end has just said whose it is, and the caller knows it already.
  return found.map(({ account, ...view }) => ({ ...view, account: account && { ...account, email: address } }));
}

/** No match is an empty list; any other failure stays a failure (rule SA2). */
async function optional(read: () => Promise<PersonView>): Promise<readonly PersonView[]> {
  try {
    return [await read()];
  } catch (error) {
    if (error instanceof Failure && error.kind === 'notFound') return [];
    throw error;
  }
}

/**
 * The groups to show for a person: what Confluence shows with our own writes over it, and the memberships kept here
 * because Confluence cannot show them (owed, or remembered in a group the bridge manages). Released groups are left out.
 */
async function groupsOf(
  id: string,
  memberships: Pick<CurrentMemberships, 'shown' | 'names'> | undefined,
  deps: Dependencies,
): Promise<readonly { id: string; displayName: string }[]> {
  const ids = new Set(memberships?.shown ?? []);
  for (const hold of await deps.store.holds.ofPerson(id)) {
    if (hold.kind !== 'remembered' || (await deps.store.groups.find(hold.groupId)) !== undefined) ids.add(hold.groupId);
  }
  const groups: { id: string; displayName: string }[] = [];
  for (const groupId of ids) {
    const link = await deps.store.groups.find(groupId);
    if (link?.isReleased === true) continue;
    const name = link?.displayName ?? memberships?.names.get(groupId) ?? (await deps.store.index.group(groupId))?.name;
    // A group that nobody knows by name any more was deleted; its membership says nothing.
    if (name !== undefined) groups.push({ id: groupId, displayName: name });
  }
  return groups.sort((a, b) => a.displayName.localeCompare(b.displayName) || a.id.localeCompare(b.id));
}
