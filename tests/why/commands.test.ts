import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Sqlite from 'libsql';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { type RunningCommand, startCommand } from '../support/command.js';
import { freePort } from '../support/gate.js';
import type { Told } from './site.js';

const TOKEN = 'okta-secret-0123456789abcdef';
const ADA = 'ada@example.com';

let folder: string;
let sandbox: Sandbox;
let env: Record<string, string>;
const commands: RunningCommand[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridge-why-'));
  sandbox = await startSandbox({ jira: false });
  const { credentials, url } = sandbox;
  env = {
    ATLASSIAN_SITE_URL: url,
    ATLASSIAN_API_URL: url,
    ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
    ATLASSIAN_API_TOKEN: credentials.apiToken,
    ATLASSIAN_ORG_ID: credentials.orgId,
    ATLASSIAN_ORG_API_KEY: credentials.orgApiKey,
    SCIM_TOKENS: `okta:${TOKEN}`,
    PORT: String(await freePort()),
    DATABASE_URL: `file:${join(folder, 'bridge.db')}`,
  };
});
afterEach(async () => {
  for (const command of commands.splice(0)) {
    command.signal('SIGKILL');
    await command.exit;
  }
  await sandbox.close();
  await rm(folder, { recursive: true });
});

function start(args: readonly string[], more: Readonly<Record<string, string>> = {}): RunningCommand {
  const command = startCommand(args, { env: { ...env, ...more }, cwd: folder });
  commands.push(command);
  return command;
}

async function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const command = start(args);
  const code = await command.exit;
  return { code, ...command.output() };
}

/** A bridge that serves, with Ada created and deactivated through it. */
async function serveAda(): Promise<string> {
  await start(['serve']).said('The directory index is up to date');
  const scim = async (method: string, path: string, body: object) => {
    const response = await fetch(`http://127.0.0.1:${env['PORT'] ?? ''}/scim/v2${path}`, {
      method,
      headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/scim+json' },
      body: JSON.stringify(body),
    });
    return (await response.json()) as { id: string };
  };
  const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
  const { id } = await scim('POST', '/Users', { schemas, userName: ADA, emails: [{ value: ADA }] });
  await scim('PATCH', `/Users/${id}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'active', value: false }],
  });
  return id;
}

describe('why and audit export', () => {
  it('work beside a bridge that serves, print to standard output, and end with 0 [SA10]', async () => {
    const id = await serveAda();

    const text = await run('why', ADA);
    expect({ code: text.code, stderr: text.stderr }).toEqual({ code: 0, stderr: '' });
    expect(text.stdout).toContain('Has no access, because okta deactivated the person at');
    const told = JSON.parse((await run('why', id, '--json')).stdout) as Told;
    expect(told.verdict.kind).toBe('deactivated');

    const jsonl = await run('audit', 'export', '--since', '1h');
    expect({ code: jsonl.code, stderr: jsonl.stderr }).toEqual({ code: 0, stderr: '' });
    const events = jsonl.stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(['group.memberAdded', 'user.provisioned', 'group.memberRemoved', 'user.deactivated']);
    const csv = await run('audit', 'export', '--format', 'csv');
    expect(csv.stdout.trimEnd().split('\r\n')).toHaveLength(5);
    expect(jsonl.stdout + csv.stdout).not.toContain(ADA);
    expect(await run('audit', 'export', '--since', '2100-01-01')).toEqual({ code: 0, stdout: '', stderr: '' });
  }, 30_000);

  it('ends with 75 and the record when Atlassian is away, and with 1 when nobody is found', async () => {
    const id = await serveAda();
    expect(await run('why', 'nobody@example.com')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('Neither the records nor Atlassian') as unknown,
    });
    expect((await run('why', '--group', 'nothing')).code).toBe(1);
    sandbox.faults.always({ kind: 'reset' });

    const { code, stdout, stderr } = await run('why', id);

    expect({ code, stderr }).toEqual({ code: 75, stderr: '' });
    expect(stdout).toContain('Confluence could not be asked: ');
    expect(stdout).toContain('deactivate the user');
    expect((await run('why', 'nobody@example.com')).code).toBe(75);
  }, 60_000);

  it('make no database, and say what makes one', async () => {
    for (const args of [
      ['why', ADA],
      ['audit', 'export'],
    ]) {
      expect(await run(...args)).toEqual({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining('serve makes the database') as unknown,
      });
    }
    expect((await run('audit', 'export', '--since', 'yesterday')).code).toBe(64);
    expect((await run('why')).code).toBe(64);
  });

  it('exports any number of lines in little memory [SA10]', async () => {
    const serve = start(['serve']);
    await serve.said('The directory index is up to date');
    serve.signal('SIGTERM');
    await serve.exit;
    const lines = 120_000;
    const database = new Sqlite(join(folder, 'bridge.db'));
    database.exec(
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${String(lines)})
       insert into audit (at, caller, request_id, event, subject, object, decision, result, upstream, note)
       select '2026-03-11T09:00:00.000Z', 'okta', 'r-' || i, 'group.memberAdded', hex(zeroblob(100)), i, 'GR5', 'done',
         '[{"operation":"confluence.addMember","status":201,"durationMs":12.5}]', hex(zeroblob(200)) from n`,
    );
    database.close();

    const command = start(['audit', 'export', '--format', 'csv'], { NODE_OPTIONS: '--max-old-space-size=48' });

    expect(await command.exit).toBe(0);
    expect(command.output().stdout.split('\r\n')).toHaveLength(lines + 2);
  }, 60_000);
});
