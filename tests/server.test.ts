import { type EventEmitter, once } from 'node:events';
import { Agent, get, type RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { ExitError } from '../src/exit.js';
import { listen } from '../src/server.js';

const ANYWHERE = { host: '127.0.0.1', port: 0 };

interface Reply {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly body: string;
}

function ask(url: string, agent: Agent): Promise<Reply> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode, connection: response.headers.connection, body }));
    }).on('error', reject);
  });
}

/** An app that answers `/held` when told to, and anything else at once. */
function holdingApp() {
  let release: () => void = () => undefined;
  const isReleased = new Promise<void>((resolve) => (release = resolve));
  let arrived: () => void = () => undefined;
  const isUnderWay = new Promise<void>((resolve) => (arrived = resolve));
  const app: RequestListener = (request, response) => {
    if (request.url !== '/held') {
      response.end('quick');
      return;
    }
    arrived();
    void isReleased.then(() => response.end('held'));
  };
  return { app, release, isUnderWay };
}

describe('listen', () => {
  it('takes a free port and names it', async () => {
    const server = await listen(holdingApp().app, ANYWHERE);
    const agent = new Agent();
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect((await ask(server.url, agent)).body).toBe('quick');
    expect(await server.close(1_000)).toBe(true);
  });

  it.each([
    [
      (port: number) => ({ host: '127.0.0.1', port }),
      /listens at 127\.0\.0\.1, port \d+ already.*set PORT to a free one/,
    ],
    [() => ({ host: '192.0.2.1', port: 0 }), /This machine has no address 192\.0\.2\.1\. Set HOST/],
  ])('says in words why it cannot listen, with an exit code of its own (%#)', async (addressFor, message) => {
    const first = await listen(holdingApp().app, ANYWHERE);
    const second = listen(holdingApp().app, addressFor(Number(new URL(first.url).port)));

    await expect(second).rejects.toThrow(ExitError);
    await expect(second).rejects.toMatchObject({ exitCode: 69, message: expect.stringMatching(message) });
    await first.close(1_000);
  });
});

describe('a server that listens', () => {
  it('tells of each connection that it could not accept, and goes on', async () => {
    const told: Error[] = [];
    let socketServer: EventEmitter | undefined;
    const server = await listen(
      (request, response) => {
        socketServer = (request.socket as Socket & { readonly server?: EventEmitter }).server;
        response.end('served');
      },
      { ...ANYWHERE, onError: (error) => told.push(error) },
    );
    const agent = new Agent();
    await ask(server.url, agent);
    const errors = [new Error('accept EMFILE'), new Error('accept EMFILE')];
    for (const error of errors) socketServer?.emit('error', error);

    expect(told).toEqual(errors);
    expect((await ask(server.url, agent)).body).toBe('served');
    await server.close(1_000);
  });
});

describe('close', () => {
  it('waits for no answer whose client has left, though it never began', async () => {
    const { app, isUnderWay } = holdingApp();
    const server = await listen(app, ANYWHERE);
    const port = Number(new URL(server.url).port);
    const leaving = connect(port, '127.0.0.1');
    leaving.write('GET /held HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3));
    await isUnderWay;
    leaving.destroy();
    // Keeps the server open until the time is over, and is owed nothing.
    const slow = connect(port, '127.0.0.1');
    slow.write('GET / HTTP/1.1\r\n');
    await once(slow, 'connect');

    expect(await server.close(200)).toBe(true);
    slow.destroy();
  });

  it('answers what is under way, tells its client that the connection ends, and takes nothing new', async () => {
    const { app, release, isUnderWay } = holdingApp();
    const server = await listen(app, ANYWHERE);
    const agent = new Agent({ keepAlive: true });
    const held = ask(`${server.url}/held`, agent);
    await isUnderWay;

    const closed = server.close(60_000);
    await expect(ask(server.url, new Agent())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    release();

    expect(await held).toEqual({ status: 200, connection: 'close', body: 'held' });
    expect(await closed).toBe(true);
    agent.destroy();
  });

  it('does not wait for connections that are idle, or on which nothing was ever asked', async () => {
    const server = await listen(holdingApp().app, ANYWHERE);
    const agent = new Agent({ keepAlive: true });
    expect((await ask(server.url, agent)).connection).toBe('keep-alive');
    const silent = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(silent, 'connect');

    expect(await server.close(60_000)).toBe(true);

    agent.destroy();
    silent.destroy();
  });

  it('does not wait for a client that keeps its connection after an answer that had begun', async () => {
    let finish: () => void = () => undefined;
    const server = await listen((_request, response) => {
      response.write('begun, ');
      finish = () => response.end('done');
    }, ANYWHERE);
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const text: string[] = [];
    socket.on('data', (chunk: Buffer) => text.push(chunk.toString()));
    await once(socket, 'data');

    const closed = server.close(60_000);
    finish();

    expect(await closed).toBe(true);
    if (!socket.closed) await once(socket, 'close');
    expect(text.join('')).toContain('done');
  });

  it('ends the connection of a request that arrives while it drains', async () => {
    const { app, release, isUnderWay } = holdingApp();
    const server = await listen(app, ANYWHERE);
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    const text: string[] = [];
    socket.on('data', (chunk: Buffer) => text.push(chunk.toString()));
    socket.write('GET /held HTTP/1.1\r\nHost: x\r\n\r\n');
    await isUnderWay;
    // The rest of a request whose beginning was accepted before.
    const late = connect(Number(new URL(server.url).port), '127.0.0.1');
    late.write('GET /late HTTP/1.1\r\n');
    const lateText: string[] = [];
    late.on('data', (chunk: Buffer) => lateText.push(chunk.toString()));
    await ask(server.url, new Agent());

    const closed = server.close(60_000);
    late.write('Host: x\r\n\r\n');
    await once(late, 'close');
    release();

    expect(await closed).toBe(true);
    expect(lateText.join('')).toMatch(/Connection: close\r\n[\s\S]*quick/);
    socket.destroy();
  });

  it('cuts what is not answered in time, and says so', async () => {
    const { app, isUnderWay } = holdingApp();
    const server = await listen(app, ANYWHERE);
    const agent = new Agent({ keepAlive: true });
    const held = ask(`${server.url}/held`, agent);
    held.catch(() => undefined);
    await isUnderWay;

    expect(await server.close(20)).toBe(false);

    await expect(held).rejects.toMatchObject({ code: 'ECONNRESET' });
    agent.destroy();
  });

  it('joins a close that runs', async () => {
    const server = await listen(holdingApp().app, ANYWHERE);
    expect(await Promise.all([server.close(1_000), server.close(1_000)])).toEqual([true, true]);
  });
});
