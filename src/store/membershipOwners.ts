import type { MembershipOwners } from '../provisioning/ownerRecords.js';
import { chunks } from './chunks.js';
import { atomically, type Handle } from './schema.js';

/** Who put whom into which group. */
export function membershipOwners(db: Handle): MembershipOwners {
  return {
    async of(groupId, personIds) {
      const owners = new Map<string, string>();
      for (const some of chunks(personIds)) {
        const rows = await db
          .selectFrom('membership_owners')
          .select(['person_id', 'caller'])
          .where('group_id', '=', groupId)
          .where('person_id', 'in', some)
          .execute();
        for (const { person_id, caller } of rows) owners.set(person_id, caller);
      }
      return owners;
    },
    async ofGroup(groupId) {
      const rows = await db
        .selectFrom('membership_owners')
        .select(['person_id', 'caller'])
        .where('group_id', '=', groupId)
        .execute();
      return new Map(rows.map(({ person_id, caller }) => [person_id, caller]));
    },
    async put(groupId, personIds, caller) {
      await atomically(db, async (trx) => {
        for (const some of chunks(personIds)) {
          await trx
            .insertInto('membership_owners')
            .values(some.map((personId) => ({ group_id: groupId, person_id: personId, caller })))
            .onConflict((conflict) => conflict.columns(['group_id', 'person_id']).doUpdateSet({ caller }))
            .execute();
        }
      });
    },
    async remove(groupId, personIds) {
      await atomically(db, async (trx) => {
        for (const some of chunks(personIds)) {
          await trx
            .deleteFrom('membership_owners')
            .where('group_id', '=', groupId)
            .where('person_id', 'in', some)
            .execute();
        }
      });
    },
    async move(fromId, toId) {
      await atomically(db, async (trx) => {
        const there = trx.selectFrom('membership_owners').select('group_id').where('person_id', '=', toId);
        await trx
          .updateTable('membership_owners')
          .set({ person_id: toId })
          .where('person_id', '=', fromId)
          .where('group_id', 'not in', there)
          .execute();
        if (fromId !== toId) await trx.deleteFrom('membership_owners').where('person_id', '=', fromId).execute();
      });
    },
    async transfer(groupId, caller) {
      await db.updateTable('membership_owners').set({ caller }).where('group_id', '=', groupId).execute();
    },
    async removeGroup(groupId) {
      await db.deleteFrom('membership_owners').where('group_id', '=', groupId).execute();
    },
  };
}
