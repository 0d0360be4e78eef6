import type { TokenKind } from '../../src/atlassian/connection.js';
import type { SandboxOptions } from '../../src/sandbox/options.js';
import type { Sandbox } from '../../src/sandbox/server.js';
import type { Call } from '../../src/provisioning/call.js';
import { ACTS, type Act, type Client, type OperationName } from './acts.js';

/** Something about a site that makes Atlassian answer otherwise, and the operations that are called then. */
export interface Scene {
  readonly title: string;
  readonly options?: Partial<SandboxOptions>;
  readonly prepare?: (sandbox: Sandbox) => void;
  /** Another token or organization than the site's own. */
  readonly config?: (sandbox: Sandbox, tokenKind: TokenKind) => { readonly apiToken?: string; readonly orgId?: string };
  readonly acts: readonly Act[];
}

const ALL: readonly Act[] = Object.values(ACTS);
/** All calls but the one for the id of the site, without which no other is sent through the gateway. */
const CALLS = /\/(wiki|rest|admin|users)\//;
const LONG_PAGE = 201;
const MANY_ACCOUNTS = Array.from({ length: 251 }, (_, number) => `account-${number}`);

export const SCENES: readonly Scene[] = [
  { title: 'everything as it should be', acts: ALL },
  { title: 'addresses are hidden by null', options: { hiddenEmail: 'null', newAccountsShowEmail: false }, acts: ALL },
  { title: 'addresses are left out', options: { hiddenEmail: 'absent', newAccountsShowEmail: false }, acts: ALL },
  { title: 'pages are shorter than asked for', options: { maxPageSize: 2 }, acts: ALL },
  { title: 'the account is no admin', options: { rights: 'member' }, acts: ALL },
  { title: 'the account may not use Confluence', options: { rights: 'none' }, acts: ALL },
  {
    title: 'the credentials are revoked',
    prepare(sandbox) {
      for (const name of ['apiToken', 'scopedToken', 'orgApiKey'] as const) sandbox.revoke(name);
    },
    acts: ALL,
  },
  {
    title: 'the token is of the other kind',
    config: ({ credentials }, kind) => ({
      apiToken: kind === 'classic' ? credentials.scopedToken : credentials.apiToken,
    }),
    acts: ALL,
  },
  { title: 'the site has no Jira', options: { jira: false }, acts: ALL },
  { title: 'the organization is another one', config: () => ({ orgId: 'another' }), acts: ALL },
  { title: 'Atlassian limits the calls', prepare: strikeAll(429), acts: ALL },
  { title: 'Atlassian is out of order', prepare: strikeAll(503), acts: ALL },
  { title: 'the edge of Atlassian answers', prepare: ({ faults }) => void faults.always({ kind: 'html' }), acts: ALL },
  {
    title: 'ids that nobody has',
    acts: [
      ({ invite }, call) => invite.getGroup('nothing', call),
      ({ invite }, call) => invite.deleteGroup('nothing', call),
      ({ invite }, call) => invite.listAllMembers('nothing', call),
      ({ invite }, call) => invite.listMemberships('nobody', call),
      ({ invite }, call) => invite.listAccounts(['nobody'], call),
      ({ invite, sandbox }, call) => invite.addMember('nothing', sandbox.admin.accountId, call),
      ({ invite, sandbox }, call) => invite.addMember(sandbox.groups.access.id, 'nobody', call),
      ({ invite, sandbox }, call) => invite.removeMember('nothing', sandbox.admin.accountId, call),
      ({ invite, sandbox }, call) => invite.removeMember(sandbox.groups.access.id, 'nobody', call),
      ({ organization }, call) => organization.suspend('nobody', call),
      ({ organization }, call) => organization.restore('nobody', call),
      ({ probes }, call) => probes.tokenExpiries('nobody', call),
      ({ organization }, call) => organization.createAccount('new@example.com', 'nothing', call),
    ],
  },
  {
    title: 'values that are refused',
    acts: [
      ({ invite }, call) => invite.createGroup('site-admins', call),
      ({ invite, sandbox }, call) => invite.deleteGroup(sandbox.groups.access.id, call),
      ({ invite, sandbox }, call) => invite.addMember(sandbox.groups.orgAdmins.id, sandbox.admin.accountId, call),
      ({ invite }, call) => invite.hasAccess('no address', call),
      ({ jira }, call) => jira.createAccount('no address', 'group', call),
      ({ organization, sandbox }, call) => organization.createAccount('no address', sandbox.groups.access.id, call),
    ],
  },
  {
    title: 'nothing is free',
    options: { seats: 1 },
    acts: [
      ({ invite, sandbox }, call) => invite.addMember(sandbox.groups.access.id, outsider(sandbox), call),
      ({ organization, sandbox }, call) => organization.createAccount('a@example.com', sandbox.groups.access.id, call),
    ],
  },
  { title: 'nobody pays', options: { subscription: false }, acts: [ACTS['organization.inviteUsers']] },
  { title: 'invitations fail', options: { organizationInviteFails: true }, acts: [ACTS['organization.inviteUsers']] },
  { title: 'Jira creates and says 400', options: { jiraCreateAnswer: 400 }, acts: [ACTS['jira.createUser']] },
  { title: 'Jira creates and says 500', options: { jiraCreateAnswer: 500 }, acts: [ACTS['jira.createUser']] },
  ...([200, 204, 400, 404, 409, 500] as const).map((duplicateAdd): Scene => ({
    title: `somebody is a member already, which is answered ${duplicateAdd}`,
    options: { duplicateAdd },
    acts: [addAdmin],
  })),
  {
    title: 'an addition is taken for later',
    prepare: ({ faults }) => void faults.always({ method: 'POST', path: /userByGroupId/, status: 202, body: '' }),
    acts: [addAdmin],
  },
  ...([400, 404, 'limit'] as const).map((strangerAdd): Scene => ({
    title: `somebody from outside is added, which is answered ${strangerAdd}`,
    options: { strangerAdd },
    acts: [({ invite, sandbox }, call) => invite.addMember(sandbox.groups.access.id, 'nobody', call)],
  })),
  ...([400, 404] as const).map((strangerRemoval): Scene => ({
    title: `somebody who is no member is taken out, which is answered ${strangerRemoval}`,
    options: { strangerRemoval },
    acts: [({ invite, sandbox }, call) => invite.removeMember(sandbox.groups.synced.id, sandbox.admin.accountId, call)],
  })),
  ...([400, 'limit'] as const).map((lockedGroup): Scene => ({
    title: `a group that no API may change is changed, which is answered ${lockedGroup}`,
    options: { lockedGroup },
    acts: [
      ({ invite, sandbox }, call) => invite.addMember(sandbox.groups.orgAdmins.id, sandbox.admin.accountId, call),
      ({ invite, sandbox }, call) => invite.removeMember(sandbox.groups.orgAdmins.id, sandbox.admin.accountId, call),
      ({ invite, sandbox }, call) => invite.deleteGroup(sandbox.groups.orgAdmins.id, call),
    ],
  })),
  ...([409, 'existing', 'second'] as const).map((duplicateGroup): Scene => ({
    title: `a name is taken, which is answered ${duplicateGroup}`,
    options: { duplicateGroup },
    acts: [({ invite }, call) => invite.createGroup('site-admins', call)],
  })),
  {
    title: 'the members of no group are not found',
    options: { unknownGroupMembers: 404 },
    acts: [({ invite }, call) => invite.listAllMembers('nothing', call)],
  },
  ...(['hidden', 403, 404] as const).map((suspendedMemberships): Scene => ({
    title: `the groups of a suspended person are asked for, which is answered ${suspendedMemberships}`,
    options: { suspendedMemberships, suspendedListed: true, suspendedStatus: 'inactive' },
    prepare: (sandbox) => sandbox.suspend(sandbox.admin.accountId),
    acts: [ACTS['confluence.listMemberships'], ACTS['confluence.listMembers'], ACTS['confluence.usersBulk']],
  })),
];

/** Calls that the bridge takes care never to send; the documents know what is answered to them all the same. */
export const BEYOND_LIMITS: Scene = {
  title: 'more is asked for than is given at once',
  acts: [
    ({ invite, sandbox }, call) =>
      invite.listMembers(sandbox.groups.access.id, { start: 0, limit: LONG_PAGE, withTotal: true }, call),
    ({ invite }, call) => invite.listAccounts(MANY_ACCOUNTS, call),
  ],
};

/** One operation, answered by a fault with a status that the document has; any of its kind for `5XX`. */
export function refused(name: OperationName, method: string, documented: string): Scene {
  const status = Number(documented.replace('3XX', '302').replace('5XX', '503'));
  const path = name === 'site.tenantInfo' ? /_edge/ : CALLS;
  return {
    title: `${name} is answered ${documented}`,
    prepare: ({ faults }) => void faults.always({ status, method, path, retryAfter: 1 }),
    acts: [ACTS[name]],
  };
}

function strikeAll(status: number): (sandbox: Sandbox) => void {
  return ({ faults }) => void faults.always({ status, path: CALLS, retryAfter: 1 });
}

function addAdmin({ invite, sandbox }: Client, call: Call): Promise<unknown> {
  return invite.addMember(sandbox.groups.access.id, sandbox.admin.accountId, call);
}

function outsider(sandbox: Sandbox): string {
  return sandbox.addPerson({ email: 'outside@example.com' }).accountId;
}
