import { printableJson } from '../terminal.js';
import { type Drift, REMEDIES } from './findings.js';

/** The same as data. What there is none of is null. */
export function driftJson({ findings, unread, remarks }: Drift, comparedAtIso: string): string {
  return `${printableJson(
    {
      comparedAt: comparedAtIso,
      findings: findings.map(({ kind, person, groups, sinceIso, ownWrite, changedBy, what }) => ({
        kind,
        person:
          person === undefined ? null : { id: person.id, accountId: person.accountId ?? null, userName: person.name },
        groups,
        since: sinceIso ?? null,
        ownWrite:
          ownWrite === undefined
            ? null
            : { at: ownWrite.at, caller: ownWrite.caller, groupId: ownWrite.groupId, isMember: ownWrite.isMember },
        changedBy,
        isProtected: person?.isProtected ?? false,
        what,
        remedy: REMEDIES[kind],
      })),
      couldNotBeCompared: unread,
      remarks,
    },
    2,
  )}\n`;
}
