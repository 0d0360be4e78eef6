import type { Tombstone, Tombstones } from '../provisioning/store.js';
import { planTarget } from '../provisioning/planRecords.js';
import type { KeyedHash } from './addresses.js';
import { dropExternalIds, externalIdsOf } from './externalIds.js';
import { ofCurrentGeneration } from './indexTables.js';
import { OPEN_STATES } from './plan.js';
import { type Handle, inOneView } from './schema.js';

/** What stays of people and groups that DELETE removed: ids, externalIds, and addresses as keyed hashes only. */
export function tombstoneRecords(db: Handle, hash: KeyedHash): Tombstones {
  return {
    find: (id) =>
      inOneView(db, async (trx) => {
        const rows = await trx
          .selectFrom('tombstones')
          .selectAll()
          .where('resource', '=', 'person')
          .where('id', '=', id)
          .execute();
        return (await withExternalIds(trx, rows))[0];
      }),
    async findByAccount(accountId) {
      return inOneView(db, async (trx) => {
        const rows = await trx
          .selectFrom('tombstones')
          .selectAll()
          .where('resource', '=', 'person')
          .where('account_id', '=', accountId)
          .orderBy('deleted_at')
          .orderBy('id')
          .execute();
        return withExternalIds(trx, rows);
      });
    },
    async findByAddress(address) {
      return inOneView(db, async (trx) => {
        const rows = await trx
          .selectFrom('tombstones')
          .selectAll('tombstones')
          .innerJoin('tombstone_addresses', 'tombstone_addresses.tombstone_id', 'tombstones.id')
          .where('tombstone_addresses.address_hash', '=', hash(address))
          .orderBy('tombstones.deleted_at')
          .orderBy('tombstones.id')
          .execute();
        return withExternalIds(trx, rows);
      });
    },
    async page({ afterId, limit }) {
      const rows = await db
        .selectFrom('tombstones')
        .leftJoin('person_links', 'person_links.account_id', 'tombstones.account_id')
        .select(['tombstones.id', 'tombstones.account_id as accountId', 'tombstones.deleted_at as deletedAt'])
        .where('tombstones.resource', '=', 'person')
        .where('tombstones.account_id', 'is not', null)
        .where('tombstones.id', '>', afterId)
        .where('person_links.id', 'is', null)
        .orderBy('tombstones.id')
        .limit(limit)
        .$narrowType<{ accountId: string }>()
        .execute();
      return rows;
    },
    async putGroup(groupId, deletedAt) {
      await db
        .insertInto('tombstones')
        .values({ resource: 'group', id: groupId, account_id: null, deleted_at: deletedAt })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ deleted_at: deletedAt }))
        .execute();
    },
    async isGroupBuried(groupId) {
      const row = await db
        .selectFrom('tombstones')
        .select('id')
        .where('resource', '=', 'group')
        .where('id', '=', groupId)
        .executeTakeFirst();
      return row !== undefined;
    },
    async removeAccount(accountId) {
      await db
        .deleteFrom('tombstones')
        .where((eb) => eb.or([eb('account_id', '=', accountId), eb('id', '=', accountId)]))
        .execute();
    },
    async listReturned(sinceIso) {
      const rows = await db
        .selectFrom('tombstones')
        .innerJoin('tombstone_addresses', 'tombstone_addresses.tombstone_id', 'tombstones.id')
        .innerJoin('index_people', (join) =>
          join
            .onRef('index_people.address_hash', '=', 'tombstone_addresses.address_hash')
            .on('index_people.generation', '=', ofCurrentGeneration(db)),
        )
        .innerJoin('index_memberships', (join) =>
          join
            .onRef('index_memberships.account_id', '=', 'index_people.account_id')
            .onRef('index_memberships.generation', '=', 'index_people.generation'),
        )
        .leftJoin('person_links', 'person_links.account_id', 'index_people.account_id')
        .select(['tombstones.id', 'index_people.account_id as accountId'])
        .distinct()
        .where('tombstones.resource', '=', 'person')
        .where('tombstones.account_id', 'is', null)
        .where('tombstones.deleted_at', '>=', sinceIso)
        .where('index_people.kind', '=', 'atlassian')
        .where('person_links.id', 'is', null)
        .orderBy('tombstones.id')
        .execute();
      return rows;
    },
    async connect(id, accountId) {
      await db.updateTable('tombstones').set({ account_id: accountId }).where('id', '=', id).execute();
    },
    async removePending(address) {
      const pending = db
        .selectFrom('tombstone_addresses')
        .select('tombstone_id')
        .where('address_hash', '=', hash(address));
      await db
        .deleteFrom('tombstones')
        .where('account_id', 'is', null)
        .where('resource', '=', 'person')
        .where('id', 'in', pending)
        .execute();
    },
  };
}

/** Turns a person's link into a tombstone; nothing happens when there is no link. Needs a transaction. */
export async function buryPerson(db: Handle, hash: KeyedHash, id: string, deletedAt: string): Promise<void> {
  const link = await db.selectFrom('person_links').select(['id', 'account_id']).where('id', '=', id).executeTakeFirst();
  if (link === undefined) return;
  const addresses = await db.selectFrom('link_addresses').select('address_key').where('person_id', '=', id).execute();
  const externalIds = await externalIdsOf(db, 'person', id);

  // A person deleted for the second time: the later tombstone replaces the earlier.
  await db.deleteFrom('tombstones').where('id', '=', id).execute();
  await db
    .insertInto('tombstones')
    .values({ resource: 'person', id, account_id: link.account_id, deleted_at: deletedAt })
    .execute();
  const hashes = addresses.map(({ address_key }) => ({ tombstone_id: id, address_hash: hash(address_key) }));
  if (hashes.length > 0) await db.insertInto('tombstone_addresses').values(hashes).execute();
  const kept = externalIds.map((externalId) => ({ tombstone_id: id, ...externalId }));
  if (kept.length > 0) await db.insertInto('tombstone_external_ids').values(kept).execute();

  await dropExternalIds(db, 'person', id);
  await db.deleteFrom('holds').where('person_id', '=', id).execute();
  await db.deleteFrom('membership_owners').where('person_id', '=', id).execute();
  // Nobody is left to make a planned account for.
  const planned = addresses.map(({ address_key }) => planTarget.account(address_key));
  if (planned.length > 0 && link.account_id === null) {
    await db.deleteFrom('plan_entries').where('target', 'in', planned).where('state', 'in', OPEN_STATES).execute();
  }
  await db.deleteFrom('person_links').where('id', '=', id).execute();
}

async function withExternalIds(
  db: Handle,
  rows: readonly { id: string; account_id: string | null; deleted_at: string }[],
): Promise<readonly Tombstone[]> {
  if (rows.length === 0) return [];
  const externalIds = await db
    .selectFrom('tombstone_external_ids')
    .selectAll()
    .where(
      'tombstone_id',
      'in',
      rows.map(({ id }) => id),
    )
    .execute();
  return rows.map(({ id, account_id, deleted_at }) => ({
    id,
    accountId: account_id ?? undefined,
    externalIds: new Map(
      externalIds.filter(({ tombstone_id }) => tombstone_id === id).map((row) => [row.caller, row.external_id]),
    ),
    deletedAt: deleted_at,
  }));
}
