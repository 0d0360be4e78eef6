import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDriver, parseGoSuite, parseScenario, parseScimSanity } from './parsers.js';
import type { Finished } from './processes.js';
import type { CheckResult, Mode } from './results.js';
import { checkWithSchemathesis } from './schemathesis.js';
import { checkWithScim2Cli } from './scim2Cli.js';
import { environmentFor, LIMIT_MS, type Target, type Tools } from './target.js';

export interface Suite {
  /** As on the command line; the deviation file is named after it. */
  readonly name: string;
  /** A Python package pinned in `requirements.txt`, a script of the project, or a commit that no registry serves. */
  readonly source:
    | { readonly package: string }
    | { readonly script: string }
    | {
        readonly commit: string;
        /** Says why it cannot run on this machine; undefined when it can. */
        whyNot(checkout: string | undefined): Promise<string | undefined>;
      };
  /** @returns one result for each check; rejects when the suite does not come to its end */
  run(target: Target, mode: Mode, tools: Tools): Promise<readonly CheckResult[]>;
}

const GO_SUITE_COMMIT = '3d80a46';

/** How to run the one suite that no package registry serves. */
const GO_SUITE_COMMANDS = [
  'git clone https://github.com/scim2/test-suite ../scim2-test-suite',
  `git -C ../scim2-test-suite checkout ${GO_SUITE_COMMIT}`,
  'npm run compliance -- --suite scim2-test-suite --go-suite ../scim2-test-suite',
] as const;

/** Every suite, the one that takes longest first, so that nothing else waits for it at the end. */
export const SUITES: readonly Suite[] = [
  { name: 'schemathesis', source: { package: 'schemathesis' }, run: checkWithSchemathesis },
  {
    name: 'scim2-tester-narrow',
    source: { package: 'scim2-tester' },
    run: (target, _mode, tools) => runTester(target, tools, join(tools.root, 'tests/compliance/schemas/narrow.json')),
  },
  {
    name: 'scim2-tester-full',
    source: { package: 'scim2-tester' },
    run: (target, _mode, tools) => runTester(target, tools, 'full'),
  },
  {
    name: 'scim-sanity',
    source: { package: 'scim-sanity' },
    run: async (target, _mode, tools) =>
      parseScimSanity((await runDriver(target, tools, ['scim_sanity_probe.py'])).out),
  },
  { name: 'scim2-cli', source: { package: 'scim2-cli' }, run: checkWithScim2Cli },
  scenario('entra'),
  scenario('okta'),
  {
    name: 'scim2-test-suite',
    source: { commit: GO_SUITE_COMMIT, whyNot: whyNoGoSuite },
    run: runGoSuite,
  },
];

async function whyNoGoSuite(checkout: string | undefined): Promise<string | undefined> {
  if (checkout === undefined) return `no package registry serves it. Elsewhere: ${GO_SUITE_COMMANDS.join(' && ')}`;
  const isThere = await access(join(checkout, 'go.mod')).then(
    () => true,
    () => false,
  );
  return isThere ? undefined : `there is no checkout of it in ${checkout}`;
}

/** What a hosted validator asks, in the project's own words: it prints one line of JSON a check. */
function scenario(name: string): Suite {
  const script = `tests/compliance/scenarios/${name}.mjs`;
  return {
    name: `${name}-scenario`,
    source: { script },
    run: async (target, _mode, { processes, root, folder }) => {
      const finished = await processes.run(process.execPath, [join(root, script), target.url], {
        env: environmentFor(target),
        cwd: folder,
        timeoutMs: LIMIT_MS,
      });
      if (finished.code !== 0) throw new Error(`exit ${finished.code}: ${lastLine(finished)}`);
      return parseScenario(finished.out);
    },
  };
}

async function runTester(target: Target, tools: Tools, models: string): Promise<CheckResult[]> {
  return parseDriver((await runDriver(target, tools, ['scim2_tester_run.py', models])).out);
}

/** The drivers report failed checks in their output; what they exit with says only whether they came to their end. */
async function runDriver(target: Target, tools: Tools, [driver, ...args]: readonly [string, ...string[]]) {
  const script = join(tools.root, 'tests/compliance/drivers', driver);
  const finished = await tools.processes.run(join(tools.bin, 'python'), ['-W', 'ignore', script, ...args], {
    env: environmentFor(target),
    cwd: tools.folder,
    timeoutMs: LIMIT_MS,
  });
  if (finished.out === '') throw new Error(`it printed nothing: ${lastLine(finished)}`);
  return finished;
}

/** Its own exit code is 1 as soon as one check fails; the lines say which. */
async function runGoSuite(target: Target, _mode: Mode, tools: Tools): Promise<CheckResult[]> {
  const args = ['test', './compliance/', '-count=1', '-v', `-scim.url=${target.url}`, `-scim.token=${target.token}`];
  const finished = await tools.processes.run('go', [...args, `-scim.report=${join(tools.folder, 'report.txt')}`], {
    env: environmentFor(target),
    cwd: tools.goSuite ?? tools.folder,
    timeoutMs: LIMIT_MS,
  });
  const results = parseGoSuite(finished.out);
  if (results.length === 0) throw new Error(`it made no check: ${lastLine(finished)}`);
  return results;
}

function lastLine({ out, err }: Finished): string {
  return (err.trim() === '' ? out : err).trim().split('\n').at(-1) ?? '';
}
