/** What the brake counts (rule SA11): people who lose access, or members who leave one group. */
export type BrakeCounter = 'access' | `group:${string}`;

/** One person counted once. */
export interface CountedRemoval {
  readonly counter: BrakeCounter;
  /** SCIM id. */
  readonly personId: string;
  /** Undefined for somebody invited whose account has not appeared. */
  readonly accountId: string | undefined;
}

/** A counter that refused messages. */
export interface BrakeTrip {
  readonly counter: BrakeCounter;
  readonly trippedAtMs: number;
  readonly lastRefusedAtMs: number;
  /** Messages refused since it tripped. */
  readonly refusals: number;
}

/**
 * What the mass-removal brake remembers. Removals are reserved before the first upstream write and settled afterwards: a
 * process that dies in between leaves them counted. A person counts once for each counter, however often reserved.
 * `sinceMs` is exclusive everywhere: the beginning of the window, or the end of the last release if that is later.
 */
export interface BrakeRecords {
  /** SCIM ids of the people counted. */
  counted(counter: BrakeCounter, sinceMs: number): Promise<ReadonlySet<string>>;
  /** How many of them are settled: removed, or perhaps removed. */
  countSettled(counter: BrakeCounter, sinceMs: number): Promise<number>;
  /** Groups that members left, with how many are counted; the largest number first. */
  countedGroups(sinceMs: number): Promise<readonly { readonly groupId: string; readonly removed: number }[]>;
  /** People who have access by the index, and those counted as having lost it. Costs a walk over all of them. */
  countPeople(sinceMs: number): Promise<number>;
  /**
   * Accounts of people whose only granting group, by the index, is this one. A group that somebody is just being taken
   * out of does not count: of two removals side by side, one is the last.
   *
   * @param accountIds whom to look at; undefined for every member of the group
   */
  onlyAccessThrough(
    groupId: string,
    accountIds: readonly string[] | undefined,
    sinceMs: number,
  ): Promise<readonly string[]>;
  reserve(reservation: string, removals: readonly CountedRemoval[], atMs: number): Promise<void>;
  /** Those of a reservation who are kept stay counted, the others are given back. */
  settle(reservation: string, keptPersonIds: ReadonlySet<string>): Promise<void>;
  /** Notes that a message was refused. @returns whether the counter tripped by it, and had not been since `sinceMs` */
  noteRefusal(counter: BrakeCounter, atMs: number, sinceMs: number): Promise<boolean>;
  /** Counters that refused something since. */
  trips(sinceMs: number): Promise<readonly BrakeTrip[]>;
  /** Until when everything passes or passed by order of the operator, and before which nothing counts; 0 when never. */
  releasedUntilMs(): Promise<number>;
  release(untilMs: number): Promise<void>;
  prune(beforeMs: number): Promise<void>;
}
