import type { Hold, HoldRecords } from '../provisioning/store.js';
import { atomically, type Handle } from './schema.js';

/** Memberships that are kept here and not (only) upstream. */
export function holdRecords(db: Handle): HoldRecords {
  const holds = () =>
    db.selectFrom('holds').selectAll('holds').orderBy('group_id').orderBy('person_id').orderBy('kind');
  return {
    async ofPerson(personId) {
      return (await holds().where('person_id', '=', personId).execute()).map(toHold);
    },
    async ofGroup(groupId) {
      return (await holds().where('group_id', '=', groupId).execute()).map(toHold);
    },
    async listOverdue() {
      const rows = await holds()
        .innerJoin('person_links', 'person_links.id', 'holds.person_id')
        .where('holds.kind', '=', 'owed')
        .where('person_links.wanted', '=', 'active')
        .where('person_links.account_id', 'is not', null)
        .execute();
      return rows.map(toHold);
    },
    async put({ personId, groupId, kind }) {
      await db
        .insertInto('holds')
        .values({ person_id: personId, group_id: groupId, kind })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    async remove(personId, groupId, kind) {
      const ofBoth = db.deleteFrom('holds').where('person_id', '=', personId).where('group_id', '=', groupId);
      await (kind === undefined ? ofBoth : ofBoth.where('kind', '=', kind)).execute();
    },
    async removeAll(personId, kind) {
      await db.deleteFrom('holds').where('person_id', '=', personId).where('kind', '=', kind).execute();
    },
    async move(fromId, toId) {
      if (fromId === toId) return;
      await atomically(db, async (trx) => {
        const records = holdRecords(trx);
        for (const hold of await records.ofPerson(fromId)) await records.put({ ...hold, personId: toId });
        await trx.deleteFrom('holds').where('person_id', '=', fromId).execute();
      });
    },
  };
}

function toHold(row: { person_id: string; group_id: string; kind: string }): Hold {
  return { personId: row.person_id, groupId: row.group_id, kind: row.kind as Hold['kind'] };
}
