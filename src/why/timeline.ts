import type { UpstreamCall } from '../provisioning/call.js';
import type { AuditLine } from '../provisioning/auditRecords.js';
import type { Membership } from './origins.js';

/** Who did something: the name of a caller, the bridge itself in its two roles, the operator, or somebody unknown. */
export const NOT_US = 'not by this bridge';

/** One moment of a timeline. */
export interface Moment {
  readonly at: string;
  /** A caller's name, `operator`, `scan`, `bridge`, or `not by this bridge`. */
  readonly who: string;
  readonly requestId: string | undefined;
  /** As in the audit; `membership.given` and `membership.taken` for what was not this bridge's doing. */
  readonly event: string;
  /** SCIM id of the person, or group id. */
  readonly subject: string;
  readonly object: string | undefined;
  /** The rule or setting that decided; undefined where nothing of ours did. */
  readonly rule: string | undefined;
  readonly result: AuditLine['result'] | 'seen';
  readonly upstream: readonly UpstreamCall[];
  readonly note: string | undefined;
  /** For what was not this bridge's doing: it happened at `at` or before, and not before this. */
  readonly since?: string | undefined;
}

/** @param lines oldest first */
export function momentsOf(lines: readonly AuditLine[]): readonly Moment[] {
  return lines.map((line) => ({
    at: line.at,
    who: whoOf(line),
    requestId: line.requestId,
    event: line.event,
    subject: line.subject,
    object: line.object,
    rule: line.decision,
    result: line.result,
    upstream: line.upstream,
    note: line.note,
  }));
}

/** What somebody else did to a person's memberships, at the latest moment at which it can have been done. */
export function foreignMoments(personId: string, memberships: readonly Membership[]): readonly Moment[] {
  return memberships.flatMap(({ groupId, isMember, origin }) =>
    origin.by !== 'others'
      ? []
      : [
          {
            at: origin.span.untilIso,
            who: NOT_US,
            requestId: undefined,
            event: isMember ? 'membership.given' : 'membership.taken',
            subject: personId,
            object: groupId,
            rule: undefined,
            result: 'seen' as const,
            upstream: [],
            note: undefined,
            since: origin.span.sinceIso,
          },
        ],
  );
}

/** By time; what happened at one moment stays in its order. */
export function inOrder(moments: readonly Moment[]): readonly Moment[] {
  return [...moments].sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
}

function whoOf({ caller, requestId }: AuditLine): string {
  return caller === 'bridge' && requestId.startsWith('scan-') ? 'scan' : caller;
}
