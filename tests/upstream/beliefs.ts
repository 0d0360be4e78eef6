import type supertest from 'supertest';
import type { Fault } from '../../src/sandbox/faults.js';
import type { UserSite } from '../provisioning/userSite.js';
import { adding, removing } from '../attack/site.js';

/** Longer than our own writes beat what Atlassian's reads show (rule US2). */
export const AFTER_OWN_WRITES_MS = 10 * 60_000 + 1;

/** Confluence's answer to a question about groups or members that has none. */
export const NOTHING = { results: [], start: 0, limit: 200, size: 0, _links: {} } as const;

/** The next read of a person's groups shows none, as reads do that lag. */
export const UNSEEN: Fault = { path: /memberof/, status: 200, body: NOTHING };

/** What the identity provider is told of a person, and what is true. */
export interface Seen {
  readonly told: { readonly status: number; readonly active: boolean | undefined };
  readonly hasAccess: boolean;
}

/** Asks for a person as an identity provider does, and looks at the access group behind the bridge's back. */
export async function seen(site: UserSite, id: string): Promise<Seen> {
  const reply = await site.get(id);
  const { active } = reply.body as { readonly active?: boolean };
  return { told: { status: reply.status, active }, hasAccess: hasAccess(site, id) };
}

/** Whether somebody, by SCIM id or account id, is in the access group in truth. */
export function hasAccess({ sandbox }: UserSite, accountId: string): boolean {
  return sandbox.membersOf(sandbox.groups.access.id).includes(accountId);
}

/** Ids of the members that `GET /Groups/{id}` answers. */
export async function membersShown(site: UserSite, groupId: string): Promise<string[]> {
  const reply = await site.scim('get', `/Groups/${groupId}`);
  const { members = [] } = reply.body as { readonly members?: readonly { readonly value: string }[] };
  return members.map(({ value }) => value);
}

export function addTo(site: UserSite, groupId: string, id: string): supertest.Test {
  return site.scim('patch', `/Groups/${groupId}`, adding(id));
}

export function takeFrom(site: UserSite, groupId: string, id: string): supertest.Test {
  return site.scim('patch', `/Groups/${groupId}`, removing(id));
}
