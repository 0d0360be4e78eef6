import { withBridge } from './bridge.js';
import { compare, type Difference } from './compare.js';
import { expectationsFor } from './expectations.js';
import type { Options } from './options.js';
import type { Job } from './plan.js';
import { inTemporaryFolder, type Processes } from './processes.js';
import { type CheckResult, countOf } from './results.js';
import type { Target } from './target.js';

/** What all jobs share. */
export interface Workshop {
  readonly processes: Processes;
  /** The project's folder. */
  readonly root: string;
  /** The folder of the virtual environment's commands; empty when there is none. */
  readonly bin: string;
  readonly options: Options;
  /** Where lines for people go. */
  readonly print: (text: string) => void;
}

export interface Done {
  readonly results: readonly CheckResult[];
  readonly isAsExpected: boolean;
}

/** Lines of the bridge's log that are shown below a run that differs. */
const MAX_LOG_LINES = 10;

/** Runs one suite in one mode and prints one line about it, with what differs below. Never rejects. */
export async function runJob(job: Job, workshop: Workshop): Promise<Done> {
  const startedAt = performance.now();
  const tell = (mark: string, text: string, below: readonly string[]): void => {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const head = `${mark.padEnd(5)}${`${job.suite.name} ${job.version}`.padEnd(28)}${job.mode.padEnd(8)}`;
    workshop.print(`${head}${text}  ${seconds} s\n${below.map((line) => `       ${line}\n`).join('')}`);
  };
  try {
    const { results, said } = await atTarget(job, workshop);
    const differences = compare(results, expectationsFor(job.file, job.mode));
    const isAsExpected = differences.length === 0;
    tell(isAsExpected ? 'ok' : 'DIFF', summary(results), isAsExpected ? [] : [...describe(differences), ...said]);
    return { results, isAsExpected };
  } catch (error) {
    // Once interrupted, every job ends here, and the reader knows why.
    if (!workshop.processes.isClosed) tell('FAIL', `did not come to its end: ${messageOf(error)}`, []);
    return { results: [], isAsExpected: false };
  }
}

/** The suite at the user's deployment, or at a bridge of its own, whose log comes along. */
async function atTarget(
  { suite, mode }: Job,
  { processes, root, bin, options }: Workshop,
): Promise<{ readonly results: readonly CheckResult[]; readonly said: readonly string[] }> {
  const run = (target: Target): Promise<readonly CheckResult[]> =>
    inTemporaryFolder(async (folder) => {
      // The suites' words are printed; some of them repeat the request.
      const redact = (text: string): string => text.replaceAll(target.token, '…');
      try {
        const results = await suite.run(target, mode, { processes, root, folder, bin, goSuite: options.goSuite });
        return results.map((result) => ({ ...result, detail: redact(result.detail) }));
      } catch (error) {
        throw new Error(redact(messageOf(error)), { cause: error });
      }
    });
  if (options.target !== undefined) return { results: await run(options.target), said: [] };
  return withBridge({ processes, root, mode }, async (target, log) => {
    const results = await run(target);
    const lines = log().trim().split('\n').slice(0, MAX_LOG_LINES);
    return { results, said: lines[0] === '' ? [] : ['The bridge has logged:', ...lines] };
  });
}

function summary(results: readonly CheckResult[]): string {
  const [passed, failed, skipped] = [
    countOf(results, 'passed'),
    countOf(results, 'failed'),
    countOf(results, 'skipped'),
  ];
  return `${results.length} checks: ${passed} pass, ${failed} fail, ${skipped} skipped`.padEnd(46);
}

function describe(differences: readonly Difference[]): readonly string[] {
  return differences.map(({ check, problem }) => `${check} ${problem}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
