import type { UpstreamCall } from './call.js';

/** One line of the audit (rule SA10): every attempt to change access. Ids only, never addresses or names. */
export interface AuditLine {
  readonly at: string;
  readonly caller: string;
  readonly requestId: string;
  /** What happened, for example `user.provisioned`, `user.deactivated`, `group.memberAdded`. */
  readonly event: string;
  /** SCIM id of the person, or group id. */
  readonly subject: string;
  /** The other side of a membership, where there is one. */
  readonly object: string | undefined;
  /** Which rule or setting decided, for example `US7`, `SA8`, `DEACTIVATION=access-groups`. */
  readonly decision: string;
  /** `planned`: answered as done by a bridge that observes, and not sent to Confluence (rule SA14). */
  readonly result: 'done' | 'refused' | 'failed' | 'noted' | 'planned';
  readonly upstream: readonly UpstreamCall[];
  /** A sentence without personal data. */
  readonly note: string | undefined;
}

/** An audit line with its number, which counts up in the order of appending. */
export interface NumberedAuditLine extends AuditLine {
  readonly line: number;
}

/** The last confirmed write of the bridge to one membership, as the audit has it. */
export interface LastMembershipWrite {
  /** As in the audit: the SCIM id of the person, or the account id where there was no record yet. */
  readonly personId: string;
  readonly groupId: string;
  readonly isMember: boolean;
  readonly at: string;
  readonly caller: string;
}

export interface AuditRecords {
  append(line: AuditLine): Promise<void>;
  /** The newest first. `about`: lines whose subject or object is one of these ids. */
  list(filter: {
    sinceIso?: string;
    subject?: string;
    about?: readonly string[];
    limit: number;
  }): Promise<readonly AuditLine[]>;
  /**
   * Lines in the order of appending, page by page, so that any number of them can be read in little memory. Those
   * appended after it began are left out.
   */
  pages(filter: { sinceIso?: string; pageSize: number }): AsyncIterable<readonly NumberedAuditLine[]>;
  /**
   * The last write to each membership of these people (in one group, where it is named), or of this group; those without
   * a write of ours are missing. The latest last.
   */
  lastMembershipWrites(
    of: { readonly personIds: readonly string[]; readonly groupId?: string } | { readonly groupId: string },
  ): Promise<readonly LastMembershipWrite[]>;
  /** The same of a group, in the order of the people's ids, at most `limit` of those after `afterPersonId`. */
  pageOfMembershipWrites(
    groupId: string,
    page: { readonly afterPersonId: string; readonly limit: number },
  ): Promise<readonly LastMembershipWrite[]>;
}
