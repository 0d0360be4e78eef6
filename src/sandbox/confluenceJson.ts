import { wholeNumber, type Answer, type SandboxRequest } from './http.js';
import type { Site } from './site.js';
import type { Group, Person } from './state.js';

/** The limit of Confluence v1 lists when none is asked for, and the largest that lists of members take. */
export const PAGE_LIMIT = 200;

/** A group as Confluence v1 sends it; `resourceAri` is in no document, yet sent. */
export function groupJson(site: Site, { id, name, usageType, managedBy }: Group): unknown {
  return {
    type: 'group',
    name,
    id,
    usageType,
    managedBy,
    resourceAri: `ari:cloud:identity::group/${id}`,
    _links: { self: `${site.url()}/wiki/rest/api/group/by-id?id=${id}` },
  };
}

/** A user as Confluence v1 sends it; `accountStatus` and `locale` are in no document, yet sent. */
export function userJson(site: Site, person: Person): unknown {
  return {
    type: 'known',
    accountId: person.accountId,
    accountType: person.accountType === 'customer' ? '' : person.accountType,
    ...emailField(site, person),
    publicName: person.displayName,
    displayName: shownName(site, person),
    timeZone: null,
    isExternalCollaborator: false,
    isGuest: false,
    accountStatus: shownStatus(site, person),
    locale: 'en_US',
    profilePicture: { path: `/wiki/aa-avatar/${person.accountId}`, width: 48, height: 48, isDefault: true },
    _expandable: { operations: '', personalSpace: '' },
    _links: { self: `${site.url()}/wiki/rest/api/user?accountId=${encodeURIComponent(person.accountId)}` },
  };
}

/** One page by offset, with the links Confluence sends. `total` is what the list claims to hold. */
export function offsetPage<Item>(
  site: Site,
  request: SandboxRequest,
  path: string,
  items: readonly Item[],
  toJson: (item: Item) => unknown,
  total?: number,
): Answer {
  const start = wholeNumber(request, 'start', 0);
  const limit = Math.min(wholeNumber(request, 'limit', PAGE_LIMIT), site.options.maxPageSize);
  const results = items.slice(start, start + limit).map(toJson);
  const nextStart = start + results.length;
  const next = new URLSearchParams(request.query);
  next.set('start', String(nextStart));
  next.set('limit', String(limit));
  return {
    status: 200,
    body: {
      results,
      start,
      limit,
      size: results.length,
      ...(total === undefined ? {} : { totalSize: total }),
      _links: {
        base: `${site.url()}/wiki`,
        context: '/wiki',
        self: `${site.url()}/wiki${path}`,
        ...(results.length > 0 && nextStart < items.length ? { next: `${path}?${next.toString()}` } : {}),
      },
    },
  };
}

/** How Confluence shows an address, or does not: as nothing, as null, or as an empty text. */
export function emailField({ options }: Site, person: Person): { email?: string | null } {
  if (person.emailVisible) return { email: person.email };
  switch (options.hiddenEmail) {
    case 'empty':
      return { email: '' };
    case 'null':
      return { email: null };
    case 'absent':
      return {};
  }
}

/** The display name, with the remark that Confluence adds for people who cannot use it. */
export function shownName({ options, state }: Site, person: Person): string {
  if (!options.nameSuffixes || person.accountType !== 'atlassian') return person.displayName;
  if (person.accountStatus !== 'active') return `${person.displayName} (Deactivated)`;
  return state.holdsSeat(person.accountId) ? person.displayName : `${person.displayName} (Unlicensed)`;
}

/** Confluence's account status; what it makes of a suspension is not documented. */
export function shownStatus({ options }: Site, { suspended, accountStatus }: Person): string {
  return suspended && accountStatus === 'active' ? options.suspendedStatus : accountStatus;
}
