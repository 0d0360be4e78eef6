import { Refusal } from './errors.js';
import type { Route } from './http.js';
import { pageByCursor, pageOfQuery } from './organizationPages.js';
import { isListed, userNotFound } from './organizationUsers.js';
import type { Site } from './site.js';
import type { AccessType, Group, GroupRole, Person } from './state.js';

const RESOURCES_A_PAGE = 20;

const ROLE_OF: Readonly<Record<AccessType, string>> = {
  user: 'atlassian/user',
  admin: 'atlassian/admin',
  'site-admin': 'atlassian/site-admin',
};

/** A role of a person, and whether a group gave it. */
type HeldRole = GroupRole & { readonly method: 'direct' | 'group_direct' };

/** What groups and people may do by the role assignments of the Organizations API. */
export function organizationRoleRoutes(site: Site): readonly Route[] {
  const { state, options } = site;
  const directory = '/admin/v2/orgs/:orgId/directories/:directoryId';

  const assertReadable = (): void => {
    if (!options.rolesReadable) {
      throw new Refusal(403, 'The organization API key lacks a scope for role assignments.', { code: 'ADMIN-403-3' });
    }
  };

  return [
    {
      operation: 'organization.listGroupRoles',
      method: 'GET',
      path: `${directory}/groups/:groupId/role-assignments`,
      surface: 'organization',
      query: ['cursor', 'limit'],
      isWrite: false,
      answer(request) {
        assertReadable();
        const group = state.groups.get(request.params['groupId'] ?? '');
        if (group === undefined) throw new Refusal(404, 'Group not found', { code: 'ADMIN-404-10' });
        const resources = byResource(rolesOfGroup(site, group));
        return pageByCursor(resources, pageOfQuery(request, RESOURCES_A_PAGE), ([first, ...others]) => ({
          resourceId: first.resourceId,
          resourceOwner: first.resourceOwner,
          defaultRole: null,
          roles: [first, ...others].map(({ role }) => role),
        }));
      },
    },
    {
      operation: 'organization.listUserRoles',
      method: 'GET',
      path: `${directory}/users/:accountId/role-assignments`,
      surface: 'organization',
      query: ['cursor', 'limit', 'directoryIds', 'resourceOwners', 'resourceIds', 'roleIds'],
      isWrite: false,
      answer(request) {
        assertReadable();
        const person = state.people.get(request.params['accountId'] ?? '');
        if (person === undefined || !isListed(person)) throw userNotFound();
        const resources = byResource(rolesOfPerson(site, person));
        return pageByCursor(resources, pageOfQuery(request, RESOURCES_A_PAGE), ([first, ...others]) => ({
          resourceId: first.resourceId,
          resourceOwner: first.resourceOwner,
          roleAssignments: [first, ...others].map(({ role, method }) => ({ role, roleAssignmentMethods: [method] })),
        }));
      },
    },
  ];
}

function rolesOfGroup(site: Site, { grants, otherRoles }: Group): readonly GroupRole[] {
  return [...(grants === undefined ? [] : [placed(site, ROLE_OF[grants])]), ...otherRoles];
}

/** A suspended person holds nothing while suspended. */
function rolesOfPerson(site: Site, { accountId, directRoles, inDirectory, suspended }: Person): readonly HeldRole[] {
  if (!inDirectory || suspended) return [];
  const { state } = site;
  const groups = [...state.actual.groupsOf(accountId)].flatMap((id) => state.groups.get(id) ?? []);
  return [
    ...directRoles.map((role) => ({ ...placed(site, role), method: 'direct' as const })),
    ...groups
      .flatMap((group) => rolesOfGroup(site, group))
      .map((role) => ({ ...role, method: 'group_direct' as const })),
  ];
}

/** A site admin's role is on the site, any other on its Confluence. */
function placed({ confluenceAri, credentials }: Site, role: string): GroupRole {
  return role === ROLE_OF['site-admin']
    ? { resourceId: `ari:cloud:platform::site/${credentials.cloudId}`, resourceOwner: 'platform', role }
    : { resourceId: confluenceAri, resourceOwner: 'confluence', role };
}

function byResource<Role extends GroupRole>(roles: readonly Role[]): readonly (readonly [Role, ...Role[]])[] {
  const resources = new Map<string, [Role, ...Role[]]>();
  for (const role of roles) {
    const known = resources.get(role.resourceId);
    if (known === undefined) resources.set(role.resourceId, [role]);
    else known.push(role);
  }
  return [...resources.values()];
}
