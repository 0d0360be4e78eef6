import { SCAN, type Scenario } from './scenario.js';

const path = (id: string): string => `/Users/${encodeURIComponent(id)}`;

/** Access is taken. */
export const TAKING: readonly Scenario[] = [
  {
    title: 'deactivates',
    operation: 'patchUser',
    calls: {
      organization: ['confluence.listMemberships', 'confluence.removeMember', 'confluence.removeMember'],
      jira: ['confluence.listMemberships', 'confluence.removeMember', 'confluence.removeMember'],
    },
    async prepare(cast) {
      const id = await cast.created('ada');
      cast.alsoInSecond('ada');
      return { request: cast.stating(id, false), undo: cast.stating(id, true) };
    },
  },
  {
    title: 'deactivates, and is then reactivated',
    operation: 'patchUser',
    calls: { organization: ['confluence.listMemberships', 'confluence.removeMember', 'confluence.removeMember'] },
    async prepare(cast) {
      const id = await cast.created('ada');
      cast.alsoInSecond('ada');
      return { request: cast.stating(id, false), undo: cast.stating(id, true), regret: cast.stating(id, true) };
    },
  },
  {
    title: 'suspends',
    operation: 'patchUser',
    calls: { suspending: ['confluence.listMemberships', 'organization.suspendUser'] },
    async prepare(cast) {
      const id = await cast.created('ada');
      return { request: cast.stating(id, false), undo: cast.stating(id, true) };
    },
  },
  {
    title: 'suspends, and is then reactivated',
    operation: 'patchUser',
    calls: { suspending: ['confluence.listMemberships', 'organization.suspendUser'] },
    async prepare(cast) {
      const id = await cast.created('ada');
      return { request: cast.stating(id, false), undo: cast.stating(id, true), regret: cast.stating(id, true) };
    },
  },
  {
    title: 'suspends somebody whom an admin restored',
    operation: 'patchUser',
    calls: { suspending: ['confluence.listMemberships', 'organization.searchUsers', 'organization.suspendUser'] },
    async prepare(cast) {
      const id = await cast.created('ada');
      await cast.done(cast.stating(id, false));
      cast.lane.bridge.sandbox.updatePerson(cast.account('ada'), { suspended: false });
      return { request: cast.stating(id, false), undo: cast.stating(id, true) };
    },
  },
  {
    title: 'deactivates somebody whom nobody provisioned',
    operation: 'patchUser',
    calls: { organization: ['confluence.usersBulk', 'confluence.listMemberships', 'confluence.removeMember'] },
    prepare(cast) {
      const { accountId } = cast.person('ada', { access: true });
      return Promise.resolve({ request: cast.stating(accountId, false), undo: cast.stating(accountId, true) });
    },
  },
  {
    title: 'deactivates somebody whose invitation is pending',
    operation: 'patchUser',
    calls: { invite: ['confluence.checkAccessByEmail'] },
    prepare: async (cast) => ({ request: cast.stating(await cast.created('ada'), false) }),
  },
  {
    title: 'deactivates somebody who has just accepted the invitation',
    operation: 'patchUser',
    calls: {
      invite: [
        'confluence.checkAccessByEmail',
        // To find the account.
        ...SCAN,
        'confluence.listMemberships',
        'confluence.removeMember',
      ],
    },
    async prepare(cast) {
      const id = await cast.created('ada');
      return {
        justBefore: () => void cast.lane.bridge.sandbox.acceptInvitation(cast.email('ada')),
        request: cast.stating(id, false),
        undo: cast.stating(id, true),
      };
    },
  },
  {
    title: 'somebody who has access, inactive',
    operation: 'createUser',
    calls: {
      organization: ['organization.searchUsers', 'confluence.listMemberships', 'confluence.removeMember'],
      jira: ['jira.searchUsers', 'confluence.listMemberships', 'confluence.removeMember'],
      invite: ['confluence.listMemberships', 'confluence.removeMember'],
    },
    prepare(cast) {
      const { accountId } = cast.person('ada', { access: true });
      return Promise.resolve({
        request: { method: 'POST', path: '/Users', body: cast.user('ada', { active: false }) },
        undo: cast.stating(accountId, true),
      });
    },
  },
  {
    title: 'inactive',
    operation: 'replaceUser',
    calls: { organization: ['confluence.listMemberships', 'confluence.removeMember', 'confluence.removeMember'] },
    async prepare(cast) {
      const id = await cast.created('ada');
      cast.alsoInSecond('ada');
      return { request: cast.putting(id, 'ada', { active: false }), undo: cast.stating(id, true) };
    },
  },
  {
    title: 'somebody whom nobody provisioned, inactive',
    operation: 'replaceUser',
    calls: { organization: ['confluence.usersBulk', 'confluence.listMemberships', 'confluence.removeMember'] },
    prepare(cast) {
      const { accountId } = cast.person('ada', { access: true });
      return Promise.resolve({
        request: cast.putting(accountId, 'ada', { active: false }),
        undo: cast.stating(accountId, true),
      });
    },
  },
  {
    title: 'somebody with access and a managed group',
    operation: 'deleteUser',
    calls: {
      organization: [
        'confluence.listMemberships',
        'confluence.removeMember',
        'confluence.removeMember',
        'confluence.removeMember',
      ],
      suspending: [
        'confluence.listMemberships',
        'confluence.removeMember',
        'confluence.removeMember',
        'confluence.removeMember',
      ],
    },
    async prepare(cast) {
      const id = await cast.created('ada');
      cast.alsoInSecond('ada');
      await cast.createdGroup('crew', id);
      return { request: { method: 'DELETE', path: path(id) } };
    },
  },
  {
    title: 'somebody with access, and is then reactivated',
    operation: 'deleteUser',
    calls: {
      organization: ['confluence.listMemberships', 'confluence.removeMember', 'confluence.removeMember'],
      suspending: ['confluence.listMemberships', 'confluence.removeMember', 'confluence.removeMember'],
    },
    async prepare(cast) {
      const id = await cast.created('ada');
      cast.alsoInSecond('ada');
      return { request: { method: 'DELETE', path: path(id) }, regret: cast.stating(id, true) };
    },
  },
  {
    title: 'somebody who is suspended',
    operation: 'deleteUser',
    calls: { suspending: ['confluence.listMemberships', 'confluence.removeMember'] },
    async prepare(cast) {
      const id = await cast.created('ada');
      await cast.done(cast.stating(id, false));
      return { request: { method: 'DELETE', path: path(id) } };
    },
  },
  {
    title: 'somebody whom nobody provisioned',
    operation: 'deleteUser',
    calls: { organization: ['confluence.usersBulk', 'confluence.listMemberships', 'confluence.removeMember'] },
    prepare(cast) {
      const { accountId } = cast.person('ada', { access: true });
      return Promise.resolve({ request: { method: 'DELETE', path: path(accountId) } });
    },
  },
  {
    title: 'somebody whose invitation is pending',
    operation: 'deleteUser',
    calls: { invite: ['confluence.checkAccessByEmail'] },
    prepare: async (cast) => ({ request: { method: 'DELETE', path: path(await cast.created('ada')) } }),
  },
];
