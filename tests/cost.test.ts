import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BackEnd } from '../src/provisioning/directory.js';
import { type Sandbox, startSandbox } from '../src/sandbox/server.js';
import { operations, startTestBridge, type TestBridge } from './support/bridge.js';

const PEOPLE = 6_000;
const PAGE = 200;
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const patch = (...Operations: object[]) => ({ schemas: [PATCH_OP], Operations });
const email = (n: number) => `p${n}@example.com`;

/** One site for all rows: starting one of this size for each would be most of the time. */
let sandbox: Sandbox;
const ids: string[] = [];

beforeAll(async () => {
  sandbox = await startSandbox({
    seed: {
      people: Array.from({ length: PEOPLE }, (_, n) => ({ email: email(n), displayName: `Person ${n}`, access: true })),
    },
  });
  for (let n = 0; n < PEOPLE; n += 1) ids.push(sandbox.findPersonByEmail(email(n))?.accountId ?? '');
});
afterAll(() => sandbox.close());

async function start(backEnd: BackEnd = 'organization', settings: Record<string, string> = {}): Promise<TestBridge> {
  const bridge = await startTestBridge({ backEnd, site: sandbox, settings: { ADOPT_GROUPS: 'team-*', ...settings } });
  sandbox.takeCalls();
  return bridge;
}

/** Sends one request and tells its status and what it cost upstream. */
async function cost(
  bridge: TestBridge,
  ...request: Parameters<TestBridge['scim']>
): Promise<{ status: number; calls: number; body: Record<string, unknown> }> {
  sandbox.takeCalls();
  const reply = await bridge.scim(...request);
  return {
    status: reply.status,
    calls: operations(sandbox).length,
    body: (reply.body ?? {}) as Record<string, unknown>,
  };
}

const path = (id: unknown) => encodeURIComponent(String(id));

describe('what a request costs upstream, on a site of 6,000 people', () => {
  it.each<[BackEnd, number]>([
    ['organization', 2],
    ['jira', 3],
    ['invite', 2],
  ])('creating a user on the %s back end is %i calls [US4]', async (backEnd, calls) => {
    const bridge = await start(backEnd);
    sandbox.options.inviteAppears = 'never';
    const userName = `new-${backEnd}@example.com`;
    expect(await cost(bridge, 'post', '/Users', { userName })).toMatchObject({ status: 201, calls });
  });

  it('users: reading 2 or 1, look-ups 1, a page 1, status 1 + k, PUT 1 or 2, DELETE 1 + k, refusals 0 [US2]', async () => {
    const bridge = await start();
    const userName = 'row@example.com';
    const created = await cost(bridge, 'post', '/Users', { userName, externalId: 'row' });
    const user = `/Users/${path(created.body['id'])}`;
    const byUserName = (name: string) => `/Users?filter=${encodeURIComponent(`userName eq "${name}"`)}`;
    const rows: [string, Parameters<TestBridge['scim']>, number, number][] = [
      ['GET by id', ['get', user], 200, 2],
      ['GET by id without groups', ['get', `${user}?excludedAttributes=groups`], 200, 1],
      ['userName eq, linked', ['get', byUserName(userName)], 200, 1],
      ['userName eq, unknown', ['get', byUserName('nobody@example.com')], 200, 1],
      ['externalId eq', ['get', `/Users?filter=${encodeURIComponent('externalId eq "row"')}`], 200, 1],
      ['externalId eq, unknown', ['get', `/Users?filter=${encodeURIComponent('externalId eq "other"')}`], 200, 0],
      ['a page of 200', ['get', '/Users?startIndex=401&count=200'], 200, 1],
      ['a count', ['get', '/Users?count=0'], 200, 0],
      ['PUT without change', ['put', user, { userName, externalId: 'row' }], 200, 1],
      ['first PUT of an unlinked person', ['put', `/Users/${path(ids[7])}`, { userName: email(7) }], 200, 2],
      ['PATCH of a profile attribute', ['patch', user, patch({ op: 'replace', path: 'title', value: 'x' })], 501, 0],
      ['PATCH that is malformed', ['patch', user, patch({ op: 'delete', path: 'title' })], 400, 0],
      ['deactivate', ['patch', user, patch({ op: 'replace', value: { active: false } })], 200, 2],
      ['reactivate', ['patch', user, patch({ op: 'replace', value: { active: true } })], 200, 2],
      ['DELETE', ['delete', user], 204, 2],
      ['the same POST body, wrong', ['post', '/Users', { userName: '' }], 400, 0],
      ['/Schemas', ['get', '/Schemas'], 501, 0],
      ['ServiceProviderConfig', ['get', '/ServiceProviderConfig'], 200, 0],
      ['a wrong token', ['get', '/Users', undefined, 'wrong-secret-0123456789'], 401, 0],
    ];
    for (const [title, request, status, calls] of rows) {
      const row = await cost(bridge, ...request);
      expect({ title, status: row.status, calls: row.calls }).toEqual({ title, status, calls });
    }
  });

  it('a scan is the sum over the granting groups of their pages [LI1]', async () => {
    const bridge = await start();
    await bridge.scan();
    const pages = operations(sandbox).filter(
      (operation) => operation === 'confluence.listMembers' || /member/i.test(operation),
    ).length;
    const granting = [sandbox.groups.access.id, sandbox.groups.admins.id, sandbox.groups.siteAdmins.id];
    const expected = granting.reduce((sum, id) => sum + Math.max(1, Math.ceil(sandbox.membersOf(id).length / PAGE)), 0);
    expect(pages).toBe(expected);
  });

  it.each([10, 5_000])(
    'a group of %i members: reading, one member, several, replacing, lists, delete [GR5]',
    async (size) => {
      const bridge = await start();
      const name = `team-${size}`;
      const members = (from: number, to: number) => ids.slice(from, to).map((value) => ({ value }));
      const group = sandbox.addGroup({ name });
      for (const id of ids.slice(0, size)) sandbox.addMember(group.id, id);
      await bridge.scan();
      const url = `/Groups/${path(group.id)}`;
      const pages = Math.ceil(size / PAGE);
      const byName = `/Groups?filter=${encodeURIComponent(`displayName eq "${name}"`)}`;
      const rows: [string, Parameters<TestBridge['scim']>, number, number][] = [
        ['GET by id', ['get', url], 200, 1 + pages],
        ['GET by id without members', ['get', `${url}?excludedAttributes=members`], 200, 1],
        ['displayName eq without members', ['get', `${byName}&excludedAttributes=members`], 200, 1],
        ['a list without members', ['get', '/Groups?excludedAttributes=members'], 200, 0],
        ['add one', ['patch', url, patch({ op: 'add', path: 'members', value: members(5_500, 5_501) })], 204, 1],
        [
          'remove one',
          ['patch', url, patch({ op: 'remove', path: `members[value eq "${ids[5_500] ?? ''}"]` })],
          204,
          1,
        ],
        [
          'PUT with two out and one in',
          ['put', url, { displayName: name, members: [...members(2, size), ...members(5_600, 5_601)] }],
          200,
          1 + pages + 3,
        ],
        [
          'the same PUT again',
          ['put', url, { displayName: name, members: [...members(2, size), ...members(5_600, 5_601)] }],
          200,
          1 + pages,
        ],
        [
          'rename',
          ['patch', url, patch({ op: 'replace', value: { id: group.id, displayName: `Team ${size}` } })],
          204,
          1,
        ],
        ['DELETE of an adopted group', ['delete', url], 204, 0],
      ];
      for (const [title, request, status, calls] of rows) {
        const row = await cost(bridge, ...request);
        expect({ title, status: row.status, calls: row.calls }).toEqual({ title, status, calls });
      }
      expect(sandbox.membersOf(group.id)).toHaveLength(size - 1);
    },
  );

  it('adding m members is m calls to a large group; a small one is read first and only what is missing is sent [GR5]', async () => {
    const bridge = await start();
    const large = sandbox.addGroup({ name: 'team-large' });
    const small = sandbox.addGroup({ name: 'team-small' });
    for (const id of ids.slice(0, 5_000)) sandbox.addMember(large.id, id);
    for (const id of ids.slice(0, 10)) sandbox.addMember(small.id, id);
    await bridge.scan();
    for (const { id } of [large, small]) await bridge.scim('get', `/Groups/${path(id)}`);
    const add = (from: number, to: number) =>
      patch({ op: 'add', path: 'members', value: ids.slice(from, to).map((value) => ({ value })) });
    // The first change adopts a group; from then on its size is known.
    await bridge.scim('patch', `/Groups/${path(large.id)}`, add(5_900, 5_901));
    await bridge.scim('get', `/Groups/${path(large.id)}`);

    expect(await cost(bridge, 'patch', `/Groups/${path(large.id)}`, add(5_100, 5_103))).toMatchObject({
      status: 204,
      calls: 3,
    });
    expect(await cost(bridge, 'patch', `/Groups/${path(small.id)}`, add(8, 12))).toMatchObject({
      status: 204,
      calls: 1 + 2,
    });
  });

  it('a group with m members is 2 + m calls, and its DELETE is one [GR8]', async () => {
    const bridge = await start();
    const members = ids.slice(0, 4).map((value) => ({ value }));
    const created = await cost(bridge, 'post', '/Groups', { displayName: 'made', members });
    expect(created).toMatchObject({ status: 201, calls: 2 + 4 });
    expect(await cost(bridge, 'delete', `/Groups/${path(created.body['id'])}`)).toMatchObject({
      status: 204,
      calls: 1,
    });
  });
});
