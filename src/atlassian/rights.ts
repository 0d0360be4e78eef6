import type { Operation } from './operation.js';

/**
 * What the operator must give for each family of operations, in the words of Atlassian's administration. Scopes matter
 * to scoped tokens only.
 */
const REMEDIES = {
  readConfluence:
    'The operator should give the account of ATLASSIAN_ADMIN_EMAIL access to Confluence, and a scoped token the scopes read:confluence-groups and read:confluence-user.',
  writeGroups:
    'The operator should make the account of ATLASSIAN_ADMIN_EMAIL a site or organization admin, give a scoped token the scope write:confluence-groups, and check that the group is not managed elsewhere.',
  readAccounts:
    'The operator should give the account of ATLASSIAN_ADMIN_EMAIL access to Confluence and to user profiles, and a scoped token the scope read:user:confluence.',
  inviteByEmail:
    'The operator should give the account of ATLASSIAN_ADMIN_EMAIL access to Confluence and the right to invite people, and a scoped token the scope read:configuration:confluence.',
  jiraUsers:
    'The operator should give the account of ATLASSIAN_ADMIN_EMAIL the right to administer Jira and make it an organization admin, and give a scoped token the scopes read:jira-user, read:jira-work and manage:jira-configuration.',
  organization:
    'The operator should check ATLASSIAN_ORG_ID, and make the organization API key anew, without scopes, as an organization admin.',
} as const;

export type RightsFamily = keyof typeof REMEDIES;

/** Declares an operation; `act` as in {@link Operation}. */
export function operation(
  name: string,
  repeatability: Operation['repeatability'],
  family: RightsFamily,
  act: string,
): Operation {
  const credential = family === 'organization' ? 'organization' : 'site';
  return { name, repeatability, credential, act, remedy: REMEDIES[family] };
}
