import type { AuditLine, LastMembershipWrite } from '../provisioning/auditRecords.js';
import type { IndexedPerson } from '../provisioning/indexRecords.js';

/**
 * Between which moments something changed that was not this bridge's doing. Atlassian's API does not say who did it.
 * `sinceIso` is undefined when it was so before the bridge first looked.
 */
export interface Span {
  readonly sinceIso: string | undefined;
  readonly untilIso: string;
}

/** Why a membership is as Confluence shows it. */
export type Origin =
  /** The last confirmed write of this bridge made it so. */
  | { readonly by: 'bridge'; readonly at: string; readonly caller: string }
  | { readonly by: 'others'; readonly span: Span }
  /** The bridge tried to take it, last at this time, and could not. */
  | { readonly by: 'untaken'; readonly at: string };

/** One group as far as a person's access, or what the bridge did to them, goes. */
export interface Membership {
  readonly groupId: string;
  /** Confluence shows the person in it, with the bridge's own writes of the last ten minutes laid over it (rule US2). */
  readonly isMember: boolean;
  readonly origin: Origin;
}

/** What the records know that can explain memberships. */
export interface Evidence {
  /** The person's audit lines, oldest first. */
  readonly lines: readonly AuditLine[];
  readonly writes: readonly LastMembershipWrite[];
  /** Of the index of the last scan, with own writes since. */
  readonly indexed: IndexedPerson | undefined;
  readonly scannedAtIso: string | undefined;
  readonly grantingIds: ReadonlySet<string>;
  readonly nowIso: string;
}

/**
 * The memberships that say something: granting groups that Confluence shows, and those that the bridge gave and that are
 * not there any more.
 *
 * @param shown group ids, as in `Memberships.shown`
 */
export function explainMemberships(shown: ReadonlySet<string>, evidence: Evidence): readonly Membership[] {
  const given = evidence.writes.filter(({ isMember }) => isMember).map(({ groupId }) => groupId);
  const ids = new Set([...[...shown].filter((id) => evidence.grantingIds.has(id)), ...given]);
  return [...ids].map((groupId) => {
    const isMember = shown.has(groupId);
    return { groupId, isMember, origin: originOf(groupId, isMember, evidence) };
  });
}

function originOf(groupId: string, isMember: boolean, evidence: Evidence): Origin {
  const last = lastWrite(groupId, evidence);
  const untaken = isMember ? failedRemoval(groupId, last?.at, evidence) : undefined;
  if (untaken !== undefined) return untaken;
  if (last?.isMember === isMember) return { by: 'bridge', at: last.at, caller: last.caller };
  return { by: 'others', span: spanOf(groupId, isMember, last?.at, evidence) };
}

/** The newest write; a person may be in the audit under several ids. */
function lastWrite(groupId: string, { writes }: Evidence): LastMembershipWrite | undefined {
  return writes.filter((write) => write.groupId === groupId).reduce<LastMembershipWrite | undefined>(later, undefined);
}

function later(one: LastMembershipWrite | undefined, other: LastMembershipWrite): LastMembershipWrite {
  return one === undefined || other.at >= one.at ? other : one;
}

/** Nobody else did it: a removal since the last confirmed write was refused or not answered. */
function failedRemoval(groupId: string, sinceIso: string | undefined, { lines }: Evidence): Origin | undefined {
  const line = lines.findLast(({ event, object }) => event === 'group.memberRemoved' && object === groupId);
  const hasFailed = line !== undefined && (line.result === 'failed' || line.result === 'refused');
  return hasFailed && line.at >= (sinceIso ?? '') ? { by: 'untaken', at: line.at } : undefined;
}

/** From the last sign of how it was to the first sign of how it is: own writes, scans and what they reported. */
function spanOf(groupId: string, isMember: boolean, writtenAt: string | undefined, evidence: Evidence): Span {
  const { indexed, scannedAtIso, lines, nowIso } = evidence;
  const isGranting = evidence.grantingIds.has(groupId);
  const sinceIso = isGranting && isMember ? latest(writtenAt, emptiedAt(lines)) : writtenAt;
  const isAfter = (at: string): boolean => at > (sinceIso ?? '');
  // Only granting groups are in the index, and only a scan since then says something.
  if (!isGranting || scannedAtIso === undefined || !isAfter(scannedAtIso)) return { sinceIso, untilIso: nowIso };
  const wasMember = indexed?.grantingGroupIds.includes(groupId) === true;
  if (wasMember !== isMember) return { sinceIso: scannedAtIso, untilIso: nowIso };
  const seen = lines.find(({ event, object, at }) => event === 'leaver.hasAccess' && object === groupId && isAfter(at));
  return { sinceIso, untilIso: isMember && seen !== undefined ? seen.at : scannedAtIso };
}

/** When the person was last out of every granting group by the bridge's own work. */
function emptiedAt(lines: readonly AuditLine[]): string | undefined {
  const emptied = ['user.deactivated', 'user.deprovisioned'];
  return lines.findLast(({ event, result }) => emptied.includes(event) && result === 'done')?.at;
}

function latest(one: string | undefined, other: string | undefined): string | undefined {
  return (one ?? '') > (other ?? '') ? one : other;
}
