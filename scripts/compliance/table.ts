import type { Job } from './plan.js';
import { type CheckResult, countOf, type Mode } from './results.js';
import type { ExpectationFile } from './expectations.js';

/** What one suite said in one mode. */
export interface Row {
  readonly suite: string;
  readonly version: string;
  readonly mode: Mode;
  /** Undefined where the suite could not run. */
  readonly counted: { readonly checks: number; readonly passed: number; readonly skipped: number } | undefined;
  /** Why it could not. */
  readonly skipped: string | undefined;
  readonly file: ExpectationFile;
}

const BEGIN = '<!-- compliance:begin -->';
const END = '<!-- compliance:end -->';
/** More names than these stay in the deviation file. */
const MAX_NAMES = 6;

/** @param results undefined where the suite could not run */
export function rowOf({ suite, version, mode, file, skipped }: Job, results: readonly CheckResult[] | undefined): Row {
  const counted = results && {
    checks: results.length,
    passed: countOf(results, 'passed'),
    skipped: countOf(results, 'skipped'),
  };
  return { suite: suite.name, version, mode, file, counted, skipped };
}

/** The results as Markdown: one row for each suite and mode, then every deviation with its reason. */
export function describeTable(rows: readonly Row[]): string {
  const lines = [
    '| suite | version | `PROFILE_UPDATES` | checks | pass | deviate | left out by the suite |',
    '| --- | --- | --- | --- | --- | --- | --- |',
  ];
  for (const { suite, version, mode, counted, skipped } of rows) {
    const cells =
      counted === undefined
        ? [`not run: ${skipped?.split(/[.;:]/)[0] ?? 'interrupted'}`, '', '', '']
        : [counted.checks, counted.passed, counted.checks - counted.passed - counted.skipped, counted.skipped];
    lines.push(`| ${[suite, version, `\`${mode}\``, ...cells].join(' | ')} |`);
  }
  lines.push('', 'Every deviation of what ran, by its reason:', '');
  for (const [reason, places] of deviationsByReason(rows.filter(({ counted }) => counted !== undefined))) {
    lines.push(`- ${reason}`, ...places.map((place) => `  - ${place}`));
  }
  return lines.join('\n');
}

/** Suites share reasons: each is said once, with where it holds below. */
function deviationsByReason(rows: readonly Row[]): ReadonlyMap<string, readonly string[]> {
  const byReason = new Map<string, string[]>();
  for (const [suite, { deviations }] of new Map(rows.map((row) => [row.suite, row.file]))) {
    for (const { reason, modes, checks } of deviations) {
      const where = modes === undefined ? '' : ` with ${modes.map((mode) => `\`${mode}\``).join(', ')}`;
      const names = checks.slice(0, MAX_NAMES).map((check) => `\`${check}\``);
      const rest = checks.length > MAX_NAMES ? ` and ${checks.length - MAX_NAMES} more` : '';
      byReason.set(reason, [...(byReason.get(reason) ?? []), `${suite}${where}: ${names.join(', ')}${rest}`]);
    }
  }
  return byReason;
}

/**
 * Puts a table between the markers of a document.
 *
 * @throws Error when the document has not both markers, in this order
 */
export function replaceTable(document: string, table: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`README.md needs the lines ${BEGIN} and ${END}.`);
  return `${document.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${document.slice(end)}`;
}
