import { randomUUID } from 'node:crypto';
import { audit } from './auditing.js';
import {
  type BrakeLimits,
  explain,
  groupOf,
  judgeLosses,
  type Losses,
  type Overrun,
  type Verdict,
  windowStart,
} from './brakeLimits.js';
import type { BrakeCounter, CountedRemoval } from './brakeRecords.js';
import type { Call, Clock } from './call.js';
import type { Log } from './dependencies.js';
import { Failure } from './failure.js';
import type { Records, Store } from './store.js';

/** Room in the window, taken before the first upstream write. */
export interface Reservation {
  /** This person was removed, or nobody knows: stays counted. */
  keep(personId: string): void;
  keepAll(): void;
  /** The work is over: who was not kept is given back. Never fails; what cannot be given back stays counted. */
  end(): Promise<void>;
}

/**
 * Stops an identity provider gone wrong (rule SA11): what is removed within a sliding window is counted, over all callers
 * and verbs, and what would pass a limit is refused whole.
 */
export interface Brake {
  /** Whether there is room, without taking it: spares the calls of a message that would be refused. @throws Failure as `reserve` */
  check(losses: Losses, call: Call): Promise<void>;
  /**
   * Takes the room that the losses need, all or nothing. Whoever is counted already in this window needs none.
   *
   * @throws Failure `unavailable`, refused by SA11, when a limit would be passed
   */
  reserve(losses: Losses, call: Call): Promise<Reservation>;
}

/** Where the brake tells what it does. */
export interface BrakeMetrics {
  brakeTripped(counter: 'access' | 'group'): void;
  brakeRefused(counter: 'access' | 'group'): void;
  /** People or members that stay counted. */
  removalsCounted(counter: 'access' | 'group', count: number): void;
}

export interface BrakeParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: BrakeLimits;
  readonly metrics: BrakeMetrics;
  /** Counts the members of a group upstream. @throws Failure when it cannot be told */
  readonly countMembers: (groupId: string, call: Call) => Promise<number>;
  /** Waits for the first scan (rule LI1). @throws Failure when the call's budget ends first */
  readonly indexReady: (call: Call) => Promise<void>;
}

/** What identity providers are told to wait: their next round, not the next second. */
const RETRY_AFTER_SECONDS = 300;

const UNBOUND: Reservation = { keep: ignore, keepAll: ignore, end: () => Promise.resolve() };

/**
 * Lets everything pass, uncounted. For what a person decides one by one, and for wishes that were judged when they were
 * stated and are carried out only now.
 */
export const RELEASED_BRAKE: Brake = {
  check: () => Promise.resolve(),
  reserve: () => Promise.resolve(UNBOUND),
};

export function createBrake(parts: BrakeParts): Brake {
  const { store, clock, log, limits, metrics } = parts;

  /** Judges the losses, and reserves them in the same transaction, so that messages side by side cannot pass a limit together. */
  async function judge(
    losses: Losses,
    reservation: string | undefined,
    call: Call,
  ): Promise<readonly CountedRemoval[]> {
    const sizes = new Map<string, number>();
    for (;;) {
      let hasTripped = false;
      const verdict = await store.transaction(async (records): Promise<Verdict> => {
        const nowMs = clock.now();
        const judged = await judgeLosses(records, losses, sizes, nowMs, limits);
        if (judged.kind === 'fits' && reservation !== undefined) {
          await records.brake.prune(nowMs - limits.windowMs);
          await records.brake.reserve(reservation, judged.removals, nowMs);
        }
        if (judged.kind === 'over') hasTripped = await noteRefusal(judged.over, records, nowMs, call);
        return judged;
      });
      if (verdict.kind === 'fits') return verdict.removals;
      if (verdict.kind === 'over') throw refuse(verdict.over, hasTripped, call);
      if (verdict.kind === 'unscanned') await parts.indexReady(call);
      else sizes.set(verdict.groupId, await parts.countMembers(verdict.groupId, call));
    }
  }

  async function noteRefusal(over: Overrun, records: Records, nowMs: number, call: Call): Promise<boolean> {
    const sinceMs = windowStart(await records.brake.releasedUntilMs(), nowMs, limits);
    const hasTripped = await records.brake.noteRefusal(over.counter, nowMs, sinceMs);
    if (!hasTripped) return false;
    await audit(records, parts, call, {
      event: 'brake.tripped',
      subject: groupOf(over.counter) ?? 'access',
      decision: 'SA11',
      result: 'noted',
      note: `${over.counted} counted, ${over.asked} more asked for, limit ${over.limit}.`,
    });
    return true;
  }

  function refuse(over: Overrun, hasTripped: boolean, call: Call): Failure {
    const kind = kindOf(over.counter);
    metrics.brakeRefused(kind);
    if (hasTripped) {
      metrics.brakeTripped(kind);
      log.error(
        'The mass-removal brake tripped and refuses further removals. See whether they are meant; then run: confluence-scim-bridge brake release',
        { ...over, caller: call.caller, requestId: call.requestId },
      );
    }
    return new Failure('unavailable', explain(over, limits), {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      refusedBy: 'SA11',
    });
  }

  async function settle(reservation: string, removals: readonly CountedRemoval[], kept: ReadonlySet<string>) {
    try {
      await store.brake.settle(reservation, kept);
    } catch (error) {
      log.warn('Removals that did not happen could not be given back to the brake; they stay counted for its window.', {
        error: Failure.from(error),
      });
    }
    for (const kind of ['access', 'group'] as const) {
      const count = removals.filter(({ counter, personId }) => kindOf(counter) === kind && kept.has(personId)).length;
      if (count > 0) metrics.removalsCounted(kind, count);
    }
  }

  return {
    async check(losses, call) {
      if (!isNothing(losses)) await judge(losses, undefined, call);
    },
    async reserve(losses, call) {
      if (isNothing(losses)) return UNBOUND;
      const reservation = randomUUID();
      const removals = await judge(losses, reservation, call);
      const kept = new Set<string>();
      return {
        keep: (personId) => void kept.add(personId),
        keepAll: () => removals.forEach(({ personId }) => kept.add(personId)),
        end: () => settle(reservation, removals, kept),
      };
    },
  };
}

/** Runs work that takes what was reserved, and ends the reservation with it. */
export async function spending<T>(reservation: Reservation, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await reservation.end();
  }
}

/** Whether a write that failed may have happened all the same; what Atlassian refused did not. */
export function mayHaveHappened({ kind }: Failure): boolean {
  return kind === 'unavailable' || kind === 'unexpected';
}

function kindOf(counter: BrakeCounter): 'access' | 'group' {
  return counter === 'access' ? 'access' : 'group';
}

function isNothing({ access = [], groups = [] }: Losses): boolean {
  return access.length === 0 && groups.every(({ members }) => members !== 'all' && members.length === 0);
}

function ignore(): void {
  // Nothing is counted.
}
