import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { expectScimError, startTestBridge, type TestBridge } from '../support/bridge.js';
import { at, detailOf, idOf, listOf, openConnection, patch, search, user } from './exchanges.js';

async function withAda(): Promise<{ bridge: TestBridge; id: string }> {
  const bridge = await startTestBridge();
  const id = idOf(await bridge.scim('post', '/Users', user('ada')));
  bridge.sandbox.takeCalls();
  return { bridge, id };
}

describe('a request without a known token', () => {
  it('is 401 with WWW-Authenticate, whatever is at its address (RFC7644-2-L307) [LI4]', async () => {
    const bridge = await startTestBridge();

    for (const path of ['/Users', '/Users/x', '/.search', '/ServiceProviderConfig', '/Schemas', '/Bulk', '/Nope', '']) {
      const reply = await bridge.scim('get', path, undefined, 'a-token-that-nobody-was-given');

      expectScimError(reply, 401);
      expect(reply.headers['www-authenticate']).toMatch(/^Bearer realm="/);
    }
    expect(bridge.sandbox.calls).toHaveLength(0);
  });

  it('is refused before its body is parsed or even all there [LI5]', async () => {
    const bridge = await startTestBridge();
    const connection = await openConnection(bridge.url);

    // Twenty megabytes are announced and half a kilobyte of rubbish is sent.
    const reply = await connection.send('POST', '/Users', {
      body: '{'.repeat(512),
      headers: { Authorization: '', 'Content-Length': String(20 * 1024 * 1024) },
    });

    expect(reply.status).toBe(401);
    connection.close();
  });

  it('is 401 when it carries twenty megabytes of rubbish [LI5]', async () => {
    const bridge = await startTestBridge();

    const reply = await bridge.scim('post', '/Users', '{'.repeat(20 * 1024 * 1024), 'wrong');

    expectScimError(reply, 401);
  });
});

describe('addresses', () => {
  it('answer 404 where nothing is, as SCIM and without asking Atlassian [LI5]', async () => {
    const bridge = await startTestBridge();
    const undecodable = ['/Users/%zz', '/Users/%E0%A4', '/%'];

    for (const path of ['', '/', '/Nope', '/Users/a/b', '/Groups/a/members', '/ResourceTypes/User/x', ...undecodable]) {
      expectScimError(await bridge.scim('get', path), 404);
    }
    expect(bridge.sandbox.calls).toHaveLength(0);
  });

  it('serve a list with a slash at the end, in other letters, and with the crumbs of a query [LI5]', async () => {
    const { bridge, id } = await withAda();

    for (const path of ['', '/', '?', '?&', '?count=5&', '?count=5&?'].flatMap((end) => [
      `/Users${end}`,
      `/users${end}`,
    ])) {
      expect(listOf(await bridge.scim('get', path)).Resources.map((one) => one['id'])).toContain(id);
    }
  });

  it('serve a person with a slash at the end, in other letters, or with a lonely question mark [LI5]', async () => {
    const { bridge, id } = await withAda();

    for (const path of [`/Users/${id}/`, `/users/${id}`, `/Users/${id}?`, `/Users/${encodeURIComponent(id)}`]) {
      expect(idOf(await bridge.scim('get', path))).toBe(id);
    }
  });
});

describe('methods', () => {
  it('that an address has not are 405, and Allow names those it has [LI5]', async () => {
    const bridge = await startTestBridge();
    const cases = [
      ['delete', '/Users', 'GET, HEAD, POST'],
      ['patch', '/Groups', 'GET, HEAD, POST'],
      ['post', '/Users/x', 'GET, HEAD, PUT, PATCH, DELETE'],
      ['options', '/Users/x', 'GET, HEAD, PUT, PATCH, DELETE'],
      ['get', '/.search', 'POST'],
      ['get', '/Users/.search', 'POST'],
      ['put', '/Groups/.search/', 'POST'],
      ['post', '/ServiceProviderConfig', 'GET, HEAD'],
      ['delete', '/ResourceTypes/User', 'GET, HEAD'],
    ] as const;

    for (const [method, path, allowed] of cases) {
      const reply = await bridge.scim(method, path);

      expectScimError(reply, 405);
      expect(reply.headers['allow']).toBe(allowed);
    }
    expect(bridge.sandbox.calls).toHaveLength(0);
  });

  it('include HEAD, which is GET with its length and without a body [LI5]', async () => {
    const { bridge, id } = await withAda();
    const connection = await openConnection(bridge.url);

    const get = await connection.send('GET', `/Users/${id}`);
    connection.close();
    const head = await bridge.scim('head', `/Users/${id}`);

    expect(head.status).toBe(200);
    expect(head.headers).toMatchObject({
      'content-type': 'application/scim+json',
      'content-length': get.headers['content-length'],
    });
    expect(head.body).toEqual({});
    expect((await bridge.scim('head', '/Users/nobody')).status).toBe(404);
  });
});

describe('bodies', () => {
  it.each([
    'application/scim+json',
    'application/json',
    'application/scim+json; charset=utf-8',
    'application/json;charset=UTF-8',
    'APPLICATION/SCIM+JSON; Charset="utf-8"',
  ])('are read as %s [LI5]', async (type) => {
    const bridge = await startTestBridge();

    const reply = await bridge.scim('post', '/Users', user('zoe', { displayName: 'Zoë' })).set('Content-Type', type);

    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({ displayName: 'Zoë' });
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/scim',
    'application/jsonx',
    'multipart/mixed',
  ])('of type %s are 415 [LI5]', async (type) => {
    const bridge = await startTestBridge();

    expectScimError(await bridge.scim('post', '/Users', user('ada')).set('Content-Type', type), 415);
    expect(bridge.sandbox.calls).toHaveLength(0);
  });

  it('in a charset that is no Unicode are 415 [LI5]', async () => {
    const bridge = await startTestBridge();

    const type = 'application/scim+json; charset=iso-8859-1';
    expectScimError(await bridge.scim('post', '/Users', user('ada')).set('Content-Type', type), 415);
  });

  it.each(['{"userName": ', 'nothing', '{"a":1}}', "{'userName': 'x'}", '\u0000'])(
    'that are no JSON, such as %j, are 400 invalidSyntax [LI5]',
    async (body) => {
      const { bridge, id } = await withAda();

      expectScimError(await bridge.scim('post', '/Users', body), 400, 'invalidSyntax');
      expectScimError(await bridge.scim('put', `/Users/${id}`, body), 400, 'invalidSyntax');
      expectScimError(await bridge.scim('patch', `/Users/${id}`, body), 400, 'invalidSyntax');
      expectScimError(await bridge.scim('post', '/Groups', body), 400, 'invalidSyntax');
      expectScimError(await bridge.scim('post', '/.search', body), 400, 'invalidSyntax');
      expect(bridge.sandbox.calls).toHaveLength(0);
    },
  );

  it.each(['null', '[]', '"text"', '7', 'true'])(
    'that are JSON but no object, such as %s, are 400 [LI5]',
    async (body) => {
      const { bridge, id } = await withAda();

      expectScimError(await bridge.scim('post', '/Users', body), 400, 'invalidSyntax');
      expectScimError(await bridge.scim('patch', `/Users/${id}`, body), 400, 'invalidSyntax');
      expectScimError(await bridge.scim('post', '/Groups', body), 400, 'invalidSyntax');
      expect(bridge.sandbox.calls).toHaveLength(0);
    },
  );

  it('that are missing where one is needed are 400 [LI5]', async () => {
    const { bridge, id } = await withAda();

    expectScimError(await bridge.scim('post', '/Users'), 400, 'invalidSyntax');
    expectScimError(await bridge.scim('patch', `/Users/${id}`), 400, 'invalidSyntax');
    expectScimError(await bridge.scim('post', '/Users/.search'), 400, 'invalidSyntax');
  });

  it('are left unread where none belongs, whatever their type [LI5]', async () => {
    const { bridge, id } = await withAda();

    const reply = await bridge.scim('get', `/Users/${id}`).set('Content-Type', 'text/html');

    expect(reply.status).toBe(200);
  });

  it('over four megabytes are 413, also when they are packed smaller [LI5]', async () => {
    const bridge = await startTestBridge();
    const large = JSON.stringify(user('ada', { title: 'x'.repeat(5 * 1024 * 1024) }));

    const declared = await bridge.scim('post', '/Users', large);
    expectScimError(declared, 413);
    expect(declared.body).toMatchObject({ detail: expect.stringContaining('4 MB') });
    const packed = await fetch(`${bridge.url}/scim/v2/Users`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${bridge.config.callers[0]?.secrets[0] ?? ''}`,
        'Content-Type': 'application/scim+json',
        'Content-Encoding': 'gzip',
      },
      body: gzipSync(large),
    });
    expect(packed.status).toBe(413);
    expect(packed.headers.get('content-type')).toBe('application/scim+json');
    expect(bridge.sandbox.calls).toHaveLength(0);
  });
});

describe('If-Match', () => {
  it('passes when it is * and is 412 with any tag, on every method (RFC7644-3.13-L3956) [LI5]', async () => {
    const { bridge, id } = await withAda();
    const deactivation = patch({ op: 'replace', path: 'active', value: false });

    for (const tag of ['W/"1"', '"a"', '"a", W/"b"', 'nonsense']) {
      expectScimError(await bridge.scim('patch', `/Users/${id}`, deactivation).set('If-Match', tag), 412);
      expectScimError(await bridge.scim('put', `/Users/${id}`, user('ada')).set('If-Match', tag), 412);
      expectScimError(await bridge.scim('delete', `/Users/${id}`).set('If-Match', tag), 412);
    }
    expect(bridge.sandbox.calls).toHaveLength(0);

    expect((await bridge.scim('patch', `/Users/${id}`, deactivation).set('If-Match', '*')).status).toBe(200);
    expect((await bridge.scim('delete', `/Users/${id}`).set('If-Match', ' * ')).status).toBe(204);
  });
});

describe('parameters that come twice', () => {
  it('are 400 and named where they decide the answer [LI2]', async () => {
    const bridge = await startTestBridge();

    for (const name of ['filter', 'count', 'startIndex', 'attributes', 'excludedAttributes']) {
      const reply = await bridge.scim('get', `/Users?${name}=1&${name}=2`);

      expectScimError(reply, 400, 'invalidValue');
      expect(detailOf(reply)).toContain(name);
    }
    expect(bridge.sandbox.calls).toHaveLength(0);
  });

  it('are no matter where nobody reads them [LI5]', async () => {
    const { bridge, id } = await withAda();

    expect((await bridge.scim('get', `/Users/${id}?aadOptscim062020&aadOptscim062020`)).status).toBe(200);
    expect(listOf(await bridge.scim('get', at('/Users', { sortBy: 'userName', sortOrder: 'x' }))).totalResults).toBe(2);
  });

  it('are 400 in a search, too, in any letter case [LI2]', async () => {
    const bridge = await startTestBridge();

    expectScimError(await search(bridge, '/Users/.search', { count: 1, Count: 2 }), 400, 'invalidValue');
  });
});
