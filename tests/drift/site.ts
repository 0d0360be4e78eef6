import { connect } from '../../src/atlassian/connection.js';
import { upstreamConfig } from '../../src/bridge.js';
import { questionsTo } from '../../src/doctor/questions.js';
import { compare } from '../../src/drift/compare.js';
import type { Drift, Finding, RepairName } from '../../src/drift/findings.js';
import { planRepairs, planText } from '../../src/drift/plan.js';
import { carryOutRepairs, type Outcome } from '../../src/drift/repair.js';
import type { Progress } from '../../src/terminal.js';
import { openOwnCall } from '../../src/roster/ownCall.js';
import { openAccountSet } from '../../src/store/accountSet.js';
import { startUsers, type UserSite } from '../provisioning/userSite.js';
import type { BridgeOptions } from '../support/bridge.js';

export const MINUTE_MS = 60_000;
const NO_PROGRESS: Progress = { expect: () => undefined, step: () => undefined, end: () => undefined };

export interface DriftSite extends UserSite {
  drift(): Promise<Drift>;
  /** The kinds found, each with whom it is about, or else the group. */
  found(): Promise<readonly string[]>;
  /** Compares, plans and carries out. @returns what became of each, in the order of the plan */
  repair(...names: RepairName[]): Promise<{ readonly plan: string; readonly outcomes: readonly Outcome[] }>;
  /** As `repair`, with something happening after the comparison. */
  repairAfter(
    meanwhile: () => PromiseLike<unknown>,
    ...names: RepairName[]
  ): Promise<{ readonly plan: string; readonly outcomes: readonly Outcome[] }>;
  /** Later than own writes count against lagging reads. */
  later(): void;
}

/** A bridge, and `drift` asked beside it through a connection of its own. */
export async function startDrift(options: BridgeOptions = {}): Promise<DriftSite> {
  const site = await startUsers(options);
  const { config, clock, store: records, app } = site;
  const asking = async <T>(work: (questions: ReturnType<typeof questionsTo>) => Promise<T>): Promise<T> => {
    const connection = connect({ config: upstreamConfig(config), clock });
    try {
      return await work(questionsTo(config, connection, clock));
    } finally {
      connection.close();
    }
  };
  const openCall = () => openOwnCall('scan', 600_000, new AbortController().signal, clock);
  const drift = () =>
    asking((questions) =>
      compare({ questions, records, clock, openCall, openSet: openAccountSet, progress: NO_PROGRESS }),
    );
  const repairAfter: DriftSite['repairAfter'] = async (meanwhile, ...names) => {
    const { findings } = await drift();
    const repairs = await asking((questions) => planRepairs(findings, names, { questions, records }));
    await meanwhile();
    const operatorCall = () => ({ ...site.call('operator'), requestId: 'by-hand' });
    const outcomes = await carryOutRepairs(repairs, app.deps, operatorCall, () => undefined);
    return { plan: planText(repairs), outcomes };
  };
  return {
    ...site,
    drift,
    found: async () => (await drift()).findings.map(nameOf),
    repair: (...names) => repairAfter(() => Promise.resolve(), ...names),
    repairAfter,
    later: () => site.clock.advance(11 * MINUTE_MS),
  };
}

function nameOf({ kind, person, groups }: Finding): string {
  return `${kind} ${person?.name ?? groups[0]?.name ?? ''}`;
}
