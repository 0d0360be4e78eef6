import { isPlainAccess } from '../provisioning/access.js';
import { inBulk } from '../provisioning/members.js';
import type { PlanEntry, PlannedKind } from '../provisioning/planRecords.js';
import type { PersonLink, Records } from '../provisioning/store.js';
import { givesMembership } from './overlay.js';

/** One entry of the plan that is to be done, with whom it is about. */
export interface PendingStep {
  readonly entry: PlanEntry;
  /** The record, where the person has one. */
  readonly person: PersonLink | undefined;
  /** For an account that is to be made: the memberships that are owed to the person, by group id. */
  readonly owed: readonly string[];
}

/** Removals first: a seat is free before it is used, and nobody waits for a leaver. Groups are there before their members. */
const ORDER: readonly PlannedKind[] = [
  'removeMember',
  'suspend',
  'deleteGroup',
  'createGroup',
  'restore',
  'createAccount',
  'inviteByEmail',
  'addMember',
];

/** What the plan comes to now, in the order in which it is carried out. */
export async function pendingSteps(records: Records): Promise<readonly PendingStep[]> {
  const entries = await records.plan.open();
  const accountIds = [...new Set(entries.flatMap(({ accountId }) => accountId ?? []))];
  const links = await inBulk(accountIds, (some) => records.people.findByAccounts(some));
  const byAccount = new Map(links.map((link) => [link.accountId, link]));
  const steps: PendingStep[] = [];
  for (const entry of entries) {
    const person = entry.accountId === undefined ? await awaiting(entry, records) : byAccount.get(entry.accountId);
    if (await isStillWanted(entry, person, records)) {
      steps.push({ entry, person, owed: await owedWith(entry, person, records) });
    }
  }
  return steps.sort((a, b) => ORDER.indexOf(a.entry.kind) - ORDER.indexOf(b.entry.kind));
}

/** The same for one entry, as it is now. @returns undefined when nothing is to be done any more */
export async function pendingStep(entry: PlanEntry, records: Records): Promise<PendingStep | undefined> {
  const now = await records.plan.find(entry.number);
  // Numbers of entries that were taken off the plan may be given again.
  if (now === undefined || !isSame(now, entry)) return undefined;
  const person =
    now.accountId === undefined ? await awaiting(now, records) : await records.people.findByAccount(now.accountId);
  if (!(await isStillWanted(now, person, records))) return undefined;
  return { entry: now, person, owed: await owedWith(now, person, records) };
}

function isSame(now: PlanEntry, before: PlanEntry): boolean {
  const isOpen = now.state === 'pending' || now.state === 'failed';
  return isOpen && (['kind', 'groupId', 'accountId', 'address'] as const).every((key) => now[key] === before[key]);
}

/** Whoever an account is to be made for: the record with the address that has none. */
async function awaiting({ address }: PlanEntry, { people }: Records): Promise<PersonLink | undefined> {
  if (address === undefined) return undefined;
  const links = await people.findByAddress(address);
  return links.find((link) => link.address === address && link.accountId === undefined);
}

async function isStillWanted(entry: PlanEntry, person: PersonLink | undefined, records: Records): Promise<boolean> {
  switch (entry.kind) {
    case 'createAccount':
    case 'inviteByEmail':
    case 'addMember':
      if (entry.accountId === undefined) return person?.wanted === 'active';
      if (await isBarred(entry, person, records)) return false;
      if (!entry.isOwed) return true;
      return (await records.holds.ofPerson(person?.id ?? entry.accountId)).some(
        ({ groupId, kind }) => groupId === entry.groupId && kind === 'owed',
      );
    case 'createGroup':
      return (await records.groups.find(entry.groupId ?? ''))?.isReleased === false;
    case 'removeMember':
      return !(await isGivenBack(entry, person, records));
    case 'suspend':
      return person?.wanted !== 'active';
    case 'restore':
      return person?.wanted === 'active';
    case 'deleteGroup':
      return true;
  }
}

/** Deactivated since, by a message to a bridge that is live, which found nothing to take: no leaver gets access (rule GR2). */
export async function isBarred(
  { groupId = '' }: PlanEntry,
  person: PersonLink | undefined,
  { index }: Pick<Records, 'index'>,
): Promise<boolean> {
  return person?.wanted === 'inactive' && ((await index.group(groupId))?.accessTypes.length ?? 0) > 0;
}

/** Reactivated since, and found with access: then nothing was to be given, and nothing is to be taken any more. */
async function isGivenBack(entry: PlanEntry, person: PersonLink | undefined, records: Records): Promise<boolean> {
  if (person?.wanted !== 'active' || person.wantedAt <= entry.at) return false;
  const group = await records.index.group(entry.groupId ?? '');
  return group !== undefined && isPlainAccess(group);
}

async function owedWith(
  entry: PlanEntry,
  person: PersonLink | undefined,
  { holds }: Records,
): Promise<readonly string[]> {
  if (person === undefined || entry.accountId !== undefined || givesMembership(entry)) return [];
  return (await holds.ofPerson(person.id)).filter(({ kind }) => kind === 'owed').map(({ groupId }) => groupId);
}
