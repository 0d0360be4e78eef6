import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Processes } from './processes.js';

/** A Python with the pinned suites, or why there is none. */
export type Python = { readonly bin: string } | { readonly missing: string };

const INSTALL_MS = 600_000;
const PROBE_MS = 30_000;
/** What the youngest of the suites asks for. */
const OLDEST = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))';

/**
 * Makes a virtual environment under `node_modules/.cache`, once for each state of the requirements.
 *
 * @param root the project's folder
 * @param tell told before something that takes a while
 */
export async function preparePython(processes: Processes, root: string, tell: (line: string) => void): Promise<Python> {
  const requirements = join(root, 'tests/compliance/requirements.txt');
  const folder = join(root, 'node_modules/.cache/compliance-venv');
  const stamp = join(folder, 'requirements.sha256');
  const wanted = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  const bin = join(folder, 'bin');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) return { bin };

  const options = { env: process.env, cwd: root };
  try {
    const { code } = await processes.run('python3', ['-c', OLDEST], { ...options, timeoutMs: PROBE_MS });
    if (code !== 0)
      return { missing: 'python3 is older than 3.11 or lacks venv: install Python 3.11 or newer with venv' };
  } catch (error) {
    if (processes.isClosed) throw error;
    return { missing: 'there is no python3: install Python 3.11 or newer with venv' };
  }
  tell('Installing the Python suites into node_modules/.cache/compliance-venv …');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [command, args] of [
    ['python3', ['-m', 'venv', folder]],
    [join(bin, 'pip'), ['install', '--quiet', '--require-hashes', '-r', requirements]],
  ] as const) {
    const { code, out, err } = await processes.run(command, args, { ...options, timeoutMs: INSTALL_MS });
    if (code !== 0) {
      const last = (out + err).trim().split('\n').at(-1) ?? '';
      return { missing: `pip could not install tests/compliance/requirements.txt: ${last}` };
    }
  }
  await writeFile(stamp, wanted);
  return { bin };
}

/** The pinned version of a package, as `requirements.txt` has it. */
export function pinnedVersion(requirements: string, name: string): string {
  const version = new RegExp(`^${name}==(\\S+)`, 'm').exec(requirements)?.[1];
  if (version === undefined) throw new Error(`${name} is not pinned in requirements.txt.`);
  return version;
}
