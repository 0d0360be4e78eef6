import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import Sqlite from 'libsql';
import { type RunningBridge, startBridge } from '../src/bridge.js';
import { systemClock } from '../src/clock.js';
import { readConfig } from '../src/config.js';
import type { Settings } from '../src/provisioning/dependencies.js';
import { assertMayTake } from '../src/provisioning/ownership.js';
import type { PersonLink } from '../src/provisioning/store.js';
import { openOwnCall } from '../src/roster/ownCall.js';
import { type Sandbox, startSandbox } from '../src/sandbox/server.js';
import { openSqliteStore } from '../src/store/sqlite.js';
import type { LogLine } from './support/bridge.js';
import { startCommand } from './support/command.js';
import { createGate, freePort } from './support/gate.js';

const OKTA = 'okta-secret-0123456789abcdef';
const OKTA_NEXT = 'okta-next-secret-0123456789abcdef';
const ENTRA = 'entra-secret-0123456789abcdef';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const OLD_TOKEN = 'atlassian-token-before';
const NEW_TOKEN = 'atlassian-token-renewed';
const NEW_KEY = 'atlassian-key-renewed';

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

interface Site {
  readonly sandbox: Sandbox;
  readonly bridge: RunningBridge;
  readonly lines: readonly LogLine[];
  /** Has the bridge read these settings in place of those before. */
  reload(settings: Readonly<Record<string, string>>): Promise<void>;
}

function settingsOf(sandbox: Sandbox, url = sandbox.url): Record<string, string> {
  const { credentials } = sandbox;
  return {
    ATLASSIAN_SITE_URL: url,
    ATLASSIAN_API_URL: url,
    ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
    ATLASSIAN_API_TOKEN: credentials.apiToken,
    ATLASSIAN_ORG_ID: credentials.orgId,
    ATLASSIAN_ORG_API_KEY: credentials.orgApiKey,
    SCIM_TOKENS: `okta:${OKTA}`,
  };
}

async function startSite(settings: Readonly<Record<string, string>> = {}): Promise<Site> {
  const sandbox = await startSandbox({ jira: false });
  toClose.push(() => sandbox.close());
  // Atlassian's own side of a renewal is that it knows another token from then on.
  Object.assign(sandbox.credentials, { apiToken: OLD_TOKEN });
  const base = { ...settingsOf(sandbox), PORT: String(await freePort()), ...settings };
  const lines: LogLine[] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogLine['fields'] = {}) =>
      void lines.push({ level, message, fields });
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const store = await openSqliteStore({ url: ':memory:', clock: systemClock });
  const bridge = await startBridge({ config: readConfig(base), store, clock: systemClock, logger });
  toClose.push(() => bridge.close(0));
  return { sandbox, bridge, lines, reload: (changes) => bridge.reload(() => readConfig({ ...base, ...changes })) };
}

async function ask({ bridge }: Pick<Site, 'bridge'>, token: string, path = '/scim/v2/ServiceProviderConfig') {
  return fetch(`${bridge.url}${path}`, { headers: { Authorization: `Bearer ${token}` } });
}

async function statusOf(site: Pick<Site, 'bridge'>, token: string, path?: string): Promise<number> {
  return (await ask(site, token, path)).status;
}

async function settingsHealth(site: Site): Promise<unknown> {
  const report = (await (await ask(site, OKTA, '/healthz')).json()) as { parts: Record<string, unknown> };
  return report.parts['settings'];
}

function invite({ bridge }: Site, userName: string, token: string): Promise<Response> {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/scim+json' };
  const body = JSON.stringify({ schemas: [USER], userName, active: true });
  return fetch(`${bridge.url}/scim/v2/Users`, { method: 'POST', headers, body });
}

/** What was told of the settings last. */
function last(site: Site): LogLine | undefined {
  return site.lines.filter(({ message }) => /settings were read|renewed credential/.test(message)).at(-1);
}

describe('the callers', () => {
  it('are those of the settings that were read last: two secrets while one replaces the other, then one [SA19]', async () => {
    const site = await startSite();
    await site.bridge.ready;
    expect(await statusOf(site, OKTA_NEXT)).toBe(401);

    await site.reload({ SCIM_TOKENS: `okta:${OKTA},okta:${OKTA_NEXT},entra:${ENTRA}` });
    for (const token of [OKTA, OKTA_NEXT, ENTRA]) expect(await statusOf(site, token)).toBe(200);
    expect(last(site)).toEqual({
      level: 'info',
      message: 'The settings were read again, and the callers in them are in force',
      fields: { callers: ['okta', 'entra'], added: ['entra'], removed: [], changed: ['okta'], needsRestart: [] },
    });

    await site.reload({ SCIM_TOKENS: `okta:${OKTA_NEXT}` });
    expect(await statusOf(site, OKTA)).toBe(401);
    expect(await statusOf(site, ENTRA)).toBe(401);
    expect(await statusOf(site, OKTA, '/metrics')).toBe(401);
    expect(await statusOf(site, OKTA_NEXT)).toBe(200);
    expect(last(site)?.fields).toMatchObject({ removed: ['entra'], changed: ['okta'] });
    expect(await settingsHealth(site)).toEqual({ ok: true });
    const metrics = await (await ask(site, OKTA_NEXT, '/metrics')).text();
    expect(metrics).toContain('confluence_scim_bridge_settings_reloads_total{outcome="taken"} 2');
    expect(JSON.stringify(site.lines)).not.toContain('secret');
  });

  it('are in force at once, though Atlassian has yet to judge a credential that was read before [SA19]', async () => {
    const site = await startSite();
    await site.bridge.ready;
    let isAsked = (): void => undefined;
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    site.sandbox.faults.when({ path: /user\/current/ }, () => isAsked());
    site.sandbox.faults.always({ path: /user\/current/, kind: 'hang' });
    const first = site.reload({ ATLASSIAN_API_TOKEN: NEW_TOKEN });
    await asked;

    const second = site.reload({ SCIM_TOKENS: `entra:${ENTRA}` });
    expect(await statusOf(site, OKTA)).toBe(401);
    const third = site.reload({ SCIM_TOKENS: 'none' });
    site.sandbox.faults.clear();
    await Promise.all([first, second, third]);
    expect(await statusOf(site, ENTRA)).toBe(200);
    expect(await settingsHealth(site)).toMatchObject({ ok: false });
  });

  it('lose and get the right to write at once [SA19] [SA13]', async () => {
    const site = await startSite();
    await site.bridge.ready;
    await site.reload({ SCIM_TOKENS: `okta:${OKTA}:ro` });
    expect((await invite(site, 'ada@example.com', OKTA)).status).toBe(403);
    await site.reload({});
    expect((await invite(site, 'ada@example.com', OKTA)).status).toBe(201);
  });

  it('change before Atlassian was reached, too, and stay so when it is [SA19]', async () => {
    const sandbox = await startSandbox({ jira: false });
    toClose.push(() => sandbox.close());
    const gate = await createGate(sandbox.url);
    toClose.push(() => gate.close());
    const site = await startSite({ ...settingsOf(sandbox, gate.url) });
    expect(await statusOf(site, OKTA)).toBe(503);

    await site.reload({ SCIM_TOKENS: `okta:${OKTA_NEXT}` });
    expect(await statusOf(site, OKTA)).toBe(401);
    await gate.open();
    await site.bridge.ready;
    expect(await statusOf(site, OKTA)).toBe(401);
    expect(await statusOf(site, OKTA_NEXT)).toBe(200);
  });

  it('finish what is under way when their token is taken away [SA19]', async () => {
    const site = await startSite();
    await site.bridge.ready;
    site.sandbox.faults.when({ method: 'POST', path: /users\/invite/ }, () =>
      site.reload({ SCIM_TOKENS: `entra:${ENTRA}` }),
    );
    expect((await invite(site, 'ada@example.com', OKTA)).status).toBe(201);
    expect((await invite(site, 'bob@example.com', OKTA)).status).toBe(401);
  });

  it('take nothing of others with a message that outlives their token [SA19] [SA12]', () => {
    const settings = { callers: [{ name: 'entra', isReadOnly: false }] } as unknown as Settings;
    const link = { id: 'a-1', owner: 'entra', wanted: 'active' } as PersonLink;
    const call = openOwnCall('request', 1_000, new AbortController().signal, systemClock);
    const take = (caller: string) => () => assertMayTake(link, 'access', { settings }, { ...call, caller });
    expect(take('okta')).toThrow('belongs to the identity provider "entra"');
    for (const own of ['operator', 'bridge', 'entra']) expect(take(own)).not.toThrow();
  });
});

describe('settings with a problem', () => {
  it('change nothing at all, and every problem is told [SA19]', async () => {
    const site = await startSite();
    await site.bridge.ready;
    await site.reload({ SCIM_TOKENS: `entra:${ENTRA},okta:short`, ATLASSIAN_API_TOKEN: NEW_TOKEN, PORT: 'many' });

    expect(await statusOf(site, OKTA)).toBe(200);
    expect(await statusOf(site, ENTRA)).toBe(401);
    const told = site.lines.find(({ level }) => level === 'error');
    expect(told?.message).toContain('nothing of them was taken over');
    expect(told?.fields['problems']).toEqual([
      expect.stringContaining('SCIM_TOKENS entry 2 must have a secret'),
      expect.stringContaining('PORT must be a whole number'),
    ]);
    expect(await settingsHealth(site)).toEqual({ ok: false, message: told?.message });
    expect(await statusOf(site, OKTA, '/readyz')).toBe(200);

    await site.reload({ SCIM_TOKENS: `entra:${ENTRA}` });
    expect(await settingsHealth(site)).toEqual({ ok: true });
    expect(await statusOf(site, ENTRA)).toBe(200);
  });

  it('that are right and need a restart are named each time, until there is one [SA19]', async () => {
    const site = await startSite();
    await site.bridge.ready;
    const changes = {
      ADOPT_GROUPS: 'team-*',
      ATLASSIAN_ADMIN_EMAIL: 'other@example.com',
      ATLASSIAN_API_TOKEN: NEW_TOKEN,
    };
    for (const _ of [1, 2]) {
      site.sandbox.takeCalls();
      await site.reload({ ...changes, SCIM_TOKENS: `entra:${ENTRA}` });
      expect([...(last(site)?.fields['needsRestart'] as string[])].sort()).toEqual(Object.keys(changes).sort());
      expect(site.sandbox.calls.some(({ operation }) => operation?.endsWith('getCurrentUser'))).toBe(false);
    }
    expect(await statusOf(site, ENTRA)).toBe(200);
    await site.reload({});
    expect(last(site)?.fields['needsRestart']).toEqual([]);
  });
});

describe('a renewed credential of Atlassian', () => {
  async function reads(site: Site): Promise<number> {
    return statusOf(site, OKTA, `/scim/v2/Users/${site.sandbox.admin.accountId}`);
  }

  it('is in force when Atlassian accepts it, and the one before can be revoked [SA19]', async () => {
    const site = await startSite();
    await site.bridge.ready;
    Object.assign(site.sandbox.credentials, { apiToken: NEW_TOKEN, orgApiKey: NEW_KEY });
    expect(await reads(site)).toBe(500);

    const days = { ATLASSIAN_API_TOKEN_EXPIRES: '2036-03-31', ATLASSIAN_ORG_API_KEY_EXPIRES: '2036-04-30' };
    await site.reload({ ATLASSIAN_API_TOKEN: NEW_TOKEN, ATLASSIAN_ORG_API_KEY: NEW_KEY, ...days });
    expect(await reads(site)).toBe(200);
    expect((await invite(site, 'ada@example.com', OKTA)).status).toBe(201);
    const metrics = await (await ask(site, OKTA, '/metrics')).text();
    for (const [credential, day] of [
      ['site', '2036-03-31'],
      ['organization', '2036-04-30'],
    ] as const) {
      const seconds = Date.parse(day) / 1000;
      expect(metrics).toContain(`credential_expiry_timestamp_seconds{credential="${credential}"} ${String(seconds)}`);
    }
    expect(metrics).toContain('confluence_scim_bridge_credential_refused 0');
  });

  it('that Atlassian refuses leaves the one before in force; the callers are taken over all the same [SA19]', async () => {
    const site = await startSite();
    await site.bridge.ready;
    await site.reload({ ATLASSIAN_API_TOKEN: 'mistyped', SCIM_TOKENS: `okta:${OKTA},entra:${ENTRA}` });
    expect(await reads(site)).toBe(200);
    expect(await statusOf(site, ENTRA)).toBe(200);
    expect(last(site)).toMatchObject({ level: 'error', fields: { error: { kind: 'misconfigured' } } });
    expect(await settingsHealth(site)).toMatchObject({ ok: false });

    site.sandbox.faults.always({ kind: 'reset' });
    await site.reload({ ATLASSIAN_ORG_API_KEY: 'mistyped' });
    site.sandbox.faults.clear();
    expect(last(site)).toMatchObject({ level: 'error', fields: { error: { kind: 'unavailable' } } });
    expect((await invite(site, 'ada@example.com', OKTA)).status).toBe(201);
    const metrics = await (await ask(site, OKTA, '/metrics')).text();
    expect(metrics).toContain('confluence_scim_bridge_settings_reloads_total{outcome="partly"} 2');
  });

  it('of another account needs a restart, since the bridge protects its own account [SA19] [SA8]', async () => {
    const site = await startSite();
    await site.bridge.ready;
    site.sandbox.faults.next({
      path: /user\/current/,
      status: 200,
      body: { type: 'known', accountId: 'somebody-else', accountType: 'atlassian' },
    });
    await site.reload({ ATLASSIAN_API_TOKEN: NEW_TOKEN });
    expect(last(site)?.level).toBe('error');
    expect((last(site)?.fields['error'] as Error).message).toContain('of another account');
    expect(await reads(site)).toBe(200);
  });
});

describe('SIGHUP', () => {
  it('has serve read .env and the files again, and log nothing of them [SA19]', async () => {
    const sandbox = await startSandbox({ jira: false });
    toClose.push(() => sandbox.close());
    const folder = await mkdtemp(join(tmpdir(), 'bridge-reload-'));
    toClose.push(() => rm(folder, { recursive: true }));
    const file = join(folder, 'callers');
    const writeTokens = (text: string) => writeFile(file, text, { mode: 0o600 });
    const port = String(await freePort());
    const { SCIM_TOKENS: _, ...settings } = settingsOf(sandbox);
    const env = { ...settings, PORT: port, DATABASE_URL: `file:${join(folder, 'bridge.db')}` };
    await writeTokens(`okta:${OKTA}\n`);
    await writeFile(join(folder, '.env'), `SCIM_TOKENS_FILE=${file}\n`);
    const command = startCommand(['serve'], { env, cwd: folder });
    toClose.push(() => {
      command.signal('SIGKILL');
      return command.exit;
    });
    await command.said('Listening');
    const site = { bridge: { url: `http://127.0.0.1:${port}` } as RunningBridge };

    await writeTokens(`okta:${OKTA_NEXT}\nreport:${ENTRA}:ro\n`);
    await writeFile(join(folder, '.env'), `SCIM_TOKENS_FILE=${file}\nGROUP_RENAMES=reject\n`);
    command.signal('SIGHUP');
    await command.said('"needsRestart":["GROUP_RENAMES"]');
    expect(await statusOf(site, OKTA)).toBe(401);
    expect(await statusOf(site, ENTRA)).not.toBe(401);

    await rm(file);
    command.signal('SIGHUP');
    await command.said('SCIM_TOKENS_FILE names a file that does not exist');
    expect(await statusOf(site, OKTA_NEXT)).not.toBe(401);

    command.signal('SIGTERM');
    expect(await command.exit).toBe(0);
    const { stdout, stderr } = command.output();
    for (const secret of [OKTA, OKTA_NEXT, ENTRA]) expect(stdout + stderr).not.toContain(secret);
  });

  it('before serve listens is made up for when it does [SA19]', async () => {
    const sandbox = await startSandbox({ jira: false });
    toClose.push(() => sandbox.close());
    const folder = await mkdtemp(join(tmpdir(), 'bridge-reload-'));
    toClose.push(() => rm(folder, { recursive: true }));
    const path = join(folder, 'bridge.db');
    await (await openSqliteStore({ url: `file:${path}`, clock: systemClock })).close();
    // Who writes keeps the start waiting.
    const writer = new Sqlite(path);
    writer.exec('begin immediate');
    const env = { PORT: String(await freePort()), DATABASE_URL: `file:${path}`, PROFILE_UPDATES: 'record' };
    const command = startCommand(['serve'], { env: { ...settingsOf(sandbox), ...env }, cwd: folder });
    toClose.push(() => {
      command.signal('SIGKILL');
      return command.exit;
    });
    await command.said('PROFILE_UPDATES=record');
    expect(command.output().stdout).not.toContain('Listening');

    command.signal('SIGHUP');
    writer.exec('rollback');
    writer.close();

    await command.said('The settings were read again, and the callers in them are in force');
  });
});
