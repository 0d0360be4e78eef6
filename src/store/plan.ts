import {
  type PlanEntry,
  type PlannedWrite,
  type PlanRecords,
  type PlanTarget,
  planTarget,
} from '../provisioning/planRecords.js';
import { atomically, type Handle, type PlanRow } from './schema.js';

export const OPEN_STATES = ['pending', 'failed'];

/** What observe mode planned and nobody sent yet, and what became of it. */
export function planRecords(db: Handle): PlanRecords {
  const entries = () => db.selectFrom('plan_entries').selectAll().orderBy('number');
  const open = () => entries().where('state', 'in', OPEN_STATES);

  return {
    async open() {
      return (await open().execute()).map(toEntry);
    },
    async find(number) {
      const row = await entries().where('number', '=', number).executeTakeFirst();
      return row === undefined ? undefined : toEntry(row);
    },
    async openAbout(target) {
      const row = await open().where('target', '=', target).executeTakeFirst();
      return row === undefined ? undefined : toEntry(row);
    },
    async openOf(of) {
      const rows =
        'accountId' in of
          ? open().where('account_id', '=', of.accountId)
          : open().where('group_id', '=', of.groupId).where('account_id', 'is not', null);
      return (await rows.execute()).map(toEntry);
    },
    async openGroups() {
      return (await open().where('kind', 'in', ['createGroup', 'deleteGroup']).execute()).map(toEntry);
    },
    async put(write, { at, caller, requestId }) {
      const target = targetOf(write);
      await atomically(db, async (trx) => {
        const same = trx.selectFrom('plan_entries').select('number').where('target', '=', target);
        const planned = await same
          .where('state', 'in', OPEN_STATES)
          .where('kind', '=', write.kind)
          .where('owed', '=', 0)
          .executeTakeFirst();
        if (planned !== undefined) return;
        await deleteOpen(trx, target);
        await trx
          .insertInto('plan_entries')
          .values({
            target,
            kind: write.kind,
            group_id: write.groupId ?? null,
            account_id: write.accountId ?? null,
            address: write.address ?? null,
            group_name: write.groupName ?? null,
            at,
            caller,
            request_id: requestId,
            state: 'pending',
            answer: null,
            owed: 0,
          })
          .execute();
      });
    },
    async cancel(target) {
      await deleteOpen(db, target);
    },
    async cancelMembers(groupId) {
      await db
        .deleteFrom('plan_entries')
        .where('group_id', '=', groupId)
        .where('account_id', 'is not', null)
        .where('state', 'in', OPEN_STATES)
        .execute();
    },
    async settle(number, state, answer) {
      await db
        .updateTable('plan_entries')
        .set({ state, answer: answer ?? null, ...(OPEN_STATES.includes(state) ? {} : { address: null }) })
        .where('number', '=', number)
        .where('state', 'in', OPEN_STATES)
        .execute();
    },
    async made(target, kind) {
      const settled = db.updateTable('plan_entries').where('target', '=', target).where('state', 'in', OPEN_STATES);
      await settled
        .set((eb) => ({
          state: eb.case().when('kind', '=', kind).then('applied').else('dropped').end(),
          answer: null,
          address: null,
        }))
        .execute();
    },
    async markOwed(number, isOwed) {
      await db
        .updateTable('plan_entries')
        .set({ owed: isOwed ? 1 : 0 })
        .where('number', '=', number)
        .execute();
    },
  };
}

async function deleteOpen(db: Handle, target: PlanTarget): Promise<void> {
  await db.deleteFrom('plan_entries').where('target', '=', target).where('state', 'in', OPEN_STATES).execute();
}

function targetOf({ kind, groupId = '', accountId, address = '' }: PlannedWrite): PlanTarget {
  switch (kind) {
    case 'createGroup':
    case 'deleteGroup':
      return planTarget.group(groupId);
    case 'suspend':
    case 'restore':
      return planTarget.suspension(accountId ?? '');
    case 'createAccount':
    case 'inviteByEmail':
      return accountId === undefined ? planTarget.account(address) : planTarget.membership(groupId, accountId);
    case 'addMember':
    case 'removeMember':
      return planTarget.membership(groupId, accountId ?? '');
  }
}

function toEntry(row: PlanRow & { readonly number: number }): PlanEntry {
  return {
    number: row.number,
    kind: row.kind as PlanEntry['kind'],
    groupId: row.group_id ?? undefined,
    accountId: row.account_id ?? undefined,
    address: row.address ?? undefined,
    groupName: row.group_name ?? undefined,
    at: row.at,
    caller: row.caller,
    requestId: row.request_id,
    state: row.state as PlanEntry['state'],
    answer: row.answer ?? undefined,
    isOwed: row.owed !== 0,
  };
}
