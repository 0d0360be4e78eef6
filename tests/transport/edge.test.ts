import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { createHttpApp } from '../../src/httpApp.js';
import { readConfig } from '../../src/config.js';
import { Health } from '../../src/observability/health.js';
import { createMetrics } from '../../src/observability/metrics.js';
import { listen } from '../../src/server.js';
import { createWaitingRoom } from '../../src/waitingRoom.js';
import { createTestClock, OKTA_TOKEN, startTestBridge, type TestBridge } from '../support/bridge.js';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';

let bridge: TestBridge;
beforeAll(async () => {
  bridge = await startTestBridge({ isShared: true, settings: { TRUST_PROXY: '1' } });
});
afterAll(() => bridge.close());

function configOf(settings: Readonly<Record<string, string>>) {
  return readConfig({
    ATLASSIAN_SITE_URL: 'https://acme.atlassian.net',
    ATLASSIAN_ADMIN_EMAIL: 'admin@acme.com',
    ATLASSIAN_API_TOKEN: 'the-token-of-the-site',
    SCIM_TOKENS: `okta:${OKTA_TOKEN}`,
    ...settings,
  });
}

function partsOf(settings: Readonly<Record<string, string>>) {
  const clock = createTestClock();
  const quiet = () => undefined;
  const config = configOf(settings);
  return {
    config,
    callers: () => config.callers,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    metrics: createMetrics(() => clock.now()),
    health: new Health(() => clock.now()),
    clock,
  };
}

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

describe('every answer', () => {
  it.each([
    ['GET', '/healthz', 200],
    ['GET', '/readyz', 200],
    ['GET', '/metrics', 200],
    ['GET', '/scim/v2/Users', 200],
    ['GET', '/scim/v2/ServiceProviderConfig', 200],
    ['POST', '/scim/v2/Users', 400],
    ['GET', '/scim/v2/Users/nobody', 404],
    ['DELETE', '/scim/v2/Users', 405],
    ['GET', '/scim/v2/Schemas', 501],
    ['GET', '/nowhere', 404],
    ['GET', '/%E0%A4%A', 404],
  ])('to %s %s (%i) tells browsers and caches to keep away [SA20]', async (method, path, status) => {
    const reply = await fetch(`${bridge.url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${OKTA_TOKEN}`, 'Content-Type': 'application/scim+json' },
      ...(method === 'POST' ? { body: '{"broken' } : {}),
    });

    expect(reply.status).toBe(status);
    expect(Object.fromEntries(reply.headers)).toMatchObject(HEADERS);
    expect(reply.headers.has('x-powered-by')).toBe(false);
  });

  it('does so without a token, and before Atlassian was reached [SA20]', async () => {
    const waiting = createWaitingRoom(partsOf({ PUBLIC_URL: 'https://scim.example.com' }));

    for (const app of [bridge.app.handler, waiting]) {
      const reply = await supertest(app).get('/scim/v2/Users');
      expect(reply.status).toBe(401);
      expect(reply.headers).toMatchObject(HEADERS);
    }
    const waitingFor = supertest(waiting).get('/scim/v2/Users').set('Authorization', `Bearer ${OKTA_TOKEN}`);
    expect((await waitingFor).headers).toMatchObject({ ...HEADERS, 'retry-after': '10' });
  });

  it('demands HTTPS for ever only where PUBLIC_URL is https [SA20]', async () => {
    const reply = await supertest(createWaitingRoom(partsOf({ PUBLIC_URL: 'http://127.0.0.1' }))).get('/healthz');

    expect(reply.headers).not.toHaveProperty('strict-transport-security');
    expect(reply.headers).toHaveProperty('x-content-type-options', 'nosniff');
  });
});

describe('addresses of resources', () => {
  const FORGED = {
    Host: 'evil.example',
    Forwarded: 'host=evil.example;proto=http',
    'X-Forwarded-Host': 'evil.example',
    'X-Forwarded-Proto': 'http',
    'X-Forwarded-Prefix': '/evil.example',
    'X-Original-URL': 'http://evil.example/',
  };

  it('come from PUBLIC_URL alone, whatever a request or a trusted proxy says [SA20]', async () => {
    const created = await bridge
      .scim('post', '/Users', { schemas: [USER], userName: 'located@example.com' })
      .set(FORGED);
    const group = await bridge.scim('post', '/Groups', { schemas: [GROUP], displayName: 'located' }).set(FORGED);
    const { id } = created.body as { id: string };
    const replies = [created, group];
    for (const path of [`/Users/${id}`, '/Users', '/Groups', '/ServiceProviderConfig', '/ResourceTypes'])
      replies.push(await bridge.scim('get', path).set(FORGED));

    expect(replies.map(({ status }) => status)).toEqual([201, 201, 200, 200, 200, 200, 200]);
    expect(created.headers['location']).toBe(`https://scim.example.com/scim/v2/Users/${id}`);
    for (const { headers, text, body } of replies) {
      const said = JSON.stringify([headers, text, body]);
      expect(said).not.toContain('evil.example');
      expect(said).toContain('https://scim.example.com/scim/v2');
    }
  });
});

describe('the address of a client', () => {
  async function seenWith(settings: Readonly<Record<string, string>>, forwardedFor: string): Promise<string> {
    const app = createHttpApp(partsOf(settings));
    app.get('/who', (request, response) => void response.json(request.ip));
    const server = await listen(app, { host: '127.0.0.1', port: 0 });
    const reply = await supertest(server.url).get('/who').set('X-Forwarded-For', forwardedFor);
    await server.close(0);
    return reply.body as string;
  }

  it.each([
    [{}, '127.0.0.1'],
    [{ TRUST_PROXY: '10.0.0.0/8' }, '127.0.0.1'],
    [{ TRUST_PROXY: 'loopback' }, '203.0.113.9'],
    [{ TRUST_PROXY: '127.0.0.1' }, '203.0.113.9'],
    [{ TRUST_PROXY: '1' }, '203.0.113.9'],
    [{ TRUST_PROXY: 'loopback, 203.0.113.0/24' }, '198.51.100.7'],
    [{ TRUST_PROXY: '2' }, '198.51.100.7'],
  ])('with %j is %s: what proxies say counts as far as they are trusted [SA20]', async (settings, address) => {
    expect(await seenWith(settings, '198.51.100.7, 203.0.113.9')).toBe(address);
  });
});
