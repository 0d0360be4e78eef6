import type { BackEnd } from '../provisioning/directory.js';
import { printable, printableJson } from '../terminal.js';
import type { AdoptionLine, GroupLine, GroupOutcome, PersonLine, PersonOutcome } from './lines.js';

/** Everything that one line says, as JSON in one line. */
export function toJsonLine(line: AdoptionLine): string {
  return `${printableJson(line, 0)}\n`;
}

const OUTCOME_WIDTH = 17;
const WHO_WIDTH = 34;

/** A line for people. Safe to be shown on a terminal. */
export function toTextLine(line: AdoptionLine, backEnd: BackEnd): string {
  switch (line.kind) {
    case 'person':
      return row(line.outcome, line.who ?? '(address hidden)', explainPerson(line, backEnd));
    case 'group':
      return row(line.outcome, `"${line.name}"`, explainGroup(line));
    case 'summary': {
      const { people, groups, seats } = line;
      const free =
        seats === undefined
          ? ''
          : `Seats: ${seats.used} of ${seats.limit} taken, ${seats.asked} more asked for (SEAT_LIMIT).\n`;
      return `\nPeople: ${counts(people)}.\nGroups: ${counts(groups)}.\n${free}Nothing was changed.\n`;
    }
  }
}

function row(outcome: string, who: string, explanation: string): string {
  return `${outcome.padEnd(OUTCOME_WIDTH)} ${printable(who).padEnd(WHO_WIDTH)} ${printable(explanation)}\n`;
}

function counts(outcomes: Readonly<Record<string, number>>): string {
  const texts = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  return texts.length === 0 ? 'none' : texts.join(', ');
}

const CREATED: Readonly<Record<BackEnd, string>> = {
  organization: 'nobody has this address; the organization invites it, without a mail',
  jira: 'nobody shows this address; Jira makes the account, and Atlassian may send a mail',
  invite: 'nobody has this address; Confluence invites it by mail',
};

const PEOPLE: Readonly<Record<PersonOutcome, string>> = {
  adopted: 'becomes a user and keeps the access it has',
  givenAccess: 'has no access now; becomes a user and is given it',
  created: '',
  invited: CREATED.invite,
  linked: '',
  connected: 'an invited user waits for it; the next scan connects them',
  connectionTest: 'answered from the record alone (TEST_ADDRESSES)',
  severalAccounts: 'several accounts have this address: 409 until link names the right one',
  sameAccount: 'has the account of a line above: 409, one account is one user',
  hidden: 'has access, and Atlassian hides which account it is: 409 until link connects them',
  unusable: 'Atlassian has closed, deactivated or suspended the account: 409',
  protected: 'protected (PROTECTED_USERS): 403',
  domainNotAllowed: 'not of an allowed domain (ALLOWED_EMAIL_DOMAINS): 403',
  overSeatLimit: 'no seat would be left (SEAT_LIMIT): 409',
  nobody: 'no user has this id, and no person with access: 404',
  notAnAddress: 'no address that can be invited: 400',
};

function explainPerson(line: PersonLine, backEnd: BackEnd): string {
  const { outcome, accountId, groups, user } = line;
  const account = accountId === undefined ? '' : `account ${accountId}: `;
  if (user !== undefined) return `${account}user ${user.id} of ${user.owner ?? 'nobody'} already, ${user.wanted}`;
  const what = outcome === 'created' ? CREATED[backEnd] : PEOPLE[outcome];
  return `${account}${what}${groups.length === 0 ? '' : `; managed groups: ${groups.join(', ')}`}`;
}

const GROUPS: Readonly<Record<GroupOutcome, string>> = {
  adoptable: 'the first change of its members adopts it',
  linked: '',
  refused: '',
  duplicate: 'the name is taken twice, in other letters or by a recorded group: rename one of the two first',
  missing: 'ADOPT_GROUPS names it and Confluence has none; pushing it makes one',
};

function explainGroup({ id, outcome, grantsAccess, owner, reason }: GroupLine): string {
  const which = id === undefined ? '' : `group ${id}${grantsAccess ? ', grants access' : ''}: `;
  if (outcome === 'linked') return `${which}managed by ${owner ?? 'nobody'} already`;
  return `${which}${reason ?? GROUPS[outcome]}`;
}
