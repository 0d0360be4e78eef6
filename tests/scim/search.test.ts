import { describe, expect, it } from '@jest/globals';
import { expectScimError, operations, startTestBridge, type TestBridge } from '../support/bridge.js';
import { detailOf, GROUP_URN, idOf, listOf, search, SEARCH_URN, user } from './exchanges.js';

/** Four people (the admin is one) and seven groups. */
async function startSite(): Promise<{ bridge: TestBridge; people: readonly string[]; groups: readonly string[] }> {
  const bridge = await startTestBridge();
  for (const name of ['ada', 'bob', 'carol']) await bridge.scim('post', '/Users', user(name, { displayName: name }));
  await bridge.scim('post', '/Groups', { schemas: [GROUP_URN], displayName: 'crew' });
  const idsAt = async (path: string) =>
    listOf(await bridge.scim('get', path)).Resources.map((resource) => resource['id'] as string);
  const people = await idsAt('/Users');
  const groups = await idsAt('/Groups?excludedAttributes=members');
  bridge.sandbox.takeCalls();
  return { bridge, people, groups };
}

function idsOf(reply: Parameters<typeof listOf>[0]): readonly unknown[] {
  return listOf(reply).Resources.map((resource) => resource['id']);
}

describe('POST /Users/.search and /Groups/.search', () => {
  it('answer as GET does with the same query [LI4]', async () => {
    const { bridge } = await startSite();
    for (const [endpoint, query] of [
      ['/Users', {}],
      ['/Users', { filter: 'userName sw "a"', startIndex: 1, count: 1 }],
      ['/Users', { count: 2, startIndex: 3, attributes: ['userName', 'active'] }],
      ['/Users', { excludedAttributes: ['emails', 'meta.location'] }],
      ['/Users', { filter: 'userName eq "bob@example.com"' }],
      ['/Groups', {}],
      ['/Groups', { filter: 'displayName eq "CREW"' }],
      ['/Groups', { count: 3, excludedAttributes: ['members'] }],
    ] as const) {
      const parameters = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);

      const got = await bridge.scim('get', `${endpoint}?${new URLSearchParams(parameters).toString()}`);
      const found = await search(bridge, `${endpoint}/.search`, query);

      expect({ query, body: found.body as unknown }).toEqual({ query, body: got.body as unknown });
      expect(found.status).toBe(200);
    }
  });

  it('take numbers that come as text, and names in any letter case [LI4]', async () => {
    const { bridge, people } = await startSite();

    const reply = await search(bridge, '/Users/.search', { StartIndex: '2', COUNT: '1' });

    expect(idsOf(reply)).toEqual([people[1]]);
  });

  it('are 400 for what is no SearchRequest, without asking Atlassian (RFC7644-3.4.3-L1476) [LI4]', async () => {
    const { bridge } = await startSite();

    for (const body of [{}, [], { schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'] }, { schemas: 7 }]) {
      expectScimError(await bridge.scim('post', '/Users/.search', body), 400, 'invalidSyntax');
    }
    for (const [query, scimType] of [
      [{ filter: 'x' }, 'invalidFilter'],
      [{ filter: 7 }, 'invalidValue'],
      [{ count: 'many' }, 'invalidValue'],
      [{ startIndex: [1] }, 'invalidValue'],
      [{ attributes: [{}] }, 'invalidValue'],
      [{ attributes: Array.from({ length: 500 }, (_, n) => `a${n}`) }, 'invalidValue'],
    ] as const) {
      for (const path of ['/Users/.search', '/Groups/.search', '/.search']) {
        expectScimError(await search(bridge, path, query), 400, scimType);
      }
    }
    expect(bridge.sandbox.calls).toHaveLength(0);
  });

  it('answer the request id of a failure, as any other address does [SA3]', async () => {
    const { bridge } = await startSite();
    bridge.sandbox.faults.always({ path: /users-bulk/, status: 403 });

    const reply = await search(bridge, '/Users/.search', {});

    expectScimError(reply, 500);
    expect(detailOf(reply)).toContain(reply.headers['x-request-id'] ?? 'no id');
  });
});

describe('POST /.search', () => {
  it('lists people, then groups, with one window over both [LI4]', async () => {
    const { bridge, people, groups } = await startSite();
    const both = [...people, ...groups];
    expect(both).toHaveLength(11);

    for (const [startIndex, count] of [
      [1, 100],
      [1, 3],
      [3, 4],
      [4, 1],
      [5, 1],
      [6, 100],
      [11, 5],
      [12, 5],
      [1, 0],
      [9, 0],
    ] as const) {
      const reply = await search(bridge, '/.search', { startIndex, count, excludedAttributes: ['members'] });

      const window = both.slice(startIndex - 1, startIndex - 1 + count);
      expect(listOf(reply)).toMatchObject({ totalResults: 11, startIndex, itemsPerPage: window.length });
      expect(idsOf(reply)).toEqual(window);
    }
  });

  it('applies the filter to both (RFC7644-3.4.2.1-L918) [LI4]', async () => {
    const { bridge, people, groups } = await startSite();
    const found = async (filter: string) => idsOf(await search(bridge, '/.search', { filter }));

    expect(await found('meta.resourceType eq "User"')).toEqual(people);
    expect(await found('meta.resourceType eq "Group"')).toEqual(groups);
    expect(await found('displayName sw "c"')).toHaveLength(4);
    expect(await found('displayName eq "crew" or userName eq "ada@example.com"')).toHaveLength(2);
    expect(await found('displayName eq "nothing"')).toEqual([]);
  });

  it('shows of each what was asked for, members too [LI4] [GR9]', async () => {
    const { bridge } = await startSite();

    const reply = await search(bridge, '/.search', { attributes: ['userName', 'displayName', 'members.value'] });

    const { Resources } = listOf(reply);
    expect(Resources.find((resource) => resource['userName'] === 'ada@example.com')).toEqual({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      id: expect.any(String),
      userName: 'ada@example.com',
      displayName: 'ada',
    });
    const access = Resources.find((resource) => resource['displayName'] === 'confluence-users-sandbox');
    expect(access?.['members']).toHaveLength(4);
    expect((access?.['members'] as object[])[0]).toEqual({ value: expect.any(String) });
  });

  it('costs what the lists cost [LI2]', async () => {
    const { bridge } = await startSite();

    await search(bridge, '/.search', { excludedAttributes: ['members'] });
    expect(operations(bridge.sandbox)).toEqual(['confluence.usersBulk']);

    bridge.sandbox.takeCalls();
    await search(bridge, '/.search', { startIndex: 5, excludedAttributes: ['members'] });
    expect(operations(bridge.sandbox)).toEqual([]);
  });

  it('takes the filter on members as one of groups only, however many people there are [LI4]', async () => {
    const people = Array.from({ length: 250 }, (_, n) => ({ email: `p${n}@example.com`, access: true }));
    const bridge = await startTestBridge({ sandbox: { seed: { people } } });
    const { accountId } = bridge.sandbox.admin;

    const reply = await bridge.scim('post', '/.search', {
      schemas: [SEARCH_URN],
      filter: `members.value eq "${accountId}"`,
      excludedAttributes: ['members'],
    });

    expect(idsOf(reply)).toHaveLength(2);
    expect(idOf(await bridge.scim('get', `/Users/${accountId}`))).toBe(accountId);
  });
});
