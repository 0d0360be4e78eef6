import { printable } from '../terminal.js';
import { type Drift, type Finding, type FindingKind, REMEDIES } from './findings.js';

const HEADINGS: Readonly<Record<FindingKind, string>> = {
  leaverHasAccess: 'Deactivated, and has access',
  deletedHasAccess: 'Deleted, and has access',
  accessLost: 'Recorded active, and has no access',
  suspended: 'Recorded active, and suspended in the organization',
  accountGone: 'Recorded active, and the account is not in use any more',
  foreignMember: 'In a managed group, and not put there by this bridge',
  memberMissing: 'Put into a managed group by this bridge, and not in it',
  groupGone: 'Managed group that Confluence has no more',
  membershipOwed: 'Membership owed for too long',
  invitationOverdue: 'Invited a week ago or more, and no account has appeared',
};

/** For the operator's own terminal, where names and addresses may stand. */
export function driftText(drift: Drift): string {
  const { findings, unread, remarks } = drift;
  const lines = [
    summary(drift),
    ...kindsOf(findings).flatMap((kind) => {
      const some = findings.filter((finding) => finding.kind === kind);
      return ['', `${HEADINGS[kind]} (${some.length}):`, ...some.flatMap(linesOf), `  What to do: ${REMEDIES[kind]}`];
    }),
    ...section(
      'Could not be compared, so that nothing is said about it:',
      unread.map(({ part, reason }) => `${part}: ${reason}`),
    ),
    ...section('Also:', remarks),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

function summary({ findings, unread }: Drift): string {
  const counted = findings.length === 1 ? '1 difference' : `${findings.length || 'No'} differences`;
  const scope = unread.length === 0 ? '' : ', as far as they could be compared';
  return `${counted} between the record and Confluence${scope}.`;
}

function kindsOf(findings: readonly Finding[]): readonly FindingKind[] {
  return [...new Set(findings.map(({ kind }) => kind))];
}

function linesOf({ person, groups, sinceIso, ownWrite, changedBy, what }: Finding): readonly string[] {
  const names = groups.map(({ id, name }) => `${name} (group ${id})`).join(', ');
  const who = person === undefined ? names : `${person.name}, user ${person.id}${names === '' ? '' : `, ${names}`}`;
  const facts = [
    ...(sinceIso === undefined ? [] : [`the record says otherwise since ${sinceIso}`]),
    ...(ownWrite === undefined
      ? []
      : [`the bridge ${ownWrite.isMember ? 'put in' : 'took out'} last at ${ownWrite.at} for ${ownWrite.caller}`]),
    ...(changedBy === 'others' ? ['somebody else was last'] : []),
    ...(person?.isProtected === true ? ['protected, so that a repair leaves it'] : []),
  ];
  return [`  ${who}`, `    ${what}`, `    ${facts.join('; ')}`];
}

function section(heading: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', heading, ...lines.map((line) => `  ${line}`)];
}
