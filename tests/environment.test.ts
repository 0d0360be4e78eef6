import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { makeRunnable, type RunnableSources } from './support/sources.js';

const SCRIPT = `
  import { loadEnvironment } from './environment.js';
  try {
    const { PORT, HOST } = loadEnvironment();
    console.log(JSON.stringify({ PORT, HOST }));
  } catch (error) {
    console.log(JSON.stringify({ exitCode: error.exitCode, message: error.message }));
  }
`;
describe('loadEnvironment', () => {
  let sources: RunnableSources;
  beforeAll(async () => {
    sources = await makeRunnable(['environment'], SCRIPT);
  });
  afterEach(() => rm(join(sources.folder, '.env'), { recursive: true, force: true }));
  afterAll(() => sources.remove());

  async function run(env: Record<string, string>): Promise<unknown> {
    const { stdout } = await promisify(execFile)(process.execPath, ['main.js'], { cwd: sources.folder, env });
    return JSON.parse(stdout);
  }

  it('does without a .env file', async () => {
    expect(await run({ PORT: '1' })).toEqual({ PORT: '1' });
  });

  it('adds what .env sets to what the process has, which wins', async () => {
    await writeFile(join(sources.folder, '.env'), '# a comment\nPORT=2\nHOST="::1"\n');
    expect(await run({ PORT: '1' })).toEqual({ PORT: '1', HOST: '::1' });
  });

  it('reports a .env that cannot be read as a problem of the configuration', async () => {
    await mkdir(join(sources.folder, '.env'));
    expect(await run({})).toEqual({
      exitCode: 78,
      message: expect.stringContaining('.env is there but cannot be read'),
    });
  });
});
