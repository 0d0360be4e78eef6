import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { type RunningCommand, startCommand } from '../support/command.js';
import { freePort } from '../support/gate.js';
import { testGroups } from './trial.js';

const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

let folder: string;
let sandbox: Sandbox;
let env: Record<string, string>;
let site: string;
const commands: RunningCommand[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridge-write-test-'));
  sandbox = await startSandbox({ jira: false });
  const { credentials, url } = sandbox;
  site = new URL(url).host;
  env = {
    ATLASSIAN_SITE_URL: url,
    ATLASSIAN_API_URL: url,
    ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
    ATLASSIAN_API_TOKEN: credentials.apiToken,
    ATLASSIAN_ORG_ID: credentials.orgId,
    ATLASSIAN_ORG_API_KEY: credentials.orgApiKey,
    SCIM_TOKENS: 'okta:okta-secret-0123456789abcdef',
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

/** The write test with somebody at the keyboard. */
function runAnswering(answer: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [PROGRAM, 'doctor', '--write-test', '--site', site], { cwd: folder, env });
  const printed = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed.stderr += text;
    if (text.includes('[y/N]')) child.stdin.end(`${answer}\n`);
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...printed })));
}

const writes = (): readonly (string | undefined)[] =>
  sandbox.calls.filter(({ isWrite }) => isWrite).map(({ operation }) => operation);

/** Resolves when the test has put its member into its group, which then waits for an answer. */
function hangInTheMiddle(): Promise<void> {
  sandbox.faults.next({ kind: 'hang', method: 'POST', path: /userByGroupId/ });
  return new Promise((resolve) => sandbox.faults.when({ method: 'POST', path: /userByGroupId/ }, () => resolve()));
}

describe('doctor --write-test', () => {
  it('does nothing on another site than the configured one, whatever --yes says', async () => {
    const { code, stderr } = await run('doctor', '--write-test', '--site', 'other.atlassian.net', '--yes');

    expect(code).toBe(64);
    expect(stderr).toContain('--site other.atlassian.net is not the site of ATLASSIAN_SITE_URL.');
    expect(sandbox.calls).toEqual([]);
  });

  it.each(['', 'n', 'maybe'])('prints the calls, asks, and writes nothing after %j', async (answer) => {
    const { code, stdout, stderr } = await runAnswering(answer);

    expect(code).toBe(1);
    expect(stdout).toContain('DELETE /wiki/rest/api/group/by-id');
    expect(stderr).toContain(`Do this on ${site}? [y/N]`);
    expect(stdout).toContain(`There was no database at ${join(folder, 'bridge.db')}, so an empty one was made.`);
    expect(stdout).toContain('Nothing was written.');
    expect(writes()).toEqual([]);
  });

  it('takes nobody there to ask for no', async () => {
    const { code } = await run('doctor', '--write-test', '--site', site);

    expect(code).toBe(1);
    expect(writes()).toEqual([]);
  });

  it('runs after yes, and says which answers were the believed ones', async () => {
    const { code, stdout } = await runAnswering('yes');

    expect(code).toBe(0);
    expect(stdout).toContain('Answers as believed:\n  confluence.createGroup/name-as-given');
    expect(stdout).toContain('Nothing of the test is left on the site.');
    expect(writes()).toContain('confluence.deleteGroup');
  });

  it('prints with --json nothing but the evidence on standard output', async () => {
    const { code, stdout, stderr } = await run('doctor', '--write-test', '--site', site, '--yes', '--json');

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ backEnd: 'organization', withPerson: false, left: [] });
    expect(stderr).toContain('confluence.createGroup');
  });

  it('ends with 1 and a sentence for a person who has access', async () => {
    sandbox.addPerson({ email: 'test@example.com', access: true });

    const { code, stderr } = await run(
      ...['doctor', '--write-test', '--site', site, '--yes', '--person', 'test@example.com'],
    );

    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'This person has access to Confluence already. Use an address that nobody has.\n',
    });
  });

  it('deletes its group on Ctrl-C', async () => {
    const reached = hangInTheMiddle();
    const command = start('doctor', '--write-test', '--site', site, '--yes');
    await reached;

    command.signal('SIGINT');

    expect(await command.exit).toBe(1);
    expect(command.output().stdout).toContain('Stopped: ');
    expect(testGroups(sandbox)).toEqual([]);
  });

  it('that was killed is cleaned up by the next doctor', async () => {
    const reached = hangInTheMiddle();
    const killed = start('doctor', '--write-test', '--site', site, '--yes');
    await reached;
    killed.signal('SIGKILL');
    await killed.exit;
    expect(testGroups(sandbox)).toHaveLength(1);

    const { code, stdout } = await run('doctor');

    expect(code).toBe(0);
    expect(stdout).toContain('A group that a write test had left was deleted.');
    expect(testGroups(sandbox)).toEqual([]);
    expect((await run('doctor')).stdout).toContain('The records hold nothing that needs a look.');
  });

  it('that was killed is cleaned up by the next serve', async () => {
    const reached = hangInTheMiddle();
    const killed = start('doctor', '--write-test', '--site', site, '--yes');
    await reached;
    killed.signal('SIGKILL');
    await killed.exit;

    await start('serve').said('A group that a write test had left was deleted.');

    expect(testGroups(sandbox)).toEqual([]);
  });

  it('that runs is not disturbed by a doctor, a second test or a serve that starts', async () => {
    const reached = hangInTheMiddle();
    start('doctor', '--write-test', '--site', site, '--yes');
    await reached;

    const doctor = await run('doctor');
    const second = await run('doctor', '--write-test', '--site', site, '--yes');
    await start('serve').said('The directory index is up to date');

    expect(doctor.stdout).toContain('A write test is running');
    expect(second).toMatchObject({ code: 1, stderr: 'Another write test is running. Wait for its end.\n' });
    expect(testGroups(sandbox)).toHaveLength(1);
  });

  it('works beside a serve', async () => {
    await start('serve').said('The directory index is up to date');

    const { code } = await run('doctor', '--write-test', '--site', site, '--yes', '--person', 'test@example.com');

    expect(code).toBe(0);
    expect(testGroups(sandbox)).toEqual([]);
    const person = sandbox.findPersonByEmail('test@example.com');
    expect(sandbox.groupsOf(person?.accountId ?? '')).toEqual([]);
  });
});
