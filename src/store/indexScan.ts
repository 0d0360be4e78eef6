import { sql } from 'kysely';
import { Failure } from '../provisioning/failure.js';
import type { IndexedGroup, IndexScan } from '../provisioning/indexRecords.js';
import type { KeyedHash } from './addresses.js';
import { chunks } from './chunks.js';
import { toGroupRow } from './indexTables.js';
import { lastPlace } from './places.js';
import { atomically, type Handle } from './schema.js';

type ScannedGroups = readonly Omit<IndexedGroup, 'firstSeenAt'>[];

/** Starts a generation. What an earlier scan left half-written is thrown away, and that scan can no longer commit. */
export async function beginScan(db: Handle, hash: KeyedHash): Promise<IndexScan> {
  const generation = await atomically(db, async (trx) => {
    const state = await trx.selectFrom('index_state').selectAll().executeTakeFirstOrThrow();
    const next = state.last_generation + 1;
    await trx.updateTable('index_state').set({ scanning_generation: next, last_generation: next }).execute();
    await dropOtherGenerations(trx, state.current_generation);
    return next;
  });
  return new StoredScan(db, hash, generation);
}

class StoredScan implements IndexScan {
  readonly #db: Handle;
  readonly #hash: KeyedHash;
  readonly #generation: number;

  constructor(db: Handle, hash: KeyedHash, generation: number) {
    this.#db = db;
    this.#hash = hash;
    this.#generation = generation;
  }

  async addMembers(groupId: string, members: Parameters<IndexScan['addMembers']>[1]): Promise<void> {
    const generation = this.#generation;
    // Once each: one statement must not meet the same key twice.
    const people = new Map(
      members.map(({ accountId, kind, email }) => [
        accountId,
        { generation, account_id: accountId, kind, address_hash: email === undefined ? null : this.#hash(email) },
      ]),
    );
    await this.#writing(async (trx) => {
      for (const rows of chunks([...people.values()])) {
        await trx
          .insertInto('index_people')
          .values(rows)
          .onConflict((conflict) =>
            conflict.columns(['generation', 'account_id']).doUpdateSet((eb) => ({
              kind: eb.ref('excluded.kind'),
              address_hash: eb.fn.coalesce('excluded.address_hash', 'index_people.address_hash'),
            })),
          )
          .execute();
        await trx
          .insertInto('index_memberships')
          .values(rows.map(({ account_id }) => ({ generation, account_id, group_id: groupId })))
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }
    });
  }

  async countPeople(): Promise<number> {
    const { people } = await this.#db
      .selectFrom('index_people')
      .select((eb) => eb.fn.countAll<number | string>().as('people'))
      .where('generation', '=', this.#generation)
      .where('kind', '=', 'atlassian')
      .executeTakeFirstOrThrow();
    return Number(people);
  }

  async commit(result: Parameters<IndexScan['commit']>[0]): Promise<void> {
    await this.#writing(async (trx, currentGeneration) => {
      await replaceGroups(trx, result.groups, result.ownWritesSinceMs);
      await overlayOwnWrites(trx, this.#generation, currentGeneration, result.ownWritesSinceMs);
      await givePlaces(trx, this.#generation, new Date(result.scannedAtMs).toISOString());
      await trx
        .updateTable('index_state')
        .set({
          current_generation: this.#generation,
          scanning_generation: null,
          scanned_at_ms: result.scannedAtMs,
        })
        .execute();
      await dropOtherGenerations(trx, this.#generation);
    });
  }

  async discard(): Promise<void> {
    await atomically(this.#db, async (trx) => {
      const state = await trx.selectFrom('index_state').selectAll().executeTakeFirstOrThrow();
      if (state.scanning_generation !== this.#generation) return;
      await trx.updateTable('index_state').set({ scanning_generation: null }).execute();
      await dropOtherGenerations(trx, state.current_generation);
    });
  }

  /** A scan that another one has replaced (its lock ran out) must neither write nor win. */
  async #writing(work: (trx: Handle, currentGeneration: number | null) => Promise<void>): Promise<void> {
    await atomically(this.#db, async (trx) => {
      const state = await trx.selectFrom('index_state').selectAll().executeTakeFirstOrThrow();
      if (state.scanning_generation !== this.#generation) {
        throw new Failure('unavailable', 'This scan of the directory has ended or was replaced by another one.', {
          retryAfterSeconds: 60,
        });
      }
      await work(trx, state.current_generation);
    });
  }
}

async function dropOtherGenerations(db: Handle, keep: number | null): Promise<void> {
  await db
    .deleteFrom('index_people')
    .where('generation', '<>', keep ?? 0)
    .execute();
  await db
    .deleteFrom('index_memberships')
    .where('generation', '<>', keep ?? 0)
    .execute();
}

/**
 * The groups of the scan become those of the index. A group that we put there ourselves in the meantime stays although
 * the scan lacks it (Confluence's list lags), and one that we deleted stays out although the scan still has it.
 */
async function replaceGroups(db: Handle, groups: ScannedGroups, ownWritesSinceMs: number): Promise<void> {
  await db
    .deleteFrom('index_groups')
    .where((eb) => eb.or([eb('put_at_ms', 'is', null), eb('put_at_ms', '<', ownWritesSinceMs)]))
    .execute();
  const once = new Map(groups.map((group) => [group.id, toGroupRow(group, null)]));
  for (const rows of chunks([...once.values()])) {
    await db
      .insertInto('index_groups')
      .values(rows)
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet((eb) => ({
          name: eb.ref('excluded.name'),
          usage_type: eb.ref('excluded.usage_type'),
          managed_by: eb.ref('excluded.managed_by'),
          access_types: eb.ref('excluded.access_types'),
        })),
      )
      .execute();
  }
  await db
    .deleteFrom('index_groups')
    .where('id', 'in', (eb) =>
      eb.selectFrom('own_group_deletions').select('group_id').where('at_ms', '>=', ownWritesSinceMs),
    )
    .execute();
}

/** Our own confirmed writes beat what the scan read; then memberships of groups that grant nothing go. */
async function overlayOwnWrites(db: Handle, generation: number, before: number | null, sinceMs: number): Promise<void> {
  const gained = db
    .selectFrom('own_memberships')
    .innerJoin('index_groups', 'index_groups.id', 'own_memberships.group_id')
    .where('index_groups.access_types', '<>', '')
    .where('own_memberships.is_member', '=', 1)
    .where('own_memberships.at_ms', '>=', sinceMs);
  await db
    .insertInto('index_people')
    .columns(['generation', 'account_id', 'kind', 'address_hash'])
    .expression(
      gained
        .leftJoin('index_people as known', (join) =>
          join.onRef('known.account_id', '=', 'own_memberships.account_id').on('known.generation', '=', before ?? 0),
        )
        .select((eb) => [
          sql.lit(generation).as('generation'),
          eb.ref('own_memberships.account_id').as('account_id'),
          eb.fn.coalesce('known.kind', eb.val('atlassian')).as('kind'),
          eb.ref('known.address_hash').as('address_hash'),
        ])
        .distinct(),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await db
    .insertInto('index_memberships')
    .columns(['generation', 'account_id', 'group_id'])
    .expression(
      gained.select([sql.lit(generation).as('generation'), 'own_memberships.account_id', 'own_memberships.group_id']),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await db
    .deleteFrom('index_memberships')
    .where('generation', '=', generation)
    .where((eb) =>
      eb.or([
        eb.exists(
          eb
            .selectFrom('own_memberships')
            .select('own_memberships.group_id')
            .whereRef('own_memberships.account_id', '=', 'index_memberships.account_id')
            .whereRef('own_memberships.group_id', '=', 'index_memberships.group_id')
            .where('own_memberships.is_member', '=', 0)
            .where('own_memberships.at_ms', '>=', sinceMs),
        ),
        eb.not(
          eb.exists(
            eb
              .selectFrom('index_groups')
              .select('index_groups.id')
              .whereRef('index_groups.id', '=', 'index_memberships.group_id')
              .where('index_groups.access_types', '<>', ''),
          ),
        ),
      ]),
    )
    .execute();
}

/** New people and groups go to the end of their lists, in the order of their ids. */
async function givePlaces(db: Handle, generation: number, seenAt: string): Promise<void> {
  const people = db
    .selectFrom('index_people')
    .select('account_id as id')
    .where('generation', '=', generation)
    .where('kind', '=', 'atlassian');
  const groups = db.selectFrom('index_groups').select('id');
  for (const { resource, ids } of [
    { resource: 'person' as const, ids: people },
    { resource: 'group' as const, ids: groups },
  ]) {
    const last = await lastPlace(db);
    await db
      .insertInto('places')
      .columns(['place', 'resource', 'id', 'first_seen_at'])
      .expression(
        db
          .selectFrom(ids.as('seen'))
          .select((eb) => [
            sql<number>`${sql.lit(last)} + row_number() over (order by ${eb.ref('seen.id')})`.as('place'),
            sql.lit(resource).as('resource'),
            'seen.id',
            sql.val(seenAt).as('first_seen_at'),
          ])
          .where((eb) =>
            eb.not(
              eb.exists(
                eb
                  .selectFrom('places')
                  .select('places.place')
                  .where('places.resource', '=', resource)
                  .whereRef('places.id', '=', 'seen.id'),
              ),
            ),
          ),
      )
      .execute();
  }
}
