import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { startCommand } from '../support/command.js';
import { type ServeProcess, startServe } from './child.js';

const PEOPLE = 120;
/** 20 % of 121: the account of the credential has access, too. */
const LIMIT = 24;
const AT_ONCE = 20;
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Site {
  readonly sandbox: Sandbox;
  readonly people: readonly string[];
  withAccess(): string[];
  serve(): Promise<ServeProcess>;
  /** Runs a command beside it. @returns what it printed */
  command(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
}

async function start(): Promise<Site> {
  const sandbox = await startSandbox();
  closing.push(() => sandbox.close());
  const folder = mkdtempSync(join(tmpdir(), 'bridge-brake-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  const people = Array.from({ length: PEOPLE }, (_, n) => {
    const email = `p${n}@example.com`;
    return sandbox.addPerson({ email, displayName: `Person ${n}`, access: true }).accountId;
  });
  const { credentials, groups, url } = sandbox;
  const file = join(folder, 'bridge.db');
  const settings = { ADOPT_GROUPS: groups.access.name };
  return {
    sandbox,
    people,
    withAccess: () => people.filter((id) => sandbox.groupsOf(id).includes(groups.access.id)),
    async serve() {
      const serve = await startServe(sandbox, file, settings);
      closing.push(() => serve.kill());
      return serve;
    },
    async command(...args) {
      const env = {
        ATLASSIAN_SITE_URL: url,
        ATLASSIAN_API_URL: url,
        ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
        ATLASSIAN_API_TOKEN: credentials.apiToken,
        SCIM_TOKENS: 'okta:okta-secret-0123456789abcdef',
        DATABASE_URL: `file:${file}`,
        LOG_LEVEL: 'error',
      };
      const command = startCommand(args, { env, cwd: folder });
      const code = await command.exit;
      return { code, ...command.output() };
    },
  };
}

function patch(path: string, value: unknown, op = 'replace'): object {
  return { schemas: [PATCH_OP], Operations: [{ op, path, value }] };
}

function deactivate(serve: ServeProcess, id: string): ReturnType<ServeProcess['scim']> {
  return serve.scim('PATCH', `/Users/${id}`, patch('active', false));
}

/** Deactivations, deletions and removals from the granting group, in turn. @param answered told after each answer */
async function wave(site: Site, serve: ServeProcess, answered: (status: number) => void): Promise<void> {
  const queue = [...site.people.entries()];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [n, id] = next;
      const group = `/Groups/${site.sandbox.groups.access.id}`;
      const send = [
        () => deactivate(serve, id),
        () => serve.scim('DELETE', `/Users/${id}`),
        () => serve.scim('PATCH', group, patch('members', [{ value: id }], 'remove')),
      ][n % 3];
      if (send !== undefined) answered((await send()).status);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

describe('the brake of serve', () => {
  it('stops a wave exactly at the limit, though the process is killed in the middle of it, twice [SA11] [SA6]', async () => {
    const site = await start();
    for (const killAfter of [3, 9]) {
      const serve = await site.serve();
      let removals = 0;
      let killed: Promise<void> | undefined;
      const stream = wave(site, serve, (status) => {
        if (status < 300) removals += 1;
        if (removals === killAfter) killed ??= serve.kill();
      }).catch(() => undefined);
      await stream;
      await killed;
      expect(killed).toBeDefined();
      expect(site.withAccess().length).toBeGreaterThanOrEqual(PEOPLE - LIMIT);
    }

    const serve = await site.serve();
    let refused = 0;
    await wave(site, serve, (status) => (refused += status === 503 ? 1 : 0));

    expect(site.withAccess()).toHaveLength(PEOPLE - LIMIT);
    expect(refused).toBe(PEOPLE - LIMIT);
  }, 60_000);

  it('is shown, passed by and released by commands beside it [SA11]', async () => {
    const site = await start();
    expect(await site.command('brake', 'release')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no database'),
    });
    const serve = await site.serve();
    await wave(site, serve, () => undefined);
    const [urgent = '', other = '', third = ''] = site.withAccess();
    const { email } = site.sandbox.person(urgent);
    expect((await deactivate(serve, urgent)).status).toBe(503);

    const tripped = await site.command('brake');
    expect(tripped.code).toBe(0);
    expect(tripped.stdout).toMatch(/^TRIPPED access at .*: \d+ messages refused/);
    expect(tripped.stdout).toContain(`access lost by ${LIMIT} people, limit ${LIMIT}`);
    expect((await site.command('doctor')).stdout).toMatch(
      /^warning +brake +The mass-removal brake has refused \d+ messages/m,
    );

    expect(await site.command('deactivate', email)).toEqual({
      code: 0,
      stdout: `The user ${urgent} has no access to Confluence any more.\n`,
      stderr: '',
    });
    expect(site.withAccess()).not.toContain(urgent);
    expect((await deactivate(serve, urgent)).status).toBe(200);
    expect((await deactivate(serve, other)).status).toBe(503);

    expect((await site.command('brake', 'release')).code).toBe(0);
    expect((await deactivate(serve, other)).status).toBe(200);
    expect((await site.command('brake', 'status')).stdout).toContain('access lost by 1 people');

    const hour = await site.command('brake', '--for', '1h');
    expect(hour.stdout).toMatch(/^The brake lets everything pass until \d{4}-/);
    expect((await site.command('doctor')).stdout).toMatch(
      /^warning +brake +The mass-removal brake lets everything pass/m,
    );
    expect((await deactivate(serve, third)).status).toBe(200);

    expect(await site.command('brake', '--for', 'ever')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('--for 30m'),
    });
    expect(await site.command('deactivate', 'nobody@example.com')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Nobody with this address'),
    });
  }, 60_000);
});
