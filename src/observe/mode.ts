import { planTarget } from '../provisioning/planRecords.js';
import type { Records, Store } from '../provisioning/store.js';
import { givesMembership } from './overlay.js';
import { isBarred, pendingSteps } from './pending.js';

export type Mode = 'live' | 'observe';

export const OBSERVES =
  'MODE=observe: nothing is changed in Confluence. What would be changed is planned; see it with: confluence-scim-bridge plan';

/** What is to be told of planned writes that a bridge that is live leaves alone. */
export function leftPending(count: number): string {
  return `MODE=live, and ${count} planned writes are not carried out: the bridge sends none of them by itself. See them with: confluence-scim-bridge plan; carry them out with: confluence-scim-bridge plan apply`;
}

/** For the health of a bridge. */
export async function modeState(
  mode: Mode,
  records: Records,
): Promise<{ readonly ok: boolean; readonly message?: string }> {
  if (mode === 'observe') return { ok: true, message: OBSERVES };
  const { length } = await pendingSteps(records);
  return length === 0 ? { ok: true } : { ok: false, message: leftPending(length) };
}

/**
 * Makes the record fit the mode that the bridge starts in. Harmless when nothing is planned, and when it was done before.
 *
 * @returns how many planned writes are to be carried out
 */
export function enterMode(mode: Mode, store: Store): Promise<number> {
  return store.transaction(async (records) => {
    await (mode === 'live' ? goLive(records) : goOnObserving(records));
    return (await pendingSteps(records)).length;
  });
}

/**
 * What was planned and not carried out has not happened. Nothing is lost and nothing is sent: whoever was to be invited is
 * entitled and not invited, so that the next `active: true` invites; memberships that were to be given are owed, so that
 * they show, and a removal forgets them. The plan stays for `plan apply`.
 */
async function goLive(records: Records): Promise<void> {
  for (const entry of await records.plan.open()) {
    const { kind, accountId, groupId, address } = entry;
    if (kind === 'suspend' || kind === 'restore') {
      await recordSuspension(accountId, kind === 'restore', records);
    } else if (accountId === undefined) {
      if (address !== undefined) await withdrawInvitation(address, records);
    } else if (groupId !== undefined && !entry.isOwed) {
      await records.writes.forget(accountId, groupId);
      if (!givesMembership(entry)) continue;
      await records.holds.put({ personId: await scimId(accountId, records), groupId, kind: 'owed' });
      await records.plan.markOwed(entry.number, true);
    }
  }
}

/** What is owed since the bridge was live is planned again, and what is owed no more is not. */
async function goOnObserving(records: Records): Promise<void> {
  for (const entry of await records.plan.open()) {
    const { number, kind, accountId, groupId, isOwed } = entry;
    if (kind === 'suspend' || kind === 'restore') {
      await recordSuspension(accountId, kind === 'suspend', records);
    } else if (isOwed && accountId !== undefined && groupId !== undefined) {
      const person = await records.people.findByAccount(accountId);
      const personId = person?.id ?? accountId;
      const holds = await records.holds.ofPerson(personId);
      const isStillOwed = holds.some((hold) => hold.groupId === groupId && hold.kind === 'owed');
      if (isStillOwed && !(await isBarred(entry, person, records))) {
        await records.holds.remove(personId, groupId, 'owed');
        await records.plan.markOwed(number, false);
      } else {
        await records.plan.cancel(planTarget.membership(groupId, accountId));
      }
    }
  }
}

async function recordSuspension(accountId: string | undefined, suspended: boolean, { people }: Records): Promise<void> {
  const person = accountId === undefined ? undefined : await people.findByAccount(accountId);
  if (person !== undefined) await people.update(person.id, { suspended });
}

async function scimId(accountId: string, { people }: Records): Promise<string> {
  return (await people.findByAccount(accountId))?.id ?? accountId;
}

async function withdrawInvitation(address: string, { people }: Records): Promise<void> {
  for (const link of await people.findByAddress(address)) {
    if (link.address === address && link.accountId === undefined && link.invitedAt !== undefined) {
      await people.update(link.id, { invitedAt: undefined });
    }
  }
}
