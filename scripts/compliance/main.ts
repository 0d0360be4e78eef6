import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HELP, type Options, parseOptions, UsageError } from './options.js';
import { type Job, planJobs } from './plan.js';
import { Processes } from './processes.js';
import { preparePython } from './python.js';
import { type Done, runJob } from './run.js';
import { SUITES } from './suites.js';
import { describeTable, replaceTable, rowOf } from './table.js';
import type { Target } from './target.js';

const EXIT = { ok: 0, different: 1, usage: 2, interrupted: 130 } as const;
/** Each is a suite, a bridge and a sandbox, of which mostly one works while the others wait for it. */
const RUNS_AT_ONCE = 2;
/** This file is run from `dist/compliance`, which is as deep as where it is written. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    const names = SUITES.map(({ name }) => name);
    options = parseOptions(args, process.env, names);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT.usage;
  }
  if (options.help) {
    print(HELP);
    return EXIT.ok;
  }
  const processes = new Processes();
  // Whoever waits for one of them comes to an end then, and tidies up.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => processes.close());
  try {
    const isAsExpected = await runAll(options, processes);
    if (!processes.isClosed) return isAsExpected ? EXIT.ok : EXIT.different;
  } catch (error) {
    if (!processes.isClosed) throw error;
  }
  print('Interrupted.\n');
  return EXIT.interrupted;
}

async function runAll(options: Options, processes: Processes): Promise<boolean> {
  if (options.target !== undefined && !(await isReachable(options.target))) return false;
  const python = await preparePython(processes, ROOT, (line) => print(`${line}\n`));
  const jobs = await planJobs(ROOT, options, 'missing' in python ? python.missing : undefined);
  for (const line of new Set(jobs.flatMap(describeSkipped))) print(line);
  const isRequired = ({ suite }: Job): boolean =>
    options.suites.includes(suite.name) || (options.requireAll && 'package' in suite.source);
  if (jobs.some((job) => job.skipped !== undefined && isRequired(job))) {
    print('A suite that has to run cannot.\n');
    return false;
  }

  const workshop = { processes, root: ROOT, bin: 'bin' in python ? python.bin : '', options, print };
  const done = new Map<Job, Done>();
  const waiting = jobs.filter(({ skipped }) => skipped === undefined);
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift())
      done.set(job, await runJob(job, workshop));
  };
  await Promise.all(Array.from({ length: RUNS_AT_ONCE }, work));

  if (processes.isClosed) return false;
  const isAsExpected = [...done.values()].every((one) => one.isAsExpected);
  const ran = `${done.size} of ${jobs.length} runs were made.`;
  const verdict = isAsExpected ? 'all as named' : 'not all as tests/compliance/deviations names it';
  print(`${ran} Their checks are ${verdict}.\n`);
  if (options.writeTable && isAsExpected) {
    const readme = join(ROOT, 'README.md');
    const table = describeTable(jobs.map((job) => rowOf(job, done.get(job)?.results)));
    await writeFile(readme, replaceTable(await readFile(readme, 'utf8'), table));
    print('The table in README.md is written.\n');
  }
  return isAsExpected;
}

/** Says in one line what would otherwise be a hundred failed checks. */
async function isReachable({ url, token }: Target): Promise<boolean> {
  try {
    const { status } = await fetch(`${url}/ServiceProviderConfig`, { headers: { Authorization: `Bearer ${token}` } });
    if (status === 200) return true;
    print(
      `${url}/ServiceProviderConfig answers ${status}: check the address, which ends in /scim/v2, and the token.\n`,
    );
  } catch {
    print(`Nothing answers at ${url}.\n`);
  }
  return false;
}

function describeSkipped({ suite, version, skipped }: Job): string[] {
  return skipped === undefined ? [] : [`SKIP ${suite.name} ${version}: ${skipped}\n`];
}

function print(text: string): void {
  process.stdout.write(text);
}
