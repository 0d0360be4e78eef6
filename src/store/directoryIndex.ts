import type { DirectoryIndex, IndexedPerson } from '../provisioning/indexRecords.js';
import type { KeyedHash } from './addresses.js';
import { chunks } from './chunks.js';
import { beginScan } from './indexScan.js';
import { countPeople, ofCurrentGeneration, toGroupRow, toIndexedGroup, toIndexedPeople } from './indexTables.js';
import { leaversWithAccess } from './leavers.js';
import { lists } from './lists.js';
import { ensurePlace } from './places.js';
import { atomically, type Handle, inOneView } from './schema.js';
import { writeToIndex } from './writes.js';

/** Who is there: what the last committed scan and our own writes since say. */
export function directoryIndex(db: Handle, hash: KeyedHash): DirectoryIndex {
  const people = (handle: Handle = db) =>
    handle
      .selectFrom('index_people')
      .leftJoin('index_memberships', (join) =>
        join
          .onRef('index_memberships.generation', '=', 'index_people.generation')
          .onRef('index_memberships.account_id', '=', 'index_people.account_id'),
      )
      .select(['index_people.account_id', 'index_people.kind', 'index_memberships.group_id'])
      .where('index_people.generation', '=', ofCurrentGeneration(handle))
      .orderBy('index_people.account_id')
      .orderBy('index_memberships.group_id');
  const groups = () =>
    db
      .selectFrom('index_groups')
      .innerJoin('places', (join) =>
        join.onRef('places.id', '=', 'index_groups.id').on('places.resource', '=', 'group'),
      )
      .selectAll('index_groups')
      .select('places.first_seen_at');

  return {
    ...lists(db),
    async scannedAtMs() {
      const { scanned_at_ms: scannedAtMs } = await db
        .selectFrom('index_state')
        .select('scanned_at_ms')
        .executeTakeFirstOrThrow();
      return scannedAtMs ?? undefined;
    },
    async state() {
      const { scanned_at_ms: scannedAtMs, people } = await db
        .selectFrom('index_state')
        .select(['scanned_at_ms', () => countPeople(db).as('people')])
        .executeTakeFirstOrThrow();
      return scannedAtMs === null ? undefined : { scannedAtMs, people: Number(people) };
    },
    beginScan: () => beginScan(db, hash),
    async person(accountId) {
      return toIndexedPeople(await people().where('index_people.account_id', '=', accountId).execute())[0];
    },
    people: (accountIds) =>
      inOneView(db, async (trx) => {
        const found: IndexedPerson[] = [];
        for (const chunk of chunks([...new Set(accountIds)])) {
          found.push(...toIndexedPeople(await people(trx).where('index_people.account_id', 'in', chunk).execute()));
        }
        return found;
      }),
    async findByAddress(address) {
      return toIndexedPeople(await people().where('index_people.address_hash', '=', hash(address)).execute());
    },
    async group(groupId) {
      const row = await groups().where('index_groups.id', '=', groupId).executeTakeFirst();
      return row === undefined ? undefined : toIndexedGroup(row);
    },
    async grantingGroups() {
      const rows = await groups().where('index_groups.access_types', '<>', '').orderBy('places.place').execute();
      return rows.map(toIndexedGroup);
    },
    async putGroup(group, atMs) {
      await atomically(db, async (trx) => {
        const { id, ...columns } = toGroupRow(group, atMs);
        // How a group grants, only Confluence's lists say: a scan may have found it since the group was looked for here.
        const { access_types: _kept, ...described } = columns;
        await trx
          .insertInto('index_groups')
          .values({ id, ...columns })
          .onConflict((conflict) => conflict.column('id').doUpdateSet(described))
          .execute();
        await ensurePlace(trx, 'group', id, new Date(atMs).toISOString());
      });
    },
    async putMember(accountId, groupIds, atMs) {
      await atomically(db, async (trx) => {
        for (const groupId of groupIds) await writeToIndex(trx, accountId, groupId, true, atMs);
      });
    },
    leaversWithAccess: (beforeMs) => leaversWithAccess(db, beforeMs),
  };
}
