import { z } from 'zod';
import { type Mode, MODES } from './results.js';

/** Checks and why they are named. */
export type Named = ReadonlyMap<string, string>;

/** What one suite is expected to say in one mode. */
export interface Expectations {
  /** How many checks the suite makes. */
  readonly total: number;
  /** Checks that fail, each for a reason that is not ours to repair. */
  readonly deviations: Named;
  /** Checks the suite itself leaves out, or does not count. */
  readonly skips: Named;
  /** Checks that pass, but would also pass if the bridge were wrong; the project's own tests prove these. */
  readonly provesNothing: Named;
}

const group = z.strictObject({
  reason: z.string().min(1),
  /** The modes in which this holds; all when absent. */
  modes: z.array(z.enum(MODES)).min(1).optional(),
  checks: z.array(z.string().min(1)).min(1),
});
export type ReasonGroup = z.infer<typeof group>;

const file = z.strictObject({
  total: z.partialRecord(z.enum(MODES), z.int().positive()),
  deviations: z.array(group),
  skips: z.array(group),
  provesNothing: z.array(group),
});

/** A deviation file: `tests/compliance/deviations/<suite>.json`. */
export type ExpectationFile = z.infer<typeof file>;

/**
 * Reads a deviation file.
 *
 * @param text JSON
 * @throws Error for text of another shape, or a check that is named twice for one mode
 */
export function parseExpectationFile(text: string): ExpectationFile {
  const parsed = file.parse(JSON.parse(text));
  for (const mode of MODES) expectationsFor(parsed, mode);
  return parsed;
}

/** @throws Error when a check is named twice */
export function expectationsFor(from: ExpectationFile, mode: Mode): Expectations {
  const taken = new Set<string>();
  const named = (groups: readonly ReasonGroup[]): Named => {
    const checks = groups
      .filter(({ modes }) => modes === undefined || modes.includes(mode))
      .flatMap(({ reason, checks }) => checks.map((check): [string, string] => [check, reason]));
    for (const [check] of checks) {
      if (taken.has(check)) throw new Error(`"${check}" is named twice for ${mode}.`);
      taken.add(check);
    }
    return new Map(checks);
  };
  return {
    total: from.total[mode] ?? 0,
    deviations: named(from.deviations),
    skips: named(from.skips),
    provesNothing: named(from.provesNothing),
  };
}
