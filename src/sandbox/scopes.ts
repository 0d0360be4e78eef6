/** The scopes that a call through the gateway needs: all of one of these sets. */
type Scopes = readonly (readonly string[])[];

const READ_GROUPS: Scopes = [['read:confluence-groups'], ['read:group:confluence']];
const WRITE_GROUPS: Scopes = [['write:confluence-groups'], ['write:group:confluence']];
const READ_USER: Scopes = [['read:confluence-user'], ['read:content-details:confluence']];
const READ_JIRA_USER: Scopes = [
  ['read:jira-user'],
  ['read:application-role:jira', 'read:group:jira', 'read:user:jira', 'read:avatar:jira'],
];
const WRITE_JIRA_USER: Scopes = [['manage:jira-configuration'], ['write:user:jira']];

/** The classic scopes first, then the granular ones, as Atlassian's documents of the operations name them. */
const SCOPES: Readonly<Record<string, Scopes>> = {
  'confluence.listGroups': READ_GROUPS,
  'confluence.createGroup': [['write:confluence-groups'], ['read:group:confluence', 'write:group:confluence']],
  'confluence.getGroup': READ_GROUPS,
  'confluence.deleteGroup': WRITE_GROUPS,
  'confluence.searchGroups': READ_GROUPS,
  'confluence.listMembers': [['read:confluence-groups'], ['read:group:confluence', 'read:user:confluence']],
  'confluence.addMember': WRITE_GROUPS,
  'confluence.removeMember': WRITE_GROUPS,
  'confluence.getUser': READ_USER,
  'confluence.getCurrentUser': READ_USER,
  'confluence.listMemberships': [['read:confluence-user'], ['read:user:confluence', 'read:group:confluence']],
  'confluence.usersBulk': [['read:user:confluence']],
  'confluence.checkAccessByEmail': [['read:configuration:confluence']],
  'confluence.inviteByEmail': [['read:configuration:confluence']],
  'jira.getCurrentUser': READ_JIRA_USER,
  'jira.getMyPermissions': [['read:jira-work'], ['read:permission:jira']],
  'jira.getUser': READ_JIRA_USER,
  'jira.createUser': WRITE_JIRA_USER,
  'jira.removeUser': WRITE_JIRA_USER,
  'jira.searchUsers': [
    ['read:jira-user'],
    ['read:user:jira', 'read:user.property:jira', 'read:application-role:jira', 'read:avatar:jira', 'read:group:jira'],
  ],
};

/** Whether a token with these scopes may call the operation; one without any scopes may call none. */
export function allows(given: readonly string[], operation: string): boolean {
  return (SCOPES[operation] ?? []).some((needed) => needed.every((scope) => given.includes(scope)));
}

/** Every scope that the sandbox knows. */
export function allScopes(): readonly string[] {
  return [...new Set(Object.values(SCOPES).flat(2))];
}
