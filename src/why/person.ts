import { protectionOf } from '../provisioning/members.js';
import { isUsable } from '../provisioning/people.js';
import { type PlanEntry, planTarget } from '../provisioning/planRecords.js';
import type { Hold, PersonLink, Records, Tombstone } from '../provisioning/store.js';
import { type Answer, askAboutPerson, type Asking, type PersonNow, told } from './confluence.js';
import { type Names, readNames } from './names.js';
import { type Owner, ownerOf } from './owner.js';
import { explainMemberships, type Membership } from './origins.js';
import type { PersonSubject } from './subjects.js';
import { foreignMoments, inOrder, type Moment, momentsOf } from './timeline.js';
import { judgePerson, type Verdict } from './verdict.js';

/** Audit lines of one timeline; the newest ones, where there are more. */
export const MOST_LINES = 500;

/** Why a person has access to Confluence, or has none. */
export interface PersonReport {
  readonly id: string;
  readonly accountId: string | undefined;
  readonly link: PersonLink | undefined;
  readonly tombstone: Tombstone | undefined;
  readonly owner: Owner | undefined;
  readonly timeline: readonly Moment[];
  /** Earlier lines were left out. */
  readonly isCut: boolean;
  readonly now: Answer<PersonNow>;
  readonly memberships: readonly Membership[];
  readonly holds: readonly Hold[];
  /** Groups in which Atlassian's read and a write of ours of the last ten minutes differ (rule US2). */
  readonly lagging: readonly string[];
  /** Undefined when that cannot be told without Atlassian. */
  readonly isProtected: boolean | undefined;
  readonly scannedAtIso: string | undefined;
  readonly names: Names;
  readonly verdict: Verdict;
}

export async function explainPerson(subject: PersonSubject, asking: Asking): Promise<PersonReport> {
  const { records, clock } = asking;
  const { lines, isCut } = await linesAbout(subject.auditIds, asking);
  const now = await told(() => askAboutPerson(subject, asking));
  const scannedAtMs = await records.index.scannedAtMs();
  const indexed = subject.accountId === undefined ? undefined : await records.index.person(subject.accountId);
  const scannedAtIso = scannedAtMs === undefined ? undefined : new Date(scannedAtMs).toISOString();
  const shown = now.isTold ? now.value.memberships : undefined;
  const explained =
    !now.isTold || shown === undefined
      ? []
      : explainMemberships(shown.shown, {
          lines,
          writes: await records.audit.lastMembershipWrites({ personIds: subject.auditIds }),
          indexed,
          scannedAtIso,
          grantingIds: new Set(now.value.access.granting.keys()),
          nowIso: new Date(clock.now()).toISOString(),
        });
  const memberships = await believable(explained, now, asking);
  const holds = await records.holds.ofPerson(subject.id);
  const all = await readNames(
    [
      ...lines.flatMap(({ subject: one, object }) => (object === undefined ? [one] : [one, object])),
      ...groupIdsOf(memberships, holds),
    ],
    records,
    shown?.names,
  );
  const names: Names = {
    ...all,
    ofPerson: (id) => (subject.auditIds.includes(id) ? 'the person' : all.ofPerson(id)),
  };
  const look = subject.accountId === undefined ? undefined : await records.roles.leaver(subject.accountId);
  const planned = await plannedFor(subject, records);
  const hasAccessByIndex = (indexed?.grantingGroupIds.length ?? 0) > 0;
  return {
    id: subject.id,
    accountId: subject.accountId,
    link: subject.link,
    tombstone: subject.tombstone,
    owner: ownerOf(subject.link, asking.questions.config),
    timeline: inOrder([...momentsOf(lines), ...foreignMoments(subject.id, memberships)]),
    isCut,
    now,
    memberships,
    holds,
    lagging: shown === undefined ? [] : differing(shown.read, shown.shown),
    isProtected: await isProtected(subject, now, asking),
    scannedAtIso,
    names,
    verdict: judgePerson({
      subject,
      now,
      memberships,
      lines,
      planned,
      hasAccessByIndex,
      look,
      scannedAtIso,
      nameOf: names.ofGroup,
    }),
  };
}

/** What observe mode planned for the person, and nobody carried out. */
async function plannedFor({ accountId, link }: PersonSubject, { plan }: Records): Promise<readonly PlanEntry[]> {
  if (accountId !== undefined) return plan.openOf({ accountId });
  const entry = link?.address === undefined ? undefined : await plan.openAbout(planTarget.account(link.address));
  return entry === undefined ? [] : [entry];
}

/** The newest lines about these ids, oldest first. */
export async function linesAbout(about: readonly string[], { records }: Pick<Asking, 'records'>) {
  const newest = await records.audit.list({ about, limit: MOST_LINES + 1 });
  return { lines: newest.slice(0, MOST_LINES).reverse(), isCut: newest.length > MOST_LINES };
}

/**
 * What is not shown says nothing where Atlassian hides it, as it does for people who are suspended or switched off, and
 * where the group itself was deleted through the bridge.
 */
async function believable(
  memberships: readonly Membership[],
  now: Answer<PersonNow>,
  { records }: Asking,
): Promise<readonly Membership[]> {
  const isHidden = now.isTold && (now.value.isSuspended === true || !isUsable(now.value.account));
  const kept: Membership[] = [];
  for (const membership of memberships) {
    if (!membership.isMember && (isHidden || (await records.tombstones.isGroupBuried(membership.groupId)))) continue;
    kept.push(membership);
  }
  return kept;
}

async function isProtected(
  { id, accountId, link }: PersonSubject,
  now: Answer<PersonNow>,
  { questions: { config: settings }, records: store }: Asking,
): Promise<boolean | undefined> {
  const ownAccountId = now.isTold ? now.value.ownAccountId : undefined;
  const protects = await protectionOf({ settings, store, ownAccountId: () => ownAccountId });
  return protects({ id, accountId, link }) || (now.isTold ? false : undefined);
}

function groupIdsOf(memberships: readonly Membership[], holds: readonly Hold[]): readonly string[] {
  return [...memberships, ...holds].map(({ groupId }) => groupId);
}

function differing(one: ReadonlySet<string>, other: ReadonlySet<string>): readonly string[] {
  return [...new Set([...one, ...other])].filter((id) => one.has(id) !== other.has(id));
}
