import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import express, { Router } from 'express';
import request from 'supertest';
import { createLogger } from '../../src/observability/logger.js';
import { createMetrics } from '../../src/observability/metrics.js';
import { logRequests, requestRecord } from '../../src/observability/requests.js';
import { listen } from '../../src/server.js';
import { captureLines } from './lines.js';

function startApp() {
  const lines = captureLines();
  const metrics = createMetrics(() => 0);
  const clock = { nowMs: 1_000 };
  const logger = createLogger({ level: 'debug', format: 'json', stream: lines.stream });
  const app = express();
  app.use(logRequests({ logger, metrics, scimBasePath: '/scim/v2', now: () => clock.nowMs }));
  const scim = Router();
  scim.get('/Users/:id', (_request, response) => {
    const record = requestRecord(response);
    record.caller = 'okta';
    record.upstream.push({ operation: 'confluence.getUser', status: 200, durationMs: 5 });
    clock.nowMs += 42;
    response.json({ requestId: record.requestId });
  });
  app.use('/scim/v2', scim);
  app.get('/healthz', (_request, response) => {
    response.end();
  });
  return { app, lines, metrics };
}

describe('the id of a request', () => {
  it('is the one the client sends, and is answered', async () => {
    const { app } = startApp();
    const reply = await request(app).get('/scim/v2/Users/1').set('X-Request-Id', 'proxy-1.2_3');
    expect(reply.headers['x-request-id']).toBe('proxy-1.2_3');
    expect(reply.body).toEqual({ requestId: 'proxy-1.2_3' });
  });

  it.each([undefined, '', 'x'.repeat(65), 'ada@acme.com', 'a b', '{"a":1}'])(
    'is a new UUID when the client sends %j',
    async (id) => {
      const { app } = startApp();
      const ask = request(app).get('/scim/v2/Users/1');
      const reply = await (id === undefined ? ask : ask.set('X-Request-Id', id));
      expect(reply.headers['x-request-id']).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
    },
  );

  it('is answered also where there is no route', async () => {
    const { app } = startApp();
    const reply = await request(app).get('/nothing').set('X-Request-Id', 'r-1');
    expect(reply.status).toBe(404);
    expect(reply.headers['x-request-id']).toBe('r-1');
  });
});

describe('the line of a request', () => {
  it('tells who asked for what, the outcome, and what it took', async () => {
    const { app, lines } = startApp();
    await request(app).get('/scim/v2/Users/712020:1').set('X-Request-Id', 'r-1');
    expect(lines.json()).toEqual([
      {
        time: expect.any(String),
        level: 'info',
        message: 'request',
        requestId: 'r-1',
        caller: 'okta',
        method: 'GET',
        route: '/scim/v2/Users/:id',
        status: 200,
        durationMs: 42,
        upstreamCalls: 1,
        aborted: false,
      },
    ]);
  });

  it('holds nothing of the URL or the headers [SA7]', async () => {
    const { app, lines, metrics } = startApp();
    const path = '/scim/v2/Users/secret-id?filter=userName eq "lovelace@acme.com"';
    await request(app)
      .get(encodeURI(path))
      .set('Authorization', 'Bearer secret-token')
      .set('User-Agent', 'secret-agent');
    // Words with letters that are no hexadecimal digits: the id of a request is a random UUID.
    expect(lines.text() + (await metrics.render())).not.toMatch(/secret|lovelace|acme/);
  });

  it('is at debug for probes, which come every few seconds', async () => {
    const { app, lines } = startApp();
    await request(app).get('/healthz');
    expect(lines.json()).toMatchObject([{ level: 'debug', route: '/healthz' }]);
  });

  it('is written, once, when the client hangs up before the answer', async () => {
    const { app, lines, metrics } = startApp();
    let arrived: () => void = () => undefined;
    const isUnderWay = new Promise<void>((resolve) => (arrived = resolve));
    let ended: () => void = () => undefined;
    const isOver = new Promise<void>((resolve) => (ended = resolve));
    app.post('/scim/v2/Users', (_request, response) => {
      response.once('close', ended);
      arrived();
    });
    const server = await listen(app, { host: '127.0.0.1', port: 0 });
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write('POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
    await isUnderWay;

    socket.destroy();
    await Promise.all([isOver, once(socket, 'close')]);
    await server.close(1_000);

    expect(lines.json()).toHaveLength(1);
    expect(lines.json()[0]).toMatchObject({ method: 'POST', route: '/scim/v2/Users', aborted: true });
    expect(lines.json()[0]).not.toHaveProperty('status');
    expect(await metrics.render()).toContain('requests_total{method="POST",route="/scim/v2/Users",status="none"} 1');
  });
});

describe('requestRecord', () => {
  it('says what is missing where requests are not logged', async () => {
    const app = express();
    let problem: unknown;
    app.get('/', (_request, response) => {
      try {
        requestRecord(response);
      } catch (error) {
        problem = error;
      }
      response.end();
    });
    await request(app).get('/');
    expect(problem).toEqual(new Error('logRequests must be mounted in front of this route'));
  });
});
