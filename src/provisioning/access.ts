import { isExactName, matchesPattern } from '../patterns.js';
import type { Call } from './call.js';
import { type Access, type Dependencies, OWN_WRITE_MS, type Settings } from './dependencies.js';
import type { UpstreamGroup } from './directory.js';
import { Failure } from './failure.js';
import type { IndexedGroup } from './indexRecords.js';
import { givesRights, type Role, sayRole } from './roles.js';
import type { GroupLink, Records } from './store.js';

/** A group that gives plain user access and no rights beyond it (rule US8 gives back only these). */
export function isPlainAccess(group: IndexedGroup): boolean {
  return group.accessTypes.includes('user') && !grantsRights(group);
}

function grantsRights(group: IndexedGroup): boolean {
  return group.accessTypes.includes('admin') || group.accessTypes.includes('site-admin');
}

/**
 * Where new people go: the first access group (rule SA1).
 *
 * @throws Failure `misconfigured`, the trouble with the access groups where there is one
 */
export function firstAccessGroup(access: Access): IndexedGroup {
  const [first] = access.accessGroups;
  if (first !== undefined && access.trouble === undefined) return first;
  throw (
    access.trouble ??
    new Failure(
      'misconfigured',
      'No group that grants Confluence access is known. Ask the operator of the bridge to set CONFLUENCE_ACCESS_GROUPS.',
    )
  );
}

/**
 * Whether SCIM may change this group (rule GR1), decided from what is known, before any upstream call.
 *
 * @throws Failure `forbidden` with the setting or the way that helps
 */
export function assertWritableGroup(
  group: UpstreamGroup,
  link: GroupLink | undefined,
  access: Access,
  settings: Settings,
): void {
  const called = `Group "${link?.displayName ?? group.name}"`;
  if (group.managedBy !== undefined && group.managedBy !== 'ADMINS') {
    throw new Failure(
      'forbidden',
      `${called} is managed outside Confluence (${group.managedBy}). Change it where it is managed.`,
    );
  }
  if (group.usageType !== undefined && group.usageType !== 'USERBASE_GROUP') {
    throw new Failure(
      'forbidden',
      `${called} is a system or team group that Atlassian manages itself. Push another group.`,
    );
  }
  const granting = access.granting.get(group.id);
  const roles = access.roles.get(group.id);
  if ((granting !== undefined && grantsRights(granting)) || givesRights(roles ?? [])) {
    throw new Failure(
      'forbidden',
      `${called} grants administration rights and is never changed by SCIM. Change it in Atlassian administration.`,
    );
  }
  const byExactName = settings.adoptGroups.some((name) => isExactName(name) && matchesPattern(name, group.name));
  if (granting !== undefined && !byExactName) {
    throw new Failure(
      'forbidden',
      `${called} grants access to Confluence. Assign people to the application instead, or have the operator name the group exactly in ADOPT_GROUPS.`,
    );
  }
  if (link?.origin === 'created' && !link.isReleased) return;
  const byPattern = settings.adoptGroups.some((pattern) => matchesPattern(pattern, group.name));
  const privilege = byPattern ? privilegeOf(group.name, roles, settings) : undefined;
  if (byExactName || (byPattern && privilege === undefined)) return;
  throw new Failure(
    'forbidden',
    privilege !== undefined
      ? `${called} ${privilege}. Have the operator name it exactly in ADOPT_GROUPS.`
      : `${called} was not created through this bridge. Have the operator name it in ADOPT_GROUPS, or push a group of another name.`,
  );
}

/**
 * Why a group is not for a pattern of `ADOPT_GROUPS` to reach: it gives something by its role assignments or, where these
 * are not known, by its name. Patterns that the operator chose hold in any case.
 */
function privilegeOf(name: string, roles: readonly Role[] | undefined, settings: Settings): string | undefined {
  if (roles !== undefined && roles.length > 0) return `gives more than membership (${roles.map(sayRole).join(', ')})`;
  if (roles !== undefined && settings.guessesPrivileged) return undefined;
  const isPrivileged = settings.privilegedGroups.some((pattern) => matchesPattern(pattern, name));
  return isPrivileged ? 'has a privileged name (PRIVILEGED_GROUPS)' : undefined;
}

/**
 * Refuses any change of a protected person (rule SA8): the credential's own account and `PROTECTED_USERS`.
 *
 * @param addresses every address known for the person
 * @throws Failure `forbidden`
 */
export function assertNotProtected(
  person: { accountId: string | undefined; addresses: readonly (string | undefined)[] },
  deps: Pick<Dependencies, 'settings' | 'ownAccountId'>,
): void {
  if (!isProtected(person, deps)) return;
  throw new Failure(
    'forbidden',
    'This person is protected and is never changed by SCIM. Take the person out of the assignment, or have the operator change PROTECTED_USERS.',
  );
}

export function isProtected(
  person: { accountId: string | undefined; addresses: readonly (string | undefined)[] },
  deps: Pick<Dependencies, 'settings' | 'ownAccountId'>,
): boolean {
  const { accountId } = person;
  if (accountId !== undefined && accountId === deps.ownAccountId()) return true;
  const entries = deps.settings.protectedUsers.map((entry) => entry.toLowerCase());
  if (accountId !== undefined && entries.includes(accountId.toLowerCase())) return true;
  return person.addresses.some((address) => address !== undefined && entries.includes(address.toLowerCase()));
}

/**
 * What an account is in: one `memberof` read, and our own writes of the last ten minutes over it (rule US2). An empty
 * read is believed only after a control read in the same request (rule SA2).
 */
export interface Memberships {
  /** As Atlassian showed it. */
  readonly read: ReadonlySet<string>;
  /** As answered: own writes beat the lagging read. */
  readonly shown: ReadonlySet<string>;
  /** What the read or an own write shows, confirmed or not: what a removal has to cover. */
  readonly possible: ReadonlySet<string>;
  readonly names: ReadonlyMap<string, string>;
}

/** What reading somebody's memberships takes; nothing of it writes. */
export type MembershipReading = Pick<Dependencies, 'directory' | 'clock'> & { readonly store: Pick<Records, 'writes'> };

/** @param purpose `giving`: an empty read only leads to additions, whose success proves the rights; no control read */
export async function readMemberships(
  accountId: string,
  deps: MembershipReading,
  access: Access,
  call: Call,
  purpose: 'judging' | 'giving' = 'judging',
): Promise<Memberships> {
  const groups = await membershipsOrNone(accountId, deps, call);
  if (groups.length === 0 && purpose === 'judging') await controlRead(deps, access, call);
  return layOwnWrites(
    accountId,
    groups.map((group) => group.id),
    new Map(groups.map((group) => [group.id, group.name])),
    deps,
  );
}

/** A 404 is as much as an empty list: to be believed after a control read only. */
async function membershipsOrNone(
  accountId: string,
  deps: Pick<Dependencies, 'directory'>,
  call: Call,
): Promise<readonly UpstreamGroup[]> {
  try {
    return await deps.directory.listMemberships(accountId, call);
  } catch (error) {
    if (error instanceof Failure && error.kind === 'notFound') return [];
    throw error;
  }
}

/** Lays our own writes of the last ten minutes over what was read of an account's memberships (rule US2). */
export async function layOwnWrites(
  accountId: string,
  groupIds: readonly string[],
  names: ReadonlyMap<string, string>,
  deps: Pick<MembershipReading, 'clock' | 'store'>,
): Promise<Memberships> {
  const { writes } = deps.store;
  const sinceMs = deps.clock.now() - OWN_WRITE_MS;
  const read = new Set(groupIds);
  const shown = new Set(read);
  const possible = new Set([...read, ...(await writes.attemptsOf(accountId, sinceMs))]);
  for (const [groupId, isMember] of await writes.membershipsOf(accountId, sinceMs)) {
    if (isMember) {
      shown.add(groupId);
      possible.add(groupId);
    } else {
      shown.delete(groupId);
    }
  }
  return { read, shown, possible, names };
}

/** The read shows it and no own write of the last ten minutes says otherwise: adding would only repeat (rule US2). */
export function isSurelyIn(memberships: Memberships, groupId: string): boolean {
  return memberships.read.has(groupId) && memberships.shown.has(groupId);
}

/**
 * Proves that the credential can still see things (rule SA2): the first access group has members or, while it is not
 * clear which one that is, any granting group has. Atlassian answers 404 and empty pages also to a credential that lost
 * its rights.
 *
 * @throws Failure `unavailable` when what it reads is empty, or whatever the read itself fails with
 */
export async function controlRead(deps: Pick<Dependencies, 'directory'>, access: Access, call: Call): Promise<void> {
  const proofs = access.trouble === undefined ? [firstAccessGroup(access)] : access.granting.values();
  for (const { id } of proofs) {
    const page = await deps.directory.listMembers(id, { start: 0, limit: 1, withTotal: false }, call);
    if (page.members.length > 0) return;
  }
  throw new Failure(
    'unavailable',
    'Atlassian shows nobody in the groups that grant access, so its answer is not believed. Send it again later; the operator should run doctor.',
    {
      retryAfterSeconds: 60,
    },
  );
}

/** A confirmed change of one membership, recorded so that it beats lagging reads and moves the index. */
export async function recordMembership(
  records: Records,
  deps: Pick<Dependencies, 'clock'>,
  accountId: string,
  groupId: string,
  isMember: boolean,
): Promise<void> {
  await records.writes.membership(accountId, groupId, isMember, deps.clock.now());
}
