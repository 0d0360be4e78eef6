import type { Named, Expectations } from './expectations.js';
import type { CheckResult, Outcome } from './results.js';

/** Something that is not as the deviation file says. One of them fails the run. */
export interface Difference {
  readonly check: string;
  readonly problem: string;
}

/**
 * Compares a run with what is named, as sets and in both directions: a failure that nobody named is as wrong as a named
 * one that has started to pass. Skips of the suite are held to the same, and so is the number of checks: a suite that
 * stops half-way would otherwise look well.
 *
 * @returns nothing when all is as expected
 */
export function compare(results: readonly CheckResult[], expected: Expectations): Difference[] {
  const byName = new Map(results.map((result) => [result.check, result]));
  const differences: Difference[] = [];
  if (results.length !== expected.total) {
    differences.push({
      check: '(the suite)',
      problem: `ran ${results.length} checks; the deviation file says ${expected.total}`,
    });
  }
  for (const { check, outcome, detail } of results) {
    if (outcome === 'failed' && !expected.deviations.has(check)) {
      differences.push({ check, problem: `fails and is not named: ${detail}` });
    }
    if (outcome === 'skipped' && !expected.skips.has(check)) {
      differences.push({ check, problem: `is skipped by the suite and is not named: ${detail}` });
    }
  }
  return [
    ...differences,
    ...unlike(byName, expected.deviations, 'failed', 'a deviation'),
    ...unlike(byName, expected.skips, 'skipped', 'skipped'),
    ...unlike(byName, expected.provesNothing, 'passed', 'passing without proof'),
  ];
}

/** What is named although it is not so, or not there. */
function unlike(
  results: ReadonlyMap<string, CheckResult>,
  named: Named,
  outcome: Outcome,
  words: string,
): readonly Difference[] {
  return [...named].flatMap(([check, reason]) => {
    const found = results.get(check);
    if (found === undefined) {
      return { check, problem: `is named as ${words}, but the suite has no such check (named reason: ${reason})` };
    }
    if (found.outcome === outcome) return [];
    return { check, problem: `is named as ${words}, but it ${PAST[found.outcome]} (named reason: ${reason})` };
  });
}

const PAST: Readonly<Record<Outcome, string>> = { passed: 'passed', failed: 'failed', skipped: 'was skipped' };
