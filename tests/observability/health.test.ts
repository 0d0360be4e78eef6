import { describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { Health, serveHealth, serveReadiness } from '../../src/observability/health.js';

function startHealth() {
  const clock = { nowMs: 1_000_000 };
  const health = new Health(() => clock.nowMs);
  const app = express().get('/healthz', serveHealth(health)).get('/readyz', serveReadiness(health));
  const becomeReady = (): void => {
    for (const part of ['store', 'atlassian', 'accessGroups', 'credential'] as const) health.set(part, { ok: true });
  };
  return { health, clock, becomeReady, ask: request(app) };
}

describe('GET /readyz', () => {
  it('answers 503 with every reason until Atlassian was reached and the access groups are known to grant', async () => {
    const { health, ask } = startHealth();
    health.set('store', { ok: true });
    health.set('atlassian', { ok: false, message: 'acme.atlassian.net does not answer.' });

    const reply = await ask.get('/readyz');

    expect(reply.status).toBe(503);
    expect(reply.body).toEqual({
      ready: false,
      reasons: ['acme.atlassian.net does not answer.', 'The access groups were not checked yet.'],
    });
  });

  it('answers 200 once all of them are well', async () => {
    const { becomeReady, ask } = startHealth();
    becomeReady();
    const reply = await ask.get('/readyz');
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ ready: true, reasons: [] });
  });

  it('does not wait for the first scan', async () => {
    const { becomeReady, ask } = startHealth();
    becomeReady();
    expect((await ask.get('/healthz')).body).toMatchObject({ indexAgeSeconds: null });
    expect((await ask.get('/readyz')).status).toBe(200);
  });

  it('stays up while the credential is refused, so that the identity provider reads what is wrong [SA5]', async () => {
    const { health, becomeReady, ask } = startHealth();
    becomeReady();
    health.set('credential', { ok: false, message: 'Atlassian refuses the API token.' });
    expect((await ask.get('/readyz')).status).toBe(200);
  });

  it('stays up in an outage of Atlassian', async () => {
    const { health, becomeReady, ask } = startHealth();
    becomeReady();
    health.set('atlassian', { ok: false, message: 'Atlassian does not answer.' });
    expect((await ask.get('/readyz')).status).toBe(200);
  });

  it('answers 503 and names the group as long as an access group does not grant [SA1]', async () => {
    const { health, becomeReady, ask } = startHealth();
    becomeReady();
    health.set('accessGroups', { ok: false, message: 'The group "wiki" grants no access.' });

    const reply = await ask.get('/readyz');

    expect(reply.status).toBe(503);
    expect(reply.body).toMatchObject({ reasons: ['The group "wiki" grants no access.'] });
    health.set('accessGroups', { ok: true });
    expect((await ask.get('/readyz')).status).toBe(200);
  });
});

describe('GET /healthz', () => {
  it('answers 200 and names a refused credential [SA5]', async () => {
    const { health, becomeReady, ask } = startHealth();
    becomeReady();
    health.set('credential', { ok: false, message: 'Atlassian refuses the API token.' });

    const reply = await ask.get('/healthz');

    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      status: 'degraded',
      parts: { credential: { ok: false, message: 'Atlassian refuses the API token.' } },
    });
    health.set('credential', { ok: true });
    expect((await ask.get('/healthz')).body).toMatchObject({ status: 'up', parts: { credential: { ok: true } } });
  });

  it('tells the age of the index', async () => {
    const { health, clock, ask } = startHealth();
    health.indexScanned(clock.nowMs);
    clock.nowMs += 61_900;
    expect((await ask.get('/healthz')).body).toEqual({ status: 'up', parts: {}, indexAgeSeconds: 61 });
  });
});
