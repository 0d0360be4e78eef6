import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { CONNECTION_LIMITS, type ConnectionLimits } from '../src/connectionLimits.js';
import { listen, type Listening } from '../src/server.js';

/** Times that a test can wait for; what is not tried keeps the real one. */
const SHORT_MS = 60;
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serving(app: RequestListener, limits: Partial<ConnectionLimits> = {}): Promise<Listening> {
  const all = { ...CONNECTION_LIMITS, checkEveryMs: 10, ...limits };
  const server = await listen(app, { host: '127.0.0.1', port: 0 }, all);
  closing.push(() => server.close(0));
  return server;
}

interface Client {
  readonly socket: Socket;
  /** All that arrived so far. */
  text(): string;
  /** Resolves when the server has closed the connection, with all that arrived. */
  readonly ended: Promise<string>;
}

async function connected(server: Listening): Promise<Client> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  closing.push(() => socket.destroy());
  let text = '';
  socket.on('data', (data) => (text += data.toString('latin1')));
  socket.on('error', () => undefined);
  // Closed with an error or without: `once` would fail of the error.
  const ended = new Promise((resolve) => socket.once('close', resolve)).then(() => text);
  await once(socket, 'connect');
  return { socket, text: () => text, ended };
}

function statusesIn(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

const answering: RequestListener = (_request, response) => void response.end('answered');
const get = (path = '/', headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;

describe('a connection', () => {
  it('whose headers come one by one for too long is cut with 408, and the app hears nothing of it [SA18]', async () => {
    let heard = 0;
    const server = await serving(() => (heard += 1), { headersMs: SHORT_MS });
    const { socket, ended } = await connected(server);
    socket.write('GET / HTTP/1.1\r\n');
    const dribble = setInterval(() => socket.write('X-A: b\r\n'), 5);

    const text = await ended.finally(() => clearInterval(dribble));

    expect(statusesIn(text)).toEqual([408]);
    expect(heard).toBe(0);
  });

  it('whose body comes byte by byte for too long is cut with 408 [SA18]', async () => {
    const isCut = new Promise<boolean>((resolve) => {
      void serving(
        (request) => {
          request.on('error', () => undefined);
          request.once('close', () => resolve(!request.complete));
          request.resume();
        },
        { headersMs: SHORT_MS, requestMs: SHORT_MS },
      ).then(async (server) => {
        const { socket } = await connected(server);
        socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n');
        const dribble = setInterval(() => socket.write('x'), 5);
        socket.once('close', () => clearInterval(dribble));
      });
    });

    expect(await isCut).toBe(true);
  });

  it('on which nothing is ever asked, or nothing more, is closed [SA18]', async () => {
    const server = await serving(answering, { headersMs: SHORT_MS, keepAliveMs: SHORT_MS });
    const silent = await connected(server);
    const idle = await connected(server);
    idle.socket.write(get());

    expect(statusesIn(await idle.ended)).toEqual([200]);
    expect(statusesIn(await silent.ended)).not.toContain(200);
  });

  it('whose client does not read its answer is cut [SA18]', async () => {
    const large = Buffer.alloc(16 * 1024 * 1024);
    let cut = (): void => undefined;
    const isCut = new Promise<void>((resolve) => (cut = resolve));
    const app: RequestListener = (_request, response) => void response.once('close', cut).end(large);
    const { socket, ended } = await connected(await serving(app, { exchangeMs: SHORT_MS }));
    socket.pause();
    socket.write(get());
    await isCut;
    socket.resume();

    await ended;

    expect(socket.bytesRead).toBeLessThan(large.length);
  });

  it('is kept longer than proxies keep theirs, and its client is told [SA18]', async () => {
    const client = await connected(await serving(answering));
    client.socket.write(get());
    await once(client.socket, 'data');

    expect(client.text()).toContain('Keep-Alive: timeout=65\r\n');
  });

  it('over the limit is closed at once, and the others are served [SA18]', async () => {
    const server = await serving(answering, { connections: 3 });
    const [first] = [await connected(server), await connected(server), await connected(server)];
    const fourth = await connected(server);

    expect(await fourth.ended).toBe('');
    first.socket.write(get());
    await once(first.socket, 'data');
    expect(statusesIn(first.text())).toEqual([200]);
  });
});

describe('requests that are sent ahead on one connection', () => {
  it('are begun one after the other, when the answer before is out [SA18]', async () => {
    const seen: string[] = [];
    let finish: () => void = () => undefined;
    const server = await serving((request, response) => {
      seen.push(request.url ?? '');
      if (request.url === '/first') finish = () => response.end('first');
      else response.end('next');
    });
    const client = await connected(server);
    const { socket } = client;
    socket.write(get('/first') + get('/second') + get('/third'));
    while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen).toEqual(['/first']);

    finish();

    while (statusesIn(client.text()).length < 3) await once(socket, 'data');
    expect(seen).toEqual(['/first', '/second', '/third']);
    expect(client.text()).toMatch(/first[\s\S]*next[\s\S]*next/);
  });

  it('end with their connection when there are too many of them [SA18]', async () => {
    let begun = 0;
    const server = await serving(() => (begun += 1));
    const { socket, ended } = await connected(server);

    socket.write(get().repeat(500));

    expect(await ended).toBe('');
    expect(begun).toBe(1);
  });
});

describe('a request', () => {
  it.each([
    ['headers of more than 64 KB', get('/', `X-A: ${'a'.repeat(66_000)}\r\n`), 431],
    ['more than 200 headers', get('/', Array.from({ length: 201 }, (_, n) => `X-${n}: a\r\n`).join('')), 431],
    ['thousands of headers', get('/', 'A:\r\n'.repeat(10_000)), 431],
    ['an address of more than 64 KB', get(`/${'a'.repeat(66_000)}`), 431],
    ['a method in small letters', get().replace('GET', 'get'), 400],
    ['a method of its own', get().replace('GET', 'STEAL'), 400],
    ['a control character in the address', get('/a\u0001b'), 400],
    ['a control character in a header', get('/', 'X-A: a\u0000b\r\n'), 400],
    ['a bare line feed for an end of line', 'GET / HTTP/1.1\nHost: x\n\n', 400],
    ['a length and chunks', get('/', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'), 400],
    ['chunks and a length', get('/', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n'), 400],
    ['two lengths', get('/', 'Content-Length: 5\r\nContent-Length: 6\r\n'), 400],
    ['two lengths in one', get('/', 'Content-Length: 5, 5\r\n'), 400],
    ['a negative length', get('/', 'Content-Length: -1\r\n'), 400],
    ['a length beyond all numbers', get('/', 'Content-Length: 99999999999999999999\r\n'), 400],
    ['chunks that are not the last coding', get('/', 'Transfer-Encoding: chunked, gzip\r\n'), 400],
    ['chunks under a name with a blank', get('/', 'Transfer-Encoding : chunked\r\n'), 400],
    ['a header that goes on in the next line', get('/', 'Transfer-Encoding:\r\n chunked\r\n'), 400],
    ['HTTP/2 in clear', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001', 400],
  ])('with %s is refused before the app, and its connection ends [SA18]', async (_what, text, status) => {
    let heard = 0;
    const server = await serving((request, response) => {
      heard += 1;
      answering(request, response);
    });
    const refusal = async (): Promise<string> => {
      const { socket, ended } = await connected(server);
      socket.write(text, 'latin1');
      // What follows must never be taken for a request of its own.
      socket.write(get('/smuggled'));
      return ended;
    };

    // A connection that is cut while more arrives may be reset, and the answer on its way lost with it.
    let answer = '';
    for (let tries = 0; answer === '' && tries < 20; tries += 1) answer = await refusal();

    expect(statusesIn(answer)[0]).toBe(status);
    expect(heard).toBe(0);
  });

  it('whose coding only some would know ends its connection, and what follows is no request [SA18]', async () => {
    const seen: (string | undefined)[] = [];
    const server = await serving((request, response) => {
      seen.push(request.url);
      request.on('error', () => undefined);
      answering(request, response);
    });
    const { socket, ended } = await connected(server);

    socket.write(`POST /first HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${get('/smuggled')}`);

    expect(statusesIn(await ended)).toHaveLength(1);
    expect(seen).toEqual(['/first']);
  });

  it.each([
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['an expectation that nobody knows', get('/', 'Expect: gold\r\n'), 417],
  ])('with %s is refused before the app [SA18]', async (_what, text, status) => {
    let heard = 0;
    const server = await serving(() => (heard += 1));
    const client = await connected(server);

    client.socket.write(text);
    await once(client.socket, 'data');

    expect(statusesIn(client.text())).toEqual([status]);
    expect(heard).toBe(0);
  });

  it('to CONNECT is cut, and an Upgrade is passed over [SA18]', async () => {
    const server = await serving(answering);
    const tunnel = await connected(server);
    tunnel.socket.write('CONNECT inner:443 HTTP/1.1\r\nHost: inner:443\r\n\r\n');
    expect(await tunnel.ended).toBe('');

    const upgrade = await connected(server);
    upgrade.socket.write(get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'));
    await once(upgrade.socket, 'data');
    expect(statusesIn(upgrade.text())).toEqual([200]);
  });
});
