import { sql, type Transaction } from 'kysely';
import type { ColumnTypes, Database, Handle } from './schema.js';

export async function createFirstTables(db: Transaction<Database>, types: ColumnTypes): Promise<void> {
  await createLinkTables(db);
  await createMemoryTables(db, types);
  await createIndexTables(db);
}

/** Who is linked: people, groups, and what the IdPs call them. */
async function createLinkTables({ schema }: Handle): Promise<void> {
  await schema
    .createTable('meta')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
  await schema
    .createTable('person_links')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account_id', 'text', (column) => column.unique())
    .addColumn('user_name', 'text', (column) => column.notNull())
    .addColumn('user_name_key', 'text', (column) => column.notNull().unique())
    .addColumn('profile', 'text', (column) => column.notNull())
    .addColumn('wanted', 'text', (column) => column.notNull())
    .addColumn('wanted_at', 'text', (column) => column.notNull())
    .addColumn('suspended', 'integer', (column) => column.notNull())
    .addColumn('address', 'text')
    .addColumn('invited_at', 'text')
    .addColumn('origin', 'text', (column) => column.notNull())
    .addColumn('caller', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('modified_at', 'text', (column) => column.notNull())
    .execute();
  await schema.createIndex('person_links_wanted').on('person_links').columns(['wanted', 'wanted_at']).execute();
  await schema
    .createTable('link_addresses')
    .addColumn('person_id', 'text', (column) => column.notNull().references('person_links.id').onDelete('cascade'))
    .addColumn('address_key', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('link_addresses_pk', ['person_id', 'address_key'])
    .execute();
  await schema.createIndex('link_addresses_address').on('link_addresses').column('address_key').execute();
  await schema
    .createTable('group_links')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('display_name', 'text', (column) => column.notNull())
    .addColumn('display_name_key', 'text', (column) => column.notNull())
    .addColumn('confluence_name', 'text', (column) => column.notNull())
    .addColumn('origin', 'text', (column) => column.notNull())
    .addColumn('caller', 'text', (column) => column.notNull())
    .addColumn('is_released', 'integer', (column) => column.notNull())
    .addColumn('member_count', 'integer')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('modified_at', 'text', (column) => column.notNull())
    .execute();
  // A released group gives its name free.
  await schema
    .createIndex('group_links_display_name')
    .on('group_links')
    .column('display_name_key')
    .unique()
    .where(sql.ref('is_released'), '=', sql.lit(0))
    .execute();
  await schema
    .createTable('external_ids')
    .addColumn('resource', 'text', (column) => column.notNull())
    .addColumn('caller', 'text', (column) => column.notNull())
    .addColumn('external_id', 'text', (column) => column.notNull())
    .addColumn('resource_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('external_ids_pk', ['resource', 'resource_id', 'caller'])
    .execute();
  await schema
    .createIndex('external_ids_value')
    .on('external_ids')
    .columns(['resource', 'caller', 'external_id'])
    .unique()
    .execute();
  await schema
    .createTable('holds')
    .addColumn('person_id', 'text', (column) => column.notNull())
    .addColumn('group_id', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('holds_pk', ['person_id', 'group_id', 'kind'])
    .execute();
  await schema.createIndex('holds_group').on('holds').column('group_id').execute();
}

/** What was done and begun: tombstones, own writes, intents, audit, locks. */
async function createMemoryTables({ schema }: Handle, types: ColumnTypes): Promise<void> {
  await schema
    .createTable('tombstones')
    .addColumn('resource', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account_id', 'text')
    .addColumn('deleted_at', 'text', (column) => column.notNull())
    .execute();
  await schema.createIndex('tombstones_account').on('tombstones').column('account_id').execute();
  await schema
    .createTable('tombstone_addresses')
    .addColumn('tombstone_id', 'text', (column) => column.notNull().references('tombstones.id').onDelete('cascade'))
    .addColumn('address_hash', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('tombstone_addresses_pk', ['tombstone_id', 'address_hash'])
    .execute();
  await schema.createIndex('tombstone_addresses_hash').on('tombstone_addresses').column('address_hash').execute();
  await schema
    .createTable('tombstone_external_ids')
    .addColumn('tombstone_id', 'text', (column) => column.notNull().references('tombstones.id').onDelete('cascade'))
    .addColumn('caller', 'text', (column) => column.notNull())
    .addColumn('external_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('tombstone_external_ids_pk', ['tombstone_id', 'caller'])
    .execute();
  await schema
    .createTable('own_memberships')
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('group_id', 'text', (column) => column.notNull())
    .addColumn('is_member', 'integer', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('own_memberships_pk', ['account_id', 'group_id'])
    .execute();
  await schema.createIndex('own_memberships_group').on('own_memberships').column('group_id').execute();
  await schema
    .createTable('own_attempts')
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('group_id', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('own_attempts_pk', ['account_id', 'group_id'])
    .execute();
  await schema
    .createTable('own_group_deletions')
    .addColumn('group_id', 'text', (column) => column.primaryKey())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .execute();
  await schema
    .createTable('intents')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('intent_key', 'text', (column) => column.notNull())
    .addColumn('caller', 'text', (column) => column.notNull())
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('intents_pk', ['kind', 'intent_key'])
    .execute();
  await schema
    .createTable('audit')
    .addColumn('line', types.counter, (column) => column.primaryKey())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('caller', 'text', (column) => column.notNull())
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('object', 'text')
    .addColumn('decision', 'text', (column) => column.notNull())
    .addColumn('result', 'text', (column) => column.notNull())
    .addColumn('upstream', 'text', (column) => column.notNull())
    .addColumn('note', 'text')
    .execute();
  await schema.createIndex('audit_subject').on('audit').columns(['subject', 'line']).execute();
  await schema.createIndex('audit_at').on('audit').columns(['at', 'line']).execute();
  await schema
    .createTable('locks')
    .addColumn('lock_key', 'text', (column) => column.primaryKey())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .execute();
}

/** Who is there: the directory index, and the place everybody keeps in a list. */
async function createIndexTables(db: Handle): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('index_state')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('current_generation', 'integer')
    .addColumn('scanning_generation', 'integer')
    .addColumn('last_generation', 'integer', (column) => column.notNull())
    .addColumn('scanned_at_ms', 'bigint')
    .execute();
  await db.insertInto('index_state').values({ id: 1, last_generation: 0 }).execute();
  await schema
    .createTable('index_people')
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('address_hash', 'text')
    .addPrimaryKeyConstraint('index_people_pk', ['generation', 'account_id'])
    .execute();
  await schema
    .createIndex('index_people_address')
    .on('index_people')
    .columns(['generation', 'address_hash'])
    .where('address_hash', 'is not', null)
    .execute();
  await schema
    .createTable('index_memberships')
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('group_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('index_memberships_pk', ['generation', 'account_id', 'group_id'])
    .execute();
  await schema
    .createTable('index_groups')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('usage_type', 'text')
    .addColumn('managed_by', 'text')
    .addColumn('access_types', 'text', (column) => column.notNull())
    .addColumn('put_at_ms', 'bigint')
    .execute();
  await schema
    .createTable('places')
    .addColumn('place', 'integer', (column) => column.primaryKey())
    .addColumn('resource', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('first_seen_at', 'text', (column) => column.notNull())
    .execute();
  await schema.createIndex('places_resource').on('places').columns(['resource', 'place']).execute();
  await schema.createIndex('places_id').on('places').columns(['resource', 'id']).unique().execute();
}
