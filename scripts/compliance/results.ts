/** What came of a check. A suite that only warns does not count the check: `skipped`. */
export type Outcome = 'passed' | 'failed' | 'skipped';

/** One check of a suite, under the name the suite gives it. */
export interface CheckResult {
  readonly check: string;
  readonly outcome: Outcome;
  /** The suite's own words; never part of a comparison, since they hold ids and times. */
  readonly detail: string;
}

/** How the bridge treats changes of a profile: the values of its setting `PROFILE_UPDATES`. */
export const MODES = ['put', 'reject', 'record'] as const;
export type Mode = (typeof MODES)[number];

/**
 * Gives checks that bear the same name a number from the second on (`object_query #2`), so that each is compared.
 * The suites run in a fixed order, hence the numbers stay.
 */
export function numberRepeats(results: readonly CheckResult[]): CheckResult[] {
  const seen = new Map<string, number>();
  return results.map((result) => {
    const times = (seen.get(result.check) ?? 0) + 1;
    seen.set(result.check, times);
    return times === 1 ? result : { ...result, check: `${result.check} #${times}` };
  });
}

export function countOf(results: readonly CheckResult[], outcome: Outcome): number {
  return results.filter((result) => result.outcome === outcome).length;
}

const MAX_DETAIL_LENGTH = 300;

/** A suite's words as they fit below a result. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, MAX_DETAIL_LENGTH);
}
