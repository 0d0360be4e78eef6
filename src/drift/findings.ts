import type { LastMembershipWrite } from '../provisioning/auditRecords.js';

/** How Confluence and the record may differ. */
export type FindingKind =
  /** Recorded inactive, and in a granting group. */
  | 'leaverHasAccess'
  /** Deleted through the bridge, not taken up since, and in a granting group. */
  | 'deletedHasAccess'
  /** Recorded active, and in no granting group, not by this bridge. */
  | 'accessLost'
  /** Recorded active, and suspended in the organization, not by this bridge. */
  | 'suspended'
  /** Recorded active, and the account is closed, deactivated or unknown to Atlassian. */
  | 'accountGone'
  /** In a managed group; the bridge did not put the person there, nor has an identity provider named the person. */
  | 'foreignMember'
  /** The bridge put the person into a managed group, and the group does not show it. */
  | 'memberMissing'
  /** A managed group that Confluence has no more. */
  | 'groupGone'
  /** A membership that is still owed to somebody who is active and has an account. */
  | 'membershipOwed'
  /** An invitation that has led to no account for a week. */
  | 'invitationOverdue';

export interface NamedGroup {
  readonly id: string;
  readonly name: string;
}

export interface FoundPerson {
  /** SCIM id; the account id of somebody whom no record names. */
  readonly id: string;
  readonly accountId: string | undefined;
  /** userName, else the id. */
  readonly name: string;
  /** SCIM never changes the person (rule SA8), nor does a repair. */
  readonly isProtected: boolean;
}

/** One difference between the record and Confluence. */
export interface Finding {
  readonly kind: FindingKind;
  /** Undefined for a group that is gone. */
  readonly person: FoundPerson | undefined;
  /** The groups it is about: those that grant the access, or the one of the membership. */
  readonly groups: readonly NamedGroup[];
  /** Since when the record says otherwise; undefined when it never said anything. */
  readonly sinceIso: string | undefined;
  /** The last confirmed write of the bridge to one of these memberships. */
  readonly ownWrite: LastMembershipWrite | undefined;
  /** Who made it as Confluence shows it now; what is not by this bridge, Atlassian does not say by whom. */
  readonly changedBy: 'bridge' | 'others' | 'unknown';
  /** One sentence. */
  readonly what: string;
}

/** A part that could not be compared: nothing is known of it, and nothing found. */
export interface Unread {
  readonly part: string;
  readonly reason: string;
}

export interface Drift {
  readonly findings: readonly Finding[];
  readonly unread: readonly Unread[];
  /** What is worth knowing and is no difference. */
  readonly remarks: readonly string[];
}

/** What can be done about it, beside `drift --repair` where there is one. */
export const REMEDIES: Readonly<Record<FindingKind, string>> = {
  leaverHasAccess: 'drift --repair takes the access again; so does active: false from the identity provider.',
  deletedHasAccess:
    'drift --repair takes the access; if it was meant, create the person again in the identity provider.',
  accessLost: 'drift --repair=lost gives the access back; so does active: true from the identity provider.',
  suspended: 'Restore the person in Atlassian administration, or deactivate the person in the identity provider.',
  accountGone: 'Delete the user in the identity provider; somebody who returns with a new account is created again.',
  foreignMember:
    'drift --repair=foreign takes the person out. Where the identity provider has the person in the group, have it send its members again first.',
  memberMissing:
    'drift --repair=missing puts the person back; so does the identity provider when it adds the person again.',
  groupGone: 'Delete the group in the identity provider, or push it again, which makes a new one.',
  membershipOwed: 'drift --repair puts the person into the group.',
  invitationOverdue:
    'Invite the person again in Atlassian administration; if the person works in Confluence already, run: confluence-scim-bridge link EMAIL ACCOUNT',
};

/** What `drift --repair` can be asked for. */
export const REPAIRS = {
  leavers: ['leaverHasAccess', 'deletedHasAccess'],
  owed: ['membershipOwed'],
  lost: ['accessLost'],
  foreign: ['foreignMember'],
  missing: ['memberMissing'],
} as const satisfies Readonly<Record<string, readonly FindingKind[]>>;

export type RepairName = keyof typeof REPAIRS;

export type RepairableKind = (typeof REPAIRS)[RepairName][number];

export const REPAIR_NAMES = Object.keys(REPAIRS) as RepairName[];

/** What is not asked for by name is what an identity provider asked for already. */
export const DEFAULT_REPAIRS: readonly RepairName[] = ['leavers', 'owed'];
