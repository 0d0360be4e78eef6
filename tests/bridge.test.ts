import { afterEach, describe, expect, it } from '@jest/globals';
import { startBridge, type RunningBridge } from '../src/bridge.js';
import { systemClock } from '../src/clock.js';
import { readConfig } from '../src/config.js';
import { EXIT_CODES, ExitError } from '../src/exit.js';
import type { Clock } from '../src/provisioning/call.js';
import { startSandbox, type Sandbox, type StartOptions } from '../src/sandbox/server.js';
import { openSqliteStore } from '../src/store/sqlite.js';
import { createGate, freePort } from './support/gate.js';

const TOKEN = 'okta-secret-0123456789abcdef';
const SCIM = 'application/scim+json';
const LONGEST_RETRY_WAIT_MS = 5_000;

/** Real time, without the waits between attempts; what bounds a request keeps its length. */
const hastyClock: Clock = {
  now: Date.now,
  sleep: (ms, signal) => systemClock.sleep(ms <= LONGEST_RETRY_WAIT_MS ? Math.min(ms, 10) : ms, signal),
};

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

async function site(options: StartOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ jira: false, ...options });
  toClose.push(() => sandbox.close());
  return sandbox;
}

async function start(sandbox: Sandbox, settings: Readonly<Record<string, string>> = {}) {
  const { credentials, options, url } = sandbox;
  const config = readConfig({
    ATLASSIAN_SITE_URL: url,
    ATLASSIAN_API_URL: url,
    ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
    ATLASSIAN_API_TOKEN: credentials.apiToken,
    ...(options.organization
      ? { ATLASSIAN_ORG_ID: credentials.orgId, ATLASSIAN_ORG_API_KEY: credentials.orgApiKey }
      : {}),
    SCIM_TOKENS: `okta:${TOKEN}`,
    PORT: String(await freePort()),
    ...settings,
  });
  const lines: Line[] = [];
  const at =
    (level: string) =>
    (message: string, fields: Line['fields'] = {}) =>
      void lines.push({ level, message, fields });
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const store = await openSqliteStore({ url: ':memory:', clock: hastyClock });
  const bridge = await startBridge({ config, store, clock: hastyClock, logger });
  toClose.push(() => bridge.close(0));
  return { bridge, lines, config };
}

async function get(bridge: RunningBridge, path: string) {
  const response = await fetch(`${bridge.url}${path}`, { headers: { Authorization: `Bearer ${TOKEN}` } });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: (response.headers.get('content-type') ?? '').includes('json')
      ? (JSON.parse(text) as Readonly<Record<string, unknown>>)
      : {},
  };
}

function createGroup(bridge: RunningBridge): Promise<Response> {
  return fetch(`${bridge.url}/scim/v2/Groups`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': SCIM },
    body: JSON.stringify({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: 'design' }),
  });
}

/** Why the start ended, as `serve` prints it. */
async function endOf(bridge: RunningBridge): Promise<ExitError> {
  const error = await bridge.ready.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ExitError)) throw new Error('The start was expected to end.');
  return error;
}

async function scan(bridge: RunningBridge): Promise<void> {
  const { roster } = await bridge.ready;
  await roster
    .scan({
      requestId: 'test',
      caller: 'bridge',
      kind: 'scan',
      deadlineMs: Date.now() + 10_000,
      signal: new AbortController().signal,
      upstream: [],
    })
    .catch(() => undefined);
  while (!roster.settled()) await new Promise((resolve) => setImmediate(resolve));
}

describe('the start of the bridge', () => {
  it('becomes ready where all is well, and writes nothing upstream', async () => {
    const sandbox = await site();
    const { bridge, lines } = await start(sandbox);

    await bridge.ready;

    expect((await get(bridge, '/readyz')).status).toBe(200);
    expect((await get(bridge, '/healthz')).body).toMatchObject({ status: 'up' });
    expect(sandbox.calls.filter(({ isWrite }) => isWrite)).toEqual([]);
    expect(lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });

  it('ends with 78 and the words of the doctor when the token is refused [SA5]', async () => {
    const sandbox = await site();
    sandbox.revoke('apiToken');

    const end = await endOf((await start(sandbox)).bridge);

    expect(end.exitCode).toBe(EXIT_CODES.configuration);
    expect(end.message).toMatch(/^The bridge cannot start:\n {2}failed {3}token .*ATLASSIAN_API_TOKEN/);
  });

  it('ends with 78 when the token is of the other kind', async () => {
    const sandbox = await site();

    const { bridge } = await start(sandbox, { ATLASSIAN_API_TOKEN: sandbox.credentials.scopedToken });

    const end = await endOf(bridge);
    expect(end.exitCode).toBe(EXIT_CODES.configuration);
    expect(end.message).toMatch(/Set ATLASSIAN_TOKEN_KIND=scoped$/);
  });

  it('ends with 78 when the organization key is refused, beside whatever else the operator has to cure', async () => {
    const sandbox = await site();
    sandbox.revoke('orgApiKey');
    sandbox.addGroup({ name: 'contractors', grants: 'user' });

    const end = await endOf((await start(sandbox)).bridge);

    expect(end.exitCode).toBe(EXIT_CODES.configuration);
    expect(end.message).toContain('ATLASSIAN_ORG_API_KEY');
    expect(end.message).toContain('CONFLUENCE_ACCESS_GROUPS=confluence-users-sandbox,contractors');
  });

  it('ends with 78 and a line to paste when several groups grant access and none is configured [SA1]', async () => {
    const sandbox = await site();
    sandbox.addGroup({ name: 'contractors', grants: 'user' });

    const end = await endOf((await start(sandbox)).bridge);

    expect(end.exitCode).toBe(EXIT_CODES.configuration);
    expect(end.message).toMatch(/: CONFLUENCE_ACCESS_GROUPS=confluence-users-sandbox,contractors$/);
  });

  it.each(['token', 'organization key', 'group list'])(
    'is not ended by an outage of what tells of the %s',
    async (what) => {
      const sandbox = await site();
      const path = { token: /user\/current/, 'organization key': /users\/search/, 'group list': /accessType=user/ }[
        what
      ];
      sandbox.faults.next({ ...(path === undefined ? {} : { path }), status: 503, times: 3 });
      const { bridge, lines } = await start(sandbox);

      await bridge.ready;

      expect(lines.map(({ message }) => message)).toContain('Atlassian cannot be reached yet; trying again');
      expect((await get(bridge, '/readyz')).status).toBe(200);
    },
  );

  it('waits for an Atlassian that is down, explains itself meanwhile, and serves when it is up', async () => {
    const sandbox = await site();
    const gate = await createGate(sandbox.url);
    toClose.push(() => gate.close());
    const { bridge, lines } = await start(sandbox, { ATLASSIAN_SITE_URL: gate.url });
    while (lines.length === 0) await new Promise((resolve) => setImmediate(resolve));

    const early = await get(bridge, '/scim/v2/Users');
    expect(early.status).toBe(503);
    expect(early.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(early.headers.get('content-type')).toBe(SCIM);
    expect(await get(bridge, '/readyz')).toMatchObject({
      status: 503,
      body: { reasons: expect.arrayContaining([`Nothing answers at ${gate.url}.`]) },
    });
    expect((await get(bridge, '/healthz')).status).toBe(200);

    await gate.open();
    await bridge.ready;
    expect((await get(bridge, '/readyz')).status).toBe(200);
    expect((await get(bridge, '/scim/v2/Users')).status).toBe(200);
  });

  it('leaves nothing behind that keeps the process alive where it cannot listen', async () => {
    const sandbox = await site();
    const { config } = await start(sandbox, { ATLASSIAN_API_TOKEN_EXPIRES: '2099-01-01' });
    const store = await openSqliteStore({ url: ':memory:', clock: systemClock });
    toClose.push(() => store.close());
    let slept = 0;
    const clock: Clock = { ...systemClock, sleep: () => new Promise(() => (slept += 1)) };
    const ignore = (): void => undefined;
    const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

    await expect(startBridge({ config, store, clock, logger })).rejects.toThrow(ExitError);

    expect(slept).toBe(0);
  });

  it('can be closed before Atlassian was reached', async () => {
    const sandbox = await site();
    const gate = await createGate(sandbox.url);
    const { bridge } = await start(sandbox, { ATLASSIAN_SITE_URL: gate.url });

    expect(await bridge.close(0)).toBe(true);

    await expect(bridge.ready).rejects.toBeDefined();
    expect(sandbox.calls).toEqual([]);
  });

  it('warns by name of the scopes without which it invites people, and sends no write to look for others [US4]', async () => {
    const sandbox = await site({ organization: false, jira: true });
    sandbox.options.tokenScopes = sandbox.options.tokenScopes.filter((scope) => !scope.includes('jira'));
    const { bridge, lines } = await start(sandbox, {
      ATLASSIAN_TOKEN_KIND: 'scoped',
      ATLASSIAN_API_TOKEN: sandbox.credentials.scopedToken,
    });

    await bridge.ready;

    expect(lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { fields: { check: 'backEnd', remedy: expect.stringContaining('read:jira-work') } },
    ]);
    expect(lines).toContainEqual(expect.objectContaining({ fields: { backEnd: 'invite' } }));
    expect(sandbox.calls.filter(({ isWrite }) => isWrite)).toEqual([]);
  });

  it('ends with 78 and the scope that is missing when the token may not even list groups [SA5]', async () => {
    const sandbox = await site();
    sandbox.options.tokenScopes = ['read:confluence-user', 'write:confluence-groups', 'read:user:confluence'];

    const { bridge } = await start(sandbox, {
      ATLASSIAN_TOKEN_KIND: 'scoped',
      ATLASSIAN_API_TOKEN: sandbox.credentials.scopedToken,
    });

    const end = await endOf(bridge);
    expect(end.exitCode).toBe(EXIT_CODES.configuration);
    expect(end.message).toContain('(confluence.listGroups)');
    expect(end.message).toContain('read:confluence-groups (granular: read:group:confluence)');
  });

  it('warns of what the doctor would warn of', async () => {
    const sandbox = await site({ organization: false, jira: true, jiraSearchShowsEmail: false });
    const { bridge, lines } = await start(sandbox);

    await bridge.ready;

    expect(lines.filter(({ level }) => level === 'warn')).toMatchObject([{ fields: { check: 'jiraSearch' } }]);
  });
});

describe('configured access groups that do not grant', () => {
  it('keep the bridge up and not ready, both are named, and a scan after the repair makes it ready [SA1]', async () => {
    const sandbox = await site();
    const wanted = sandbox.addGroup({ name: 'engineering' });
    sandbox.addMember(wanted.id, sandbox.admin.accountId);
    const { bridge, lines } = await start(sandbox, { CONFLUENCE_ACCESS_GROUPS: 'engineering' });
    await bridge.ready;
    await scan(bridge);

    const readiness = await get(bridge, '/readyz');
    expect(readiness.status).toBe(503);
    expect(readiness.text).toContain('engineering');
    expect(readiness.text).toContain('CONFLUENCE_ACCESS_GROUPS=confluence-users-sandbox');
    expect((await get(bridge, '/healthz')).body).toMatchObject({
      status: 'degraded',
      parts: { accessGroups: { ok: false } },
    });
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'error', fields: expect.objectContaining({ check: 'accessGroups' }) }),
    );
    expect((await get(bridge, `/scim/v2/Users/${encodeURIComponent(sandbox.admin.accountId)}`)).status).toBe(200);

    sandbox.updateGroup(wanted.id, { grants: 'user' });
    await scan(bridge);
    expect((await get(bridge, '/readyz')).status).toBe(200);
    expect((await get(bridge, '/healthz')).body).toMatchObject({ status: 'up' });
  });

  it('make a bridge that runs not ready at the next scan [SA1]', async () => {
    const sandbox = await site();
    const other = sandbox.addGroup({ name: 'contractors', grants: 'user' });
    sandbox.addMember(other.id, sandbox.admin.accountId);
    const { bridge } = await start(sandbox, { CONFLUENCE_ACCESS_GROUPS: 'confluence-users-sandbox,contractors' });
    await bridge.ready;
    await scan(bridge);
    expect((await get(bridge, '/readyz')).status).toBe(200);

    sandbox.updateGroup(other.id, { grants: undefined });
    await scan(bridge);

    expect((await get(bridge, '/readyz')).text).toContain('contractors');
  });
});

describe('a credential that is refused while the bridge runs', () => {
  const REFUSED = 'confluence_scim_bridge_credential_refused';

  it('is logged once, counted and named by health, while readiness stays up; a success ends it [SA5]', async () => {
    const sandbox = await site();
    const { bridge, lines } = await start(sandbox);
    await bridge.ready;
    await scan(bridge);
    const user = `/scim/v2/Users/${encodeURIComponent(sandbox.admin.accountId)}`;
    expect((await get(bridge, user)).status).toBe(200);
    expect((await get(bridge, '/metrics')).text).toContain(`${REFUSED} 0`);

    sandbox.revoke('apiToken');
    const refused = await get(bridge, user);
    await get(bridge, user);
    expect(refused.status).toBe(500);
    expect(refused.body['detail']).toContain('ATLASSIAN_API_TOKEN');
    expect((await get(bridge, '/readyz')).status).toBe(200);
    const health = await get(bridge, '/healthz');
    expect(health.status).toBe(200);
    expect(health.body).toMatchObject({ status: 'degraded', parts: { credential: { ok: false } } });
    expect(health.text).toContain('ATLASSIAN_API_TOKEN');
    expect((await get(bridge, '/metrics')).text).toContain(`${REFUSED} 1`);
    expect(lines.filter(({ message }) => message.startsWith('Atlassian refuses a credential'))).toMatchObject([
      { level: 'error', fields: { whose: 'site' } },
    ]);

    sandbox.reinstate('apiToken');
    expect((await get(bridge, user)).status).toBe(200);
    expect((await get(bridge, '/healthz')).body).toMatchObject({ status: 'up' });
    expect((await get(bridge, '/metrics')).text).toContain(`${REFUSED} 0`);
  });

  it('is accepted still when a scope is missing: health names that, and a success of the operation ends it [SA5]', async () => {
    const sandbox = await site();
    const { bridge, lines } = await start(sandbox, {
      ATLASSIAN_TOKEN_KIND: 'scoped',
      ATLASSIAN_API_TOKEN: sandbox.credentials.scopedToken,
    });
    await bridge.ready;
    await scan(bridge);
    const all = sandbox.options.tokenScopes;
    sandbox.options.tokenScopes = all.filter((scope) => !scope.startsWith('write:'));

    const refused = await createGroup(bridge);
    await createGroup(bridge);

    expect(refused.status).toBe(500);
    expect((await get(bridge, '/readyz')).status).toBe(200);
    const health = await get(bridge, '/healthz');
    expect(health.body).toMatchObject({ status: 'degraded', parts: { credential: { ok: false } } });
    expect(health.text).toContain('lacks the scope to create groups (confluence.createGroup)');
    expect(health.text).toContain('write:confluence-groups');
    const { text } = await get(bridge, '/metrics');
    expect(text).toContain(`${REFUSED} 0`);
    expect(text).toContain('confluence_scim_bridge_operations_refused 1');
    expect(lines.filter(({ message }) => message.startsWith('Atlassian refuses a credential'))).toMatchObject([
      { level: 'error', fields: { whose: 'site', operation: 'confluence.createGroup' } },
    ]);

    sandbox.options.tokenScopes = all;
    expect((await createGroup(bridge)).status).toBe(201);
    expect((await get(bridge, '/healthz')).body).toMatchObject({ status: 'up' });
    expect((await get(bridge, '/metrics')).text).toContain('confluence_scim_bridge_operations_refused 0');
  });

  it('is not seen in the refusal of one write', async () => {
    const sandbox = await site();
    const { bridge } = await start(sandbox);
    await bridge.ready;
    await scan(bridge);
    sandbox.options.rights = 'member';

    const response = await createGroup(bridge);

    expect(response.status).toBe(500);
    expect((await get(bridge, '/healthz')).body).toMatchObject({ status: 'up' });
  });
});

describe('the metrics of a bridge', () => {
  it('count upstream calls and know the directory index', async () => {
    const sandbox = await site();
    const { bridge } = await start(sandbox);
    await bridge.ready;
    await scan(bridge);

    const { text } = await get(bridge, '/metrics');

    expect(text).toMatch(/upstream_calls_total\{operation="confluence\.getCurrentUser",status="200"\} 1/);
    expect(text).toContain('confluence_scim_bridge_index_people 1');
    expect(text).toMatch(/index_age_seconds \d/);
  });

  it('show how much work is under way', async () => {
    const sandbox = await site();
    const { bridge } = await start(sandbox);
    await bridge.ready;
    await scan(bridge);
    const JOBS = 'confluence_scim_bridge_jobs_running';
    const during = new Promise<string>((resolve) => {
      sandbox.faults.when({ method: 'POST', path: /rest\/api\/group/ }, async () => {
        resolve((await get(bridge, '/metrics')).text);
      });
    });

    expect((await createGroup(bridge)).status).toBe(201);

    expect(await during).toContain(`${JOBS} 1`);
    expect((await get(bridge, '/metrics')).text).toContain(`${JOBS} 0`);
  });
});
