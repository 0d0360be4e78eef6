import { setTimeout as delay } from 'node:timers/promises';

import { groupJson, offsetPage, PAGE_LIMIT, userJson } from './confluenceJson.js';
import { HYSTRIX_MESSAGE, Refusal } from './errors.js';
import {
  bodyWith,
  flag,
  isText,
  requiredParameter,
  wholeNumber,
  type Answer,
  type Route,
  type SandboxRequest,
} from './http.js';
import type { Site } from './site.js';
import type { Group } from './state.js';

const ACCESS_TYPES: readonly string[] = ['user', 'admin', 'site-admin'];
const EXPANDABLE: readonly string[] = ['operations', 'personalSpace', 'isExternalCollaborator'];
const LONGEST_GROUP_NAME = 255;

/** Confluence Cloud REST v1: groups, memberships and single users, under `/wiki/rest/api`. */
export function confluenceV1Routes(site: Site): readonly Route[] {
  const { state, options, admin } = site;

  const groupsPage = (request: SandboxRequest, path: string, groups: readonly Group[], total?: number): Answer =>
    offsetPage(site, request, path, groups, (group) => groupJson(site, group), total);

  const existingGroup = (groupId: string): Group => {
    const group = state.groups.get(groupId);
    if (group === undefined) throw new Refusal(404, `No group found with id: ${groupId}`);
    return group;
  };

  const writableGroup = (groupId: string): Group => {
    const group = existingGroup(groupId);
    if (!group.writable) throw refusedByIdentity(options.lockedGroup, `Group ${groupId} cannot be modified.`);
    return group;
  };

  const checkExpand = ({ query }: SandboxRequest): void => {
    const expansions = query.getAll('expand').flatMap((value) => value.split(','));
    const strange = expansions.find((expansion) => !EXPANDABLE.includes(expansion));
    if (strange !== undefined) throw new Refusal(400, `Unknown expansion: ${strange}`);
  };

  return [
    {
      operation: 'confluence.listGroups',
      method: 'GET',
      path: '/wiki/rest/api/group',
      surface: 'confluence v1',
      query: ['start', 'limit', 'accessType'],
      isWrite: false,
      async answer(request) {
        const accessType = request.query.get('accessType');
        if (accessType !== null && !ACCESS_TYPES.includes(accessType)) {
          throw new Refusal(400, `Invalid accessType: ${accessType}`);
        }
        if (options.groupListDelayMs > 0) {
          await delay(options.groupListDelayMs, undefined, { signal: site.closing }).catch(() => undefined);
        }
        const isAsked = ({ grants, isListed }: Group): boolean =>
          accessType === null || options.ignoresAccessType || (isListed && grants === accessType);
        const groups = state.listGroups().filter(isAsked);
        return groupsPage(request, '/rest/api/group', groups);
      },
    },
    {
      operation: 'confluence.createGroup',
      method: 'POST',
      path: '/wiki/rest/api/group',
      surface: 'confluence v1',
      isWrite: true,
      takesBody: true,
      right: 'site admin',
      answer(request) {
        const { name } = bodyWith(request, ['name']);
        if (!isText(name)) throw new Refusal(400, 'The name of the group is missing.');
        if (name.length > LONGEST_GROUP_NAME || hasControlCharacter(name)) {
          throw new Refusal(400, 'The name of the group is invalid.');
        }
        const { duplicateGroup } = options;
        const holder = duplicateGroup === 'second' ? undefined : state.findGroupByName(name);
        if (holder !== undefined && typeof duplicateGroup === 'number') {
          throw new Refusal(duplicateGroup, `A group with the name '${name}' already exists.`);
        }
        return { status: 201, body: groupJson(site, holder ?? state.addGroup({ name })) };
      },
    },
    {
      operation: 'confluence.getGroup',
      method: 'GET',
      path: '/wiki/rest/api/group/by-id',
      surface: 'confluence v1',
      query: ['id'],
      isWrite: false,
      answer: (request) => ({ status: 200, body: groupJson(site, existingGroup(requiredParameter(request, 'id'))) }),
    },
    {
      operation: 'confluence.deleteGroup',
      method: 'DELETE',
      path: '/wiki/rest/api/group/by-id',
      surface: 'confluence v1',
      query: ['id'],
      isWrite: true,
      right: 'site admin',
      answer(request) {
        const group = writableGroup(requiredParameter(request, 'id'));
        if (group.isDefault) throw new Refusal(403, 'A default group cannot be deleted.');
        state.deleteGroup(group.id);
        return { status: 204 };
      },
    },
    {
      operation: 'confluence.searchGroups',
      method: 'GET',
      path: '/wiki/rest/api/group/picker',
      surface: 'confluence v1',
      query: ['query', 'start', 'limit', 'shouldReturnTotalSize'],
      isWrite: false,
      answer(request) {
        const wanted = requiredParameter(request, 'query').toLowerCase();
        const withTotal = flag(request, 'shouldReturnTotalSize');
        const groups = state.listGroups().filter(({ name }) => name.toLowerCase().includes(wanted));
        return groupsPage(request, '/rest/api/group/picker', groups, withTotal ? groups.length : undefined);
      },
    },
    {
      operation: 'confluence.listMembers',
      method: 'GET',
      path: '/wiki/rest/api/group/:groupId/membersByGroupId',
      surface: 'confluence v1',
      query: ['start', 'limit', 'shouldReturnTotalSize', 'expand'],
      repeatable: ['expand'],
      isWrite: false,
      answer(request) {
        checkExpand(request);
        if (wholeNumber(request, 'limit', PAGE_LIMIT) > PAGE_LIMIT) {
          throw new Refusal(400, `The limit cannot be greater than ${PAGE_LIMIT}.`);
        }
        const groupId = request.params['groupId'] ?? '';
        if (options.unknownGroupMembers === 404) existingGroup(groupId);
        state.changes.read();
        const ids = [...state.shown.membersOf(groupId)];
        const isListed = (id: string): boolean => options.suspendedListed || !state.hidden.has(id);
        const members = ids.filter(isListed).flatMap((id) => state.people.get(id) ?? []);
        const withTotal = flag(request, 'shouldReturnTotalSize');
        const path = `/rest/api/group/${encodeURIComponent(groupId)}/membersByGroupId`;
        return offsetPage(
          site,
          request,
          path,
          members,
          (person) => userJson(site, person),
          withTotal ? ids.length : undefined,
        );
      },
    },
    {
      operation: 'confluence.addMember',
      method: 'POST',
      path: '/wiki/rest/api/group/userByGroupId',
      surface: 'confluence v1',
      query: ['groupId'],
      isWrite: true,
      takesBody: true,
      right: 'site admin',
      answer(request) {
        const groupId = requiredParameter(request, 'groupId');
        const { accountId } = bodyWith(request, ['accountId']);
        if (!isText(accountId)) throw new Refusal(400, 'The accountId is missing.');
        const group = writableGroup(groupId);
        const person = state.people.get(accountId);
        if (person?.inDirectory !== true || person.accountStatus === 'closed') {
          throw refusedByIdentity(options.strangerAdd, `No user of this site has the accountId ${accountId}.`);
        }
        if (state.actual.has(groupId, accountId)) {
          if (options.duplicateAdd < 300) return { status: options.duplicateAdd };
          if (options.duplicateAdd === 500) throw refusedByIdentity('limit', '');
          throw new Refusal(options.duplicateAdd, `Cannot add user. User is already a member of '${group.name}'.`);
        }
        if (state.lacksSeat(group, person)) throw refusedByIdentity('limit', '');
        state.join(groupId, accountId);
        return { status: 201 };
      },
    },
    {
      operation: 'confluence.removeMember',
      method: 'DELETE',
      path: '/wiki/rest/api/group/userByGroupId',
      surface: 'confluence v1',
      query: ['groupId', 'accountId'],
      isWrite: true,
      right: 'site admin',
      answer(request) {
        const groupId = requiredParameter(request, 'groupId');
        const accountId = requiredParameter(request, 'accountId');
        writableGroup(groupId);
        if (!state.people.has(accountId)) throw new Refusal(404, `No user found with accountId: ${accountId}`);
        if (options.strangerRemoval !== 204 && !state.actual.has(groupId, accountId)) {
          throw new Refusal(options.strangerRemoval, `The user is not a member of group ${groupId}.`);
        }
        state.leave(groupId, accountId);
        return { status: 204 };
      },
    },
    {
      operation: 'confluence.getUser',
      method: 'GET',
      path: '/wiki/rest/api/user',
      surface: 'confluence v1',
      query: ['accountId', 'expand'],
      repeatable: ['expand'],
      isWrite: false,
      answer(request) {
        checkExpand(request);
        const accountId = requiredParameter(request, 'accountId');
        const person = state.people.get(accountId);
        if (person === undefined) throw new Refusal(404, `No user found with accountId: ${accountId}`);
        return { status: 200, body: userJson(site, person) };
      },
    },
    {
      operation: 'confluence.getCurrentUser',
      method: 'GET',
      path: '/wiki/rest/api/user/current',
      surface: 'confluence v1',
      query: ['expand'],
      repeatable: ['expand'],
      isWrite: false,
      answer(request) {
        checkExpand(request);
        return { status: 200, body: userJson(site, state.people.get(admin.accountId) ?? admin) };
      },
    },
    {
      operation: 'confluence.listMemberships',
      method: 'GET',
      path: '/wiki/rest/api/user/memberof',
      surface: 'confluence v1',
      query: ['accountId', 'start', 'limit'],
      isWrite: false,
      answer(request) {
        const accountId = requiredParameter(request, 'accountId');
        state.changes.read();
        const answered = state.hidden.has(accountId) ? options.suspendedMemberships : 'shown';
        if (typeof answered === 'number') throw new Refusal(answered, `The groups of ${accountId} cannot be shown.`);
        const ids = answered === 'shown' ? [...state.shown.groupsOf(accountId)] : [];
        const groups = ids.flatMap((id) => state.groups.get(id) ?? []);
        return groupsPage(request, '/rest/api/user/memberof', groups);
      },
    },
  ];
}

/** What Confluence makes of a refusal by the identity platform: a status of its own, or the 500 of a missing seat. */
function refusedByIdentity(answer: 400 | 403 | 404 | 'limit', message: string): Refusal {
  if (answer !== 'limit') return new Refusal(answer, message);
  return new Refusal(500, HYSTRIX_MESSAGE, { body: { statusCode: 500, message: HYSTRIX_MESSAGE } });
}

function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
