import type { BrakeCounter, CountedRemoval } from './brakeRecords.js';
import { inBulk } from './members.js';
import type { Records } from './store.js';

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

/** A limit that losses would pass; or a share decides, and what it is of is not known for sure. */
export type Verdict =
  | { readonly kind: 'fits'; readonly removals: readonly CountedRemoval[] }
  | { readonly kind: 'over'; readonly over: Overrun }
  | { readonly kind: 'unsized'; readonly groupId: string }
  | { readonly kind: 'unscanned' };

/** A limit that would be passed. */
export interface Overrun {
  readonly counter: BrakeCounter;
  /** Counted in the window so far. */
  readonly counted: number;
  /** What the message would add. */
  readonly asked: number;
  readonly limit: number;
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

/**
 * Weighs what a message would take against what was taken in the window. Whoever is counted already needs no room.
 *
 * @param sizes of groups whose members were counted for this judgement; what is kept of a group's size is a hint only
 */
export async function judgeLosses(
  records: Records,
  losses: Losses,
  sizes: ReadonlyMap<string, number>,
  nowMs: number,
  limits: BrakeLimits,
): Promise<Verdict> {
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
      if (over === 'unsized') return { kind: 'unsized', groupId: loss.groupId };
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
      const hasIndex = (await records.index.scannedAtMs()) !== undefined;
      if (!hasIndex && limits.accessLoss.percent > 0) return { kind: 'unscanned' };
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
): Promise<Overrun | 'unsized' | undefined> {
  const counted = await records.brake.counted(counter, sinceMs);
  const size = sizes.get(groupId) ?? known;
  if (members === 'all' && size === undefined) return 'unsized';
  const asked = members === 'all' ? (size ?? 0) : members.filter(({ id }) => !counted.has(id)).length;
  const total = counted.size + asked;
  if (asked === 0 || total <= count) return undefined;
  // What is kept of a group's size is a hint; before it refuses anything the group is asked.
  if (!sizes.has(groupId)) return 'unsized';
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

/** For the identity provider's screen: what tripped, what was done already, and what releases it. */
export function explain({ counter, counted, asked, limit }: Overrun, { windowMs }: BrakeLimits): string {
  const minutes = `the last ${windowMs / 60_000} minutes`;
  const state =
    counter === 'access'
      ? `${counted} people lost access to Confluence in ${minutes}, and this message would take it from ${asked} more, over the limit of ${limit} (ACCESS_LOSS_LIMIT).`
      : `${counted} members left this group in ${minutes}, and this message would remove ${asked} more, over the limit of ${limit} (GROUP_REMOVAL_LIMIT; group ${groupOf(counter)}).`;
  return (
    `The mass-removal brake has stopped this message, and nothing of it was done: ${state} ` +
    'If it is meant, have the operator run: confluence-scim-bridge brake release. For one urgent leaver: confluence-scim-bridge deactivate EMAIL.'
  );
}

/** The id of the group that is counted; undefined for losses of access. */
export function groupOf(counter: BrakeCounter): string | undefined {
  return counter === 'access' ? undefined : counter.slice('group:'.length);
}

function share(whole: number, percent: number): number {
  return Math.floor((whole * percent) / 100);
}
