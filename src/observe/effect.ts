import { type BrakeLimits, explain, judgeLosses, type GroupLoss, type Leaver } from '../provisioning/brakeLimits.js';
import { inBulk } from '../provisioning/members.js';
import type { Records } from '../provisioning/store.js';
import { givesMembership } from './overlay.js';
import type { PendingStep } from './pending.js';

/** What carrying out a plan does to the seats of Confluence, and what it takes from whom. */
export interface Effect {
  /** People who are given access, accounts that are to be made included. */
  readonly gained: number;
  /** People who lose it. */
  readonly lost: readonly Leaver[];
  /** People whom Atlassian sends a mail. */
  readonly mailed: number;
  /** Members who leave a group, by group. */
  readonly groups: readonly GroupLoss[];
}

/**
 * Judged by the index, so that it costs no call: with the plan taken off it, and laid over it. What somebody did by hand
 * since the last scan is not in it.
 *
 * @param grantingIds ids of the groups that grant access
 */
export async function effectOf(
  steps: readonly PendingStep[],
  grantingIds: ReadonlySet<string>,
  records: Records,
): Promise<Effect> {
  const granted = new Map<string, Set<string>>();
  const taken = new Map<string, Set<string>>();
  const suspended = new Set<string>();
  const restored = new Set<string>();
  const leaving = new Map<string, Leaver[]>();
  const deleted: string[] = [];
  const leavers = new Map<string, Leaver>();
  for (const { entry, person } of steps) {
    const { accountId = '', groupId = '' } = entry;
    const leaver = { id: person?.id ?? accountId, accountId };
    if (accountId !== '') leavers.set(accountId, leaver);
    if (givesMembership(entry)) add(granted, accountId, groupId, grantingIds);
    if (entry.kind === 'removeMember') {
      add(taken, accountId, groupId, grantingIds);
      leaving.set(groupId, [...(leaving.get(groupId) ?? []), leaver]);
    }
    if (entry.kind === 'suspend') suspended.add(accountId);
    if (entry.kind === 'restore') restored.add(accountId);
    if (entry.kind === 'deleteGroup') deleted.push(groupId);
  }

  const touched = [...new Set([...granted.keys(), ...taken.keys(), ...suspended, ...restored])];
  const indexed = await inBulk(touched, (some) => records.index.people(some));
  const groupsOf = new Map(indexed.map(({ accountId, grantingGroupIds }) => [accountId, grantingGroupIds]));
  const lost: Leaver[] = [];
  let gained = steps.filter(({ entry }) => isNewAccount(entry)).length;
  for (const accountId of touched) {
    const gives = granted.get(accountId) ?? new Set();
    const takes = taken.get(accountId) ?? new Set();
    const known = groupsOf.get(accountId) ?? [];
    const before = new Set([...known.filter((id) => !gives.has(id)), ...takes]);
    const after = [...new Set([...known, ...gives])].filter((id) => !takes.has(id));
    const had = before.size > 0 && !restored.has(accountId);
    const has = after.length > 0 && !suspended.has(accountId);
    const leaver = leavers.get(accountId);
    if (had && !has && leaver !== undefined) lost.push(leaver);
    if (!had && has) gained += 1;
  }
  return {
    gained,
    lost,
    mailed: steps.filter(({ entry }) => isNewAccount(entry) && entry.kind === 'inviteByEmail').length,
    groups: [
      ...(await Promise.all([...leaving].map(([groupId, members]) => lossOf(groupId, members, records)))),
      ...(await Promise.all(deleted.map((groupId) => lossOf(groupId, 'all', records)))),
    ],
  };
}

/** What stands in the way by the mass-removal brake (rule SA11), in words; undefined when the plan fits. */
export async function brakeAgainst(
  { lost, groups }: Effect,
  records: Records,
  limits: BrakeLimits,
  nowMs: number,
): Promise<string | undefined> {
  const sizes = new Map<string, number>();
  for (;;) {
    const verdict = await judgeLosses(records, { access: lost, groups }, sizes, nowMs, limits);
    if (verdict.kind === 'over') return explain(verdict.over, limits);
    if (verdict.kind === 'unsized') sizes.set(verdict.groupId, sizeOf(verdict.groupId, groups));
    else if (verdict.kind === 'unscanned')
      return 'The site was not scanned yet, so what the brake allows is not known.';
    else return undefined;
  }
}

function sizeOf(groupId: string, groups: readonly GroupLoss[]): number {
  return groups.find((group) => group.groupId === groupId)?.size ?? 0;
}

/** Who loses access is counted person by person, so that no group counts as granting. */
async function lossOf(groupId: string, members: GroupLoss['members'], records: Records): Promise<GroupLoss> {
  // The record counts as if the plan were carried out, and of a deleted group there is none.
  const remaining = (await records.groups.find(groupId))?.memberCount ?? 0;
  const size = members === 'all' ? undefined : remaining + members.length;
  return { groupId, isGranting: false, members, size };
}

function isNewAccount({ kind, accountId }: PendingStep['entry']): boolean {
  return (kind === 'createAccount' || kind === 'inviteByEmail') && accountId === undefined;
}

function add(to: Map<string, Set<string>>, accountId: string, groupId: string, grantingIds: ReadonlySet<string>): void {
  if (!grantingIds.has(groupId)) return;
  to.set(accountId, (to.get(accountId) ?? new Set()).add(groupId));
}
