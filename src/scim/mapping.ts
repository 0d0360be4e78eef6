import type { UpstreamAccount } from '../provisioning/directory.js';
import type { Json, JsonObject } from '../provisioning/store.js';
import type { GroupView, PersonView } from '../provisioning/views.js';
import { isUrn, GROUP_URN, USER_URN } from './userAttributes.js';

/** Where the SCIM resources live: `PUBLIC_URL` and the base path, without a slash at the end. */
export type BaseUrl = string;

type Writable = Record<string, Json>;

/**
 * A SCIM User (RFC 7643 §4.1, rule US1). Linked people answer with what their IdP supplied, because IdPs compare what
 * they read with what they sent; only `active`, `groups` and `meta` are ours. Others answer with what Confluence shows.
 */
export function toUser(view: PersonView, base: BaseUrl): JsonObject {
  const record = recordOf(view);
  const extensions = Object.keys(record.profile).filter(isUrn);
  const user: Writable = { schemas: [USER_URN, ...extensions], id: view.id };
  if (view.externalId !== undefined) user['externalId'] = view.externalId;
  user['userName'] = record.userName;
  Object.assign(user, record.profile);
  user['active'] = view.active;
  if (view.groups !== undefined && view.groups.length > 0) {
    user['groups'] = view.groups.map((group) => ({
      value: group.id,
      display: group.displayName,
      type: 'direct',
      $ref: locationOf(base, 'Groups', group.id),
    }));
  }
  user['meta'] = metaOf(view, 'User', locationOf(base, 'Users', view.id));
  return user;
}

/** What counts as the record of a person: the link's, or for an unlinked one what Confluence shows (rule US1). */
export function recordOf(view: PersonView): { readonly userName: string; readonly profile: JsonObject } {
  if (view.link !== undefined) return { userName: view.link.userName, profile: view.link.profile };
  const accountId = view.accountId ?? view.id;
  return shownRecord(accountId, view.account);
}

function shownRecord(
  accountId: string,
  account: UpstreamAccount | undefined,
): { userName: string; profile: JsonObject } {
  const profile: Writable = {};
  const { displayName, email } = account ?? {};
  if (displayName !== undefined && displayName !== '') {
    profile['displayName'] = displayName;
    profile['name'] = nameOf(displayName);
  }
  if (email !== undefined) profile['emails'] = [{ value: email, primary: true }];
  return { userName: email ?? accountId, profile };
}

/** Okta's import wants name parts: the last word and the rest, where there are several; replaced at first contact. */
function nameOf(displayName: string): JsonObject {
  const words = displayName.trim().split(/\s+/);
  const familyName = words.pop();
  if (familyName === undefined || words.length === 0) return { formatted: displayName };
  return { formatted: displayName, familyName, givenName: words.join(' ') };
}

/** A SCIM Group (RFC 7643 §4.2, rule GR9): `members` left out when empty or not read, each with an absolute `$ref`. */
export function toGroup(view: GroupView, base: BaseUrl): JsonObject {
  const group: Writable = { schemas: [GROUP_URN], id: view.id };
  if (view.externalId !== undefined) group['externalId'] = view.externalId;
  group['displayName'] = view.displayName;
  if (view.memberIds !== undefined && view.memberIds.length > 0) {
    group['members'] = view.memberIds.map((id) => ({ value: id, type: 'User', $ref: locationOf(base, 'Users', id) }));
  }
  group['meta'] = metaOf(view, 'Group', locationOf(base, 'Groups', view.id));
  return group;
}

function metaOf(view: { createdAt: string; modifiedAt: string }, resourceType: string, location: string): JsonObject {
  return { resourceType, created: view.createdAt, lastModified: view.modifiedAt, location };
}

function locationOf(base: BaseUrl, endpoint: 'Users' | 'Groups', id: string): string {
  // A colon may stand in a path (RFC 3986 §3.3), and clients take an id from the end of an address without decoding it.
  return `${base}/${endpoint}/${encodeURIComponent(id).replaceAll('%3A', ':')}`;
}
