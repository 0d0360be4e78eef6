import { parseArgs } from 'node:util';
import { type Mode, MODES } from './results.js';

/** What the command line asks for. */
export interface Options {
  readonly help: boolean;
  readonly modes: readonly Mode[];
  /** Names of suites; all when empty. */
  readonly suites: readonly string[];
  /** A deployment of the user's own, instead of a bridge and a sandbox made for the run. */
  readonly target: { readonly url: string; readonly token: string } | undefined;
  readonly requireAll: boolean;
  readonly writeTable: boolean;
  /** Folder with a checkout of scim2/test-suite. */
  readonly goSuite: string | undefined;
}

/** A command line that cannot be carried out; the message is for its author. */
export class UsageError extends Error {}

export const HELP = `npm run compliance -- [options]

Runs public SCIM suites, pinned, against the built bridge and compares every check with tests/compliance/deviations.

  --mode put|reject|record   one value of PROFILE_UPDATES (default: each in turn)
  --suite NAME               one suite; may be repeated
  --require-all              fail when a suite that a package registry serves is skipped
  --write-table              write the table between its markers in README.md; runs all suites and modes
  --go-suite FOLDER          a checkout of scim2/test-suite; else from the variable SCIM2_TEST_SUITE
  --url URL --token TOKEN --throwaway
                             run at a deployment of your own (SCIM base URL), in one mode (default: put). The suites
                             create, change and delete users and groups there and invite made-up addresses: only for
                             an installation that can be thrown away. The token may be in SCIM_TOKEN instead.
  --help

Exit codes: 0 everything as named, 1 a difference, 2 the command line.
`;

/**
 * Reads the command line.
 *
 * @param args what follows the name of the program
 * @throws UsageError
 */
export function parseOptions(args: readonly string[], env: NodeJS.ProcessEnv, suiteNames: readonly string[]): Options {
  const values = parse(args);
  const suites = values.suite ?? [];
  for (const name of suites) {
    if (!suiteNames.includes(name))
      throw new UsageError(`There is no suite "${name}". There are ${suiteNames.join(', ')}.`);
  }
  const mode = MODES.find((name) => name === values.mode);
  if (values.mode !== undefined && mode === undefined) throw new UsageError(`--mode is one of ${MODES.join(', ')}.`);
  const target = targetOf(values, env);
  if (values['write-table'] === true && (mode !== undefined || suites.length > 0 || target !== undefined)) {
    throw new UsageError('--write-table describes all suites and modes; leave --mode, --suite and --url out.');
  }
  return {
    help: values.help ?? false,
    modes: mode === undefined ? (target === undefined ? MODES : ['put']) : [mode],
    suites,
    target,
    requireAll: values['require-all'] ?? values['write-table'] ?? false,
    writeTable: values['write-table'] ?? false,
    goSuite: values['go-suite'] ?? env['SCIM2_TEST_SUITE'],
  };
}

type Values = ReturnType<typeof parse>;

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean' },
        mode: { type: 'string' },
        suite: { type: 'string', multiple: true },
        url: { type: 'string' },
        token: { type: 'string' },
        throwaway: { type: 'boolean' },
        'require-all': { type: 'boolean' },
        'write-table': { type: 'boolean' },
        'go-suite': { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function targetOf({ url, token, throwaway }: Values, env: NodeJS.ProcessEnv): Options['target'] {
  if (url === undefined) {
    if (token !== undefined || throwaway !== undefined) throw new UsageError('--token and --throwaway go with --url.');
    return undefined;
  }
  if (!URL.canParse(url)) throw new UsageError('--url is the SCIM base URL, such as https://scim.example.com/scim/v2.');
  const secret = token ?? env['SCIM_TOKEN'];
  if (secret === undefined || secret === '') throw new UsageError('--url needs --token, or SCIM_TOKEN.');
  if (throwaway !== true) {
    throw new UsageError(
      'The suites create, change and delete users and groups at that address, and invite made-up addresses into its\n' +
        'Confluence. If the installation can be thrown away, say so with --throwaway.',
    );
  }
  return { url: url.replace(/\/+$/, ''), token: secret };
}
