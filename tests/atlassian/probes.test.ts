import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JiraAccess } from '../../src/atlassian/jira.js';
import { createProbes } from '../../src/atlassian/probes.js';
import { startSite } from './site.js';
import { callOf, connectTo, expectFailure, startUpstream, testClock, type Reply, type Upstream } from './upstream.js';

let upstream: Upstream;
beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.close());

const SCOPE_MISMATCH = { code: 401, message: 'Unauthorized; scope does not match' };
const SCOPE_HEADER = { 'X-Failure-Category': 'FAILURE_CLIENT_SCOPE_CHECK' };

describe('currentUser', () => {
  it('does not take an anonymous visitor for the account [SA5]', async () => {
    upstream.answer = () => ({ body: { type: 'anonymous', displayName: 'Anonymous' } });
    const clock = testClock();
    const connection = connectTo(upstream.url, clock);
    await expectFailure(createProbes(connection).currentUser(callOf(clock)), 'misconfigured');
    connection.close();
  });

  it('tells the account behind the token', async () => {
    const { probes, sandbox, call } = await startSite('invite');
    expect((await probes.currentUser(call())).accountId).toBe(sandbox.admin.accountId);
  });

  it.each([
    ['Wed, 11 Mar 2026 23:29:00 GMT', Date.UTC(2026, 2, 11, 23, 29)],
    ['soon', undefined],
  ])('tells what Atlassian takes for the time: %s', async (date, serverTimeMs) => {
    upstream.answer = () => ({
      headers: { Date: date },
      body: { type: 'known', accountId: 'a1', accountType: 'atlassian' },
    });
    const clock = testClock();
    const connection = connectTo(upstream.url, clock);
    expect((await createProbes(connection).currentUser(callOf(clock))).serverTimeMs).toBe(serverTimeMs);
    connection.close();
  });

  it('takes a refused token for a matter of the operator [SA5]', async () => {
    const { probes, sandbox, call } = await startSite('invite');
    sandbox.revoke('apiToken');
    await expectFailure(probes.currentUser(call()), 'misconfigured');
  });
});

describe('atOtherAddress', () => {
  it('does not know while Atlassian is down', async () => {
    const { probes, sandbox, call } = await startSite('invite');
    sandbox.faults.always({ path: /current/, status: 503 });
    await expectFailure(probes.atOtherAddress(call()), 'unavailable');
  });

  it('recognises a scoped token used as a classic one, and the reverse', async () => {
    for (const configured of ['classic', 'scoped'] as const) {
      const { sandbox, call } = await startSite('invite');
      const { adminEmail, apiToken, scopedToken } = sandbox.credentials;
      const token = configured === 'classic' ? scopedToken : apiToken;
      const connection = connectTo(sandbox.url, testClock(), { adminEmail, apiToken: token, tokenKind: configured });
      const probes = createProbes(connection);
      await expectFailure(probes.currentUser(call()), 'misconfigured');
      await expect(probes.atOtherAddress(call())).resolves.toBe('accepted');
      connection.close();
    }
  });

  it('tells a right token, which has no scopes for the gateway, from one that works nowhere', async () => {
    const { probes, sandbox, call } = await startSite('invite');
    await expect(probes.atOtherAddress(call())).resolves.toBe('lacksScope');
    sandbox.revoke('apiToken');
    await expect(probes.atOtherAddress(call())).resolves.toBe('refused');
  });
});

describe('tenantInfo', () => {
  it('asks for the id of the site without a credential, once', async () => {
    const { probes, sandbox, call } = await startSite('invite');
    await expect(probes.tenantInfo(call())).resolves.toEqual({ cloudId: sandbox.credentials.cloudId });
    await probes.tenantInfo(call());
    expect(sandbox.calls.map(({ credential }) => credential)).toEqual(['none']);
  });
});

it.each(['', 'unknown', '../../admin', '7f1d5a52-6c1e-4b7a-9d53-0f4f6f3f2b11/../x', 7, null])(
  'takes %j for no id of a site, and sends the token nowhere [SA7]',
  async (cloudId) => {
    upstream.answer = () => ({ body: { cloudId } });
    const clock = testClock();
    const connection = connectTo(upstream.url, clock, { tokenKind: 'scoped' });
    await expectFailure(createProbes(connection).currentUser(callOf(clock)), 'unexpected');
    expect(upstream.received.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    connection.close();
  },
);

describe('jiraShowsAddresses', () => {
  it.each([true, false])('answers %s', async (jiraSearchShowsEmail) => {
    const { probes, call } = await startSite('jira', { jiraSearchShowsEmail });
    await expect(probes.jiraShowsAddresses(call())).resolves.toBe(jiraSearchShowsEmail);
  });
});

describe('organization', () => {
  it('names the settings when there is no organization credential', async () => {
    const connection = connectTo('http://127.0.0.1:9', testClock(), { orgId: undefined, orgApiKey: undefined });
    const failure = await expectFailure(createProbes(connection).organization(callOf(testClock())), 'misconfigured');
    expect(failure.message).toContain('ATLASSIAN_ORG_ID');
  });
});

describe('jiraAccess', () => {
  const permission = (havePermission: boolean): Reply => ({
    body: { permissions: { ADMINISTER: { havePermission } } },
  });

  it.each<[string, Reply, JiraAccess]>([
    ['admin of Jira', permission(true), 'admin'],
    ['no admin of Jira', permission(false), 'user'],
    [
      'anonymous in Jira',
      { ...(permission(false) as object), headers: { 'X-Seraph-LoginReason': 'AUTHENTICATED_FAILED' } },
      'refused',
    ],
    [
      'on a site without Jira',
      { status: 404, headers: { 'Content-Type': 'text/html' }, body: '<html></html>' },
      'none',
    ],
    ['on a site that sends it elsewhere', { status: 302, headers: { Location: '/' } }, 'none'],
    ['refused by Jira', { status: 403, body: {} }, 'none'],
    ['refused as a token', { status: 401, body: { code: 401 } }, 'refused'],
    ['without the scopes for Jira', { status: 401, body: SCOPE_MISMATCH }, 'lacksScope'],
    ['without them, as a header says', { status: 401, headers: SCOPE_HEADER, body: { code: 401 } }, 'lacksScope'],
  ])('of a credential that is %s', async (_what, reply, access) => {
    upstream.answer = () => reply;
    const clock = testClock();
    const connection = connectTo(upstream.url, clock);
    await expect(createProbes(connection).jiraAccess(callOf(clock))).resolves.toBe(access);
    expect(upstream.received[0]).toMatchObject({
      path: '/rest/api/3/mypermissions',
      query: { permissions: 'ADMINISTER' },
    });
    connection.close();
  });

  it.each<[string, Reply]>([
    ['is down', { status: 503 }],
    ['answers a page', { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html></html>' }],
  ])('is unknown, not none, while Jira %s [US4]', async (_what, reply) => {
    upstream.answer = () => reply;
    const clock = testClock();
    const connection = connectTo(upstream.url, clock);
    await expectFailure(createProbes(connection).jiraAccess(callOf(clock)), 'unavailable');
    connection.close();
  });
});
