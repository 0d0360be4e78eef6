import { describe, expect, it } from '@jest/globals';
import { expectScimError, startTestBridge } from '../support/bridge.js';
import { detailOf, listOf } from './exchanges.js';

const BASE = 'https://scim.example.com/scim/v2';

describe('GET /ServiceProviderConfig', () => {
  it('says what is true, with every field that strict clients insist on (RFC7644-4-L4068, RFC7644-3.7.4-L3495, RFC7644-3.5-L1609) [LI4]', async () => {
    const bridge = await startTestBridge();

    const reply = await bridge.scim('get', '/ServiceProviderConfig');

    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
      documentationUri: expect.stringMatching(/^https:/),
      patch: { supported: true },
      bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
      filter: { supported: true, maxResults: 200 },
      changePassword: { supported: false },
      sort: { supported: false },
      etag: { supported: false },
      authenticationSchemes: [
        {
          type: 'oauthbearertoken',
          name: expect.any(String),
          description: expect.any(String),
          specUri: expect.stringMatching(/^https:/),
        },
      ],
      meta: { resourceType: 'ServiceProviderConfig', location: `${BASE}/ServiceProviderConfig` },
    });
    expect(bridge.sandbox.calls).toHaveLength(0);
  });

  it('advertises the most that a page holds (RFC7644-3.4.2.1-L912) [LI2]', async () => {
    const people = Array.from({ length: 230 }, (_, n) => ({ email: `p${n}@example.com`, access: true }));
    const bridge = await startTestBridge({ sandbox: { seed: { people } } });

    const config = await bridge.scim('get', '/ServiceProviderConfig');
    const page = listOf(await bridge.scim('get', '/Users?count=100000'));

    const { filter } = config.body as { readonly filter: { readonly maxResults: number } };
    expect(page).toMatchObject({ itemsPerPage: filter.maxResults, totalResults: 231 });
  });
});

describe('GET /ResourceTypes', () => {
  it('lists User and Group at absolute addresses, with true counts (RFC7643-6-L1619, RFC7643-6-L1641) [LI4]', async () => {
    const bridge = await startTestBridge();

    const list = listOf(await bridge.scim('get', '/ResourceTypes'));

    expect(list).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 2,
      startIndex: 1,
      itemsPerPage: 2,
      Resources: (['User', 'Group'] as const).map((name) => ({
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
        id: name,
        name,
        description: expect.any(String),
        endpoint: `/${name}s`,
        schema: `urn:ietf:params:scim:schemas:core:2.0:${name}`,
        meta: { resourceType: 'ResourceType', location: `${BASE}/ResourceTypes/${name}` },
      })),
    });
    expect(bridge.sandbox.calls).toHaveLength(0);
  });

  it('answers each by its id as the list has it, and 404 for any other [LI4]', async () => {
    const bridge = await startTestBridge();
    const { Resources } = listOf(await bridge.scim('get', '/ResourceTypes'));

    expect((await bridge.scim('get', '/ResourceTypes/User')).body).toEqual(Resources[0]);
    expect((await bridge.scim('get', '/ResourceTypes/Group')).body).toEqual(Resources[1]);
    for (const id of ['Users', 'Schema', '__proto__', 'constructor']) {
      expectScimError(await bridge.scim('get', `/ResourceTypes/${id}`), 404);
    }
  });
});

describe('discovery', () => {
  it.each(['/ServiceProviderConfig', '/ResourceTypes', '/ResourceTypes/User'])(
    'ignores the parameters of lists at %s (RFC7644-4-L4125) [LI4]',
    async (path) => {
      const bridge = await startTestBridge();
      const plain = await bridge.scim('get', path);

      for (const query of [
        'filter=name eq "x"',
        'filter=(((',
        'count=0&startIndex=9',
        'sortBy=x',
        'attributes=x.y.z',
      ]) {
        const reply = await bridge.scim('get', `${path}?${encodeURI(query)}`);

        expect({ status: reply.status, body: reply.body as unknown }).toEqual({
          status: 200,
          body: plain.body as unknown,
        });
      }
    },
  );
});

describe('what is not supported', () => {
  it.each([
    ['get', '/Schemas', 'Schema discovery'],
    ['get', '/Schemas/', 'Schema discovery'],
    ['get', '/schemas/urn:ietf:params:scim:schemas:core:2.0:User', 'Schema discovery'],
    ['post', '/Bulk', 'Bulk'],
    ['get', '/Me', '/Me'],
    ['patch', '/Me', '/Me'],
    ['delete', '/Me', '/Me'],
  ] as const)('%s %s is a SCIM error 501 that says so, without any upstream call [LI4]', async (method, path, what) => {
    const bridge = await startTestBridge();

    const reply = await bridge.scim(method, path, method === 'post' ? { schemas: [] } : undefined);

    expectScimError(reply, 501);
    expect(detailOf(reply)).toContain(what);
    expect(detailOf(reply)).toContain('not supported');
    expect(bridge.sandbox.calls).toHaveLength(0);
  });

  it.each([
    ['post', '/Schemas', 'GET, HEAD'],
    ['delete', '/Schemas/urn:ietf:params:scim:schemas:core:2.0:User', 'GET, HEAD'],
    ['get', '/Bulk', 'POST'],
    ['options', '/Me', 'GET, HEAD, POST, PUT, PATCH, DELETE'],
  ] as const)('%s %s, which no server has, is 405 that names %s [LI4]', async (method, path, allowed) => {
    const bridge = await startTestBridge();

    const reply = await bridge.scim(method, path, method === 'post' ? {} : undefined);

    expectScimError(reply, 405);
    expect(reply.headers['allow']).toBe(allowed);
  });

  it('is 401 to somebody without a token [LI4]', async () => {
    const bridge = await startTestBridge();

    for (const path of ['/Schemas', '/Schemas/x', '/Bulk', '/Me']) {
      expectScimError(await bridge.scim('get', path, undefined, 'wrong'), 401);
    }
  });

  it('is refused before its body is read [LI4]', async () => {
    const bridge = await startTestBridge();

    expectScimError(await bridge.scim('post', '/Bulk', '{'.repeat(9 * 1024 * 1024)), 501);
  });
});
