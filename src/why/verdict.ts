import { isUsable } from '../provisioning/people.js';
import type { AuditLine } from '../provisioning/auditRecords.js';
import { REMOVE_ACCESS } from '../provisioning/leaverRoles.js';
import type { PlanEntry } from '../provisioning/planRecords.js';
import type { LookAtLeaver } from '../provisioning/roleRecords.js';
import { sayRole } from '../provisioning/roles.js';
import type { Answer, PersonNow } from './confluence.js';
import type { Membership, Span } from './origins.js';
import type { PersonSubject } from './subjects.js';

/** Whether somebody may enter Confluence, and what it comes from. */
export interface Verdict {
  readonly kind:
    /** As the identity provider asked. */
    | 'active'
    /** Nobody provisioned or adopted the person; access is there. */
    | 'unmanaged'
    /** Recorded inactive, or deleted, and in again by somebody else's hand. */
    | 'givenBack'
    /** Recorded inactive, or deleted, and a group could not be left. */
    | 'untaken'
    /** Recorded inactive, or deleted, in no granting group, and a role is there that the bridge cannot take (rule SA16). */
    | 'keptRole'
    | 'deactivated'
    | 'deleted'
    /** Recorded active; an identity provider took the last granting group through the bridge. */
    | 'lostByGroup'
    /** Recorded active; somebody else took access. */
    | 'taken'
    /** Recorded active; what was asked for was not carried out. */
    | 'ungiven'
    /** Atlassian has switched the account off. */
    | 'accountOff'
    | 'suspended'
    | 'suspendedByOthers'
    /** There is no account yet. */
    | 'invited'
    | 'noAccount'
    /** Nobody gave access, and nobody asked for it. */
    | 'never'
    /** Asked for while the bridge observes, and not carried out (rule SA14). */
    | 'planned'
    /** Confluence could not be asked. */
    | 'unknown';
  /** Undefined when nobody can tell. */
  readonly hasAccess: boolean | undefined;
  /** One sentence or two. */
  readonly sentence: string;
}

/** All that decides. */
export interface PersonCase {
  readonly subject: PersonSubject;
  readonly now: Answer<PersonNow>;
  readonly memberships: readonly Membership[];
  /** The person's audit lines, oldest first. */
  readonly lines: readonly AuditLine[];
  /** What observe mode planned for the person and nobody carried out. */
  readonly planned: readonly PlanEntry[];
  /** By the index of the last scan, with own writes since. */
  readonly hasAccessByIndex: boolean;
  /** The last look at the roles of somebody who left (rule SA16). */
  readonly look: LookAtLeaver | undefined;
  readonly scannedAtIso: string | undefined;
  /** What a group is called, in quotes. */
  readonly nameOf: (groupId: string) => string;
}

export function judgePerson(person: PersonCase): Verdict {
  const { now } = person;
  if (!now.isTold) return unknown(person);
  if (person.planned.length > 0) return plannedOnly(person, now.value);
  return now.value.memberships === undefined ? withoutAccount(person, now.value) : withAccount(person, now.value);
}

/** What was asked for has not happened, so that nothing else explains what Confluence shows. */
function plannedOnly(person: PersonCase, now: PersonNow): Verdict {
  const through = person.memberships.filter(({ groupId, isMember }) => isMember && now.access.granting.has(groupId));
  const what = person.planned
    .map(({ kind, groupId }) => (groupId === undefined ? kind : `${kind} ${person.nameOf(groupId)}`))
    .join(', ');
  const because = `${statement(person)}, but the bridge observed then (MODE=observe), and its plan is not carried out (${what}); see it with: confluence-scim-bridge plan`;
  if (now.mayAddressEnter === true) return yes('planned', because);
  return through.length > 0
    ? yes('planned', `Confluence shows ${named(through, person)}: ${because}`)
    : no('planned', because);
}

function withAccount(person: PersonCase, now: PersonNow): Verdict {
  const { subject, memberships } = person;
  if (!isUsable(now.account)) {
    const status = now.account?.accountStatus === 'closed' ? 'closed (deleted)' : 'deactivated';
    return no('accountOff', `Atlassian has the account as ${status}; that is not by this bridge`);
  }
  if (subject.link?.suspended === true) {
    if (now.isSuspended !== false) return no('suspended', `${statement(person)} and the bridge suspended the account`);
  } else if (now.isSuspended === true) {
    return no('suspendedByOthers', 'the account is suspended in the organization, not by this bridge');
  }
  const through = memberships.filter(({ groupId, isMember }) => isMember && now.access.granting.has(groupId));
  return through.length > 0 ? inside(person, through) : outside(person, now);
}

function inside(person: PersonCase, through: readonly Membership[]): Verdict {
  const { link, tombstone } = person.subject;
  const groups = named(through, person);
  if (link?.wanted === 'active') return yes('active', `${statement(person)} and Confluence shows ${groups}`);
  if (link === undefined && tombstone === undefined) {
    const sentence = `Confluence shows ${groups}; no identity provider has provisioned the person through this bridge`;
    return yes('unmanaged', sentence);
  }
  const foreign = through.find(({ origin }) => origin.by === 'others');
  if (foreign?.origin.by === 'others') {
    const sentence = `access was given back through ${named([foreign], person)}, not by this bridge, ${spell(foreign.origin.span)}`;
    return yes('givenBack', `${sentence}; before that, ${statement(person)}`);
  }
  return yes('untaken', `${statement(person)} but the person could not be taken out of ${groups}; send it again`);
}

function outside(person: PersonCase, now: PersonNow): Verdict {
  const { subject, memberships, lines } = person;
  const { link } = subject;
  const unknown = now.account === undefined ? ', and Confluence does not know the account' : '';
  if (link?.wanted === 'inactive' || (link === undefined && subject.tombstone !== undefined)) {
    return gone(person, link === undefined ? 'deleted' : 'deactivated', unknown);
  }
  if (link === undefined) {
    return no(
      'never',
      `Confluence shows no group that grants it${unknown}, and nobody asked for it through this bridge`,
    );
  }
  const taken = memberships.find(({ groupId, origin }) => now.access.granting.has(groupId) && origin.by === 'others');
  if (taken?.origin.by === 'others') {
    const sentence = `${named([taken], person)} was taken away, not by this bridge, ${spell(taken.origin.span)}`;
    return no('taken', `${sentence}; ${statement(person)}${unknown}`);
  }
  const lost = lines.findLast(({ event }) => event === 'user.accessLost');
  if (lost !== undefined && lost.at >= link.wantedAt) {
    const sentence = `${lost.caller} took the last group that grants it from the person at ${lost.at}`;
    return no('lostByGroup', `${sentence}, though ${statement(person)}${unknown}`);
  }
  return no(
    'ungiven',
    `Confluence shows no group that grants it, though ${statement(person)}${unknown}; send it again`,
  );
}

/** In no granting group, as was asked for: access is left only by a role of one's own. */
function gone(person: PersonCase, kind: 'deleted' | 'deactivated', unknown: string): Verdict {
  const { look } = person;
  if (look === undefined) return no(kind, `${statement(person)}${unknown}`);
  if (look.roles === undefined) {
    return no(kind, `${statement(person)}${unknown}; whether a role on the site is left could not be looked at`);
  }
  if (look.roles.length === 0) return no(kind, `${statement(person)}${unknown}`);
  const roles = look.roles.map(sayRole).join(', ');
  const sentence = `role assignments showed ${roles} at ${look.lookedAt}, though ${statement(person)}`;
  return { kind: 'keptRole', hasAccess: true, sentence: `Has access, because ${sentence}. ${REMOVE_ACCESS}` };
}

function withoutAccount(person: PersonCase, now: PersonNow): Verdict {
  const { link } = person.subject;
  if (now.mayAddressEnter === true) {
    const sentence = 'the address may enter Confluence, under an account that Atlassian does not name';
    return yes('noAccount', `${sentence}; connect the two with: confluence-scim-bridge link EMAIL ACCOUNT`);
  }
  if (link === undefined) return no('deleted', statement(person));
  if (link.invitedAt !== undefined && link.wanted === 'active') {
    return no('invited', `the person was invited at ${link.invitedAt} and no account has appeared yet`);
  }
  return no('noAccount', `${statement(person)} and there is no account`);
}

/** The record and the last scan are all there is. */
function unknown(person: PersonCase): Verdict {
  const { scannedAtIso, hasAccessByIndex } = person;
  const scanned =
    scannedAtIso === undefined
      ? 'the bridge has not scanned the site yet'
      : `after the scan of ${scannedAtIso} and the bridge's own writes since the person ${hasAccessByIndex ? 'had' : 'had no'} access`;
  const sentence = `Nobody can say now whether there is access: Confluence could not be asked. By the record, ${statement(person)}; ${scanned}.`;
  return { kind: 'unknown', hasAccess: undefined, sentence };
}

const STATEMENTS: Readonly<Record<'active' | 'inactive', readonly string[]>> = {
  active: [
    'user.provisioned',
    'user.adopted',
    'user.invited',
    'user.takenUp',
    'user.reactivated',
    'user.ownerChanged',
    'user.linked',
  ],
  inactive: ['user.deactivated', 'user.recorded', 'user.adopted'],
};

/** What was asked for last, by whom and when, as far as the record goes. */
function statement({ subject, lines }: PersonCase): string {
  const { link, tombstone } = subject;
  if (link === undefined) {
    if (tombstone === undefined) return 'nobody has asked for anything';
    const line = lines.findLast(({ event, result }) => event === 'user.deprovisioned' && result === 'done');
    return `${line?.caller ?? 'an identity provider'} deleted the person at ${tombstone.deletedAt}`;
  }
  const said = lines.filter(({ event, result }) => result !== 'refused' && STATEMENTS[link.wanted].includes(event));
  // An operator who carries out what an identity provider wants (`plan apply`, a repair) does not want it himself.
  const asked = link.wanted === 'active' ? said.findLast(({ caller }) => caller !== 'operator') : undefined;
  const who = (asked ?? said.at(-1))?.caller ?? link.caller;
  return link.wanted === 'active'
    ? `${who} wants the person active since ${link.wantedAt}`
    : `${who} deactivated the person at ${link.wantedAt}`;
}

/** A span in words. */
export function spell({ sinceIso, untilIso }: Span): string {
  return sinceIso === undefined ? `before ${untilIso}` : `between ${sinceIso} and ${untilIso}`;
}

function named(memberships: readonly Membership[], { nameOf }: PersonCase): string {
  return memberships.map(({ groupId }) => nameOf(groupId)).join(', ');
}

function yes(kind: Verdict['kind'], because: string): Verdict {
  return { kind, hasAccess: true, sentence: `Has access, because ${because}.` };
}

function no(kind: Verdict['kind'], because: string): Verdict {
  return { kind, hasAccess: false, sentence: `Has no access, because ${because}.` };
}
