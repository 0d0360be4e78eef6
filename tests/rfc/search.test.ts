import { beforeAll, describe, expect, it } from '@jest/globals';
import { expectScimError } from '../support/bridge.js';
import { listOf, SEARCH_URN } from '../scim/exchanges.js';
import { sharedSite } from './site.js';

const site = sharedSite();

beforeAll(async () => {
  const { id } = await site.createUser({ displayName: 'Ada', password: 'Secret-1' });
  await site.createGroup({ displayName: 'Crew', members: [{ value: id }] });
});

describe.each(['/Users/.search', '/Groups/.search', '/.search'])('POST %s', (path) => {
  it.each([
    ['its schema alone', {}],
    ['its schema among others', { schemas: ['urn:example:other', SEARCH_URN] }],
    ['its schema in other letters', { schemas: [SEARCH_URN.toUpperCase()] }],
    ['nulls', { filter: null, attributes: null, excludedAttributes: null, startIndex: null, count: null }],
    ['sorting, which is not offered', { sortBy: 'userName', sortOrder: 'descending' }],
    ['what nobody knows', { domain: 'example.com', cursor: 'x' }],
  ])('RFC 7644 §3.4.3: answers 200 and a ListResponse to %s (RFC7644-3.4.3-L1476)', async (_what, body) => {
    const plain = await site.scim('post', path, { schemas: [SEARCH_URN] });

    const reply = await site.scim('post', path, { schemas: [SEARCH_URN], ...body });

    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toBe('application/scim+json');
    expect(reply.body).toEqual(plain.body);
    expect(reply.body).toMatchObject({ schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'] });
    expect(listOf(reply).totalResults).toBeGreaterThan(1);
  });

  it.each([
    ['no schemas', { filter: 'id pr' }],
    ['empty schemas', { schemas: [] }],
    ['the schema of a resource', { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'] }],
    ['the schema of another message', { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'] }],
    ['a list', [{ schemas: [SEARCH_URN] }]],
    ['a text', '"filter"'],
  ])('RFC 7644 §3.4.3: is 400 invalidSyntax with %s', async (_what, body) => {
    expectScimError(await site.scim('post', path, body), 400, 'invalidSyntax');
  });

  it('RFC 7644 §3.4.3: answers each resource as its own address does, but for groups of people', async () => {
    const { Resources } = listOf(await site.scim('post', path, { schemas: [SEARCH_URN] }));

    for (const resource of Resources) {
      const { resourceType } = resource['meta'] as { readonly resourceType: string };
      const query = resourceType === 'User' ? '?excludedAttributes=groups' : '';
      expect(resource).toEqual((await site.scim('get', `/${resourceType}s/${resource['id'] as string}${query}`)).body);
    }
  });

  it('RFC 7644 §3.4.3: takes its parameters from the body, not from the address', async () => {
    const reply = await site.scim('post', `${path}?count=0&filter=(((&attributes=id`, { schemas: [SEARCH_URN] });

    expect(listOf(reply).itemsPerPage).toBeGreaterThan(1);
    expect(listOf(reply).Resources[0]).toHaveProperty('meta');
  });

  it.each(['get', 'head', 'put', 'patch', 'delete', 'options'] as const)(
    'RFC 7644 §3.4.3: is 405 to %s, and Allow names POST',
    async (method) => {
      const reply = await site.scim(method, path);

      expect({ status: reply.status, allow: reply.headers['allow'] }).toEqual({ status: 405, allow: 'POST' });
    },
  );

  it('RFC 7644 §3.4.3: is served with a slash at the end and in other letters', async () => {
    for (const address of [`${path}/`, path.toUpperCase()]) {
      expect(listOf(await site.scim('post', address, { schemas: [SEARCH_URN] })).totalResults).toBeGreaterThan(1);
    }
  });
});
