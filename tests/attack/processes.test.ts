import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { type RunningCommand, startCommand } from '../support/command.js';
import { freePort } from '../support/gate.js';
import { adding, settled, stating, user } from './site.js';

const TOKEN = 'okta-secret-0123456789abcdef';

let folder: string;
let sandbox: Sandbox;
const commands: RunningCommand[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridge-attack-'));
  sandbox = await startSandbox({ jira: false, organization: false });
});
afterEach(async () => {
  for (const command of commands.splice(0)) {
    command.signal('SIGKILL');
    await command.exit;
  }
  await sandbox.close();
  await rm(folder, { recursive: true });
});

async function environment(): Promise<Record<string, string>> {
  const { credentials, url } = sandbox;
  return {
    ATLASSIAN_SITE_URL: url,
    ATLASSIAN_API_URL: url,
    ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
    ATLASSIAN_API_TOKEN: credentials.apiToken,
    SCIM_TOKENS: `okta:${TOKEN}`,
    ADOPT_GROUPS: 'plain',
    PORT: String(await freePort()),
    DATABASE_URL: `file:${join(folder, 'bridge.db')}`,
  };
}

function run(args: readonly string[], env: Readonly<Record<string, string>>): RunningCommand {
  const command = startCommand(args, { env, cwd: folder });
  commands.push(command);
  return command;
}

async function scim(
  env: Readonly<Record<string, string>>,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; body: { id?: string; active?: boolean; detail?: string } }> {
  const response = await fetch(`http://127.0.0.1:${env['PORT'] ?? ''}/scim/v2${path}`, {
    method,
    headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/scim+json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as { id?: string }) };
}

async function serving(env: Readonly<Record<string, string>>): Promise<RunningCommand> {
  const command = run(['serve'], env);
  await command.said('The directory index is up to date.');
  return command;
}

describe('serve', () => {
  it('told to stop in the middle of a PATCH of 50 members, answers it, ends with 0, and remembers all [SA6]', async () => {
    const ids = Array.from(
      { length: 50 },
      (_, n) => sandbox.addPerson({ email: `p${n}@example.com`, access: true }).accountId,
    );
    const plain = sandbox.addGroup({ name: 'plain' });
    const env = await environment();
    const command = await serving(env);
    let arrived = 0;
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    sandbox.faults.when({ method: 'POST', path: /userByGroupId/, times: Infinity }, () => {
      arrived += 1;
      return gate;
    });

    const patched = scim(env, 'PATCH', `/Groups/${plain.id}`, adding(...ids));
    while (arrived === 0) await settled();
    command.signal('SIGTERM');
    await command.said('Stopping');
    release();

    expect((await patched).status).toBe(204);
    expect(await command.exit).toBe(0);
    expect([...sandbox.membersOf(plain.id)].sort()).toEqual([...ids].sort());
  });

  it('takes notice of what link does beside it, in the middle of its own work [US5]', async () => {
    sandbox.options.inviteAppears = 'never';
    const env = await environment();
    await serving(env);
    const { body: ada } = await scim(env, 'POST', '/Users', user('ada@example.com'));
    const hidden = sandbox.addPerson({ email: 'ada@example.com', emailVisible: false, access: true });

    const link = run(['link', 'ada@example.com', hidden.accountId, '--yes'], env);
    const others = Array.from({ length: 30 }, (_, n) => scim(env, 'POST', '/Users', user(`p${n}@example.com`)));

    expect(await link.exit).toBe(0);
    expect(new Set((await Promise.all(others)).map(({ status }) => status))).toEqual(new Set([201]));
    const left = await scim(env, 'PATCH', `/Users/${ada.id ?? ''}`, stating(false));
    expect({ status: left.status, active: left.body.active }).toEqual({ status: 200, active: false });
    expect(sandbox.groupsOf(hidden.accountId)).toEqual([]);
  });
});
