import { parseArgs } from 'node:util';

/** A command line that cannot be carried out; the message is for its author. */
export class UsageError extends Error {}

export const STORES = ['sqlite', 'postgres', 'both'] as const;
export type StoreName = (typeof STORES)[number];

export interface CrashArguments {
  readonly help: boolean;
  readonly kills: number;
  readonly store: StoreName;
  /** Any one when undefined. */
  readonly seed: number | undefined;
}

export const CRASH_HELP = `npm run crash -- [options]

Kills the built bridge again and again while two identity providers work with it, against a sandbox of Atlassian, and
holds it to what it has acknowledged.

  --kills N                      on each store (default 200)
  --store sqlite|postgres|both   default: sqlite
  --seed N                       repeats the choices of an earlier run
  --help

Exit codes: 0 every promise was kept, 1 one was broken, 2 the command line.
`;

/** @throws UsageError */
export function parseCrashArguments(args: readonly string[]): CrashArguments {
  const values = parse(args, {
    kills: { type: 'string', default: '200' },
    store: { type: 'string', default: 'sqlite' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  });
  return {
    help: values.help === true,
    kills: wholeNumber('kills', values.kills, 2) ?? 0,
    store: storeNamed(values.store, STORES),
    seed: wholeNumber('seed', values.seed, 0),
  };
}

export interface SoakArguments {
  readonly help: boolean;
  readonly minutes: number;
  readonly store: Exclude<StoreName, 'both'>;
  readonly seed: number | undefined;
}

export const SOAK_HELP = `npm run soak -- [options]

Runs the built bridge under steady, mixed load against a sandbox of Atlassian that fails from time to time, and looks
whether memory and files stay as they are and everything is in the end as it was acknowledged.

  --minutes N               default 20; shorter than 5 says nothing of memory
  --store sqlite|postgres   default: sqlite
  --seed N                  repeats the choices of an earlier run
  --help

Exit codes: 0 as it must be, 1 not, 2 the command line.
`;

/** @throws UsageError */
export function parseSoakArguments(args: readonly string[]): SoakArguments {
  const values = parse(args, {
    minutes: { type: 'string', default: '20' },
    store: { type: 'string', default: 'sqlite' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new UsageError('--minutes is a number above 0, such as 20 or 0.5.');
  return {
    help: values.help === true,
    minutes,
    store: storeNamed(values.store, ['sqlite', 'postgres']),
    seed: wholeNumber('seed', values.seed, 0),
  };
}

type Given = Readonly<Record<string, string | boolean | undefined>>;

function parse(args: readonly string[], options: NonNullable<Parameters<typeof parseArgs>[0]>['options']): Given {
  try {
    return parseArgs({ args: [...args], options: options ?? {} }).values as Given;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(name: string, given: Given[string], least: number): number | undefined {
  if (given === undefined) return undefined;
  const value = Number(given);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`--${name} is a whole number of ${least} or more.`);
}

function storeNamed<Name extends StoreName>(given: Given[string], names: readonly Name[]): Name {
  const name = names.find((one) => one === given);
  if (name === undefined) throw new UsageError(`--store is one of ${names.join(', ')}.`);
  return name;
}
