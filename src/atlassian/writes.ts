import { segment } from './client.js';
import type { Message } from './operation.js';

const GROUPS = '/wiki/rest/api/group';

/**
 * The messages that change something, as they are sent; pure, so that a plan can show them before. Paths are from the
 * root of the API that the comment names.
 */

/** Confluence. */
export const createGroup = (name: string): Message => ({ method: 'POST', path: GROUPS, body: { name } });

/** Confluence. */
export const deleteGroup = (groupId: string): Message => ({
  method: 'DELETE',
  path: `${GROUPS}/by-id`,
  query: { id: groupId },
});

/** Confluence. */
export const addMember = (groupId: string, accountId: string): Message => ({
  method: 'POST',
  path: `${GROUPS}/userByGroupId`,
  query: { groupId },
  body: { accountId },
});

/** Confluence. */
export const removeMember = (groupId: string, accountId: string): Message => ({
  method: 'DELETE',
  path: `${GROUPS}/userByGroupId`,
  query: { groupId, accountId },
});

/** Confluence. */
export const inviteByEmail = (email: string): Message => ({
  method: 'POST',
  path: '/wiki/api/v2/user/access/invite-by-email',
  body: { emails: [email] },
});

/** Jira; no product comes with the account. */
export const createJiraUser = (email: string): Message => ({
  method: 'POST',
  path: '/rest/api/3/user',
  body: { emailAddress: email, products: [] },
});

/** Organizations API: one address, one group, no mail. */
export const inviteToOrganization = (orgId: string, email: string, groupId: string): Message => ({
  method: 'POST',
  path: `/v2/orgs/${segment(orgId)}/users/invite`,
  body: { emails: [email], additionalGroups: [groupId], sendNotification: false },
});

/** Organizations API. An empty POST is answered 415. */
export const changeSuspension = (orgId: string, accountId: string, verb: 'suspend' | 'restore'): Message => ({
  method: 'POST',
  path: `/v2/orgs/${segment(orgId)}/directories/-/users/${segment(accountId)}/${verb}`,
  body: {},
});
