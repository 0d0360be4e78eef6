import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { letGo } from '../src/shutdown.js';
import { makeRunnable, type RunnableSources } from './support/sources.js';

/** A server that holds every request until its standard input ends, and closes at SIGTERM or SIGINT. */
const SCRIPT = `
  import { listen } from './server.js';
  import { onShutdown } from './shutdown.js';
  const held = [];
  const server = await listen((request, response) => {
    held.push(response);
    console.log('request');
  }, { host: '127.0.0.1', port: 0 });
  onShutdown(['SIGTERM', 'SIGINT'], (signal) => {
    console.log(signal);
    void server.close(20_000).then((drained) => console.log('drained', drained));
  });
  process.stdin.resume().once('end', () => held.forEach((response) => response.end('done')));
  console.log(server.url);
`;

describe('onShutdown', () => {
  let sources: RunnableSources;
  beforeAll(async () => {
    sources = await makeRunnable(['server', 'shutdown'], SCRIPT);
  });
  afterAll(() => sources.remove());

  async function startServer() {
    const child: ChildProcess = spawn(process.execPath, ['main.js'], { cwd: sources.folder });
    if (child.stdout === null || child.stdin === null) throw new Error('the child has no pipes');
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const nextLine = async (): Promise<unknown> => (await lines.next()).value;
    const url = String(await nextLine());
    return { child, stdin: child.stdin, nextLine, url, exit: once(child, 'exit') };
  }

  function ask(url: string): Promise<{ body: string; connection: string | undefined }> {
    return new Promise((resolve, reject) => {
      get(url, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve({ body, connection: response.headers.connection }));
      }).on('error', reject);
    });
  }

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'at %s lets a request under way finish, then the process ends with 0',
    async (signal) => {
      const { child, stdin, nextLine, url, exit } = await startServer();
      const reply = ask(url);
      expect(await nextLine()).toBe('request');

      child.kill(signal);
      expect(await nextLine()).toBe(signal);
      stdin.end();

      expect(await reply).toEqual({ body: 'done', connection: 'close' });
      expect(await nextLine()).toBe('drained true');
      expect(await exit).toEqual([0, null]);
    },
  );

  it('ends the process at once at a second signal', async () => {
    const { child, nextLine, url, exit } = await startServer();
    const reply = ask(url).catch((error: unknown) => error);
    expect(await nextLine()).toBe('request');
    child.kill('SIGTERM');
    expect(await nextLine()).toBe('SIGTERM');

    child.kill('SIGINT');

    expect(await exit).toEqual([130, null]);
    expect(await reply).toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('letGo', () => {
  it('takes every step, and tells of those that fail without failing itself', async () => {
    const failures: unknown[] = [];
    const taken: string[] = [];
    const step = (name: string, end: Promise<void>) => () => {
      taken.push(name);
      return end;
    };
    const failure = new Error('The store cannot be closed');

    await letGo([step('bridge', Promise.reject(failure)), step('lock', Promise.resolve())], (error) =>
      failures.push(error),
    );

    expect(taken).toEqual(['bridge', 'lock']);
    expect(failures).toEqual([failure]);
  });
});
