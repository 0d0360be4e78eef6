import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExpectationFile, parseExpectationFile } from './expectations.js';
import type { Options } from './options.js';
import { pinnedVersion } from './python.js';
import type { Mode } from './results.js';
import { type Suite, SUITES } from './suites.js';

/** One suite in one mode. */
export interface Job {
  readonly suite: Suite;
  readonly version: string;
  readonly mode: Mode;
  readonly file: ExpectationFile;
  /** Why it cannot run here; undefined when it can. */
  readonly skipped: string | undefined;
}

/**
 * What is to be run, in order.
 *
 * @param root the project's folder
 * @param noPython why the Python suites cannot run; undefined when they can
 */
export async function planJobs(root: string, options: Options, noPython: string | undefined): Promise<Job[]> {
  const folder = join(root, 'tests/compliance');
  const requirements = await readFile(join(folder, 'requirements.txt'), 'utf8');
  const jobs: Job[] = [];
  for (const suite of SUITES) {
    if (options.suites.length > 0 && !options.suites.includes(suite.name)) continue;
    const { source, name } = suite;
    const file = parseExpectationFile(await readFile(join(folder, 'deviations', `${name}.json`), 'utf8'));
    let [version, skipped]: [string, string | undefined] = ['', undefined];
    if ('package' in source) [version, skipped] = [pinnedVersion(requirements, source.package), noPython];
    if ('commit' in source) [version, skipped] = [source.commit, await source.whyNot(options.goSuite)];
    for (const mode of options.modes) jobs.push({ suite, version, mode, file, skipped });
  }
  return jobs;
}
