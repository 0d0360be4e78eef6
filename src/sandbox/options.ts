import { allScopes } from './scopes.js';

/** How a site behaves. Every field can be changed while the sandbox runs, and takes effect with the next call. */
export interface SandboxOptions {
  /** Names the site's default groups: `confluence-users-<siteName>`. Read at start only. */
  siteName: string;
  /** Whose the site tokens are. A service account has a token with scopes only. Read at start only. */
  siteAccount: 'person' | 'service account';
  /** What was ticked when the token with scopes was made. */
  tokenScopes: readonly string[];
  /** In how many days each API token of the account ends, as its organization is told; undefined for one that does not. */
  tokensExpireInDays: readonly (number | undefined)[];
  /** Whether the site has a Jira app. Without one, every Jira path is a 404 page. */
  jira: boolean;
  /** Whether the organization key is known. Without it, every Organizations call is 401. */
  organization: boolean;
  /** Whether the organization pays for something; an invitation through the Organizations API needs that (402). */
  subscription: boolean;
  /** What the person behind the site tokens may do: `member` may read, `none` may not use Confluence at all. */
  rights: 'site-admin' | 'member' | 'none';
  /** Licence limit: how many active Atlassian people may be in granting groups; undefined for no limit. */
  seats: number | undefined;
  /** How far reads of memberships trail behind writes; a change shows once both have passed. */
  lag: {
    /** Milliseconds of the sandbox's clock. */
    ms: number;
    /** Membership reads that still show the state before. */
    reads: number;
  };
  /** Confluence's answer to adding somebody who is a member already. Atlassian documents none of them. */
  duplicateAdd: 200 | 201 | 204 | 400 | 404 | 409 | 500;
  /** The same for an account outside the directory; `limit` is the 500 that Confluence sends for lack of a seat, too. */
  strangerAdd: 400 | 404 | 'limit';
  /** The same for every write that concerns a group which no API may change. */
  lockedGroup: 400 | 403 | 'limit';
  /** Confluence's answer to taking somebody out who is no member. The document says 204. */
  strangerRemoval: 204 | 400 | 404;
  /** Confluence's answer to a new group of a name that is taken: a refusal, the group that has it, or a second one. */
  duplicateGroup: 400 | 409 | 'existing' | 'second';
  /** Confluence's answer to a listing of the members of a group that does not exist; 200 is an empty page. */
  unknownGroupMembers: 200 | 404;
  /** What memberof says of a suspended person. */
  suspendedMemberships: 'shown' | 'hidden' | 403 | 404;
  /** Whether member listings show suspended people, against what was seen. */
  suspendedListed: boolean;
  /** The account status that Confluence shows of a suspended person. */
  suspendedStatus: 'active' | 'inactive';
  /** Makes `GET /group` answer every group whatever `accessType` asks for. */
  ignoresAccessType: boolean;
  /** When the account of a person invited through Confluence is in the access group. */
  inviteAppears: 'at once' | 'never' | { afterMs: number };
  /** Whether check-access-by-email says yes to an invited address that has no account yet. */
  inviteGrantsAccessFirst: boolean;
  /** Whether accounts made by an invitation or by Jira let others see their address. */
  newAccountsShowEmail: boolean;
  /** How Confluence hides an address; all three were seen. */
  hiddenEmail: 'empty' | 'null' | 'absent';
  /** Confluence's habit of adding "(Unlicensed)" or "(Deactivated)" to display names. */
  nameSuffixes: boolean;
  /** Jira's answer to a user it has just created; 400 and 500 are the "created, yet an error" answers. */
  jiraCreateAnswer: 201 | 400 | 500;
  /** False hides `emailAddress` in Jira's search results, also when the address was what matched. */
  jiraSearchShowsEmail: boolean;
  /** Whether the organization key may read role assignments; a key with scopes needs one for them (403). */
  rolesReadable: boolean;
  /** Makes every item of an Organizations invitation fail: 206, each item `ERROR`, nothing granted. */
  organizationInviteFails: boolean;
  /** Largest page of Confluence v1 lists; a larger limit is lowered, and the lowered one echoed. */
  maxPageSize: number;
  /** Wall-clock delay of `GET /wiki/rest/api/group`, which takes long in large organizations. */
  groupListDelayMs: number;
}

export function defaultOptions(): SandboxOptions {
  return {
    siteName: 'sandbox',
    siteAccount: 'person',
    tokenScopes: allScopes(),
    tokensExpireInDays: [365],
    jira: true,
    organization: true,
    subscription: true,
    rights: 'site-admin',
    seats: undefined,
    lag: { ms: 0, reads: 0 },
    duplicateAdd: 201,
    strangerAdd: 400,
    lockedGroup: 403,
    strangerRemoval: 204,
    duplicateGroup: 400,
    unknownGroupMembers: 200,
    suspendedMemberships: 'shown',
    suspendedListed: false,
    suspendedStatus: 'active',
    ignoresAccessType: false,
    inviteAppears: 'at once',
    inviteGrantsAccessFirst: false,
    newAccountsShowEmail: true,
    hiddenEmail: 'empty',
    nameSuffixes: false,
    jiraCreateAnswer: 201,
    jiraSearchShowsEmail: true,
    rolesReadable: true,
    organizationInviteFails: false,
    maxPageSize: 200,
    groupListDelayMs: 0,
  };
}
