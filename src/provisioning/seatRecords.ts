/** Somebody who has a seat or is about to be given one, by what is known: an account, an address, or both. */
export interface SeatHolder {
  readonly accountId: string | undefined;
  /** The address of an invitation, lower case. */
  readonly address: string | undefined;
}

/**
 * Who takes a seat (rule US14): people with access by the index, own writes laid over it; people entitled to the access
 * that a pending invitation will give; and people who are just being given access, by a reservation. One that nobody
 * releases, because its process died or nobody knows whether the write happened, counts until it is older than `sinceMs`,
 * which is exclusive.
 */
export interface SeatRecords {
  /** Distinct people. Costs a walk over all of them. */
  count(sinceMs: number): Promise<number>;
  /** Whether the person is among those who are counted, by account or by address. */
  has(holder: SeatHolder, sinceMs: number): Promise<boolean>;
  /** A person who is known under an account and an address in another reservation is known under both here, too. */
  reserve(reservation: string, holder: SeatHolder, atMs: number): Promise<void>;
  /** The account of an address that seats are reserved for is known now. */
  identify(address: string, accountId: string): Promise<void>;
  release(reservation: string): Promise<void>;
  prune(beforeMs: number): Promise<void>;
}
