import { z } from 'zod';
import type { Call } from '../provisioning/call.js';
import type { AccessType, MembersPage, UpstreamAccount, UpstreamGroup } from '../provisioning/directory.js';
import { segment, type Client } from './client.js';
import { accountShape, groupShape, memberShape, UNKNOWN_ACCOUNT } from './confluenceShapes.js';
import type { Answer, Operation } from './operation.js';
import { PAGE_SIZE, nextStart, readAll, readPage, walk, type Listing, type Page, type Window } from './paging.js';
import { confirm, fail, noSeat, notAllowed, readJson, refusal, says } from './responses.js';
import { operation } from './rights.js';
import * as writes from './writes.js';

const LIST_GROUPS = operation('confluence.listGroups', 'read', 'readConfluence', 'list its groups');
const GET_GROUP = operation('confluence.getGroup', 'read', 'readConfluence', 'read its groups');
const SEARCH_GROUPS = operation('confluence.searchGroups', 'read', 'readConfluence', 'search its groups');
const CREATE_GROUP = operation('confluence.createGroup', 'once', 'writeGroups', 'create groups');
const DELETE_GROUP = operation('confluence.deleteGroup', 'idempotent', 'writeGroups', 'delete this group');
const LIST_MEMBERS = operation('confluence.listMembers', 'read', 'readConfluence', 'list the members of its groups');
const ADD_MEMBER = operation('confluence.addMember', 'idempotent', 'writeGroups', 'add people to this group');
const REMOVE_MEMBER = operation(
  'confluence.removeMember',
  'idempotent',
  'writeGroups',
  'remove people from this group',
);
const LIST_MEMBERSHIPS = operation('confluence.listMemberships', 'read', 'readConfluence', "list a person's groups");
const USERS_BULK = operation('confluence.usersBulk', 'read', 'readAccounts', 'read the accounts of people');
const CHECK_ACCESS = operation('confluence.checkAccessByEmail', 'read', 'inviteByEmail', 'check who has access');
const INVITE = operation('confluence.inviteByEmail', 'once', 'inviteByEmail', 'invite people');

/** `GET /wiki/rest/api/group?accessType=`, all pages. */
export async function listGrantingGroups(
  client: Client,
  accessType: AccessType,
  call: Call,
): Promise<readonly UpstreamGroup[]> {
  return collect(groupListing(client, LIST_GROUPS, '/wiki/rest/api/group', { accessType }, call));
}

/** `GET /wiki/rest/api/group`, page by page. */
export function listGroups(client: Client, call: Call): AsyncIterable<readonly UpstreamGroup[]> {
  return walk(groupListing(client, LIST_GROUPS, '/wiki/rest/api/group', {}, call), 0);
}

/** `GET /wiki/rest/api/group/by-id`. 400 is what Atlassian answers to some ids that no group has. */
export async function getGroup(client: Client, groupId: string, call: Call): Promise<UpstreamGroup> {
  const message = { method: 'GET', path: '/wiki/rest/api/group/by-id', query: { id: groupId } } as const;
  const answer = await client.send(GET_GROUP, message, call);
  if (says(answer, 400)) throw noSuchGroup(GET_GROUP, answer);
  return readJson(GET_GROUP, answer, 200, groupShape);
}

/** `GET /wiki/rest/api/group/picker`, which matches parts of names; read on until the name itself is found. */
export async function findGroupByName(client: Client, name: string, call: Call): Promise<UpstreamGroup | undefined> {
  const wanted = name.toLowerCase();
  const listing = groupListing(client, SEARCH_GROUPS, '/wiki/rest/api/group/picker', { query: name }, call);
  for await (const groups of walk(listing, 0)) {
    const found = groups.find((group) => group.name.toLowerCase() === wanted);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `POST /wiki/rest/api/group`. Whether a name that is taken is 400, as in Jira, or 409 is not documented. */
export async function createGroup(client: Client, name: string, call: Call): Promise<UpstreamGroup> {
  const answer = await client.send(CREATE_GROUP, writes.createGroup(name), call);
  if (says(answer, 404)) throw notAllowed(CREATE_GROUP, answer);
  if (says(answer, 400) || says(answer, 409)) {
    const sentence = 'Atlassian refuses this group name: it may be taken or not allowed. Choose another name.';
    throw fail('invalid', sentence, CREATE_GROUP, answer);
  }
  return readJson(CREATE_GROUP, answer, 201, groupShape);
}

/** `DELETE /wiki/rest/api/group/by-id`. On 400 or 409 one read tells a group that is gone from one that may not go. */
export async function deleteGroup(client: Client, groupId: string, call: Call): Promise<void> {
  const answer = await client.send(DELETE_GROUP, writes.deleteGroup(groupId), call);
  if (says(answer, 400) || says(answer, 409)) {
    await getGroup(client, groupId, call);
    const sentence =
      'Atlassian refuses to delete this group. Ask an Atlassian admin whether it is a default group or has to be empty.';
    throw fail('refused', sentence, DELETE_GROUP, answer);
  }
  confirm(DELETE_GROUP, answer, 204);
}

/** `GET /wiki/rest/api/group/{groupId}/membersByGroupId`, one page. */
export async function listMembers(
  client: Client,
  groupId: string,
  { start, limit, withTotal }: Window & { readonly withTotal: boolean },
  call: Call,
): Promise<MembersPage> {
  const page = await membersPage(client, groupId, { start, limit }, withTotal, call);
  return { members: page.items.filter(isReadable), next: nextStart(page), totalSize: page.totalSize };
}

/** `GET /wiki/rest/api/group/{groupId}/membersByGroupId`, all pages, each account once. */
export async function listAllMembers(client: Client, groupId: string, call: Call): Promise<readonly UpstreamAccount[]> {
  const members = await readAll<UpstreamAccount | undefined>({
    operation: LIST_MEMBERS,
    key: (member) => member?.accountId,
    fetch: (start, withTotal) => membersPage(client, groupId, { start, limit: PAGE_SIZE }, withTotal, call),
  });
  return [...new Map(members.filter(isReadable).map((member) => [member.accountId, member])).values()];
}

async function membersPage(
  client: Client,
  groupId: string,
  asked: Window,
  withTotal: boolean,
  call: Call,
): Promise<Page<UpstreamAccount | undefined>> {
  const path = `/wiki/rest/api/group/${segment(groupId)}/membersByGroupId`;
  const query = { start: asked.start, limit: asked.limit, ...(withTotal ? { shouldReturnTotalSize: true } : {}) };
  const answer = await client.send(LIST_MEMBERS, { method: 'GET', path, query }, call);
  // An unknown group is an empty page; a 404 is Confluence's way to hide what the credential may not see.
  if (says(answer, 404)) throw notAllowed(LIST_MEMBERS, answer);
  return readPage(LIST_MEMBERS, answer, asked, memberShape);
}

/**
 * `POST /wiki/rest/api/group/userByGroupId`. What Atlassian answers to a repeated addition is not documented, and it
 * says 500 where the identity service refuses; whatever it answers, the person's groups tell what is true.
 */
export async function addMember(client: Client, groupId: string, accountId: string, call: Call): Promise<void> {
  const answer = await client.send(ADD_MEMBER, writes.addMember(groupId, accountId), call);
  if (!isOpenAddition(answer)) {
    confirm(ADD_MEMBER, answer, 201);
    return;
  }
  if (answer.status === 400 && /already a member/i.test(answer.body)) return;
  const groups = await listMemberships(client, accountId, call);
  if (groups.some((group) => group.id === groupId)) return;
  if (isRefusedByIdentity(answer) || (answer.status === 409 && /licen[cs]e|seat/i.test(answer.body))) {
    throw noSeat(ADD_MEMBER, answer);
  }
  if (answer.status === 409) {
    const sentence =
      'Atlassian refuses to add this person to the group. Ask an Atlassian admin why, then send it again.';
    throw fail('refused', sentence, ADD_MEMBER, answer);
  }
  throw refusal(ADD_MEMBER, answer);
}

/** Whether an answer may be one to the addition of somebody who is a member already. */
function isOpenAddition(answer: Answer): boolean {
  return [200, 202, 204, 400, 404, 409].some((status) => says(answer, status)) || isRefusedByIdentity(answer);
}

function isRefusedByIdentity({ status, body }: Answer): boolean {
  return status === 500 && body.includes('AddUserToGroupsIdentityPlatformCommand');
}

/** `DELETE /wiki/rest/api/group/userByGroupId`. */
export async function removeMember(client: Client, groupId: string, accountId: string, call: Call): Promise<void> {
  const answer = await client.send(REMOVE_MEMBER, writes.removeMember(groupId, accountId), call);
  confirm(REMOVE_MEMBER, answer, 204);
}

/** `GET /wiki/rest/api/user/memberof`, all pages. */
export async function listMemberships(
  client: Client,
  accountId: string,
  call: Call,
): Promise<readonly UpstreamGroup[]> {
  return collect(groupListing(client, LIST_MEMBERSHIPS, '/wiki/rest/api/user/memberof', { accountId }, call));
}

/** `POST /wiki/api/v2/users-bulk`. No ids, no call. */
export async function listAccounts(
  client: Client,
  accountIds: readonly string[],
  call: Call,
): Promise<readonly UpstreamAccount[]> {
  if (accountIds.length === 0) return [];
  const answer = await client.send(
    USERS_BULK,
    { method: 'POST', path: '/wiki/api/v2/users-bulk', body: { accountIds } },
    call,
  );
  if (says(answer, 404)) throw notAllowed(USERS_BULK, answer);
  const { results } = readJson(USERS_BULK, answer, 200, z.object({ results: z.array(accountShape) }));
  return results.filter(({ accountId }) => accountId !== UNKNOWN_ACCOUNT);
}

const accessShape = z.object({
  emailsWithoutAccess: z.array(z.string()),
  /** Not documented, but seen beside the first. */
  noAccessEmails: z.array(z.string()).nullish(),
  invalidEmails: z.array(z.string()).nullish(),
});

/** `POST /wiki/api/v2/user/access/check-access-by-email` for one address: whatever is listed is that address. */
export async function hasAccess(client: Client, email: string, call: Call): Promise<boolean> {
  const path = '/wiki/api/v2/user/access/check-access-by-email';
  const answer = await client.send(CHECK_ACCESS, { method: 'POST', path, body: { emails: [email] } }, call);
  if (says(answer, 404)) throw notAllowed(CHECK_ACCESS, answer);
  const access = readJson(CHECK_ACCESS, answer, 200, accessShape);
  if ((access.invalidEmails ?? []).length > 0) {
    const sentence = 'Atlassian does not accept this e-mail address. Correct the address and send the request again.';
    throw fail('invalid', sentence, CHECK_ACCESS, answer);
  }
  return access.emailsWithoutAccess.length === 0 && (access.noAccessEmails ?? []).length === 0;
}

/** `POST /wiki/api/v2/user/access/invite-by-email`: 200 says that the invitation was accepted, not that it was done. */
export async function inviteByEmail(client: Client, email: string, call: Call): Promise<void> {
  const answer = await client.send(INVITE, writes.inviteByEmail(email), call);
  if (says(answer, 404)) throw notAllowed(INVITE, answer);
  confirm(INVITE, answer, 200);
}

function groupListing(
  client: Client,
  listOperation: Operation,
  path: string,
  query: Readonly<Record<string, string>>,
  call: Call,
): Listing<UpstreamGroup> {
  return {
    operation: listOperation,
    key: (group) => group.id,
    async fetch(start) {
      const asked = { start, limit: PAGE_SIZE };
      const answer = await client.send(listOperation, { method: 'GET', path, query: { ...query, ...asked } }, call);
      // Of the lists of groups only a person's can rightly be missing; for the others 404 means "not for you".
      if (says(answer, 404) && listOperation !== LIST_MEMBERSHIPS) throw notAllowed(listOperation, answer);
      return readPage(listOperation, answer, asked, groupShape);
    },
  };
}

/** Each group once, though pages overlap when a group is created between them. */
async function collect(listing: Listing<UpstreamGroup>): Promise<readonly UpstreamGroup[]> {
  const groups = new Map<string, UpstreamGroup>();
  for await (const page of walk(listing, 0)) for (const group of page) groups.set(group.id, group);
  return [...groups.values()];
}

function isReadable(member: UpstreamAccount | undefined): member is UpstreamAccount {
  return member !== undefined;
}

function noSuchGroup(getOperation: Operation, answer: Answer) {
  return fail('notFound', 'Atlassian knows no group with this id. Check the id.', getOperation, answer);
}
