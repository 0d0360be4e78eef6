/** Why a credential pauses, which is also how a call fails that cannot wait so long. */
export type PauseReason = 'rateLimited' | 'unavailable';

/** Atlassian told us to wait: nothing is sent with the credential before it is over. */
export interface Pause {
  /** Milliseconds since the epoch. */
  readonly untilMs: number;
  readonly reason: PauseReason;
}

/**
 * A pause that ends later than this from now was written by a clock that is wrong: believed, it would keep leavers their
 * access until somebody looks into the database. Twice the hour that Atlassian may ask for, since clocks that are right
 * differ, too.
 */
export const BELIEVED_MS = 2 * 3_600_000;

/** Pauses that hold for every process that uses the credential, and outlast the one that was told (rule SA17). */
export interface PauseRecords {
  /** The last one known of the credential, which may be over. */
  find(credential: string): Promise<Pause | undefined>;
  /** Keeps whichever ends later, of this one and the one that is there, unless that one cannot be believed. */
  extend(credential: string, pause: Pause): Promise<void>;
}
