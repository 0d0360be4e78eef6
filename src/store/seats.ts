import type { ExpressionBuilder } from 'kysely';
import type { SeatHolder, SeatRecords } from '../provisioning/seatRecords.js';
import { peopleWithin } from './indexTables.js';
import { atomically, type Database, type Handle } from './schema.js';

/** Who takes a seat: three lists, of which the later ones leave out whom an earlier one has. */
export function seatRecords(db: Handle): SeatRecords {
  return {
    async count(sinceMs) {
      const { present, invited, reserved } = await db
        .selectNoFrom((eb) => [
          withAccess(db)
            .select((inner) => inner.fn.countAll<number | string>().as('people'))
            .as('present'),
          eb
            .selectFrom('person_links')
            .select((inner) => inner.fn.count<number | string>('address').distinct().as('people'))
            .where(isInvited)
            .where((inner) =>
              inner.not(
                inner.exists(
                  inner
                    .selectFrom('seat_reservations')
                    .select('reservation')
                    .whereRef('seat_reservations.address', '=', 'person_links.address')
                    .where('seat_reservations.at_ms', '>', sinceMs)
                    .where('seat_reservations.account_id', 'in', withAccess(db).select('index_people.account_id')),
                ),
              ),
            )
            .as('invited'),
          eb
            .selectFrom('seat_reservations')
            .select((inner) =>
              inner.fn.count<number | string>(inner.fn.coalesce('account_id', 'address')).distinct().as('people'),
            )
            .where('at_ms', '>', sinceMs)
            .where((inner) =>
              inner.not(
                inner.or([
                  inner.exists(
                    withAccess(db)
                      .select('index_people.account_id')
                      .whereRef('index_people.account_id', '=', inner.ref('seat_reservations.account_id')),
                  ),
                  inner.exists(
                    inner
                      .selectFrom('person_links')
                      .select('id')
                      .whereRef('person_links.address', '=', 'seat_reservations.address')
                      .where(isInvited),
                  ),
                ]),
              ),
            )
            .as('reserved'),
        ])
        .executeTakeFirstOrThrow();
      return Number(present) + Number(invited) + Number(reserved);
    },
    async has({ accountId, address }, sinceMs) {
      if (accountId !== undefined) {
        const present = await withAccess(db)
          .select('index_people.account_id')
          .where('index_people.account_id', '=', accountId)
          .executeTakeFirst();
        if (present !== undefined) return true;
      }
      if (address !== undefined) {
        const invited = await db
          .selectFrom('person_links')
          .select('id')
          .where('address', '=', address)
          .where(isInvited)
          .executeTakeFirst();
        if (invited !== undefined) return true;
      }
      return (await reservationOf(db, { accountId, address }, sinceMs)) !== undefined;
    },
    reserve: (reservation, holder, atMs) =>
      atomically(db, async (trx) => {
        const other = await reservationOf(trx, holder, 0);
        await trx
          .insertInto('seat_reservations')
          .values({
            reservation,
            account_id: holder.accountId ?? other?.account_id ?? null,
            address: holder.address ?? other?.address ?? null,
            at_ms: atMs,
          })
          .execute();
      }),
    async identify(address, accountId) {
      await db
        .updateTable('seat_reservations')
        .set({ account_id: accountId })
        .where('address', '=', address)
        .where('account_id', 'is', null)
        .execute();
    },
    async release(reservation) {
      await db.deleteFrom('seat_reservations').where('reservation', '=', reservation).execute();
    },
    async prune(beforeMs) {
      await db.deleteFrom('seat_reservations').where('at_ms', '<=', beforeMs).execute();
    },
  };
}

/** People of the index who are in a granting group. Whom this bridge suspended keeps the groups and has no seat. */
function withAccess(db: Handle) {
  return peopleWithin(db).where((eb) =>
    eb.not(
      eb.exists(
        eb
          .selectFrom('person_links')
          .select('person_links.id')
          .whereRef('person_links.account_id', '=', 'index_people.account_id')
          .where('person_links.suspended', '=', 1),
      ),
    ),
  );
}

/** Entitled to the access of an invitation that nobody has accepted yet (rule US5). */
function isInvited(eb: ExpressionBuilder<Database, 'person_links'>) {
  return eb.and([
    eb('person_links.account_id', 'is', null),
    eb('person_links.wanted', '=', 'active'),
    eb('person_links.invited_at', 'is not', null),
  ]);
}

function reservationOf(db: Handle, { accountId, address }: SeatHolder, sinceMs: number) {
  return db
    .selectFrom('seat_reservations')
    .select(['account_id', 'address'])
    .where('at_ms', '>', sinceMs)
    .where((eb) =>
      eb.or([
        ...(accountId === undefined ? [] : [eb('account_id', '=', accountId)]),
        ...(address === undefined ? [] : [eb('address', '=', address)]),
      ]),
    )
    .executeTakeFirst();
}
