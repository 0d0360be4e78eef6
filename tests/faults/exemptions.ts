import { SCAN } from './scenario.js';
import type { Play } from './play.js';
import type { Cell } from './rules.js';

/** An answer that a rule of `src/RULES.md` asks for, where the fault by itself would ask for another. */
export interface Exemption {
  readonly rule: string;
  readonly why: string;
  /** Names of faults. */
  readonly faults: readonly string[];
  readonly upstream: readonly string[];
  readonly statuses: readonly number[];
  /** What the body holds. */
  readonly says?: RegExp;
}

export const EXEMPTIONS: readonly Exemption[] = [
  {
    rule: 'SA5',
    why: 'There is no seat, or Atlassian refuses this one person; nobody is shown active.',
    faults: ['409'],
    upstream: [
      'confluence.addMember',
      'organization.inviteUsers',
      'organization.restoreUser',
      'organization.suspendUser',
    ],
    statuses: [409],
    says: /Atlassian (?:seems to have no free licence|refuses to)/,
  },
  {
    rule: 'US4',
    why: 'The item of the invitation says that it failed.',
    faults: ['200 with an error inside'],
    upstream: ['organization.inviteUsers'],
    statuses: [409],
    says: /could not invite this person/,
  },
  {
    rule: 'US7',
    why: 'A group that nobody is let out of, while the control read shows that the credential is good, is named; the rest is left.',
    faults: ['403'],
    upstream: ['confluence.removeMember'],
    statuses: [409],
    says: /Access could not be taken completely/,
  },
  {
    rule: 'US8',
    why: 'The account is not on the site, or not in the organization, any more, as far as a control read can tell.',
    faults: ['404'],
    upstream: ['confluence.addMember', 'organization.restoreUser', 'organization.suspendUser'],
    statuses: [409],
    says: /Atlassian (?:does not know this account on the site|organization does not have this account)/,
  },
  {
    rule: 'SA2',
    why: 'What a control read bears out is believed: the person is in no group. Access that the index knows is taken all the same.',
    faults: ['404'],
    upstream: ['confluence.listMemberships'],
    statuses: [200, 204, 404],
  },
  {
    rule: 'SA2',
    why: 'What a control read bears out is believed: there is no such group.',
    faults: ['404'],
    upstream: ['confluence.getGroup'],
    statuses: [200, 404],
  },
  {
    rule: 'GR4',
    why: 'What a control read bears out is believed: somebody in no group that gives access is no user yet, and cannot be added.',
    faults: ['404'],
    upstream: ['confluence.listMemberships'],
    statuses: [400],
    says: /is no user's id/,
  },
  {
    rule: 'GR4',
    why: 'What two reads bear out is believed: the group is there, and the account, which is in none, is not on the site.',
    faults: ['404'],
    upstream: ['confluence.addMember'],
    statuses: [400],
    says: /does not know on this site/,
  },
  {
    rule: 'GR9',
    why: 'A page of groups with members is cut to the groups whose members were read in time, and says how many it has.',
    faults: ['no answer'],
    upstream: ['confluence.listMembers', 'confluence.getGroup'],
    statuses: [200],
    says: /"itemsPerPage":/,
  },
  {
    rule: 'GR3',
    why: 'Atlassian refuses the name; nothing was made.',
    faults: ['409'],
    upstream: ['confluence.createGroup'],
    statuses: [400],
    says: /refuses the displayName/,
  },
  {
    rule: 'GR1',
    why: 'Atlassian refuses to delete the group, which its id still answers to.',
    faults: ['409'],
    upstream: ['confluence.deleteGroup'],
    statuses: [409],
    says: /refuses to delete this group/,
  },
  {
    rule: 'US9',
    why: 'A group that gives no access and cannot be left does not keep the user; the audit says so.',
    faults: ['403'],
    upstream: ['confluence.removeMember'],
    statuses: [204],
  },
];

/**
 * Whether reads are made at once, as a scan makes them. They arrive in another order each time, so that a site that is
 * down from a certain call on may refuse another of them. Every other fault strikes the very call it is meant for.
 */
export function isSideBySide({ scenario, site }: Pick<Cell, 'scenario' | 'site'>): boolean {
  const calls = scenario.calls[site] ?? [];
  return SCAN.some((read) => calls.filter((call) => call === read).length > 1);
}

export function allows({ message, fault }: Cell, { answer }: Play): boolean {
  return EXEMPTIONS.some(
    ({ faults, upstream, statuses, says }) =>
      faults.includes(fault.name) &&
      upstream.includes(message.operation) &&
      statuses.includes(answer.status) &&
      (says === undefined || says.test(answer.text)),
  );
}
