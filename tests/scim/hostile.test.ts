import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestBridge, type TestBridge } from '../support/bridge.js';
import {
  at,
  type Connection,
  filtered,
  GROUP_URN,
  idOf,
  listOf,
  openConnection,
  patch,
  type RawAnswer,
  SEARCH_URN,
  user,
  USER_URN,
} from './exchanges.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

let bridge: TestBridge;
let connection: Connection;
let adaId: string;
let crewId: string;
let before: readonly unknown[];

beforeEach(async () => {
  bridge = await startTestBridge();
  adaId = idOf(await bridge.scim('post', '/Users', user('ada', { emails: [{ value: 'ada@example.com' }] })));
  const bobId = idOf(await bridge.scim('post', '/Users', user('bob')));
  const members = [{ value: adaId }, { value: bobId }];
  crewId = idOf(await bridge.scim('post', '/Groups', { schemas: [GROUP_URN], displayName: 'crew', members }));
  before = await state();
  bridge.sandbox.takeCalls();
  // One connection for the attack and for what comes after it.
  connection = await openConnection(bridge.url);
});

afterEach(() => connection.close());

async function state(): Promise<readonly unknown[]> {
  const ada: unknown = (await bridge.scim('get', `/Users/${adaId}`)).body;
  return [listOf(await bridge.scim('get', '/Users')), listOf(await bridge.scim('get', '/Groups')), ada];
}

/** Sends, and checks what must hold after every message: nothing polluted, nothing written, still serving. */
async function attack(method: string, path: string, body?: unknown): Promise<RawAnswer> {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const inherited = Object.getOwnPropertyNames(Object.prototype).sort();
  const answer = await connection.send(method, path, { body: text });
  expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(inherited);
  expect(bridge.sandbox.calls.filter((call) => call.isWrite)).toEqual([]);
  if (answer.status >= 400) expect(answer.headers['content-type']).toBe('application/scim+json');
  expect(answer.status < 500 || answer.status === 501).toBe(true);
  expect((await connection.send('GET', '/ServiceProviderConfig')).status).toBe(200);
  return answer;
}

describe('names that reach for a prototype', () => {
  const filters = [
    '__proto__.x eq "y"',
    'constructor.prototype.x eq "y"',
    '__proto__ pr',
    'emails[__proto__.x eq "1"]',
  ];

  it('in filters are refused or match nobody [LI3]', async () => {
    for (const filter of filters) {
      for (const endpoint of ['/Users', '/Groups']) {
        const got = await attack('GET', filtered(endpoint, filter));
        const found = await attack('POST', `${endpoint}/.search`, { schemas: [SEARCH_URN], filter });

        for (const { status, body } of [got, found]) {
          if (status === 200) expect(body).toMatchObject({ totalResults: 0 });
          else expect(body).toMatchObject({ status: '400', scimType: 'invalidFilter' });
        }
      }
    }
    expect(await state()).toEqual(before);
  });

  it('in attributes and excludedAttributes select nothing, then and later [LI5]', async () => {
    for (const name of [
      '__proto__.x',
      '__proto__.filter',
      'constructor',
      'emails.__proto__',
      `${ENTERPRISE}:__proto__.x`,
    ]) {
      const only = await attack('GET', at('/Users', { attributes: name }));
      const without = await attack('GET', at('/Users', { excludedAttributes: name }));

      expect(only.body).toMatchObject({ totalResults: 3 });
      expect(without.body).toEqual(before[0]);
    }
    expect(await state()).toEqual(before);
  });

  it('in ids are 404 [ID1]', async () => {
    for (const id of [
      'x" and __proto__.z eq "y',
      'a"b',
      "a'b",
      '__proto__',
      'constructor',
      '../..',
      'a/b',
      '%00',
      'x'.repeat(5_000),
    ]) {
      for (const endpoint of ['/Users', '/Groups', '/ResourceTypes']) {
        const { status } = await attack('GET', `${endpoint}/${encodeURIComponent(id)}`);
        expect({ id: id.slice(0, 20), endpoint, status }).toEqual({ id: id.slice(0, 20), endpoint, status: 404 });
      }
    }
    for (const path of ['/Users/..', '/Groups/..', '/Users/.', '/Groups/%2e%2e']) {
      expect((await attack('GET', path)).status).toBeLessThan(500);
    }
    expect((await attack('DELETE', `/Users/${encodeURIComponent('x" or id pr or id eq "')}`)).status).toBe(404);
    expect(
      (await attack('PATCH', '/Users/__proto__', patch({ op: 'replace', path: 'active', value: false }))).status,
    ).toBe(404);
  });

  it('in PATCH paths and keys are refused or do nothing [US11]', async () => {
    for (const operation of [
      { op: 'replace', path: 'emails[__proto__.x eq "1"].value', value: 'y' },
      { op: 'add', path: '__proto__.x', value: 'y' },
      { op: 'add', path: `${ENTERPRISE}:__proto__.x`, value: 'y' },
      { op: 'add', path: 'constructor.prototype.x', value: 'y' },
      { op: 'remove', path: '__proto__' },
    ]) {
      expect((await attack('PATCH', `/Users/${adaId}`, patch(operation))).status).toBeGreaterThanOrEqual(400);
      expect((await attack('PATCH', `/Groups/${crewId}`, patch(operation))).status).toBeGreaterThanOrEqual(400);
    }
    const value = `{"__proto__":{"x":"y"},"${ENTERPRISE}:__proto__.x":"y","constructor.prototype.x":"y"}`;
    await attack('PATCH', `/Users/${adaId}`, `{"schemas":["${SCHEMA}"],"Operations":[{"op":"add","value":${value}}]}`);
    expect(await state()).toEqual(before);
  });

  it('in bodies are dropped [US10]', async () => {
    const body = `{"schemas":["${USER_URN}"],"userName":"ada@example.com","emails":[{"value":"ada@example.com","__proto__":{"x":1}}],"__proto__":{"active":false},"${ENTERPRISE}:__proto__.x":"y","${ENTERPRISE}":{"__proto__":{"department":"y"}}}`;

    const reply = await attack('PUT', `/Users/${adaId}`, body);

    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ active: true });
    expect(JSON.stringify(reply.body)).not.toContain('__proto__');
    expect(reply.body).not.toHaveProperty([ENTERPRISE, 'department']);
  });
});

const SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

describe('messages made to take long', () => {
  it('in filters are 400 [LI3]', async () => {
    const or = '(userName eq "a" or userName eq "b" or userName eq "c" or userName eq "d")';
    for (const filter of [
      `a eq "${'\\a'.repeat(32)}`,
      `a eq "${'\n'.repeat(500)}`,
      Array.from({ length: 40 }, () => or).join(' and '),
      `${'('.repeat(900)}userName eq "a"${')'.repeat(900)}`,
      `${'not ('.repeat(700)}userName eq "a"${')'.repeat(700)}`,
      Array.from({ length: 200 }, () => 'title pr').join(' or '),
      `userName eq "${'x'.repeat(4_100)}"`,
    ]) {
      const { body } = await attack('GET', filtered('/Users', filter));
      expect(body).toMatchObject({ status: '400', scimType: 'invalidFilter' });
      expect((await attack('POST', '/Groups/.search', { schemas: [SEARCH_URN], filter })).status).toBe(400);
    }
    expect((await attack('GET', filtered('/Users', Array.from({ length: 8 }, () => or).join(' and ')))).status).toBe(
      200,
    );
  });

  it('in PATCH paths are 400 [US11]', async () => {
    for (const path of [
      'a.'.repeat(80_000),
      `emails[${'value eq "x" and '.repeat(5_000)}value pr]`,
      'urn:'.repeat(40_000),
      '['.repeat(100_000),
    ]) {
      const { status } = await attack('PATCH', `/Users/${adaId}`, patch({ op: 'add', path, value: 1 }));
      expect(status).toBe(400);
      expect((await attack('PATCH', `/Groups/${crewId}`, patch({ op: 'remove', path }))).status).toBe(400);
    }
  });

  it('in bodies are 400 [US11]', async () => {
    const many = Array.from({ length: 100_000 }, () => ({}));
    let deep: unknown = 'x';
    for (let depth = 0; depth < 2_000; depth += 1) deep = [deep];

    for (const emails of [many, deep]) {
      expect((await attack('POST', '/Users', user('eve', { emails }))).status).toBe(400);
      expect((await attack('PUT', `/Users/${adaId}`, user('ada', { emails }))).status).toBe(400);
    }
    const title = 'x'.repeat(1_000_000);
    expect((await attack('POST', '/Users', user('eve', { title }))).status).toBe(400);
    const operations = Array.from({ length: 60_000 }, () => ({ op: 'add', path: 'members', value: [{ value: 'x' }] }));
    expect((await attack('PATCH', `/Groups/${crewId}`, patch(...operations))).status).toBe(400);
    const keys = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`k${n}`, 1]));
    expect((await attack('POST', '/Users', user('eve', keys))).status).toBe(400);
  });

  it('in queries are refused or ignored [LI2]', async () => {
    expect((await attack('GET', at('/Users', { attributes: 'a,'.repeat(4_000) }))).status).toBeLessThan(500);
    expect((await attack('GET', `/Users?${'x=1&'.repeat(2_000)}`)).status).toBe(200);
    expect((await attack('GET', at('/Users', { count: '9'.repeat(5_000) }))).status).toBe(200);
  });
});

describe('messages made to change more than they say', () => {
  it('never turn a value into a filter [GR6]', async () => {
    const value = [{ value: '9" or value pr or value eq "9' }];

    await attack('PATCH', `/Groups/${crewId}`, patch({ op: 'remove', path: 'members', value }));
    await attack(
      'PATCH',
      `/Groups/${crewId}`,
      patch({ op: 'remove', path: 'members[value eq "\\" or value pr or value eq \\""]' }),
    );

    expect(await state()).toEqual(before);
  });

  it('never lose members through the attributes of the answer [GR9]', async () => {
    const add = patch({ op: 'add', path: 'members', value: [{ value: adaId }] });

    for (const query of ['excludedAttributes=members', 'attributes=displayName', 'attributes=id']) {
      expect((await attackFreely('PATCH', `/Groups/${crewId}?${query}`, add)).status).toBeLessThan(300);
      expect((await bridge.scim('get', `/Groups/${crewId}`)).body).toMatchObject({ members: { length: 2 } });
    }
  });

  it('are 400 with what is no operation, and nothing is carried out [US11]', async () => {
    for (const operations of [
      [null],
      [7],
      ['x'],
      [[]],
      [{}],
      [{ op: 'add' }, null],
      [{ op: 7, path: 'active', value: false }],
    ]) {
      const body = { schemas: [SCHEMA], Operations: operations };
      expect((await attack('PATCH', `/Users/${adaId}`, body)).status).toBe(400);
      expect((await attack('PATCH', `/Groups/${crewId}`, body)).status).toBe(400);
    }
    for (const Operations of [null, {}, 'x', 7, [], undefined]) {
      expect((await attack('PATCH', `/Users/${adaId}`, { schemas: [SCHEMA], Operations })).status).toBe(400);
    }
    expect(await state()).toEqual(before);
  });
});

/** For messages that may rightly write. */
async function attackFreely(method: string, path: string, body: object): Promise<RawAnswer> {
  return connection.send(method, path, { body: JSON.stringify(body) });
}

describe('a connection', () => {
  it('outlives every kind of refusal, 501 above all [LI4]', async () => {
    for (const [method, path, body, status] of [
      ['GET', '/Schemas', undefined, 501],
      ['POST', '/Bulk', {}, 501],
      ['PATCH', `/Users/${adaId}`, patch({ op: 'replace', path: 'title', value: 'x' }), 501],
      ['PATCH', `/Groups/${crewId}`, patch({ op: 'replace', path: 'urn:x:1.0:y:z', value: 'x' }), undefined],
      ['GET', '/Users/nobody', undefined, 404],
      ['GET', '/Nope', undefined, 404],
      ['PUT', '/Users', {}, 405],
      ['POST', '/Users', '{', 400],
      ['POST', '/Users', user('ada'), 409],
      ['POST', '/Users', 'x'.repeat(9 * 1024 * 1024), 413],
    ] as const) {
      const reply = await attack(method, path, body);
      if (status !== undefined) expect(reply.status).toBe(status);
    }
    expect(connection.isOpen()).toBe(true);
  });
});
