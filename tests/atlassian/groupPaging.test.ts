import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connection } from '../../src/atlassian/connection.js';
import { findGroupByName, listGroups, listMemberships } from '../../src/atlassian/confluence.js';
import type { UpstreamGroup } from '../../src/provisioning/directory.js';
import {
  callOf,
  connectTo,
  expectFailure,
  startUpstream,
  testClock,
  type Received,
  type Reply,
  type TestClock,
  type Upstream,
} from './upstream.js';

let upstream: Upstream;
let clock: TestClock;
let connection: Connection;

beforeEach(async () => {
  upstream = await startUpstream();
  clock = testClock();
  connection = connectTo(upstream.url, clock);
});
afterEach(async () => {
  connection.close();
  await upstream.close();
});

const NAMES = Array.from({ length: 450 }, (_, index) => `Team ${index}`);
const LAST = 'Team 449';

interface Page {
  readonly results: readonly object[];
  readonly start: number | undefined;
  readonly limit: number | undefined;
  readonly size: number;
  readonly _links: { readonly next?: string };
}

/** The lists of groups that the bridge reads to the end, each with the names that it has to find there. */
const LISTS: readonly (readonly [string, readonly string[], () => Promise<readonly string[]>])[] = [
  [
    'all groups',
    NAMES,
    async () => {
      const found: string[] = [];
      for await (const page of listGroups(connection.confluence, callOf(clock))) found.push(...page.map(nameOf));
      return found;
    },
  ],
  [
    'the groups of a person',
    NAMES,
    async () => (await listMemberships(connection.confluence, 'a1', callOf(clock))).map(nameOf),
  ],
  [
    'the search for the last of them',
    [LAST],
    async () => {
      const found = await findGroupByName(connection.confluence, LAST, callOf(clock));
      return found === undefined ? [] : [found.name];
    },
  ],
];

function nameOf({ name }: UpstreamGroup): string {
  return name;
}

describe.each(LISTS)('%s', (_list, expected, read) => {
  /** Answers a list of groups the way Atlassian does, but for `changes` to its pages. */
  function groupsOf(most: number, changes: (page: Page) => Partial<Page> = () => ({})) {
    return ({ query }: Received): Reply => {
      const start = Number(query['start']);
      const limit = Math.min(Number(query['limit']), most);
      const results = NAMES.slice(start, start + limit).map((name) => ({
        type: 'group',
        id: `id-of-${name.replaceAll(' ', '-')}`,
        name,
      }));
      const next = start + limit < NAMES.length ? { next: '/next' } : {};
      const page: Page = { results, start, limit, size: results.length, _links: next };
      return { body: { ...page, ...changes(page) } };
    };
  }

  it.each<[string, Parameters<typeof groupsOf>]>([
    ['keeps the limit', [200]],
    ['lowers the limit', [70]],
    ['sends no links', [200, () => ({ _links: {} })]],
    ['lowers the limit and sends no links', [70, () => ({ _links: {} })]],
    ['echoes nothing', [200, () => ({ start: undefined, limit: undefined })]],
  ])('reaches the end when the server %s [SA2]', async (_what, pages) => {
    upstream.answer = groupsOf(...pages);
    await expect(read()).resolves.toEqual(expected);
  });

  it.each<[string, (request: Received) => Reply]>([
    ['another start than was asked for', groupsOf(200, ({ start = 0 }) => ({ start: start + 1 }))],
    [
      'the same page again and again',
      (request) => groupsOf(200)({ ...request, query: { ...request.query, start: '0' } }),
    ],
    [
      'the same page again and again, and echoes nothing',
      (request) => {
        const same = groupsOf(200, () => ({ start: undefined, limit: undefined }));
        return same({ ...request, query: { ...request.query, start: '0' } });
      },
    ],
    ['empty pages that go on', groupsOf(200, () => ({ results: [], _links: { next: '/next' } }))],
  ])('fails, and does not end early, when the server answers %s [SA2]', async (_what, answer) => {
    upstream.answer = answer;
    await expectFailure(read(), 'unexpected');
  });
});
