import type { DirectoryIndex, ListedGroup, ListedPerson, Window } from '../provisioning/store.js';

/** The rows that a walk over everybody holds in memory at once. */
const CHUNK = 500;

/** A page as SCIM asks for it (RFC 7644 §3.4.2.4): `startIndex` counts from 1, less means 1; a negative `count` means 0. */
export interface PageRequest {
  readonly startIndex: number;
  readonly count: number;
}

export interface ListedPage<Row> {
  /** Of the whole list, whatever the page holds. */
  readonly total: number;
  readonly rows: readonly Row[];
}

/** People and groups as lists, in the index's stable order (rule LI2). The caller's own externalIds come with them. */
export interface Lists {
  pagePeople(caller: string, page: PageRequest): Promise<ListedPage<ListedPerson>>;
  pageGroups(caller: string, page: PageRequest): Promise<ListedPage<ListedGroup>>;
  /** Everybody, in chunks; for a filter that must look at each. */
  walkPeople(caller: string): AsyncIterable<readonly ListedPerson[]>;
  walkGroups(caller: string): AsyncIterable<readonly ListedGroup[]>;
}

export function createLists(index: DirectoryIndex): Lists {
  return {
    pagePeople: async (caller, page) => ({
      rows: await readWindow((window) => index.listPeople(caller, window), page),
      total: await index.countPeople(),
    }),
    pageGroups: async (caller, page) => ({
      rows: await readWindow((window) => index.listGroups(caller, window), page),
      total: await index.countGroups(),
    }),
    walkPeople: (caller) => walk((window) => index.listPeople(caller, window)),
    walkGroups: (caller) => walk((window) => index.listGroups(caller, window)),
  };
}

type ReadWindow<Row> = (window: Window) => Promise<readonly Row[]>;

async function readWindow<Row>(read: ReadWindow<Row>, { startIndex, count }: PageRequest): Promise<readonly Row[]> {
  if (count <= 0) return [];
  return read({ offset: Math.max(1, startIndex) - 1, limit: count });
}

async function* walk<Row>(read: ReadWindow<Row>): AsyncGenerator<readonly Row[]> {
  for (let offset = 0; ; offset += CHUNK) {
    const rows = await read({ offset, limit: CHUNK });
    if (rows.length > 0) yield rows;
    if (rows.length < CHUNK) return;
  }
}
