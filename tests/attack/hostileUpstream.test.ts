import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connection } from '../../src/atlassian/connection.js';
import {
  addMember,
  createGroup,
  getGroup,
  listAccounts,
  listAllMembers,
  listMembers,
  listMemberships,
} from '../../src/atlassian/confluence.js';
import { createDirectory } from '../../src/atlassian/backends.js';
import { startSandbox } from '../../src/sandbox/server.js';
import { GROUP_URN, idOf, listOf, patch, user } from '../scim/exchanges.js';
import { startTestBridge } from '../support/bridge.js';
import { callOf, connectTo, expectFailure, testClock, type TestClock } from '../atlassian/upstream.js';
import {
  type EvilRequest,
  type EvilUpstream,
  json,
  JSON_HEAD,
  passOn,
  pour,
  startEvilUpstream,
} from './evilUpstream.js';

const GROUP = { type: 'group', id: 'g1', name: 'engineering' };
const ADA = { type: 'known', accountId: 'a1', accountType: 'atlassian' };
/** What the client reads of a body at most, and what may be under way on a connection besides. */
const MOST_BYTES = 4 * 1024 * 1024;
const UNDER_WAY_BYTES = 16 * 1024 * 1024;

let evil: EvilUpstream;
let clock: TestClock;
let connection: Connection;

beforeEach(async () => {
  evil = await startEvilUpstream();
  clock = testClock();
  connection = connectTo(evil.url, clock);
});
afterEach(async () => {
  connection.close();
  await evil.close();
});

const readGroup = () => getGroup(connection.confluence, 'g1', callOf(clock));
const readMembers = () => listAllMembers(connection.confluence, 'g1', callOf(clock));
const readMemberships = () => listMemberships(connection.confluence, 'a1', callOf(clock));

/** Answers each page by its offset. */
function paged(pageAt: (start: number) => object): (request: EvilRequest) => void {
  return ({ target, socket }) => {
    const start = Number(/[?&]start=(\d+)/.exec(target)?.[1] ?? 0);
    socket.write(json({ start, limit: 200, ...pageAt(start) }));
  };
}

describe('bodies', () => {
  it('of 100 MB are cut off where they pass the limit [SA18]', async () => {
    const poured: Promise<number>[] = [];
    evil.answer = ({ socket }) => {
      socket.write(`${JSON_HEAD}Content-Length: 104857600\r\n\r\n`);
      poured.push(pour(socket, Buffer.alloc(65_536, 'x'), 100 * 1024 * 1024));
    };

    await expectFailure(readGroup(), 'unavailable');

    for (const bytes of await Promise.all(poured)) expect(bytes).toBeLessThan(MOST_BYTES + UNDER_WAY_BYTES);
  });

  it('without an end are cut off, too [SA18]', async () => {
    const poured: Promise<number>[] = [];
    const chunk = Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`);
    evil.answer = ({ socket }) => {
      socket.write(`${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n`);
      poured.push(pour(socket, chunk, 100 * 1024 * 1024));
    };

    await expectFailure(readGroup(), 'unavailable');

    for (const bytes of await Promise.all(poured)) expect(bytes).toBeLessThan(MOST_BYTES + UNDER_WAY_BYTES);
  });

  it.each([
    ['gzip', Buffer.concat(Array.from({ length: 64 }, () => gzipSync(Buffer.alloc(16 * 1024 * 1024))))],
    ['br', brotliCompressSync(Buffer.alloc(256 * 1024 * 1024))],
  ])('that %s makes small are inflated to the limit and no further [SA18]', async (coding, bomb) => {
    evil.answer = ({ socket }) => {
      socket.write(`${JSON_HEAD}Content-Encoding: ${coding}\r\nContent-Length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
    };
    const before = process.memoryUsage.rss();

    await expectFailure(readGroup(), 'unavailable');

    expect(process.memoryUsage.rss() - before).toBeLessThan(128 * 1024 * 1024);
  });

  it('that drip are over with the budget, and their connection with them [SA18] [SA4]', async () => {
    let closed: Promise<unknown> | undefined;
    evil.answer = ({ socket }) => {
      socket.write(`${JSON_HEAD}Content-Length: 1000\r\n\r\n`);
      const drip = setInterval(() => socket.write(' '), 5);
      // Closed with an error or without: `once` would fail of the error.
      closed = new Promise((resolve) => socket.once('close', resolve)).finally(() => clearInterval(drip));
    };

    // Enough to be sent, however busy the machine is.
    await expectFailure(getGroup(connection.confluence, 'g1', callOf(clock, 300)), 'unavailable');

    await closed;
    expect(evil.requests).toHaveLength(1);
  });

  it.each([
    ['shorter than announced', `${JSON_HEAD}Content-Length: 500\r\n\r\n${JSON.stringify(GROUP)}`],
    ['longer than announced', `${JSON_HEAD}Content-Length: 20\r\n\r\n${JSON.stringify(GROUP)}`],
    ['cut in a chunk', `${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n40\r\n{"id":"g1","na`],
    ['of chunks that are none', `${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}`],
    ['with a length and chunks', `${JSON_HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['with two lengths', `${JSON_HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
    ['that are no gzip', `${JSON_HEAD}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}`],
    ['behind 200 KB of headers', `${JSON_HEAD}X-A: ${'a'.repeat(200_000)}\r\nContent-Length: 2\r\n\r\n{}`],
    ['behind ten thousand headers', `${JSON_HEAD}${'A: b\r\n'.repeat(10_000)}Content-Length: 2\r\n\r\n{}`],
    ['behind what is no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['behind nothing', ''],
  ])('%s are no answer [SA18] [SA2]', async (_what, bytes) => {
    evil.answer = ({ socket }) => socket.end(bytes);
    await expectFailure(readGroup(), 'unavailable');
    await expectFailure(addMember(connection.confluence, 'g1', 'a1', callOf(clock)), 'unavailable');
  });

  it.each([
    ['HTTP/1.0 that ends early', '{"type":"group","id":"g1","na'],
    ['nested a hundred thousand times', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['with a number that is none', '{"id":"g1","name":"engineering","usageType":NaN}'],
    ['with another type for every value', '{"id":{"__proto__":1},"name":["engineering"]}'],
    ['with an id that is a prototype', '{"__proto__":{"id":"g1","name":"engineering"}}'],
  ])('in JSON, %s, are not believed [SA18] [SA2]', async (what, text) => {
    evil.answer = ({ socket }) => {
      if (what.startsWith('HTTP/1.0')) socket.end(`HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n${text}`);
      else socket.write(json(text));
    };
    await expectFailure(readGroup(), 'unexpected');
    expect('id' in {}).toBe(false);
  });
});

describe('answers that lead elsewhere', () => {
  it.each([301, 302, 303, 307, 308])(
    'by %d are not followed, with the credential or without [SA18] [SA7]',
    async (status) => {
      const other = await startEvilUpstream();
      evil.answer = ({ socket }) =>
        socket.write(`HTTP/1.1 ${status} Go\r\nLocation: ${other.url}/wiki\r\nContent-Length: 0\r\n\r\n`);

      await expectFailure(readGroup(), 'misconfigured');
      await expectFailure(createGroup(connection.confluence, 'engineering', callOf(clock)), 'misconfigured');

      expect(other.requests).toEqual([]);
      await other.close();
    },
  );

  it('by the link to a next page go on where the list is, not where the link points [SA18] [SA7]', async () => {
    const other = await startEvilUpstream();
    const next = `${other.url}/wiki/rest/api/group/g1/membersByGroupId?start=200`;
    evil.answer = paged((start) =>
      start === 0 ? { results: [ADA], _links: { next, base: other.url } } : { results: [{ ...ADA, accountId: 'a2' }] },
    );

    expect((await readMembers()).map(({ accountId }) => accountId)).toEqual(['a1', 'a2']);
    expect(other.requests).toEqual([]);
    await other.close();
  });

  it('by cookies are not remembered [SA18]', async () => {
    evil.answer = ({ socket }) => socket.write(json(GROUP).replace('\r\n', '\r\nSet-Cookie: session=evil; Path=/\r\n'));
    await readGroup();
    await readGroup();

    expect(evil.requests).toHaveLength(2);
    for (const { head } of evil.requests) expect(head).not.toMatch(/cookie/i);
  });

  it.each([
    ['three thousand years', '99999999999'],
    ['no number', '9'.repeat(400)],
    ['a date', 'Fri, 31 Dec 9999 23:59:59 GMT'],
  ])('into a pause of years, by %s, pause an hour [SA18] [SA4]', async (_what, header) => {
    evil.answer = ({ socket }) =>
      socket.write(`HTTP/1.1 429 No\r\nRetry-After: ${header}\r\nContent-Length: 0\r\n\r\n`);

    const failure = await expectFailure(readGroup(), 'rateLimited');

    expect(failure.retryAfterSeconds).toBeLessThanOrEqual(3_600);
    expect((await expectFailure(readMembers(), 'rateLimited')).retryAfterSeconds).toBeLessThanOrEqual(3_600);
  });
});

const people = (from: number, count: number): object[] =>
  Array.from({ length: count }, (_, n) => ({ ...ADA, accountId: `a${from + n}` }));
const groups = (from: number, count: number): object[] =>
  Array.from({ length: count }, (_, n) => ({ ...GROUP, id: `g${from + n}` }));
const next = { next: '/next' };

describe('pages', () => {
  it.each([2, 3, 7])('that turn in a circle of %d are a failure, not a list [SA18] [SA2]', async (length) => {
    const turn = (start: number): number => ((start / 200) % length) * 200;
    evil.answer = paged((start) => ({ results: people(turn(start), 200), _links: next }));
    await expectFailure(readMembers(), 'unexpected');
    evil.answer = paged((start) => ({ results: groups(turn(start), 200), _links: next }));
    await expectFailure(readMemberships(), 'unexpected');
    expect(evil.requests.length).toBeLessThan(100);
  });

  it('larger than asked for are not believed, nor looked at one by one [SA18] [SA2]', async () => {
    evil.answer = paged(() => ({ results: people(0, 201) }));
    await expectFailure(readMembers(), 'unexpected');
    evil.answer = paged(() => ({ results: Array.from({ length: 500_000 }, () => 0) }));
    await expectFailure(readMembers(), 'unexpected');
  });

  it.each([500_001, Number.MAX_SAFE_INTEGER, 1e308, -1, 0.5])(
    'of a list of %d are not believed, and not one more is asked for [SA18] [SA2]',
    async (totalSize) => {
      evil.answer = paged(() => ({ results: people(0, 200), totalSize }));
      await expectFailure(readMembers(), 'unexpected');
      expect(evil.requests).toHaveLength(1);
    },
  );

  it('that never end are given up where no site has so many people [SA18] [SA2]', async () => {
    evil.answer = paged((start) => ({ results: people(start, 200), _links: next }));
    const at = (start: number) =>
      listMembers(connection.confluence, 'g1', { start, limit: 200, withTotal: false }, callOf(clock));

    expect((await at(500_000)).next).toBe(500_200);
    await expectFailure(at(500_200), 'unexpected');
  });

  it('that go backwards or stand still are a failure [SA18] [SA2]', async () => {
    evil.answer = paged((start) => ({ results: people(start, 200), limit: 0, _links: next }));
    await expectFailure(readMembers(), 'unexpected');
    evil.answer = paged((start) => ({ results: people(start, 200), limit: -200, _links: next }));
    await expectFailure(readMembers(), 'unexpected');
  });

  it('that name somebody twice name one person [SA18]', async () => {
    evil.answer = paged(() => ({ results: [ADA, ADA, { ...ADA, accountType: 'app' }] }));
    expect((await readMembers()).map(({ accountId }) => accountId)).toEqual(['a1']);
  });
});

describe('ids and names', () => {
  it.each([
    ['empty', ''],
    ['a dot', '.'],
    ['two dots', '..'],
    ['a path', '../admin'],
    ['a path of Windows', 'a\\b'],
    ['two lines', 'a\nb'],
    ['a NUL', 'a\u0000b'],
    ['two words', 'a b'],
    ['a text that runs backwards', 'a\u202eb'],
    ['half a character', '\ud800'],
    ['256 characters long', 'x'.repeat(256)],
  ])('an id that is %s makes its answer unreadable, wherever it stands [SA18] [ID1]', async (_what, id) => {
    const directory = createDirectory(connection, 'organization');
    const jira = createDirectory(connection, 'jira');
    const email = 'ada@example.com';
    const answers: readonly [object, () => Promise<unknown>][] = [
      [{ ...GROUP, id }, readGroup],
      [{ results: [ADA, { ...ADA, accountId: id }] }, readMembers],
      [{ results: [GROUP, { ...GROUP, id }] }, readMemberships],
      [{ results: [{ ...ADA, accountId: id }] }, () => listAccounts(connection.confluence, ['a1'], callOf(clock))],
      [{ data: [{ accountId: id, email }] }, () => directory.findByEmail(email, callOf(clock))],
      [[{ accountId: id, emailAddress: email }], () => jira.findByEmail(email, callOf(clock))],
    ];
    for (const [body, read] of answers) {
      evil.answer = ({ socket }) => socket.write(json(body));
      await expectFailure(read(), 'unexpected');
    }
  });

  it('an id like a prototype is an id [SA18]', async () => {
    const results = ['__proto__', 'constructor', 'toString'].map((accountId) => ({ ...ADA, accountId }));
    evil.answer = paged(() => ({ results }));
    expect((await readMembers()).map(({ accountId }) => accountId)).toEqual(['__proto__', 'constructor', 'toString']);
  });

  it.each([
    ['with a NUL', 'a\u0000b'],
    ['of half a character', '\ud800'],
    ['of a hundred thousand characters', 'x'.repeat(100_000)],
  ])('a name %s makes its answer unreadable [SA18]', async (_what, name) => {
    evil.answer = ({ socket }) => socket.write(json({ ...GROUP, name }));
    await expectFailure(readGroup(), 'unexpected');
    evil.answer = paged(() => ({ results: [{ ...ADA, displayName: name }] }));
    await expectFailure(readMembers(), 'unexpected');
  });
});

describe('a bridge whose Atlassian turns hostile', () => {
  it('believes nothing of it: nobody is removed, forgotten or shown as gone, and what is asked fails [SA18] [SA2]', async () => {
    const sandbox = await startSandbox({});
    evil.answer = (request) => passOn(request, sandbox.url);
    const bridge = await startTestBridge({ site: { ...sandbox, url: evil.url } });
    const ids: string[] = [];
    for (const name of ['ada', 'bob', 'eve']) ids.push(idOf(await bridge.scim('post', '/Users', user(name))));
    const crew = { schemas: [GROUP_URN], displayName: 'crew', members: ids.map((value) => ({ value })) };
    const crewId = idOf(await bridge.scim('post', '/Groups', crew));
    await bridge.scan();
    const before = listOf(await bridge.scim('get', '/Users'));
    const [ada = ''] = ids;
    sandbox.takeCalls();

    for (const lie of [
      { results: people(0, 500) },
      { results: people(0, 200), _links: next },
      { results: [], totalSize: Number.MAX_SAFE_INTEGER, _links: next },
      { results: [{ ...ADA, accountId: '../admin' }] },
    ]) {
      evil.answer = (request) =>
        /^GET .*(membersByGroupId|memberof)/.test(request.target)
          ? request.socket.write(json({ ...lie, limit: 200 }))
          : passOn(request, sandbox.url);
      await expect(bridge.scan()).rejects.toThrow();
      const replies = [
        await bridge.scim('patch', `/Users/${ada}`, patch({ op: 'replace', path: 'active', value: false })),
        await bridge.scim('delete', `/Users/${ada}`),
        await bridge.scim('get', `/Groups/${crewId}`),
        await bridge.scim('put', `/Groups/${crewId}`, { ...crew, members: [] }),
      ];
      for (const { status } of replies) expect([500, 503]).toContain(status);
    }

    evil.answer = (request) => passOn(request, sandbox.url);
    expect(sandbox.calls.filter(({ isWrite }) => isWrite)).toEqual([]);
    expect(listOf(await bridge.scim('get', '/Users'))).toMatchObject({ totalResults: before.totalResults });
    expect((await bridge.scim('get', `/Groups/${crewId}`)).body).toMatchObject({ members: { length: 3 } });
    await bridge.close();
    await sandbox.close();
  });
});
