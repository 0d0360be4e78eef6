import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigurationError, readConfig, type Environment } from '../src/config.js';
import { type FileReader, SECRET_FILES } from '../src/secretFiles.js';

const SECRET = 'a-secret-of-sixteen-or-more';
const VALUES = {
  ATLASSIAN_API_TOKEN: 'the-token-of-the-site',
  ATLASSIAN_ORG_API_KEY: 'the-key-of-the-organization',
  SCIM_TOKENS: `okta:${SECRET}1`,
  DATABASE_URL: 'file:./of-a-file.db',
  UPSTREAM_PROXY: 'http://bridge:of-the-proxy@proxy.acme.com:3128',
};
const REST = {
  ATLASSIAN_SITE_URL: 'https://acme.atlassian.net',
  ATLASSIAN_ADMIN_EMAIL: 'admin@acme.com',
  ATLASSIAN_ORG_ID: 'org-1',
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridge-secrets-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function fileOf(name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text, { mode });
  return path;
}

/** Every secret in a file, as `…_FILE` names it, but for what `env` says. */
async function environment(env: Environment = {}): Promise<Environment> {
  const files: Record<string, string> = {};
  for (const [name, value] of Object.entries(VALUES)) files[`${name}_FILE`] = await fileOf(name, `${value}\n`);
  return { ...REST, ...files, ...env };
}

function problemsOf(env: Environment, readFile?: FileReader): string[] {
  try {
    readConfig(env, readFile);
  } catch (error) {
    if (error instanceof ConfigurationError) {
      expect(error.exitCode).toBe(78);
      return error.problems.map(({ setting, problem }) => `${setting} ${problem}`);
    }
    throw error;
  }
  return [];
}

describe('settings from files', () => {
  it('are read like the variables, without the newline at their end [SA19]', async () => {
    const fromFiles = readConfig(await environment());
    expect(fromFiles).toEqual(readConfig({ ...REST, ...VALUES }));
    expect(fromFiles.site.apiToken).toBe('the-token-of-the-site');
    expect(Object.keys(SECRET_FILES)).toEqual(Object.keys(VALUES).map((name) => `${name}_FILE`));
  });

  it('may hold one caller a line, the same name twice while a secret is replaced [SA19]', async () => {
    const text = `okta:${SECRET}1\r\nokta:${SECRET}2\n\nreport:${SECRET}3:ro\n`;
    const config = readConfig(await environment({ SCIM_TOKENS_FILE: await fileOf('callers', text) }));
    expect(config.callers).toEqual([
      { name: 'okta', secrets: [`${SECRET}1`, `${SECRET}2`], isReadOnly: false },
      { name: 'report', secrets: [`${SECRET}3`], isReadOnly: true },
    ]);
  });

  it('are followed through symbolic links, as Kubernetes mounts and renews them [SA19]', async () => {
    await mkdir(join(folder, '..2026'));
    await writeFile(join(folder, '..2026', 'token'), 'behind-two-links', { mode: 0o600 });
    await symlink('..2026', join(folder, '..data'));
    await symlink('..data/token', join(folder, 'token'));
    const config = readConfig(await environment({ ATLASSIAN_API_TOKEN_FILE: join(folder, 'token') }));
    expect(config.site.apiToken).toBe('behind-two-links');
  });

  it('are reported all at once, each by its variable, with a valid path and without what they hold [SA19]', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const env = await environment({
      ATLASSIAN_API_TOKEN_FILE: join(folder, 'nowhere'),
      ATLASSIAN_ORG_API_KEY_FILE: pipe,
      SCIM_TOKENS_FILE: await fileOf('empty', ' \n'),
      DATABASE_URL: 'file:./of-the-environment.db',
      PORT: 'many',
    });
    expect(problemsOf(env)).toEqual([
      'ATLASSIAN_API_TOKEN_FILE names a file that does not exist',
      'ATLASSIAN_ORG_API_KEY_FILE names something that is no regular file',
      'SCIM_TOKENS_FILE names a file that is empty',
      'PORT must be a whole number from 1 to 65535, without a unit',
      'DATABASE_URL_FILE is set beside DATABASE_URL; keep one of the two',
    ]);
    expect(() => readConfig(env)).toThrow('Example: SCIM_TOKENS_FILE=/run/secrets/scim_tokens');
  });

  it.each([
    ['a folder', () => folder, 'names something that is no regular file'],
    ['a large file', () => fileOf('large', 'x'.repeat(70_000)), 'names a file of more than 64 kB'],
  ])('do not come from %s [SA19]', async (_what, path, problem) => {
    expect(problemsOf(await environment({ SCIM_TOKENS_FILE: await path() }))).toEqual([`SCIM_TOKENS_FILE ${problem}`]);
  });

  it('say where a bad value was read, and repeat nothing of it [SA7] [SA19]', async () => {
    const env = await environment({
      ATLASSIAN_API_TOKEN_FILE: await fileOf('lines', 'hunter2\nhunter2\n'),
      SCIM_TOKENS_FILE: await fileOf('short', 'okta:hunter2'),
    });
    expect(problemsOf(env)).toEqual([
      'ATLASSIAN_API_TOKEN holds a space or another character that no such key has (read from ATLASSIAN_API_TOKEN_FILE)',
      'SCIM_TOKENS entry 1 must have a secret of 16 characters or more out of A-Z a-z 0-9 . _ ~ + / = - (read from SCIM_TOKENS_FILE)',
    ]);
  });

  it('that every user of the machine may read are warned of [SA19]', async () => {
    const env = await environment();
    expect(readConfig(env).warnings).toEqual([]);
    await chmod(join(folder, 'SCIM_TOKENS'), 0o644);
    expect(readConfig(env).warnings).toEqual([
      'SCIM_TOKENS_FILE names a file that every user of this machine may read: chmod o-r takes that away.',
    ]);
  });

  it('that this user may not read are a problem like any other [SA19]', async () => {
    const env = await environment();
    const refused: FileReader = () => ({ problem: 'names a file that this user may not read' });
    expect(problemsOf(env, refused)).toHaveLength(Object.keys(VALUES).length);
  });
});
