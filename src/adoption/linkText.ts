import type { LinkEvidence } from '../provisioning/linkEvidence.js';
import type { LinkPlan } from '../provisioning/linkPlan.js';
import type { PersonLink, Tombstone } from '../provisioning/store.js';
import { printable } from '../terminal.js';

const LABEL_WIDTH = 16;
const MOST_NAMED = 20;

/** What there is to see before somebody links an address with an account (rule ID7). Safe to be shown on a terminal. */
export function toEvidenceText(evidence: LinkEvidence): string {
  const { address, accountId, account, records, owed, holder, former, deleted } = evidence;
  const rows: [string, string][] = [
    ['address', address],
    ...records.flatMap((record): [string, string][] => [
      ['record', describeRecord(record)],
      ['invitation', record.invitedAt === undefined ? 'none pending' : `pending since ${record.invitedAt}`],
    ]),
    ...(records.length === 0 ? [['record', 'nobody is recorded for this address'] as [string, string]] : []),
    ...(owed.length === 0 ? [] : [['owed', `memberships of ${some(owed)}`] as [string, string]]),
    ...(records[0]?.accountId === undefined
      ? []
      : [
          ['account so far', former === undefined ? 'Atlassian shows nothing under it' : former.accountStatus] as [
            string,
            string,
          ],
        ]),
    ...deletedRows(deleted.address, 'deleted, address'),
    ['account', accountId],
  ];
  if (account === undefined) rows.push(['', 'Atlassian shows nothing under this id']);
  else {
    rows.push(
      ['type, status', `${account.accountType}, ${account.accountStatus}`],
      ['name', account.displayName ?? 'not shown'],
      ['shows address', account.email ?? `hidden; ${addressSaid(evidence)}`],
      ['groups', account.groups.length === 0 ? 'none' : some(account.groups.map(({ name }) => `"${name}"`))],
      ['has access', account.hasAccess ? 'yes' : 'no'],
    );
  }
  rows.push(
    ['linked to', holder === undefined ? 'nobody' : describeRecord(holder)],
    ...deletedRows(deleted.account, 'deleted, account'),
  );
  return rows.map(([label, value]) => `  ${label.padEnd(LABEL_WIDTH)} ${printable(value)}`).join('\n');
}

/** What will be done, in sentences. */
export function toPlanText(plan: LinkPlan, { accountId, account, owed }: LinkEvidence): string {
  if (plan.kind === 'none') return 'They are linked already; nothing is left to do.';
  const keeps = `The account becomes a user, ${account?.hasAccess === true ? 'active' : 'inactive'} as it is found. Nobody gains or loses access.`;
  if (plan.kind === 'adopt') return keeps;
  const { record } = plan;
  if (plan.kind === 'part') {
    return `The user ${record.id} gives up the address and stays inactive with the account ${record.accountId ?? 'it has'}.\n${keeps}`;
  }
  const gets =
    plan.kind === 'move'
      ? `The user ${record.id} moves from the account ${record.accountId ?? ''} to ${accountId}.`
      : `The user ${record.id} gets the account.`;
  return [gets, ...consequences(record, account?.hasAccess === true, owed)].join('\n');
}

function consequences(record: PersonLink, hasAccess: boolean, owed: readonly string[]): string[] {
  if (record.wanted === 'inactive') {
    return hasAccess
      ? [`Its access is TAKEN: the user is inactive since ${record.wantedAt}.`]
      : ['It has no access and gets none: the user is inactive.'];
  }
  return [
    hasAccess ? 'It keeps its access: the user is active.' : 'It is GIVEN access: the user is active.',
    ...(owed.length === 0 ? [] : [`It joins the groups that are owed: ${some(owed)}.`]),
  ];
}

function describeRecord({
  id,
  userName,
  wanted,
  wantedAt,
  origin,
  caller,
  owner,
  createdAt,
  accountId,
}: PersonLink): string {
  const account = accountId === undefined ? 'no account yet' : `account ${accountId}`;
  return `${userName} (user ${id}), ${origin} by ${caller} at ${createdAt}, owner ${owner ?? 'nobody'}, wanted ${wanted} since ${wantedAt}, ${account}`;
}

function addressSaid({ named, addressHasAccess, accountId }: LinkEvidence): string {
  if (named !== undefined) {
    return named === accountId
      ? 'Atlassian names this account for the address'
      : `Atlassian names ${named} for the address`;
  }
  if (addressHasAccess === undefined) return 'Atlassian does not say whose the address is';
  return `Confluence says that the address has ${addressHasAccess ? 'access' : 'no access'}`;
}

function deletedRows(tombstones: readonly Tombstone[], label: string): [string, string][] {
  return tombstones.map(({ id, accountId, deletedAt }) => [
    label,
    `user ${id}, ${accountId === undefined ? 'without account' : `account ${accountId}`}, deleted at ${deletedAt}`,
  ]);
}

function some(texts: readonly string[]): string {
  const more = texts.length - MOST_NAMED;
  return [...texts.slice(0, MOST_NAMED), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}
