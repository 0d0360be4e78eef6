import { z } from 'zod';
import type { Call } from '../provisioning/call.js';
import type { AccountStatus, EmailMatch } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import { segment, type Client } from './client.js';
import { accountStatus, idShape, UNKNOWN_ACCOUNT } from './confluenceShapes.js';
import type { Answer, Operation } from './operation.js';
import { confirm, fail, noSeat, outcomeUnknown, readJson, says, unreadable } from './responses.js';
import { operation } from './rights.js';
import { changeSuspension, inviteToOrganization } from './writes.js';

const SEARCH = operation('organization.searchUsers', 'read', 'organization', 'search the people of the organization');
const INVITE = operation('organization.inviteUsers', 'once', 'organization', 'invite people');
const SUSPEND = operation('organization.suspendUser', 'idempotent', 'organization', 'suspend people');
const LIST_TOKENS = operation(
  'organization.listApiTokens',
  'read',
  'organization',
  'list the API tokens of its account',
);
const RESTORE = operation('organization.restoreUser', 'idempotent', 'organization', 'restore suspended people');

/** The Organizations API for one organization. */
export interface Organization {
  /** Its base address is the root of the API, `https://api.atlassian.com/admin`. */
  readonly client: Client;
  /** With the same key, where accounts are managed: its base address is that of all APIs, `https://api.atlassian.com`. */
  readonly accounts: Client;
  readonly orgId: string;
}

const foundShape = z.object({
  accountId: idShape,
  accountType: z.string().nullish(),
  email: z.string().nullish(),
  status: z.string().nullish(),
  accountStatus: z.string().nullish(),
  membershipStatus: z.string().nullish(),
  groups: z.array(z.object({ id: idShape })).nullish(),
});
type Found = z.infer<typeof foundShape>;

const searchShape = z.object({
  data: z.array(foundShape),
  links: z.object({ next: z.string().nullish() }).nullish(),
});

/**
 * `POST /admin/v2/orgs/{orgId}/directories/-/users/search` by exact address, in every directory that the key manages,
 * managed accounts outside the directories included.
 */
export async function findByEmail(organization: Organization, email: string, call: Call): Promise<EmailMatch> {
  const body = { emails: [email], expand: ['groups'] };
  const answer = await search(organization, body, call);
  const { data, links } = readJson(SEARCH, answer, 200, searchShape);
  const wanted = email.toLowerCase();
  const found = data.filter((person) => person.email?.toLowerCase() === wanted && isPerson(person));
  // One address cannot fill a page: Atlassian did not look for the address, so what it left out decides nothing.
  if (links?.next) throw unreadable(SEARCH, answer, 'more than a page of people for one address');
  return matchOf(found);
}

/** `POST /admin/v2/orgs/{orgId}/directories/-/users/search` for anybody: whether the key works for this organization. */
export async function probeOrganization(organization: Organization, call: Call): Promise<void> {
  readJson(SEARCH, await search(organization, { limit: 1 }, call), 200, searchShape);
}

async function search(
  { client, orgId }: Organization,
  body: Readonly<Record<string, unknown>>,
  call: Call,
): Promise<Answer> {
  const path = `/v2/orgs/${segment(orgId)}/directories/-/users/search`;
  const answer = await client.send(SEARCH, { method: 'POST', path, body }, call);
  if (says(answer, 404)) throw noSuchOrganization(SEARCH, answer);
  return answer;
}

/** The same address can belong to a customer of a service desk, whose account is another one. */
function isPerson({ accountId, accountType }: Found): boolean {
  return accountType !== 'app' && accountType !== 'customer' && accountId !== UNKNOWN_ACCOUNT;
}

/** A person is listed once for each directory; several account ids are several people. */
function matchOf(found: readonly Found[]): EmailMatch {
  const [first] = found;
  if (first === undefined) return { kind: 'none' };
  if (found.some((person) => person.accountId !== first.accountId)) return { kind: 'several' };
  const groupIds = found.every(tellsGroups)
    ? [...new Set(found.flatMap((person) => (person.groups ?? []).map((group) => group.id)))]
    : undefined;
  return {
    kind: 'one',
    accountId: first.accountId,
    accountStatus: statusOf(first),
    suspended: found.every((person) => person.membershipStatus === 'suspended' || person.status === 'suspended'),
    groupIds,
  };
}

function tellsGroups({ groups, status, membershipStatus }: Found): boolean {
  return Boolean(groups) || status === 'not_invited' || membershipStatus === 'no_membership';
}

/** `status` sums up account and membership; it is asked only where the account's own status is missing. */
function statusOf(person: Found): AccountStatus {
  if (person.status === 'for_deletion') return 'inactive';
  if (person.accountStatus) return accountStatus(person.accountStatus);
  if (person.status === 'deactivated') return 'inactive';
  return ['active', 'suspended', 'not_invited'].includes(person.status ?? '') ? 'active' : 'unknown';
}

const assignmentShape = z.object({
  group: z.string().nullish(),
  status: z.string(),
  statusReason: z.string().nullish(),
});
const inviteShape = z.object({
  data: z.array(
    z.object({
      id: idShape.nullish(),
      email: z.string().nullish(),
      results: z
        .array(
          z.object({
            roleAssignmentResult: z.array(assignmentShape).nullish(),
            groupAssignmentResult: z.array(assignmentShape).nullish(),
          }),
        )
        .nullish(),
    }),
  ),
});

/**
 * `POST /admin/v2/orgs/{orgId}/users/invite` for one address with one group and no mail. The status of each assignment
 * decides, for Atlassian also answers 200 to an invitation that failed.
 */
export async function createAccount(
  { client, orgId }: Organization,
  email: string,
  accessGroupId: string,
  call: Call,
): Promise<{ readonly accountId: string; readonly granted: boolean }> {
  const answer = await client.send(INVITE, inviteToOrganization(orgId, email, accessGroupId), call);
  if (says(answer, 402)) {
    const sentence = 'Atlassian invites nobody for an organization without a paid subscription. ';
    throw fail('refused', `${sentence}Ask an Atlassian organization admin to buy one.`, INVITE, answer);
  }
  // ADMIN-400-32: the licences would be exceeded too often.
  if (says(answer, 409) || (says(answer, 400) && answer.body.includes('ADMIN-400-32'))) throw noSeat(INVITE, answer);
  if (says(answer, 404)) throw noSuchOrganization(INVITE, answer);
  const { data } = readInvitation(answer);
  const [item] = data;
  const results = item?.results ?? [];
  const groups = results.flatMap((result) => result.groupAssignmentResult ?? []);
  const failed = [...groups, ...results.flatMap((result) => result.roleAssignmentResult ?? [])].filter(
    ({ status }) => status === 'ERROR',
  );
  if (failed.some(({ statusReason }) => /licen[cs]e|seat|limit/i.test(statusReason ?? ''))) {
    throw noSeat(INVITE, answer);
  }
  if (failed.length > 0) {
    const sentence = 'Atlassian could not invite this person into the access group. ';
    throw fail(
      'refused',
      `${sentence}Ask an Atlassian organization admin to invite them, then send it again.`,
      INVITE,
      answer,
    );
  }
  const isTheirs = !item?.email || item.email.toLowerCase() === email.toLowerCase();
  if (answer.status === 206 || data.length !== 1 || !item?.id || item.id === UNKNOWN_ACCOUNT || !isTheirs) {
    throw outcomeUnknown(unreadable(INVITE, answer, 'not one account for one address'));
  }
  const granted = groups.some(
    ({ group, status }) => status === 'INVITED' && (group ?? accessGroupId) === accessGroupId,
  );
  return { accountId: item.id, granted };
}

function readInvitation(answer: Answer): z.infer<typeof inviteShape> {
  try {
    // 206: of the addresses and groups, some failed.
    return readJson(INVITE, answer, says(answer, 206) ? 206 : 200, inviteShape);
  } catch (error) {
    throw outcomeUnknown(Failure.from(error));
  }
}

/** `POST /admin/v2/orgs/{orgId}/directories/-/users/{accountId}/suspend`. */
export async function suspend(organization: Organization, accountId: string, call: Call): Promise<void> {
  await changeMembership(organization, SUSPEND, 'suspend', accountId, call);
}

/** `POST /admin/v2/orgs/{orgId}/directories/-/users/{accountId}/restore`. 409: no seat to come back to. */
export async function restore(organization: Organization, accountId: string, call: Call): Promise<void> {
  await changeMembership(organization, RESTORE, 'restore', accountId, call);
}

async function changeMembership(
  { client, orgId }: Organization,
  change: Operation,
  verb: 'suspend' | 'restore',
  accountId: string,
  call: Call,
): Promise<void> {
  const answer = await client.send(change, changeSuspension(orgId, accountId, verb), call);
  if (says(answer, 404) && answer.body.includes('ADMIN-404-2"')) throw noSuchOrganization(change, answer);
  if (says(answer, 409) && answer.body.includes('ADMIN-409-3"')) throw noSeat(change, answer);
  if (says(answer, 409)) {
    const sentence = `Atlassian refuses to ${verb} this person. Ask an Atlassian organization admin why.`;
    throw fail('refused', sentence, change, answer);
  }
  confirm(change, answer, 204);
}

/**
 * `GET /users/{accountId}/manage/api-tokens`: when each of the account's tokens expires, in milliseconds since the epoch;
 * undefined for one that is not said to. Which of them is whose, only their labels tell.
 *
 * @returns undefined for an account that the organization does not manage
 */
export async function tokenExpiries(
  { accounts }: Organization,
  accountId: string,
  call: Call,
): Promise<readonly (number | undefined)[] | undefined> {
  const message = { method: 'GET', path: `/users/${segment(accountId)}/manage/api-tokens` } as const;
  const answer = await accounts.send(LIST_TOKENS, message, call);
  if (says(answer, 403) || says(answer, 404)) return undefined;
  const tokens = readJson(LIST_TOKENS, answer, 200, z.array(z.object({ expiry: z.string().nullish() })));
  return tokens.map(({ expiry }) => {
    const expiresAtMs = Date.parse(expiry ?? '');
    return Number.isNaN(expiresAtMs) ? undefined : expiresAtMs;
  });
}

export function noSuchOrganization(asked: Operation, answer: Answer) {
  const sentence = 'Atlassian knows no such organization, or not the access group in it. ';
  return fail('misconfigured', `${sentence}The operator should check ATLASSIAN_ORG_ID.`, asked, answer);
}
