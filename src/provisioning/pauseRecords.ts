/** Why a credential pauses, which is also how a call fails that cannot wait so long. */
export type PauseReason = 'rateLimited' | 'unavailable';

/** Atlassian told us to wait: nothing is sent with the credential before it is over. */
export interface Pause {
  /** Milliseconds since the epoch. */
  readonly untilMs: number;
  readonly reason: PauseReason;
}

/** Pauses that hold for every process that uses the credential, and outlast the one that was told (rule SA17). */
export interface PauseRecords {
  /** The last one known of the credential, which may be over. */
  find(credential: string): Promise<Pause | undefined>;
  /** Keeps whichever ends later, of this one and the one that is there. */
  extend(credential: string, pause: Pause): Promise<void>;
}
