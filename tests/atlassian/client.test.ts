import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connection } from '../../src/atlassian/connection.js';
import { addMember, createGroup, getGroup, inviteByEmail, listAllMembers } from '../../src/atlassian/confluence.js';
import { operation } from '../../src/atlassian/rights.js';
import {
  callOf,
  connectTo,
  expectFailure,
  SECRETS,
  startUpstream,
  testClock,
  type TestClock,
  type Upstream,
} from './upstream.js';

const GROUP = { type: 'group', id: 'g1', name: 'engineering' };

let upstream: Upstream;
let clock: TestClock;
let connection: Connection;

beforeEach(async () => {
  upstream = await startUpstream();
  clock = testClock();
  connection = connectTo(upstream.url, clock);
});
afterEach(async () => {
  connection.close();
  await upstream.close();
});

describe('sending', () => {
  it('records every attempt in order, with operation, status, use and duration only', async () => {
    upstream.answer = (_request, index) => (index === 0 ? { status: 503 } : index === 1 ? 'reset' : { body: GROUP });
    const call = callOf(clock);
    await getGroup(connection.confluence, 'g1', call);

    expect(call.upstream).toEqual([
      { operation: 'confluence.getGroup', status: 503, isUseless: true, durationMs: expect.any(Number) },
      { operation: 'confluence.getGroup', status: undefined, durationMs: expect.any(Number) },
      { operation: 'confluence.getGroup', status: 200, durationMs: expect.any(Number) },
    ]);
  });

  it('authenticates with the e-mail and token, and sends what Confluence demands of writes', async () => {
    upstream.answer = () => ({ status: 201, body: GROUP });
    await createGroup(connection.confluence, 'engineering', callOf(clock));

    const [received] = upstream.received;
    const basic = Buffer.from(`admin@example.com:${SECRETS.apiToken}`).toString('base64');
    expect(received?.headers.authorization).toBe(`Basic ${basic}`);
    expect(received?.headers['x-atlassian-token']).toBe('no-check');
    expect(received?.headers['content-type']).toBe('application/json');
    expect(received?.body).toEqual({ name: 'engineering' });
  });

  it('does not follow a redirect, which would carry the credential elsewhere [SA7]', async () => {
    upstream.answer = () => ({ status: 302, headers: { Location: `${upstream.url}/elsewhere` } });
    const failure = await expectFailure(getGroup(connection.confluence, 'g1', callOf(clock)), 'misconfigured');

    expect(failure.message).toContain('ATLASSIAN_SITE_URL');
    expect(upstream.received).toHaveLength(1);
  });

  it('ignores a proxy of the environment, which would see the credential [SA7]', async () => {
    upstream.answer = () => ({ body: GROUP });
    process.env['HTTP_PROXY'] = 'http://127.0.0.1:9';
    try {
      await expect(getGroup(connection.confluence, 'g1', callOf(clock))).resolves.toMatchObject({ id: 'g1' });
    } finally {
      delete process.env['HTTP_PROXY'];
    }
  });

  it.each(['.', '..', ''])('never puts %j into a path, where it would name another resource', async (id) => {
    await expectFailure(listAllMembers(connection.confluence, id, callOf(clock)), 'invalid');
    expect(upstream.received).toHaveLength(0);
  });

  it('encodes ids in paths and queries', async () => {
    upstream.answer = () => ({ body: { results: [], limit: 200, start: 0, size: 0 } });
    await listAllMembers(connection.confluence, 'a/b?c#d', callOf(clock));
    expect(upstream.received[0]?.path).toBe('/wiki/rest/api/group/a%2Fb%3Fc%23d/membersByGroupId');
  });

  it('refuses an answer of unreasonable length', async () => {
    upstream.answer = () => ({ body: { ...GROUP, name: 'x'.repeat(11 * 1024 * 1024) } });
    await expectFailure(getGroup(connection.confluence, 'g1', callOf(clock)), 'unavailable');
  });

  it('keeps no more calls under way than the credential may have [SA4]', async () => {
    connection = connectTo(upstream.url, clock, { concurrency: 3 });
    const held: (() => void)[] = [];
    upstream.answer = async () => {
      const isFull = new Promise<void>((resolve) => held.push(resolve));
      // The others get every chance to come, too.
      if (held.length === 3) setTimeout(() => held.splice(0).forEach((go) => go()), 5);
      await isFull;
      return { body: GROUP };
    };
    await Promise.all(Array.from({ length: 12 }, () => getGroup(connection.confluence, 'g1', callOf(clock))));
    expect(upstream.load.most).toBe(3);
  });
});

describe('the budget', () => {
  it('ends a call that hangs when the budget is over [SA4]', async () => {
    upstream.answer = () => 'hang';
    // Enough to be sent, however busy the machine is.
    const call = callOf(clock, 300);
    const failure = await expectFailure(getGroup(connection.confluence, 'g1', call), 'unavailable');

    expect(failure.retryAfterSeconds).toBeGreaterThan(0);
    expect(failure.upstream).toEqual({ operation: 'confluence.getGroup', status: undefined });
    expect(call.upstream).toHaveLength(1);
  });

  it('ends a call that is told to stop', async () => {
    const stop = new AbortController();
    upstream.answer = () => {
      stop.abort();
      return 'hang';
    };
    await expectFailure(
      getGroup(connection.confluence, 'g1', callOf(clock, 25_000, { signal: stop.signal })),
      'unavailable',
    );
    expect(upstream.received).toHaveLength(1);
  });

  it('sends nothing once the budget is over [SA4]', async () => {
    await expectFailure(getGroup(connection.confluence, 'g1', callOf(clock, 0)), 'unavailable');
    expect(upstream.received).toHaveLength(0);
  });

  it('does not try again when the wait would outlast the budget [SA4]', async () => {
    upstream.answer = () => ({ status: 503 });
    await expectFailure(getGroup(connection.confluence, 'g1', callOf(clock, 300)), 'unavailable');
    expect(upstream.received).toHaveLength(1);
  });

  it('waits out a Retry-After that fits, and never sends before it has passed [SA4]', async () => {
    const sentAtMs: number[] = [];
    upstream.answer = (_request, index) => {
      sentAtMs.push(clock.now());
      return index === 0 ? { status: 429, headers: { 'Retry-After': '6' } } : { body: GROUP };
    };
    await expect(getGroup(connection.confluence, 'g1', callOf(clock))).resolves.toMatchObject({ id: 'g1' });
    expect((sentAtMs[1] ?? 0) - (sentAtMs[0] ?? 0)).toBeGreaterThanOrEqual(5_990);
  });

  it('fails at once with Retry-After when that does not fit, and so does every other call of the credential [SA4]', async () => {
    upstream.answer = () => ({ status: 429, headers: { 'Retry-After': '60' } });
    const failure = await expectFailure(getGroup(connection.confluence, 'g1', callOf(clock)), 'rateLimited');
    expect(failure.retryAfterSeconds).toBe(60);
    expect(failure.upstream).toEqual({ operation: 'confluence.getGroup', status: 429 });

    await expectFailure(getGroup(connection.confluence, 'g2', callOf(clock)), 'rateLimited');
    expect(upstream.received).toHaveLength(1);
  });

  it('lets another credential go on while one is paused', async () => {
    upstream.answer = ({ path }) =>
      path.startsWith('/admin') ? { body: { data: [] } } : { status: 429, headers: { 'Retry-After': '60' } };
    await expectFailure(getGroup(connection.confluence, 'g1', callOf(clock)), 'rateLimited');
    const answer = await connection.organization?.client.send(
      operation('organization.probe', 'read', 'organization', 'search'),
      { method: 'POST', path: '/v2/orgs/org-1/directories/-/users/search', body: {} },
      callOf(clock),
    );
    expect(answer?.status).toBe(200);
    expect(upstream.received.at(-1)?.headers.authorization).toBe(`Bearer ${SECRETS.orgApiKey}`);
  });

  it('takes a 503 with Retry-After as a pause of the credential, reported as an outage [SA4]', async () => {
    upstream.answer = () => ({ status: 503, headers: { 'Retry-After': '60' } });
    const failure = await expectFailure(getGroup(connection.confluence, 'g1', callOf(clock)), 'unavailable');
    expect(failure.retryAfterSeconds).toBe(60);
    expect(upstream.received).toHaveLength(1);
  });
});

describe('repeating', () => {
  it.each([
    ['a read', () => getGroup(connection.confluence, 'g1', callOf(clock))],
    ['an idempotent write', () => addMember(connection.confluence, 'g1', 'a1', callOf(clock))],
  ])('tries %s three times when no answer comes [SA4]', async (_what, send) => {
    upstream.answer = () => 'reset';
    await expectFailure(send(), 'unavailable');
    expect(upstream.received).toHaveLength(3);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a group', () => createGroup(connection.confluence, 'engineering', callOf(clock))],
    ['an invitation', () => inviteByEmail(connection.confluence, SECRETS.email, callOf(clock))],
  ])('sends %s once when its outcome is unknown [SA4]', async (_what, send) => {
    for (const reply of ['reset', { status: 502 }, { status: 500 }, { status: 503 }] as const) {
      upstream.received.length = 0;
      upstream.answer = () => reply;
      await expectFailure(send(), 'unavailable');
      expect(upstream.received).toHaveLength(1);
    }
  });

  it('sends a write again after a 429, which says that nothing was done [SA4]', async () => {
    upstream.answer = (_request, index) =>
      index === 0 ? { status: 429, headers: { 'Retry-After': '1' } } : { status: 201, body: GROUP };
    await expect(createGroup(connection.confluence, 'engineering', callOf(clock))).resolves.toMatchObject({ id: 'g1' });
    expect(upstream.received).toHaveLength(2);
  });

  it('tries even a write again when no connection came about [SA4]', async () => {
    await upstream.close();
    const call = callOf(clock);
    const failure = await expectFailure(createGroup(connection.confluence, 'engineering', call), 'unavailable');
    expect(failure.message).toContain('cannot reach');
    expect(call.upstream).toHaveLength(3);
  });

  it('sends what must not be sent twice on a connection of its own, which was not closed while idle [SA4]', async () => {
    const connections: (string | undefined)[] = [];
    upstream.answer = ({ headers, method }) => {
      connections.push(headers.connection);
      return { status: method === 'POST' ? 201 : 200, body: GROUP };
    };
    await getGroup(connection.confluence, 'g1', callOf(clock));
    await createGroup(connection.confluence, 'engineering', callOf(clock));
    expect(connections).toEqual(['keep-alive', 'close']);
  });
});

describe('announcements', () => {
  it('logs a deprecation once for each operation, of its words only the days and where to read on [SA7]', async () => {
    const lines: unknown[] = [];
    connection = connectTo(upstream.url, clock, {
      log: { warn: (message, fields) => lines.push({ message, ...fields }) },
    });
    upstream.answer = () => ({
      body: GROUP,
      headers: {
        Warning: `299 - "Gone on 2027-06-30 (https://developer.atlassian.com/cloud/changelog/#1?x): Ada ${SECRETS.email}"`,
      },
    });
    await getGroup(connection.confluence, 'g1', callOf(clock));
    await getGroup(connection.confluence, 'g1', callOf(clock));

    expect(lines).toEqual([
      {
        message: 'Atlassian announces a change to an operation that the bridge uses. Look into its changelog.',
        operation: 'confluence.getGroup',
        named: ['2027-06-30', 'https://developer.atlassian.com/cloud/changelog/'],
      },
    ]);
  });
});
