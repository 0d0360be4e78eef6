import { assertWritableGroup } from '../provisioning/access.js';
import { OWN_WRITE_MS } from '../provisioning/dependencies.js';
import { Failure } from '../provisioning/failure.js';
import type { LastMembershipWrite } from '../provisioning/auditRecords.js';
import type { IndexedGroup } from '../provisioning/indexRecords.js';
import type { GroupLink, Hold } from '../provisioning/store.js';
import { type Answer, askAboutGroup, type Asking, type GroupNow, told } from './confluence.js';
import { type Names, readNames } from './names.js';
import { type Owner, ownerOf } from './owner.js';
import type { Span } from './origins.js';
import { linesAbout } from './person.js';
import { type Moment, momentsOf } from './timeline.js';
import { spell } from './verdict.js';

/** How a group stands, and what it comes from. */
export interface GroupVerdict {
  readonly kind:
    /** Created or taken up by the bridge, with the members it was given. */
    | 'managed'
    /** Created or taken up by the bridge; Confluence shows other members. */
    | 'differs'
    /** SCIM may not change it. */
    | 'readOnly'
    /** SCIM may take it up, and nobody has. */
    | 'adoptable'
    | 'released'
    | 'deleted'
    /** Deleted, not by this bridge. */
    | 'gone'
    | 'unknown';
  readonly sentence: string;
}

/** How what Confluence shows of a managed group's members differs from what the bridge did to them. */
export interface MemberDifferences {
  /** Shown, and the bridge did not put them there: SCIM ids. */
  readonly foreign: readonly { readonly personId: string; readonly span: Span }[];
  /** The bridge put them there, and they are not shown: taken out by somebody else, or suspended. */
  readonly missing: readonly { readonly personId: string; readonly span: Span }[];
}

export interface GroupReport {
  readonly id: string;
  readonly link: GroupLink | undefined;
  readonly indexed: IndexedGroup | undefined;
  readonly owner: Owner | undefined;
  readonly timeline: readonly Moment[];
  readonly isCut: boolean;
  readonly now: Answer<GroupNow>;
  /** People among the members, by Confluence; undefined when it could not be asked or has no such group. */
  readonly people: number | undefined;
  readonly holds: readonly Hold[];
  readonly differences: MemberDifferences;
  readonly names: Names;
  readonly verdict: GroupVerdict;
}

const NO_DIFFERENCES: MemberDifferences = { foreign: [], missing: [] };
const IDS_PER_QUERY = 500;

export async function explainGroup(id: string, asking: Asking): Promise<GroupReport> {
  const { records } = asking;
  const { lines, isCut } = await linesAbout([id], asking);
  const link = await records.groups.find(id);
  const now = await told(() => askAboutGroup(id, asking));
  const isThere = now.isTold && now.value.group !== undefined;
  const holds = await records.holds.ofGroup(id);
  const differences =
    isThere && link?.isReleased === false ? await compareMembers(id, now.value, holds, asking) : NO_DIFFERENCES;
  const names = await readNames(
    [
      ...lines.flatMap(({ subject, object }) => (object === undefined ? [subject] : [subject, object])),
      ...[...differences.foreign, ...differences.missing, ...holds].map(({ personId }) => personId),
    ],
    records,
    isThere ? new Map([[id, now.value.group.name]]) : new Map(),
  );
  const report = {
    id,
    link,
    indexed: await records.index.group(id),
    owner: ownerOf(link?.isReleased === true ? undefined : link, asking.questions.config),
    timeline: momentsOf(lines),
    isCut,
    now,
    people: isThere ? now.value.accounts.filter(({ accountType }) => accountType === 'atlassian').length : undefined,
    holds,
    differences,
    names,
  };
  return { ...report, verdict: await judgeGroup(report, asking) };
}

async function compareMembers(
  groupId: string,
  { accounts }: GroupNow,
  holds: readonly Hold[],
  { records, clock }: Asking,
): Promise<MemberDifferences> {
  const shown = new Set(accounts.filter(({ accountType }) => accountType === 'atlassian').map((one) => one.accountId));
  for (const [accountId, isMember] of await records.writes.membersOf(groupId, clock.now() - OWN_WRITE_MS)) {
    if (isMember) shown.add(accountId);
    else shown.delete(accountId);
  }
  const writes = new Map<string, LastMembershipWrite>();
  for (const write of await records.audit.lastMembershipWrites({ groupId })) writes.set(write.personId, write);
  const untilIso = new Date(clock.now()).toISOString();
  const hidden = new Set(holds.filter(({ kind }) => kind !== 'owed').map(({ personId }) => personId));
  const foreign: { personId: string; span: Span }[] = [];
  const present = new Set<string>();
  for (const [accountId, personId] of await scimIdsOf([...shown], { records })) {
    present.add(personId).add(accountId);
    const write = writes.get(personId) ?? writes.get(accountId);
    if (write?.isMember !== true) foreign.push({ personId, span: { sinceIso: write?.at, untilIso } });
  }
  const missing = [...writes.values()]
    .filter(({ personId, isMember }) => isMember && !present.has(personId) && !hidden.has(personId))
    .map(({ personId, at }) => ({ personId, span: { sinceIso: at, untilIso } }));
  return { foreign, missing };
}

/** SCIM ids by account id. */
async function scimIdsOf(accountIds: readonly string[], { records }: Pick<Asking, 'records'>) {
  const ids = new Map(accountIds.map((accountId) => [accountId, accountId]));
  for (let start = 0; start < accountIds.length; start += IDS_PER_QUERY) {
    for (const link of await records.people.findByAccounts(accountIds.slice(start, start + IDS_PER_QUERY))) {
      if (link.accountId !== undefined) ids.set(link.accountId, link.id);
    }
  }
  return ids;
}

async function judgeGroup(
  report: Omit<GroupReport, 'verdict'>,
  { records, questions, clock }: Asking,
): Promise<GroupVerdict> {
  const { id, link, now, timeline, differences, indexed } = report;
  if (await records.tombstones.isGroupBuried(id)) {
    const removed = timeline.findLast(({ event, result }) => event === 'group.removed' && result === 'done');
    const when = removed === undefined ? 'through this bridge' : `by ${removed.who} at ${removed.at}`;
    return { kind: 'deleted', sentence: `The group was deleted ${when}.` };
  }
  const record = link === undefined ? undefined : `${link.caller} ${link.origin} it at ${link.createdAt}`;
  if (!now.isTold) {
    const sentence = 'Nobody can say what the group is like now: Confluence could not be asked.';
    return { kind: 'unknown', sentence: record === undefined ? sentence : `${sentence} By the record, ${record}.` };
  }
  const { group, access } = now.value;
  if (group === undefined) {
    const scannedAtMs = indexed === undefined ? undefined : await records.index.scannedAtMs();
    const sinceIso = scannedAtMs === undefined ? timeline.at(-1)?.at : new Date(scannedAtMs).toISOString();
    const span = spell({ sinceIso, untilIso: new Date(clock.now()).toISOString() });
    return { kind: 'gone', sentence: `Confluence has no such group: it was deleted, not by this bridge, ${span}.` };
  }
  const grants = access.granting.has(id) ? ' Its members have access to Confluence.' : '';
  if (link?.isReleased === true) {
    const sentence = `SCIM does not see the group: it was released, and its members stayed. ${record ?? ''}.${grants}`;
    return { kind: 'released', sentence };
  }
  try {
    assertWritableGroup(group, link, access, questions.config);
  } catch (error) {
    return { kind: 'readOnly', sentence: `SCIM does not change the group. ${Failure.from(error).message}${grants}` };
  }
  if (record === undefined) {
    const sentence = `SCIM may change the group, since ADOPT_GROUPS names it, and has not done so yet.${grants}`;
    return { kind: 'adoptable', sentence };
  }
  const { foreign, missing } = differences;
  if (foreign.length + missing.length === 0) {
    return {
      kind: 'managed',
      sentence: `SCIM keeps the group: ${record}, and its members are by this bridge.${grants}`,
    };
  }
  const sentence = `SCIM keeps the group: ${record}. Not by this bridge: ${String(foreign.length)} whom it did not put there, ${String(missing.length)} whom it did and who are not shown.${grants}`;
  return { kind: 'differs', sentence };
}
