import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { expectScimError, OKTA_TOKEN, startTestBridge, type TestBridge } from '../support/bridge.js';
import { counted, sent, settled, stating, user } from './site.js';

const HEAD = `Host: scim\r\nAuthorization: Bearer ${OKTA_TOKEN}\r\n`;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

function open(bridge: TestBridge): Socket {
  const socket = connect(Number(new URL(bridge.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

/** Writes text as it is, and tells the statuses that come back on this connection, until there are so many or it ends. */
function statusesOf(bridge: TestBridge, text: string, count = 1): Promise<number[]> {
  const socket = open(bridge);
  let got = '';
  return new Promise((resolve) => {
    const look = (isOver: boolean): void => {
      const statuses = [...got.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
      if (isOver || statuses.length >= count) resolve(statuses);
    };
    socket.on('data', (data) => {
      got += data.toString('latin1');
      look(false);
    });
    socket.on('close', () => look(true));
    socket.write(text, 'latin1');
  });
}

const message = (method: string, path: string, body = ''): string =>
  `${method} /scim/v2${path} HTTP/1.1\r\n${HEAD}Content-Type: application/scim+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

describe('ids that nobody has', () => {
  const ids = [
    ['a NUL', '%00'],
    ['a path upwards', '..%2F..%2Fadmin'],
    ['two dots, encoded', '%2e%2e'],
    ['one dot', '%2e'],
    ['no UTF-8', '%ff'],
    ['a percent sign', '%'],
    ['a very long one', 'a'.repeat(4000)],
    ['an emoji', '%F0%9F%98%80'],
    ['SQL', "'%20or%201=1--"],
    ['a prototype', '__proto__'],
    ['a header', '%0d%0aX-Injected:%20yes'],
    ['another path of the site', '%2Fwiki%2Frest'],
  ] as const;

  it.each(ids)('%s is 404 in SCIM words, and nothing is written upstream [ID1]', async (_, id) => {
    const bridge = await startTestBridge();
    for (const type of ['Users', 'Groups']) {
      for (const method of ['get', 'delete'] as const) {
        expectScimError(await bridge.scim(method, `/${type}/${id}`), 404);
      }
    }
    const reply = await bridge.scim('patch', `/Users/${id}`, stating(false));
    expect([400, 404]).toContain(reply.status);
    expect(bridge.sandbox.calls.filter(({ isWrite, operation }) => isWrite || operation === undefined)).toEqual([]);
  });
});

describe('what is no request of an identity provider', () => {
  it('two hundred connections of nonsense are 400 each, and the next caller is served', async () => {
    const bridge = await startTestBridge();
    const nonsense = [
      'null',
      '[]',
      '"x"',
      '{',
      '{"a":',
      '\u0000',
      '{"schemas":1}',
      '{"__proto__":{"a":1}}',
      '123',
      '[[',
    ];
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        statusesOf(bridge, message('POST', n % 2 === 0 ? '/Users' : '/Groups', nonsense[n % nonsense.length])),
      ),
    );
    expect([...new Set(replies.flat())]).toEqual([400]);
    expect((await sent(bridge.scim('post', '/Users', user('ada@example.com')))).status).toBe(201);
  });

  it('is refused by the server itself: headers of 70 kB, binary, two lengths, a bad chunk', async () => {
    const bridge = await startTestBridge();
    const post = `POST /scim/v2/Users HTTP/1.1\r\n${HEAD}`;
    const chunked = 'Transfer-Encoding: chunked\r\n';

    expect(
      await statusesOf(bridge, `GET /scim/v2/Users HTTP/1.1\r\n${HEAD}X-A: ${'a'.repeat(70_000)}\r\n\r\n`),
    ).toEqual([431]);
    expect(await statusesOf(bridge, '\x16\x03\x01\x00\x00\r\n\r\n')).toEqual([400]);
    expect(await statusesOf(bridge, `${post}${chunked}Content-Length: 2\r\n\r\n0\r\n\r\n`)).toEqual([400]);
    expect(await statusesOf(bridge, `${post}${chunked}Content-Type: application/json\r\n\r\nZZ\r\n`)).toEqual([400]);
    expect((await bridge.scim('get', '/ServiceProviderConfig')).status).toBe(200);
  });

  it.each([
    ['501', '/Bulk', OKTA_TOKEN],
    ['401', '/Users', 'another-secret-0123456789'],
    ['404', '/Nothing', OKTA_TOKEN],
  ])('a body that was not read, of a %s, is not taken for the next request', async (status, path, token) => {
    const bridge = await startTestBridge();
    const inner = message('DELETE', '/Users/x');
    const outer = message('POST', path, inner).replace(OKTA_TOKEN, token);

    const statuses = await statusesOf(bridge, `${outer}${message('GET', '/ServiceProviderConfig')}`, 2);

    expect(statuses).toEqual([Number(status), 200]);
  });

  it('bodies that never end leave the others served', async () => {
    const bridge = await startTestBridge();
    for (let n = 0; n < 200; n += 1) {
      open(bridge).write(message('POST', '/Users', 'x'.repeat(9000)).slice(0, -8990));
    }
    await settled();

    const replies = await Promise.all(Array.from({ length: 20 }, () => sent(bridge.scim('get', '/Users'))));

    expect(counted(replies)).toEqual({ 200: 20 });
  });

  it('bodies over 4 MB are 413, and as large as allowed but senseless 400', async () => {
    const bridge = await startTestBridge();
    const large = `{"schemas":["${'x'.repeat(3_500_000)}"]}`;
    expectScimError(await bridge.scim('post', '/Users', `${large}${' '.repeat(1_000_000)}`), 413);
    expectScimError(await bridge.scim('post', '/Users', large), 400, 'invalidValue');
    expectScimError(await bridge.scim('post', '/Users', '['.repeat(500_000)), 400, 'invalidSyntax');
  });
});
