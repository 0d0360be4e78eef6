import { Refusal } from './errors.js';
import type { Route, SandboxRequest } from './http.js';
import { invite } from './organizationInvite.js';
import { pageByCursor, pageOfQuery, searchOf, BAD_BODY } from './organizationPages.js';
import type { Site } from './site.js';
import type { Person } from './state.js';

const EXPANDABLE: readonly string[] = ['groups', 'platformRoles', 'counts.resources', 'productAccess'];
const USERS_A_PAGE = 50;
/** How many values each filter may hold. */
const FILTERS = {
  emails: 100,
  accountIds: 10,
  groupIds: 10,
  directoryIds: 10,
  emailDomains: 10,
  status: 5,
  accountStatus: 3,
  membershipStatus: 3,
  expand: EXPANDABLE.length,
};

/** Directory users of the Organizations API: search, read, invite, suspend, restore, remove. */
export function organizationUserRoutes(site: Site): readonly Route[] {
  const { state, admin } = site;
  const org = '/admin/v2/orgs/:orgId';
  const users = `${org}/directories/:directoryId/users`;

  const existing = ({ params }: SandboxRequest): Person => {
    const person = state.people.get(params['accountId'] ?? '');
    if (person === undefined || !isListed(person)) throw userNotFound();
    return person;
  };
  const inDirectory = (request: SandboxRequest): Person => {
    const person = existing(request);
    if (!person.inDirectory) throw userNotFound();
    return person;
  };
  const listed = (): Person[] => [...state.people.values()].filter(isListed);

  return [
    {
      operation: 'organization.searchUsers',
      method: 'POST',
      path: `${users}/search`,
      surface: 'organization',
      isWrite: false,
      takesBody: true,
      answer(request) {
        const { page, searchTerm, lists } = searchOf(request, FILTERS, USERS_A_PAGE);
        const { emails, accountIds, groupIds, directoryIds, emailDomains, status, accountStatus, membershipStatus } =
          lists;
        if (emails !== undefined && searchTerm !== undefined) {
          throw new Refusal(400, 'emails and searchTerm cannot be combined.', { code: BAD_BODY });
        }
        const expand = lists['expand'] ?? [];
        const strange = expand.find((name) => !EXPANDABLE.includes(name));
        if (strange !== undefined) throw new Refusal(400, `'${strange}' cannot be expanded.`, { code: BAD_BODY });

        state.changes.read();
        const term = searchTerm?.toLowerCase();
        const candidates = emails?.flatMap((email) => state.peopleWithEmail(email)) ?? [...state.people.values()];
        const found = [...new Set(candidates)].filter(
          (person) =>
            isListed(person) &&
            (term === undefined || `${person.displayName} ${person.email}`.toLowerCase().includes(term)) &&
            (accountIds === undefined || accountIds.includes(person.accountId)) &&
            (groupIds === undefined || groupIds.some((id) => state.shown.has(id, person.accountId))) &&
            (directoryIds === undefined || (person.inDirectory && directoryIds.includes(site.directoryId))) &&
            (emailDomains === undefined || emailDomains.includes(person.email.split('@')[1] ?? '')) &&
            (status === undefined || status.includes(statusOf(person))) &&
            (accountStatus === undefined || accountStatus.includes(person.accountStatus)) &&
            (membershipStatus === undefined || membershipStatus.includes(membershipStatusOf(person))),
        );
        return pageByCursor(found, page, (person) => userJson(site, person, expand));
      },
    },
    {
      operation: 'organization.listUsers',
      method: 'GET',
      path: users,
      surface: 'organization',
      query: ['cursor', 'limit'],
      isWrite: false,
      answer(request) {
        state.changes.read();
        return pageByCursor(listed(), pageOfQuery(request, USERS_A_PAGE), (person) => userJson(site, person, []));
      },
    },
    {
      operation: 'organization.getUser',
      method: 'GET',
      path: `${users}/:accountId`,
      surface: 'organization',
      isWrite: false,
      answer: (request) => ({ status: 200, body: { data: userJson(site, existing(request), ['groups']) } }),
    },
    {
      operation: 'organization.inviteUsers',
      method: 'POST',
      path: `${org}/users/invite`,
      surface: 'organization',
      isWrite: true,
      takesBody: true,
      answer: (request) => invite(site, request),
    },
    {
      operation: 'organization.suspendUser',
      method: 'POST',
      path: `${users}/:accountId/suspend`,
      surface: 'organization',
      isWrite: true,
      takesBody: true,
      answer(request) {
        state.updatePerson(inDirectory(request).accountId, { suspended: true });
        return { status: 204 };
      },
    },
    {
      operation: 'organization.restoreUser',
      method: 'POST',
      path: `${users}/:accountId/restore`,
      surface: 'organization',
      isWrite: true,
      takesBody: true,
      answer(request) {
        state.updatePerson(inDirectory(request).accountId, { suspended: false });
        return { status: 204 };
      },
    },
    {
      operation: 'organization.removeUser',
      method: 'DELETE',
      path: `${users}/:accountId`,
      surface: 'organization',
      isWrite: true,
      answer(request) {
        const { accountId } = inDirectory(request);
        if (accountId === admin.accountId) {
          throw new Refusal(403, 'The last organization admin cannot be removed.', { code: 'ADMIN-403-3' });
        }
        for (const groupId of [...state.actual.groupsOf(accountId)]) state.leave(groupId, accountId);
        state.updatePerson(accountId, {
          inDirectory: false,
          inJira: false,
          hasJira: false,
          suspended: false,
          directRoles: [],
        });
        return { status: 204 };
      },
    },
  ];
}

export function userNotFound(): Refusal {
  return new Refusal(404, 'User not found', { code: 'ADMIN-404-8' });
}

/** Whom the organization sees: its directory, and managed accounts outside it. Apps and closed accounts are neither. */
export function isListed(person: Person): boolean {
  return (person.inDirectory || person.managed) && person.accountType !== 'app' && person.accountStatus !== 'closed';
}

function membershipStatusOf({ inDirectory, suspended }: Person): string {
  if (!inDirectory) return 'no_membership';
  return suspended ? 'suspended' : 'active';
}

/** Atlassian folds the account's and the membership's status into one. */
function statusOf(person: Person): string {
  if (person.accountStatus === 'inactive') return 'deactivated';
  if (!person.inDirectory) return 'not_invited';
  return person.suspended ? 'suspended' : 'active';
}

function userJson({ state }: Site, person: Person, expand: readonly string[]): unknown {
  const groups = [...state.shown.groupsOf(person.accountId)].flatMap((id) => state.groups.get(id) ?? []);
  return {
    accountId: person.accountId,
    accountType: person.accountType,
    status: statusOf(person),
    accountStatus: person.accountStatus,
    membershipStatus: membershipStatusOf(person),
    name: person.displayName,
    nickname: person.displayName,
    email: person.email,
    emailVerified: true,
    claimStatus: person.managed ? 'managed' : 'unmanaged',
    managementSource: person.inDirectory ? 'invited' : null,
    forDeletion: false,
    deactivatedOn: null,
    ...(expand.includes('platformRoles') ? { platformRoles: [] } : {}),
    ...(expand.includes('counts.resources')
      ? { counts: { resources: state.holdsSeat(person.accountId) ? 1 : 0 } }
      : {}),
    ...(expand.includes('productAccess') ? { productAccess: [] } : {}),
    ...(expand.includes('groups')
      ? { groups: groups.map(({ id, name, description }) => ({ id, name, description })) }
      : {}),
  };
}
