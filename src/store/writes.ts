import type { OwnWrites } from '../provisioning/store.js';
import { currentGeneration, isGrantingGroup } from './indexTables.js';
import { ensurePlace } from './places.js';
import { atomically, type Handle } from './schema.js';

/** Our own confirmed writes; recording one changes the directory index in the same transaction. */
export function ownWriteRecords(db: Handle): OwnWrites {
  return {
    async membership(accountId, groupId, isMember, atMs) {
      await atomically(db, async (trx) => {
        const before = await knownMembership(trx, accountId, groupId);
        const row = { is_member: isMember ? 1 : 0, at_ms: atMs };
        await trx
          .insertInto('own_memberships')
          .values({ account_id: accountId, group_id: groupId, ...row })
          // The last one recorded counts, also when the clock was set back in between.
          .onConflict((conflict) => conflict.columns(['account_id', 'group_id']).doUpdateSet(row))
          .execute();
        await trx
          .deleteFrom('own_attempts')
          .where('account_id', '=', accountId)
          .where('group_id', '=', groupId)
          .execute();
        if (before !== isMember) await countMember(trx, groupId, isMember);
        await writeToIndex(trx, accountId, groupId, isMember, atMs);
      });
    },
    async attempt(accountId, groupId, atMs) {
      await db
        .insertInto('own_attempts')
        .values({ account_id: accountId, group_id: groupId, at_ms: atMs })
        .onConflict((conflict) => conflict.columns(['account_id', 'group_id']).doUpdateSet({ at_ms: atMs }))
        .execute();
    },
    async attemptsOf(accountId, sinceMs) {
      const rows = await db
        .selectFrom('own_attempts')
        .select('group_id')
        .where('account_id', '=', accountId)
        .where('at_ms', '>=', sinceMs)
        .execute();
      return rows.map((row) => row.group_id);
    },
    async attemptsIn(groupId, sinceMs) {
      const rows = await db
        .selectFrom('own_attempts')
        .select('account_id')
        .where('group_id', '=', groupId)
        .where('at_ms', '>=', sinceMs)
        .execute();
      return rows.map((row) => row.account_id);
    },
    async membershipsOf(accountId, sinceMs) {
      const rows = await db
        .selectFrom('own_memberships')
        .select(['group_id', 'is_member'])
        .where('account_id', '=', accountId)
        .where('at_ms', '>=', sinceMs)
        .execute();
      return new Map(rows.map((row) => [row.group_id, row.is_member !== 0]));
    },
    async membersOf(groupId, sinceMs) {
      const rows = await db
        .selectFrom('own_memberships')
        .select(['account_id', 'is_member'])
        .where('group_id', '=', groupId)
        .where('at_ms', '>=', sinceMs)
        .execute();
      return new Map(rows.map((row) => [row.account_id, row.is_member !== 0]));
    },
    async forget(accountId, groupId) {
      await db
        .deleteFrom('own_memberships')
        .where('account_id', '=', accountId)
        .where('group_id', '=', groupId)
        .execute();
    },
    async groupDeleted(groupId, atMs) {
      await atomically(db, async (trx) => {
        await trx
          .insertInto('own_group_deletions')
          .values({ group_id: groupId, at_ms: atMs })
          .onConflict((conflict) => conflict.column('group_id').doUpdateSet({ at_ms: atMs }))
          .execute();
        await trx.deleteFrom('index_groups').where('id', '=', groupId).execute();
        const generation = await currentGeneration(trx);
        if (generation === undefined) return;
        await trx
          .deleteFrom('index_memberships')
          .where('generation', '=', generation)
          .where('group_id', '=', groupId)
          .execute();
      });
    },
    async prune(beforeMs) {
      await atomically(db, async (trx) => {
        await trx.deleteFrom('own_memberships').where('at_ms', '<', beforeMs).execute();
        await trx.deleteFrom('own_attempts').where('at_ms', '<', beforeMs).execute();
        await trx.deleteFrom('own_group_deletions').where('at_ms', '<', beforeMs).execute();
      });
    },
  };
}

/** Whether the person is a member, as far as index and own writes tell; undefined when neither knows. */
async function knownMembership(db: Handle, accountId: string, groupId: string): Promise<boolean | undefined> {
  const generation = await currentGeneration(db);
  if (generation !== undefined && (await isGrantingGroup(db, groupId))) {
    const membership = await db
      .selectFrom('index_memberships')
      .select('group_id')
      .where('generation', '=', generation)
      .where('account_id', '=', accountId)
      .where('group_id', '=', groupId)
      .executeTakeFirst();
    return membership !== undefined;
  }
  const write = await db
    .selectFrom('own_memberships')
    .select('is_member')
    .where('account_id', '=', accountId)
    .where('group_id', '=', groupId)
    .executeTakeFirst();
  return write === undefined ? undefined : write.is_member !== 0;
}

async function countMember(db: Handle, groupId: string, isMember: boolean): Promise<void> {
  const counted = db.updateTable('group_links').where('id', '=', groupId);
  await (
    isMember
      ? counted.set((eb) => ({ member_count: eb('member_count', '+', 1) }))
      : counted.set((eb) => ({ member_count: eb('member_count', '-', 1) })).where('member_count', '>', 0)
  ).execute();
}

/** Changes the index that is read; a scan that is under way writes another one. */
export async function writeToIndex(
  db: Handle,
  accountId: string,
  groupId: string,
  isMember: boolean,
  atMs: number,
): Promise<void> {
  const generation = await currentGeneration(db);
  if (generation === undefined || !(await isGrantingGroup(db, groupId))) return;
  const membership = { generation, account_id: accountId, group_id: groupId };
  if (!isMember) {
    await db
      .deleteFrom('index_memberships')
      .where('generation', '=', generation)
      .where('account_id', '=', accountId)
      .where('group_id', '=', groupId)
      .execute();
    return;
  }
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('index_people')
    .values({ generation, account_id: accountId, kind: 'atlassian', address_hash: null })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  if (numInsertedOrUpdatedRows !== 0n) await ensurePlace(db, 'person', accountId, new Date(atMs).toISOString());
  await db
    .insertInto('index_memberships')
    .values(membership)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
