import type { Questions } from '../doctor/questions.js';
import { firstAccessGroup } from '../provisioning/access.js';
import { Failure } from '../provisioning/failure.js';
import type { Records } from '../provisioning/store.js';
import { printable } from '../terminal.js';
import { readNames } from '../why/names.js';
import {
  type Finding,
  type FindingKind,
  type FoundPerson,
  type NamedGroup,
  type RepairableKind,
  type RepairName,
  REPAIRS,
} from './findings.js';

type Repairable = Finding & { readonly kind: RepairableKind; readonly person: FoundPerson };

/** One finding, and the writes that put it right. */
export interface Repair {
  readonly finding: Repairable;
  readonly takes: boolean;
  /** As they are sent, with what each is for. */
  readonly calls: readonly string[];
}

/** Removals first, because they free seats. Who is protected is left out. */
export async function planRepairs(
  findings: readonly Finding[],
  names: readonly RepairName[],
  parts: { readonly questions: Questions; readonly records: Records },
): Promise<readonly Repair[]> {
  const kinds = new Set<FindingKind>(names.flatMap((name) => REPAIRS[name]));
  const repairs: Repair[] = [];
  for (const finding of findings) {
    if (!isRepairable(finding, kinds) || finding.person.isProtected) continue;
    const isGivingAccess = finding.kind === 'accessLost';
    const calls = isGivingAccess ? await givingBack(finding.person, parts) : callsOf(finding, parts.questions);
    repairs.push({ finding, takes: isTaking(finding.kind), calls });
  }
  return [...repairs.filter(({ takes }) => takes), ...repairs.filter(({ takes }) => !takes)];
}

export function planText(repairs: readonly Repair[]): string {
  const taking = repairs.filter(({ takes }) => takes).length;
  const lines = [
    `The plan: ${taking} take something away, ${repairs.length - taking} give something. Right before each, a read decides whether it is still needed.`,
    ...repairs.flatMap(({ finding, takes, calls }) => [
      `${takes ? '-' : '+'} ${finding.person.name}: ${finding.what}`,
      ...calls.map((call) => `    ${call}`),
    ]),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

function isRepairable(finding: Finding, kinds: ReadonlySet<FindingKind>): finding is Repairable {
  return kinds.has(finding.kind) && finding.person !== undefined;
}

function isTaking(kind: FindingKind): boolean {
  return kind === 'leaverHasAccess' || kind === 'deletedHasAccess' || kind === 'foreignMember';
}

function callsOf({ kind, groups, person }: Repairable, questions: Questions): readonly string[] {
  const { accountId = '' } = person;
  if (kind === 'leaverHasAccess' && questions.config.deactivation === 'suspend') {
    const orgId = questions.config.site.organization?.id ?? '';
    return [`POST /admin/v2/orgs/${orgId}/directories/-/users/${encodeURIComponent(accountId)}/suspend`];
  }
  return groups.map(isTaking(kind) ? (group) => leave(group, accountId) : join);
}

/** What a reactivation gives (rule US8): what is remembered or owed, and the first access group. */
async function givingBack(
  { id }: FoundPerson,
  { questions, records }: { readonly questions: Questions; readonly records: Records },
): Promise<readonly string[]> {
  try {
    const first = firstAccessGroup(await questions.access());
    const held = (await records.holds.ofPerson(id)).filter(({ kind }) => kind !== 'suspended');
    const groupIds = [...new Set([first.id, ...held.map(({ groupId }) => groupId)])];
    const names = await readNames(groupIds, records, new Map([[first.id, first.name]]));
    return groupIds.map((groupId) => join({ id: groupId, name: names.ofGroup(groupId) }));
  } catch (error) {
    if (error instanceof Failure) return [`nothing can be given: ${error.message}`];
    throw error;
  }
}

function leave({ id, name }: NamedGroup, accountId: string): string {
  const query = `groupId=${encodeURIComponent(id)}&accountId=${encodeURIComponent(accountId)}`;
  return `DELETE /wiki/rest/api/group/userByGroupId?${query}  (${name})`;
}

function join({ id, name }: NamedGroup): string {
  return `POST /wiki/rest/api/group/userByGroupId?groupId=${encodeURIComponent(id)}  (${name})`;
}
