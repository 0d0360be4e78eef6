import { describe, expect, it } from '@jest/globals';
import { SCOPES, scopesInWords, type ScopedOperation } from '../../src/atlassian/scopes.js';
import { allScopes } from '../../src/sandbox/scopes.js';
import { GROUP_URN, idOf, patch, user } from '../scim/exchanges.js';
import { expectScimError, startTestBridge, type TestBridge } from '../support/bridge.js';

/** Ada has access and is in the crew; Bob has access and no record. */
async function startScoped(): Promise<{ bridge: TestBridge; ada: string; crew: string }> {
  const bridge = await startTestBridge({
    tokenKind: 'scoped',
    sandbox: { seed: { people: [{ email: 'bob@example.com', access: true }] } },
  });
  const ada = idOf(await bridge.scim('post', '/Users', user('ada')));
  const members = [{ value: ada }];
  const crew = idOf(await bridge.scim('post', '/Groups', { schemas: [GROUP_URN], displayName: 'Crew', members }));
  bridge.sandbox.takeCalls();
  return { bridge, ada, crew };
}

/** Takes every scope of the operation from the token, of both families. */
function lose({ sandbox }: TestBridge, operation: ScopedOperation): void {
  const { classic, granular } = SCOPES[operation];
  const lost: readonly string[] = [...classic, ...granular];
  sandbox.options.tokenScopes = allScopes().filter((scope) => !lost.includes(scope));
}

type Message = readonly ['get' | 'post' | 'patch' | 'delete', string, object?];

const MESSAGES: readonly (readonly [string, ScopedOperation, (ada: string, crew: string, bob: string) => Message])[] = [
  [
    'a deactivation',
    'confluence.removeMember',
    (ada) => ['patch', `/Users/${ada}`, patch({ op: 'replace', path: 'active', value: false })],
  ],
  ['a deletion', 'confluence.removeMember', (ada) => ['delete', `/Users/${ada}`]],
  [
    'an addition',
    'confluence.addMember',
    (_ada, crew, bob) => ['patch', `/Groups/${crew}`, patch({ op: 'add', path: 'members', value: [{ value: bob }] })],
  ],
  [
    'a removal',
    'confluence.removeMember',
    (ada, crew) => ['patch', `/Groups/${crew}`, patch({ op: 'remove', path: `members[value eq "${ada}"]` })],
  ],
  ['a new group', 'confluence.createGroup', () => ['post', '/Groups', { schemas: [GROUP_URN], displayName: 'new' }]],
  ['the end of a group', 'confluence.deleteGroup', (_ada, crew) => ['delete', `/Groups/${crew}`]],
  ['a read of a person', 'confluence.listMemberships', (ada) => ['get', `/Users/${ada}`]],
  ['a read of a group', 'confluence.getGroup', (_ada, crew) => ['get', `/Groups/${crew}`]],
];

describe('a token that lacks the scope of an operation', () => {
  it.each(MESSAGES)(
    'has %s answered 500 with the operation and its scopes of both families, and nothing changes [SA2] [SA3] [SA5]',
    async (_name, operation, messageOf) => {
      const { bridge, ada, crew } = await startScoped();
      const { sandbox } = bridge;
      const bob = sandbox.findPersonByEmail('bob@example.com')?.accountId ?? '';
      const groupsBefore = [ada, bob].map((accountId) => [...sandbox.groupsOf(accountId)].sort());
      lose(bridge, operation);

      const [method, path, body] = messageOf(ada, crew, bob);
      const reply = await bridge.scim(method, path, body);

      expectScimError(reply, 500);
      const { detail } = reply.body as { detail: string };
      expect(detail).toContain(`(${operation})`);
      expect(detail).toContain(scopesInWords(SCOPES[operation]));
      expect([ada, bob].map((accountId) => [...sandbox.groupsOf(accountId)].sort())).toEqual(groupsBefore);
      expect(sandbox.findGroupByName('Crew')).toBeDefined();
      expect(sandbox.findGroupByName('new')).toBeUndefined();

      // With a token that has it, the same message does what it asks.
      sandbox.options.tokenScopes = allScopes();
      expect((await bridge.scim(method, path, body)).status).toBeLessThan(300);
    },
  );

  it.each([
    ['jira', 'jira.searchUsers'],
    ['jira', 'jira.createUser'],
    ['invite', 'confluence.checkAccessByEmail'],
  ] as const)(
    'creates nobody on %s, names %s, and does both once it has it [US4] [SA5]',
    async (backEnd, operation) => {
      const bridge = await startTestBridge({ backEnd, tokenKind: 'scoped' });
      const { sandbox } = bridge;
      lose(bridge, operation);

      const refused = await bridge.scim('post', '/Users', user('ada'));

      expectScimError(refused, 500);
      expect((refused.body as { detail: string }).detail).toContain(`(${operation})`);
      expect(sandbox.findPersonByEmail('ada@example.com')).toBeUndefined();
      expect((await bridge.scim('get', '/Users')).body).toMatchObject({ totalResults: 1 });

      sandbox.options.tokenScopes = allScopes();
      expect((await bridge.scim('post', '/Users', user('ada'))).status).toBe(201);
    },
  );

  it('leaves a leaver recorded as such, so that the repeat with another token takes the access [SA6] [US7]', async () => {
    const { bridge, ada } = await startScoped();
    const { sandbox, store } = bridge;
    lose(bridge, 'confluence.removeMember');

    await bridge.scim('patch', `/Users/${ada}`, patch({ op: 'replace', path: 'active', value: false }));
    expect((await store.people.find(ada))?.wanted).toBe('inactive');

    sandbox.options.tokenScopes = allScopes();
    await bridge.scim('patch', `/Users/${ada}`, patch({ op: 'replace', path: 'active', value: false }));
    expect(sandbox.groupsOf(ada)).not.toContain(sandbox.groups.access.id);
  });

  it('becomes no empty list and no scan without people [SA2] [LI1]', async () => {
    const { bridge } = await startScoped();
    lose(bridge, 'confluence.listGroups');
    const before = await bridge.store.index.state();

    await expect(bridge.scan()).rejects.toMatchObject({ kind: 'misconfigured', upstream: { lacksScope: true } });

    expect(await bridge.store.index.state()).toEqual(before);
    expect((await bridge.scim('get', '/Users')).body).toMatchObject({ totalResults: 3 });
  });
});
