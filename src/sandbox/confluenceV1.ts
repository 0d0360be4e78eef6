import { setTimeout as delay } from 'node:timers/promises';

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
import type { Group, Person } from './state.js';

const ACCESS_TYPES: readonly string[] = ['user', 'admin', 'site-admin'];
const EXPANDABLE: readonly string[] = ['operations', 'personalSpace', 'isExternalCollaborator'];
const LARGEST_MEMBER_PAGE = 200;
const LONGEST_GROUP_NAME = 255;

/** Confluence Cloud REST v1: groups, memberships and single users, under `/wiki/rest/api`. */
export function confluenceV1Routes(site: Site): readonly Route[] {
  const { state, options, admin } = site;

  const groupJson = ({ id, name, usageType, managedBy }: Group): unknown => ({
    type: 'group',
    name,
    id,
    usageType,
    managedBy,
    resourceAri: `ari:cloud:identity::group/${id}`,
    _links: { self: `${site.url()}/wiki/rest/api/group/by-id?id=${id}` },
  });

  const userJson = (person: Person): unknown => ({
    type: 'known',
    accountId: person.accountId,
    accountType: person.accountType === 'customer' ? '' : person.accountType,
    ...emailField(site, person),
    publicName: person.displayName,
    displayName: shownName(site, person),
    timeZone: null,
    isExternalCollaborator: false,
    isGuest: false,
    accountStatus: person.accountStatus,
    locale: 'en_US',
    profilePicture: { path: `/wiki/aa-avatar/${person.accountId}`, width: 48, height: 48, isDefault: true },
    _expandable: { operations: '', personalSpace: '' },
    _links: { self: `${site.url()}/wiki/rest/api/user?accountId=${encodeURIComponent(person.accountId)}` },
  });

  /** One page by offset, with the links Confluence sends. `total` is what the list claims to hold. */
  function page<Item>(
    request: SandboxRequest,
    path: string,
    items: readonly Item[],
    toJson: (item: Item) => unknown,
    total?: number,
  ): Answer {
    const start = wholeNumber(request, 'start', 0);
    const limit = Math.min(wholeNumber(request, 'limit', LARGEST_MEMBER_PAGE), options.maxPageSize);
    const results = items.slice(start, start + limit).map(toJson);
    const nextStart = start + results.length;
    const next = new URLSearchParams(request.query);
    next.set('start', String(nextStart));
    next.set('limit', String(limit));
    return {
      status: 200,
      body: {
        results,
        start,
        limit,
        size: results.length,
        ...(total === undefined ? {} : { totalSize: total }),
        _links: {
          base: `${site.url()}/wiki`,
          context: '/wiki',
          self: `${site.url()}/wiki${path}`,
          ...(results.length > 0 && nextStart < items.length ? { next: `${path}?${next.toString()}` } : {}),
        },
      },
    };
  }

  const existingGroup = (groupId: string): Group => {
    const group = state.groups.get(groupId);
    if (group === undefined) throw new Refusal(404, `No group found with id: ${groupId}`);
    return group;
  };

  const writableGroup = (groupId: string): Group => {
    const group = existingGroup(groupId);
    if (!group.writable) throw new Refusal(403, `Group ${groupId} cannot be modified.`);
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
        const groups = state.listGroups().filter(({ grants }) => accessType === null || grants === accessType);
        return page(request, '/rest/api/group', groups, groupJson);
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
        if (state.findGroupByName(name) !== undefined) {
          throw new Refusal(400, `A group with the name '${name}' already exists.`);
        }
        return { status: 201, body: groupJson(state.addGroup({ name })) };
      },
    },
    {
      operation: 'confluence.getGroup',
      method: 'GET',
      path: '/wiki/rest/api/group/by-id',
      surface: 'confluence v1',
      query: ['id'],
      isWrite: false,
      answer: (request) => ({ status: 200, body: groupJson(existingGroup(requiredParameter(request, 'id'))) }),
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
        return page(request, '/rest/api/group/picker', groups, groupJson, withTotal ? groups.length : undefined);
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
        if (wholeNumber(request, 'limit', LARGEST_MEMBER_PAGE) > LARGEST_MEMBER_PAGE) {
          throw new Refusal(400, `The limit cannot be greater than ${LARGEST_MEMBER_PAGE}.`);
        }
        const groupId = request.params['groupId'] ?? '';
        state.changes.read();
        const ids = [...state.shown.membersOf(groupId)];
        const members = ids.filter((id) => !state.hidden.has(id)).flatMap((id) => state.people.get(id) ?? []);
        const withTotal = flag(request, 'shouldReturnTotalSize');
        const path = `/rest/api/group/${encodeURIComponent(groupId)}/membersByGroupId`;
        return page(request, path, members, userJson, withTotal ? ids.length : undefined);
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
          throw new Refusal(400, `No user of this site has the accountId ${accountId}.`);
        }
        if (state.actual.has(groupId, accountId)) {
          if (options.duplicateAdd === 201) return { status: 201 };
          throw new Refusal(400, `Cannot add user. User is already a member of '${group.name}'.`);
        }
        if (state.lacksSeat(group, person)) {
          throw new Refusal(500, HYSTRIX_MESSAGE, { body: { statusCode: 500, message: HYSTRIX_MESSAGE } });
        }
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
        return { status: 200, body: userJson(person) };
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
        return { status: 200, body: userJson(state.people.get(admin.accountId) ?? admin) };
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
        const groups = [...state.shown.groupsOf(accountId)].flatMap((id) => state.groups.get(id) ?? []);
        return page(request, '/rest/api/user/memberof', groups, groupJson);
      },
    },
  ];
}

/** How Confluence shows an address, or does not: as nothing, as null, or as an empty text. */
export function emailField({ options }: Site, person: Person): { email?: string | null } {
  if (person.emailVisible) return { email: person.email };
  switch (options.hiddenEmail) {
    case 'empty':
      return { email: '' };
    case 'null':
      return { email: null };
    case 'absent':
      return {};
  }
}

/** The display name, with the remark that Confluence adds for people who cannot use it. */
export function shownName({ options, state }: Site, person: Person): string {
  if (!options.nameSuffixes || person.accountType !== 'atlassian') return person.displayName;
  if (person.accountStatus !== 'active') return `${person.displayName} (Deactivated)`;
  return state.holdsSeat(person.accountId) ? person.displayName : `${person.displayName} (Unlicensed)`;
}

function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
