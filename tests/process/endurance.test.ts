import { describe, expect, it } from '@jest/globals';
import { runCrash } from '../../scripts/endurance/crashRun.js';
import { type CreateDatabase, createSqlite } from '../../scripts/endurance/databases.js';
import type { Sample } from '../../scripts/endurance/measures.js';
import { parseCrashArguments, parseSoakArguments, UsageError } from '../../scripts/endurance/options.js';
import { describeSoak, runSoak } from '../../scripts/endurance/soakRun.js';
import { leakProblems, memoryProblems } from '../../scripts/endurance/verdict.js';
import { hasPostgres, newDatabase, warnWithoutPostgres } from '../support/postgres.js';

/** On a machine that does much else; on a quiet one each takes some twenty seconds. */
const PATIENCE_MS = 300_000;

function printing(): { readonly print: (line: string) => void; readonly said: () => string } {
  const lines: string[] = [];
  return {
    print: (line) => {
      lines.push(line);
      process.stdout.write(`${line}\n`);
    },
    said: () => lines.join('\n'),
  };
}

warnWithoutPostgres('the crash test on PostgreSQL');

const createPostgres: CreateDatabase = async () => ({
  ...(await newDatabase()),
  file: undefined,
  damages: () => Promise.resolve([]),
});

const STORES: readonly (readonly [string, number, CreateDatabase])[] = [
  ['SQLite', 2, createSqlite],
  ...(hasPostgres() ? ([['PostgreSQL', 3, createPostgres]] as const) : []),
];

describe('npm run crash, in short', () => {
  it.each(STORES)(
    'finds every promise kept by a bridge on %s that is killed eight times [SA6] [SA10] [SA11]',
    async (name, seed, createDatabase) => {
      const { print, said } = printing();
      const stores = new Map([[name, createDatabase]]);

      const { isKept, kills, acknowledged } = await runCrash({ kills: 8, seed, stores }, print);

      expect(isKept ? 'kept' : said()).toBe('kept');
      expect(kills).toBeGreaterThanOrEqual(8);
      expect(acknowledged).toBeGreaterThan(3);
    },
    PATIENCE_MS,
  );

  it('refuses a command line that it does not understand, with an example of one', () => {
    expect(parseCrashArguments([])).toEqual({ help: false, kills: 200, store: 'sqlite', seed: undefined });
    expect(parseCrashArguments(['--kills', '12', '--store', 'both', '--seed', '7'])).toEqual({
      help: false,
      kills: 12,
      store: 'both',
      seed: 7,
    });
    for (const args of [['--kills', 'many'], ['--store', 'oracle'], ['--fast']]) {
      expect(() => parseCrashArguments(args)).toThrow(UsageError);
    }
  });
});

describe('npm run soak, in short', () => {
  it(
    'finds everything as it was acknowledged, closed again, and no answer that the faults do not explain [SA4]',
    async () => {
      const { print } = printing();

      const result = await runSoak({ durationMs: 20_000, seed: 1, createDatabase: createSqlite }, print);
      describeSoak(result).forEach(print);

      expect(result.problems).toEqual([]);
      expect(result.gusts).toBeGreaterThan(0);
      expect(result.requests).toBeGreaterThan(50);
    },
    PATIENCE_MS,
  );

  it('refuses a command line that it does not understand', () => {
    expect(parseSoakArguments(['--minutes', '0.5'])).toEqual({
      help: false,
      minutes: 0.5,
      store: 'sqlite',
      seed: undefined,
    });
    for (const args of [
      ['--minutes', '0'],
      ['--store', 'both'],
    ]) {
      expect(() => parseSoakArguments(args)).toThrow(UsageError);
    }
  });

  const MIB = 2 ** 20;
  const minutes = (count: number, megabytes: (minute: number) => number): Sample[] =>
    Array.from({ length: count * 12 }, (_, n) => ({
      atMs: n * 5_000,
      rssBytes: megabytes(n / 12) * MIB,
      heapBytes: (20 + (n % 12)) * MIB,
      handles: 40,
      lagMs: 5,
      files: 33,
      upstreamSockets: 8,
      databaseBytes: 0,
      logBytes: 0,
    }));

  it.each([
    ['a heap that fills and is emptied again', minutes(20, () => 130), 0],
    ['growth that ends while it warms up', minutes(20, (minute) => 90 + Math.min(minute, 4) * 15), 0],
    ['four megabytes a minute', minutes(20, (minute) => 100 + 4 * minute), 1],
    ['the same in a run that is too short to tell', minutes(4, (minute) => 100 + 4 * minute), 0],
  ])('takes %s for what it is', (_what, samples, problems) => {
    expect(memoryProblems(samples)).toHaveLength(problems);
  });

  it('tells files and handles that stay open, and connections to Atlassian beyond those that are kept for the next call', () => {
    const [sample] = minutes(1, () => 100);
    if (sample === undefined) throw new Error('There is no sample.');

    expect(leakProblems(sample, sample)).toEqual([]);
    expect(leakProblems(sample, { ...sample, files: 34 })).toHaveLength(1);
    expect(leakProblems(sample, { ...sample, handles: 51 })).toHaveLength(1);
    expect(leakProblems(sample, { ...sample, upstreamSockets: 17 })).toHaveLength(1);
  });
});
