import { sql } from 'kysely';
import type { BrakeCounter, BrakeRecords } from '../provisioning/brakeRecords.js';
import { chunks } from './chunks.js';
import { countPeople, ofCurrentGeneration } from './indexTables.js';
import { atomically, type Handle, inOneView } from './schema.js';

const RELEASED_UNTIL = 'brake_released_until_ms';
const GROUP_PREFIX = 'group:';

/** What the mass-removal brake counts and refused. */
export function brakeRecords(db: Handle): BrakeRecords {
  const removals = (counter: BrakeCounter, sinceMs: number) =>
    db.selectFrom('brake_removals').where('counter', '=', counter).where('at_ms', '>', sinceMs);
  return {
    async counted(counter, sinceMs) {
      const rows = await removals(counter, sinceMs).select('person_id').distinct().execute();
      return new Set(rows.map((row) => row.person_id));
    },
    async countSettled(counter, sinceMs) {
      const { people } = await removals(counter, sinceMs)
        .where('settled', '=', 1)
        .select((eb) => eb.fn.count<number | string>('person_id').distinct().as('people'))
        .executeTakeFirstOrThrow();
      return Number(people);
    },
    async countedGroups(sinceMs) {
      const rows = await db
        .selectFrom('brake_removals')
        .select((eb) => ['counter', eb.fn.count<number | string>('person_id').distinct().as('removed')])
        .where('counter', 'like', `${GROUP_PREFIX}%`)
        .where('at_ms', '>', sinceMs)
        .groupBy('counter')
        .orderBy('removed', 'desc')
        .orderBy('counter')
        .execute();
      return rows.map(({ counter, removed }) => ({
        groupId: counter.slice(GROUP_PREFIX.length),
        removed: Number(removed),
      }));
    },
    async countPeople(sinceMs) {
      const { present, lost } = await db
        .selectNoFrom((eb) => [
          countPeople(db).as('present'),
          eb
            .selectFrom('brake_removals')
            .select((inner) => inner.fn.count<number | string>('person_id').distinct().as('lost'))
            .where('counter', '=', 'access')
            .where('at_ms', '>', sinceMs)
            .where((inner) =>
              inner.not(
                inner.exists(
                  inner
                    .selectFrom('index_memberships')
                    .select('index_memberships.group_id')
                    .where('index_memberships.generation', '=', ofCurrentGeneration(db))
                    .whereRef('index_memberships.account_id', '=', 'brake_removals.account_id'),
                ),
              ),
            )
            .as('lost'),
        ])
        .executeTakeFirstOrThrow();
      return Number(present) + Number(lost);
    },
    onlyAccessThrough: (groupId, accountIds, sinceMs) =>
      inOneView(db, async (trx) => {
        if (accountIds === undefined) return soleMembers(trx, groupId, undefined, sinceMs);
        const found: string[] = [];
        for (const some of chunks([...new Set(accountIds)]))
          found.push(...(await soleMembers(trx, groupId, some, sinceMs)));
        return found;
      }),
    reserve: (reservation, reserved, atMs) =>
      atomically(db, async (trx) => {
        const rows = reserved.map(({ counter, personId, accountId }) => ({
          reservation,
          counter,
          person_id: personId,
          account_id: accountId ?? null,
          at_ms: atMs,
          settled: 0,
        }));
        for (const some of chunks(rows)) {
          await trx
            .insertInto('brake_removals')
            .values(some)
            .onConflict((conflict) => conflict.doNothing())
            .execute();
        }
      }),
    settle: (reservation, kept) =>
      atomically(db, async (trx) => {
        const rows = await trx
          .selectFrom('brake_removals')
          .select('person_id')
          .distinct()
          .where('reservation', '=', reservation)
          .execute();
        const returned = rows.map((row) => row.person_id).filter((personId) => !kept.has(personId));
        for (const some of chunks(returned)) {
          await trx
            .deleteFrom('brake_removals')
            .where('reservation', '=', reservation)
            .where('person_id', 'in', some)
            .execute();
        }
        await trx.updateTable('brake_removals').set({ settled: 1 }).where('reservation', '=', reservation).execute();
      }),
    noteRefusal: (counter, atMs, sinceMs) =>
      atomically(db, async (trx) => {
        const { numUpdatedRows } = await trx
          .updateTable('brake_trips')
          .set((eb) => ({ last_refused_at_ms: atMs, refusals: eb('refusals', '+', 1) }))
          .where('counter', '=', counter)
          .where('last_refused_at_ms', '>', sinceMs)
          .executeTakeFirstOrThrow();
        if (numUpdatedRows > 0n) return false;
        const trip = { tripped_at_ms: atMs, last_refused_at_ms: atMs, refusals: 1 };
        await trx
          .insertInto('brake_trips')
          .values({ counter, ...trip })
          .onConflict((conflict) => conflict.column('counter').doUpdateSet(trip))
          .execute();
        return true;
      }),
    async trips(sinceMs) {
      const rows = await db
        .selectFrom('brake_trips')
        .selectAll()
        .where('last_refused_at_ms', '>', sinceMs)
        .orderBy('tripped_at_ms')
        .orderBy('counter')
        .execute();
      return rows.map((row) => ({
        counter: row.counter as BrakeCounter,
        trippedAtMs: row.tripped_at_ms,
        lastRefusedAtMs: row.last_refused_at_ms,
        refusals: row.refusals,
      }));
    },
    async releasedUntilMs() {
      const row = await db.selectFrom('meta').select('value').where('name', '=', RELEASED_UNTIL).executeTakeFirst();
      return row === undefined ? 0 : Number(row.value);
    },
    async release(untilMs) {
      const value = String(untilMs);
      await db
        .insertInto('meta')
        .values({ name: RELEASED_UNTIL, value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
        .execute();
    },
    prune: (beforeMs) =>
      atomically(db, async (trx) => {
        await trx.deleteFrom('brake_removals').where('at_ms', '<=', beforeMs).execute();
        await trx.deleteFrom('brake_trips').where('last_refused_at_ms', '<=', beforeMs).execute();
      }),
  };
}

async function soleMembers(
  db: Handle,
  groupId: string,
  accountIds: readonly string[] | undefined,
  sinceMs: number,
): Promise<readonly string[]> {
  const members = db
    .selectFrom('index_memberships')
    .innerJoin('index_people', (join) =>
      join
        .onRef('index_people.generation', '=', 'index_memberships.generation')
        .onRef('index_people.account_id', '=', 'index_memberships.account_id'),
    )
    .select('index_memberships.account_id')
    .where('index_memberships.generation', '=', ofCurrentGeneration(db))
    .where('index_memberships.group_id', '=', groupId)
    .where('index_people.kind', '=', 'atlassian')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('index_memberships as other')
            .select('other.group_id')
            .whereRef('other.generation', '=', 'index_memberships.generation')
            .whereRef('other.account_id', '=', 'index_memberships.account_id')
            .where('other.group_id', '<>', groupId)
            .where((inner) =>
              inner.not(
                inner.exists(
                  inner
                    .selectFrom('brake_removals')
                    .select('brake_removals.reservation')
                    .where('brake_removals.counter', '=', sql<string>`${GROUP_PREFIX} || ${sql.ref('other.group_id')}`)
                    .whereRef('brake_removals.account_id', '=', 'other.account_id')
                    .where('brake_removals.settled', '=', 0)
                    .where('brake_removals.at_ms', '>', sinceMs),
                ),
              ),
            ),
        ),
      ),
    );
  const rows = await (
    accountIds === undefined ? members : members.where('index_memberships.account_id', 'in', accountIds)
  ).execute();
  return rows.map((row) => row.account_id);
}
