import { beforeAll, describe, expect, it } from '@jest/globals';
import { sendOverWire } from '../clients/wire.js';
import { expectScimError, OKTA_TOKEN, operations } from '../support/bridge.js';
import { filtered, GROUP_URN, idOf, listOf, patch, user, USER_URN } from '../scim/exchanges.js';
import { type Created, sharedSite } from './site.js';

const site = sharedSite();
let person: Created;
let group: Created;

beforeAll(async () => {
  person = await site.createUser();
  group = await site.createGroup({ members: [{ value: person.id }] });
});

/** `{user}` and `{group}` stand for what is there. */
function address(path: string): string {
  return path.replace('{user}', person.path).replace('{group}', group.path);
}

describe('methods', () => {
  it.each([
    '/Users',
    '/Users?count=1',
    '/Groups',
    '{user}',
    '{group}',
    '/ServiceProviderConfig',
    '/ResourceTypes',
    '/ResourceTypes/Group',
    '/Users/nobody',
    '/Schemas',
    '/Nowhere',
  ])('RFC 9110 §9.3.2: HEAD %s has the status and headers of GET, and no body', async (path) => {
    const get = await site.wire({ method: 'GET', path: address(path) });
    const head = await site.wire({ method: 'HEAD', path: address(path) });

    const { date: _sent, 'x-request-id': _id, ...headers } = get.headers;
    expect(head).toMatchObject({ status: get.status, headers });
    expect(get.body).toBeDefined();
    expect(head.body).toBeUndefined();
  });

  it.each<[string, readonly string[]]>([
    ['/Users', ['GET', 'HEAD', 'POST']],
    ['/Groups', ['GET', 'HEAD', 'POST']],
    ['{user}', ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']],
    ['{group}', ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']],
    ['/.search', ['POST']],
    ['/ServiceProviderConfig', ['GET', 'HEAD']],
    ['/ResourceTypes', ['GET', 'HEAD']],
    ['/ResourceTypes/User', ['GET', 'HEAD']],
  ])('RFC 9110 §15.5.6: every other one at %s is 405, and Allow names %j', async (path, allowed) => {
    const others = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'QUERY'].filter(
      (method) => !allowed.includes(method),
    );

    for (const method of others) {
      const answer = await site.wire({ method, path: address(path) });

      expect({ method, status: answer.status }).toEqual({ method, status: 405 });
      expect(answer.headers).toMatchObject({ allow: allowed.join(', '), 'content-type': 'application/scim+json' });
    }
    expect((await site.scim('get', person.path)).status).toBe(200);
  });
});

describe('a request without a token that is known', () => {
  it.each([
    ['no header', undefined],
    ['an empty header', ''],
    ['no secret', 'Bearer'],
    ['a wrong secret', 'Bearer nobody-was-given-this'],
    ['a secret and more', `Bearer ${OKTA_TOKEN} x`],
    ['another scheme', `Basic ${Buffer.from(`okta:${OKTA_TOKEN}`).toString('base64')}`],
  ])('RFC 7644 §2: with %s is 401 everywhere, and WWW-Authenticate asks for a bearer token', async (_what, header) => {
    const headers = { Connection: 'close', ...(header === undefined ? {} : { Authorization: header }) };
    for (const path of ['/Users', '{user}', '{group}', '/.search', '/Schemas', '/Bulk', '/Me', '/Nowhere', '']) {
      // Of wrong tokens ten a minute are 401, the others 429 (rule SA19).
      site.bridge.clock.advance(60_000);
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        const request = { method, path: address(path), headers, body: '{' };
        const answer = await sendOverWire(`${site.bridge.url}/scim/v2`, request);

        expect({ path, method, status: answer.status }).toEqual({ path, method, status: 401 });
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="[^"]+"/);
      }
    }
    expect((await site.scim('get', person.path)).status).toBe(200);
  });
});

describe('media types', () => {
  it.each([
    undefined,
    'application/scim+json',
    'application/json',
    '*/*',
    'application/*;q=0.5, application/scim+json',
    'application/scim+json; charset=utf-8',
    'text/html',
    'application/xml',
  ])('RFC 7644 §3.8: an answer is application/scim+json, whatever Accept is: %j', async (accept) => {
    for (const path of ['{user}', '/Groups', '/ServiceProviderConfig', '/Users/nobody']) {
      const headers: Record<string, string> = accept === undefined ? {} : { Accept: accept };
      const answer = await site.wire({ method: 'GET', path: address(path), headers });

      expect(answer.headers['content-type']).toBe('application/scim+json');
      expect(answer.body).toHaveProperty('schemas');
    }
  });

  it.each([
    ['application/scim+json', 200],
    ['application/json', 200],
    ['Application/SCIM+JSON;Charset=UTF-8', 200],
    ['application/json ; charset=Utf-8', 200],
    ['application/scim+json; charset=iso-8859-1', 415],
    ['application/json; charset=windows-1252', 415],
    ['application/json-patch+json', 415],
    ['application/merge-patch+json', 415],
    ['application/x-www-form-urlencoded', 415],
    ['text/json', 415],
    ['', 415],
    [undefined, 415],
  ])('RFC 7644 §3.8: a body of type %j is answered %i', async (type, status) => {
    const headers: Record<string, string> = type === undefined ? {} : { 'Content-Type': type };
    const message = patch({ op: 'replace', path: 'active', value: true });

    for (const [method, path, body] of [
      ['PATCH', person.path, message],
      ['PUT', person.path, { schemas: [USER_URN], userName: person.body['userName'] }],
      ['PUT', group.path, group.body],
    ] as const) {
      const answer = await site.wire({ method, path, headers, body });

      expect(answer).toMatchObject(status === 200 ? { status } : { status, body: { status: '415' } });
    }
  });
});

describe('texts', () => {
  const displayName = 'Zoë 漢字 😀';

  it('RFC 7644 §3.8: are UTF-8 in and out, and compare as such (RFC7644-3.8-L3537)', async () => {
    const userName = `${site.newName()}@example.com`;
    // Once as bytes, once in escapes of JSON.
    const escaped = JSON.stringify(displayName).replaceAll(
      /[^ -~]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    const body = `{"schemas":["${USER_URN}"],"userName":"${userName}","displayName":"${displayName}","title":${escaped}}`;
    const headers = { 'Content-Type': 'application/scim+json' };

    const created = await site.wire({ method: 'POST', path: '/Users', headers, body });
    const path = `/Users/${(created.body as { readonly id: string }).id}`;

    expect(created.body).toMatchObject({ displayName, title: displayName });
    const raw = await fetch(`${site.bridge.url}/scim/v2${path}`, {
      headers: { Authorization: `Bearer ${OKTA_TOKEN}` },
    });
    const bytes = Buffer.from(await raw.arrayBuffer());
    expect(bytes.includes(Buffer.from(`"${displayName}"`, 'utf8'))).toBe(true);
    expect(Number(raw.headers.get('content-length'))).toBe(bytes.length);
    const found = listOf(await site.scim('get', filtered('/Users', `displayName eq "${displayName}"`)));
    expect(found.Resources.map(({ id }) => `/Users/${String(id)}`)).toEqual([path]);
  });

  it('RFC 7644 §3.8: name groups in any script', async () => {
    const { path } = await site.createGroup({ displayName });

    expect((await site.scim('get', path)).body).toMatchObject({ displayName });
    expect(listOf(await site.scim('get', filtered('/Groups', `displayName eq "${displayName}"`))).totalResults).toBe(1);
  });
});

describe('addresses', () => {
  it.each(['/Users/', '/Groups/', '{user}/', '{group}/', '/ResourceTypes/', '/ServiceProviderConfig/'])(
    'RFC 7644 §3.2: mean the same with a slash at the end: %s',
    async (path) => {
      const withSlash = await site.scim('get', address(path));

      expect(withSlash.status).toBe(200);
      expect(withSlash.body).toEqual((await site.scim('get', address(path).slice(0, -1))).body);
    },
  );

  it.each(['/Users/', '/Groups/'])('RFC 7644 §3.2: take a POST with a slash at the end: %s', async (path) => {
    const name = site.newName();

    const reply = await site.scim('post', path, path === '/Users/' ? user(name) : { displayName: name });

    expect(reply.status).toBe(201);
    expect(reply.headers['location']).toBe(`https://scim.example.com/scim/v2${path}${idOf(reply)}`);
  });

  it.each(['', '/', '/Nowhere', '/Users/a/b', '/Groups/a/members', '/v2/Users', '/Users//', '/ResourceTypes/Robot'])(
    'RFC 7644 §3.12: that lead nowhere are 404 in SCIM: %j',
    async (path) => {
      expectScimError(await site.scim('get', path), 404);
      expectScimError(await site.scim('post', path, { schemas: [GROUP_URN], displayName: 'x' }), 404);
    },
  );

  it('RFC 3986 §2.1: mean the same when their characters are encoded, and + is a space in a query', async () => {
    const encoded = `/Users/${Array.from(person.id, (one) => `%${one.charCodeAt(0).toString(16)}`).join('')}`;
    const filter = `userName+eq+%22${encodeURIComponent(String(person.body['userName']))}%22`;

    expect((await site.wire({ method: 'GET', path: encoded })).body).toMatchObject({ id: person.id });
    expect((await site.wire({ method: 'GET', path: `/Users?filter=${filter}` })).body).toMatchObject({
      totalResults: 1,
    });
  });

  it.each(['filter', 'startIndex', 'count', 'attributes', 'excludedAttributes'])(
    'RFC 7644 §3.4.2: with %s twice are 400, at lists and, where it is read, at resources',
    async (name) => {
      const isProjection = name.endsWith('ttributes');
      for (const [path, isRead] of [
        ['/Users', true],
        ['/Groups', true],
        [person.path, isProjection],
        [group.path, isProjection],
      ] as const) {
        const reply = await site.scim('get', `${path}?${name}=1&${name}=2`);

        if (isRead) expectScimError(reply, 400, 'invalidValue');
        else expect(reply.status).toBe(200);
      }
    },
  );
});

describe('preconditions, of which the bridge keeps no versions', () => {
  /** What changes nothing, so that it may be sent again and again. */
  const requests = () =>
    [
      ['get', person.path, undefined],
      ['get', '/Groups', undefined],
      ['put', person.path, person.body],
      ['put', group.path, group.body],
      ['patch', person.path, patch({ op: 'replace', path: 'active', value: true })],
      ['patch', group.path, patch({ op: 'add', path: 'members', value: [{ value: person.id }] })],
    ] as const;

  it.each(['"1"', 'W/"1"', '"1", W/"2"', 'W/"', 'nonsense', ''])(
    'RFC 7644 §3.14: If-Match with a tag (%j) is 412 on every method, and nothing is done',
    async (tag) => {
      const before = [await site.stateOf(person), await site.stateOf(group)];
      site.bridge.sandbox.takeCalls();

      for (const [method, path, body] of [
        ...requests(),
        ['post', '/Users', user('nobody-new')],
        ['delete', person.path, undefined],
        ['delete', group.path, undefined],
      ] as const) {
        expectScimError(await site.scim(method, path, body).set('If-Match', tag), 412);
      }
      expect(operations(site.bridge.sandbox)).toEqual([]);
      expect([await site.stateOf(person), await site.stateOf(group)]).toEqual(before);
    },
  );

  it('RFC 9110 §13.1.1: If-Match: * passes on every method', async () => {
    const gone = await site.createUser();

    for (const [method, path, body] of [...requests(), ['delete', gone.path, undefined] as const]) {
      expect((await site.scim(method, path, body).set('If-Match', '*')).status).toBeLessThan(300);
    }
  });

  it.each(['"1"', 'W/"1"', '"1", W/"2"'])(
    'RFC 9110 §13.1.2: If-None-Match with a tag (%j) passes on every method, as no tag is known; nothing is 304',
    async (tag) => {
      const gone = await site.createUser();

      for (const [method, path, body] of [...requests(), ['delete', gone.path, undefined] as const]) {
        expect([200, 204]).toContain((await site.scim(method, path, body).set('If-None-Match', tag)).status);
      }
    },
  );

  it('RFC 9110 §13.1.2: If-None-Match: * is 412 where it would change what is there', async () => {
    for (const [method, path, body] of [
      ...requests().filter(([one]) => one !== 'get'),
      ['delete', person.path, undefined] as const,
    ]) {
      expectScimError(await site.scim(method, path, body).set('If-None-Match', '*'), 412);
    }
    expect((await site.scim('get', person.path)).status).toBe(200);
  });
});
