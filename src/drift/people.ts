import { accountsInvitedAgain } from '../provisioning/correcting.js';
import type { Directory, UpstreamAccount } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import { inParallel } from '../provisioning/parallel.js';
import { isUsable } from '../provisioning/people.js';
import type { PersonLink } from '../provisioning/store.js';
import { resolveAccess } from '../roster/accessGroups.js';
import { assertBelievable } from '../roster/scan.js';
import type { AccountSet } from '../store/accountSet.js';
import type { PersonNow } from '../why/confluence.js';
import { explainPerson, type PersonReport } from '../why/person.js';
import { accountSubject, linkedSubject, type PersonSubject } from '../why/subjects.js';
import {
  type Collected,
  type Comparing,
  inPages,
  isRecent,
  MOST_AT_ONCE,
  PAGE_SIZE,
  readMembersInto,
} from './comparing.js';
import type { Finding, FindingKind } from './findings.js';

/**
 * Compares everybody on record, and everybody deleted, with the members of the granting groups. Those for whom the two
 * differ are then looked at one by one, as `why` does: only what a read of the person confirms is a finding.
 *
 * @param withAccess filled with everybody who has access
 */
export async function comparePeople(withAccess: AccountSet, comparing: Comparing, collected: Collected): Promise<void> {
  await readGrantingGroups(withAccess, comparing);
  await compareRecorded(withAccess, comparing, collected);
  await compareDeleted(withAccess, comparing, collected);
}

/** @throws Failure when anything cannot be read, or is not believed */
async function readGrantingGroups(into: AccountSet, comparing: Comparing): Promise<void> {
  const { questions, records, progress } = comparing;
  const granting = await questions.grantingGroups();
  const { accessGroups } = resolveAccess(granting, questions.config.accessGroups);
  progress.expect(Math.ceil((await records.index.countPeople()) / PAGE_SIZE));
  const counts = await readMembersInto(
    into,
    granting.map(({ id }) => id),
    'everybody',
    comparing,
  );
  await assertBelievable(granting, counts, accessGroups[0]?.id, await questions.directory(), comparing.openCall());
}

async function compareRecorded(withAccess: AccountSet, comparing: Comparing, collected: Collected): Promise<void> {
  const { records } = comparing;
  const pages = inPages(
    (afterId, limit) => records.people.page({ afterId, limit }),
    ({ id }) => id,
  );
  for await (const page of pages) {
    const settled = page.filter(({ wantedAt }) => !isRecent(wantedAt, comparing));
    const accountIds = settled.flatMap(({ accountId }) => accountId ?? []);
    const inside = withAccess.among(accountIds);
    const active = settled.filter(({ accountId, wanted }) => accountId !== undefined && wanted === 'active');
    const off = await accountsOff(active, comparing);
    const differing = settled.filter(({ accountId, wanted }) => {
      if (accountId === undefined) return false;
      return wanted === 'active' ? !inside.has(accountId) || off.has(accountId) : inside.has(accountId);
    });
    await look(await Promise.all(differing.map((link) => linkedSubject(link, records))), off, comparing, collected);
  }
}

async function compareDeleted(withAccess: AccountSet, comparing: Comparing, collected: Collected): Promise<void> {
  const { records } = comparing;
  const invitedAgain = await accountsInvitedAgain(records);
  const left = new Set<string>();
  const pages = inPages(
    (afterId, limit) => records.tombstones.page({ afterId, limit }),
    ({ id }) => id,
  );
  for await (const page of pages) {
    const settled = page.filter(({ deletedAt }) => !isRecent(deletedAt, comparing));
    const inside = withAccess.among(settled.map(({ accountId }) => accountId));
    const accountIds = new Set(settled.map(({ accountId }) => accountId).filter((accountId) => inside.has(accountId)));
    for (const accountId of accountIds)
      if (invitedAgain.has(accountId) && accountIds.delete(accountId)) left.add(accountId);
    const subjects = [...accountIds].map((accountId) => accountSubject(accountId, records));
    await look(await Promise.all(subjects), new Set(), comparing, collected);
  }
  for (const accountId of left) {
    collected.remarks.push(
      `The account ${accountId} of somebody deleted has access, and the address was invited again since: connect the two with confluence-scim-bridge link EMAIL ${accountId}, or take the access by hand.`,
    );
  }
}

/**
 * Accounts that are switched off, closed, or not known. One `users-bulk`, which asks for the credential's own account, too:
 * an answer without that one says nothing about the others (rule SA2).
 *
 * @throws Failure `unavailable` for such an answer
 */
async function accountsOff(links: readonly PersonLink[], { questions, openCall }: Comparing): Promise<Set<string>> {
  const accountIds = links.flatMap(({ accountId }) => accountId ?? []);
  if (accountIds.length === 0) return new Set();
  const { accountId: ownId } = await questions.currentUser();
  const known = await knownAccounts([...accountIds, ownId], await questions.directory(), openCall);
  if (!known.has(ownId)) {
    throw new Failure(
      'unavailable',
      "Atlassian does not know the credential's own account, so its answer about others is not believed. Run doctor.",
    );
  }
  return new Set(
    accountIds.filter((accountId) => {
      const account = known.get(accountId);
      return account === undefined || !isUsable(account);
    }),
  );
}

async function knownAccounts(
  accountIds: readonly string[],
  directory: Directory,
  openCall: Comparing['openCall'],
): Promise<ReadonlyMap<string, UpstreamAccount>> {
  const accounts = await directory.listAccounts([...new Set(accountIds)], openCall());
  return new Map(accounts.map((account) => [account.accountId, account]));
}

/** Looks at people one by one. Somebody who cannot be read is left out, and said to be. */
async function look(
  subjects: readonly PersonSubject[],
  off: ReadonlySet<string>,
  comparing: Comparing,
  collected: Collected,
): Promise<void> {
  comparing.progress.expect(subjects.length);
  await inParallel(subjects, MOST_AT_ONCE, async (subject) => {
    const report = await explainPerson(subject, comparing);
    comparing.progress.step();
    if (!report.now.isTold) {
      collected.unread.push({ part: `the user ${subject.link?.userName ?? subject.id}`, reason: report.now.reason });
      return;
    }
    const kind = kindOf(report, off);
    if (kind !== undefined) collected.findings.push(await describe(kind, report, report.now.value, subject, comparing));
  });
}

const KINDS: Partial<Readonly<Record<PersonReport['verdict']['kind'], FindingKind>>> = {
  givenBack: 'leaverHasAccess',
  untaken: 'leaverHasAccess',
  taken: 'accessLost',
  ungiven: 'accessLost',
  suspendedByOthers: 'suspended',
  accountOff: 'accountGone',
};

/** @param off accounts that Atlassian does not know, or has switched off, by a read that was believed */
function kindOf(
  { link, verdict, now, accountId = '' }: PersonReport,
  off: ReadonlySet<string>,
): FindingKind | undefined {
  const kind = KINDS[verdict.kind];
  if (kind === 'leaverHasAccess') return link === undefined ? 'deletedHasAccess' : kind;
  // What the account of somebody who left is like is nobody's concern.
  if (link?.wanted !== 'active') return undefined;
  const isUnknown = now.isTold && now.value.account === undefined && off.has(accountId);
  return kind === 'accessLost' && isUnknown ? 'accountGone' : kind;
}

async function describe(
  kind: FindingKind,
  report: PersonReport,
  { access: { granting }, account }: PersonNow,
  { auditIds }: PersonSubject,
  { records }: Comparing,
): Promise<Finding> {
  const { id, accountId, link, tombstone, names, verdict } = report;
  const isLeaver = kind === 'leaverHasAccess' || kind === 'deletedHasAccess';
  const concerned = report.memberships.filter(
    ({ groupId, isMember }) => granting.has(groupId) && isMember === isLeaver,
  );
  const groups = concerned.map(({ groupId }) => ({ id: groupId, name: names.ofGroup(groupId) }));
  const writes = await records.audit.lastMembershipWrites({ personIds: auditIds });
  const origins = new Set(concerned.map(({ origin }) => origin.by));
  return {
    kind,
    person: { id, accountId, name: link?.userName ?? account?.email ?? id, isProtected: report.isProtected === true },
    groups,
    sinceIso: link?.wantedAt ?? tombstone?.deletedAt,
    ownWrite: writes.findLast(({ groupId }) => granting.has(groupId)),
    changedBy: origins.has('others') ? 'others' : origins.size > 0 ? 'bridge' : 'unknown',
    what: verdict.sentence,
  };
}
