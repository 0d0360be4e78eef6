import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connection } from '../../src/atlassian/connection.js';
import { findGroupByName, listAllMembers, listGroups, listMembers } from '../../src/atlassian/confluence.js';
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

interface Directory {
  /** Account ids by place; a suspended one has its place in a page and is left out of it. */
  readonly members: readonly string[];
  readonly suspended?: ReadonlySet<string>;
  /** The server's largest page. */
  readonly maxLimit?: (start: number) => number;
  readonly withTotal?: boolean;
  readonly withLinks?: boolean;
  readonly withEcho?: boolean;
}

/** Answers `membersByGroupId` the way Atlassian does. */
function membersOf(directory: Directory): (request: Received) => Reply {
  const { members, suspended = new Set(), withTotal = true, withLinks = true, withEcho = true } = directory;
  return ({ query }) => {
    const start = Number(query['start']);
    const limit = Math.min(Number(query['limit']), directory.maxLimit?.(start) ?? 200);
    const page = members.slice(start, start + limit);
    const results = page
      .filter((accountId) => !suspended.has(accountId))
      .map((accountId) => ({ type: 'known', accountId, accountType: 'atlassian', displayName: accountId }));
    return {
      body: {
        results,
        ...(withEcho ? { start, limit, size: results.length } : {}),
        ...(withTotal && query['shouldReturnTotalSize'] === 'true' ? { totalSize: members.length } : {}),
        _links: { base: 'x', ...(withLinks && start + limit < members.length ? { next: '/next' } : {}) },
      },
    };
  };
}

const people = (count: number): string[] => Array.from({ length: count }, (_, index) => `account-${index}`);

async function readMembers(): Promise<readonly string[]> {
  const members = await listAllMembers(connection.confluence, 'g1', callOf(clock));
  return members.map(({ accountId }) => accountId);
}

describe('all members of a group', () => {
  it.each([
    [0, 1],
    [1, 1],
    [199, 1],
    [200, 1],
    [201, 2],
    [1000, 5],
    [1001, 6],
  ])('of %d members takes %d calls and keeps their order', async (count, calls) => {
    upstream.answer = membersOf({ members: people(count) });
    await expect(readMembers()).resolves.toEqual(people(count));
    expect(upstream.received).toHaveLength(calls);
  });

  it('asks for the total once, and reads the other pages at the same time', async () => {
    const answer = membersOf({ members: people(900) });
    upstream.answer = async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return answer(request);
    };
    await readMembers();
    expect(upstream.received.filter(({ query }) => query['shouldReturnTotalSize'] === 'true')).toHaveLength(1);
    // Four at most; how many of them meet is the machine's.
    expect(upstream.load.most).toBeGreaterThan(1);
    expect(upstream.load.most).toBeLessThanOrEqual(4);
  });

  it.each<[string, Partial<Directory>]>([
    ['the server lowers the limit', { maxLimit: () => 50 }],
    ['the server lowers the limit from the third page on', { maxLimit: (start) => (start < 400 ? 200 : 70) }],
    ['the server raises the limit again', { maxLimit: (start) => (start < 400 ? 50 : 200) }],
    ['the server sends no total', { withTotal: false }],
    ['the server sends neither total nor links', { withTotal: false, withLinks: false }],
    ['the server sends no links', { withLinks: false }],
    ['the server echoes nothing', { withEcho: false }],
    ['the server echoes nothing and sends no total', { withEcho: false, withTotal: false }],
    ['the server lowers the limit and sends no total', { maxLimit: () => 50, withTotal: false }],
    [
      'the server lowers the limit late and sends no links',
      { maxLimit: (start) => (start < 400 ? 200 : 70), withLinks: false },
    ],
  ])('are complete when %s', async (_what, behaviour) => {
    upstream.answer = membersOf({ members: people(777), ...behaviour });
    await expect(readMembers()).resolves.toEqual(people(777));
  });

  it.each<[string, Partial<Directory>]>([
    ['with a total', {}],
    ['without a total', { withTotal: false }],
    ['without links', { withLinks: false }],
    ['with a limit that drops', { maxLimit: (start) => (start < 200 ? 200 : 30) }],
    ['with a limit that drops, without links', { maxLimit: (start) => (start < 200 ? 200 : 30), withLinks: false }],
  ])('are complete when suspended people leave gaps in the pages, %s [SA2]', async (_what, behaviour) => {
    const members = people(700);
    const suspended = new Set([...members.slice(150, 210), ...members.slice(200, 400), 'account-650']);
    upstream.answer = membersOf({ members, suspended, ...behaviour });
    await expect(readMembers()).resolves.toEqual(members.filter((accountId) => !suspended.has(accountId)));
  });

  it('holds each account once, though pages overlap when somebody joins meanwhile', async () => {
    const answer = membersOf({ members: people(300) });
    const shifted = membersOf({ members: ['newcomer', ...people(300)] });
    upstream.answer = (request, index) => (index === 0 ? answer(request) : shifted(request));
    await expect(readMembers()).resolves.toEqual(people(300));
  });

  it('goes on past a total that is too low', async () => {
    const answer = membersOf({ members: people(650) });
    upstream.answer = (request) => {
      const reply = answer(request) as { body: { totalSize?: number } };
      if (reply.body.totalSize !== undefined) reply.body.totalSize = 250;
      return reply;
    };
    await expect(readMembers()).resolves.toEqual(people(650));
  });

  it('fails as a whole when one page fails, and asks for no further ones [SA2]', async () => {
    const answer = membersOf({ members: people(20_000) });
    upstream.answer = (request) => (request.query['start'] === '600' ? { status: 403, body: {} } : answer(request));
    await expectFailure(readMembers(), 'misconfigured');
    expect(upstream.received.length).toBeLessThan(20);
  });

  it('fails when the server answers another page than was asked for [SA2]', async () => {
    const answer = membersOf({ members: people(500) });
    upstream.answer = (request) => answer({ ...request, query: { ...request.query, start: '0' } });
    await expectFailure(readMembers(), 'unexpected');
  });

  it('fails when the server ignores the offset and echoes nothing [SA2]', async () => {
    const answer = membersOf({ members: people(500), withEcho: false, withTotal: false });
    upstream.answer = (request) => answer({ ...request, query: { ...request.query, start: '0' } });
    await expectFailure(readMembers(), 'unexpected');
  });

  it('fails when the server answers empty pages that lead nowhere [SA2]', async () => {
    upstream.answer = () => ({ body: { results: [], _links: { next: '/next' } } });
    await expectFailure(readMembers(), 'unexpected');
  });

  it('leaves out records that Atlassian cannot read itself, and nothing else', async () => {
    const known = { type: 'known', accountId: 'a1', accountType: 'atlassian' };
    upstream.answer = () => ({
      body: { results: [{ type: 'unknown' }, { type: 'known', accountId: 'unknown' }, known], start: 0, limit: 200 },
    });
    await expect(readMembers()).resolves.toEqual(['a1']);
  });
});

describe('one page of members', () => {
  it('tells where the next one starts by the limit of the server, not by the people on the page', async () => {
    const members = people(100);
    upstream.answer = membersOf({ members, suspended: new Set(members.slice(0, 50)), maxLimit: () => 60 });
    const page = await listMembers(
      connection.confluence,
      'g1',
      { start: 0, limit: 200, withTotal: true },
      callOf(clock),
    );
    expect(page.members).toHaveLength(10);
    expect(page).toMatchObject({ next: 60, totalSize: 100 });

    const last = await listMembers(
      connection.confluence,
      'g1',
      { start: 60, limit: 200, withTotal: true },
      callOf(clock),
    );
    expect(last.next).toBeUndefined();
  });

  it('shows what Atlassian shows of an account, and takes hidden values for absent ones', async () => {
    const results = [
      {
        type: 'known',
        accountId: 'a1',
        accountType: 'atlassian',
        accountStatus: 'active',
        email: 'a@example.com',
        displayName: 'Ada',
      },
      { type: 'known', accountId: 'a2', accountType: 'app', email: '', displayName: null, publicName: 'Bot' },
      { type: 'known', accountId: 'a3', accountType: 'customer', email: null },
      { type: 'known', accountId: 'a4', accountType: 'atlassian', isGuest: true },
      { type: 'known', accountId: 'a5', accountType: '', isExternalCollaborator: false, accountStatus: 'strange' },
    ];
    upstream.answer = () => ({ body: { results, start: 0, limit: 200 } });
    const { members } = await listMembers(
      connection.confluence,
      'g1',
      { start: 0, limit: 200, withTotal: false },
      callOf(clock),
    );

    const absent = { displayName: undefined, email: undefined, accountStatus: 'unknown' };
    expect(members).toEqual([
      {
        accountId: 'a1',
        accountType: 'atlassian',
        accountStatus: 'active',
        displayName: 'Ada',
        email: 'a@example.com',
      },
      { ...absent, accountId: 'a2', accountType: 'app', displayName: 'Bot' },
      { ...absent, accountId: 'a3', accountType: 'customer' },
      { ...absent, accountId: 'a4', accountType: 'guest' },
      { ...absent, accountId: 'a5', accountType: 'unknown' },
    ]);
  });
});

describe('groups', () => {
  const groups = Array.from({ length: 450 }, (_, index) => ({ type: 'group', id: `g${index}`, name: `Team ${index}` }));
  const page = ({ query }: Received): Reply => {
    const start = Number(query['start']);
    const results = groups.slice(start, start + 200);
    const next = start + 200 < groups.length ? { next: '/next' } : {};
    return { body: { results, start, limit: 200, size: results.length, _links: next } };
  };

  it('stream page by page', async () => {
    upstream.answer = page;
    const sizes: number[] = [];
    for await (const read of listGroups(connection.confluence, callOf(clock))) sizes.push(read.length);
    expect(sizes).toEqual([200, 200, 50]);
  });

  it('end with a Failure, not early, when a page fails [SA2]', async () => {
    upstream.answer = (request) => (request.query['start'] === '200' ? { status: 500 } : page(request));
    const reading = (async () => {
      for await (const read of listGroups(connection.confluence, callOf(clock))) expect(read).toHaveLength(200);
    })();
    await expectFailure(reading, 'unavailable');
  });

  it('are found by their whole name in any case, however many hold it as a part', async () => {
    upstream.answer = page;
    const found = await findGroupByName(connection.confluence, 'TEAM 399', callOf(clock));
    expect(found).toEqual({ id: 'g399', name: 'Team 399', usageType: undefined, managedBy: undefined });
    expect(upstream.received[0]).toMatchObject({ path: '/wiki/rest/api/group/picker', query: { query: 'TEAM 399' } });

    await expect(findGroupByName(connection.confluence, 'Team', callOf(clock))).resolves.toBeUndefined();
  });
});
