import { z } from 'zod';
import type { Answer, Operation } from './operation.js';
import { fail, readJson, unreadable } from './responses.js';

export const PAGE_SIZE = 200;
/** Pages of one listing that are read at once; further ones wait, so that one large group leaves slots to others. */
const PAGES_AT_ONCE = 4;
/** Empty pages in a row after which a listing that goes on is not believed: more people than any group has suspended. */
const MOST_EMPTY_PAGES = 100;

/** Three times the people that a site of Confluence Cloud may have. A list that goes on, or a total that is larger, is none. */
const MOST_ITEMS = 500_000;

/** One page of a Confluence v1 listing (`start`, `limit`, `size`, `_links`). */
export interface Page<T> {
  readonly items: readonly T[];
  readonly start: number;
  /** How far on the next page starts. */
  readonly stride: number;
  readonly hasNextLink: boolean;
  readonly totalSize: number | undefined;
}

export interface Window {
  readonly start: number;
  readonly limit: number;
}

/**
 * Reads a page of a listing.
 *
 * The stride is the limit that the server echoes, for it may lower ours; never the number of items, because Atlassian
 * leaves people out (suspended ones) after it has cut the page. Only a server that echoes nothing is followed by
 * number: pages then overlap, but nobody is skipped.
 *
 * @throws Failure `unexpected` when the shape is wrong, or the server answers another page than was asked for, a larger
 *   one, or one of a list that nobody can have
 */
export function readPage<T>(operation: Operation, answer: Answer, asked: Window, item: z.ZodType<T>): Page<T> {
  const page = readJson(
    operation,
    answer,
    200,
    z.object({
      // Counted before they are looked at: a body of the most bytes holds a hundred thousand wrong ones.
      results: z.array(z.unknown()).max(asked.limit).pipe(z.array(item)),
      start: z.int().nonnegative().optional(),
      limit: z.int().positive().optional(),
      totalSize: z.int().nonnegative().nullish(),
      _links: z.object({ next: z.string().nullish() }).nullish(),
    }),
  );
  if ((page.start ?? asked.start) !== asked.start) throw unreadable(operation, answer, 'another page was answered');
  if (Math.max(asked.start, page.totalSize ?? 0) > MOST_ITEMS)
    throw unreadable(operation, answer, 'a list without end');
  return {
    items: page.results,
    start: asked.start,
    stride: page.limit === undefined ? page.results.length : Math.min(page.limit, asked.limit),
    hasNextLink: Boolean(page._links?.next),
    totalSize: page.totalSize ?? undefined,
  };
}

/**
 * Where the page after this one starts; undefined on the last page. A link is believed, and so is a total; without
 * either, a page that is not full is the last.
 */
export function nextStart(page: Page<unknown>, totalSize: number | undefined = page.totalSize): number | undefined {
  const next = page.start + page.stride;
  if (page.hasNextLink) return next;
  if (totalSize !== undefined) return next < totalSize ? next : undefined;
  return page.stride > 0 && page.items.length >= page.stride ? next : undefined;
}

/** How a listing is read: `operation` for its Failures, `key` to notice a server that answers the same page for ever. */
export interface Listing<T> {
  readonly operation: Operation;
  readonly key: (item: T) => unknown;
  /** @param withTotal ask for the total, which costs Atlassian a count */
  readonly fetch: (start: number, withTotal: boolean) => Promise<Page<T>>;
}

/**
 * Page by page from offset `from` to the end; nothing when it is undefined.
 *
 * @throws Failure of the first page that fails; `unexpected` when the listing does not move on
 */
export async function* walk<T>(
  listing: Listing<T>,
  from: number | undefined,
  totalSize?: number,
): AsyncGenerator<readonly T[], void, undefined> {
  let remembered: unknown;
  let pages = 0;
  let emptyPages = 0;
  for (let start = from; start !== undefined;) {
    const page = await listing.fetch(start, false);
    const [first] = page.items;
    const next = nextStart(page, totalSize);
    const isRepeated = first !== undefined && listing.key(first) === remembered;
    emptyPages = page.items.length === 0 ? emptyPages + 1 : 0;
    pages += 1;
    if (isRepeated || emptyPages > MOST_EMPTY_PAGES || (next !== undefined && next <= start)) {
      const message = 'Atlassian answers the same page of a list again and again. Send the request again later.';
      throw fail('unexpected', message, listing.operation, undefined);
    }
    // Of the pages 1, 2, 4, 8 …: pages that turn in a circle of any length meet one of them (Brent's way to find a cycle).
    if (Number.isInteger(Math.log2(pages))) remembered = first === undefined ? undefined : listing.key(first);
    yield page.items;
    start = next;
  }
}

/**
 * A whole listing in order: the first page with the total, then the others in parallel. Sequential where the server
 * sends no usable total, and from the page on that has a lower limit than the first.
 *
 * @throws Failure when any page fails: a part of a listing is never taken for the whole
 */
export async function readAll<T>(listing: Listing<T>): Promise<readonly T[]> {
  const first = await listing.fetch(0, true);
  const totalSize = (first.totalSize ?? -1) < first.items.length ? undefined : first.totalSize;
  const starts: number[] = [];
  if (totalSize !== undefined && first.stride > 0) {
    for (let start = first.stride; start < totalSize; start += first.stride) starts.push(start);
  }
  const pages = [first, ...(await inParallel(starts, (start) => listing.fetch(start, false)))];
  const lowered = pages.findIndex((page) => page.stride < first.stride);
  const read = lowered === -1 ? pages : pages.slice(0, lowered + 1);
  const items = read.flatMap((page) => page.items);
  for await (const more of walk(listing, nextStart(read.at(-1) ?? first, totalSize), totalSize)) items.push(...more);
  return items;
}

async function inParallel<T>(starts: readonly number[], fetch: (start: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  const queue = starts.entries();
  let hasFailed = false;
  async function work(): Promise<void> {
    for (const [index, start] of queue) {
      if (hasFailed) return;
      try {
        results[index] = await fetch(start);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(PAGES_AT_ONCE, starts.length) }, work));
  return results;
}
