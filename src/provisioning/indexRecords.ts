import type { AccessType, UpstreamGroup } from './directory.js';
import type { PersonLink, GroupLink } from './store.js';

/** A person of the directory index. */
export interface IndexedPerson {
  readonly accountId: string;
  readonly kind: 'atlassian' | 'other';
  /** Ids of the granting groups the last scan (with our own writes over it) found the account in. */
  readonly grantingGroupIds: readonly string[];
}

export interface IndexedGroup extends UpstreamGroup {
  /**
   * Under which `accessType`s Confluence lists the group; `configured` when under none, and the group is an access group
   * by the bridge's configuration (rule SA1). Empty for a group that is no granting one.
   */
  readonly accessTypes: readonly (AccessType | 'configured')[];
  readonly firstSeenAt: string;
}

/** One row of a list of people: a link, a person of the index, or both; in stable order. */
export interface ListedPerson {
  readonly id: string;
  readonly accountId: string | undefined;
  readonly link: PersonLink | undefined;
  /** This caller's externalId, for a linked person. */
  readonly externalId: string | undefined;
  /** In a granting group, by the index. */
  readonly hasAccess: boolean;
  /** ISO time at which the person was made or first seen. */
  readonly firstSeenAt: string;
}

/** One row of a list of groups: index and links, released and deleted groups left out; in stable order. */
export interface ListedGroup {
  readonly id: string;
  readonly group: IndexedGroup | undefined;
  readonly link: GroupLink | undefined;
  readonly externalId: string | undefined;
  readonly firstSeenAt: string;
}

/** Lists in stable order: new ones at the end, a person or group keeps its place for ever. */
export interface Window {
  /** How many to skip, from 0. */
  readonly offset: number;
  readonly limit: number;
}

/** Written by a scan into a new generation, page by page; invisible until `commit`. */
export interface IndexScan {
  /** Members of one granting group; an address is stored as a salted hash only. Repeats are harmless. */
  addMembers(
    groupId: string,
    members: readonly { accountId: string; kind: 'atlassian' | 'other'; email: string | undefined }[],
  ): Promise<void>;
  /** Distinct people (`kind` atlassian) found so far. */
  countPeople(): Promise<number>;
  /**
   * Makes this generation the index in one transaction: groups replaced, own writes since `ownWritesSinceMs` laid
   * over it, new people and groups given the next places.
   */
  commit(result: {
    groups: readonly Omit<IndexedGroup, 'firstSeenAt'>[];
    scannedAtMs: number;
    ownWritesSinceMs: number;
  }): Promise<void>;
  discard(): Promise<void>;
}

export interface DirectoryIndex {
  /** When the last committed scan was; undefined before the first. Cheap, whatever the size of the site. */
  scannedAtMs(): Promise<number | undefined>;
  /** The same with a count of the distinct people of kind atlassian, which costs a walk over all of them. */
  state(): Promise<{ readonly scannedAtMs: number; readonly people: number } | undefined>;
  /** Starts a generation; one that was never committed before it is discarded. */
  beginScan(): Promise<IndexScan>;
  person(accountId: string): Promise<IndexedPerson | undefined>;
  people(accountIds: readonly string[]): Promise<readonly IndexedPerson[]>;
  /** Accounts whose visible address this is. */
  findByAddress(address: string): Promise<readonly IndexedPerson[]>;
  group(groupId: string): Promise<IndexedGroup | undefined>;
  grantingGroups(): Promise<readonly IndexedGroup[]>;
  /** Adds one group that we just created or read, or renews what is known of it; how it grants stays as a scan found. */
  putGroup(group: Omit<IndexedGroup, 'firstSeenAt'>, atMs: number): Promise<void>;
  /**
   * Adds what a read has just shown of somebody whom a message is about: that the account is in these groups. Only granting
   * ones count. Until the next scan, which may find otherwise.
   */
  putMember(accountId: string, groupIds: Iterable<string>, atMs: number): Promise<void>;
  /** Links and index as one list (rule LI2). A linked account of the index is listed once, under its link. */
  listPeople(caller: string, window: Window): Promise<readonly ListedPerson[]>;
  countPeople(): Promise<number>;
  findListed(id: string, caller: string): Promise<ListedPerson | undefined>;
  listGroups(caller: string, window: Window): Promise<readonly ListedGroup[]>;
  countGroups(): Promise<number>;
  findListedGroup(id: string, caller: string): Promise<ListedGroup | undefined>;
  /** People recorded inactive since before `beforeMs` whom the index still shows in a granting group (rule SA9). */
  leaversWithAccess(beforeMs: number): Promise<readonly { personId: string; groupIds: readonly string[] }[]>;
}
