import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { startServe } from '../process/child.js';
import { startCommand } from '../support/command.js';

const ADA = 'ada@example.com';
const TOKEN = 'okta-secret-0123456789abcdef';

let folder: string;
let sandbox: Sandbox;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridge-adoption-'));
  sandbox = await startSandbox({
    jira: false,
    organization: false,
    inviteAppears: 'never',
    newAccountsShowEmail: false,
  });
});
afterEach(async () => {
  await sandbox.close();
  await rm(folder, { recursive: true });
});

async function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { credentials, url } = sandbox;
  const command = startCommand(args, {
    cwd: folder,
    env: {
      ATLASSIAN_SITE_URL: url,
      ATLASSIAN_API_URL: url,
      ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
      ATLASSIAN_API_TOKEN: credentials.apiToken,
      SCIM_TOKENS: `okta:${TOKEN}`,
      DATABASE_URL: `file:${join(folder, 'bridge.db')}`,
      LOG_LEVEL: 'error',
    },
  });
  const code = await command.exit;
  return { code, ...command.output() };
}

describe('link', () => {
  it('beside a bridge that serves shows the evidence, asks, and does it only with consent [ID7]', async () => {
    const serve = await startServe(sandbox, join(folder, 'bridge.db'), {});
    try {
      const created = await serve.scim('POST', '/Users', { userName: ADA, emails: [{ value: ADA }] });
      expect(created.status).toBe(201);
      const { accountId } = sandbox.acceptInvitation(ADA);

      const unasked = await run('link', ADA, accountId);
      expect(unasked).toMatchObject({ code: 1, stdout: expect.stringContaining('Nothing was changed.') });
      expect(unasked.stdout).toMatch(/has access +yes/);

      const refused = await run('link', ADA, sandbox.appAccountId, '--yes');
      expect(refused).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^This account is an app and not a person/),
      });
      expect(refused.stdout).toContain('app, active');

      const done = await run('link', ADA, accountId, '--yes');
      expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining(`linked to the account ${accountId}.`) });
      expect(await run('link', ADA, accountId)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('They are linked already'),
      });
    } finally {
      await serve.kill();
    }
  }, 60_000);
});

describe('adopt', () => {
  it('--dry-run works before the first start, makes no database, and writes nothing [ID7]', async () => {
    sandbox.addPerson({ email: ADA, access: true });
    sandbox.addPerson({ email: 'hidden@example.com', emailVisible: false, access: true });
    await writeFile(join(folder, 'people.txt'), `# the team\n${ADA}\nhidden@example.com\nnew@example.com\n`);

    const { code, stdout, stderr } = await run('adopt', '--dry-run', 'people.txt');

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^adopted +ada@example\.com +account .* keeps the access it has$/m);
    expect(stdout).toMatch(/^hidden +hidden@example\.com +has access, and Atlassian hides/m);
    expect(stdout).toMatch(/^invited +new@example\.com +nobody has this address; Confluence invites it by mail$/m);
    expect(stdout).toMatch(/People: 1 adopted, 1 hidden, 1 invited\.\nGroups: .*\nNothing was changed\.\n$/);
    expect(sandbox.calls.filter(({ isWrite }) => isWrite)).toEqual([]);
    expect(await readdir(folder)).toEqual(['people.txt']);
  });

  it('reads a list from standard input, and tells lists that cannot be read in words [ID7]', async () => {
    // Nothing is at the standard input of a test.
    expect(await run('adopt', '--dry-run', '-')).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/^The list is empty/),
    });
    expect(await run('adopt', '--dry-run', 'missing.txt')).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/^The file missing\.txt cannot be read\./),
    });
    expect(sandbox.calls).toEqual([]);
  });

  it('prints JSON lines for programs beside a bridge that serves, and adopts nobody [ID7]', async () => {
    const { accountId } = sandbox.addPerson({ email: ADA, access: true });
    const serve = await startServe(sandbox, join(folder, 'bridge.db'), {});
    try {
      const { code, stdout } = await run('adopt', '--dry-run', '--json');

      expect(code).toBe(0);
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(lines).toContainEqual(
        expect.objectContaining({ kind: 'person', who: ADA, accountId, outcome: 'adopted' }),
      );
      expect(lines.at(-1)).toMatchObject({ kind: 'summary', people: { adopted: 1, protected: 1 } });
      expect((await run('why', ADA)).stdout).toMatch(/record +none/);
    } finally {
      await serve.kill();
    }
  }, 60_000);
});
