import { printable } from '../terminal.js';
import type { GroupReport } from './group.js';
import type { Names } from './names.js';
import type { Origin, Span } from './origins.js';
import { sayOwner } from './owner.js';
import type { PersonReport } from './person.js';
import type { Moment } from './timeline.js';
import { spell } from './verdict.js';
import { sayCalls, sayMore, sayWhat } from './words.js';

const MOST_NAMED = 10;
/** Lines of one request that tell the same; a message may change thousands of members. */
const MOST_ALIKE = 3;
const LABEL_WIDTH = 20;
const MOST_WHAT_WIDTH = 60;

/** One page for people: who it is, what happened, how it is now, and why. Safe to be shown on a terminal. */
export function personText(report: PersonReport): string {
  const { id, accountId, link, tombstone, verdict } = report;
  const called = link?.userName ?? accountId ?? id;
  const account = accountId === undefined ? 'no account yet' : `account ${accountId}`;
  return page([
    `${called}: user ${id}, ${account}`,
    '',
    ...timelineOf(report),
    '',
    'Now:',
    ...rows([
      ['record', recordOf(report)],
      ['owner', sayOwner(report.owner)],
      ...(tombstone === undefined ? [] : ([['deleted', tombstone.deletedAt]] as const)),
      ...confluenceOf(report),
      ...holdsOf(report),
      ['invitation', link?.invitedAt === undefined ? 'none pending' : `pending since ${link.invitedAt}`],
      [
        'protected',
        report.isProtected === undefined ? 'Confluence could not be asked' : report.isProtected ? 'yes' : 'no',
      ],
    ]),
    '',
    verdict.sentence,
  ]);
}

export function groupText(report: GroupReport): string {
  const { id, link, indexed, now, names, verdict, people, differences } = report;
  const group = now.isTold ? now.value.group : undefined;
  const called = link?.displayName ?? group?.name ?? indexed?.name ?? id;
  const accessTypes = now.isTold ? now.value.access.granting.get(id)?.accessTypes : indexed?.accessTypes;
  const owed = report.holds.filter(({ kind }) => kind === 'owed');
  return page([
    `${called}: group ${id}`,
    '',
    ...timelineOf(report),
    '',
    'Now:',
    ...rows([
      [
        'record',
        link === undefined
          ? 'none'
          : `${link.origin} by ${link.caller} at ${link.createdAt}${link.isReleased ? ', released' : ''}`,
      ],
      ['owner', sayOwner(report.owner)],
      ['name in Confluence', now.isTold ? (group?.name ?? 'there is no such group') : silence(now.reason)],
      ['grants', accessTypes === undefined || accessTypes.length === 0 ? 'no access' : accessTypes.join(', ')],
      ['people', people === undefined ? 'not known' : String(people)],
      ...(owed.length === 0 ? [] : ([['owed to', some(owed.map((hold) => names.ofPerson(hold.personId)))]] as const)),
      ...differences.foreign
        .slice(0, MOST_NAMED)
        .map((one) => ['not by this bridge', notOurs(one, true, names)] as const),
      ...differences.missing
        .slice(0, MOST_NAMED)
        .map((one) => ['not by this bridge', notOurs(one, false, names)] as const),
    ]),
    '',
    verdict.sentence,
  ]);
}

function timelineOf({ timeline, isCut, names }: Pick<PersonReport, 'timeline' | 'isCut' | 'names'>): readonly string[] {
  if (timeline.length === 0) return ['The audit has nothing about it.'];
  const runs = runsOf(timeline);
  const shown = runs.flatMap((run) => run.slice(0, MOST_ALIKE));
  const cells = new Map(
    shown.map((moment) => [moment, [moment.at, moment.who, sayWhat(moment, names), moment.rule ?? '', moment.result]]),
  );
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.min(MOST_WHAT_WIDTH, Math.max(...[...cells.values()].map((row) => printable(row[column] ?? '').length))),
  );
  const lines = runs.flatMap((run) => {
    const more = run.length - MOST_ALIKE;
    return [
      ...run.slice(0, MOST_ALIKE).flatMap((moment) => {
        const row = (cells.get(moment) ?? []).map((cell, column) => printable(cell).padEnd(widths[column] ?? 0));
        return [[...row, sayCalls(moment)].join('  ').trimEnd(), ...sayMore(moment).map((text) => `    ${text}`)];
      }),
      ...(more > 0 ? [`    and ${String(more)} more of the same request`] : []),
    ];
  });
  return isCut ? ['Earlier lines are left out; audit export has them all.', ...lines] : lines;
}

/** Neighbours of one request that tell the same of different people. */
function runsOf(timeline: readonly Moment[]): readonly (readonly Moment[])[] {
  const runs: Moment[][] = [];
  for (const moment of timeline) {
    const run = runs.at(-1);
    const [first] = run ?? [];
    const isAlike =
      first?.requestId !== undefined &&
      (['requestId', 'event', 'rule', 'result'] as const).every((key) => first[key] === moment[key]);
    if (run !== undefined && isAlike) run.push(moment);
    else runs.push([moment]);
  }
  return runs;
}

function recordOf({ link }: PersonReport): string {
  if (link === undefined) return 'none';
  const suspended = link.suspended ? ', suspended by the bridge' : '';
  return `${link.origin} by ${link.caller} at ${link.createdAt}, wanted ${link.wanted} since ${link.wantedAt}${suspended}`;
}

function confluenceOf(report: PersonReport): readonly (readonly [string, string])[] {
  const { now, memberships, lagging, names, accountId } = report;
  if (!now.isTold) return [['Confluence', silence(now.reason)]];
  const { access, account, isSuspended } = now.value;
  const suspension =
    isSuspended === undefined ? '' : isSuspended ? ', suspended in the organization' : ', not suspended';
  const granting = memberships.filter(({ groupId, isMember }) => isMember && access.granting.has(groupId));
  const gone = memberships.filter(({ isMember }) => !isMember);
  const status = accountId === undefined ? 'none' : (account?.accountStatus ?? 'not known to Confluence');
  return [
    ['account', `${status}${suspension}`],
    ...(granting.length === 0 ? ([['granting groups', 'none']] as const) : []),
    ...granting.map(({ groupId, origin }): [string, string] => [
      'granting group',
      `${names.ofGroup(groupId)} (${(access.granting.get(groupId)?.accessTypes ?? []).join(', ')}), ${sayOrigin(origin)}`,
    ]),
    ...gone
      .filter(({ origin }) => origin.by === 'others')
      .map(({ groupId, origin }): [string, string] => ['not in', `${names.ofGroup(groupId)}, ${sayOrigin(origin)}`]),
    ...lagging.map((groupId): [string, string] => [
      'reads lag',
      `Atlassian does not show a write of the last ten minutes to ${names.ofGroup(groupId)} yet; the write counts`,
    ]),
    ...(access.trouble === undefined ? [] : ([['access groups', access.trouble.message]] as const)),
  ];
}

function holdsOf({ holds, names }: PersonReport): readonly (readonly [string, string])[] {
  return (['owed', 'remembered', 'suspended'] as const).map((kind) => {
    const groups = holds.filter((hold) => hold.kind === kind).map(({ groupId }) => names.ofGroup(groupId));
    const label = kind === 'suspended' ? 'kept, suspended' : kind;
    return [label, groups.length === 0 ? 'none' : groups.join(', ')];
  });
}

function sayOrigin(origin: Origin): string {
  switch (origin.by) {
    case 'bridge':
      return `by this bridge for ${origin.caller} at ${origin.at}`;
    case 'others':
      return `not by this bridge, ${spell(origin.span)}`;
    case 'untaken':
      return `the bridge could not take it, last at ${origin.at}`;
  }
}

function notOurs(one: { readonly personId: string; readonly span: Span }, isIn: boolean, names: Names): string {
  return `${names.ofPerson(one.personId)} is ${isIn ? 'in' : 'not shown'}, ${spell(one.span)}`;
}

function silence(reason: string): string {
  return `Confluence could not be asked: ${reason}`;
}

function some(texts: readonly string[]): string {
  const more = texts.length - MOST_NAMED;
  return [...texts.slice(0, MOST_NAMED), ...(more > 0 ? [`and ${String(more)} more`] : [])].join(', ');
}

function rows(pairs: readonly (readonly [string, string])[]): readonly string[] {
  return pairs.map(([label, value]) => `  ${label.padEnd(LABEL_WIDTH)}${value}`);
}

function page(lines: readonly string[]): string {
  return `${lines.map(printable).join('\n')}\n`;
}
