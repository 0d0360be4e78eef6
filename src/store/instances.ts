import type { Instance, InstanceRecords } from '../provisioning/instanceRecords.js';
import type { Handle } from './schema.js';

/** The bridges that serve from this database. */
export function instanceRecords(db: Handle): InstanceRecords {
  return {
    async list() {
      const rows = await db.selectFrom('instances').selectAll().orderBy('id').execute();
      return rows.map((row) => ({
        id: row.id,
        settings: JSON.parse(row.settings) as Instance['settings'],
        seenAtMs: row.seen_at_ms,
      }));
    },
    async put({ id, settings, seenAtMs }) {
      const seen = { settings: JSON.stringify(settings), seen_at_ms: seenAtMs };
      await db
        .insertInto('instances')
        .values({ id, ...seen })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(seen))
        .execute();
    },
    async remove(id) {
      await db.deleteFrom('instances').where('id', '=', id).execute();
    },
    async prune(beforeMs) {
      await db.deleteFrom('instances').where('seen_at_ms', '<', beforeMs).execute();
    },
  };
}
