import { patch } from '../scim/exchanges.js';
import type { Cast } from './cast.js';
import type { Scenario, Script } from './scenario.js';

function post(body: object): Script['request'] {
  return { method: 'POST', path: '/Users', body };
}

/** Somebody who was provisioned, in two groups that give access, and deactivated. @returns the SCIM id */
async function leaver(cast: Cast): Promise<string> {
  const id = await cast.created('ada');
  if (cast.lane.bridge.config.deactivation === 'access-groups') cast.alsoInSecond('ada');
  await cast.done(cast.stating(id, false));
  return id;
}

/** Access is given. */
export const GIVING: readonly Scenario[] = [
  {
    title: 'somebody new',
    operation: 'createUser',
    calls: {
      organization: ['organization.searchUsers', 'organization.inviteUsers'],
      jira: ['jira.searchUsers', 'jira.createUser', 'confluence.addMember'],
      invite: ['confluence.checkAccessByEmail', 'confluence.inviteByEmail'],
    },
    prepare: (cast) => Promise.resolve({ request: post(cast.user('ada')) }),
  },
  {
    title: 'somebody who has an account and no access',
    operation: 'createUser',
    calls: {
      organization: ['organization.searchUsers', 'organization.inviteUsers'],
      jira: ['jira.searchUsers', 'confluence.listMemberships', 'confluence.addMember'],
    },
    prepare(cast) {
      cast.person('ada');
      return Promise.resolve({ request: post(cast.user('ada')) });
    },
  },
  {
    title: 'somebody who has access',
    operation: 'createUser',
    calls: {
      organization: ['organization.searchUsers'],
      jira: ['jira.searchUsers', 'confluence.listMemberships'],
      invite: ['confluence.listMemberships'],
    },
    prepare(cast) {
      cast.person('ada', { access: true });
      return Promise.resolve({ request: post(cast.user('ada')) });
    },
  },
  {
    title: 'somebody who is suspended',
    operation: 'createUser',
    calls: { suspending: ['organization.searchUsers', 'organization.restoreUser'] },
    prepare(cast) {
      cast.person('ada', { access: true, suspended: true });
      return Promise.resolve({ request: post(cast.user('ada')) });
    },
  },
  {
    title: 'somebody new who is inactive',
    operation: 'createUser',
    calls: {
      organization: ['organization.searchUsers'],
      jira: ['jira.searchUsers', 'confluence.checkAccessByEmail'],
      invite: ['confluence.checkAccessByEmail'],
    },
    prepare: (cast) => Promise.resolve({ request: post(cast.user('ada', { active: false })) }),
  },
  {
    title: 'a new userName of somebody who is inactive',
    operation: 'createUser',
    calls: {
      organization: [
        'organization.searchUsers',
        'confluence.listMemberships',
        'confluence.listMembers',
        'confluence.addMember',
        'confluence.addMember',
      ],
    },
    async prepare(cast) {
      const id = await leaver(cast);
      const user = cast.user('ada');
      return { request: post({ ...user, userName: cast.renamed('ada') }), undo: cast.stating(id, false) };
    },
  },
  {
    title: 'reactivates',
    operation: 'patchUser',
    calls: {
      organization: ['confluence.listMemberships', 'confluence.addMember', 'confluence.addMember'],
      suspending: ['confluence.listMemberships', 'organization.restoreUser'],
    },
    async prepare(cast) {
      const id = await leaver(cast);
      return { request: cast.stating(id, true), undo: cast.stating(id, false) };
    },
  },
  {
    title: 'reactivates, and is then deactivated',
    operation: 'patchUser',
    calls: { organization: ['confluence.listMemberships', 'confluence.addMember', 'confluence.addMember'] },
    async prepare(cast) {
      const id = await leaver(cast);
      return { request: cast.stating(id, true), undo: cast.stating(id, false), regret: cast.stating(id, false) };
    },
  },
  {
    title: 'reactivates somebody who was removed from the site',
    operation: 'patchUser',
    calls: {
      organization: [
        'confluence.listMemberships',
        'confluence.addMember',
        'confluence.listMembers',
        'organization.searchUsers',
        'confluence.usersBulk',
        'organization.inviteUsers',
      ],
    },
    async prepare(cast) {
      const id = await cast.created('ada');
      await cast.done(cast.stating(id, false));
      cast.lane.bridge.sandbox.removeFromSite(cast.account('ada'));
      return { request: cast.stating(id, true) };
    },
  },
  {
    title: 'reactivates somebody who never had an account',
    operation: 'patchUser',
    calls: {
      organization: ['organization.searchUsers', 'organization.inviteUsers', 'confluence.listMemberships'],
      jira: ['jira.searchUsers', 'jira.createUser', 'confluence.addMember', 'confluence.listMemberships'],
      invite: ['confluence.checkAccessByEmail', 'confluence.inviteByEmail'],
    },
    async prepare(cast) {
      const id = await cast.created('ada', { active: false });
      return { request: cast.stating(id, true) };
    },
  },
  {
    title: 'active again',
    operation: 'replaceUser',
    calls: { organization: ['confluence.listMemberships', 'confluence.addMember', 'confluence.addMember'] },
    async prepare(cast) {
      const id = await leaver(cast);
      return { request: cast.putting(id, 'ada', { active: true }), undo: cast.stating(id, false) };
    },
  },
  {
    title: 'unchanged',
    operation: 'replaceUser',
    calls: { organization: ['confluence.listMemberships'] },
    prepare: async (cast) => ({ request: cast.putting(await cast.created('ada'), 'ada') }),
  },
  {
    title: 'somebody whom nobody provisioned',
    operation: 'replaceUser',
    calls: { organization: ['confluence.listMemberships', 'confluence.usersBulk'] },
    prepare(cast) {
      const { accountId } = cast.person('ada', { access: true });
      return Promise.resolve({ request: cast.putting(accountId, 'ada') });
    },
  },
  {
    title: 'another externalId',
    operation: 'patchUser',
    calls: { organization: ['confluence.listMemberships'] },
    async prepare(cast) {
      const id = await cast.created('ada');
      const body = patch({ op: 'replace', path: 'externalId', value: 'another' });
      return { request: { method: 'PATCH', path: `/Users/${encodeURIComponent(id)}`, body } };
    },
  },
];
