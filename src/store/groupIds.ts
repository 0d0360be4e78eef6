import type { GroupIdRecords } from '../provisioning/planRecords.js';
import type { Handle } from './schema.js';

/** Ids that groups had before Confluence had the groups. */
export function groupIdRecords(db: Handle): GroupIdRecords {
  return {
    async put(mintedId, confluenceId) {
      await db.insertInto('group_ids').values({ minted_id: mintedId, confluence_id: confluenceId }).execute();
    },
    async confluenceId(mintedId) {
      const row = await db
        .selectFrom('group_ids')
        .select('confluence_id')
        .where('minted_id', '=', mintedId)
        .executeTakeFirst();
      return row?.confluence_id;
    },
    async mintedIds() {
      const rows = await db.selectFrom('group_ids').selectAll().execute();
      return new Map(rows.map((row) => [row.confluence_id, row.minted_id]));
    },
  };
}
