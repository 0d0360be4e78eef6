import type { Call } from './call.js';
import type { AccessType } from './directory.js';

/** One role that a group or an account holds, by Atlassian's role assignments. */
export interface Role {
  /** In Atlassian's spelling without its prefix: `user`, `admin`, `guest`, `user-access-admin`, `site-admin`, … */
  readonly name: string;
  /** On this site's Confluence, on this site as a whole, or on anything else in the organization. */
  readonly on: 'confluence' | 'site' | 'elsewhere';
  /** Atlassian's name for what it is a role on: `confluence`, `jira-software`, `platform`, … */
  readonly owner: string;
}

export type RolesByGroup = ReadonlyMap<string, readonly Role[]>;

/** Reads of role assignments; each is one upstream call a page. Scans and `doctor` use them, requests never do. */
export interface RoleReads {
  /** @throws Failure `notFound` for a group that the organization does not know; `misconfigured` when the key may not ask */
  ofGroup(groupId: string, call: Call): Promise<readonly Role[]>;
  /** @throws Failure `notFound` for an account in no directory; `misconfigured` when the key may not ask */
  ofAccount(accountId: string, call: Call): Promise<readonly Role[]>;
}

/** What a group with these roles grants on this site, in the words of `accessType`; nothing for one that grants none. */
export function accessTypesOf(roles: readonly Role[]): readonly AccessType[] {
  const types = new Set<AccessType>();
  for (const { name, on } of roles) {
    if (on === 'confluence' && (name === 'user' || name === 'admin')) types.add(name);
    if (on !== 'elsewhere' && name === 'site-admin') types.add('site-admin');
  }
  // Whoever is put into such a group may administer something, whatever it is.
  if (types.size > 0 && !types.has('site-admin') && givesRights(roles)) types.add('admin');
  return [...types];
}

/** Whether one of the roles is to administer something, on this site or elsewhere. */
export function givesRights(roles: readonly Role[]): boolean {
  return roles.some(({ name }) => name.endsWith('admin'));
}

/** Whether it lets somebody into this site's Confluence, or give access to it, also to himself: what no leaver may keep. */
export function letsIn({ name, on }: Role): boolean {
  return on !== 'elsewhere' || name === 'org-admin';
}

/**
 * "No roles" is believed only of a key that sees some role on this site: to one without rights Atlassian shows nothing
 * (rule SA2).
 */
export function provesSite(roles: readonly Role[]): boolean {
  return roles.some(({ on }) => on !== 'elsewhere');
}

/** What the roles give besides Confluence on this site: whoever leaves the group loses it. */
export function rolesElsewhere(roles: readonly Role[]): readonly Role[] {
  return roles.filter(({ on }) => on === 'elsewhere');
}

/** `user on confluence`. */
export function sayRole({ name, on, owner }: Role): string {
  return `${name} on ${on === 'site' ? 'the site' : owner}`;
}
