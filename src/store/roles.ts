import { type ExpressionBuilder, sql } from 'kysely';
import type { KnownRoles, LeaverLook, RoleRecords } from '../provisioning/roleRecords.js';
import type { Role } from '../provisioning/roles.js';
import { chunks } from './chunks.js';
import type { Database, Handle } from './schema.js';

/** Role assignments as they were last read. Roles are kept as JSON text; no roles are `[]`, a look that failed is null. */
export function roleRecords(db: Handle): RoleRecords {
  return {
    async ofGroups() {
      const rows = await db.selectFrom('group_roles').selectAll().execute();
      return new Map(
        rows.map((row): [string, KnownRoles] => [row.group_id, { roles: parse(row.roles), readAtMs: row.read_at_ms }]),
      );
    },
    async putGroup(groupId, { roles, readAtMs }) {
      const row = { roles: JSON.stringify(roles), read_at_ms: readAtMs };
      await db
        .insertInto('group_roles')
        .values({ group_id: groupId, ...row })
        .onConflict((conflict) => conflict.column('group_id').doUpdateSet(row))
        .execute();
    },
    async dropGroups(groupIds) {
      for (const ids of chunks(groupIds)) await db.deleteFrom('group_roles').where('group_id', 'in', ids).execute();
    },
    async leaversToLookAt({ leftSince, leftBefore, lookedBefore, most }) {
      const rows = await leavers(db)
        .select(['leavers.person_id', 'leavers.account_id'])
        .where('leavers.left_at', '<=', leftBefore)
        .where((eb) => eb.or([eb('leavers.left_at', '>=', leftSince), hasRoles(eb)]))
        .where((eb) =>
          eb.or([
            eb('leaver_roles.looked_at', 'is', null),
            eb('leaver_roles.looked_at', '<', eb.ref('leavers.left_at')),
            eb('leaver_roles.looked_at', '<', lookedBefore),
            eb('leaver_roles.roles', 'is', null),
            hasRoles(eb),
          ]),
        )
        .orderBy(sql`coalesce(leaver_roles.looked_at, '')`)
        .orderBy('leavers.account_id')
        .limit(most)
        .execute();
      return rows.map((row) => ({ personId: row.person_id, accountId: row.account_id }));
    },
    async putLeaver({ personId, accountId, roles }, atIso) {
      const row = {
        person_id: personId,
        roles: roles === undefined ? null : JSON.stringify(roles),
        looked_at: atIso,
      };
      await db
        .insertInto('leaver_roles')
        .values({ account_id: accountId, ...row })
        .onConflict((conflict) => conflict.column('account_id').doUpdateSet(row))
        .execute();
    },
    async leaver(accountId) {
      const row = await looked(db).where('leavers.account_id', '=', accountId).executeTakeFirst();
      return row === undefined ? undefined : { ...toLook(row), lookedAt: row.looked_at };
    },
    async openLeavers() {
      const rows = await looked(db)
        .where((eb) => eb.or([eb('leaver_roles.roles', 'is', null), hasRoles(eb)]))
        .orderBy('leavers.person_id')
        .execute();
      return rows.map(toLook);
    },
  };
}

/** Whoever is recorded inactive, or deleted, and has an account, with the last look at it. */
function leavers(db: Handle) {
  return db
    .selectFrom(
      db
        .selectFrom('person_links')
        .select(['id as person_id', sql<string>`account_id`.as('account_id'), 'wanted_at as left_at'])
        .where('wanted', '=', 'inactive')
        .where('suspended', '=', 0)
        .where('account_id', 'is not', null)
        .unionAll(
          db
            .selectFrom('tombstones')
            .select(['id as person_id', sql<string>`account_id`.as('account_id'), 'deleted_at as left_at'])
            .where('resource', '=', 'person')
            .where('account_id', 'is not', null),
        )
        .as('leavers'),
    )
    .leftJoin('leaver_roles', 'leaver_roles.account_id', 'leavers.account_id');
}

/** The looks made since the person left. */
function looked(db: Handle) {
  return leavers(db)
    .select(['leavers.person_id', 'leavers.account_id', 'leaver_roles.roles'])
    .select(sql<string>`leaver_roles.looked_at`.as('looked_at'))
    .whereRef('leaver_roles.looked_at', '>=', 'leavers.left_at');
}

function hasRoles(eb: ExpressionBuilder<Pick<Database, 'leaver_roles'>, 'leaver_roles'>) {
  return eb.and([eb('leaver_roles.roles', 'is not', null), eb('leaver_roles.roles', '<>', '[]')]);
}

function toLook(row: { person_id: string; account_id: string; roles: string | null }): LeaverLook {
  return {
    personId: row.person_id,
    accountId: row.account_id,
    roles: row.roles === null ? undefined : parse(row.roles),
  };
}

function parse(text: string): readonly Role[] {
  return JSON.parse(text) as readonly Role[];
}
