import type { Call } from '../provisioning/call.js';
import type { BackEnd, Directory, NewAccount } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import type { Client } from './client.js';
import * as confluence from './confluence.js';
import type { Connection } from './connection.js';
import * as jira from './jira.js';
import * as organization from './organization.js';
import { roleReads } from './organizationRoles.js';

/** Atlassian's own: an account that it makes is there at once. */
export interface AtlassianDirectory extends Directory {
  createAccount(email: string, accessGroupId: string, call: Call): Promise<NewAccount>;
}

type PeopleCalls = Pick<AtlassianDirectory, 'findByEmail' | 'createAccount' | 'suspend' | 'restore' | 'roles'>;

/**
 * The strongest back end that the credentials allow (rule US4).
 *
 * @param jiraAccess asked only without an organization credential
 * @throws Failure of `jiraAccess`: an outage of Jira must not turn into another back end
 */
export async function chooseBackEnd(
  config: { readonly orgId: string | undefined; readonly orgApiKey: string | undefined },
  jiraAccess: () => Promise<jira.JiraAccess>,
): Promise<BackEnd> {
  if (config.orgId !== undefined && config.orgApiKey !== undefined) return 'organization';
  return (await jiraAccess()) === 'admin' ? 'jira' : 'invite';
}

/**
 * The Directory of one back end.
 *
 * @throws Failure `misconfigured` for `organization` without an organization credential
 */
export function createDirectory(connection: Connection, backEnd: BackEnd): AtlassianDirectory {
  const site = connection.confluence;
  return {
    backEnd,
    listGrantingGroups: (accessType, call) => confluence.listGrantingGroups(site, accessType, call),
    listGroups: (call) => confluence.listGroups(site, call),
    getGroup: (groupId, call) => confluence.getGroup(site, groupId, call),
    findGroupByName: (name, call) => confluence.findGroupByName(site, name, call),
    createGroup: (name, call) => confluence.createGroup(site, name, call),
    deleteGroup: (groupId, call) => confluence.deleteGroup(site, groupId, call),
    listMembers: (groupId, page, call) => confluence.listMembers(site, groupId, page, call),
    listAllMembers: (groupId, call) => confluence.listAllMembers(site, groupId, call),
    addMember: (groupId, accountId, call) => confluence.addMember(site, groupId, accountId, call),
    removeMember: (groupId, accountId, call) => confluence.removeMember(site, groupId, accountId, call),
    listMemberships: (accountId, call) => confluence.listMemberships(site, accountId, call),
    listAccounts: (accountIds, call) => confluence.listAccounts(site, accountIds, call),
    hasAccess: (email, call) => confluence.hasAccess(site, email, call),
    inviteByEmail: (email, call) => confluence.inviteByEmail(site, email, call),
    ...peopleCalls(connection, backEnd),
  };
}

function peopleCalls(connection: Connection, backEnd: BackEnd): PeopleCalls {
  switch (backEnd) {
    case 'organization':
      return organizationCalls(connection);
    case 'jira':
      return jiraCalls(connection.jira);
    case 'invite':
      return inviteCalls();
  }
}

function organizationCalls(connection: Connection): PeopleCalls {
  const api = connection.organization;
  if (api === undefined) {
    const sentence = 'The organization back end needs an organization credential. ';
    throw new Failure('misconfigured', `${sentence}Set ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY.`);
  }
  return {
    findByEmail: (email, call) => organization.findByEmail(api, email, call),
    createAccount: (email, accessGroupId, call) => organization.createAccount(api, email, accessGroupId, call),
    suspend: (accountId, call) => organization.suspend(api, accountId, call),
    restore: (accountId, call) => organization.restore(api, accountId, call),
    roles: roleReads(api, (call) => connection.cloudId(call)),
  };
}

function jiraCalls(client: Client): PeopleCalls {
  return {
    findByEmail: (email, call) => jira.findByEmail(client, email, call),
    createAccount: (email, _accessGroupId, call) => jira.createAccount(client, email, call),
    suspend: cannotSuspend,
    restore: cannotSuspend,
    roles: undefined,
  };
}

function inviteCalls(): PeopleCalls {
  return {
    findByEmail: () => Promise.resolve({ kind: 'cannotTell' }),
    createAccount: () =>
      Promise.reject(
        new Failure(
          'unsupported',
          'Confluence alone creates no accounts. Invite the person, or give the bridge an organization credential.',
        ),
      ),
    suspend: cannotSuspend,
    restore: cannotSuspend,
    roles: undefined,
  };
}

function cannotSuspend(): Promise<never> {
  return Promise.reject(
    new Failure(
      'unsupported',
      'Only an organization admin can suspend people. Give the bridge an organization credential, or set DEACTIVATION=access-groups.',
    ),
  );
}
