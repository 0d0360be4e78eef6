import { describe, expect, it } from '@jest/globals';
import { expectScimError, operations } from '../support/bridge.js';
import { detailOf, listOf, search, user } from '../scim/exchanges.js';
import { sharedSite } from './site.js';

const BULK_URN = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
const site = sharedSite();

describe('schema discovery, which Confluence gives no ground for', () => {
  it.each([
    ['all schemas (RFC7644-4-L4098)', '/Schemas'],
    ['their ids (RFC7643-7-L1691)', '/Schemas?attributes=id'],
    ['their names (RFC7643-7-L1700)', '/Schemas?attributes=name'],
    ['the schema of Users', '/Schemas/urn:ietf:params:scim:schemas:core:2.0:User'],
    [
      'the schema of an extension (RFC7643-6-L1650)',
      '/Schemas/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    ],
    ['the schema of a message (RFC7644-3.1-L439)', '/Schemas/urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  ])('is a SCIM error 501 for %s', async (_what, path) => {
    const reply = await site.scim('get', path);

    expectScimError(reply, 501);
    expect(detailOf(reply)).toContain('Schema discovery is not supported');
    expect(reply.body).not.toHaveProperty('Resources');
  });
});

describe('POST /Bulk, which ServiceProviderConfig says is not supported', () => {
  const create = (bulkId: string, name: string) => ({ method: 'POST', path: '/Users', bulkId, data: user(name) });
  const group = (bulkId: string, member: string) => ({
    method: 'POST',
    path: '/Groups',
    bulkId,
    data: { displayName: bulkId, members: [{ value: `bulkId:${member}` }] },
  });

  it.each<[string, object]>([
    ['one operation (RFC7644-3.7-L2775, RFC7644-3.7-L2789)', { Operations: [create('one', 'bulk1')] }],
    [
      'operations of which one must fail (RFC7644-3.7-L2779)',
      { failOnErrors: 10, Operations: [create('a', 'bulk2'), create('b', 'bulk2'), create('c', 'bulk3')] },
    ],
    [
      'several operations (RFC7644-3.7.3-L3201, RFC7644-3.7.3-L3206)',
      { Operations: [create('a', 'bulk4'), create('b', 'bulk5')] },
    ],
    ['groups that hold each other (RFC7644-3.7.1-L2814)', { Operations: [group('a', 'b'), group('b', 'a')] }],
    [
      'more operations than any limit (RFC7644-3.7.4-L3499)',
      { Operations: Array.from({ length: 2_000 }, (_, n) => create(`${n}`, `bulk${n}`)) },
    ],
  ])('is 501 for %s, and none is carried out', async (_what, body) => {
    const before = listOf(await site.scim('get', '/Users?count=0')).totalResults;
    site.bridge.sandbox.takeCalls();

    const reply = await site.scim('post', '/Bulk', { schemas: [BULK_URN], ...body });

    expectScimError(reply, 501);
    expect(operations(site.bridge.sandbox)).toEqual([]);
    expect(listOf(await site.scim('get', '/Users?count=0')).totalResults).toBe(before);
  });
});

describe('/Me, as a token belongs to an identity provider and to no person', () => {
  it.each(['get', 'post', 'put', 'patch', 'delete'] as const)(
    'is 501 to %s, without a Location (RFC7644-3.11-L3683)',
    async (method) => {
      const reply = await site.scim(method, '/Me');

      expectScimError(reply, 501);
      expect(reply.headers).not.toHaveProperty('location');
    },
  );
});

describe('sorting, which ServiceProviderConfig says is not supported', () => {
  it.each([
    ['sortBy alone (RFC7644-3.4.2.3-L1319)', { sortBy: 'userName' }],
    ['sortBy and sortOrder (RFC7644-3.4.2.3-L1321)', { sortBy: 'userName', sortOrder: 'descending' }],
    ['an attribute that nobody has', { sortBy: 'x', sortOrder: 'sideways' }],
  ])('is ignored: %s leaves the order in which people came', async (_what, query) => {
    for (const name of ['zoe', 'Ada', 'bob']) await site.createUser({ displayName: name });
    const plain = listOf(await site.scim('get', '/Users'));

    const asked = listOf(await site.scim('get', `/Users?${new URLSearchParams(query).toString()}`));
    const searched = listOf(await search(site.bridge, '/Users/.search', query));

    expect(asked).toEqual(plain);
    expect(searched).toEqual(plain);
  });
});

describe('a resource type of another kind', () => {
  it('is 404 as SCIM says it: there are Users and Groups, and no TestResources', async () => {
    for (const path of ['/TestResources', '/TestResources/1', '/Devices', '/AgenticIdentities']) {
      expectScimError(await site.scim('get', path), 404);
      expectScimError(await site.scim('post', path, { schemas: [] }), 404);
    }
  });
});
