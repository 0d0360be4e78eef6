import type { AuditRecords } from './auditRecords.js';
import type { BrakeRecords } from './brakeRecords.js';
import type { Call } from './call.js';
import type { DirectoryIndex } from './indexRecords.js';
import type { InstanceRecords } from './instanceRecords.js';
import type { MembershipOwners } from './ownerRecords.js';
import type { PauseRecords } from './pauseRecords.js';
import type { RoleRecords } from './roleRecords.js';
import type { SeatRecords } from './seatRecords.js';
import type { GroupIdRecords, PlanRecords } from './planRecords.js';

/** JSON as an IdP sends it, already bounded in length, depth and count. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export type JsonObject = { readonly [key: string]: Json };

/** What the caller last stated (`active`), or what adopting found. */
export type WantedStatus = 'active' | 'inactive';

/**
 * A person that an IdP provisioned or adopted through us. `accountId` is undefined while an invitation is pending
 * (state `invited`, rule US5). The externalIds are kept apart, per caller.
 */
export interface PersonLink {
  /** SCIM id: the account id where it was known at the start, else a minted `inv-<uuid>`; never changes. */
  readonly id: string;
  readonly accountId: string | undefined;
  /** As the IdP spelled it; unique without regard to case. */
  readonly userName: string;
  /** Everything else the IdP supplied, as it spelled it, without id, userName, externalId, active, password, groups, meta, schemas. */
  readonly profile: JsonObject;
  readonly wanted: WantedStatus;
  /** Suspended by us (`DEACTIVATION=suspend`) and not yet restored. */
  readonly suspended: boolean;
  /** The address the person was or will be invited with, and the addresses a look-up by e-mail finds; lower case. */
  readonly address: string | undefined;
  /** ISO time of the invitation; undefined when none is pending. */
  readonly invitedAt: string | undefined;
  readonly origin: 'created' | 'adopted';
  /** The caller that created or adopted the person. */
  readonly caller: string;
  /** The caller that last stated `active: true` (rule SA12); undefined when none has. */
  readonly owner: string | undefined;
  /** ISO times. */
  readonly createdAt: string;
  readonly modifiedAt: string;
  /** ISO time of the last statement of `wanted`. */
  readonly wantedAt: string;
}

/**
 * Why a membership is kept here and not (only) upstream.
 * `owed`: asked for, to be applied when the account appears or the person is reactivated.
 * `remembered`: a granting group that deactivation took away, given back by reactivation.
 * `suspended`: the membership is still there upstream, but Atlassian hides suspended people from listings.
 */
export type HoldKind = 'owed' | 'remembered' | 'suspended';

export interface Hold {
  readonly personId: string;
  readonly groupId: string;
  readonly kind: HoldKind;
}

/** A group the bridge created or took up. A released group (rule GROUP_DELETE) keeps its row, so that it stays unlisted. */
export interface GroupLink {
  readonly id: string;
  /** As the IdP spells it (GROUP_RENAMES=record); the name in Confluence is `confluenceName`. */
  readonly displayName: string;
  readonly confluenceName: string;
  readonly origin: 'created' | 'adopted';
  readonly caller: string;
  /** The caller that created the group or took it up, unless it was transferred (rule SA12). */
  readonly owner: string | undefined;
  readonly isReleased: boolean;
  /** Members that the last read or our own writes showed; undefined when never read. A hint for planning, nothing more. */
  readonly memberCount: number | undefined;
  readonly createdAt: string;
  readonly modifiedAt: string;
}

/** A person or group that DELETE removed. The address is kept as a keyed hash only. */
export interface Tombstone {
  readonly id: string;
  readonly accountId: string | undefined;
  readonly externalIds: ReadonlyMap<string, string>;
  readonly deletedAt: string;
}

/** Something begun upstream whose outcome may be lost with the process. */
export interface Intent {
  /**
   * `invite` (key: the address), `createUser` (key: the message, hashed; from the record on), `createGroup` (key:
   * lower-case name; once the group is recorded, name and message), `status` (key: SCIM id of a person whose access is
   * being given or taken), `settle` (key: SCIM id of a person without an account, a space, and the account that a
   * scan has found), or what a write test made (key: name of the group, or address; then a space and the id, once
   * it is known).
   */
  readonly kind: 'invite' | 'createUser' | 'createGroup' | 'status' | 'settle' | 'writeTest' | 'writeTestPerson';
  readonly key: string;
  readonly caller: string;
  readonly startedAt: string;
  /** How often the call was sent. */
  readonly attempts: number;
}

export type NewPersonLink = Omit<PersonLink, 'modifiedAt'>;

export interface PersonRecords {
  find(id: string): Promise<PersonLink | undefined>;
  /** Links of these ids, in no particular order; ids of nobody are missing. At most 1,000 ids. */
  findByIds(ids: readonly string[]): Promise<readonly PersonLink[]>;
  findByAccount(accountId: string): Promise<PersonLink | undefined>;
  /** Links of these accounts, in no particular order. At most 1,000. */
  findByAccounts(accountIds: readonly string[]): Promise<readonly PersonLink[]>;
  /** Without regard to case. */
  findByUserName(userName: string): Promise<PersonLink | undefined>;
  /** Links that hold this address as `address`, as address-shaped userName or among the profile's e-mails; without regard to case. */
  findByAddress(address: string): Promise<readonly PersonLink[]>;
  findByExternalId(caller: string, externalId: string): Promise<readonly PersonLink[]>;
  /** Everybody on record in the order of ids, at most `limit` of those after `afterId`. */
  page(page: { readonly afterId: string; readonly limit: number }): Promise<readonly PersonLink[]>;
  /** People in state `invited`: no account yet. */
  listInvited(): Promise<readonly PersonLink[]>;
  /** `modifiedAt` becomes `createdAt`. @throws Failure `conflict` when the userName, id or account is taken. */
  insert(link: NewPersonLink): Promise<void>;
  /** Sets what is given. @throws Failure `conflict` when the userName or account is taken by another. */
  update(id: string, changes: Partial<Omit<PersonLink, 'id' | 'createdAt' | 'caller'>>): Promise<void>;
  /** Drops the link, its holds, owned memberships and externalIds, and leaves a tombstone. */
  bury(id: string, deletedAt: string): Promise<void>;
  externalId(id: string, caller: string): Promise<string | undefined>;
  /** undefined or '' removes it. When another record of this caller carries the same value, it is moved here (rule ID6). */
  setExternalId(id: string, caller: string, externalId: string | undefined): Promise<void>;
}

export interface HoldRecords {
  ofPerson(personId: string): Promise<readonly Hold[]>;
  ofGroup(groupId: string): Promise<readonly Hold[]>;
  /** What is owed to people who are recorded active and have their account. */
  listOverdue(): Promise<readonly Hold[]>;
  /** Idempotent. */
  put(hold: Hold): Promise<void>;
  /** Removes this kind, or every kind when `kind` is undefined. Idempotent. */
  remove(personId: string, groupId: string, kind: HoldKind | undefined): Promise<void>;
  removeAll(personId: string, kind: HoldKind): Promise<void>;
  /** What the first person had is the second's: one person, known by two ids. */
  move(fromId: string, toId: string): Promise<void>;
}

export interface GroupRecords {
  find(id: string): Promise<GroupLink | undefined>;
  /** By recorded displayName, without regard to case; released groups are not found. */
  findByDisplayName(displayName: string): Promise<GroupLink | undefined>;
  findByExternalId(caller: string, externalId: string): Promise<readonly GroupLink[]>;
  /** Inserts, or replaces the row of a released group. @throws Failure `conflict` when the displayName is recorded for another. */
  insert(link: Omit<GroupLink, 'modifiedAt'>): Promise<void>;
  update(id: string, changes: Partial<Omit<GroupLink, 'id' | 'createdAt'>>): Promise<void>;
  /** Drops the row, its holds, owned memberships and externalIds. */
  remove(id: string): Promise<void>;
  externalId(id: string, caller: string): Promise<string | undefined>;
  setExternalId(id: string, caller: string, externalId: string | undefined): Promise<void>;
  /**
   * Ids of the groups that have this name, as recorded (released groups included) or in Confluence by record and index;
   * without regard to case.
   */
  idsNamed(name: string): Promise<readonly string[]>;
  /** Ids of all groups that SCIM manages, released ones left out. */
  ids(): Promise<readonly string[]>;
}

/**
 * Our own confirmed writes, which for ten minutes beat what Atlassian's lagging reads show (rule US2). Recording one
 * also changes the directory index. Older ones are dropped by `prune`.
 */
export interface OwnWrites {
  membership(accountId: string, groupId: string, isMember: boolean, atMs: number): Promise<void>;
  /**
   * Noted before a person is put into a group, and settled by the next `membership` of the two: while it stands, nobody
   * knows whether it happened.
   */
  attempt(accountId: string, groupId: string, atMs: number): Promise<void>;
  /** Ids of the groups the account may have been put into since, without confirmation. */
  attemptsOf(accountId: string, sinceMs: number): Promise<readonly string[]>;
  /** Ids of the accounts that may have been put into the group since, without confirmation. */
  attemptsIn(groupId: string, sinceMs: number): Promise<readonly string[]>;
  /** The latest write per group since `sinceMs`: group id to whether it made the person a member. */
  membershipsOf(accountId: string, sinceMs: number): Promise<ReadonlyMap<string, boolean>>;
  /** The latest write per account since `sinceMs`: account id to whether it made the account a member. */
  membersOf(groupId: string, sinceMs: number): Promise<ReadonlyMap<string, boolean>>;
  /** What was recorded of a membership did not happen. The index learns it by its next scan. */
  forget(accountId: string, groupId: string): Promise<void>;
  groupDeleted(groupId: string, atMs: number): Promise<void>;
  prune(beforeMs: number): Promise<void>;
}

export interface Tombstones {
  /** Of a deleted person. */
  find(id: string): Promise<Tombstone | undefined>;
  findByAccount(accountId: string): Promise<readonly Tombstone[]>;
  findByAddress(address: string): Promise<readonly Tombstone[]>;
  /**
   * Deleted people whose account is known and belongs to no record again, in the order of ids, at most `limit` of those
   * after `afterId`.
   */
  page(page: {
    readonly afterId: string;
    readonly limit: number;
  }): Promise<readonly { readonly id: string; readonly accountId: string; readonly deletedAt: string }[]>;
  /** A deleted group's id, so that later reads are 404 at once. */
  putGroup(groupId: string, deletedAt: string): Promise<void>;
  isGroupBuried(groupId: string): Promise<boolean>;
  /** The person or group lives again. */
  removeAccount(accountId: string): Promise<void>;
  /**
   * People deleted before they had an account, whose address the index now shows on an account with access that nobody
   * is linked to: an invitation was accepted after the person had left. Only those deleted since.
   */
  listReturned(sinceIso: string): Promise<readonly { readonly id: string; readonly accountId: string }[]>;
  /** The account of a person deleted before there was one. */
  connect(id: string, accountId: string): Promise<void>;
  /** Somebody has this address again: its tombstones without account say nothing any more. */
  removePending(address: string): Promise<void>;
}

export interface IntentRecords {
  /** Stores it, or adds one to `attempts` of the one that is there. */
  begin(intent: Omit<Intent, 'attempts'>): Promise<void>;
  find(kind: Intent['kind'], key: string): Promise<Intent | undefined>;
  list(kind: Intent['kind']): Promise<readonly Intent[]>;
  end(kind: Intent['kind'], key: string): Promise<void>;
  /** Forgets those that were begun before. */
  prune(kind: Intent['kind'], beforeIso: string): Promise<void>;
}

/** All that the bridge keeps. Each call is atomic by itself; copies go in and come out. Failures are `unavailable` Failures. */
export interface Records {
  readonly people: PersonRecords;
  readonly holds: HoldRecords;
  readonly groups: GroupRecords;
  readonly membershipOwners: MembershipOwners;
  readonly writes: OwnWrites;
  readonly tombstones: Tombstones;
  readonly intents: IntentRecords;
  readonly index: DirectoryIndex;
  readonly audit: AuditRecords;
  readonly brake: BrakeRecords;
  readonly roles: RoleRecords;
  readonly seats: SeatRecords;
  readonly plan: PlanRecords;
  readonly groupIds: GroupIdRecords;
  readonly pauses: PauseRecords;
  readonly instances: InstanceRecords;
}

/**
 * Mutual exclusion that lives in the store, so that it holds across processes. Fair within a process (first come, first
 * served); a lock whose process died falls free by its lease.
 *
 * A process that is held up for longer than a lease may lose a lock while it works. Then:
 *
 * - Of what the work writes nothing is kept: the store looks, in the same transaction, whether the locks are this
 *   process's still. Kept are lines of the audit, and what gives back seats or room in the brake.
 * - No call to Atlassian begins once a lease is over by this process's own clocks, which is before others may have it; one
 *   that is under way is given up, and may take effect all the same, for Atlassian knows nothing of locks. After a time
 *   in which these clocks stood still, too (a virtual machine that was paused), the next renewal tells, some seconds later.
 * - The work has failed, whatever it came to.
 */
export interface Locks {
  /**
   * Runs `work` while holding `key`. Who holds several has taken them in this order, so that no two wait for each other:
   * `groupName:<name>`, `group:<id>`, `userName:<name>`, `address:<address>`, `person:<id>` of a record, `person:<id>` of
   * an account that is to become the record's, `plan:<subject>`, `scan`.
   *
   * @param call its deadline and its signal end the wait
   * @param work goes on with the call that it is given, in place of `call`: its signal aborts when the lock is lost
   * @throws Failure `unavailable` with `Retry-After` when the lock is not had before the call is over, or is lost
   */
  withLock<T>(key: string, call: Call, work: (held: Call) => Promise<T>): Promise<T>;
}

export interface Store extends Records {
  /** All or nothing, serialisable against other transactions. No upstream call belongs inside. */
  transaction<T>(work: (records: Records) => Promise<T>): Promise<T>;
  readonly locks: Locks;
  close(): Promise<void>;
}
