/** What a planned write does; named as the methods of `Directory`. */
export type PlannedKind =
  | 'removeMember'
  | 'suspend'
  | 'deleteGroup'
  | 'createGroup'
  | 'restore'
  | 'createAccount'
  | 'inviteByEmail'
  | 'addMember';

/** A write to Atlassian that observe mode planned and did not send (rule SA14). */
export interface PlannedWrite {
  readonly kind: PlannedKind;
  /** As SCIM knows it. For `createAccount` the group that comes with the account. */
  readonly groupId: string | undefined;
  /** For `createAccount` only where the account exists already and is given access. */
  readonly accountId: string | undefined;
  /** Lower case. */
  readonly address: string | undefined;
  /** Of the group, in Confluence. */
  readonly groupName: string | undefined;
}

export interface PlanEntry extends PlannedWrite {
  /** Counts up in the order of planning. */
  readonly number: number;
  readonly at: string;
  readonly caller: string;
  readonly requestId: string;
  /** `failed` was tried and stays to be done. */
  readonly state: 'pending' | 'failed' | 'applied' | 'dropped';
  /** Why it is `failed` or `dropped`; without personal data. */
  readonly answer: string | undefined;
  /** The bridge went live with it pending: the membership is owed (a hold), and is to be given only while it still is. */
  readonly isOwed: boolean;
}

/** The plan is what remains to be done: of one target (a membership, an account, a group) one entry at most is open. */
export interface PlanRecords {
  /** Entries that are pending or failed, in the order of planning. */
  open(): Promise<readonly PlanEntry[]>;
  find(number: number): Promise<PlanEntry | undefined>;
  /** The open entry about the same target. */
  openAbout(target: PlanTarget): Promise<PlanEntry | undefined>;
  /** Open entries about memberships of an account or of a group, and about its suspension. */
  openOf(of: { readonly accountId: string } | { readonly groupId: string }): Promise<readonly PlanEntry[]>;
  /** Open entries that create or delete groups. */
  openGroups(): Promise<readonly PlanEntry[]>;
  /** Replaces the open entry about its target, unless that does the same already. */
  put(write: PlannedWrite, by: Pick<PlanEntry, 'at' | 'caller' | 'requestId'>): Promise<void>;
  /** Nothing is left to do about the target: its open entry is taken off the plan. */
  cancel(target: PlanTarget): Promise<void>;
  /** Cancels whatever is open about the memberships of a group. */
  cancelMembers(groupId: string): Promise<void>;
  settle(number: number, state: PlanEntry['state'], answer?: string): Promise<void>;
  /** The write was made for real: an open entry that asked for it is applied, one that asked for the opposite dropped. */
  made(target: PlanTarget, kind: PlannedKind): Promise<void>;
  markOwed(number: number, isOwed: boolean): Promise<void>;
}

/** What a planned write is about. */
export type PlanTarget =
  `member ${string} ${string}` | `account ${string}` | `group ${string}` | `suspension ${string}`;

export const planTarget = {
  membership: (groupId: string, accountId: string): PlanTarget => `member ${groupId} ${accountId}`,
  /** An account that is still to be made for an address. */
  account: (address: string): PlanTarget => `account ${address.toLowerCase()}`,
  group: (groupId: string): PlanTarget => `group ${groupId}`,
  suspension: (accountId: string): PlanTarget => `suspension ${accountId}`,
};

/**
 * Ids that groups got before Confluence had them. They stay the groups' ids for SCIM and in every record (rule ID1); only
 * what is sent to Confluence and what it answers is translated.
 */
export interface GroupIdRecords {
  /** The group was made: minted id and Confluence's. */
  put(mintedId: string, confluenceId: string): Promise<void>;
  /** Undefined for an id whose group was not made yet. */
  confluenceId(mintedId: string): Promise<string | undefined>;
  /** Confluence id to minted id. */
  mintedIds(): Promise<ReadonlyMap<string, string>>;
}
