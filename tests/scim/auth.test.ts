import { describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { systemClock } from '../../src/clock.js';
import { createLogger } from '../../src/observability/logger.js';
import { createMetrics } from '../../src/observability/metrics.js';
import { logRequests } from '../../src/observability/requests.js';
import { createAuthenticator, requireCaller } from '../../src/scim/auth.js';
import { captureLines } from '../observability/lines.js';

const OKTA = 'okta-secret-of-32-characters-0001';
const ENTRA_OLD = 'entra-secret-of-32-characters-001';
const ENTRA_NEW = 'entra-secret-of-32-characters-002/+=';
const CALLERS = [
  { name: 'okta', secrets: [OKTA], isReadOnly: false },
  { name: 'entra', secrets: [ENTRA_OLD, ENTRA_NEW], isReadOnly: false },
];

describe('an authenticator', () => {
  const authenticate = createAuthenticator(() => CALLERS);

  it.each([
    [`Bearer ${OKTA}`, 'okta'],
    [`Bearer ${ENTRA_OLD}`, 'entra'],
    [`Bearer ${ENTRA_NEW}`, 'entra'],
    [`bearer ${OKTA}`, 'okta'],
    [`BEARER   ${OKTA}  `, 'okta'],
  ])('knows the caller of %j', (header, caller) => {
    expect(authenticate(header)).toEqual({ caller });
  });

  it.each([
    [undefined, 'has no bearer token'],
    ['', 'has no bearer token'],
    ['   ', 'has no bearer token'],
    ['Bearer', 'is not "Bearer" and one token'],
    ['Bearer ', 'is not "Bearer" and one token'],
    [OKTA, 'is not "Bearer" and one token'],
    [`Basic ${OKTA}`, 'is not "Bearer" and one token'],
    [`Bearer Bearer ${OKTA}`, 'is not "Bearer" and one token'],
    [`Bearer ${OKTA}, Bearer ${OKTA}`, 'is not "Bearer" and one token'],
    ['Bearer okta', 'is not one of SCIM_TOKENS'],
    [`Bearer okta:${OKTA}`, 'is not one of SCIM_TOKENS'],
    [`Bearer ${OKTA.slice(0, -1)}`, 'is not one of SCIM_TOKENS'],
    [`Bearer ${OKTA}x`, 'is not one of SCIM_TOKENS'],
    [`Bearer ${OKTA.toUpperCase()}`, 'is not one of SCIM_TOKENS'],
  ])('knows nobody by %j and says why', (header, problem) => {
    expect(authenticate(header)).toMatchObject({ problem: expect.stringContaining(problem) });
  });

  it('never repeats what was sent [SA7]', () => {
    expect(JSON.stringify(authenticate('Bearer hunter2hunter2hunter2'))).not.toContain('hunter2');
    expect(JSON.stringify(authenticate('hunter2 hunter2'))).not.toContain('hunter2');
  });

  it('knows at once whom it is told of, and nobody by a token that was taken away [SA19]', () => {
    let callers = CALLERS;
    const changing = createAuthenticator(() => callers);
    expect(changing(`Bearer ${ENTRA_OLD}`)).toEqual({ caller: 'entra' });
    callers = [{ name: 'entra', secrets: [ENTRA_NEW], isReadOnly: false }];
    expect(changing(`Bearer ${ENTRA_NEW}`)).toEqual({ caller: 'entra' });
    for (const gone of [ENTRA_OLD, OKTA]) expect(changing(`Bearer ${gone}`)).toMatchObject({ reason: 'unknown' });
  });

  it('lets nobody in where there are no callers', () => {
    expect(createAuthenticator(() => [])(`Bearer ${OKTA}`)).toHaveProperty('problem');
  });
});

describe('a route behind requireCaller', () => {
  function startApp() {
    const lines = captureLines();
    const logger = createLogger({ level: 'info', format: 'json', stream: lines.stream });
    const app = express();
    const metrics = createMetrics(() => 0);
    app.use(logRequests({ logger, metrics, scimBasePath: '/scim/v2', now: () => 0 }));
    const door = requireCaller({ callers: () => CALLERS, clock: systemClock, log: logger, metrics });
    app.use(door, express.json({ type: () => true }));
    app.post('/scim/v2/Users', (_request, response) => {
      response.status(201).end();
    });
    return { app, lines };
  }

  it('is reached with a token, and the log names its caller', async () => {
    const { app, lines } = startApp();
    await request(app).post('/scim/v2/Users').set('Authorization', `Bearer ${ENTRA_OLD}`).send({}).expect(201);
    expect(lines.json()).toMatchObject([{ caller: 'entra', status: 201 }]);
  });

  it('answers a request without a token 401, as a SCIM error that asks for one [LI5]', async () => {
    const { app, lines } = startApp();
    const reply = await request(app).post('/scim/v2/Users').send({});
    expect(reply.status).toBe(401);
    expect(reply.headers['content-type']).toBe('application/scim+json');
    expect(reply.headers['www-authenticate']).toBe('Bearer realm="confluence-scim-bridge"');
    expect(JSON.parse(textOf(reply))).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '401',
      detail: expect.stringContaining('has no bearer token'),
    });
    expect(lines.json()[0]).not.toHaveProperty('caller');
  });

  it('tells a wrong token from a missing one', async () => {
    const { app } = startApp();
    const reply = await request(app).post('/scim/v2/Users').set('Authorization', 'Bearer of-somebody-else').send({});
    expect(reply.status).toBe(401);
    expect(reply.headers['www-authenticate']).toBe('Bearer realm="confluence-scim-bridge", error="invalid_token"');
    expect(textOf(reply)).toContain('is not one of SCIM_TOKENS');
  });

  it('parses no body of somebody it does not know', async () => {
    const { app } = startApp();
    const send = (token: string) =>
      request(app)
        .post('/scim/v2/Users')
        .set('Authorization', `Bearer ${token}`)
        .set('Content-Type', 'application/json')
        .send('{');
    expect((await send('of-somebody-else')).status).toBe(401);
    expect((await send(OKTA)).status).toBe(400);
  });
});

/** supertest parses what it knows to be JSON and leaves the rest as bytes or text. */
function textOf(reply: request.Response): string {
  return Buffer.isBuffer(reply.body) ? reply.body.toString() : reply.text;
}
