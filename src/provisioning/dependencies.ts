import type { Brake } from './brake.js';
import type { Call, Clock } from './call.js';
import type { Directory } from './directory.js';
import type { Failure } from './failure.js';
import type { IndexedGroup } from './indexRecords.js';
import type { RolesByGroup } from './roles.js';
import type { Seats } from './seats.js';
import type { Store } from './store.js';

/** The settings that decide about access (DESIGN: the table in README). Names and addresses as the operator wrote them. */
export interface Settings {
  /** `CONFLUENCE_ACCESS_GROUPS`: names; empty means the one group with `accessType=user`. */
  readonly accessGroups: readonly string[];
  readonly deactivation: 'access-groups' | 'suspend';
  readonly profileUpdates: 'put' | 'reject' | 'record';
  readonly groupRenames: 'record' | 'reject';
  readonly adoptGroups: readonly string[];
  readonly privilegedGroups: readonly string[];
  /** The operator did not choose the patterns: role assignments, where they are known, know better than these names. */
  readonly guessesPrivileged: boolean;
  /** E-mail addresses or account ids. */
  readonly protectedUsers: readonly string[];
  readonly groupDelete: 'created' | 'never';
  readonly defaultEmailDomain: string | undefined;
  /** Empty means all. */
  readonly allowedEmailDomains: readonly string[];
  /** `TEST_ADDRESSES`: patterns of addresses, lower case; people with these are answered from the record alone. */
  readonly testAddresses: readonly string[];
  /** Who may call the bridge, by name (rules SA12, SA13). */
  readonly callers: readonly { readonly name: string; readonly isReadOnly: boolean }[];
  readonly requestBudgetMs: number;
  readonly indexMaxAgeMs: number;
}

/** Where the domain tells what happened. Fields hold ids and numbers, never addresses, names or secrets. */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** The groups that grant Confluence access, as far as known now (rule SA1). */
export interface Access {
  /** By id; every granting group, plain, admin and site-admin, and configured ones that do not grant any more. */
  readonly granting: ReadonlyMap<string, IndexedGroup>;
  /** What role assignments say of groups, granting and other ones; nothing is known of a group that is not here. */
  readonly roles: RolesByGroup;
  /** The configured access groups in order, or the one found; the first is where new people go. None while there is trouble. */
  readonly accessGroups: readonly IndexedGroup[];
  /**
   * `misconfigured` when a configured access group does not exist or does not grant, or none is configured and Confluence
   * has several. Nobody can be given access then; reading and taking access go on.
   */
  readonly trouble: Failure | undefined;
}

/** The directory index as the domain uses it (`roster/`). */
export interface Roster {
  /**
   * Resolves once a first scan is committed, at once afterwards; what rests on absence waits here (rule LI1).
   *
   * @throws Failure `unavailable` with `Retry-After` when the call's budget ends first; `misconfigured` at once while only
   *   our operator can make a scan succeed
   */
  ready(call: Call): Promise<void>;
  /**
   * For a list from its beginning: refreshes an index older than `INDEX_MAX_AGE_SECONDS`. A refresh that fails or
   * outlasts the budget leaves an index of up to an hour good enough, with a warning in the log.
   *
   * @throws Failure as `ready`
   */
  fresh(call: Call): Promise<void>;
  /** A scan now (joins a running one): an account is looked for. @throws Failure when it fails or does not fit the call. */
  scan(call: Call): Promise<void>;
  /**
   * The granting groups: from the index, or read directly before the first scan and while there is trouble (three calls,
   * and one for each configured group that does not grant).
   *
   * @throws Failure when they cannot be read or are not believed, but not for trouble with the configuration
   */
  access(call: Call): Promise<Access>;
  /** Asks for scans once a minute for ten minutes: an invited person's account is expected (rule US4). */
  expectAccount(): void;
}

/** What every part of the domain is given. */
export interface Dependencies {
  readonly directory: Directory;
  readonly store: Store;
  readonly roster: Roster;
  readonly brake: Brake;
  readonly seats: Seats;
  readonly settings: Settings;
  /** The credential's own account: protected by default (SA8). Undefined until Atlassian told. */
  ownAccountId(): string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** For how long our own confirmed write beats Atlassian's lagging reads (rule US2). */
export const OWN_WRITE_MS = 10 * 60 * 1000;
