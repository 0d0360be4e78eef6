import { beforeEach, describe, expect, it } from '@jest/globals';
import { startTestBridge, type TestBridge } from '../support/bridge.js';
import { idOf, patch, user, USER_URN } from './exchanges.js';

let bridge: TestBridge;
let ada: string;

beforeEach(async () => {
  bridge = await startTestBridge();
  ada = idOf(await bridge.scim('post', '/Users', user('ada')));
});

function keys(count: number): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, index]));
}

const OFF = { op: 'replace', path: 'active', value: 'False' };
const LONG = 'x'.repeat(200_000);
const MANY = Array.from({ length: 300 }, () => ({ value: 'x' }));

/** Each larger than a whole message of a User may be, or than one object in it. */
const PUTS: readonly (readonly [string, (active: boolean) => object])[] = [
  ['a long text in front', (active) => ({ title: LONG, active })],
  ['several long texts', (active) => ({ title: LONG, nickName: LONG, active, locale: LONG })],
  ['too many attributes', (active) => ({ ...keys(250), active })],
  ['too many attributes beside the core schema as one', (active) => ({ ...keys(250), [USER_URN]: { active } })],
  ['too many attributes inside the core schema', (active) => ({ [USER_URN]: { ...keys(250), active } })],
  ['a key that cannot be kept', (active) => ({ [LONG]: 1, [`${USER_URN}:active`]: active })],
  ['more values than a message may hold', (active) => ({ ...lists(), active: [{ value: active }] })],
];

function lists(): object {
  return Object.fromEntries(Array.from({ length: 190 }, (_, index) => [`list${index}`, MANY.slice(0, 100)]));
}

const PATCHES: readonly (readonly [string, (active: boolean) => object])[] = [
  ['a long text in front', (value) => patch({ op: 'replace', path: 'title', value: LONG }, { ...OFF, value })],
  ['a long path in front', (value) => patch({ op: 'add', path: LONG, value: 1 }, { ...OFF, value })],
  ['a long text in the same value', (active) => patch({ op: 'replace', value: { title: LONG, active } })],
  ['too many attributes in the same value', (active) => patch({ op: 'Replace', value: { ...keys(250), active } })],
  [
    'too many attributes in the core schema',
    (active) => patch({ op: 'replace', path: USER_URN, value: { ...keys(250), active } }),
  ],
  [
    'too many attributes beside the core schema',
    (active) => patch({ op: 'replace', value: { ...keys(250), [USER_URN]: { active } } }),
  ],
  [
    'too many operations',
    (value) =>
      patch(...Array.from({ length: 1200 }, () => ({ op: 'add', path: 'title', value: 'x' })), { ...OFF, value }),
  ],
];

describe.each([
  ['PUT', PUTS.map(([name, body]) => [name, (active: boolean) => ({ ...user('ada'), ...body(active) })] as const)],
  ['PATCH', PATCHES],
] as const)('a %s of a leaver that is too large', (method, cases) => {
  const send = (body: object) => bridge.scim(method === 'PUT' ? 'put' : 'patch', `/Users/${ada}`, body);

  it.each(cases)('is carried out with %s, and the rest is dropped [US12]', async (_name, body) => {
    const reply = await send(body(false));

    expect(reply.status).toBe(200);
    expect(bridge.sandbox.membersOf(bridge.sandbox.groups.access.id)).not.toContain(ada);
    expect(reply.body).toMatchObject({ id: ada, userName: 'ada@example.com', active: false });
    expect(JSON.stringify(reply.body)).not.toContain(LONG);
  });

  it.each(cases)('is 400 with %s when it takes no access, and changes nothing [US12] [US11]', async (_name, body) => {
    const before = (await bridge.scim('get', `/Users/${ada}`)).body as unknown;

    expect((await send(body(true))).body).toMatchObject({ status: '400' });

    expect((await bridge.scim('get', `/Users/${ada}`)).body).toEqual(before);
  });
});
