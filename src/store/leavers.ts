import { ofCurrentGeneration } from './indexTables.js';
import type { Handle } from './schema.js';

/** People recorded inactive since before `beforeMs` whom the index still shows in a granting group (rule SA9). */
export async function leaversWithAccess(
  db: Handle,
  beforeMs: number,
): Promise<readonly { readonly personId: string; readonly groupIds: readonly string[] }[]> {
  const rows = await db
    .selectFrom('person_links')
    .innerJoin('index_memberships', 'index_memberships.account_id', 'person_links.account_id')
    .select(['person_links.id', 'index_memberships.group_id'])
    .where('index_memberships.generation', '=', ofCurrentGeneration(db))
    .where('person_links.wanted', '=', 'inactive')
    .where('person_links.wanted_at', '<', new Date(beforeMs).toISOString())
    .orderBy('person_links.id')
    .orderBy('index_memberships.group_id')
    .execute();
  const leavers = new Map<string, string[]>();
  for (const { id, group_id: groupId } of rows) leavers.set(id, [...(leavers.get(id) ?? []), groupId]);
  return [...leavers].map(([personId, groupIds]) => ({ personId, groupIds }));
}
