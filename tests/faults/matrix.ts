import { CHANGING } from './changing.js';
import { FAULTS, type UpstreamFault } from './faults.js';
import { GIVING } from './giving.js';
import { READING, SCANNING } from './reading.js';
import type { Task } from './run.js';
import { SCAN, type Scenario, type SiteName } from './scenario.js';
import { TAKING } from './taking.js';

export const SCENARIOS: readonly Scenario[] = [...GIVING, ...TAKING, ...CHANGING, ...READING, ...SCANNING];

/** A fault of one upstream message, before anything is played. */
export interface PlannedCell {
  readonly scenario: Scenario;
  readonly site: SiteName;
  readonly position: number;
  /** Of the message. */
  readonly upstream: string;
  readonly fault: UpstreamFault;
}

/** Every fault of every message of every scenario on every site. */
export const ALL_CELLS: readonly PlannedCell[] = SCENARIOS.flatMap((scenario) =>
  sitesOf(scenario).flatMap((site) =>
    (scenario.calls[site] ?? []).flatMap((upstream, position) =>
      FAULTS.map((fault) => ({ scenario, site, position, upstream, fault })),
    ),
  ),
);

/** The cells that `npm test` plays, all of them with `FAULT_MATRIX=full`. */
export const CELLS: readonly PlannedCell[] = process.env['FAULT_MATRIX'] === 'full' ? ALL_CELLS : sample(ALL_CELLS);

export function sitesOf(scenario: Scenario): readonly SiteName[] {
  return Object.keys(scenario.calls) as SiteName[];
}

/**
 * What a cell is about whatever the scenario: this SCIM operation, this upstream operation, this fault. What a scan reads
 * is the same whether a list asked for it or not.
 */
export function subjectOf({ scenario, upstream, fault }: PlannedCell): string {
  const operation = scenario.operation === 'scan' && SCAN.includes(upstream) ? 'listUsers' : scenario.operation;
  return `${operation}, ${upstream}, ${fault.name}`;
}

/**
 * One cell for each subject; which of the scenarios, sites and positions plays it goes in turn, so that none is left out
 * where there are fewer of them than faults.
 */
function sample(cells: readonly PlannedCell[]): readonly PlannedCell[] {
  const bySubject = new Map<string, PlannedCell[]>();
  for (const cell of cells) {
    const subject = subjectOf(cell);
    bySubject.set(subject, [...(bySubject.get(subject) ?? []), cell]);
  }
  return [...bySubject.values()].flatMap((candidates, turn) => candidates[turn % candidates.length] ?? []);
}

/** The cells of some scenarios, together for each scenario and site. */
export function tasksOf(scenarios: readonly Scenario[]): readonly Task[] {
  return scenarios.flatMap((scenario) =>
    sitesOf(scenario).map((site) => ({
      scenario,
      site,
      cells: CELLS.filter((cell) => cell.scenario === scenario && cell.site === site),
    })),
  );
}
