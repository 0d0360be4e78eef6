import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Sqlite from 'libsql';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { type RunningCommand, startCommand } from '../support/command.js';
import { freePort } from '../support/gate.js';

const TOKEN = 'okta-secret-0123456789abcdef';
const ADA = 'ada@example.com';
const HOUR_MS = 60 * 60_000;

let folder: string;
let sandbox: Sandbox;
let env: Record<string, string>;
const commands: RunningCommand[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridge-drift-'));
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
    LOG_LEVEL: 'info',
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

function start(...args: string[]): RunningCommand {
  const command = startCommand(args, { env, cwd: folder });
  commands.push(command);
  return command;
}

async function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const command = start(...args);
  const code = await command.exit;
  return { code, ...command.output() };
}

/** A bridge that serves; Ada was deactivated an hour ago and has access again since. */
async function serveLeaver(): Promise<string> {
  await start('serve').said('The directory index is up to date');
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
  const hourAgoMs = Date.now() - HOUR_MS;
  const database = new Sqlite(join(folder, 'bridge.db'));
  // The bridge may be writing.
  database.exec('pragma busy_timeout = 5000');
  database.prepare('update person_links set wanted_at = ?').run(new Date(hourAgoMs).toISOString());
  database.prepare('update audit set at = ?').run(new Date(hourAgoMs).toISOString());
  database.prepare('update own_memberships set at_ms = ?').run(hourAgoMs);
  database.close();
  sandbox.addMember(sandbox.groups.access.id, id);
  return id;
}

describe('drift', () => {
  it('works beside a bridge that serves, says who, and tells with its exit code that there is a difference [SA15]', async () => {
    const id = await serveLeaver();
    sandbox.takeCalls();

    const text = await run('drift');

    expect({ code: text.code, stderr: text.stderr }).toEqual({ code: 1, stderr: '' });
    expect(text.stdout).toContain('1 difference between the record and Confluence.');
    expect(text.stdout).toContain(`${ADA}, user ${id}`);
    expect(sandbox.takeCalls().filter(({ isWrite }) => isWrite)).toEqual([]);
    const json = await run('drift', '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      findings: [{ kind: 'leaverHasAccess', person: { id, userName: ADA }, changedBy: 'others', isProtected: false }],
      couldNotBeCompared: [],
    });
  }, 60_000);

  it('repairs only when somebody agrees, and is in agreement then [SA15]', async () => {
    const id = await serveLeaver();

    const asked = await run('drift', '--repair');
    expect(asked.code).toBe(1);
    expect(asked.stdout).toContain('DELETE /wiki/rest/api/group/userByGroupId?groupId=');
    expect(asked.stdout).toContain('Nothing was written.');
    expect(sandbox.groupsOf(id)).toContain(sandbox.groups.access.id);

    const done = await run('drift', '--repair', '--yes');
    expect({ code: done.code, stderr: done.stderr }).toEqual({ code: 0, stderr: '' });
    expect(done.stdout).toContain(`done       ${ADA}`);
    expect(sandbox.groupsOf(id)).not.toContain(sandbox.groups.access.id);
    expect(await run('drift')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^No differences/) as unknown });
  }, 60_000);

  it('ends with 75 when Atlassian cannot be asked, and with 1 where there is no database [SA15]', async () => {
    expect(await run('drift')).toMatchObject({ code: 1, stderr: expect.stringContaining('no database') as unknown });
    await serveLeaver();
    sandbox.faults.always({ kind: 'reset' });

    const { code, stdout } = await run('drift', '--repair', '--yes');

    expect(code).toBe(75);
    expect(stdout).toContain('Could not be compared');
    expect(stdout).toContain('There is nothing to repair');
  }, 60_000);
});
