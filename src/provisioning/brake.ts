import { randomUUID } from 'node:crypto';
import { audit } from './auditing.js';
import type { BrakeCounter, CountedRemoval } from './brakeRecords.js';
import type { Call, Clock } from './call.js';
import type { Log } from './dependencies.js';
import { Failure } from './failure.js';
import { inBulk } from './members.js';
import type { Records, Store } from './store.js';

/** How much may be removed in one window: the larger of a number and a share of what there is. */
export interface RemovalLimit {
  readonly count: number;
  readonly percent: number;
}

/** The settings of the brake. `off` counts and never refuses. */
export interface BrakeLimits {
  /** People who lose access; the share is of the known active people. */
  readonly accessLoss: RemovalLimit | 'off';
  /** Members who leave a group, for each group by itself; the share is of its members. */
  readonly groupRemoval: RemovalLimit | 'off';
  readonly windowMs: number;
}

/** Somebody who is about to lose access or a membership. */
export interface Leaver {
  /** SCIM id. */
  readonly id: string;
  readonly accountId: string | undefined;
}

/** What a message is about to take away. */
export interface Losses {
  /** People who lose access to Confluence. */
  readonly access?: readonly Leaver[];
  readonly groups?: readonly GroupLoss[];
}

/** Members who leave one group. Those whose last granting group it is lose access, too. */
export interface GroupLoss {
  readonly groupId: string;
  readonly isGranting: boolean;
  /** `all`: the group is deleted. */
  readonly members: readonly Leaver[] | 'all';
  /** Its members now, where somebody counted them. The brake asks itself where that matters and nobody did. */
  readonly size: number | undefined;
}

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
}

/** A limit that losses would pass, or a group whose size decides and is not known for sure. */
type Verdict =
  | { readonly kind: 'fits'; readonly removals: readonly CountedRemoval[] }
  | { readonly kind: 'over'; readonly over: Overrun; readonly hasTripped: boolean }
  | { readonly kind: 'unsure'; readonly groupId: string };

interface Overrun {
  readonly counter: BrakeCounter;
  /** Counted in the window so far. */
  readonly counted: number;
  /** What the message would add. */
  readonly asked: number;
  readonly limit: number;
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
      const verdict = await store.transaction(async (records): Promise<Verdict> => {
        const nowMs = clock.now();
        const judged = await judgeIn(records, losses, sizes, nowMs, limits);
        if (judged.kind === 'fits' && reservation !== undefined) {
          await records.brake.prune(nowMs - limits.windowMs);
          await records.brake.reserve(reservation, judged.removals, nowMs);
        }
        if (judged.kind !== 'over') return judged;
        const hasTripped = await noteRefusal(judged.over, records, nowMs, call);
        return { ...judged, hasTripped };
      });
      if (verdict.kind === 'fits') return verdict.removals;
      if (verdict.kind === 'over') throw refuse(verdict.over, verdict.hasTripped, call);
      sizes.set(verdict.groupId, await parts.countMembers(verdict.groupId, call));
    }
  }

  async function noteRefusal(over: Overrun, records: Records, nowMs: number, call: Call): Promise<boolean> {
    const sinceMs = windowStart(await records.brake.releasedUntilMs(), nowMs, limits);
    const hasTripped = await records.brake.noteRefusal(over.counter, nowMs, sinceMs);
    if (!hasTripped) return false;
    await audit(records, parts, call, {
      event: 'brake.tripped',
      subject: over.counter,
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

/** Milliseconds since the epoch: what was removed until then does not count. */
export function windowStart(releasedUntilMs: number, nowMs: number, { windowMs }: BrakeLimits): number {
  return Math.max(nowMs - windowMs, Math.min(nowMs, releasedUntilMs));
}

/** How many people may lose access in the window that began then. Walks over everybody once the number alone is not enough. */
export async function accessLimit(
  records: Records,
  sinceMs: number,
  { count, percent }: RemovalLimit,
): Promise<number> {
  if (percent === 0) return count;
  return Math.max(count, share(await records.brake.countPeople(sinceMs), percent));
}

async function judgeIn(
  records: Records,
  losses: Losses,
  sizes: ReadonlyMap<string, number>,
  nowMs: number,
  limits: BrakeLimits,
): Promise<Exclude<Verdict, { kind: 'over' }> | Omit<Extract<Verdict, { kind: 'over' }>, 'hasTripped'>> {
  const releasedUntilMs = await records.brake.releasedUntilMs();
  const sinceMs = windowStart(releasedUntilMs, nowMs, limits);
  const isReleased = nowMs < releasedUntilMs;
  const removals = new Map<string, CountedRemoval>();
  const note = (counter: BrakeCounter, { id: personId, accountId }: Leaver) =>
    void removals.set(`${counter} ${personId}`, { counter, personId, accountId });

  for (const person of losses.access ?? []) note('access', person);
  for (const loss of losses.groups ?? []) {
    const counter: BrakeCounter = `group:${loss.groupId}`;
    if (!isReleased && limits.groupRemoval !== 'off') {
      const over = await overGroupLimit(loss, counter, records, sizes, sinceMs, limits.groupRemoval);
      if (over === 'unsure') return { kind: 'unsure', groupId: loss.groupId };
      if (over !== undefined) return { kind: 'over', over };
    }
    // A deleted group's counter goes with the group.
    if (loss.members !== 'all') for (const member of loss.members) note(counter, member);
    if (loss.isGranting)
      for (const person of await losingAccess(loss, records, nowMs - limits.windowMs)) note('access', person);
  }

  const losing = [...removals.values()].filter(({ counter }) => counter === 'access');
  if (!isReleased && limits.accessLoss !== 'off' && losing.length > 0) {
    const counted = await records.brake.counted('access', sinceMs);
    const asked = losing.filter(({ personId }) => !counted.has(personId)).length;
    const total = counted.size + asked;
    if (asked > 0 && total > limits.accessLoss.count) {
      const limit = await accessLimit(records, sinceMs, limits.accessLoss);
      if (total > limit) return { kind: 'over', over: { counter: 'access', counted: counted.size, asked, limit } };
    }
  }
  return { kind: 'fits', removals: [...removals.values()] };
}

async function overGroupLimit(
  { groupId, members, size: known }: GroupLoss,
  counter: BrakeCounter,
  records: Records,
  sizes: ReadonlyMap<string, number>,
  sinceMs: number,
  { count, percent }: RemovalLimit,
): Promise<Overrun | 'unsure' | undefined> {
  const counted = await records.brake.counted(counter, sinceMs);
  const size = sizes.get(groupId) ?? known;
  if (members === 'all' && size === undefined) return 'unsure';
  const asked = members === 'all' ? (size ?? 0) : members.filter(({ id }) => !counted.has(id)).length;
  const total = counted.size + asked;
  if (asked === 0 || total <= count) return undefined;
  // What is kept of a group's size is a hint; before it refuses anything the group is asked.
  if (!sizes.has(groupId)) return 'unsure';
  const limit = Math.max(count, share((size ?? 0) + (await records.brake.countSettled(counter, sinceMs)), percent));
  return total > limit ? { counter, counted: counted.size, asked, limit } : undefined;
}

/** The members of a granting group who have no other one. */
async function losingAccess({ groupId, members }: GroupLoss, records: Records, sinceMs: number): Promise<Leaver[]> {
  const accountIds = members === 'all' ? undefined : members.flatMap(({ accountId }) => accountId ?? []);
  const losing = new Set(await records.brake.onlyAccessThrough(groupId, accountIds, sinceMs));
  if (members !== 'all') return members.filter(({ accountId }) => accountId !== undefined && losing.has(accountId));
  const links = await inBulk([...losing], (some) => records.people.findByAccounts(some));
  const linked = new Map(links.map((link) => [link.accountId, link.id]));
  return [...losing].map((accountId) => ({ id: linked.get(accountId) ?? accountId, accountId }));
}

function explain({ counter, counted, asked, limit }: Overrun, { windowMs }: BrakeLimits): string {
  const minutes = `the last ${windowMs / 60_000} minutes`;
  const state =
    counter === 'access'
      ? `${counted} people lost access to Confluence in ${minutes}, and this message would take it from ${asked} more, over the limit of ${limit} (ACCESS_LOSS_LIMIT).`
      : `${counted} members left this group in ${minutes}, and this message would remove ${asked} more, over the limit of ${limit} (GROUP_REMOVAL_LIMIT; group ${counter.slice('group:'.length)}).`;
  return (
    `The mass-removal brake has stopped this message, and nothing of it was done: ${state} ` +
    'If it is meant, have the operator run: confluence-scim-bridge brake release. For one urgent leaver: confluence-scim-bridge deactivate EMAIL.'
  );
}

function share(whole: number, percent: number): number {
  return Math.floor((whole * percent) / 100);
}

export function kindOf(counter: BrakeCounter): 'access' | 'group' {
  return counter === 'access' ? 'access' : 'group';
}

function isNothing({ access = [], groups = [] }: Losses): boolean {
  return access.length === 0 && groups.every(({ members }) => members !== 'all' && members.length === 0);
}

function ignore(): void {
  // Nothing is counted.
}
