import { describe, expect, it } from '@jest/globals';
import { ENTRA_TOKEN, startTestBridge } from '../support/bridge.js';
import { at, detailOf, GROUP_URN, idOf, patch, search, user } from './exchanges.js';

const BASE = 'https://scim.example.com/scim/v2';

describe('every answer', () => {
  it('is application/scim+json without charset, whatever its status (RFC7644-3.8-L3551) [LI5]', async () => {
    const bridge = await startTestBridge();
    const created = await bridge.scim('post', '/Users', user('ada'));
    const path = `/Users/${idOf(created)}`;

    const replies = [
      created,
      await bridge.scim('get', path),
      await bridge.scim('get', '/Users'),
      await bridge.scim('get', '/Groups'),
      await bridge.scim('get', '/ServiceProviderConfig'),
      await bridge.scim('get', '/ResourceTypes'),
      await search(bridge, '/.search', {}),
      await bridge.scim('put', path, user('ada')),
      await bridge.scim('patch', path, patch({ op: 'replace', path: 'active', value: true })),
      await bridge.scim('post', '/Users', '{'),
      await bridge.scim('get', path, undefined, 'wrong'),
      await bridge.scim('delete', `/Users/${bridge.sandbox.admin.accountId}`),
      await bridge.scim('get', '/Users/nobody'),
      await bridge.scim('get', '/ResourceTypes/Nothing'),
      await bridge.scim('delete', '/Users'),
      await bridge.scim('post', '/Users', user('ada')),
      await bridge.scim('get', path).set('If-Match', '"1"'),
      await bridge.scim('post', '/Users', 'x').set('Content-Type', 'text/plain'),
      await bridge.scim('get', '/Schemas'),
    ];

    expect(replies.map((reply) => reply.status)).toEqual([
      201, 200, 200, 200, 200, 200, 200, 200, 200, 400, 401, 403, 404, 404, 405, 409, 412, 415, 501,
    ]);
    for (const reply of replies) expect(reply.headers['content-type']).toBe('application/scim+json');
  });

  it('without content names no type [LI5]', async () => {
    const bridge = await startTestBridge();
    const id = idOf(await bridge.scim('post', '/Groups', { schemas: [GROUP_URN], displayName: 'crew' }));

    const changed = await bridge.scim('patch', `/Groups/${id}`, patch({ op: 'replace', path: 'members', value: [] }));
    const removed = await bridge.scim('delete', `/Groups/${id}`);

    for (const reply of [changed, removed]) {
      expect(reply.status).toBe(204);
      expect(reply.headers).not.toHaveProperty('content-type');
      expect(reply.body).toEqual({});
    }
  });

  it('has an id of the request, which an error repeats in its detail', async () => {
    const bridge = await startTestBridge();

    for (const [method, path, body] of [
      ['get', '/Users/nobody'],
      ['get', '/Nope'],
      ['get', '/ResourceTypes/Nothing'],
      ['get', '/Users/%zz'],
      ['put', '/Users'],
      ['get', '/Schemas'],
      ['post', '/Users', '{'],
      ['post', '/.search', {}],
      ['get', at('/Users', { filter: 'userName' })],
    ] as const) {
      const reply = await bridge.scim(method, path, body);

      const requestId = reply.headers['x-request-id'] ?? '';
      expect(requestId).toMatch(/^[\w-]{8,}$/);
      expect(detailOf(reply)).toContain(`(request ${requestId})`);
    }
  });

  it("takes over the caller's request id where it is fit for a log", async () => {
    const bridge = await startTestBridge();

    const taken = await bridge.scim('get', '/Users/nobody').set('X-Request-Id', 'okta-42');
    const refused = await bridge.scim('get', '/Users/nobody').set('X-Request-Id', 'a b{"c":1}');

    expect(detailOf(taken)).toContain('(request okta-42)');
    expect(detailOf(refused)).not.toContain('a b');
  });
});

describe('an error', () => {
  it('holds its status as text, the schema, a detail, and no scimType where there is none (RFC7644-3.12-L3707, RFC7644-3.1-L436) [LI5]', async () => {
    const bridge = await startTestBridge();

    const reply = await bridge.scim('get', '/Users/nobody');

    expect(reply.body).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '404',
      detail: expect.stringMatching(/^No user has this id\./),
    });
  });

  it('is the failure itself in a search, too, and not an error of the bridge [SA3]', async () => {
    const bridge = await startTestBridge();

    for (const path of ['/.search', '/Users/.search', '/Groups/.search']) {
      const reply = await search(bridge, path, { filter: 'userName like "a"' });

      expect(reply.body).toMatchObject({ status: '400', scimType: 'invalidFilter' });
    }
    expect(bridge.logs.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('a created resource', () => {
  it('is at an absolute Location that equals meta.location (RFC7644-3.3-L602, RFC7644-3.3-L605) [LI5]', async () => {
    const bridge = await startTestBridge();

    const person = await bridge.scim('post', '/Users', user('ada'));
    const group = await bridge.scim('post', '/Groups', { schemas: [GROUP_URN], displayName: 'crew' });

    for (const [reply, endpoint] of [
      [person, 'Users'],
      [group, 'Groups'],
    ] as const) {
      const { meta } = reply.body as { readonly meta: { readonly location: string } };
      expect(reply.status).toBe(201);
      expect(reply.headers['location']).toBe(`${BASE}/${endpoint}/${idOf(reply)}`);
      expect(meta.location).toBe(reply.headers['location']);
    }
  });

  it('has its Location also when meta was not asked for [LI5]', async () => {
    const bridge = await startTestBridge();

    const reply = await bridge.scim('post', at('/Users', { attributes: 'userName' }), user('ada'));

    expect(reply.headers['location']).toBe(`${BASE}/Users/${idOf(reply)}`);
    expect(Object.keys(reply.body as object).sort()).toEqual(['id', 'schemas', 'userName']);
  });

  it('was last modified when it was created, and reads the same afterwards (RFC7643-3.1-L920, RFC7643-3.1-L925, RFC7643-3.1-L940, RFC7644-3.14-L3967) [LI5]', async () => {
    const bridge = await startTestBridge();
    const person = await bridge.scim('post', '/Users', user('ada'));
    const group = await bridge.scim('post', '/Groups', { schemas: [GROUP_URN], displayName: 'crew' });

    for (const [reply, path] of [
      [person, '/Users'],
      [group, '/Groups'],
    ] as const) {
      const { meta } = reply.body as { readonly meta: Readonly<Record<string, string>> };
      expect(meta['created']).toBe(meta['lastModified']);
      expect(new Date(meta['created'] ?? '').toISOString()).toBe(meta['created']);
      expect(meta).not.toHaveProperty('version');
      expect(reply.headers).not.toHaveProperty('etag');
      bridge.clock.advance(5_000);
      expect((await bridge.scim('get', `${path}/${idOf(reply)}`)).body).toMatchObject({ meta });
    }
  });

  it('is modified at one moment by one change, and not by a message that changes nothing [LI5]', async () => {
    const bridge = await startTestBridge();
    const created = await bridge.scim('post', '/Users', user('ada'));
    const path = `/Users/${idOf(created)}`;
    const metaOf = (reply: { readonly body: unknown }) =>
      (reply.body as { readonly meta: Readonly<Record<string, string>> }).meta;

    bridge.clock.advance(5_000);
    const same = await bridge.scim('put', path, user('ada'));
    bridge.clock.advance(5_000);
    const changed = await bridge.scim('patch', path, patch({ op: 'replace', value: { active: false } }));
    bridge.clock.advance(5_000);
    const read = await bridge.scim('get', path);

    expect(metaOf(same)).toEqual(metaOf(created));
    expect(metaOf(changed)['created']).toBe(metaOf(created)['created']);
    expect(Date.parse(metaOf(changed)['lastModified'] ?? '')).toBeGreaterThan(
      Date.parse(metaOf(created)['lastModified'] ?? ''),
    );
    expect(metaOf(read)).toEqual(metaOf(changed));
  });
});

describe('attributes and excludedAttributes', () => {
  const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
  const full = user('ada', {
    name: { givenName: 'Ada', familyName: 'King' },
    [ENTERPRISE]: { department: 'R&D', costCenter: '7' },
  });

  it.each([
    ['attributes', 'userName', ['id', 'schemas', 'userName']],
    ['attributes', 'USERNAME,,nothing', ['id', 'schemas', 'userName']],
    ['attributes', 'urn:ietf:params:scim:schemas:core:2.0:User:userName', ['id', 'schemas', 'userName']],
    ['attributes', 'name.givenName', ['id', 'name', 'schemas']],
    ['attributes', `${ENTERPRISE}:department`, ['id', 'schemas', ENTERPRISE]],
    ['attributes', 'groups.value', ['groups', 'id', 'schemas']],
    ['attributes', 'meta.location', ['id', 'meta', 'schemas']],
    [
      'excludedAttributes',
      'id,schemas,meta,groups,emails',
      ['active', 'id', 'name', 'schemas', ENTERPRISE, 'userName'],
    ],
  ])(
    '%s=%s leaves %j (RFC7644-3.4.2.5-L1438, RFC7644-3.4.2.5-L1449, RFC7644-3.9-L3596, EXTRA-RET-ALWAYS) [LI5]',
    async (parameter, value, left) => {
      const bridge = await startTestBridge();
      const path = `/Users/${idOf(await bridge.scim('post', '/Users', full))}`;

      const reply = await bridge.scim('get', at(path, { [parameter]: value }));

      expect(Object.keys(reply.body as object).sort()).toEqual([...left].sort());
    },
  );

  it('select parts of complex attributes [LI5]', async () => {
    const bridge = await startTestBridge();
    const path = `/Users/${idOf(await bridge.scim('post', '/Users', full))}`;

    const only = await bridge.scim('get', at(path, { attributes: `name.givenName,${ENTERPRISE}:costCenter` }));
    const without = await bridge.scim('get', at(path, { excludedAttributes: 'name.givenName,emails.type' }));

    expect(only.body).toMatchObject({ name: { givenName: 'Ada' }, [ENTERPRISE]: { costCenter: '7' } });
    expect(without.body).toMatchObject({
      name: { familyName: 'King' },
      emails: [{ value: 'ada@example.com', primary: true }],
    });
  });

  it('apply to the answers of POST, PUT and PATCH, too [LI5]', async () => {
    const bridge = await startTestBridge();
    const query = { attributes: 'active' };

    const created = await bridge.scim('post', at('/Users', query), full);
    const path = `/Users/${idOf(created)}`;
    const put = await bridge.scim('put', at(path, query), full);
    const patched = await bridge.scim('patch', at(path, query), patch({ op: 'add', path: 'active', value: false }));

    expect(created.body).toMatchObject({ active: true });
    expect(patched.body).toMatchObject({ active: false });
    for (const reply of [created, put, patched]) {
      expect(Object.keys(reply.body as object).sort()).toEqual(['active', 'id', 'schemas']);
    }
  });

  it('that leave groups or members out save the call that would read them [LI5]', async () => {
    const bridge = await startTestBridge();
    const id = idOf(await bridge.scim('post', '/Users', full));
    const members = [{ value: id }];
    const groupId = idOf(await bridge.scim('post', '/Groups', { schemas: [GROUP_URN], displayName: 'crew', members }));
    const callsOf = async (path: string): Promise<number> => {
      bridge.sandbox.takeCalls();
      expect((await bridge.scim('get', path)).status).toBe(200);
      return bridge.sandbox.calls.length;
    };

    expect(await callsOf(`/Users/${id}`)).toBe(2);
    expect(await callsOf(`/Users/${id}?excludedAttributes=groups`)).toBe(1);
    expect(await callsOf(`/Users/${id}?attributes=userName,active`)).toBe(1);
    expect(await callsOf(`/Groups/${groupId}`)).toBe(2);
    expect(await callsOf(`/Groups/${groupId}?excludedAttributes=members`)).toBe(1);
    expect(await callsOf(`/Groups/${groupId}?attributes=displayName`)).toBe(1);
    expect(await callsOf('/Groups?excludedAttributes=members')).toBe(0);
    expect(await callsOf('/Groups?attributes=displayName')).toBe(0);
  });
});

describe('externalId', () => {
  it('is answered to the caller that sent it and to no other [ID6]', async () => {
    const bridge = await startTestBridge();
    const path = `/Users/${idOf(await bridge.scim('post', '/Users', user('ada', { externalId: '00u1' })))}`;

    expect((await bridge.scim('get', path)).body).toMatchObject({ externalId: '00u1' });
    expect((await bridge.scim('get', path, undefined, ENTRA_TOKEN)).body).not.toHaveProperty('externalId');
  });
});
