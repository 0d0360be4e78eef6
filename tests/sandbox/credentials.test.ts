import { describe, expect, it } from '@jest/globals';

import { basic, caller, startCallers, type Callers } from './callers.js';

const v1 = '/wiki/rest/api';
const v2 = '/wiki/api/v2';
const bulk = { accountIds: ['x'] };
const emails = { emails: ['a@example.com'] };

/** A caller with the right e-mail and a token that Atlassian does not know. */
const stranger = ({ sandbox }: Callers, credential?: string): ReturnType<typeof caller> =>
  caller(sandbox.url, {
    Authorization: credential ?? basic(sandbox.credentials.adminEmail, 'wrong'),
    'X-Atlassian-Token': 'no-check',
  });

describe('Confluence', () => {
  it('answers 403 to reads of a credential it does not know, 401 to writes', async () => {
    const callers = await startCallers();
    for (const call of [stranger(callers), callers.anonymous]) {
      const read = await call('GET', `${v1}/user/current`);
      expect(read).toMatchObject({
        status: 403,
        body: { message: 'Current user not permitted to use Confluence', statusCode: 403 },
      });
      expect((await call('POST', `${v1}/group`, { name: 'x' })).status).toBe(401);
      expect((await call('POST', `${v2}/users-bulk`, bulk)).status).toBe(404);
      expect((await call('POST', `${v2}/user/access/check-access-by-email`, emails)).status).toBe(401);
    }
    expect(callers.sandbox.findGroupByName('x')).toBeUndefined();
  });

  it('demands the XSRF header on every v1 write, and only there', async () => {
    const { sandbox } = await startCallers();
    const { adminEmail, apiToken } = sandbox.credentials;
    const call = caller(sandbox.url, { Authorization: basic(adminEmail, apiToken) });
    for (const [method, path, body] of [
      ['POST', '/group', { name: 'x' }],
      ['DELETE', '/group/by-id?id=x', undefined],
      ['POST', '/group/userByGroupId?groupId=x', { accountId: 'x' }],
      ['DELETE', '/group/userByGroupId?groupId=x&accountId=x', undefined],
    ] as const) {
      expect(await call(method, v1 + path, body)).toMatchObject({ status: 403, text: 'XSRF check failed' });
    }
    expect((await call('GET', `${v1}/group`)).status).toBe(200);
    expect((await call('POST', `${v2}/users-bulk`, bulk)).status).toBe(200);
  });

  it('lets somebody who is no site admin read, but not write', async () => {
    const { site, sandbox } = await startCallers({ rights: 'member' });
    expect((await site('GET', `${v1}/group`)).status).toBe(200);
    expect((await site('POST', `${v1}/group`, { name: 'x' })).status).toBe(403);
    expect((await site('DELETE', `${v1}/group/userByGroupId?groupId=x&accountId=x`)).status).toBe(403);
    expect((await site('POST', '/rest/api/3/user', { emailAddress: 'a@example.com', products: [] })).status).toBe(403);
    sandbox.options.rights = 'site-admin';
    expect((await site('POST', `${v1}/group`, { name: 'x' })).status).toBe(201);
  });

  it('turns away somebody who lost the right to use it', async () => {
    const { site } = await startCallers({ rights: 'none' });
    expect((await site('GET', `${v1}/group`)).status).toBe(403);
    expect((await site('POST', `${v2}/users-bulk`, bulk)).status).toBe(404);
  });

  it('forgets a token that is revoked while it runs', async () => {
    const { site, scoped, sandbox } = await startCallers();
    sandbox.revoke('apiToken');
    expect((await site('GET', `${v1}/user/current`)).status).toBe(403);
    expect(sandbox.calls.at(-1)?.credential).toBe('unknown');
    sandbox.reinstate('apiToken');
    expect((await site('GET', `${v1}/user/current`)).status).toBe(200);
    sandbox.revoke('scopedToken');
    expect((await scoped('GET', `/ex/confluence/${sandbox.credentials.cloudId}${v1}/user/current`)).status).toBe(401);
  });
});

describe('Jira', () => {
  it('serves a search as to a stranger and says so in a header only', async () => {
    const callers = await startCallers();
    const reply = await stranger(callers)('GET', '/rest/api/3/user/search?query=admin');
    expect(reply).toMatchObject({ status: 200, body: [] });
    expect(reply.headers.get('x-seraph-loginreason')).toBe('AUTHENTICATED_FAILED');
    expect((await callers.site('GET', '/rest/api/3/user/search?query=admin')).body).toHaveLength(1);
  });

  it('answers 401 to everything else, with the header when a credential was tried', async () => {
    const callers = await startCallers();
    const refused = await stranger(callers)('GET', '/rest/api/3/myself');
    expect(refused).toMatchObject({ status: 401, body: { errorMessages: [expect.any(String)] } });
    expect(refused.headers.get('x-seraph-loginreason')).toBe('AUTHENTICATED_FAILED');
    expect((await callers.anonymous('GET', '/rest/api/3/myself')).headers.get('x-seraph-loginreason')).toBeNull();
  });
});

describe('Organizations API', () => {
  it('takes the organization key only', async () => {
    const callers = await startCallers();
    const { sandbox, org } = callers;
    const path = `/admin/v2/orgs/${sandbox.credentials.orgId}/directories`;
    const bearer = caller(sandbox.url, { Authorization: 'Bearer wrong' });
    for (const call of [callers.site, callers.scoped, callers.anonymous, bearer]) {
      expect(await call('GET', path)).toMatchObject({ status: 401, body: { errors: [{ status: '401' }] } });
    }
    expect((await org('GET', '/directories')).status).toBe(200);
    sandbox.revoke('orgApiKey');
    expect((await org('GET', '/directories')).status).toBe(401);
  });

  it('does not open the site to the organization key', async () => {
    const { sandbox } = await startCallers();
    const call = caller(sandbox.url, { Authorization: `Bearer ${sandbox.credentials.orgApiKey}` });
    expect((await call('GET', `${v1}/user/current`)).status).toBe(403);
  });

  it('answers 404 for another organization and 401 without one', async () => {
    const { sandbox, org } = await startCallers();
    const call = caller(sandbox.url, { Authorization: `Bearer ${sandbox.credentials.orgApiKey}` });
    expect(await call('GET', '/admin/v2/orgs/other/directories')).toMatchObject({
      status: 404,
      body: { errors: [{ code: 'ADMIN-404-2' }] },
    });
    sandbox.options.organization = false;
    expect((await org('GET', '/directories')).status).toBe(401);
  });
});

describe('the gateway', () => {
  it('tells the cloud id to anybody', async () => {
    const { anonymous, sandbox } = await startCallers();
    expect((await anonymous('GET', '/_edge/tenant_info')).body).toEqual({ cloudId: sandbox.credentials.cloudId });
  });

  it('serves Confluence and Jira to the scoped token', async () => {
    const { scoped, sandbox } = await startCallers();
    const { cloudId } = sandbox.credentials;
    expect((await scoped('GET', `/ex/confluence/${cloudId}${v1}/user/current`)).status).toBe(200);
    expect((await scoped('POST', `/ex/confluence/${cloudId}${v1}/group`, { name: 'x' })).status).toBe(201);
    expect((await scoped('POST', `/ex/confluence/${cloudId}${v2}/users-bulk`, bulk)).status).toBe(200);
    expect((await scoped('GET', `/ex/jira/${cloudId}/rest/api/3/myself`)).status).toBe(200);
  });

  it('refuses the scoped token at the site and the classic one at the gateway', async () => {
    const callers = await startCallers();
    const { scoped, site, sandbox } = callers;
    const path = `/ex/confluence/${sandbox.credentials.cloudId}${v1}/user/current`;

    const classic = await site('GET', path);
    expect(classic).toMatchObject({ status: 401, body: { code: 401, message: 'Unauthorized; scope does not match' } });
    expect(classic.headers.get('x-failure-category')).toBe('FAILURE_CLIENT_SCOPE_CHECK');
    expect((await scoped('GET', `${v1}/user/current`)).status).toBe(401);
    expect((await scoped('GET', '/rest/api/3/myself')).status).toBe(401);
    expect(await stranger(callers)('GET', path)).toMatchObject({
      status: 401,
      body: { code: 401, message: 'Unauthorized' },
    });
  });

  it('lets a token do what it was given the scopes for, all of one family, and refuses the rest', async () => {
    const { scoped, sandbox } = await startCallers({ tokenScopes: ['read:confluence-user', 'write:group:confluence'] });
    const base = `/ex/confluence/${sandbox.credentials.cloudId}${v1}`;

    expect((await scoped('GET', `${base}/user/current`)).status).toBe(200);
    // Looked at before anything else of the call: a missing group would be 404.
    expect((await scoped('DELETE', `${base}/group/by-id?id=nothing`)).status).toBe(404);
    for (const [method, path] of [
      ['GET', '/group'],
      ['GET', '/group/by-id?id=nothing'],
      ['POST', '/group'],
    ] as const) {
      const refused = await scoped(method, base + path);
      expect(refused).toMatchObject({ status: 401, body: { message: 'Unauthorized; scope does not match' } });
    }
    sandbox.options.tokenScopes = ['read:group:confluence', 'write:group:confluence'];
    expect((await scoped('POST', `${base}/group`, { name: 'x' })).status).toBe(201);
  });

  it('knows a service account as an app, without a classic token', async () => {
    const { scoped, site, sandbox } = await startCallers({ siteAccount: 'service account' });
    const base = `/ex/confluence/${sandbox.credentials.cloudId}`;

    expect(sandbox.credentials.adminEmail).toMatch(/@serviceaccount\.atlassian\.com$/);
    expect((await scoped('GET', `${base}${v1}/user/current`)).body).toMatchObject({ accountType: 'app' });
    expect((await site('GET', `${v1}/user/current`)).status).toBe(403);
    expect(sandbox.seatsUsed()).toBe(0);
  });

  it('knows no other site, and no Confluence path without its /wiki', async () => {
    const { scoped, sandbox } = await startCallers();
    expect((await scoped('GET', `/ex/confluence/other${v1}/user/current`)).status).toBe(404);
    expect(await scoped('GET', `/ex/confluence/${sandbox.credentials.cloudId}/rest/api/user/current`)).toMatchObject({
      status: 401,
      body: { message: 'Unauthorized; scope does not match' },
    });
  });
});

it('reads no meaning into a header that is no credential', async () => {
  const callers = await startCallers();
  for (const header of [
    'Basic',
    'Basic !!!',
    `Basic ${Buffer.from('no colon').toString('base64')}`,
    'Digest x',
    'Bearer ',
  ]) {
    expect((await stranger(callers, header)('GET', `${v1}/user/current`)).status).toBe(403);
  }
  expect(callers.sandbox.calls.every(({ credential }) => credential === 'unknown')).toBe(true);
});
