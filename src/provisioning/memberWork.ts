import { mayHaveHappened } from './brake.js';
import type { Call } from './call.js';
import type { Access, Dependencies } from './dependencies.js';
import { Failure } from './failure.js';
import type { Progress } from './jobs.js';
import { MemberSteps, type PlannedStep } from './memberSteps.js';
import { inParallel } from './parallel.js';

/** A plan with the people it names. */
export interface MemberWork {
  readonly groupId: string;
  readonly remove: readonly PlannedStep[];
  readonly add: readonly PlannedStep[];
  /** What the audit names as the reason of each write; rule GR5 when absent. */
  readonly decision?: string;
}

/** What carrying out a plan came to. */
export interface MemberOutcome {
  /** Whether anything changed, in Confluence or in what is kept here. */
  readonly hasChanged: boolean;
  /** SCIM ids of those who left, or may have left. */
  readonly removed: ReadonlySet<string>;
  /** SCIM ids of everybody whose step is surely done. */
  readonly settled: ReadonlySet<string>;
  /** The first step that was refused for its person alone, or that stopped the rest. */
  readonly failure: Failure | undefined;
}

/** Writes to one group at once. */
const MOST_AT_ONCE = 4;

/**
 * Carries out a plan: removals first, because they free seats, then additions (rule GR5). Each confirmed write is
 * recorded and audited at once, so that a stop in the middle loses nothing. A person who is refused does not stop the
 * others; a failure that says nothing about the person does. The caller holds `group:<id>`.
 */
export async function carryOut(
  work: MemberWork,
  access: Access,
  deps: Dependencies,
  call: Call,
  progress: Progress,
): Promise<MemberOutcome> {
  const total = work.remove.length + work.add.length;
  let done = 0;
  let hasChanged = false;
  let refusal: Failure | undefined;
  const removed = new Set<string>();
  const settled = new Set<string>();
  const steps = new MemberSteps(work.groupId, work.decision ?? 'GR5', access, deps);

  const take = async (
    step: PlannedStep,
    change: (step: PlannedStep, call: Call) => Promise<boolean>,
  ): Promise<void> => {
    // A list of its own, so that the audit line of each write holds just the calls that belong to it.
    const own: Call = { ...call, upstream: [] };
    try {
      if (await change(step, own)) hasChanged = true;
      settled.add(step.member.id);
    } catch (error) {
      const failure = Failure.from(error);
      if (failure.kind !== 'refused' && failure.kind !== 'invalid') throw failure;
      refusal ??= failure;
    } finally {
      call.upstream.push(...own.upstream);
    }
    done += 1;
    progress(done, total);
  };

  progress(0, total);
  try {
    await inParallel(work.remove, MOST_AT_ONCE, (step) =>
      take(step, async (one, own) => {
        try {
          const hasLeft = await steps.remove(one, own);
          if (hasLeft) removed.add(one.member.id);
          return hasLeft;
        } catch (error) {
          if (mayHaveHappened(Failure.from(error))) removed.add(one.member.id);
          throw error;
        }
      }),
    );
    await inParallel(work.add, MOST_AT_ONCE, (step) => take(step, (one, own) => steps.add(one, own)));
  } catch (error) {
    return { hasChanged, removed, settled, failure: Failure.from(error) };
  }
  return { hasChanged, removed, settled, failure: refusal };
}
