import { randomUUID } from 'node:crypto';
import { mayHaveHappened } from './brake.js';
import type { Call, Clock } from './call.js';
import type { Log } from './dependencies.js';
import { Failure } from './failure.js';
import type { SeatHolder, SeatRecords } from './seatRecords.js';
import type { Records, Store } from './store.js';

/** Somebody who is to be given access. */
export interface Newcomer extends SeatHolder {
  /** Known to have access already, from a read of this request: takes no seat, whatever the index says. */
  readonly hasAccess?: boolean;
}

/** Members who join and leave a granting group by one message. */
export interface Exchange {
  readonly groupId: string;
  readonly joining: readonly Newcomer[];
  /** Accounts; those whose last granting group it is free their seats. */
  readonly leaving: readonly string[];
}

/** Runs the one write that gives access: a seat stays reserved while nobody knows whether it happened. */
export type Giving = <R>(write: () => Promise<R>) => Promise<R>;

/** Keeps the number of people with access within `SEAT_LIMIT` (rule US14), over all callers and verbs. */
export interface Seats {
  /**
   * Whether a message that changes a granting group fits, without taking anything: spares a message that would be carried
   * out in part.
   *
   * @throws Failure as `hold`
   */
  check(exchange: Exchange, call: Call): Promise<void>;
  /**
   * Holds a seat for somebody until `work` is over: by then records and index say who has one. Whoever has a seat needs no
   * other, so that holds may be nested.
   *
   * @throws Failure `refused` by US14 when no seat is left; `unavailable` while nobody has counted yet (rule LI1)
   */
  hold<T>(newcomer: Newcomer, call: Call, work: (giving: Giving) => Promise<T>): Promise<T>;
  /**
   * That those who have a seat by the records, whom observe mode planned to give access included (rule SA14), are no more
   * than may.
   *
   * @throws Failure `refused` by US14
   */
  assertKept(call: Call): Promise<void>;
  /** The account of an address that a seat is held for is known now. */
  identify(address: string, accountId: string): Promise<void>;
}

export interface SeatParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined: as many as there are people. */
  readonly limit: number | undefined;
  /** Waits for the first scan (rule LI1). @throws Failure when the call's budget ends first */
  readonly indexReady: (call: Call) => Promise<void>;
}

/**
 * For how long a reservation counts that nobody released: longer than any write takes, and until a scan has shown what
 * came of it.
 */
const RESERVATION_MS = 20 * 60 * 1000;

const UNLIMITED: Seats = {
  check: () => Promise.resolve(),
  hold: (_newcomer, _call, work) => work((write) => write()),
  assertKept: () => Promise.resolve(),
  identify: () => Promise.resolve(),
};

/** Seats in use now. */
export function countSeats(records: { readonly seats: SeatRecords }, nowMs: number): Promise<number> {
  return records.seats.count(nowMs - RESERVATION_MS);
}

export function createSeats(parts: SeatParts): Seats {
  return parts.limit === undefined ? UNLIMITED : limitedSeats(parts.limit, parts);
}

function limitedSeats(limit: number, parts: SeatParts): Seats {
  const { store, clock, log } = parts;

  /** Judges and, in the same transaction, does `taking`, so that messages side by side cannot pass the limit together. */
  async function judge(
    joining: readonly Newcomer[],
    freed: (records: Records) => Promise<number>,
    taking: (records: Records, nowMs: number) => Promise<void>,
    call: Call,
  ): Promise<void> {
    for (;;) {
      const verdict = await store.transaction(async (records) => {
        const nowMs = clock.now();
        const asked = await countWithoutSeat(joining, records, nowMs);
        if (asked > 0) {
          if ((await records.index.scannedAtMs()) === undefined) return 'unscanned';
          const used = await countSeats(records, nowMs);
          if (used - (await freed(records)) + asked > limit) return { used, asked };
        }
        await taking(records, nowMs);
        return 'fits';
      });
      if (verdict === 'fits') return;
      if (verdict !== 'unscanned') throw refuse(verdict, call);
      await parts.indexReady(call);
    }
  }

  function refuse({ used, asked }: { readonly used: number; readonly asked: number }, call: Call): Failure {
    log.warn('SEAT_LIMIT was reached and nobody else is given access. Take access from somebody, or raise it.', {
      limit,
      used,
      asked,
      caller: call.caller,
      requestId: call.requestId,
    });
    return new Failure(
      'refused',
      `No seat is left, and nobody was given access: SEAT_LIMIT is ${limit}, ${used} people have access to Confluence or a pending invitation, and this message asks for ${asked} more. Take access from people who do not need it, or have the operator raise SEAT_LIMIT, then send it again.`,
      { refusedBy: 'US14' },
    );
  }

  async function release(reservation: string): Promise<void> {
    try {
      await store.seats.release(reservation);
    } catch (error) {
      log.warn('A seat could not be given back; it counts as taken for some minutes more.', {
        error: Failure.from(error),
      });
    }
  }

  return {
    check: ({ groupId, joining, leaving }, call) =>
      judge(
        joining,
        async (records) => (await records.brake.onlyAccessThrough(groupId, leaving, clock.now())).length,
        () => Promise.resolve(),
        call,
      ),
    async hold(newcomer, call, work) {
      const reservation = randomUUID();
      const take = async (records: Records, nowMs: number): Promise<void> => {
        await records.seats.prune(nowMs - RESERVATION_MS);
        const holder = await identified(newcomer, records);
        if (holder.accountId !== undefined && holder.address !== undefined)
          await records.seats.identify(holder.address, holder.accountId);
        await records.seats.reserve(reservation, holder, nowMs);
      };
      await judge([newcomer], () => Promise.resolve(0), take, call);
      const unanswered: Failure[] = [];
      try {
        return await work(async (write) => {
          try {
            return await write();
          } catch (error) {
            const failure = Failure.from(error);
            if (mayHaveHappened(failure)) unanswered.push(failure);
            throw error;
          }
        });
      } finally {
        if (unanswered.length === 0) await release(reservation);
      }
    },
    async assertKept({ caller, requestId }) {
      const used = await countSeats(store, clock.now());
      if (used <= limit) return;
      log.warn('SEAT_LIMIT is passed by what is planned, and nobody else is given access.', {
        limit,
        used,
        caller,
        requestId,
      });
      throw new Failure(
        'refused',
        `Nobody was given access: SEAT_LIMIT is ${limit}, and with what is planned ${used} people have access to Confluence or an invitation. Take access from people who do not need it, or raise SEAT_LIMIT, then run plan apply again.`,
        { refusedBy: 'US14' },
      );
    },
    identify: (address, accountId) => store.seats.identify(address, accountId),
  };
}

async function countWithoutSeat(joining: readonly Newcomer[], records: Records, nowMs: number): Promise<number> {
  let count = 0;
  for (const newcomer of joining) {
    if (newcomer.hasAccess === true) continue;
    if (!(await records.seats.has(await identified(newcomer, records), nowMs - RESERVATION_MS))) count += 1;
  }
  return count;
}

/** Somebody known by address alone may be somebody whom the index shows with that address. */
async function identified(newcomer: Newcomer, records: Records): Promise<SeatHolder> {
  const { accountId, address } = newcomer;
  if (accountId !== undefined || address === undefined) return { accountId, address };
  const people = (await records.index.findByAddress(address)).filter(({ kind }) => kind === 'atlassian');
  const [only] = people;
  return { accountId: people.length === 1 ? only?.accountId : undefined, address };
}
