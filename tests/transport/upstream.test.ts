import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as requestHttp, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttps, get as getHttps } from 'node:https';
import { connect as connectTcp, createServer as createTcp, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createClient } from '../../src/atlassian/client.js';
import { addMember, getGroup } from '../../src/atlassian/confluence.js';
import { createLimiter } from '../../src/atlassian/limiter.js';
import { TunnelAgent } from '../../src/atlassian/tunnel.js';
import type { Operation } from '../../src/atlassian/operation.js';
import { startSandbox } from '../../src/sandbox/server.js';
import {
  callOf,
  connectTo,
  expectFailure,
  SECRETS,
  startUpstream,
  testClock,
  type Upstream,
} from '../atlassian/upstream.js';
import { makePair, type Pair } from '../support/certificates.js';
import { startCommand } from '../support/command.js';
import { freePort } from '../support/gate.js';

const GROUP = { type: 'group', id: 'g1', name: 'engineering' };

const QUESTION: Operation = {
  name: 'test.question',
  repeatability: 'read',
  credential: 'site',
  act: 'ask',
  remedy: 'Nobody should do anything.',
  scopes: undefined,
};

let pair: Pair;
beforeAll(async () => {
  pair = await makePair();
});

let upstream: Upstream;
const toClose: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  upstream = await startUpstream();
  toClose.push(() => upstream.close());
});
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

async function listenAt(server: Server | ReturnType<typeof createTcp>): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  toClose.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A site with a certificate of its own, and what it received. */
async function startTlsSite(): Promise<{ readonly port: number; readonly received: IncomingMessage[] }> {
  const received: IncomingMessage[] = [];
  const server = createHttps({ cert: pair.cert, key: pair.key }, (request, response) => {
    received.push(request);
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(GROUP));
  });
  return { port: await listenAt(server), received };
}

interface ProxyServer {
  readonly origin: string;
  /** What it was asked, header lines included, and every byte that went through it. */
  readonly asked: string[];
  readonly seen: Buffer[];
}

/** A proxy that connects, or answers something else. */
async function startProxy(answer?: string): Promise<ProxyServer> {
  const asked: string[] = [];
  const seen: Buffer[] = [];
  const server = createTcp((client) => {
    client.once('data', (head: Buffer) => {
      asked.push(head.toString());
      const [, host = '', port = ''] = /^CONNECT ([^:]+):(\d+) /.exec(head.toString()) ?? [];
      if (answer !== undefined || host === '') {
        client.end(answer ?? 'HTTP/1.1 405 Not Allowed\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      const site = connectTcp(Number(port), host, () => client.write('HTTP/1.1 200 Connection established\r\n\r\n'));
      for (const socket of [client, site]) socket.on('error', () => socket.destroy());
      client.on('data', (bytes: Buffer) => seen.push(bytes));
      client.pipe(site).pipe(client);
    });
    client.on('error', () => client.destroy());
  });
  return { origin: `http://127.0.0.1:${await listenAt(server)}`, asked, seen };
}

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])(
    '%i is not followed, neither to another host nor to plain http [SA20]',
    async (status) => {
      const elsewhere = await startUpstream();
      toClose.push(() => elsewhere.close());
      const clock = testClock();
      const connection = connectTo(upstream.url, clock);
      const port = new URL(elsewhere.url).port;

      for (const Location of [elsewhere.url, `http://localhost:${port}/wiki`, `//127.0.0.1:${port}/`]) {
        upstream.answer = () => ({ status, headers: { Location } });
        const call = callOf(clock);
        await expectFailure(getGroup(connection.confluence, 'g1', call), 'misconfigured');
        await expectFailure(addMember(connection.confluence, 'g1', 'a1', call), 'misconfigured');
      }

      expect(elsewhere.received).toEqual([]);
      connection.close();
    },
  );
});

describe('a client', () => {
  function clientOf(base: string) {
    const clock = testClock();
    const client = createClient({
      base: () => Promise.resolve(base),
      authorization: () => `Bearer ${SECRETS.apiToken}`,
      limiter: createLimiter({ concurrency: 1, clock }),
      maxSockets: 1,
      proxy: undefined,
      clock,
      random: () => 0,
      onAnswer: () => undefined,
      onCall: () => undefined,
    });
    const get = (path: string) => client.send(QUESTION, { method: 'GET', path }, callOf(clock));
    return { get, client };
  }

  it('sends to nothing but its base, whatever an answer would make of the path [SA20]', async () => {
    const elsewhere = await startUpstream();
    toClose.push(() => elsewhere.close());
    const { host } = new URL(elsewhere.url);
    for (const base of [upstream.url, `${upstream.url}/ex/confluence/site-1`]) {
      const { get, client } = clientOf(base);
      for (const path of [`@${host}/`, `.${host}/`, `:1@${host}/x`, 'x', '00/x'])
        await expectFailure(get(path), 'unexpected');
      for (const path of [`//${host}/x`, `/\\${host}/x`, `/${elsewhere.url}/x`, `\\@${host}/`]) await get(path);
      client.close();
    }
    const { get, client } = clientOf(`${upstream.url}/ex/confluence/site-1`);
    for (const path of ['/../site-2/x', '/../../../admin', '/%2e%2e/site-2', '/x/../..']) {
      await expectFailure(get(path), 'unexpected');
    }
    client.close();

    expect(elsewhere.received).toEqual([]);
    expect(upstream.received.every(({ path }) => !path.includes('site-2'))).toBe(true);
  });

  it('shows its credential to nobody whose certificate is not trusted, and says what that may be [SA20]', async () => {
    const site = await startTlsSite();
    const connection = connectTo(`https://localhost:${site.port}`, testClock());
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const failure = await expectFailure(getGroup(connection.confluence, 'g1', callOf(testClock())), 'unavailable');
      expect(failure.message).toContain('NODE_EXTRA_CA_CERTS');
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      connection.close();
    }
    expect(site.received).toEqual([]);
  });
});

describe('UPSTREAM_PROXY', () => {
  it('answers in no name of Atlassian: whatever it says but 200 is no answer of the site [SA20]', async () => {
    for (const status of [
      '204 No Content',
      '201 Created',
      '404 Not Found',
      '401 Unauthorized',
      '407 Proxy Authentication Required',
    ]) {
      const proxy = await startProxy(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);
      const clock = testClock();
      const connection = connectTo('https://acme.example', clock, {
        proxy: { origin: proxy.origin, authorization: 'Basic YnJpZGdlOnBhc3M=' },
      });
      const call = callOf(clock);
      const failure = await expectFailure(addMember(connection.confluence, 'g1', 'a1', call), 'unavailable');
      connection.close();

      expect(failure.message).toContain('UPSTREAM_PROXY');
      expect(call.upstream.map((sent) => sent.status)).toEqual([undefined, undefined, undefined]);
      expect(proxy.asked[0]).toMatch(/^CONNECT acme\.example:443 HTTP\/1\.1\r\n/);
      expect(proxy.asked[0]).toContain('Proxy-Authorization: Basic YnJpZGdlOnBhc3M=');
      expect(proxy.asked.join()).not.toMatch(/\r\nAuthorization|\/wiki/);
    }
  });

  it('carries TLS of the host itself, several calls in one tunnel [SA20]', async () => {
    const site = await startTlsSite();
    const proxy = await startProxy();
    const agent = new TunnelAgent(
      { origin: proxy.origin, authorization: undefined },
      { keepAlive: true, maxSockets: 1, ca: pair.cert },
    );
    for (const path of ['/one', '/two']) {
      const [response] = (await once(getHttps(`https://localhost:${site.port}${path}`, { agent }), 'response')) as [
        IncomingMessage,
      ];
      response.resume();
      await once(response, 'end');
      expect(response.statusCode).toBe(200);
    }
    const untrusting = new TunnelAgent({ origin: proxy.origin, authorization: undefined }, { keepAlive: false });
    const refused = once(getHttps(`https://localhost:${site.port}/three`, { agent: untrusting }), 'response');
    await expect(refused).rejects.toThrow(/self-signed/);
    agent.destroy();

    expect(site.received.map(({ url }) => url)).toEqual(['/one', '/two']);
    expect(proxy.asked.map((head) => head.split('\r\n')[0])).toEqual([
      `CONNECT localhost:${site.port} HTTP/1.1`,
      `CONNECT localhost:${site.port} HTTP/1.1`,
    ]);
    expect(Buffer.concat(proxy.seen).toString('latin1')).not.toContain('/one');
  });

  it('that speaks TLS itself is asked for its own certificate, not for the one of Atlassian [SA20]', async () => {
    const askedFor: string[] = [];
    const proxy = createHttps({
      cert: pair.cert,
      key: pair.key,
      SNICallback(name, callback) {
        askedFor.push(name);
        callback(null);
      },
    });
    const clock = testClock();
    const connection = connectTo('https://acme.example', clock, {
      proxy: { origin: `https://localhost:${await listenAt(proxy)}`, authorization: undefined },
    });
    // Nobody here trusts the certificate, so that nothing more than the name is seen.
    await expectFailure(getGroup(connection.confluence, 'g1', callOf(clock)), 'unavailable');
    connection.close();

    expect(new Set(askedFor)).toEqual(new Set(['localhost']));
  });

  it('that is not there is told as nothing sent [SA20]', async () => {
    const clock = testClock();
    const connection = connectTo('https://acme.example', clock, {
      proxy: { origin: `http://127.0.0.1:${await freePort()}`, authorization: undefined },
    });
    const failure = await expectFailure(addMember(connection.confluence, 'g1', 'a1', callOf(clock)), 'unavailable');
    connection.close();

    expect(failure.message).toContain('cannot reach Atlassian');
  });
});

describe('the environment of a process', () => {
  it('leads no call through a proxy, and its certificates may be extended, not ignored [SA20]', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bridge-transport-'));
    toClose.push(() => rm(folder, { recursive: true }));
    const proxy = await startProxy();
    const sandbox = await startSandbox({ jira: false });
    toClose.push(() => sandbox.close());
    const port = Number(new URL(sandbox.url).port);
    // TLS in front of the sandbox, with an authority that nobody knows unless told.
    const site = createHttps({ cert: pair.cert, key: pair.key }, (request, response) => {
      const { method, url, headers } = request;
      const onward = requestHttp({ host: '127.0.0.1', port, method, path: url, headers });
      onward.once('response', (answer: IncomingMessage) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    const url = `https://localhost:${await listenAt(site)}`;
    const authority = join(folder, 'authority.pem');
    await writeFile(authority, pair.cert);
    const { credentials } = sandbox;
    const env = {
      ATLASSIAN_SITE_URL: url,
      ATLASSIAN_API_URL: url,
      ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
      ATLASSIAN_API_TOKEN: credentials.apiToken,
      SCIM_TOKENS: 'okta:okta-secret-0123456789abcdef',
      DATABASE_URL: `file:${join(folder, 'bridge.db')}`,
      ...Object.fromEntries(
        ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy', 'npm_config_proxy'].map(
          (name) => [name, proxy.origin],
        ),
      ),
      NO_PROXY: 'acme.example',
      NODE_USE_ENV_PROXY: '1',
    };
    const run = (more: Readonly<Record<string, string>>) =>
      startCommand(['doctor'], { env: { ...env, ...more }, cwd: folder });

    const trusting = run({ NODE_EXTRA_CA_CERTS: authority });
    const strict = run({});
    const careless = run({ NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    const through = run({ NODE_EXTRA_CA_CERTS: authority, UPSTREAM_PROXY: proxy.origin });

    expect(await trusting.exit).toBe(0);
    expect(trusting.output().stdout).toContain('HTTPS_PROXY is ignored. Set UPSTREAM_PROXY');
    expect(await strict.exit).toBe(1);
    expect(strict.output().stdout).toMatch(
      /has a certificate that this machine does not trust\. .*NODE_EXTRA_CA_CERTS/,
    );
    expect(await careless.exit).toBe(78);
    expect(careless.output().stderr).toContain('NODE_TLS_REJECT_UNAUTHORIZED is 0');
    expect(await through.exit).toBe(0);
    const targets = new Set(proxy.asked.map((head) => head.split('\r\n')[0]));
    expect(targets).toEqual(new Set([`CONNECT localhost:${new URL(url).port} HTTP/1.1`]));
    expect(through.output().stdout).not.toContain('is ignored');
  });
});
