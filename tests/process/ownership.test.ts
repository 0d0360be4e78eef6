import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { startCommand } from '../support/command.js';
import { type ServeProcess, startServe } from './child.js';

const OKTA = 'okta-secret-0123456789abcdef';
const ENTRA = 'entra-secret-0123456789abcdef';
const SCIM_TOKENS = `okta:${OKTA},entra:${ENTRA},report:report-secret-0123456789abcdef:ro`;
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const ADA = 'ada@example.com';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Site {
  readonly sandbox: Sandbox;
  serve(): Promise<ServeProcess>;
  /** Runs a command beside it. @returns what it printed */
  command(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
}

async function start(): Promise<Site> {
  const sandbox = await startSandbox();
  closing.push(() => sandbox.close());
  const folder = mkdtempSync(join(tmpdir(), 'bridge-ownership-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  const { credentials, url } = sandbox;
  const file = join(folder, 'bridge.db');
  const organization = { ATLASSIAN_ORG_ID: credentials.orgId, ATLASSIAN_ORG_API_KEY: credentials.orgApiKey };
  return {
    sandbox,
    async serve() {
      const serve = await startServe(sandbox, file, { SCIM_TOKENS, ...organization });
      closing.push(() => serve.kill());
      return serve;
    },
    async command(...args) {
      const env = {
        ATLASSIAN_SITE_URL: url,
        ATLASSIAN_API_URL: url,
        ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
        ATLASSIAN_API_TOKEN: credentials.apiToken,
        ...organization,
        SCIM_TOKENS,
        DATABASE_URL: `file:${file}`,
        LOG_LEVEL: 'error',
      };
      const command = startCommand(args, { env, cwd: folder });
      const code = await command.exit;
      return { code, ...command.output() };
    },
  };
}

function patch(op: string, path: string, value: unknown): object {
  return { schemas: [PATCH_OP], Operations: [{ op, path, value }] };
}

/** Ada and a group with her in it, both of okta. */
async function provision(serve: ServeProcess): Promise<{ readonly ada: string; readonly group: string }> {
  const created = await serve.scim('POST', '/Users', { userName: ADA, emails: [{ value: ADA }], externalId: 'a' });
  const ada = String(created.body['id']);
  const made = await serve.scim('POST', '/Groups', { displayName: 'Engineering', members: [{ value: ada }] });
  return { ada, group: String(made.body['id']) };
}

describe('ownership', () => {
  it('outlives a killed process, for people, groups and members [SA12] [SA6]', async () => {
    const site = await start();
    const first = await site.serve();
    const { ada, group } = await provision(first);
    await first.kill();

    const serve = await site.serve();

    expect((await serve.scim('PATCH', `/Users/${ada}`, patch('replace', 'active', false), ENTRA)).status).toBe(403);
    expect((await serve.scim('DELETE', `/Groups/${group}`, undefined, ENTRA)).status).toBe(403);
    const leave = patch('remove', 'members', [{ value: ada }]);
    expect((await serve.scim('PATCH', `/Groups/${group}`, leave, ENTRA)).status).toBe(403);
    expect(site.sandbox.membersOf(group)).toEqual([ada]);
  }, 60_000);

  it('is handed over by the command that the refusal names, beside serve, and shown by why and doctor [SA12]', async () => {
    const site = await start();
    const serve = await site.serve();
    const { ada, group } = await provision(serve);
    const refusal = String((await serve.scim('DELETE', `/Users/${ada}`, undefined, ENTRA)).body['detail']);
    const [, who = '', to = ''] = /confluence-scim-bridge transfer (\S+) (\S+)/.exec(refusal) ?? [];
    expect((await site.command('why', ADA)).stdout).toMatch(/^ {2}owner +okta$/m);

    expect(await site.command('transfer', who, to)).toEqual({
      code: 0,
      stdout: `The user ${ada} belongs to entra now. Before: okta.\n`,
      stderr: '',
    });

    expect((await serve.scim('PATCH', `/Users/${ada}`, patch('replace', 'active', false))).status).toBe(403);
    expect((await site.command('why', ADA)).stdout).toMatch(/^ {2}owner +entra$/m);
    expect((await site.command('transfer', '--group', 'engineering', 'entra')).stdout).toBe(
      `The group ${group}, with its members, belongs to entra now. Before: okta.\n`,
    );
    const why = JSON.parse((await site.command('why', '--group', group, '--json')).stdout) as {
      readonly now: object;
      readonly timeline: readonly object[];
    };
    expect(why.now).toMatchObject({ owner: { caller: 'entra', mayOwn: true } });
    expect(why.timeline.at(-1)).toMatchObject({ who: 'operator', event: 'group.transferred', rule: 'SA12 transfer' });
    const leave = patch('remove', 'members', [{ value: ada }]);
    expect((await serve.scim('PATCH', `/Groups/${group}`, leave)).status).toBe(403);
    expect((await serve.scim('PATCH', `/Groups/${group}`, leave, ENTRA)).status).toBe(204);
    expect((await serve.scim('DELETE', `/Groups/${group}`, undefined, ENTRA)).status).toBe(204);
    expect((await serve.scim('PATCH', `/Users/${ada}`, patch('replace', 'active', false), ENTRA)).status).toBe(200);
    expect((await site.command('doctor')).stdout).toMatch(
      /^ok +callers +Callers: okta reads and writes, entra reads and writes, report only reads\.$/m,
    );
  }, 60_000);

  it('is not handed over to nobody, to a reader, nor of what nobody has, in words [SA12] [SA13]', async () => {
    const site = await start();
    const nothing = await site.command('transfer', ADA, 'entra');
    expect(nothing).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no database') as unknown });
    await provision(await site.serve());

    for (const [args, code, words] of [
      [[ADA, 'entr'], 64, 'SCIM_TOKENS has no caller "entr". Did you mean entra?'],
      [[ADA, 'ping-federate'], 64, 'There are okta, entra.'],
      [[ADA, 'report'], 64, 'only reads'],
      [['nobody@example.com', 'entra'], 1, 'No identity provider has a user with this'],
      [['--group', 'site-admins', 'entra'], 1, 'No identity provider keeps a group with this name or id'],
      [[ADA], 64, 'Name one person and one caller'],
    ] as const) {
      const outcome = await site.command('transfer', ...args);
      expect({ args, ...outcome }).toEqual({ args, code, stdout: '', stderr: expect.stringContaining(words) });
    }
  }, 60_000);
});
