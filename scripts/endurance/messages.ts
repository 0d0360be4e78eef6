import type { Caller, Message } from './client.js';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** What an identity provider knows of a person and writes into every full representation. */
export interface Profile {
  readonly userName: string;
  readonly externalId: string;
  readonly title: string;
  readonly active?: boolean;
}

export function createUser(caller: Caller, profile: Profile): Message {
  return { caller, method: 'POST', path: '/Users', body: user(profile) };
}

export function putUser(caller: Caller, id: string, profile: Profile): Message {
  return { caller, method: 'PUT', path: `/Users/${encodeURIComponent(id)}`, body: user(profile) };
}

/** In the caller's own dialect. */
export function setActive(caller: Caller, id: string, active: boolean): Message {
  const operations = {
    okta: { op: 'replace', value: { active } },
    entra: { op: 'Replace', path: 'active', value: active ? 'True' : 'False' },
  };
  return patchUser(caller, id, operations[caller]);
}

export function patchUser(caller: Caller, id: string, ...operations: readonly object[]): Message {
  return { caller, method: 'PATCH', path: `/Users/${encodeURIComponent(id)}`, body: patch(operations) };
}

export function deleteUser(caller: Caller, id: string): Message {
  return { caller, method: 'DELETE', path: `/Users/${encodeURIComponent(id)}` };
}

export function getUser(caller: Caller, id: string): Message {
  return { caller, method: 'GET', path: `/Users/${encodeURIComponent(id)}` };
}

export function findUser(caller: Caller, userName: string): Message {
  return { caller, method: 'GET', path: `/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}` };
}

export function createGroup(caller: Caller, displayName: string, memberIds: readonly string[]): Message {
  return {
    caller,
    method: 'POST',
    path: '/Groups',
    body: { schemas: [GROUP], displayName, members: values(memberIds) },
  };
}

export function putGroup(caller: Caller, id: string, displayName: string, memberIds: readonly string[]): Message {
  const body = { schemas: [GROUP], id, displayName, members: values(memberIds) };
  return { caller, method: 'PUT', path: `/Groups/${id}`, body };
}

export function patchGroup(caller: Caller, id: string, ...operations: readonly object[]): Message {
  return { caller, method: 'PATCH', path: `/Groups/${id}`, body: patch(operations) };
}

export function addMembers(caller: Caller, id: string, memberIds: readonly string[]): Message {
  const op = caller === 'entra' ? 'Add' : 'add';
  return patchGroup(caller, id, { op, path: 'members', value: values(memberIds) });
}

/** Okta names the members in a filter, Entra in a list. */
export function removeMembers(caller: Caller, id: string, memberIds: readonly string[]): Message {
  const operations = {
    okta: memberIds.map((memberId) => ({ op: 'remove', path: `members[value eq "${memberId}"]` })),
    entra: [{ op: 'Remove', path: 'members', value: values(memberIds) }],
  };
  return patchGroup(caller, id, ...operations[caller]);
}

export function replaceMembers(caller: Caller, id: string, memberIds: readonly string[]): Message {
  return patchGroup(caller, id, { op: 'replace', path: 'members', value: values(memberIds) });
}

export function deleteGroup(caller: Caller, id: string): Message {
  return { caller, method: 'DELETE', path: `/Groups/${id}` };
}

export function findGroup(caller: Caller, displayName: string): Message {
  return { caller, method: 'GET', path: `/Groups?filter=${encodeURIComponent(`displayName eq "${displayName}"`)}` };
}

function user({ userName, externalId, title, active }: Profile): object {
  return {
    schemas: [USER],
    userName,
    externalId,
    title,
    emails: [{ value: userName, type: 'work', primary: true }],
    ...(active === undefined ? {} : { active }),
  };
}

function patch(operations: readonly object[]): object {
  return { schemas: [PATCH_OP], Operations: operations };
}

function values(memberIds: readonly string[]): { readonly value: string }[] {
  return memberIds.map((value) => ({ value }));
}
