import type { Generated, Kysely } from 'kysely';

/**
 * The tables. Portable between SQLite and PostgreSQL: text, integers and 64-bit integers only; truth values are 0 and 1,
 * times are ISO text where people read them and milliseconds (`…_ms`) where they are compared, structures are JSON text.
 * A `…_key` column holds its neighbour without regard to case.
 */
export interface Database {
  schema_migrations: { number: number; name: string; applied_at: string };
  meta: { name: string; value: string };
  person_links: PersonLinkRow;
  link_addresses: { person_id: string; address_key: string };
  external_ids: { resource: ResourceKind; caller: string; external_id: string; resource_id: string };
  holds: { person_id: string; group_id: string; kind: string };
  group_links: GroupLinkRow;
  membership_owners: { group_id: string; person_id: string; caller: string };
  tombstones: { resource: ResourceKind; id: string; account_id: string | null; deleted_at: string };
  tombstone_addresses: { tombstone_id: string; address_hash: string };
  tombstone_external_ids: { tombstone_id: string; caller: string; external_id: string };
  own_memberships: { account_id: string; group_id: string; is_member: number; at_ms: number };
  own_attempts: { account_id: string; group_id: string; at_ms: number };
  own_group_deletions: { group_id: string; at_ms: number };
  intents: { kind: string; intent_key: string; caller: string; started_at: string; attempts: number };
  audit: AuditRow;
  brake_removals: BrakeRemovalRow;
  plan_entries: PlanRow & { number: Generated<number> };
  group_ids: { minted_id: string; confluence_id: string };
  brake_trips: { counter: string; tripped_at_ms: number; last_refused_at_ms: number; refusals: number };
  /** Seats that people are just being given; `account_id`, `address` or both say to whom. */
  seat_reservations: { reservation: string; account_id: string | null; address: string | null; at_ms: number };
  /** One row for ever: which generation of the index is read, which one a scan is writing, and the last number given. */
  index_state: {
    id: number;
    current_generation: number | null;
    scanning_generation: number | null;
    last_generation: number;
    scanned_at_ms: number | null;
  };
  index_people: { generation: number; account_id: string; kind: string; address_hash: string | null };
  /** Of the current generation: only groups that grant access. */
  index_memberships: { generation: number; account_id: string; group_id: string };
  index_groups: IndexGroupRow;
  /** What role assignments last said of a group; `roles` is JSON text. */
  group_roles: { group_id: string; roles: string; read_at_ms: number };
  /** The last look at the roles of somebody who left; `roles` is JSON text, null when it could not be looked. */
  leaver_roles: { account_id: string; person_id: string; roles: string | null; looked_at: string };
  places: { place: number; resource: ResourceKind; id: string; first_seen_at: string };
  locks: { lock_key: string; owner: string; expires_at_ms: number };
  credential_pauses: { credential: string; until_ms: number; reason: string };
  /** Bridges that serve; `settings` is JSON text: names of settings to fingerprints of their values. */
  instances: { id: string; settings: string; seen_at_ms: number };
}

export type ResourceKind = 'person' | 'group';

export interface PersonLinkRow {
  id: string;
  account_id: string | null;
  user_name: string;
  user_name_key: string;
  profile: string;
  wanted: string;
  wanted_at: string;
  suspended: number;
  address: string | null;
  invited_at: string | null;
  origin: string;
  caller: string;
  owner: string | null;
  created_at: string;
  modified_at: string;
}

export interface GroupLinkRow {
  id: string;
  display_name: string;
  display_name_key: string;
  confluence_name: string;
  origin: string;
  caller: string;
  owner: string | null;
  is_released: number;
  member_count: number | null;
  created_at: string;
  modified_at: string;
}

export interface IndexGroupRow {
  id: string;
  name: string;
  usage_type: string | null;
  managed_by: string | null;
  /** Comma separated; empty for a group that grants nothing. */
  access_types: string;
  /** When we created or read the group ourselves; null when only a scan has shown it. */
  put_at_ms: number | null;
}

export interface AuditRow {
  /** Counts up in the order of appending. */
  line: Generated<number>;
  at: string;
  caller: string;
  request_id: string;
  event: string;
  subject: string;
  object: string | null;
  decision: string;
  result: string;
  upstream: string;
  note: string | null;
}

export interface BrakeRemovalRow {
  reservation: string;
  /** `access`, or `group:` and the id of the group. */
  counter: string;
  person_id: string;
  account_id: string | null;
  at_ms: number;
  settled: number;
}

export interface PlanRow {
  /** What the write is about; of one target one entry at most is open. */
  target: string;
  kind: string;
  group_id: string | null;
  account_id: string | null;
  address: string | null;
  group_name: string | null;
  at: string;
  caller: string;
  request_id: string;
  state: string;
  answer: string | null;
  owed: number;
}

/** The store's database, or a transaction on it. */
export type Handle = Kysely<Database>;

/** Runs `work` in a transaction: the one `db` is, or one of its own. */
export function atomically<T>(db: Handle, work: (db: Handle) => Promise<T>): Promise<T> {
  return db.isTransaction ? work(db) : db.transaction().execute(work);
}

/** The same for `work` that only reads, in several statements: it sees one state of the database and holds nobody up. */
export function inOneView<T>(db: Handle, work: (db: Handle) => Promise<T>): Promise<T> {
  return db.isTransaction ? work(db) : db.transaction().setAccessMode('read only').execute(work);
}

/** What differs between the databases: the type of a column that numbers its rows itself. */
export interface ColumnTypes {
  readonly counter: 'integer' | 'bigserial';
}
