import type { Operation } from './operation.js';
import { scopesInWords, scopesOf, type ScopedOperation } from './scopes.js';

/** What the operator must do for each family of operations, in the words of Atlassian's administration. */
const RIGHTS = {
  readConfluence: 'give the account of ATLASSIAN_ADMIN_EMAIL access to Confluence',
  writeGroups:
    'make the account of ATLASSIAN_ADMIN_EMAIL a site or organization admin, and check that the group is not managed elsewhere',
  readAccounts: 'give the account of ATLASSIAN_ADMIN_EMAIL access to Confluence and to user profiles',
  inviteByEmail: 'give the account of ATLASSIAN_ADMIN_EMAIL access to Confluence and the right to invite people',
  jiraUsers:
    'give the account of ATLASSIAN_ADMIN_EMAIL the right to administer Jira, and make it an organization admin',
  organization:
    'check ATLASSIAN_ORG_ID, and make the organization API key anew, without scopes, as an organization admin',
  organizationRoles:
    'make the organization API key anew, without scopes, as an organization admin, or give it the scopes read:groups:admin and read:directories:admin',
} as const;

export type RightsFamily = keyof typeof RIGHTS;

/** Organization keys are made without scopes: Atlassian has none for some of these. */
export type OperationName = ScopedOperation | `organization.${string}`;

/** Declares an operation; `act` as in {@link Operation}. */
export function operation(
  name: OperationName,
  repeatability: Operation['repeatability'],
  family: RightsFamily,
  act: string,
): Operation {
  const credential = family.startsWith('organization') ? 'organization' : 'site';
  const scopes = scopesOf(name);
  const andScopes = scopes === undefined ? '' : `; a token with scopes also needs ${scopesInWords(scopes)}`;
  return { name, repeatability, credential, act, remedy: `The operator should ${RIGHTS[family]}${andScopes}.`, scopes };
}
