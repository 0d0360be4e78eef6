import { Failure } from '../provisioning/failure.js';
import type { GroupLink, GroupRecords } from '../provisioning/store.js';
import { caseless } from './addresses.js';
import { dropExternalIds, externalIdOf, putExternalId } from './externalIds.js';
import { ensurePlace } from './places.js';
import { atomically, type GroupLinkRow, type Handle } from './schema.js';

/** The groups the bridge created or took up. */
export function groupRecords(db: Handle): GroupRecords {
  const links = () => db.selectFrom('group_links').selectAll('group_links');
  return {
    async find(id) {
      return optional(await links().where('id', '=', id).executeTakeFirst());
    },
    async findByDisplayName(displayName) {
      return optional(
        await links()
          .where('display_name_key', '=', caseless(displayName))
          .where('is_released', '=', 0)
          .executeTakeFirst(),
      );
    },
    async findByExternalId(caller, externalId) {
      const rows = await links()
        .innerJoin('external_ids', 'external_ids.resource_id', 'group_links.id')
        .where('external_ids.resource', '=', 'group')
        .where('external_ids.caller', '=', caller)
        .where('external_ids.external_id', '=', externalId)
        .where('group_links.is_released', '=', 0)
        .execute();
      return rows.map(toGroupLink);
    },
    async insert(link) {
      await atomically(db, async (trx) => {
        const row = toRow({ ...link, modifiedAt: link.createdAt });
        // An update of the released row and not a deletion: a conflict of the name then changes nothing.
        const { numUpdatedRows } = await trx
          .updateTable('group_links')
          .set({ ...row, created_at: link.createdAt })
          .where('id', '=', link.id)
          .where('is_released', '=', 1)
          .executeTakeFirstOrThrow();
        if (numUpdatedRows === 0n) {
          await trx
            .insertInto('group_links')
            .values({ ...row, id: link.id, created_at: link.createdAt })
            .execute();
        }
        await ensurePlace(trx, 'group', link.id, link.createdAt);
      });
    },
    async update(id, changes) {
      await atomically(db, async (trx) => {
        const before = await trx.selectFrom('group_links').selectAll().where('id', '=', id).executeTakeFirst();
        if (before === undefined) throw new Failure('notFound', 'There is no group with this id.');
        const after = { ...toGroupLink(before), ...changes };
        await trx.updateTable('group_links').set(toRow(after)).where('id', '=', id).execute();
      });
    },
    async remove(id) {
      await atomically(db, async (trx) => {
        await dropExternalIds(trx, 'group', id);
        await trx.deleteFrom('holds').where('group_id', '=', id).execute();
        await trx.deleteFrom('membership_owners').where('group_id', '=', id).execute();
        await trx.deleteFrom('group_links').where('id', '=', id).execute();
      });
    },
    externalId: (id, caller) => externalIdOf(db, 'group', id, caller),
    async setExternalId(id, caller, externalId) {
      await atomically(db, async (trx) => {
        const found = await trx.selectFrom('group_links').select('id').where('id', '=', id).executeTakeFirst();
        if (found === undefined) throw new Failure('notFound', 'There is no group with this id.');
        await putExternalId(trx, 'group', id, caller, externalId);
      });
    },
    async idsNamed(name) {
      // Compared here: databases fold only the letters of English.
      const named = await links().select(['id', 'display_name', 'confluence_name']).execute();
      const indexed = await db.selectFrom('index_groups').select(['id', 'name']).execute();
      const names = [
        ...named.flatMap((row): [string, string][] => [
          [row.display_name, row.id],
          [row.confluence_name, row.id],
        ]),
        ...indexed.map((row): [string, string] => [row.name, row.id]),
      ];
      return [...new Set(names.filter(([one]) => caseless(one) === caseless(name)).map(([, id]) => id))];
    },
    async ids() {
      const rows = await links().select('id').where('is_released', '=', 0).execute();
      return rows.map(({ id }) => id);
    },
  };
}

/** The columns that may change. */
function toRow(link: GroupLink): Omit<GroupLinkRow, 'id' | 'created_at'> {
  return {
    display_name: link.displayName,
    display_name_key: caseless(link.displayName),
    confluence_name: link.confluenceName,
    origin: link.origin,
    caller: link.caller,
    owner: link.owner ?? null,
    is_released: link.isReleased ? 1 : 0,
    member_count: link.memberCount ?? null,
    modified_at: link.modifiedAt,
  };
}

export function toGroupLink(row: GroupLinkRow): GroupLink {
  return {
    id: row.id,
    displayName: row.display_name,
    confluenceName: row.confluence_name,
    origin: row.origin as GroupLink['origin'],
    caller: row.caller,
    owner: row.owner ?? undefined,
    isReleased: row.is_released !== 0,
    memberCount: row.member_count ?? undefined,
    createdAt: row.created_at,
    modifiedAt: row.modified_at,
  };
}

function optional(row: GroupLinkRow | undefined): GroupLink | undefined {
  return row === undefined ? undefined : toGroupLink(row);
}
