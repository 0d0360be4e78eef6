import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { compare } from '../../scripts/compliance/compare.js';
import { type Expectations, expectationsFor, parseExpectationFile } from '../../scripts/compliance/expectations.js';
import { type CheckResult, MODES, type Outcome } from '../../scripts/compliance/results.js';
import { SUITES } from '../../scripts/compliance/suites.js';

const FOLDER = new URL('./deviations/', import.meta.url);
const FILES = readdirSync(FOLDER);

const expected: Expectations = {
  total: 4,
  deviations: new Map([['GET /Schemas', 'declared off']]),
  skips: new Map([['agents', 'no such people']]),
  provesNothing: new Map([['remove manager', 'there is none']]),
};

/** A run that is exactly as expected, but for the given outcomes. */
function runWith(changes: Readonly<Record<string, Outcome | 'gone'>> = {}): CheckResult[] {
  const usual = { 'create user': 'passed', 'GET /Schemas': 'failed', agents: 'skipped', 'remove manager': 'passed' };
  return Object.entries({ ...usual, ...changes }).flatMap(([check, outcome]) =>
    outcome === 'gone' ? [] : { check, outcome: outcome as Outcome, detail: 'its own words' },
  );
}

function checksThatDiffer(results: readonly CheckResult[]): string[] {
  return compare(results, expected).map(({ check }) => check);
}

describe('comparing a suite with its deviation file', () => {
  it('finds nothing when the run is as named', () => {
    expect(compare(runWith(), expected)).toEqual([]);
  });

  it.each<[string, Readonly<Record<string, Outcome>>, string]>([
    ['a failure that is not named', { 'create user': 'failed' }, 'create user'],
    ['a named deviation that passes', { 'GET /Schemas': 'passed' }, 'GET /Schemas'],
    ['a named deviation that is skipped', { 'GET /Schemas': 'skipped' }, 'GET /Schemas'],
    ['a skip that is not named', { 'create user': 'skipped' }, 'create user'],
    ['a named skip that passes', { agents: 'passed' }, 'agents'],
    ['a named skip that fails', { agents: 'failed' }, 'agents'],
    ['a check without proof that fails', { 'remove manager': 'failed' }, 'remove manager'],
  ])('reports %s', (_what, changes, check) => {
    expect(checksThatDiffer(runWith(changes))).toContain(check);
  });

  it.each(['GET /Schemas', 'agents', 'remove manager'])('reports %s when it is named and no longer there', (check) => {
    const results = [...runWith({ [check]: 'gone' }), { check: 'another', outcome: 'passed' as const, detail: '' }];

    expect(compare(results, expected)).toEqual([
      { check, problem: expect.stringContaining('no such check') as unknown as string },
    ]);
  });

  it('reports a run that stopped half-way, although nothing of it failed', () => {
    expect(checksThatDiffer(runWith({ 'create user': 'gone' }))).toEqual(['(the suite)']);
  });

  it('reports a check that appeared, although it passes', () => {
    expect(checksThatDiffer([...runWith(), { check: 'new', outcome: 'passed', detail: '' }])).toEqual(['(the suite)']);
  });
});

describe('the deviation files', () => {
  it('are one for each suite', () => {
    expect(FILES.sort()).toEqual(SUITES.map(({ name }) => `${name}.json`).sort());
  });

  it.each(FILES)('fail the run for each check of %s that turns out otherwise, in each mode', (name) => {
    const file = parseExpectationFile(readFileSync(new URL(name, FOLDER), 'utf8'));

    for (const mode of MODES) {
      const named = expectationsFor(file, mode);
      const asNamed: CheckResult[] = [
        ...[...named.deviations.keys()].map((check) => ({ check, outcome: 'failed' as const, detail: '' })),
        ...[...named.skips.keys()].map((check) => ({ check, outcome: 'skipped' as const, detail: '' })),
        ...[...named.provesNothing.keys()].map((check) => ({ check, outcome: 'passed' as const, detail: '' })),
      ];
      const others = Array.from({ length: named.total - asNamed.length }, (_, n) => ({
        check: `other ${n}`,
        outcome: 'passed' as const,
        detail: '',
      }));
      expect(compare([...asNamed, ...others], named)).toEqual([]);

      for (const { check, outcome } of asNamed) {
        const otherwise = asNamed.map((result): CheckResult =>
          result.check === check ? { ...result, outcome: outcome === 'passed' ? 'failed' : 'passed' } : result,
        );
        expect(compare([...otherwise, ...others], named).map((difference) => difference.check)).toContain(check);
      }
    }
  });

  it('may name a check once only', () => {
    const group = { reason: 'declared off', checks: ['GET /Schemas'] };
    const file = { total: { put: 1 }, deviations: [group], skips: [{ ...group, modes: ['put'] }], provesNothing: [] };

    expect(() => parseExpectationFile(JSON.stringify(file))).toThrow('"GET /Schemas" is named twice for put.');
  });

  it('need a reason for what they name', () => {
    const file = { total: { put: 1 }, deviations: [{ checks: ['GET /Schemas'] }], skips: [], provesNothing: [] };

    expect(() => parseExpectationFile(JSON.stringify(file))).toThrow('reason');
  });
});
