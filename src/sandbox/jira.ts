import { Refusal } from './errors.js';
import {
  bodyWith,
  isEmail,
  isText,
  isTextList,
  requiredParameter,
  wholeNumber,
  type Route,
  type SandboxRequest,
} from './http.js';
import { createAccount, type Site } from './site.js';
import type { Person } from './state.js';

const PRODUCTS: readonly string[] = ['jira-core', 'jira-servicedesk', 'jira-product-discovery', 'jira-software'];
const IGNORED_FIELDS: readonly string[] = ['applicationKeys', 'displayName', 'key', 'name', 'password', 'self'];
const EXPANDABLE: readonly string[] = ['groups', 'applicationRoles'];
/** The global permissions that concern users. */
const PERMISSIONS: readonly string[] = ['ADMINISTER', 'SYSTEM_ADMIN', 'USER_PICKER'];
/** Jira's search looks at no more matches than these. */
const SEARCH_WINDOW = 1000;

/** Jira platform REST v3, `/rest/api/3`: the calls that make, find and remove users. */
export function jiraRoutes(site: Site): readonly Route[] {
  const { state, options, admin } = site;

  const userJson = (person: Person, showEmail: boolean): Record<string, unknown> => ({
    self: `${site.url()}/rest/api/3/user?accountId=${encodeURIComponent(person.accountId)}`,
    accountId: person.accountId,
    accountType: person.accountType,
    ...(showEmail ? { emailAddress: person.email } : {}),
    avatarUrls: {},
    displayName: person.displayName,
    active: person.accountStatus === 'active' && !person.suspended,
    timeZone: 'Etc/UTC',
    locale: 'en_US',
  });

  const userDetails = (person: Person, { query }: SandboxRequest): unknown => {
    const expand = (query.get('expand') ?? '').split(',').filter((name) => name !== '');
    const strange = expand.find((name) => !EXPANDABLE.includes(name));
    if (strange !== undefined) throw new Refusal(400, `'${strange}' cannot be expanded.`);
    const groups = [...state.actual.groupsOf(person.accountId)].flatMap((id) => state.groups.get(id) ?? []);
    const items = groups.map(({ id, name }) => ({
      name,
      groupId: id,
      self: `${site.url()}/rest/api/3/group?groupId=${id}`,
    }));
    return {
      ...userJson(person, person.emailVisible),
      groups: expand.includes('groups') ? { size: items.length, items } : { size: items.length },
      applicationRoles: { size: person.hasJira ? 1 : 0, items: [] },
      expand: 'groups,applicationRoles',
    };
  };

  const jiraUser = (accountId: string): Person => {
    const person = state.people.get(accountId);
    if (person?.inJira !== true)
      throw new Refusal(404, 'Specified user does not exist or you do not have required permissions');
    return person;
  };

  return [
    {
      operation: 'jira.getCurrentUser',
      method: 'GET',
      path: '/rest/api/3/myself',
      surface: 'jira',
      query: ['expand'],
      isWrite: false,
      answer: (request) => ({ status: 200, body: userDetails(state.people.get(admin.accountId) ?? admin, request) }),
    },
    {
      operation: 'jira.getMyPermissions',
      method: 'GET',
      path: '/rest/api/3/mypermissions',
      surface: 'jira',
      query: ['permissions'],
      isWrite: false,
      right: 'anonymous too',
      answer: (request) => ({ status: 200, body: { permissions: permissionsAsked(site, request) } }),
    },
    {
      operation: 'jira.getUser',
      method: 'GET',
      path: '/rest/api/3/user',
      surface: 'jira',
      query: ['accountId', 'expand'],
      isWrite: false,
      answer: (request) => ({
        status: 200,
        body: userDetails(jiraUser(requiredParameter(request, 'accountId')), request),
      }),
    },
    {
      operation: 'jira.createUser',
      method: 'POST',
      path: '/rest/api/3/user',
      surface: 'jira',
      isWrite: true,
      takesBody: true,
      right: 'site admin',
      answer(request) {
        const { emailAddress, products } = bodyWith(request, ['emailAddress', 'products', ...IGNORED_FIELDS]);
        if (!isText(emailAddress) || !isEmail(emailAddress)) {
          throw new Refusal(400, 'The emailAddress is missing or invalid.');
        }
        if (!isTextList(products)) throw new Refusal(400, 'The products are missing.');
        const strange = products.find((product) => !PRODUCTS.includes(product));
        if (strange !== undefined) throw new Refusal(400, `'${strange}' is not a product.`);

        const known = state.peopleWithEmail(emailAddress)[0];
        if (known?.inJira === true && !known.hasJira && products.length === 0) {
          throw new Refusal(400, 'The user exists already, and no new products are requested.');
        }
        const person =
          known === undefined
            ? createAccount(site, emailAddress, { hasJira: products.length > 0 })
            : state.updatePerson(known.accountId, {
                inDirectory: true,
                inJira: true,
                hasJira: known.hasJira || products.length > 0,
              });
        if (options.jiraCreateAnswer !== 201) {
          throw new Refusal(options.jiraCreateAnswer, 'The user could not be created.');
        }
        return { status: 201, body: userJson(person, person.emailVisible) };
      },
    },
    {
      operation: 'jira.removeUser',
      method: 'DELETE',
      path: '/rest/api/3/user',
      surface: 'jira',
      query: ['accountId'],
      isWrite: true,
      right: 'site admin',
      answer(request) {
        const { accountId } = jiraUser(requiredParameter(request, 'accountId'));
        if (accountId === admin.accountId) throw new Refusal(400, 'You cannot remove yourself.');
        state.updatePerson(accountId, { inJira: false, hasJira: false });
        return { status: 204 };
      },
    },
    {
      operation: 'jira.searchUsers',
      method: 'GET',
      path: '/rest/api/3/user/search',
      surface: 'jira',
      query: ['query', 'accountId', 'startAt', 'maxResults'],
      isWrite: false,
      right: 'anonymous too',
      answer(request) {
        const text = request.query.get('query');
        const accountId = request.query.get('accountId');
        if ((text === null) === (accountId === null)) {
          throw new Refusal(400, 'Exactly one of query and accountId is required.');
        }
        const startAt = wholeNumber(request, 'startAt', 0);
        const maxResults = wholeNumber(request, 'maxResults', 50);
        if (request.isAnonymous) return { status: 200, body: [] };
        const matches = (person: Person): boolean =>
          accountId === null ? startsWith(person, (text ?? '').toLowerCase()) : person.accountId === accountId;
        const found = [...state.people.values()].filter(
          (person) => person.inJira && person.accountStatus === 'active' && !person.suspended && matches(person),
        );
        const shown = found.slice(0, SEARCH_WINDOW).slice(startAt, startAt + maxResults);
        return {
          status: 200,
          body: shown.map((person) => userJson(person, person.emailVisible && options.jiraSearchShowsEmail)),
        };
      },
    },
  ];
}

/** Jira matches the beginning of the address and of any word of the name, also where the address is hidden. */
function startsWith({ email, displayName }: Person, text: string): boolean {
  const name = displayName.toLowerCase();
  return email.toLowerCase().startsWith(text) || name.startsWith(text) || name.includes(` ${text}`);
}

/** The permissions asked for by key; the site admin has them all, nobody else has any. */
function permissionsAsked({ options }: Site, request: SandboxRequest): Record<string, unknown> {
  const keys = requiredParameter(request, 'permissions').split(',');
  const strange = keys.find((key) => !PERMISSIONS.includes(key));
  if (strange !== undefined) throw new Refusal(400, `Unrecognized permission: ${strange}`);
  const havePermission = !request.isAnonymous && options.rights === 'site-admin';
  return Object.fromEntries(keys.map((key) => [key, { key, type: 'GLOBAL', havePermission }]));
}
