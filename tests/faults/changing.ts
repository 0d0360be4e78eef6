import { patch } from '../scim/exchanges.js';
import type { Cast } from './cast.js';
import type { Request, Scenario } from './scenario.js';

const url = (id: string): string => `/Groups/${encodeURIComponent(id)}`;
const members = (ids: readonly string[]) => ids.map((value) => ({ value }));
const adding = (id: string, ...ids: string[]): Request => ({
  method: 'PATCH',
  path: url(id),
  body: patch({ op: 'add', path: 'members', value: members(ids) }),
});
const removing = (id: string, ...ids: string[]): Request => ({
  method: 'PATCH',
  path: url(id),
  body: patch(...ids.map((member) => ({ op: 'remove', path: `members[value eq "${member}"]` }))),
});
const replacing = (id: string, ...ids: string[]): Request => ({
  method: 'PATCH',
  path: url(id),
  body: patch({ op: 'replace', path: 'members', value: members(ids) }),
});

/** Ada and Bob, who have access and whom nobody provisioned: nobody needs to be asked who they are. */
function pair(cast: Cast): [string, string] {
  return [cast.person('ada', { access: true }).accountId, cast.person('bob', { access: true }).accountId];
}

/** Groups are made, changed and deleted. */
export const CHANGING: readonly Scenario[] = [
  {
    title: 'an empty one',
    operation: 'createGroup',
    calls: { organization: ['confluence.searchGroups', 'confluence.createGroup'] },
    prepare: (cast) =>
      Promise.resolve({ request: { method: 'POST', path: '/Groups', body: cast.groupBody('crew', []) } }),
  },
  {
    title: 'one with members',
    operation: 'createGroup',
    calls: {
      organization: [
        'confluence.searchGroups',
        'confluence.createGroup',
        'confluence.addMember',
        'confluence.addMember',
      ],
    },
    prepare: (cast) =>
      Promise.resolve({ request: { method: 'POST', path: '/Groups', body: cast.groupBody('crew', pair(cast)) } }),
  },
  {
    title: 'one that was released',
    operation: 'createGroup',
    calls: {
      organization: [
        'confluence.searchGroups',
        'confluence.getGroup',
        'confluence.listMembers',
        'confluence.addMember',
      ],
    },
    async prepare(cast) {
      const [ada, bob] = pair(cast);
      const { id } = cast.group('crew', {}, ada);
      await cast.lane.age();
      await cast.done({ method: 'DELETE', path: url(id) });
      return { request: { method: 'POST', path: '/Groups', body: cast.groupBody('crew', [ada, bob]) } };
    },
  },
  {
    title: 'adds one',
    operation: 'patchGroup',
    calls: { organization: ['confluence.addMember'] },
    async prepare(cast) {
      const [ada, bob] = pair(cast);
      await cast.lane.age();
      const id = await cast.createdGroup('crew', ada);
      return { request: adding(id, bob), undo: removing(id, bob) };
    },
  },
  {
    title: 'adds somebody whom the index does not know',
    operation: 'patchGroup',
    calls: {
      organization: ['confluence.usersBulk', 'confluence.listMemberships', 'confluence.addMember'],
    },
    async prepare(cast) {
      const id = await cast.createdGroup('crew');
      const { accountId } = cast.person('ada');
      return {
        justBefore: () => cast.lane.bridge.sandbox.addMember(cast.lane.bridge.sandbox.groups.access.id, accountId),
        request: adding(id, accountId),
      };
    },
  },
  {
    title: 'adds one to a group of before',
    operation: 'patchGroup',
    calls: { organization: ['confluence.addMember'] },
    prepare(cast) {
      const [ada, bob] = pair(cast);
      const { id } = cast.group('crew', {}, ada);
      return Promise.resolve({ request: adding(id, bob), undo: removing(id, bob) });
    },
  },
  {
    title: 'removes one',
    operation: 'patchGroup',
    calls: { organization: ['confluence.removeMember'] },
    prepare(cast) {
      const [ada, bob] = pair(cast);
      const { id } = cast.group('crew', {}, ada, bob);
      return Promise.resolve({ request: removing(id, bob), undo: adding(id, bob) });
    },
  },
  {
    title: 'removes one and adds one',
    operation: 'patchGroup',
    calls: { organization: ['confluence.listMembers', 'confluence.removeMember', 'confluence.addMember'] },
    prepare(cast) {
      const [ada, bob] = pair(cast);
      const { id } = cast.group('crew', {}, ada);
      const body = patch(
        { op: 'remove', path: `members[value eq "${ada}"]` },
        { op: 'add', path: 'members', value: members([bob]) },
      );
      return Promise.resolve({ request: { method: 'PATCH', path: url(id), body } });
    },
  },
  {
    title: 'replaces the members',
    operation: 'patchGroup',
    calls: {
      organization: [
        'confluence.getGroup',
        'confluence.listMembers',
        'confluence.removeMember',
        'confluence.addMember',
      ],
    },
    prepare(cast) {
      const [ada, bob] = pair(cast);
      const { id } = cast.group('crew', {}, ada);
      return Promise.resolve({ request: replacing(id, bob), undo: replacing(id, ada) });
    },
  },
  {
    title: 'renames',
    operation: 'patchGroup',
    calls: { organization: ['confluence.searchGroups'] },
    async prepare(cast) {
      const id = await cast.createdGroup('crew');
      const body = patch({ op: 'replace', value: { displayName: `new ${cast.groupName('crew')}` } });
      return { request: { method: 'PATCH', path: url(id), body } };
    },
  },
  {
    title: 'gives access by a group',
    operation: 'patchGroup',
    calls: { organization: ['confluence.addMember'] },
    async prepare(cast) {
      const ada = await cast.created('ada');
      // By hand, so that the identity provider has every reason to give it again.
      cast.lane.bridge.sandbox.removeMember(cast.lane.bridge.sandbox.groups.access.id, ada);
      return { request: adding(cast.lane.secondId, ada), undo: removing(cast.lane.secondId, ada) };
    },
  },
  {
    title: 'takes access by a group',
    operation: 'patchGroup',
    calls: { organization: ['confluence.removeMember'] },
    prepare(cast) {
      const { accountId } = cast.person('ada');
      cast.alsoInSecond('ada');
      return Promise.resolve({ request: removing(cast.lane.secondId, accountId) });
    },
  },
  {
    title: 'other members',
    operation: 'replaceGroup',
    calls: {
      organization: [
        'confluence.getGroup',
        'confluence.listMembers',
        'confluence.removeMember',
        'confluence.addMember',
      ],
    },
    prepare(cast) {
      const [ada, bob] = pair(cast);
      const { id } = cast.group('crew', {}, ada);
      return Promise.resolve({ request: { method: 'PUT', path: url(id), body: cast.groupBody('crew', [bob]) } });
    },
  },
  {
    title: 'one that the bridge made',
    operation: 'deleteGroup',
    calls: { organization: ['confluence.deleteGroup'] },
    async prepare(cast) {
      const [ada, bob] = pair(cast);
      await cast.lane.age();
      const id = await cast.createdGroup('crew', ada, bob);
      return { request: { method: 'DELETE', path: url(id) } };
    },
  },
];
