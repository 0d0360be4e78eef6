import { Refusal } from './errors.js';
import { bodyWith, isEmail, isObject, isText, isTextList, type Answer, type SandboxRequest } from './http.js';
import { BAD_BODY } from './organizationPages.js';
import { createAccount, type Site } from './site.js';
import type { Group, Person } from './state.js';

const MOST_EMAILS = 25;
const ROLES: readonly string[] = [
  'atlassian/user',
  'atlassian/admin',
  'atlassian/guest',
  'atlassian/contributor',
  'atlassian/customer',
  'atlassian/basic',
  'atlassian/stakeholder',
  'atlassian/viewer',
];
const LICENCE_LIMIT = 'Product License Limit Exceeded';

interface Rule {
  readonly resource: string;
  readonly role: string;
}
interface Outcome {
  readonly status: 'INVITED' | 'ERROR';
  readonly statusReason: string | null;
}
const INVITED: Outcome = { status: 'INVITED', statusReason: null };

/**
 * Invites addresses and reports on each role and group by itself: 200 when all went well, 206 when something failed
 * and the rest stands, 409 when the licence was in the way of everything.
 *
 * @throws Refusal
 */
export function invite(site: Site, request: SandboxRequest): Answer {
  const { emails, rules, groupIds } = parse(request);
  if (!site.options.subscription) {
    throw new Refusal(402, 'The organization has no paid subscription.', { code: 'ADMIN-402-1' });
  }
  if (emails.every((email) => lacksSeat(site, email, rules, groupIds))) {
    throw new Refusal(409, LICENCE_LIMIT, { code: 'ADMIN-409-3' });
  }
  const data = emails.map((email) => {
    const person = toInvite(site, email);
    const roles = rules.map((rule) => ({ ...rule, ...grantRole(site, person, rule) }));
    const groups = groupIds.map((group) => ({ group, ...joinGroup(site, person, site.state.groups.get(group)) }));
    return { id: person.accountId, email, results: [{ roleAssignmentResult: roles, groupAssignmentResult: groups }] };
  });
  const failed = data.some(({ results }) =>
    results.some(({ roleAssignmentResult, groupAssignmentResult }) =>
      [...roleAssignmentResult, ...groupAssignmentResult].some(({ status }) => status === 'ERROR'),
    ),
  );
  return { status: failed ? 206 : 200, body: { data } };
}

function parse(request: SandboxRequest): {
  emails: readonly string[];
  rules: readonly Rule[];
  groupIds: readonly string[];
} {
  const body = bodyWith(
    request,
    ['emails', 'permissionRules', 'additionalGroups', 'sendNotification', 'notificationText'],
    BAD_BODY,
  );
  const { emails, permissionRules = [], additionalGroups = [], sendNotification = false, notificationText = '' } = body;
  if (!isTextList(emails) || emails.length === 0 || emails.length > MOST_EMAILS || !emails.every(isEmail)) {
    throw new Refusal(400, `emails must hold 1 to ${MOST_EMAILS} addresses.`, { code: BAD_BODY });
  }
  if (!Array.isArray(permissionRules) || !permissionRules.every(isRule)) {
    throw new Refusal(400, 'permissionRules must name a resource and a role each.', { code: BAD_BODY });
  }
  if (!permissionRules.every(({ resource }) => resource.startsWith('ari:cloud:'))) {
    throw new Refusal(400, 'A resource of permissionRules is invalid.', { code: 'ADMIN-400-4' });
  }
  if (!isTextList(additionalGroups)) {
    throw new Refusal(400, 'additionalGroups must be a list of group ids.', { code: BAD_BODY });
  }
  if (typeof sendNotification !== 'boolean' || typeof notificationText !== 'string') {
    throw new Refusal(400, 'sendNotification or notificationText is of the wrong type.', { code: BAD_BODY });
  }
  return { emails, rules: permissionRules, groupIds: additionalGroups };
}

function isRule(value: unknown): value is Rule {
  return isObject(value) && isText(value['resource']) && isText(value['role']) && ROLES.includes(value['role']);
}

/** Whether the address would need a seat that is not there, and could not be given anything it was invited to. */
function lacksSeat(site: Site, email: string, rules: readonly Rule[], groupIds: readonly string[]): boolean {
  const { state, options } = site;
  if (options.seats === undefined || state.seatsUsed() < options.seats) return false;
  if (state.peopleWithEmail(email).some(({ accountId }) => state.holdsSeat(accountId))) return false;
  const targets = [...rules.map((rule) => defaultGroupOf(site, rule)), ...groupIds];
  return targets.some((id) => id !== undefined && state.groups.get(id)?.grants !== undefined);
}

/** An account that exists is invited as it is; a suspended one stays suspended. */
function toInvite(site: Site, email: string): Person {
  const { state, options } = site;
  const known = state.peopleWithEmail(email)[0];
  if (known === undefined) return createAccount(site, email, { inDirectory: !options.organizationInviteFails });
  if (options.organizationInviteFails) return known;
  return state.updatePerson(known.accountId, { inDirectory: true, inJira: true });
}

/** The group in which a role of an app lives; undefined for roles and apps that have none here. */
function defaultGroupOf({ confluenceAri, groups }: Site, { resource, role }: Rule): string | undefined {
  if (resource !== confluenceAri) return undefined;
  if (role === 'atlassian/user') return groups.access.id;
  return role === 'atlassian/admin' ? groups.admins.id : undefined;
}

/** A resource of another site is accepted and grants nothing, as was seen with service accounts. */
function grantRole(site: Site, person: Person, rule: Rule): Outcome {
  if (site.options.organizationInviteFails) return { status: 'ERROR', statusReason: 'INVITE_FAILED' };
  const groupId = defaultGroupOf(site, rule);
  const group = groupId === undefined ? undefined : site.state.groups.get(groupId);
  return group === undefined ? INVITED : joinGroup(site, person, { ...group, writable: true });
}

function joinGroup({ state, options }: Site, person: Person, group: Group | undefined): Outcome {
  if (options.organizationInviteFails) return { status: 'ERROR', statusReason: 'INVITE_FAILED' };
  if (group === undefined) return { status: 'ERROR', statusReason: 'GROUP_NOT_FOUND' };
  if (!group.writable) return { status: 'ERROR', statusReason: 'GROUP_NOT_MODIFIABLE' };
  if (state.lacksSeat(group, person)) return { status: 'ERROR', statusReason: 'LICENSE_LIMIT_EXCEEDED' };
  state.join(group.id, person.accountId);
  return INVITED;
}
