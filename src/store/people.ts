import { Failure } from '../provisioning/failure.js';
import type { JsonObject, PersonLink, PersonRecords } from '../provisioning/store.js';
import { addressKey, addressKeysOf, caseless, type KeyedHash } from './addresses.js';
import { externalIdOf, putExternalId } from './externalIds.js';
import { ensurePlace } from './places.js';
import { atomically, type Handle, type PersonLinkRow } from './schema.js';
import { buryPerson } from './tombstones.js';

/** The links of people, with the addresses they are found under and their externalIds. */
export function personRecords(db: Handle, hash: KeyedHash): PersonRecords {
  const links = () => db.selectFrom('person_links').selectAll('person_links');
  return {
    async find(id) {
      return optional(await links().where('id', '=', id).executeTakeFirst());
    },
    async findByIds(ids) {
      if (ids.length === 0) return [];
      return (await links().where('id', 'in', ids).execute()).map(toPersonLink);
    },
    async findByAccounts(accountIds) {
      if (accountIds.length === 0) return [];
      return (await links().where('account_id', 'in', accountIds).execute()).map(toPersonLink);
    },
    async findByAccount(accountId) {
      return optional(await links().where('account_id', '=', accountId).executeTakeFirst());
    },
    async findByUserName(userName) {
      return optional(await links().where('user_name_key', '=', caseless(userName)).executeTakeFirst());
    },
    async findByAddress(address) {
      const rows = await links()
        .innerJoin('link_addresses', 'link_addresses.person_id', 'person_links.id')
        .where('link_addresses.address_key', '=', addressKey(address))
        .orderBy('person_links.created_at')
        .orderBy('person_links.id')
        .execute();
      return rows.map(toPersonLink);
    },
    async findByExternalId(caller, externalId) {
      const rows = await links()
        .innerJoin('external_ids', 'external_ids.resource_id', 'person_links.id')
        .where('external_ids.resource', '=', 'person')
        .where('external_ids.caller', '=', caller)
        .where('external_ids.external_id', '=', externalId)
        .execute();
      return rows.map(toPersonLink);
    },
    async page({ afterId, limit }) {
      return (await links().where('id', '>', afterId).orderBy('id').limit(limit).execute()).map(toPersonLink);
    },
    async listInvited() {
      const rows = await links().where('account_id', 'is', null).orderBy('created_at').orderBy('id').execute();
      return rows.map(toPersonLink);
    },
    async insert(link) {
      await atomically(db, async (trx) => {
        const whole = { ...link, modifiedAt: link.createdAt };
        await trx
          .insertInto('person_links')
          .values({ id: link.id, created_at: link.createdAt, caller: link.caller, ...toRow(whole) })
          .execute();
        await writeAddresses(trx, whole);
        await ensurePlace(trx, 'person', link.id, link.createdAt);
      });
    },
    async update(id, changes) {
      await atomically(db, async (trx) => {
        const before = await trx.selectFrom('person_links').selectAll().where('id', '=', id).executeTakeFirst();
        if (before === undefined) throw new Failure('notFound', 'There is no user with this id.');
        const after = { ...toPersonLink(before), ...changes };
        await trx.updateTable('person_links').set(toRow(after)).where('id', '=', id).execute();
        await writeAddresses(trx, after);
      });
    },
    async bury(id, deletedAt) {
      await atomically(db, (trx) => buryPerson(trx, hash, id, deletedAt));
    },
    externalId: (id, caller) => externalIdOf(db, 'person', id, caller),
    async setExternalId(id, caller, externalId) {
      await atomically(db, async (trx) => {
        const found = await trx.selectFrom('person_links').select('id').where('id', '=', id).executeTakeFirst();
        if (found === undefined) throw new Failure('notFound', 'There is no user with this id.');
        await putExternalId(trx, 'person', id, caller, externalId);
      });
    },
  };
}

/** The columns that may change. */
function toRow(link: PersonLink): Omit<PersonLinkRow, 'id' | 'created_at' | 'caller'> {
  return {
    account_id: link.accountId ?? null,
    user_name: link.userName,
    user_name_key: caseless(link.userName),
    profile: JSON.stringify(link.profile),
    wanted: link.wanted,
    wanted_at: link.wantedAt,
    suspended: link.suspended ? 1 : 0,
    address: link.address === undefined ? null : caseless(link.address),
    invited_at: link.invitedAt ?? null,
    origin: link.origin,
    owner: link.owner ?? null,
    modified_at: link.modifiedAt,
  };
}

export function toPersonLink(row: PersonLinkRow): PersonLink {
  return {
    id: row.id,
    accountId: row.account_id ?? undefined,
    userName: row.user_name,
    profile: JSON.parse(row.profile) as JsonObject,
    wanted: row.wanted as PersonLink['wanted'],
    suspended: row.suspended !== 0,
    address: row.address ?? undefined,
    invitedAt: row.invited_at ?? undefined,
    origin: row.origin as PersonLink['origin'],
    caller: row.caller,
    owner: row.owner ?? undefined,
    createdAt: row.created_at,
    modifiedAt: row.modified_at,
    wantedAt: row.wanted_at,
  };
}

function optional(row: PersonLinkRow | undefined): PersonLink | undefined {
  return row === undefined ? undefined : toPersonLink(row);
}

async function writeAddresses(db: Handle, link: PersonLink): Promise<void> {
  await db.deleteFrom('link_addresses').where('person_id', '=', link.id).execute();
  const rows = addressKeysOf(link).map((address_key) => ({ person_id: link.id, address_key }));
  if (rows.length > 0) await db.insertInto('link_addresses').values(rows).execute();
}
