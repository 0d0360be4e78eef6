import type { Transaction } from 'kysely';
import { createFirstTables } from './firstTables.js';
import type { ColumnTypes, Database, Handle } from './schema.js';

/** A step of the schema; runs in a transaction of its own. Published steps are never changed, only followed. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly up: (db: Transaction<Database>, types: ColumnTypes) => Promise<void>;
}

export const MIGRATIONS: readonly Migration[] = [
  { number: 1, name: 'first tables', up: createFirstTables },
  { number: 2, name: 'audit by object', up: indexAuditByObject },
  { number: 3, name: 'mass-removal brake', up: createBrakeTables },
  { number: 4, name: 'ownership', up: addOwners },
  { number: 5, name: 'role assignments', up: createRoleTables },
  { number: 6, name: 'seats', up: createSeatTables },
  { number: 7, name: 'plan of observe mode', up: createPlanTables },
  { number: 8, name: 'several instances', up: createInstanceTables },
];

/** For the lines about one group, most of which have a person as their subject. */
async function indexAuditByObject({ schema }: Handle): Promise<void> {
  await schema.createIndex('audit_object').on('audit').columns(['object', 'line']).execute();
}

/** What observe mode planned, and the ids of groups that had one before Confluence had them. */
async function createPlanTables({ schema }: Handle, types: ColumnTypes): Promise<void> {
  await schema
    .createTable('plan_entries')
    .addColumn('number', types.counter, (column) => column.primaryKey())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('group_id', 'text')
    .addColumn('account_id', 'text')
    .addColumn('address', 'text')
    .addColumn('group_name', 'text')
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('caller', 'text', (column) => column.notNull())
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('answer', 'text')
    .addColumn('owed', 'integer', (column) => column.notNull())
    .execute();
  await schema.createIndex('plan_entries_target').on('plan_entries').columns(['target', 'state']).execute();
  await schema.createIndex('plan_entries_account').on('plan_entries').columns(['account_id', 'state']).execute();
  await schema.createIndex('plan_entries_group').on('plan_entries').columns(['group_id', 'state']).execute();
  await schema.createIndex('plan_entries_state').on('plan_entries').columns(['state', 'kind']).execute();
  await schema
    .createTable('group_ids')
    .addColumn('minted_id', 'text', (column) => column.primaryKey())
    .addColumn('confluence_id', 'text', (column) => column.notNull().unique())
    .execute();
}

/** What was removed of late, and which counters refused more. */
async function createBrakeTables({ schema }: Handle): Promise<void> {
  await schema
    .createTable('brake_removals')
    .addColumn('reservation', 'text', (column) => column.notNull())
    .addColumn('counter', 'text', (column) => column.notNull())
    .addColumn('person_id', 'text', (column) => column.notNull())
    .addColumn('account_id', 'text')
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('settled', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('brake_removals_pk', ['reservation', 'counter', 'person_id'])
    .execute();
  await schema
    .createIndex('brake_removals_counter')
    .on('brake_removals')
    .columns(['counter', 'at_ms', 'person_id'])
    .execute();
  await schema
    .createTable('brake_trips')
    .addColumn('counter', 'text', (column) => column.primaryKey())
    .addColumn('tripped_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('last_refused_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('refusals', 'integer', (column) => column.notNull())
    .execute();
}

/** Which caller owns people, groups and memberships. Whichever brought those that are there already owns them. */
async function addOwners(db: Handle): Promise<void> {
  const { schema } = db;
  await schema.alterTable('person_links').addColumn('owner', 'text').execute();
  await schema.alterTable('group_links').addColumn('owner', 'text').execute();
  for (const table of ['person_links', 'group_links'] as const) {
    await db
      .updateTable(table)
      .set((eb) => ({ owner: eb.ref('caller') }))
      // The bridge's own names, which no identity provider has.
      .where('caller', 'not in', ['bridge', 'operator'])
      .execute();
  }
  await schema
    .createTable('membership_owners')
    .addColumn('group_id', 'text', (column) => column.notNull())
    .addColumn('person_id', 'text', (column) => column.notNull())
    .addColumn('caller', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('membership_owners_pk', ['group_id', 'person_id'])
    .execute();
  await schema.createIndex('membership_owners_person').on('membership_owners').column('person_id').execute();
}

/** What Atlassian's role assignments said of groups, and of people who left. */
async function createRoleTables({ schema }: Handle): Promise<void> {
  await schema
    .createTable('group_roles')
    .addColumn('group_id', 'text', (column) => column.primaryKey())
    .addColumn('roles', 'text', (column) => column.notNull())
    .addColumn('read_at_ms', 'bigint', (column) => column.notNull())
    .execute();
  await schema
    .createTable('leaver_roles')
    .addColumn('account_id', 'text', (column) => column.primaryKey())
    .addColumn('person_id', 'text', (column) => column.notNull())
    .addColumn('roles', 'text')
    .addColumn('looked_at', 'text', (column) => column.notNull())
    .execute();
}

/** Seats that people are just being given, until records and index show it. */
async function createSeatTables({ schema }: Handle): Promise<void> {
  await schema
    .createTable('seat_reservations')
    .addColumn('reservation', 'text', (column) => column.primaryKey())
    .addColumn('account_id', 'text')
    .addColumn('address', 'text')
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .execute();
}

/** What the processes of one bridge tell each other: until when credentials pause, and which instances serve. */
async function createInstanceTables({ schema }: Handle): Promise<void> {
  await schema
    .createTable('credential_pauses')
    .addColumn('credential', 'text', (column) => column.primaryKey())
    .addColumn('until_ms', 'bigint', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .execute();
  await schema
    .createTable('instances')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('settings', 'text', (column) => column.notNull())
    .addColumn('seen_at_ms', 'bigint', (column) => column.notNull())
    .execute();
}
