import type { Call } from './call.js';
import type { RoleReads } from './roles.js';

/** How people come to exist upstream (rule US4). Chosen once from the credentials, logged, shown by `doctor`. */
export type BackEnd = 'organization' | 'jira' | 'invite';

/** `usageType` and `managedBy` as Confluence sends them; absent when it sends none. */
export interface UpstreamGroup {
  readonly id: string;
  readonly name: string;
  readonly usageType: string | undefined;
  readonly managedBy: string | undefined;
}

/** `guest`: a person whom Confluence shows as a guest or external collaborator, whatever the account itself is. */
export type AccountType = 'atlassian' | 'guest' | 'app' | 'customer' | 'unknown';
export type AccountStatus = 'active' | 'inactive' | 'closed' | 'unknown';

/** A person, app or customer as Confluence shows it. `email` is present only where its owner lets us see it. */
export interface UpstreamAccount {
  readonly accountId: string;
  readonly accountType: AccountType;
  readonly accountStatus: AccountStatus;
  readonly displayName: string | undefined;
  readonly email: string | undefined;
}

/** One page of a group's members. `next` is the offset of the page after it, undefined on the last one. */
export interface MembersPage {
  readonly members: readonly UpstreamAccount[];
  readonly next: number | undefined;
  /** Present when it was asked for and Atlassian sent it; counts members that the pages may leave out (suspended people). */
  readonly totalSize: number | undefined;
}

/**
 * What granting access means upstream: the value of `accessType` under which Confluence lists the group, or under which
 * its role assignments belong.
 */
export type AccessType = 'user' | 'admin' | 'site-admin';

/** The answer to "whose account has this address?". An address is matched exactly, never by prefix or name. */
export type EmailMatch =
  | {
      readonly kind: 'one';
      readonly accountId: string;
      readonly accountStatus: AccountStatus;
      /** Suspended in the organization: the account works elsewhere, not on this site. */
      readonly suspended: boolean;
      /** Ids of the groups the account is in, where the look-up tells (organization); else undefined. */
      readonly groupIds: readonly string[] | undefined;
    }
  | { readonly kind: 'none' }
  | { readonly kind: 'several' }
  /** This back end cannot look anybody up by address. */
  | { readonly kind: 'cannotTell' };

/** An account that was made, or found, for an address. */
export interface NewAccount {
  readonly accountId: string;
  /** The access group came with it. */
  readonly granted: boolean;
}

/**
 * Everything the domain needs from Atlassian. One implementation per back end; all share the Confluence part.
 *
 * Every method throws `Failure` and nothing else: `rateLimited`, `unavailable` (no useful answer; a read was tried up
 * to three times inside the budget, a write only when it did not happen or is idempotent), `misconfigured` (401, 403),
 * `invalid` (400), `notFound` (404), `refused` (no free seat), `unexpected` (wrong shape, undocumented 2xx). A 404 about
 * one group or person is reported as `notFound` without a control read: Atlassian also says it to a credential that lost
 * its rights, so the domain decides what to believe (rule SA2). A 404 of a list, which cannot be missing, is
 * `misconfigured`. Each method is exactly one upstream call unless it says otherwise.
 */
export interface Directory {
  readonly backEnd: BackEnd;

  /** `GET /wiki/rest/api/group?accessType=`: groups that grant Confluence access, all pages. */
  listGrantingGroups(accessType: AccessType, call: Call): Promise<readonly UpstreamGroup[]>;
  /** `GET /wiki/rest/api/group`: every group of the organization, page by page; can take 30 s. */
  listGroups(call: Call): AsyncIterable<readonly UpstreamGroup[]>;
  /** `GET /wiki/rest/api/group/by-id`. @throws Failure `notFound` on 404, and on 400, which Atlassian answers to an id of no group. */
  getGroup(groupId: string, call: Call): Promise<UpstreamGroup>;
  /** `GET /wiki/rest/api/group/picker`, narrowed to the group whose name equals `name` without regard to case. */
  findGroupByName(name: string, call: Call): Promise<UpstreamGroup | undefined>;
  /** `POST /wiki/rest/api/group`. @throws Failure `invalid` when Atlassian refuses the name, with 400 or 409 (a duplicate name is one of them). */
  createGroup(name: string, call: Call): Promise<UpstreamGroup>;
  /** `DELETE /wiki/rest/api/group/by-id`. @throws Failure `notFound` when there is none; `refused` on 400 or 409 when there is. */
  deleteGroup(groupId: string, call: Call): Promise<void>;

  /** `GET /wiki/rest/api/group/{groupId}/membersByGroupId`, one page of up to 200. An unknown group is an empty page. */
  listMembers(
    groupId: string,
    page: { start: number; limit: number; withTotal: boolean },
    call: Call,
  ): Promise<MembersPage>;
  /**
   * All members of a group: the first page with its total, then the rest in parallel, in order. ceil(n/200) calls,
   * at least one. Apps and people alike; suspended people are left out by Atlassian.
   */
  listAllMembers(groupId: string, call: Call): Promise<readonly UpstreamAccount[]>;
  /**
   * `POST /wiki/rest/api/group/userByGroupId`. A 400 that says the person is already a member is success; any other
   * 400, 404, 409, undocumented success, and the 500 with `AddUserToGroupsIdentityPlatformCommand`, are settled by one
   * read of `memberof` (then two calls).
   *
   * @throws Failure `refused` when no seat is free (the 500 above, or a 409 that says so) or Atlassian refuses with 409
   */
  addMember(groupId: string, accountId: string, call: Call): Promise<void>;
  /** `DELETE /wiki/rest/api/group/userByGroupId`: 204 also for a non-member. @throws Failure `notFound` on 404. */
  removeMember(groupId: string, accountId: string, call: Call): Promise<void>;
  /** `GET /wiki/rest/api/user/memberof`, all pages: the groups a person is in. Empty for an unknown id, too. */
  listMemberships(accountId: string, call: Call): Promise<readonly UpstreamGroup[]>;

  /** `POST /wiki/api/v2/users-bulk`, up to 250 ids; unknown ids are missing from the answer. */
  listAccounts(accountIds: readonly string[], call: Call): Promise<readonly UpstreamAccount[]>;

  /** Organization: `POST …/users/search` by exact address. Jira: `GET /rest/api/3/user/search`. Invite: `cannotTell`, no call. */
  findByEmail(email: string, call: Call): Promise<EmailMatch>;
  /**
   * Makes an account exist on the site for an address that has none there, and gives it the access group where the
   * back end's own call can (`granted`). Organization: `users/invite`, the item's status read. Jira: `POST
   * /rest/api/3/user` with no products; on any answer but 201 it looks the address up again (one call more).
   *
   * @returns undefined when the account will be there later only, as after `inviteByEmail`
   * @throws Failure `refused` on no free seat or subscription; `unavailable` when it stays unknown whether it happened;
   *   `unsupported` on the invite back end
   */
  createAccount(email: string, accessGroupId: string, call: Call): Promise<NewAccount | undefined>;
  /** `POST /wiki/api/v2/user/access/check-access-by-email`. @throws Failure `invalid` for an address Atlassian calls invalid. */
  hasAccess(email: string, call: Call): Promise<boolean>;
  /** `POST /wiki/api/v2/user/access/invite-by-email`: asynchronous, names no account. Sent once; never repeated by the client. */
  inviteByEmail(email: string, call: Call): Promise<void>;
  /** Organization: `…/users/{accountId}/suspend` and `/restore`. @throws Failure `unsupported` elsewhere. */
  suspend(accountId: string, call: Call): Promise<void>;
  restore(accountId: string, call: Call): Promise<void>;
  /** Who holds which role in the organization; undefined without the organization's credential, which alone may ask. */
  readonly roles: RoleReads | undefined;
}

/** What changes something at Atlassian. */
type WritingMethod =
  | 'createGroup'
  | 'deleteGroup'
  | 'addMember'
  | 'removeMember'
  | 'createAccount'
  | 'inviteByEmail'
  | 'suspend'
  | 'restore';

/** A Directory through which nothing can be changed. */
export type ReadingDirectory = Omit<Directory, WritingMethod>;
export type WritingDirectory = Pick<Directory, WritingMethod>;
