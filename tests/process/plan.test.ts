import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { type RunningCommand, startCommand } from '../support/command.js';
import { type ServeProcess, startServe } from './child.js';

const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const PEOPLE = 6;

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Printed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Site {
  readonly sandbox: Sandbox;
  readonly host: string;
  readonly people: readonly string[];
  serve(settings?: Readonly<Record<string, string>>): Promise<ServeProcess>;
  start(args: readonly string[], settings?: Readonly<Record<string, string>>): RunningCommand;
  run(args: readonly string[], settings?: Readonly<Record<string, string>>): Promise<Printed>;
  /** `plan apply` with somebody at the keyboard. */
  applyTyping(answer: string): Promise<Printed>;
  writes(): readonly (string | undefined)[];
}

async function startSite(): Promise<Site> {
  const sandbox = await startSandbox({ jira: false });
  closing.push(() => sandbox.close());
  const folder = mkdtempSync(join(tmpdir(), 'bridge-plan-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  const people = Array.from(
    { length: PEOPLE },
    (_, n) => sandbox.addPerson({ email: `p${n}@example.com`, displayName: `P ${n}`, access: true }).accountId,
  );
  const { credentials, url } = sandbox;
  const file = join(folder, 'bridge.db');
  const organization = { ATLASSIAN_ORG_ID: credentials.orgId, ATLASSIAN_ORG_API_KEY: credentials.orgApiKey };
  const env = (settings: Readonly<Record<string, string>>) => ({
    ATLASSIAN_SITE_URL: url,
    ATLASSIAN_API_URL: url,
    ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
    ATLASSIAN_API_TOKEN: credentials.apiToken,
    ...organization,
    SCIM_TOKENS: 'okta:okta-secret-0123456789abcdef',
    DATABASE_URL: `file:${file}`,
    LOG_LEVEL: 'error',
    MODE: 'observe',
    ...settings,
  });
  const start: Site['start'] = (args, settings = {}) => {
    const command = startCommand(args, { env: env(settings), cwd: folder });
    closing.push(() => command.signal('SIGKILL'));
    return command;
  };
  return {
    sandbox,
    host: new URL(url).host,
    people,
    async serve(settings = {}) {
      const serve = await startServe(sandbox, file, { ...organization, MODE: 'observe', ...settings });
      closing.push(() => serve.kill());
      return serve;
    },
    start,
    async run(args, settings) {
      const command = start(args, settings);
      const code = await command.exit;
      return { code, ...command.output() };
    },
    applyTyping(answer) {
      const child = spawn(process.execPath, [PROGRAM, 'plan', 'apply'], { cwd: folder, env: env({}) });
      const printed = { stdout: '', stderr: '' };
      child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        printed.stderr += text;
        if (text.includes('to carry it out:')) child.stdin.end(`${answer}\n`);
      });
      return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...printed })));
    },
    writes: () => sandbox.calls.filter(({ isWrite }) => isWrite).map(({ operation }) => operation),
  };
}

/** A newcomer, a group with members, and a leaver. @returns the ids that were answered */
async function playTraffic({ people }: Site, serve: ServeProcess): Promise<{ ada: string; group: string }> {
  const ada = await serve.scim('POST', '/Users', { userName: 'ada@example.com' });
  const group = await serve.scim('POST', '/Groups', {
    displayName: 'engineering',
    members: [ada.body['id'], ...people.slice(0, 3)].map((value) => ({ value })),
  });
  const left = await serve.scim('PATCH', `/Users/${people[5] ?? ''}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'active', value: false }],
  });
  expect([ada.status, group.status, left.status]).toEqual([201, 201, 200]);
  return { ada: String(ada.body['id']), group: String(group.body['id']) };
}

interface PlanJson {
  readonly steps: readonly {
    readonly kind: string;
    readonly calls: readonly {
      readonly method: string;
      readonly path: string;
      readonly query: Readonly<Record<string, string>> | null;
      readonly body: unknown;
    }[];
  }[];
}

describe('plan, beside a bridge that observes', () => {
  it('prints exact calls, removals first, and what they come to; and it changes nothing [SA14]', async () => {
    const site = await startSite();
    await playTraffic(site, await site.serve());
    site.sandbox.takeCalls();

    const { code, stdout, stderr } = await site.run(['plan']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^The plan for .* \(MODE=observe\): 6 steps, 7 calls\. None of them was sent\.\n/);
    expect(stdout.indexOf('DELETE /wiki/rest/api/group/userByGroupId?groupId=')).toBeLessThan(
      stdout.indexOf('POST /wiki/rest/api/group {"name":"engineering"}'),
    );
    expect(stdout).toContain('give ada@example.com access through');
    expect(stdout).toContain('Access: 1 gain it, 1 lose it; seats +0. Atlassian mails 0.');
    expect(stdout).toContain('The mass-removal brake lets the plan pass.');
    expect(site.sandbox.calls).toEqual([]);
  }, 30_000);

  it('prints as JSON what apply then sends, call by call, once the site was typed [SA14]', async () => {
    const site = await startSite();
    await playTraffic(site, await site.serve());
    const { steps } = JSON.parse((await site.run(['plan', '--json'])).stdout) as PlanJson;

    const wrong = await site.applyTyping('yes');
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toContain('Nothing was sent.');
    expect((await site.run(['plan', 'apply', '--site', 'other.atlassian.net', '--yes'])).code).toBe(64);
    expect(site.writes()).toEqual([]);

    const applied = await site.applyTyping(site.host);
    expect({ code: applied.code, stdout: applied.stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining('6 applied, 0 dropped, 0 failed.'),
    });
    const group = site.sandbox.findGroupByName('engineering')?.id ?? '';
    const account = site.sandbox.findPersonByEmail('ada@example.com')?.accountId ?? '';
    const resolve = (text: string): string =>
      text.replace('<id of engineering>', group).replace('<account of ada@example.com>', account);
    const planned = steps
      .flatMap(({ calls }) => calls)
      .map(({ method, path, query, body }) => {
        const search = new URLSearchParams(
          Object.entries(query ?? {}).map(([name, value]): [string, string] => [name, resolve(value)]),
        );
        return `${method} ${path}?${search.toString()} ${resolve(JSON.stringify(body))}`;
      });
    const sent = site.sandbox.calls
      .filter(({ isWrite }) => isWrite)
      .map(({ method, path, body }) => {
        const { pathname, searchParams } = new URL(path, site.sandbox.url);
        return `${method} ${pathname}?${searchParams.toString()} ${JSON.stringify(body ?? null)}`;
      });
    expect(sent).toEqual(planned);
    expect((await site.run(['plan'])).stdout).toContain('Nothing is planned');
  }, 30_000);

  it('goes on after kill -9 in the middle of apply: nobody is invited and no group is made twice [SA14] [SA6]', async () => {
    const site = await startSite();
    const serve = await site.serve();
    const { ada, group } = await playTraffic(site, serve);
    const apply = ['plan', 'apply', '--site', site.host, '--yes'];
    const moments = [
      { method: 'DELETE', path: /userByGroupId/ },
      { method: 'POST', path: /\/rest\/api\/group$/ },
      { method: 'POST', path: /users\/invite/ },
      { method: 'POST', path: /userByGroupId/ },
    ];
    for (const where of moments) {
      site.sandbox.faults.next({ kind: 'drop-after', ...where });
      const command = site.start(apply);
      // Carried out once the process is gone, so that nobody hears of it.
      site.sandbox.faults.when(where, async () => {
        command.signal('SIGKILL');
        await command.exit;
      });
      expect(await command.exit).toBeNull();
    }

    const last = await site.run(apply);

    expect(last.stdout).toMatch(/ 0 failed\.\n$/);
    expect(last.code).toBe(0);
    const made = site.sandbox.findGroupByName('engineering')?.id ?? '';
    const account = site.sandbox.findPersonByEmail('ada@example.com')?.accountId ?? '';
    expect([...site.sandbox.membersOf(made)].sort()).toEqual([account, ...site.people.slice(0, 3)].sort());
    expect(site.sandbox.groupsOf(site.people[5] ?? '')).toEqual([]);
    expect(await serve.scim('GET', `/Groups/${group}`)).toMatchObject({
      status: 200,
      body: { id: group, displayName: 'engineering' },
    });
    const dryRun = await site.run(['adopt', '--dry-run', '--json'], { ADOPT_GROUPS: 'engineering' });
    const lines = dryRun.stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
      expect.objectContaining({ kind: 'group', id: group, outcome: 'linked', owner: 'okta' }),
    );
    expect(await serve.scim('GET', `/Users/${ada}`)).toMatchObject({ status: 200, body: { id: ada, active: true } });
    // Who applied a plan does not become the one who wanted it.
    const { stdout: told } = await site.run(['why', 'ada@example.com']);
    expect(told).toContain('Has access, because okta wants the person active');
    expect(told).toMatch(/operator +connect the user with the account {2}/);
  }, 60_000);

  it('keeps commands from writing, and says so wherever somebody looks [SA14]', async () => {
    const site = await startSite();
    const serve = await site.serve();
    await playTraffic(site, serve);

    for (const command of [
      ['deactivate', 'p1@example.com'],
      ['link', 'ada@example.com', site.people[0] ?? ''],
      ['doctor', '--write-test', '--site', site.host, '--yes'],
    ]) {
      const { code, stderr } = await site.run(command);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('MODE=observe') });
    }
    expect((await site.run(['doctor'])).stdout).toContain('MODE=observe: nothing is changed in Confluence');
    expect((await site.run(['doctor'], { MODE: 'live' })).stdout).toContain(
      '6 writes that were planned with MODE=observe',
    );
    const why = await site.run(['why', 'p5@example.com']);
    expect(why.stdout).toContain('MODE=observe: planned, and not sent to Confluence.');
    expect(why.stdout).toMatch(
      /Has access, because Confluence shows .*, but the bridge observed then \(MODE=observe\)/,
    );
    expect(site.writes()).toEqual([]);
  }, 60_000);
});
