import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readDocument, type ApiDocument } from './document.js';
import { judge, pathnameOf, type Verdict } from './judge.js';
import type { Exchange } from './recorder.js';

/** Names the folder with Atlassian's own documents, which are theirs and not shipped with the bridge. */
export const FOLDER_VARIABLE = 'ATLASSIAN_OPENAPI_DIR';

/** Where a document is found: its file in the folder, and the pages that Atlassian offers it on. */
interface Source {
  /** The first that exists is read. */
  readonly files: readonly string[];
  readonly page: string;
  /** What the paths of its operations begin with. */
  readonly prefix: string;
}

export const SOURCES: readonly Source[] = [
  {
    files: ['confluence-v1.swagger.v3.json'],
    page: 'https://developer.atlassian.com/cloud/confluence/rest/v1/',
    prefix: '/wiki/rest/api/',
  },
  {
    files: ['confluence-v2.openapi-v2.v3.json'],
    page: 'https://developer.atlassian.com/cloud/confluence/rest/v2/',
    prefix: '/wiki/api/v2/',
  },
  {
    files: ['jira-platform-v3.swagger-v3.v3.json'],
    page: 'https://developer.atlassian.com/cloud/jira/platform/rest/v3/',
    prefix: '/rest/api/3/',
  },
  {
    // Atlassian's own, or where it cannot be had, what its published clients show of it.
    files: ['admin-organization.swagger.v3.json', 'admin-organization.v2.reconstruction.json'],
    page: 'https://developer.atlassian.com/cloud/admin/organization/rest/',
    prefix: '/admin/',
  },
];

/** Atlassian's documents as one. */
export interface AtlassianDocuments {
  /** The document that a path belongs to; undefined for what Atlassian describes nowhere. */
  of(pathname: string): ApiDocument | undefined;
}

/** @throws Error when a document is missing or is none */
export async function readAtlassianDocuments(folder: string): Promise<AtlassianDocuments> {
  const documents = new Map<string, ApiDocument>();
  for (const { files, prefix } of SOURCES) documents.set(prefix, readDocument(await readFirst(folder, files)));
  return {
    of: (pathname) => [...documents].find(([prefix]) => pathname.startsWith(prefix))?.[1],
  };
}

async function readFirst(folder: string, files: readonly string[]): Promise<unknown> {
  const problems: unknown[] = [];
  for (const file of files) {
    try {
      return JSON.parse(await readFile(join(folder, file), 'utf8')) as unknown;
    } catch (error) {
      problems.push(error);
    }
  }
  throw new AggregateError(problems, `${FOLDER_VARIABLE} names ${folder}, which lacks ${files.join(' and ')}.`);
}

/** What Atlassian's documents say of a call; undefined for one that they describe nowhere. */
export function judgeByAtlassian(documents: AtlassianDocuments, exchange: Exchange): Verdict | undefined {
  // The gateway serves each API under its name; the documents describe it at the address of the site.
  const pathname = pathnameOf(exchange).replace(/^\/ex\/(confluence|jira)\/[^/]+(?=\/)/, '');
  const document = documents.of(pathname);
  return document && judge(document, exchange, { answersAreWhole: true }, pathname);
}
