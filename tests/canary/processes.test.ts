import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../src/sandbox/server.js';
import { type RunningCommand, startCommand } from '../support/command.js';
import { freePort } from '../support/gate.js';
import { type EchoingSite, startEchoingSite } from './echo.js';
import { type Heard, live, speaker } from './life.js';
import { findMarks, GROUP_NAME, PERSON, SECRETS, WORD } from './marks.js';

const ALL_SECRETS = Object.values(SECRETS);

let folder: string;
let sandbox: Sandbox;
let site: EchoingSite;
const commands: RunningCommand[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridge-canary-'));
  sandbox = await startSandbox({ jira: false });
  Object.assign(sandbox.credentials, { apiToken: SECRETS.apiToken, orgApiKey: SECRETS.orgApiKey });
  site = await startEchoingSite(sandbox.url);
});
afterEach(async () => {
  for (const command of commands.splice(0)) {
    command.signal('SIGKILL');
    await command.exit;
  }
  await site.close();
  await sandbox.close();
  await rm(folder, { recursive: true });
});

async function settings(more: Readonly<Record<string, string>> = {}): Promise<Record<string, string>> {
  const { credentials } = sandbox;
  return {
    ATLASSIAN_SITE_URL: site.url,
    ATLASSIAN_API_URL: site.url,
    ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
    ATLASSIAN_API_TOKEN: credentials.apiToken,
    ATLASSIAN_ORG_ID: credentials.orgId,
    ATLASSIAN_ORG_API_KEY: credentials.orgApiKey,
    SCIM_TOKENS: `okta:${SECRETS.okta},entra:${SECRETS.entra}`,
    PROTECTED_USERS: `${WORD}-boss@example.com`,
    PORT: String(await freePort()),
    DATABASE_URL: `file:${join(folder, 'bridge.db')}`,
    REQUEST_BUDGET_SECONDS: '1',
    LOG_LEVEL: 'debug',
    ...more,
  };
}

function run(args: readonly string[], env: Readonly<Record<string, string>>): RunningCommand {
  const command = startCommand(args, { env, cwd: folder });
  commands.push(command);
  return command;
}

/** All that a command printed until its end. */
async function printed(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const command = run(args, env);
  await command.exit;
  const { stdout, stderr } = command.output();
  expect(stdout + stderr).not.toBe('');
  return stdout + stderr;
}

function output(command: RunningCommand): string {
  const { stdout, stderr } = command.output();
  return stdout + stderr;
}

function textOf(answers: readonly Heard[]): string {
  return answers.map(({ text }) => text).join('\n');
}

/** A module that Node loads in front of the program: at SIGUSR2 it makes an error that nobody catches. */
async function crashing(code: string): Promise<Record<string, string>> {
  const file = join(folder, 'crash.mjs');
  await writeFile(file, `process.on('SIGUSR2', () => { ${code} });`);
  return { NODE_OPTIONS: `--import=${pathToFileURL(file).href}` };
}

describe('serve and the commands beside it, with marks in every place', () => {
  it('show none in logs, arguments, title, metrics or audit, and no secret anywhere [SA7] [SA19]', async () => {
    const env = await settings({ LOG_FORMAT: 'pretty' });
    const url = `http://127.0.0.1:${env['PORT'] ?? ''}`;
    const serve = run(['serve'], env);
    await serve.said('The directory index is up to date');

    let heard: readonly Heard[] = [];
    heard = await live(url, site, () => undefined, 1);
    // It is there again, and stays, so that the commands have somebody to speak of.
    const back = await speaker(url, 'okta')('POST', '/scim/v2/Users', PERSON);
    expect(back.status).toBe(201);
    const pages = [
      await speaker(url, 'okta')('GET', '/metrics'),
      ...(await Promise.all(['/healthz', '/readyz'].map((path) => speaker(url, undefined)('GET', path)))),
    ];
    const process = await Promise.all(
      ['cmdline', 'comm'].map((file) => readFile(`/proc/${String(serve.pid)}/${file}`, 'utf8')),
    );
    const [audit, why, whyJson, drift, doctor] = await Promise.all(
      [
        ['audit', 'export'],
        ['why', PERSON.userName],
        ['why', PERSON.userName, '--json'],
        ['drift'],
        ['doctor', '--json'],
      ].map((args) => printed(args, env)),
    );
    site.echo('refusal');
    const refused = await Promise.all(
      [
        ['doctor', '--json'],
        ['why', 'x@example.com'],
      ].map((args) => printed(args, env)),
    );
    site.echo(undefined);
    serve.signal('SIGTERM');
    await serve.exit;

    expect(heard.length).toBeGreaterThan(50);
    expect(why).toContain(PERSON.userName);
    expect(audit).toContain('user.deactivated');
    const silent = {
      log: output(serve),
      process: process.join(' '),
      pages: textOf(pages),
      doctor,
      refused: refused.join('\n'),
    };
    for (const [place, text = ''] of Object.entries(silent)) {
      expect({ place, found: findMarks(text, [WORD, GROUP_NAME]) }).toEqual({ place, found: [] });
    }
    expect(findMarks(audit ?? '')).toEqual([]);
    expect(findMarks([why, whyJson, drift].join('\n'), ALL_SECRETS)).toEqual([]);
    expect(heard.flatMap(({ text }) => findMarks(text, ALL_SECRETS))).toEqual([]);
    // Whoever copies the database gets people, and nothing that opens a door.
    for (const file of (await readdir(folder)).filter((name) => name.startsWith('bridge.db'))) {
      const bytes = (await readFile(join(folder, file))).toString('latin1');
      expect({ file, found: findMarks(bytes, ALL_SECRETS) }).toEqual({ file, found: [] });
    }
  }, 120_000);

  it.each([
    [
      'an exception',
      `const basic = btoa('admin@example.com:' + process.env.ATLASSIAN_API_TOKEN);
       const cause = { token: process.env.ATLASSIAN_ORG_API_KEY, displayName: '${PERSON.name.givenName}' };
       const error = new Error(process.env.SCIM_TOKENS + ' ${PERSON.userName} ' + basic, { cause });
       throw Object.assign(error, { config: process.env });`,
    ],
    ['a rejection', `Promise.resolve('${PERSON.name.givenName} of somebody').then(JSON.parse);`],
  ])(
    'end by %s that nobody caught with 1 and last words without a mark [SA7] [SA19]',
    async (_what, code) => {
      const env = await settings({ ...(await crashing(code)), LOG_LEVEL: 'error' });
      const serve = run(['serve'], env);
      while (
        (await speaker(`http://127.0.0.1:${env['PORT'] ?? ''}`, undefined)('GET', '/readyz').catch(() => undefined)) ===
        undefined
      )
        await new Promise((resolve) => setTimeout(resolve, 20));
      serve.signal('SIGUSR2');
      expect(await serve.exit).toBe(1);
      expect(output(serve)).toContain('met an error that nobody caught');
      expect(findMarks(output(serve))).toEqual([]);
      expect(JSON.parse(output(serve).trim())).toMatchObject({ level: 'error' });
    },
    30_000,
  );

  it('forget no secret that was replaced while the bridge ran [SA19]', async () => {
    const crash = await crashing(`throw new Error('${SECRETS.entra} ${SECRETS.entraNext}');`);
    const { SCIM_TOKENS: _, ...env } = await settings(crash);
    const file = join(folder, 'callers');
    await writeFile(file, `entra:${SECRETS.entra}`, { mode: 0o600 });
    const serve = run(['serve'], { ...env, SCIM_TOKENS_FILE: file });
    await serve.said('Listening');
    await writeFile(file, `entra:${SECRETS.entraNext}`);
    serve.signal('SIGHUP');
    await serve.said('The settings were read again');
    serve.signal('SIGUSR2');
    expect(await serve.exit).toBe(1);
    expect(output(serve)).toContain('[redacted] [redacted]');
    expect(findMarks(output(serve))).toEqual([]);
  }, 30_000);

  it('refuse a configuration and a database without a mark [SA7] [SA19]', async () => {
    const env = await settings();
    const bad = {
      ...env,
      SCIM_TOKENS: `okta:${SECRETS.okta} ${SECRETS.password}`,
      ATLASSIAN_ADMIN_EMAIL: SECRETS.apiToken,
      UPSTREAM_PROXY: `socks5://bridge:${encodeURIComponent(SECRETS.password)}@proxy.example.com`,
    };
    const remote = { ...env, DATABASE_URL: `postgres://bridge:${encodeURIComponent(SECRETS.password)}@127.0.0.1:1/x` };
    const texts = await Promise.all([
      printed(['serve'], bad),
      printed(['serve'], remote),
      printed(['audit', 'export'], remote),
    ]);
    expect(findMarks(texts.join('\n'))).toEqual([]);
  }, 60_000);
});
