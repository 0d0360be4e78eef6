import { describe, expect, it } from '@jest/globals';
import { expectScimError } from '../support/bridge.js';
import { listOf } from '../scim/exchanges.js';
import { bodyOf, sharedSite } from './site.js';

const site = sharedSite();
const isFlag = { supported: expect.any(Boolean) };

describe('GET /ServiceProviderConfig', () => {
  it.each<[string, unknown]>([
    ['schemas', ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig']],
    ['documentationUri', expect.stringMatching(/^https:\/\/\S+$/)],
    ['patch', isFlag],
    ['bulk', { ...isFlag, maxOperations: expect.any(Number), maxPayloadSize: expect.any(Number) }],
    ['filter', { ...isFlag, maxResults: expect.any(Number) }],
    ['changePassword', isFlag],
    ['sort', isFlag],
    ['etag', isFlag],
    ['meta', expect.objectContaining({ resourceType: 'ServiceProviderConfig', location: expect.any(String) })],
  ])('RFC 7643 §5: has %s as the schema has it', async (name, value) => {
    const body = bodyOf(await site.scim('get', '/ServiceProviderConfig'));

    expect(body[name]).toEqual(value);
    // There is but one, so it has no id.
    expect(body).not.toHaveProperty('id');
  });

  it('names its way to authenticate, as a canonical type, to callers with a token; without one everything is 401 (RFC7643-5-L1581)', async () => {
    const { authenticationSchemes } = bodyOf(await site.scim('get', '/ServiceProviderConfig'));

    expect(authenticationSchemes).toEqual([
      expect.objectContaining({ type: 'oauthbearertoken', name: expect.any(String), description: expect.any(String) }),
    ]);
    const reply = await site.scim('get', '/ServiceProviderConfig', undefined, 'nobody-was-given-this');
    expectScimError(reply, 401);
    expect(reply.headers['www-authenticate']).toMatch(/^Bearer /);
  });

  it('RFC 7643 §5: says of etag, sort and changePassword what the bridge does', async () => {
    const person = await site.createUser();

    expect(bodyOf(await site.scim('get', '/ServiceProviderConfig'))).toMatchObject({
      etag: { supported: false },
      sort: { supported: false },
      changePassword: { supported: false },
    });
    expect((await site.scim('get', person.path)).headers).not.toHaveProperty('etag');
    const operation = { op: 'replace', path: 'password', value: 'Secret-1' };
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
    expectScimError(await site.scim('patch', person.path, { schemas, Operations: [operation] }), 501);
  });
});

describe('GET /ResourceTypes', () => {
  it('RFC 7643 §6: has name, endpoint and schema for each type, and serves what it says', async () => {
    await site.createUser();
    await site.createGroup();
    const types = listOf(await site.scim('get', '/ResourceTypes')).Resources;

    expect(types.map((type) => type['name'])).toEqual(['User', 'Group']);
    for (const type of types) {
      const { Resources } = listOf(await site.scim('get', type['endpoint'] as string));
      expect(Resources.length).toBeGreaterThan(0);
      for (const resource of Resources) {
        expect(resource['meta']).toMatchObject({ resourceType: type['name'] });
        expect(resource['schemas']).toContain(type['schema']);
      }
    }
  });

  it('RFC 7643 §6: has each type at the address that its meta names', async () => {
    for (const type of listOf(await site.scim('get', '/ResourceTypes')).Resources) {
      const { location } = type['meta'] as { readonly location: string };

      expect((await site.scim('get', location.slice('https://scim.example.com/scim/v2'.length))).body).toEqual(type);
    }
  });
});

describe.each(['/ServiceProviderConfig', '/ResourceTypes', '/ResourceTypes/User'])('%s', (path) => {
  it.each(['post', 'put', 'patch', 'delete', 'options'] as const)(
    'RFC 7644 §4: is read only: %s is 405, and Allow names GET and HEAD',
    async (method) => {
      const reply = await site.scim(method, path);

      expectScimError(reply, 405);
      expect(reply.headers['allow']).toBe('GET, HEAD');
    },
  );

  it.each(['startIndex=x', 'count=-1', 'attributes=name', 'excludedAttributes=schemas', 'filter=a&filter=b', 'x'])(
    'RFC 7644 §4: is the same with the parameters %s (RFC7644-4-L4125)',
    async (query) => {
      expect((await site.scim('get', `${path}?${query}`)).body).toEqual((await site.scim('get', path)).body);
    },
  );

  it('RFC 7644 §4: is served with a slash at the end', async () => {
    expect((await site.scim('get', `${path}/`)).body).toEqual((await site.scim('get', path)).body);
  });
});
