import { Refusal } from './errors.js';
import { bodyWith, isObject, isTextList, type Answer, type Route, type SandboxRequest } from './http.js';
import type { Site } from './site.js';

/** The code of the Organizations API for a body it cannot use. */
export const BAD_BODY = 'ADMIN-400-24';
/** The directory id that stands for every directory the key manages. */
const ALL_DIRECTORIES = '-';
const CURSOR = /^offset:(\d{1,9})$/;

export interface PageRequest {
  readonly cursor: unknown;
  readonly limit: unknown;
}

/**
 * One page; `next` is a bare token for the page after it, null on the last.
 *
 * @throws Refusal 400 for a cursor that the sandbox did not make or a limit that is no positive number
 */
export function pageByCursor<Item>(
  items: readonly Item[],
  { cursor, limit }: PageRequest,
  toJson: (item: Item) => unknown,
): Answer {
  const start = cursor === undefined ? 0 : offsetOf(cursor);
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1) {
    throw new Refusal(400, 'The limit must be a positive whole number.', { code: BAD_BODY });
  }
  const end = start + limit;
  const data = items.slice(start, end).map(toJson);
  return {
    status: 200,
    body: {
      data,
      links: {
        self: tokenFor(start),
        prev: start === 0 ? null : tokenFor(Math.max(0, start - limit)),
        next: end < items.length ? tokenFor(end) : null,
      },
    },
  };
}

/** Base64 with its padding, so that a caller who forgets to encode it in a query is found out. */
function tokenFor(offset: number): string {
  return Buffer.from(`offset:${offset}`).toString('base64');
}

function offsetOf(cursor: unknown): number {
  const offset = typeof cursor === 'string' ? CURSOR.exec(Buffer.from(cursor, 'base64').toString()) : null;
  if (offset === null) throw new Refusal(400, 'The cursor is invalid.', { code: 'ADMIN-400-1' });
  return Number(offset[1]);
}

/** The page asked for in a query, where numbers are text. */
export function pageOfQuery({ query }: SandboxRequest, limit: number): PageRequest {
  const text = query.get('limit');
  return { cursor: query.get('cursor') ?? undefined, limit: text === null ? limit : Number(text) };
}

/**
 * The search a body asks for. Every filter is a list of texts, but for `searchTerm`, `cursor`, `limit`.
 *
 * @param most how many values a filter may hold
 * @throws Refusal 400 ADMIN-400-24
 */
export function searchOf(
  request: SandboxRequest,
  most: Readonly<Record<string, number>>,
  defaultLimit: number,
): {
  page: PageRequest;
  searchTerm: string | undefined;
  lists: Readonly<Record<string, readonly string[] | undefined>>;
} {
  const body = bodyWith(request, ['cursor', 'limit', 'searchTerm', ...Object.keys(most)], BAD_BODY);
  const { cursor, limit = defaultLimit, searchTerm, ...filters } = body;
  if (searchTerm !== undefined && typeof searchTerm !== 'string') {
    throw new Refusal(400, 'searchTerm must be a text.', { code: BAD_BODY });
  }
  const lists: Record<string, readonly string[]> = {};
  for (const [name, values] of Object.entries(filters)) {
    const allowed = most[name] ?? 0;
    if (!isTextList(values) || values.length > allowed) {
      throw new Refusal(400, `${name} must be a list of at most ${allowed} texts.`, { code: BAD_BODY });
    }
    lists[name] = values;
  }
  return { page: { cursor, limit }, searchTerm, lists };
}

/** Adds what all routes of the Organizations API check first: the organization, the directory, an object as body. */
export function inOrganization(site: Site, route: Route): Route {
  return {
    ...route,
    answer(request) {
      const { orgId, directoryId } = request.params;
      if (orgId !== site.credentials.orgId) {
        throw new Refusal(404, 'The organization was not found.', { code: 'ADMIN-404-2' });
      }
      if (directoryId !== undefined && directoryId !== ALL_DIRECTORIES && directoryId !== site.directoryId) {
        throw new Refusal(404, 'The directory was not found.', { code: 'ADMIN-404-1' });
      }
      if (route.takesBody === true && !isObject(request.body)) {
        throw new Refusal(400, 'The body must be a JSON object.', { code: BAD_BODY });
      }
      return route.answer(request);
    },
  };
}
