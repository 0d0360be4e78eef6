import { Refusal } from './errors.js';
import { bodyWith, isText, type Route, type SandboxRequest } from './http.js';
import { BAD_BODY, pageByCursor, pageOfQuery, searchOf } from './organizationPages.js';
import type { Site } from './site.js';
import type { Group, Person } from './state.js';

const GROUPS_A_PAGE = 20;
const EXPANDABLE: readonly string[] = ['counts.users', 'counts.resources'];
/** How many values each filter may hold. */
const FILTERS = { groupNames: 100, groupIds: 10, accountIds: 10, directoryIds: 10, expand: EXPANDABLE.length };

/** Groups and memberships of the Organizations API. */
export function organizationGroupRoutes(site: Site): readonly Route[] {
  const { state } = site;
  const groups = '/admin/v2/orgs/:orgId/directories/:directoryId/groups';

  const existing = ({ params }: SandboxRequest): Group => {
    const group = state.groups.get(params['groupId'] ?? '');
    if (group === undefined) throw new Refusal(404, 'Group not found', { code: 'ADMIN-404-10' });
    return group;
  };
  const writable = (request: SandboxRequest): Group => {
    const group = existing(request);
    if (!group.writable) {
      throw new Refusal(403, 'Not allowed to manage the group', { code: 'ADMIN-403-5' });
    }
    return group;
  };
  const directoryUser = (accountId: string): Person => {
    const person = state.people.get(accountId);
    if (person?.inDirectory !== true || person.accountStatus === 'closed') {
      throw new Refusal(404, 'User not found', { code: 'ADMIN-404-8' });
    }
    return person;
  };

  return [
    {
      operation: 'organization.searchGroups',
      method: 'POST',
      path: `${groups}/search`,
      surface: 'organization',
      isWrite: false,
      takesBody: true,
      answer(request) {
        const { page, searchTerm, lists } = searchOf(request, FILTERS, GROUPS_A_PAGE);
        const { groupNames, groupIds, accountIds, directoryIds, expand = [] } = lists;
        if (groupNames !== undefined && (searchTerm !== undefined || groupIds !== undefined)) {
          throw new Refusal(400, 'groupNames excludes searchTerm and groupIds.', { code: BAD_BODY });
        }
        const strange = expand.find((name) => !EXPANDABLE.includes(name));
        if (strange !== undefined) throw new Refusal(400, `'${strange}' cannot be expanded.`, { code: BAD_BODY });

        state.changes.read();
        const names = groupNames?.map((name) => name.toLowerCase());
        const term = searchTerm?.toLowerCase();
        const found = state
          .listGroups()
          .filter(
            ({ id, name }) =>
              (names === undefined || names.includes(name.toLowerCase())) &&
              (term === undefined || name.toLowerCase().includes(term)) &&
              (groupIds === undefined || groupIds.includes(id)) &&
              (accountIds === undefined || accountIds.some((accountId) => state.shown.has(id, accountId))) &&
              (directoryIds === undefined || directoryIds.includes(site.directoryId)),
          );
        return pageByCursor(found, page, (group) => groupJson(site, group, expand));
      },
    },
    {
      operation: 'organization.listGroups',
      method: 'GET',
      path: groups,
      surface: 'organization',
      query: ['cursor', 'limit', 'searchTerm'],
      isWrite: false,
      answer(request) {
        const term = (request.query.get('searchTerm') ?? '').toLowerCase();
        const found = state.listGroups().filter(({ name }) => name.toLowerCase().includes(term));
        return pageByCursor(found, pageOfQuery(request, GROUPS_A_PAGE), (group) => groupJson(site, group, []));
      },
    },
    {
      operation: 'organization.createGroup',
      method: 'POST',
      path: groups,
      surface: 'organization',
      isWrite: true,
      takesBody: true,
      answer(request) {
        const { name, description = '' } = bodyWith(request, ['name', 'description'], BAD_BODY);
        if (!isText(name) || typeof description !== 'string') {
          throw new Refusal(400, 'The name of the group is missing.', { code: BAD_BODY });
        }
        if (state.findGroupByName(name) !== undefined) {
          throw new Refusal(409, 'A group with this name exists already.', { code: 'ADMIN-409-28' });
        }
        state.addGroup({ name, description });
        return { status: 201 };
      },
    },
    {
      operation: 'organization.getGroup',
      method: 'GET',
      path: `${groups}/:groupId`,
      surface: 'organization',
      isWrite: false,
      answer: (request) => ({ status: 200, body: { data: groupJson(site, existing(request), []) } }),
    },
    {
      operation: 'organization.deleteGroup',
      method: 'DELETE',
      path: `${groups}/:groupId`,
      surface: 'organization',
      isWrite: true,
      answer(request) {
        const group = existing(request);
        if (group.grants === 'admin' || group.grants === 'site-admin') {
          throw new Refusal(403, 'The group grants administration', { code: 'ADMIN-403-7' });
        }
        if (group.isDefault) throw new Refusal(403, 'The group is a default group', { code: 'ADMIN-403-6' });
        state.deleteGroup(writable(request).id);
        return { status: 204 };
      },
    },
    {
      operation: 'organization.addMember',
      method: 'POST',
      path: `${groups}/:groupId/memberships`,
      surface: 'organization',
      isWrite: true,
      takesBody: true,
      answer(request) {
        const { accountId } = bodyWith(request, ['accountId'], BAD_BODY);
        if (!isText(accountId)) throw new Refusal(400, 'The accountId is missing.', { code: BAD_BODY });
        const group = writable(request);
        const person = directoryUser(accountId);
        if (state.lacksSeat(group, person)) {
          throw new Refusal(409, 'Product License Limit Exceeded', { code: 'ADMIN-409-3' });
        }
        state.join(group.id, accountId);
        return { status: 204 };
      },
    },
    {
      operation: 'organization.removeMember',
      method: 'DELETE',
      path: `${groups}/:groupId/memberships/:accountId`,
      surface: 'organization',
      isWrite: true,
      answer(request) {
        const group = writable(request);
        const { accountId } = directoryUser(request.params['accountId'] ?? '');
        state.leave(group.id, accountId);
        return { status: 204 };
      },
    },
  ];
}

function groupJson({ state, directoryId }: Site, group: Group, expand: readonly string[]): unknown {
  const { id, name, description, managedBy, writable, isDefault } = group;
  const counts = {
    ...(expand.includes('counts.users') ? { users: state.shown.membersOf(id).size } : {}),
    ...(expand.includes('counts.resources') ? { resources: group.grants === undefined ? 0 : 1 } : {}),
  };
  return {
    id,
    name,
    description,
    directoryId,
    managementAccess: { deletable: writable && !isDefault, modifiable: writable, readable: true },
    externalSynced: managedBy === 'EXTERNAL',
    managedBy: managedBy.toLowerCase(),
    ...(expand.length > 0 ? { counts } : {}),
  };
}
