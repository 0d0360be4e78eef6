import type { Probes } from '../../src/atlassian/probes.js';
import type { Call } from '../../src/provisioning/call.js';
import type { Directory } from '../../src/provisioning/directory.js';
import type { Sandbox } from '../../src/sandbox/server.js';

/** The client as the bridge and its doctor have it, and the site behind. */
export interface Client {
  readonly organization: Directory;
  readonly jira: Directory;
  readonly invite: Directory;
  readonly probes: Probes;
  readonly sandbox: Sandbox;
}

/** One thing that the client is asked to do. */
export type Act = (client: Client, call: Call) => Promise<unknown>;

/** One act for each operation of the client; some need others on the way. */
export const ACTS = {
  'site.tenantInfo': ({ probes }, call) => probes.tenantInfo(call),
  'confluence.listGroups': async ({ invite }, call) => {
    await invite.listGrantingGroups('user', call);
    await invite.listGrantingGroups('admin', call);
    await invite.listGrantingGroups('site-admin', call);
    for await (const _page of invite.listGroups(call));
  },
  'confluence.createGroup': ({ invite }, call) => invite.createGroup('engineering', call),
  'confluence.getGroup': ({ invite, sandbox }, call) => invite.getGroup(sandbox.groups.synced.id, call),
  'confluence.deleteGroup': ({ invite, sandbox }, call) =>
    invite.deleteGroup(sandbox.addGroup({ name: 'old' }).id, call),
  'confluence.searchGroups': ({ invite }, call) => invite.findGroupByName('Team Rocket', call),
  'confluence.listMembers': ({ invite, sandbox }, call) => invite.listAllMembers(sandbox.groups.access.id, call),
  'confluence.addMember': ({ invite, sandbox }, call) => invite.addMember(sandbox.groups.access.id, ada(sandbox), call),
  'confluence.removeMember': ({ invite, sandbox }, call) =>
    invite.removeMember(sandbox.groups.access.id, ada(sandbox), call),
  'confluence.getCurrentUser': ({ probes }, call) => probes.currentUser(call),
  'confluence.listMemberships': ({ invite, sandbox }, call) => invite.listMemberships(sandbox.admin.accountId, call),
  'confluence.usersBulk': ({ invite, sandbox }, call) =>
    invite.listAccounts([sandbox.admin.accountId, sandbox.appAccountId, ada(sandbox)], call),
  'confluence.checkAccessByEmail': ({ invite }, call) => invite.hasAccess('somebody@example.com', call),
  'confluence.inviteByEmail': ({ invite }, call) => invite.inviteByEmail('somebody@example.com', call),
  'jira.getMyPermissions': ({ probes }, call) => probes.jiraAccess(call),
  'jira.searchUsers': ({ jira, sandbox }, call) => jira.findByEmail(sandbox.admin.email, call),
  'jira.createUser': ({ jira }, call) => jira.createAccount('new@example.com', 'group', call),
  'organization.searchUsers': async ({ organization, probes, sandbox }, call) => {
    await organization.findByEmail(sandbox.admin.email, call);
    await probes.organization(call);
  },
  'organization.inviteUsers': ({ organization, sandbox }, call) =>
    organization.createAccount('new@example.com', sandbox.groups.access.id, call),
  'organization.listApiTokens': ({ probes, sandbox }, call) => probes.tokenExpiries(sandbox.admin.accountId, call),
  'organization.suspendUser': ({ organization, sandbox }, call) => organization.suspend(ada(sandbox), call),
  'organization.restoreUser': ({ organization, sandbox }, call) => organization.restore(ada(sandbox), call),
  'organization.listGroupRoles': ({ organization, sandbox }, call) =>
    organization.roles?.ofGroup(sandbox.groups.orgAdmins.id, call) ?? Promise.reject(new Error('There is no key.')),
  'organization.listUserRoles': ({ organization, sandbox }, call) =>
    organization.roles?.ofAccount(sandbox.admin.accountId, call) ?? Promise.reject(new Error('There is no key.')),
} satisfies Readonly<Record<string, Act>>;

export type OperationName = keyof typeof ACTS;

export const OPERATION_NAMES = Object.keys(ACTS) as readonly OperationName[];

/** A person of the directory, in no group; made when first asked for. */
function ada(sandbox: Sandbox): string {
  const email = 'ada@example.com';
  return (sandbox.findPersonByEmail(email) ?? sandbox.addPerson({ email, emailVisible: false })).accountId;
}
