import { printableJson } from '../terminal.js';
import type { GroupReport } from './group.js';
import type { PersonReport } from './person.js';
import type { Moment } from './timeline.js';
import { sayWhat } from './words.js';

/** The same as data. What there is none of is null. */
export function personJson(report: PersonReport): string {
  const { link, now, memberships, names, holds, verdict } = report;
  const granting = now.isTold ? now.value.access.granting : undefined;
  const groupOf = (groupId: string) => ({ id: groupId, name: names.ofGroup(groupId) });
  const held = (kind: string) => holds.filter((hold) => hold.kind === kind).map(({ groupId }) => groupOf(groupId));
  return toJson({
    person: { id: report.id, accountId: report.accountId ?? null, userName: link?.userName ?? null },
    timeline: timelineOf(report),
    isTimelineCut: report.isCut,
    now: {
      record:
        link === undefined
          ? null
          : {
              wanted: link.wanted,
              wantedAt: link.wantedAt,
              origin: link.origin,
              caller: link.caller,
              createdAt: link.createdAt,
              suspended: link.suspended,
            },
      owner: report.owner ?? null,
      deletedAt: report.tombstone?.deletedAt ?? null,
      confluence: now.isTold
        ? {
            accountStatus: now.value.account?.accountStatus ?? null,
            suspended: now.value.isSuspended ?? null,
            mayAddressEnter: now.value.mayAddressEnter ?? null,
            accessTrouble: now.value.access.trouble?.message ?? null,
          }
        : { couldNotBeAsked: now.reason },
      memberships: memberships.map(({ groupId, isMember, origin }) => ({
        ...groupOf(groupId),
        isMember,
        grants: granting?.get(groupId)?.accessTypes ?? [],
        origin,
      })),
      readsLagFor: report.lagging.map(groupOf),
      owed: held('owed'),
      remembered: held('remembered'),
      keptSuspended: held('suspended'),
      invitedAt: link?.invitedAt ?? null,
      isProtected: report.isProtected ?? null,
      scannedAt: report.scannedAtIso ?? null,
    },
    verdict: { ...verdict, hasAccess: verdict.hasAccess ?? null },
  });
}

export function groupJson(report: GroupReport): string {
  const { id, link, now, indexed, verdict } = report;
  const group = now.isTold ? now.value.group : undefined;
  return toJson({
    group: { id, displayName: link?.displayName ?? null, confluenceName: group?.name ?? indexed?.name ?? null },
    timeline: timelineOf(report),
    isTimelineCut: report.isCut,
    now: {
      record:
        link === undefined
          ? null
          : { origin: link.origin, caller: link.caller, createdAt: link.createdAt, isReleased: link.isReleased },
      owner: report.owner ?? null,
      confluence: now.isTold ? { exists: group !== undefined } : { couldNotBeAsked: now.reason },
      grants: now.isTold ? (now.value.access.granting.get(id)?.accessTypes ?? []) : (indexed?.accessTypes ?? []),
      people: report.people ?? null,
      holds: report.holds.map(({ personId, kind }) => ({ personId, kind })),
      notByThisBridge: report.differences,
    },
    verdict,
  });
}

function timelineOf({ timeline, names }: Pick<PersonReport, 'timeline' | 'names'>) {
  return timeline.map((moment: Moment) => ({
    at: moment.at,
    since: moment.since ?? null,
    who: moment.who,
    requestId: moment.requestId ?? null,
    event: moment.event,
    what: sayWhat(moment, names),
    subject: moment.subject,
    object: moment.object ?? null,
    rule: moment.rule ?? null,
    result: moment.result,
    upstream: moment.upstream.map(({ operation, status, durationMs }) => ({
      operation,
      status: status ?? null,
      durationMs,
    })),
    note: moment.note ?? null,
  }));
}

function toJson(value: unknown): string {
  return `${printableJson(value, 2)}\n`;
}
