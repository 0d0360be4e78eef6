import { controlRead, readMemberships } from '../provisioning/access.js';
import type { LastMembershipWrite } from '../provisioning/auditRecords.js';
import { OWN_WRITE_MS } from '../provisioning/dependencies.js';
import { Failure } from '../provisioning/failure.js';
import type { Member } from '../provisioning/members.js';
import { inParallel } from '../provisioning/parallel.js';
import { isUsable } from '../provisioning/people.js';
import type { GroupLink } from '../provisioning/store.js';
import { resolveAccess } from '../roster/accessGroups.js';
import type { AccountSet } from '../store/accountSet.js';
import {
  type Collected,
  type Comparing,
  inPages,
  isRecent,
  MOST_AT_ONCE,
  PAGE_SIZE,
  protectionIn,
  type Protects,
  readMembersInto,
} from './comparing.js';
import type { Finding, FindingKind } from './findings.js';

/**
 * Compares every group that the bridge manages with what it did to it.
 *
 * @param withAccess accounts that have access; not all of them where that could not be read
 */
export async function compareGroups(withAccess: AccountSet, comparing: Comparing, collected: Collected): Promise<void> {
  const { records, progress } = comparing;
  for (let offset = 0; ; offset += PAGE_SIZE) {
    const rows = await records.index.listGroups('', { offset, limit: PAGE_SIZE });
    const managed = rows.flatMap(({ link }) => (link === undefined ? [] : [link]));
    progress.expect(managed.length);
    for (const link of managed) {
      await collected.part(`the group "${link.displayName}" (${link.id})`, () =>
        compareGroup(link, withAccess, comparing, collected),
      );
    }
    if (rows.length < PAGE_SIZE) return;
  }
}

async function compareGroup(
  link: GroupLink,
  withAccess: AccountSet,
  comparing: Comparing,
  collected: Collected,
): Promise<void> {
  if (isRecent(link.createdAt, comparing) && link.origin === 'created') return;
  if (!(await isThere(link, comparing))) {
    collected.findings.push({
      kind: 'groupGone',
      person: undefined,
      groups: [namedOf(link)],
      sinceIso: link.createdAt,
      ownWrite: undefined,
      changedBy: 'others',
      what: `Confluence has no such group: it was deleted, not by this bridge; by the record, ${link.caller} ${link.origin} it at ${link.createdAt}.`,
    });
    return;
  }
  const members = comparing.openSet();
  try {
    // The group is there, so that an empty list is believed (rule SA2).
    await readMembersInto(members, [link.id], 'people', comparing);
    const protects = await protectionIn(comparing);
    const foreign = await findForeign(members, link, withAccess, protects, comparing);
    const missing = await findMissing(members, link, withAccess, protects, comparing);
    collected.findings.push(...foreign.findings, ...missing);
    if (foreign.before > 0) {
      collected.remarks.push(
        `"${link.displayName}" was there before the bridge managed it; ${foreign.before} of its members, whom the bridge never touched, may have been, too.`,
      );
    }
  } finally {
    members.close();
  }
}

/** That a group is gone is believed only after a control read (rule SA2). */
async function isThere({ id }: GroupLink, { questions, openCall }: Comparing): Promise<boolean> {
  const directory = await questions.directory();
  const call = openCall();
  try {
    await directory.getGroup(id, call);
    return true;
  } catch (error) {
    if (Failure.from(error).kind !== 'notFound') throw error;
    const access = resolveAccess(await questions.grantingGroups(), questions.config.accessGroups);
    await controlRead({ directory }, access, call);
    return false;
  }
}

interface Foreign {
  readonly findings: readonly Finding[];
  /** Members of a group that was there before, of whom the record says nothing. */
  readonly before: number;
}

/**
 * Members whom the bridge did not put there, and whom no identity provider named since. Of those whom it never touched, in
 * a group that was there before, nobody can tell whether they were there, too.
 */
async function findForeign(
  members: AccountSet,
  link: GroupLink,
  withAccess: AccountSet,
  protects: Protects,
  comparing: Comparing,
): Promise<Foreign> {
  const findings: Finding[] = [];
  let before = 0;
  const own = await comparing.records.writes.membersOf(link.id, comparing.clock.now() - OWN_WRITE_MS);
  const pages = inPages(
    (afterId, limit) => Promise.resolve(members.page(afterId, limit)),
    (accountId) => accountId,
  );
  for await (const accountIds of pages) {
    // Our own write decides while reads lag.
    const people = await usersAmong(
      accountIds.filter((accountId) => !own.has(accountId)),
      withAccess,
      comparing,
    );
    const writes = await writesOf(people, link.id, comparing);
    const named = await namedAmong(people, link.id, comparing);
    const foreign = people.filter(({ id }) => writes.get(id)?.isMember !== true && !named.has(id));
    const accused = foreign.filter(({ id }) => writes.has(id) || link.origin === 'created');
    before += foreign.length - accused.length;
    const names = await visibleNames(accused, comparing);
    for (const member of accused) {
      const write = writes.get(member.id);
      const since = write === undefined ? '' : ` It had taken the person out for ${write.caller} at ${write.at}.`;
      const what = `Is in the group, and this bridge did not put the person there.${since}`;
      const name = names.get(member.accountId);
      findings.push(describe('foreignMember', { ...member, name }, link, write, what, protects));
    }
  }
  return { findings, before };
}

/** Members whom the bridge put there, and an identity provider still has, and whom the group does not show. */
async function findMissing(
  members: AccountSet,
  link: GroupLink,
  withAccess: AccountSet,
  protects: Protects,
  comparing: Comparing,
): Promise<readonly Finding[]> {
  const { records } = comparing;
  const findings = new Map<string, Finding>();
  // Atlassian hides suspended people, and what a deactivation took is remembered.
  const held = new Set((await records.holds.ofGroup(link.id)).map(({ personId }) => personId));
  const pages = inPages(
    (afterPersonId, limit) => records.audit.pageOfMembershipWrites(link.id, { afterPersonId, limit }),
    ({ personId }) => personId,
  );
  for await (const page of pages) {
    const people = await usersByIds(
      page.filter(({ isMember }) => isMember).map(({ personId }) => personId),
      withAccess,
      comparing,
    );
    const shown = members.among(people.map(({ accountId }) => accountId));
    const writes = await writesOf(people, link.id, comparing);
    const named = await namedAmong(people, link.id, comparing);
    const candidates = people.filter(({ id, accountId, link: person }) => {
      const write = writes.get(id);
      const isPutThere = write?.isMember === true && !isRecent(write.at, comparing);
      return isPutThere && named.has(id) && !shown.has(accountId) && !held.has(id) && person?.wanted !== 'inactive';
    });
    for (const member of await surelyMissing(candidates, link, comparing)) {
      const write = writes.get(member.id);
      const what = `Is not in the group, though this bridge put the person there for ${write?.caller ?? ''} at ${write?.at ?? ''}.`;
      findings.set(member.id, describe('memberMissing', member, link, write, what, protects));
    }
  }
  return [...findings.values()];
}

/** Those whose account is in use, and whose own groups, read now, do not show this one. */
async function surelyMissing(
  candidates: readonly Person[],
  { id }: GroupLink,
  { questions, records, clock, openCall }: Comparing,
): Promise<readonly Person[]> {
  if (candidates.length === 0) return [];
  const directory = await questions.directory();
  const access = resolveAccess(await questions.grantingGroups(), questions.config.accessGroups);
  const accounts = await directory.listAccounts(
    candidates.map(({ accountId }) => accountId),
    openCall(),
  );
  const usable = new Set(accounts.filter(isUsable).map(({ accountId }) => accountId));
  const missing: Person[] = [];
  const inUse = candidates.filter(({ accountId }) => usable.has(accountId));
  await inParallel(inUse, MOST_AT_ONCE, async (candidate) => {
    const reading = { directory, store: records, clock };
    const { shown } = await readMemberships(candidate.accountId, reading, access, openCall());
    if (!shown.has(id)) missing.push(candidate);
  });
  return missing;
}

type Person = Member & { readonly accountId: string };

/** What people without a record are called, where Atlassian shows it, by account id. */
async function visibleNames(
  people: readonly Person[],
  { questions, openCall }: Comparing,
): Promise<ReadonlyMap<string, string>> {
  const unlinked = people.filter(({ link }) => link === undefined).map(({ accountId }) => accountId);
  if (unlinked.length === 0) return new Map();
  const accounts = await (await questions.directory()).listAccounts(unlinked, openCall());
  return new Map(accounts.map(({ accountId, email, displayName }) => [accountId, email ?? displayName ?? accountId]));
}

/** The SCIM Users among ids as the audit has them: SCIM ids, or accounts of people whom no record named then. */
async function usersByIds(
  ids: readonly string[],
  withAccess: AccountSet,
  { records }: Comparing,
): Promise<readonly Person[]> {
  const links = await records.people.findByIds(ids);
  const known = new Set(links.map(({ id }) => id));
  const linked = links.flatMap((link): Person[] =>
    link.accountId === undefined ? [] : [{ id: link.id, accountId: link.accountId, link }],
  );
  const rest = ids.filter((id) => !known.has(id));
  return [...linked, ...(await usersAmong(rest, withAccess, { records }))];
}

/** The SCIM Users among these accounts (rule ID2): people on record, and those with access. */
async function usersAmong(
  accountIds: readonly string[],
  withAccess: AccountSet,
  { records }: Pick<Comparing, 'records'>,
): Promise<readonly Person[]> {
  const links = new Map((await records.people.findByAccounts(accountIds)).map((link) => [link.accountId, link]));
  const inside = withAccess.among(accountIds);
  return accountIds.flatMap((accountId): Person[] => {
    const link = links.get(accountId);
    if (link !== undefined) return [{ id: link.id, accountId, link }];
    return inside.has(accountId) ? [{ id: accountId, accountId, link }] : [];
  });
}

/** Those whom an identity provider has named as members, and has not left out since (rule SA12). */
function namedAmong(
  people: readonly Person[],
  groupId: string,
  { records }: Comparing,
): Promise<ReadonlyMap<string, string>> {
  const ids = people.map(({ id }) => id);
  return records.membershipOwners.of(groupId, ids);
}

/** The last write to the group for each person, by SCIM id; a person may be in the audit under the account id, too. */
async function writesOf(
  people: readonly Person[],
  groupId: string,
  { records }: Comparing,
): Promise<ReadonlyMap<string, LastMembershipWrite>> {
  if (people.length === 0) return new Map();
  const idsOf = new Map(people.flatMap(({ id, accountId }) => [[id, id] as const, [accountId, id] as const]));
  const writes = await records.audit.lastMembershipWrites({ personIds: [...idsOf.keys()], groupId });
  return new Map(writes.map((write) => [idsOf.get(write.personId) ?? write.personId, write]));
}

function describe(
  kind: FindingKind,
  { id, accountId, link, name }: Person & { readonly name?: string | undefined },
  group: GroupLink,
  ownWrite: LastMembershipWrite | undefined,
  what: string,
  protects: Protects,
): Finding {
  const isProtected = protects({ id, accountId, link });
  return {
    kind,
    person: { id, accountId, name: link?.userName ?? name ?? id, isProtected },
    groups: [namedOf(group)],
    sinceIso: ownWrite?.at,
    ownWrite,
    changedBy: 'others',
    what,
  };
}

function namedOf({ id, displayName }: GroupLink): { readonly id: string; readonly name: string } {
  return { id, name: `"${displayName}"` };
}
