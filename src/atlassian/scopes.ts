import type { BackEnd } from '../provisioning/directory.js';

/**
 * The scopes that a token with scopes needs for one operation. All of one family suffice; `classic` is empty where
 * Atlassian has none.
 */
export interface Scopes {
  readonly classic: readonly string[];
  readonly granular: readonly string[];
}

const READ_GROUPS = { classic: ['read:confluence-groups'], granular: ['read:group:confluence'] };
const WRITE_GROUPS = { classic: ['write:confluence-groups'], granular: ['write:group:confluence'] };
const ACCESS_BY_EMAIL = { classic: [], granular: ['read:configuration:confluence'] };

/** By the name of the operation; `openapi/upstream.yaml` says the same, with Atlassian's documents as the source. */
export const SCOPES = {
  'confluence.getCurrentUser': { classic: ['read:confluence-user'], granular: ['read:content-details:confluence'] },
  'confluence.listGroups': READ_GROUPS,
  'confluence.getGroup': READ_GROUPS,
  'confluence.searchGroups': READ_GROUPS,
  'confluence.listMembers': {
    classic: ['read:confluence-groups'],
    granular: ['read:group:confluence', 'read:user:confluence'],
  },
  'confluence.listMemberships': {
    classic: ['read:confluence-user'],
    granular: ['read:user:confluence', 'read:group:confluence'],
  },
  'confluence.usersBulk': { classic: [], granular: ['read:user:confluence'] },
  'confluence.createGroup': {
    classic: ['write:confluence-groups'],
    granular: ['read:group:confluence', 'write:group:confluence'],
  },
  'confluence.deleteGroup': WRITE_GROUPS,
  'confluence.addMember': WRITE_GROUPS,
  'confluence.removeMember': WRITE_GROUPS,
  'confluence.checkAccessByEmail': ACCESS_BY_EMAIL,
  'confluence.inviteByEmail': ACCESS_BY_EMAIL,
  'jira.getMyPermissions': { classic: ['read:jira-work'], granular: ['read:permission:jira'] },
  'jira.searchUsers': {
    classic: ['read:jira-user'],
    granular: [
      'read:user:jira',
      'read:user.property:jira',
      'read:application-role:jira',
      'read:avatar:jira',
      'read:group:jira',
    ],
  },
  'jira.createUser': { classic: ['manage:jira-configuration'], granular: ['write:user:jira'] },
} as const satisfies Readonly<Record<string, Scopes>>;

/** An operation of the site credential, which is the one that can be a token with scopes. */
export type ScopedOperation = keyof typeof SCOPES;

const ON_EVERY_BACK_END = [
  'confluence.getCurrentUser',
  'confluence.listGroups',
  'confluence.getGroup',
  'confluence.searchGroups',
  'confluence.listMembers',
  'confluence.listMemberships',
  'confluence.usersBulk',
  'confluence.createGroup',
  'confluence.deleteGroup',
  'confluence.addMember',
  'confluence.removeMember',
] as const satisfies readonly ScopedOperation[];

/** What the site credential is used for on each back end. */
export const SCOPED_OPERATIONS: Readonly<Record<BackEnd, readonly ScopedOperation[]>> = {
  organization: ON_EVERY_BACK_END,
  jira: [...ON_EVERY_BACK_END, 'jira.getMyPermissions', 'jira.searchUsers', 'jira.createUser'],
  invite: [...ON_EVERY_BACK_END, 'confluence.checkAccessByEmail', 'confluence.inviteByEmail'],
};

/** @returns undefined for an operation of no token with scopes */
export function scopesOf(operation: string): Scopes | undefined {
  return Object.hasOwn(SCOPES, operation) ? SCOPES[operation as ScopedOperation] : undefined;
}

/** `read:confluence-groups (granular: read:group:confluence and read:user:confluence)`. */
export function scopesInWords({ classic, granular }: Scopes): string {
  return classic.length === 0 ? listed(granular) : `${listed(classic)} (granular: ${listed(granular)})`;
}

function listed(scopes: readonly string[]): string {
  const last = scopes.at(-1) ?? '';
  return scopes.length < 2 ? last : `${scopes.slice(0, -1).join(', ')} and ${last}`;
}
