import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Finding } from '../../src/doctor/check.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/server.js';
import { startCommand, type RunningCommand } from '../support/command.js';
import { freePort } from '../support/gate.js';
import { startTrialSite } from '../writeTest/trial.js';

const TOKEN = 'okta-secret-0123456789abcdef';

let folder: string;
let sandbox: Sandbox;
let port: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridge-scoped-'));
  sandbox = await startSandbox({ jira: true, organization: false });
  port = await freePort();
});
afterEach(async () => {
  await sandbox.close();
  await rm(folder, { recursive: true });
});

function run(args: readonly string[], more: Readonly<Record<string, string>> = {}): RunningCommand {
  const { credentials, url } = sandbox;
  const env = {
    ATLASSIAN_SITE_URL: url,
    ATLASSIAN_API_URL: url,
    ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
    ATLASSIAN_API_TOKEN: credentials.scopedToken,
    ATLASSIAN_TOKEN_KIND: 'scoped',
    SCIM_TOKENS: `okta:${TOKEN}`,
    PORT: String(port),
    DATABASE_URL: `file:${join(folder, 'bridge.db')}`,
    ...more,
  };
  return startCommand(args, { env, cwd: folder });
}

function lose(...lost: readonly string[]): void {
  sandbox.options.tokenScopes = sandbox.options.tokenScopes.filter((scope) => !lost.includes(scope));
}

describe('doctor --json with a token with scopes', () => {
  it('ends with 0 where it has all of them, and with 1 and each operation that lacks one', async () => {
    const whole = run(['doctor', '--json']);
    expect(await whole.exit).toBe(0);

    lose('write:confluence-groups', 'write:group:confluence', 'read:user:confluence');
    const lacking = run(['doctor', '--json']);

    expect(await lacking.exit).toBe(1);
    const findings = JSON.parse(lacking.output().stdout) as readonly Finding[];
    const missing = findings.filter(({ check, status }) => check === 'scopes' && status === 'failed');
    expect(missing.map(({ scope }) => scope)).toContainEqual({
      operation: 'confluence.addMember',
      classic: ['write:confluence-groups'],
      granular: ['write:group:confluence'],
    });
    expect(lacking.output().stdout + lacking.output().stderr).not.toContain(sandbox.credentials.scopedToken);
  });
});

describe('doctor with a token with scopes, in observe mode', () => {
  it('tries no write, not even one of nothing, and says what was not tried [SA14]', async () => {
    const doctor = run(['doctor', '--json'], { MODE: 'observe' });

    expect(await doctor.exit).toBe(0);
    expect(sandbox.calls.filter(({ isWrite }) => isWrite)).toEqual([]);
    const findings = JSON.parse(doctor.output().stdout) as readonly Finding[];
    const untold = findings.filter(({ check, status }) => check === 'scopes' && status === 'unknown');
    expect(untold.map(({ scope }) => scope?.operation)).toContain('confluence.removeMember');
  });
});

describe('serve with a token with scopes', () => {
  it('says at its start that it invites people for want of the scopes of Jira, and serves', async () => {
    lose(...sandbox.options.tokenScopes.filter((scope) => scope.includes('jira')));
    const serve = run(['serve'], { ATLASSIAN_API_TOKEN_EXPIRES: '2027-03-31' });
    try {
      await serve.said('Atlassian was reached');
      await serve.said('"check":"backEnd"');
      const { stdout } = serve.output();
      expect(stdout).toContain('read:jira-work');
      expect(stdout).toContain('"backEnd":"invite"');
      const headers = { Authorization: `Bearer ${TOKEN}` };
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text();
      expect(metrics).toContain('credential_expiry_timestamp_seconds{credential="site"} 1806451200');
    } finally {
      serve.signal('SIGTERM');
      expect(await serve.exit).toBe(0);
    }
  });

  it('ends with 78 and the setting to change when the token is of the other kind', async () => {
    const serve = run(['serve'], { ATLASSIAN_TOKEN_KIND: 'classic' });

    expect(await serve.exit).toBe(78);
    expect(serve.output().stderr).toContain('Set ATLASSIAN_TOKEN_KIND=scoped');
  });
});

describe('the write test with a token with scopes', () => {
  const settingsOf = ({ credentials }: Sandbox) => ({
    ATLASSIAN_TOKEN_KIND: 'scoped',
    ATLASSIAN_API_TOKEN: credentials.scopedToken,
  });

  it.each(['person', 'service account'] as const)('of a %s finds every answer as believed', async (siteAccount) => {
    const site = await startTrialSite({ siteAccount });

    const { evidence } = await site.run({ settings: settingsOf(site.sandbox) });

    expect(evidence).toMatchObject({ stopped: undefined, left: [] });
    expect(evidence.steps.map(({ verdict }) => verdict)).not.toContain('otherwise');
    expect([...new Set(site.sandbox.calls.map(({ credential }) => credential))].sort()).toEqual(['none', 'scoped']);
  });

  it('stops at the scope that is missing, names it, and leaves nothing', async () => {
    const site = await startTrialSite();
    site.sandbox.options.tokenScopes = site.sandbox.options.tokenScopes.filter((scope) => !scope.startsWith('write:'));

    const { evidence } = await site.run({ settings: settingsOf(site.sandbox) });

    expect(evidence.stopped).toContain('(confluence.createGroup)');
    expect(evidence.stopped).toContain('write:confluence-groups');
    expect(evidence.left).toEqual([]);
    expect(await site.entries()).toEqual([]);
  });
});
