import { filtered, SEARCH_URN } from '../scim/exchanges.js';
import type { Cast } from './cast.js';
import { INDEX_FRESH_SECONDS } from './lane.js';
import { BATCH, type Request, SCAN, type Scenario } from './scenario.js';

const get = (path: string): { readonly request: Request } => ({ request: { method: 'GET', path } });
const head = (path: string): { readonly request: Request } => ({ request: { method: 'HEAD', path } });
const search = (path: string, filter: string): { readonly request: Request } => ({
  request: { method: 'POST', path, body: { schemas: [SEARCH_URN], filter } },
});
const person = (id: string): string => `/Users/${encodeURIComponent(id)}`;
const group = (id: string): string => `/Groups/${encodeURIComponent(id)}`;
const named = (userName: string): string => filtered('/Users', `userName eq "${userName}"`);
const called = (name: string, more = {}): string => filtered('/Groups', `displayName eq "${name}"`, more);

/** The roles of the groups that grant access, as a scan reads them once a day. */
const ROLES: readonly string[] = Array.from({ length: 4 }, () => 'organization.listGroupRoles');
const DAY_MS = 25 * 60 * 60_000;
/** For seven days they are looked for on the site. */
const LOOKS_AT_A_LEAVER = 6;

/** A group with a member, both there before the bridge. @returns the group's id */
function crew(cast: Cast): string {
  return cast.group('crew', {}, cast.person('ada', { access: true }).accountId).id;
}

/** People and groups are looked up, and nothing changes. */
const LOOK_UPS: readonly Scenario[] = [
  {
    title: 'somebody provisioned',
    operation: 'getUser',
    calls: { organization: ['confluence.listMemberships', 'confluence.usersBulk'] },
    prepare: async (cast) => get(person(await cast.created('ada'))),
  },
  {
    title: 'somebody whom nobody provisioned',
    operation: 'getUser',
    calls: { organization: ['confluence.listMemberships', 'confluence.usersBulk'] },
    prepare: (cast) => Promise.resolve(get(person(cast.person('ada', { access: true }).accountId))),
  },
  {
    title: 'somebody provisioned',
    operation: 'headUser',
    calls: { organization: ['confluence.listMemberships', 'confluence.usersBulk'] },
    prepare: async (cast) => head(person(await cast.created('ada'))),
  },
  {
    title: 'the userName of somebody provisioned',
    operation: 'listUsers',
    calls: { organization: ['confluence.listMemberships'] },
    async prepare(cast) {
      await cast.created('ada');
      return get(named(cast.email('ada')));
    },
  },
  {
    title: 'the address of somebody whom nobody provisioned',
    operation: 'listUsers',
    calls: { organization: ['confluence.listMemberships', 'confluence.usersBulk'] },
    prepare(cast) {
      cast.person('ada', { access: true });
      return Promise.resolve(get(named(cast.email('ada'))));
    },
  },
  {
    title: 'the hidden address of somebody whom nobody provisioned',
    operation: 'listUsers',
    calls: {
      organization: ['organization.searchUsers', 'confluence.listMemberships', 'confluence.usersBulk'],
    },
    prepare(cast) {
      cast.person('ada', { access: true, emailVisible: false });
      return Promise.resolve(get(named(cast.email('ada'))));
    },
  },
  {
    title: 'the userName of nobody',
    operation: 'listUsers',
    calls: { organization: ['organization.searchUsers'], jira: ['jira.searchUsers'], invite: [] },
    prepare: (cast) => Promise.resolve(get(named(cast.email('ada')))),
  },
  {
    title: 'an externalId',
    operation: 'listUsers',
    calls: { organization: ['confluence.listMemberships'] },
    async prepare(cast) {
      await cast.created('ada', { externalId: cast.email('ada') });
      return get(filtered('/Users', `externalId eq "${cast.email('ada')}"`));
    },
  },
  {
    title: 'the userName of somebody provisioned',
    operation: 'headUsers',
    calls: { organization: ['confluence.listMemberships'] },
    async prepare(cast) {
      await cast.created('ada');
      return head(named(cast.email('ada')));
    },
  },
  {
    title: 'the userName of somebody provisioned',
    operation: 'searchUsers',
    calls: { organization: ['confluence.listMemberships'] },
    async prepare(cast) {
      await cast.created('ada');
      return search('/Users/.search', `userName eq "${cast.email('ada')}"`);
    },
  },
  {
    title: 'the id of somebody whom nobody provisioned',
    operation: 'searchAll',
    calls: { organization: ['confluence.listMemberships', 'confluence.usersBulk', 'confluence.getGroup'] },
    prepare(cast) {
      cast.person('ada', { access: true });
      return Promise.resolve(search('/.search', `id eq "${cast.account('ada')}"`));
    },
  },
  {
    title: 'one with a member',
    operation: 'getGroup',
    calls: { organization: ['confluence.getGroup', 'confluence.listMembers'] },
    prepare: (cast) => Promise.resolve(get(group(crew(cast)))),
  },
  {
    title: 'one that the bridge made, without members',
    operation: 'getGroup',
    calls: { organization: ['confluence.getGroup'] },
    prepare: async (cast) => get(`${group(await cast.createdGroup('crew'))}?excludedAttributes=members`),
  },
  {
    title: 'one with a member',
    operation: 'headGroup',
    calls: { organization: ['confluence.getGroup', 'confluence.listMembers'] },
    prepare: (cast) => Promise.resolve(head(group(crew(cast)))),
  },
  {
    title: 'the displayName of one that the bridge made',
    operation: 'listGroups',
    calls: { organization: ['confluence.getGroup', 'confluence.listMembers'] },
    async prepare(cast) {
      await cast.createdGroup('crew');
      return get(called(cast.groupName('crew')));
    },
  },
  {
    title: 'the displayName of one of before',
    operation: 'listGroups',
    calls: { organization: ['confluence.searchGroups', 'confluence.listMembers'] },
    prepare(cast) {
      crew(cast);
      return Promise.resolve(get(called(cast.groupName('crew'))));
    },
  },
  {
    title: 'the displayName of none',
    operation: 'listGroups',
    calls: { organization: ['confluence.searchGroups'] },
    prepare: (cast) => Promise.resolve(get(called(cast.groupName('crew'), { excludedAttributes: 'members' }))),
  },
  {
    title: 'the displayName of one of before',
    operation: 'headGroups',
    calls: { organization: ['confluence.searchGroups', 'confluence.listMembers'] },
    prepare(cast) {
      crew(cast);
      return Promise.resolve(head(called(cast.groupName('crew'))));
    },
  },
  {
    title: 'the displayName of one of before',
    operation: 'searchGroups',
    calls: { organization: ['confluence.searchGroups', 'confluence.listMembers'] },
    prepare(cast) {
      crew(cast);
      return Promise.resolve(search('/Groups/.search', `displayName eq "${cast.groupName('crew')}"`));
    },
  },
  {
    title: 'the groups of somebody',
    operation: 'listGroups',
    calls: { organization: ['confluence.listMemberships', 'confluence.usersBulk'] },
    prepare(cast) {
      crew(cast);
      const filter = `members.value eq "${cast.account('ada')}"`;
      return Promise.resolve(get(filtered('/Groups', filter, { excludedAttributes: 'members' })));
    },
  },
  {
    title: 'a page',
    operation: 'listUsers',
    isAlone: true,
    calls: { organization: ['confluence.usersBulk'] },
    prepare(cast) {
      cast.person('ada', { access: true });
      return Promise.resolve(get('/Users?count=10'));
    },
  },
  {
    title: 'a page, the index being old',
    operation: 'listUsers',
    isAlone: true,
    calls: { organization: [...SCAN, 'confluence.usersBulk'] },
    prepare(cast) {
      cast.person('ada', { access: true });
      return Promise.resolve({ ...get('/Users?count=10'), justBefore: () => outdate(cast) });
    },
  },
  {
    title: 'a page before the first scan',
    operation: 'listUsers',
    isAlone: true,
    isUnscanned: true,
    calls: {
      scoped: ['site.tenantInfo', ...SCAN, ...ROLES, 'confluence.usersBulk'],
      jira: [...SCAN, 'confluence.usersBulk'],
    },
    prepare(cast) {
      cast.person('ada', { access: true });
      return Promise.resolve(get('/Users?count=10'));
    },
  },
  {
    title: 'all with their members',
    operation: 'listGroups',
    isAlone: true,
    // Eight groups, of which five read empty.
    calls: {
      organization: [
        ...Array.from({ length: 8 }, () => 'confluence.listMembers'),
        ...Array.from({ length: 5 }, () => 'confluence.getGroup'),
      ],
    },
    prepare(cast) {
      crew(cast);
      return Promise.resolve(get('/Groups'));
    },
  },
];

export const READING: readonly Scenario[] = LOOK_UPS.map((scenario) =>
  scenario.isUnscanned === true ? scenario : { ...scenario, cellsPerCast: BATCH },
);

function outdate(cast: Cast): void {
  cast.lane.bridge.clock.advance((INDEX_FRESH_SECONDS + 1) * 1000);
}

/** What the bridge does of its own accord. */
export const SCANNING: readonly Scenario[] = [
  {
    title: 'finds a leaver, and reads the roles again',
    operation: 'scan',
    isAlone: true,
    cellsPerCast: LOOKS_AT_A_LEAVER,
    calls: {
      organization: [...SCAN, ...ROLES, 'organization.listUserRoles', 'organization.listUserRoles'],
    },
    async prepare(cast) {
      const id = await cast.created('ada');
      await cast.done(cast.stating(id, false));
      // For a day the bridge believes what it has read of roles.
      return { request: 'scan', justBefore: () => cast.lane.bridge.clock.advance(DAY_MS) };
    },
  },
  {
    title: 'finds the account of somebody invited, to whom a group is owed',
    operation: 'scan',
    calls: { invite: [...SCAN, 'confluence.listMemberships', 'confluence.addMember'] },
    async prepare(cast) {
      const ada = await cast.created('ada');
      await cast.createdGroup('crew', ada);
      return { request: 'scan', justBefore: () => void cast.lane.bridge.sandbox.acceptInvitation(cast.email('ada')) };
    },
  },
];
