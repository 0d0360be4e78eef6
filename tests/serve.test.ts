import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startSandbox, type Sandbox } from '../src/sandbox/server.js';
import { startCommand, type RunningCommand } from './support/command.js';
import { createGate, freePort, type Gate } from './support/gate.js';
import { holdNext } from './support/held.js';

const TOKEN = 'okta-secret-0123456789abcdef';

let folder: string;
let sandbox: Sandbox;
let gate: Gate | undefined;
const commands: RunningCommand[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridge-serve-'));
  sandbox = await startSandbox({ jira: false });
});
afterEach(async () => {
  for (const command of commands.splice(0)) {
    command.signal('SIGKILL');
    await command.exit;
  }
  await gate?.close();
  gate = undefined;
  await sandbox.close();
  await rm(folder, { recursive: true });
});

async function settings(more: Readonly<Record<string, string>> = {}): Promise<Record<string, string>> {
  const { credentials, url } = sandbox;
  return {
    ATLASSIAN_SITE_URL: url,
    ATLASSIAN_API_URL: url,
    ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
    ATLASSIAN_API_TOKEN: credentials.apiToken,
    ATLASSIAN_ORG_ID: credentials.orgId,
    ATLASSIAN_ORG_API_KEY: credentials.orgApiKey,
    SCIM_TOKENS: `okta:${TOKEN}`,
    PORT: String(await freePort()),
    DATABASE_URL: `file:${join(folder, 'bridge.db')}`,
    ...more,
  };
}

function run(args: readonly string[], env: Readonly<Record<string, string>>): RunningCommand {
  const command = startCommand(args, { env, cwd: folder });
  commands.push(command);
  return command;
}

function ask(env: Readonly<Record<string, string>>, path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${env['PORT'] ?? ''}${path}`, { headers: { Authorization: `Bearer ${TOKEN}` } });
}

describe('serve', () => {
  it('ends with 78 and every problem of the configuration at once', async () => {
    const command = run(['serve'], { ATLASSIAN_SITE_URL: 'ftp://acme', PORT: 'many', GROUP_DELETE: 'always' });

    expect(await command.exit).toBe(78);
    const { stderr } = command.output();
    for (const name of ['ATLASSIAN_SITE_URL', 'ATLASSIAN_API_TOKEN', 'SCIM_TOKENS', 'PORT', 'GROUP_DELETE'])
      expect(stderr).toContain(`  ${name} `);
    expect(await readdir(folder)).toEqual([]);
  });

  it('ends with 78 and the words of the doctor when the token is refused [SA5]', async () => {
    const env = await settings({ ATLASSIAN_API_TOKEN: 'not-the-token-of-anybody' });
    const serve = run(['serve'], env);
    const doctor = run(['doctor'], env);

    expect(await serve.exit).toBe(78);
    expect(await doctor.exit).toBe(1);
    const said = doctor
      .output()
      .stdout.split('\n')
      .filter((line) => line.startsWith('failed'));
    expect(said).toHaveLength(1);
    expect(serve.output().stderr).toBe(`The bridge cannot start:\n  ${said.join('')}\n`);
    expect(JSON.stringify([serve.output(), doctor.output()])).not.toMatch(/not-the-token|admin@example/);
  });

  it('ends with 75, for whoever starts it again, while its database is away, and by no SIGHUP before [SA21]', async () => {
    const away = createServer((socket) => {
      command.signal('SIGHUP');
      socket.destroy();
    });
    await once(away.listen(0, '127.0.0.1'), 'listening');
    const { port } = away.address() as AddressInfo;
    const command = run(
      ['serve'],
      await settings({ DATABASE_URL: `postgres://bridge:the-password@127.0.0.1:${port}/bridge` }),
    );

    const code = await command.exit;
    away.close();
    expect(code).toBe(75);
    expect(command.output().stderr).toMatch(
      /^PostgreSQL cannot be reached where DATABASE_URL points to.*start again\.\n$/,
    );
    expect(JSON.stringify(command.output())).not.toContain('the-password');
  });

  it('survives an Atlassian that is down, and becomes ready when it comes up', async () => {
    gate = await createGate(sandbox.url);
    const env = await settings({ ATLASSIAN_SITE_URL: gate.url });
    const command = run([], env);
    await command.said('Atlassian cannot be reached yet');

    expect((await ask(env, '/healthz')).status).toBe(200);
    expect((await ask(env, '/readyz')).status).toBe(503);
    const early = await ask(env, '/scim/v2/Users');
    expect(early.status).toBe(503);
    expect(early.headers.get('retry-after')).toMatch(/^\d+$/);

    await gate.open();
    await command.said('Atlassian was reached');
    expect((await ask(env, '/readyz')).status).toBe(200);
    command.signal('SIGTERM');
    expect(await command.exit).toBe(0);
  });

  it('ends with 0 when it is told to stop before Atlassian was reached', async () => {
    gate = await createGate(sandbox.url);
    const command = run(['serve'], await settings({ ATLASSIAN_SITE_URL: gate.url }));
    await command.said('Atlassian cannot be reached yet');

    command.signal('SIGTERM');

    expect(await command.exit).toBe(0);
    expect(command.output().stderr).toBe('');
    expect(command.output().stdout).toContain('"Stopped"');
  });

  it('is alone on its database, beside which doctor works, and lets a request under way finish at SIGTERM', async () => {
    const env = await settings({ PROFILE_UPDATES: 'record' });
    const first = run(['serve'], env);
    await first.said('The directory index is up to date');
    expect(first.output().stdout).toContain('PROFILE_UPDATES=record');

    const second = run(['serve'], { ...env, PORT: String(await freePort()) });
    const doctor = run(['doctor', '--json'], env);
    expect(await second.exit).toBe(78);
    expect(second.output().stderr).toContain('serves the database');
    expect(await doctor.exit).toBe(0);
    expect(JSON.parse(doctor.output().stdout)).toContainEqual({
      check: 'records',
      status: 'ok',
      message: 'The records hold nothing that needs a look.',
    });

    const { arrived, answerNow } = holdNext(sandbox, /memberof/);
    const reply = ask(env, `/scim/v2/Users/${encodeURIComponent(sandbox.admin.accountId)}`);
    await arrived;
    first.signal('SIGTERM');
    await first.said('"Stopping"');
    answerNow();

    expect((await reply).status).toBe(200);
    expect(await first.exit).toBe(0);
    expect(first.output().stdout).toContain('"answered":true');
  });
});

describe('doctor', () => {
  it('ends with 0 where all is well, and makes no database for looking', async () => {
    const command = run(['doctor'], await settings());

    expect(await command.exit).toBe(0);
    expect(command.output()).toMatchObject({ stderr: '' });
    expect(command.output().stdout).toMatch(/0 failed\n$/);
    expect(await readdir(folder)).toEqual([]);
    expect(sandbox.calls.filter(({ isWrite }) => isWrite)).toEqual([]);
  });

  it('ends with 78 and every problem of the configuration, as serve does', async () => {
    const command = run(['doctor', '--json'], { PORT: 'many' });

    expect(await command.exit).toBe(78);
    expect(command.output().stderr).toMatch(/SCIM_TOKENS[^]*PORT/);
    expect(command.output().stdout).toBe('');
  });
});
