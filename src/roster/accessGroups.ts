import { isPlainAccess } from '../provisioning/access.js';
import type { Call, Clock } from '../provisioning/call.js';
import type { Access } from '../provisioning/dependencies.js';
import type { AccessType, Directory, UpstreamGroup } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import type { IndexedGroup } from '../provisioning/indexRecords.js';
import { accessTypesOf, type RolesByGroup } from '../provisioning/roles.js';

const ACCESS_TYPES: readonly AccessType[] = ['user', 'admin', 'site-admin'];

export const NO_ROLES: RolesByGroup = new Map();

/** A group, and under which `accessType`s Confluence lists it. */
interface ListedGroup {
  readonly group: UpstreamGroup;
  readonly accessTypes: readonly AccessType[];
}

/** What Confluence says of the groups that grant access. */
export interface Listing {
  readonly groups: readonly ListedGroup[];
  /** One and the same list for all kinds of access: Atlassian may not have heard that it was asked for a kind. */
  readonly isOneList: boolean;
  /** The configured access groups that Confluence does not list. */
  readonly strangers: readonly UpstreamGroup[];
}

/**
 * Asks Confluence which groups grant access. Three upstream calls at once, and one more for each configured group that is
 * not among them, and for each name of no group.
 *
 * @param configured names, compared without regard to case as Atlassian does
 */
export async function listAccess(directory: Directory, configured: readonly string[], call: Call): Promise<Listing> {
  const answers = await Promise.all(ACCESS_TYPES.map((accessType) => directory.listGrantingGroups(accessType, call)));
  const merged = new Map<string, ListedGroup>();
  for (const [at, accessType] of ACCESS_TYPES.entries()) {
    for (const group of answers[at] ?? []) {
      const accessTypes = new Set(merged.get(group.id)?.accessTypes).add(accessType);
      merged.set(group.id, { group, accessTypes: [...accessTypes] });
    }
  }
  const groups = [...merged.values()];
  const missing = configured.filter((name) => !groups.some(({ group }) => sameName(group.name, name)));
  const found = await Promise.all(missing.map((name) => directory.findGroupByName(name.trim(), call)));
  return { groups, isOneList: isOneList(answers), strangers: found.filter((group) => group !== undefined) };
}

/** What Confluence's list alone says. @throws Failure as `grantingGroups` */
export async function readGrantingGroups(directory: Directory, clock: Clock, call: Call): Promise<IndexedGroup[]> {
  return grantingGroups(await listAccess(directory, [], call), NO_ROLES, clock);
}

/** One group may grant everything on a small site; several that all do are not to be expected. */
function isOneList(answers: readonly (readonly UpstreamGroup[])[]): boolean {
  const lists = answers.map((groups) =>
    groups
      .map(({ id }) => id)
      .sort()
      .join(' '),
  );
  return (answers[0]?.length ?? 0) > 1 && new Set(lists).size === 1;
}

/**
 * All of rule SA1's groups, each with how it grants, by id: those that Confluence lists, those that role assignments name,
 * and the configured ones of which neither says so any more. Whoever leaves has to leave these, too, since they may grant again.
 *
 * @param roles  what is known; a group that is not among them is judged by the list alone
 * @param others groups that Confluence does not list and that role assignments may name
 * @param lately of which groups the roles were read of late: where these decide, a group that grants must not be left out
 *   by what was true long ago
 * @throws Failure `unavailable` when Atlassian gives one and the same list for every kind of access, and role assignments
 *   do not say which of its groups grant what
 */
export function grantingGroups(
  { groups, isOneList, strangers }: Listing,
  roles: RolesByGroup,
  clock: Clock,
  others: readonly UpstreamGroup[] = [],
  lately: ReadonlySet<string> = new Set(roles.keys()),
): IndexedGroup[] {
  if (isOneList && !groups.every(({ group }) => lately.has(group.id))) {
    throw new Failure(
      'unavailable',
      'Atlassian lists the same groups for the use and for the administration of Confluence, so its answer is not believed. ' +
        'Send it again later; the operator should run doctor.',
      { retryAfterSeconds: 60 },
    );
  }
  const firstSeenAt = new Date(clock.now()).toISOString();
  const byRoles = (group: UpstreamGroup): readonly AccessType[] => accessTypesOf(roles.get(group.id) ?? []);
  const granting = new Map<string, IndexedGroup>();
  const add = (group: UpstreamGroup, accessTypes: IndexedGroup['accessTypes']): void => {
    if (accessTypes.length > 0) granting.set(group.id, { ...group, accessTypes, firstSeenAt });
  };
  for (const group of others) add(group, byRoles(group));
  for (const group of strangers) {
    const types = byRoles(group);
    add(group, types.length > 0 ? types : ['configured']);
  }
  for (const { group, accessTypes } of groups) {
    add(group, isOneList ? byRoles(group) : [...new Set([...accessTypes, ...byRoles(group)])]);
  }
  return [...granting.values()];
}

/**
 * Which granting groups people are put into (rule SA1): the configured ones in their order, or the only one there is.
 * Where the configuration and Confluence do not fit, the trouble names the line to set.
 *
 * A group that also grants administration is never one of them, since whoever is provisioned would get those rights.
 *
 * @param granting as `grantingGroups` answers
 * @param configured names, compared without regard to case as Atlassian does
 * @throws Failure `unavailable` when no group grants use at all, which is what a credential without rights is shown
 */
export function resolveAccess(
  granting: readonly IndexedGroup[],
  configured: readonly string[],
  roles: RolesByGroup = NO_ROLES,
): Access {
  const candidates = granting.filter(isPlainAccess);
  if (!granting.some((group) => group.accessTypes.includes('user'))) {
    throw new Failure(
      'unavailable',
      'Atlassian names no group that grants the use of Confluence, so its answer is not believed. ' +
        'The operator of the bridge should check the rights of its credential with the command doctor.',
      { retryAfterSeconds: 60 },
    );
  }
  const choice = configured.length === 0 ? theOnly(candidates) : named(configured, granting, candidates);
  return { granting: new Map(granting.map((group) => [group.id, group])), roles, ...choice };
}

type Choice = Pick<Access, 'accessGroups' | 'trouble'>;

function theOnly(candidates: readonly IndexedGroup[]): Choice {
  if (candidates.length === 1) return { accessGroups: candidates, trouble: undefined };
  if (candidates.length === 0) {
    return unclear(
      'Every group that grants the use of Confluence grants administration, too, and the bridge puts nobody there. ' +
        'Make a group that grants use only, and name it in CONFLUENCE_ACCESS_GROUPS.',
    );
  }
  return unclear(
    `Several groups grant the use of Confluence. Say which are for people who come through the bridge, the first one for new people: ${readyLine(candidates)}`,
  );
}

function named(
  configured: readonly string[],
  granting: readonly IndexedGroup[],
  candidates: readonly IndexedGroup[],
): Choice {
  const found = new Map<string, IndexedGroup>();
  const strangers: string[] = [];
  for (const name of configured) {
    const group = granting.find((one) => sameName(one.name, name));
    if (group === undefined || !group.accessTypes.includes('user')) strangers.push(name);
    else found.set(group.id, group);
  }
  if (strangers.length > 0) {
    return unclear(
      `CONFLUENCE_ACCESS_GROUPS names ${quoted(strangers)}, but Atlassian does not list that among the groups that grant the use of Confluence. ${advice(candidates)}`,
    );
  }
  const accessGroups = [...found.values()];
  const administrators = accessGroups.filter((group) => !isPlainAccess(group));
  if (administrators.length > 0) {
    return unclear(
      `CONFLUENCE_ACCESS_GROUPS names ${quoted(administrators.map((group) => group.name))}, which grants administration, too: everybody who is provisioned would get those rights. ${advice(candidates)}`,
    );
  }
  return { accessGroups, trouble: undefined };
}

function unclear(message: string): Choice {
  return { accessGroups: [], trouble: new Failure('misconfigured', message) };
}

function sameName(left: string, right: string): boolean {
  return left.trim().toLowerCase() === right.trim().toLowerCase();
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

function advice(candidates: readonly IndexedGroup[]): string {
  if (candidates.length === 0) return 'Make a group that grants the use of Confluence only, and name it there.';
  return `Set the names of these that you mean, the first one for new people: ${readyLine(candidates)}`;
}

/** A line for the environment, ready to paste. */
function readyLine(candidates: readonly IndexedGroup[]): string {
  return `CONFLUENCE_ACCESS_GROUPS=${candidates.map((group) => group.name).join(',')}`;
}
