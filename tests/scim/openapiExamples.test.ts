import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type supertest from 'supertest';
import { parse } from 'yaml';
import { startSandbox } from '../../src/sandbox/server.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { createTestClock, ENTRA_TOKEN, OKTA_TOKEN, startTestBridge, type TestBridge } from '../support/bridge.js';
import { errorsOf } from '../support/openapi.js';
import { filtered, GROUP_URN, idOf, patch, SEARCH_URN, user } from './exchanges.js';

interface Example {
  readonly summary: string;
  readonly description?: string;
  /** What the bridge answers, where that is not success: what it says it does not do. */
  readonly 'x-status'?: number;
  readonly value: unknown;
}
type Examples = Readonly<Record<string, Example>>;

const OPERATIONS = [
  'CreateUser',
  'ReplaceUser',
  'PatchUser',
  'CreateGroup',
  'ReplaceGroup',
  'PatchGroup',
  'Search',
] as const;
type Operation = (typeof OPERATIONS)[number];
interface Media {
  readonly schema: { readonly $ref: string };
  readonly examples?: Readonly<Record<string, { readonly $ref: string }>>;
}
interface Requests {
  readonly bodies: Readonly<Record<Operation, { readonly content: Readonly<Record<string, Media>> }>>;
}

const FOLDER = new URL('../../openapi/', import.meta.url);

function read(file: string): unknown {
  return parse(readFileSync(new URL(file, FOLDER), 'utf8'));
}

function readExamples(file: string): Examples {
  return read(file) as Examples;
}

const requests = read('requests.yaml') as Requests;
const CLIENT_FILES = readdirSync(new URL('examples/', FOLDER)).filter((name) => name !== 'responses.yaml');
const ajv = new Ajv2020({ strict: false, allErrors: true }).addSchema(requests, 'requests');

function validatorOf(operation: Operation): ValidateFunction {
  const { $ref } = requests.bodies[operation].content['application/scim+json']?.schema ?? { $ref: '' };
  const validate = ajv.getSchema(`requests${$ref}`);
  if (validate === undefined) throw new Error(`${operation} has no schema`);
  return validate;
}

interface Case extends Example {
  readonly operation: Operation;
  /** `client.what`, where `client` is one way in which an identity provider is set up. */
  readonly name: string;
}

const CASES = OPERATIONS.flatMap((operation) =>
  Object.entries(requests.bodies[operation].content['application/scim+json']?.examples ?? {}).map(
    ([name, { $ref }]) => {
      const [file = '', key = ''] = $ref.split('#/');
      const example = readExamples(file)[key];
      if (example === undefined) throw new Error(`There is no ${$ref}`);
      return { operation, name, ...example };
    },
  ),
) satisfies readonly Case[];

/** A request of an exchange in `tests/clients`, as far as it is looked at here. */
interface Step {
  readonly title: string;
  readonly method: string;
  readonly path: string;
  readonly request?: unknown;
  readonly status: number;
}

/** The ids that stand in the examples for the people and the group of the site. */
const IDS = {
  ada: '712020:4f8f3cf5-6d3b-4d33-8d5c-2f1f3a7d9c01',
  bob: '712020:9a1e7d52-0c8f-4b7e-a6d4-5b0c2e6f8d02',
  cy: '712020:c3d57e90-51b2-4e6a-9f08-7e1d4a2b6c03',
  group: '3f9c2a71-8e54-4c1b-b0a7-6d2e9f5c1a04',
} as const;
type Name = 'ada' | 'bob' | 'cy';

/** Makes a person as the client itself does, where an example shows how. */
async function create(bridge: TestBridge, client: string, person: Name): Promise<string> {
  const own = CASES.filter(({ operation, name }) => operation === 'CreateUser' && name.startsWith(`${client}.`));
  const body =
    own.find((one) => targetOf(one) === person)?.value ?? user(person, { displayName: person, active: true });
  return idOf(await bridge.scim('post', '/Users', body));
}

/** Whom a message about a user is about: the person it names, else Ada. */
function targetOf({ value }: Example): Name {
  const text = JSON.stringify(value);
  return (['bob', 'cy'] as const).find((name) => text.includes(`"${name}"`) || text.includes(`"${name}@`)) ?? 'ada';
}

const DEACTIVATE = patch({ op: 'replace', path: 'active', value: false });

async function send(example: Case): Promise<supertest.Response> {
  const bridge = await startTestBridge({ settings: { DEFAULT_EMAIL_DOMAIN: 'example.com' } });
  const { operation, name, value } = example;
  const [client = '', what] = name.split('.');
  if (operation === 'CreateUser') return bridge.scim('post', '/Users', value);
  if (operation === 'Search') return bridge.scim('post', '/.search', value);
  if (operation !== 'ReplaceUser' && operation !== 'PatchUser') return sendAboutGroup(example, client, bridge);
  const target = targetOf(example);
  const id = await create(bridge, client, target);
  if (what === 'reactivate') await bridge.scim('patch', `/Users/${id}`, DEACTIVATE);
  return bridge.scim(operation === 'PatchUser' ? 'patch' : 'put', `/Users/${id}`, filledIn(value, { [target]: id }));
}

/** The group has Ada and Bob as members when it is there already; Cy is to be added. */
async function sendAboutGroup(
  { operation, value }: Case,
  client: string,
  bridge: TestBridge,
): Promise<supertest.Response> {
  const ada = await create(bridge, client, 'ada');
  const bob = await create(bridge, client, 'bob');
  const people = { ada, bob, cy: await create(bridge, client, 'cy') };
  if (operation === 'CreateGroup') return bridge.scim('post', '/Groups', filledIn(value, people));
  const crew = { schemas: [GROUP_URN], displayName: 'Engineering', members: [{ value: ada }, { value: bob }] };
  const group = idOf(await bridge.scim('post', '/Groups', crew));
  const method = operation === 'PatchGroup' ? 'patch' : 'put';
  return bridge.scim(method, `/Groups/${group}`, filledIn(value, { ...people, group }));
}

/** The message with the true ids in place of those that stand in the examples. */
function filledIn(value: unknown, ids: Readonly<Partial<Record<keyof typeof IDS, string>>>): string {
  return Object.entries(ids).reduce(
    (text, [name, id]) => text.replaceAll(IDS[name as keyof typeof IDS], id),
    JSON.stringify(value),
  );
}

const STATUSES: Readonly<Record<Operation, number>> = {
  CreateUser: 201,
  ReplaceUser: 200,
  PatchUser: 200,
  CreateGroup: 201,
  ReplaceGroup: 200,
  PatchGroup: 204,
  Search: 200,
};

describe('an example of a request', () => {
  it.each(CASES.map((one) => [`${one.operation}: ${one.name}`, one] as const))(
    '%s is as its schema has it, and the bridge takes it or says what it does not do [US11] [LI5]',
    async (_title, example) => {
      const validate = validatorOf(example.operation);
      expect({ valid: validate(example.value), errors: errorsOf(validate) }).toEqual({ valid: true, errors: '' });

      const { status, text } = await send(example);
      const expected = example['x-status'] ?? STATUSES[example.operation];
      expect({ status, text }).toEqual({ status: expected, text });
    },
  );

  it('names where its client was seen to send it, and none is left out of the document', () => {
    const written = CLIENT_FILES.flatMap((file) => Object.entries(readExamples(`examples/${file}`)));

    expect(written.map(([name]) => name).sort()).toEqual(CASES.map(({ name }) => name).sort());
    expect(written.filter(([, { summary, description = '' }]) => summary === '' || description === '')).toEqual([]);
  });
});

describe('what a client sends and is not refused as malformed', () => {
  const folder = new URL('../clients/exchanges/', import.meta.url);
  const methods: Readonly<Record<string, string>> = { POST: 'Create', PUT: 'Replace', PATCH: 'Patch' };

  it.each(readdirSync(folder))('is as the request schemas have it, throughout %s', (file) => {
    const text = readFileSync(new URL(file, folder), 'utf8').replace(/\{(\w+)\}/g, '$1');
    const { steps } = JSON.parse(text) as { readonly steps: readonly Step[] };

    const refused = steps.flatMap(({ title, method, path, request, status }) => {
      if (request === undefined || status === 400) return [];
      const type = path.startsWith('/Users') ? 'User' : 'Group';
      const operation = path.includes('.search') ? 'Search' : `${methods[method] ?? ''}${type}`;
      const validate = validatorOf(operation as Operation);
      return validate(request) ? [] : [`${title}: ${errorsOf(validate)}`];
    });
    expect(refused).toEqual([]);
  });
});

describe('what a request schema refuses', () => {
  const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User';
  const ada = { schemas: [userUrn], userName: 'ada@example.com' };
  const search = { schemas: [SEARCH_URN] };
  const active = (operation: object) => patch({ op: 'replace', path: 'active', ...operation });

  it.each<[Operation, string, unknown]>([
    ['CreateUser', 'a list', []],
    ['CreateUser', 'no userName', { schemas: [userUrn] }],
    ['CreateUser', 'a blank userName', { ...ada, userName: ' ' }],
    ['CreateUser', 'a userName of two lines', { ...ada, userName: 'ada\n@example.com' }],
    ['CreateUser', 'a userName that is a number', { ...ada, userName: 7 }],
    ['CreateUser', 'active that is neither', { ...ada, active: 'maybe' }],
    ['CreateUser', 'an externalId that is true', { ...ada, externalId: true }],
    ['CreateUser', 'a name that is a text', { ...ada, name: 'Ada' }],
    ['CreateUser', 'a title that is a set', { ...ada, title: { a: 1 } }],
    ['CreateUser', 'emails that are true', { ...ada, emails: true }],
    ['ReplaceUser', 'no userName', { schemas: [userUrn], active: true }],
    ['PatchUser', 'no schema', { Operations: [{ op: 'replace', path: 'active', value: false }] }],
    ['PatchUser', 'no operation', patch()],
    ['PatchUser', 'an unknown operation', patch({ op: 'move', path: 'title', value: 'x' })],
    ['PatchUser', 'a removal without path', patch({ op: 'remove' })],
    ['PatchUser', 'neither path nor value', patch({ op: 'replace' })],
    ['PatchUser', 'active without value', active({})],
    ['PatchUser', 'active that is neither', active({ value: 'maybe' })],
    ['PatchUser', 'active taken away', active({ op: 'remove' })],
    ['PatchUser', 'active that is neither, without path', patch({ op: 'replace', value: { active: 2 } })],
    ['CreateGroup', 'no displayName', { schemas: [GROUP_URN] }],
    ['CreateGroup', 'a displayName of 256 letters', { displayName: 'x'.repeat(256) }],
    ['CreateGroup', 'a group inside', { displayName: 'x', members: [{ value: 'g', type: 'Group' }] }],
    ['CreateGroup', 'a member without value', { displayName: 'x', members: [{ display: 'Ada' }] }],
    ['ReplaceGroup', 'an id of no form', { displayName: 'x', members: [{ value: 'a b' }] }],
    ['PatchGroup', 'another schema', { schemas: [GROUP_URN], Operations: [{ op: 'remove', path: 'members' }] }],
    ['PatchGroup', 'a removal without path', patch({ op: 'Remove', path: '' })],
    ['Search', 'no schema', {}],
    ['Search', 'half an index', { ...search, startIndex: 1.5 }],
    ['Search', 'a filter that is a number', { ...search, filter: 7 }],
  ])('%s: %s, is 400 [US11] [GR4]', async (operation, name, value) => {
    expect(validatorOf(operation)(value)).toBe(false);

    const { status } = await send({ operation, name, value, summary: name });
    expect(status).toBe(400);
  });
});

describe('an example of an answer', () => {
  const examples = readExamples('examples/responses.yaml');
  /** Without what is another each time. */
  const regular = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value)
        .replace(/(712020:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
        .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'),
    );

  it('is what the bridge answers', async () => {
    const reader = 'report-secret-0123456789abcdef';
    const settings = {
      REQUEST_BUDGET_SECONDS: '1',
      ACCESS_LOSS_LIMIT: '0',
      SEAT_LIMIT: '3',
      SCIM_TOKENS: `okta:${OKTA_TOKEN},entra:${ENTRA_TOKEN},report:${reader}:ro`,
    };
    const bridge = await startTestBridge({ settings });
    const ada = {
      externalId: '00ujl29u0le5T6Aj10h7',
      name: { givenName: 'Ada', familyName: 'Lovelace' },
      active: true,
    };
    const created = await bridge.scim('post', '/Users', user('ada', ada));
    const person = `/Users/${idOf(created)}`;
    const eve = idOf(await bridge.scim('post', '/Users', user('eve')));
    const title = patch({ op: 'replace', path: 'title', value: 'Countess' });
    const clear = patch({ op: 'replace', path: 'members', value: [] });
    const { groups, admin, faults } = bridge.sandbox;
    const crew = { schemas: [GROUP_URN], displayName: 'Engineering', members: [{ value: idOf(created) }] };
    const createdGroup = await bridge.scim('post', '/Groups', crew);
    const leave = patch({ op: 'remove', path: 'members', value: crew.members });
    const answers: Record<string, supertest.Response> = {
      created,
      createdGroup,
      emptyList: await bridge.scim('get', filtered('/Users', 'userName eq "nobody@example.com"')),
      taken: await bridge.scim('post', '/Users', user('ada')),
      noSeat: await bridge.scim('post', '/Users', user('grace')),
      groupTaken: await bridge.scim('post', '/Groups', { ...crew, displayName: 'site-admins' }),
      profilePatch: await bridge.scim('patch', person, title),
      schemas: await bridge.scim('get', '/Schemas'),
      protectedPerson: await bridge.scim('delete', `/Users/${admin.accountId}`),
      foreignGroup: await bridge.scim('patch', `/Groups/${groups.synced.id}`, clear),
      anothersUser: await bridge.scim('delete', person, undefined, ENTRA_TOKEN),
      anothersMember: await bridge.scim('patch', `/Groups/${idOf(createdGroup)}`, leave, ENTRA_TOKEN),
      readOnlyCaller: await bridge.scim('delete', person, undefined, reader),
    };
    bridge.sandbox.closeAccount(eve);
    const activate = patch({ op: 'replace', path: 'active', value: true });
    answers['closedAccount'] = await bridge.scim('patch', `/Users/${eve}`, activate);
    answers['braked'] = await bridge.scim('patch', person, patch({ op: 'replace', path: 'active', value: false }));
    const mismatch = { code: 401, message: 'Unauthorized; scope does not match' };
    faults.next({ status: 401, body: mismatch, path: /memberof/ });
    answers['missingScope'] = await bridge.scim('get', person);
    answers['plannedGroup'] = await joinPlannedGroup();
    faults.always({ kind: 'reset', path: /\/wiki\// });
    answers['noAnswer'] = await bridge.scim('get', person);

    const shown = Object.entries(examples).map(([name, { value }]) => [name, regular(value)]);
    expect(
      Object.entries(answers)
        .map(([name, { body }]) => [name, regular(body)])
        .sort(),
    ).toEqual(shown.sort());
  });
});

/** A bridge observed, is live now, and nobody carried its plan out. */
async function joinPlannedGroup(): Promise<supertest.Response> {
  const clock = createTestClock();
  const site = await startSandbox({ now: () => clock.now() });
  const store = await openSqliteStore({ url: ':memory:', clock });
  try {
    const on = { site, store, clock };
    const observing = await startTestBridge({ ...on, settings: { MODE: 'observe' } });
    const group = await observing.scim('post', '/Groups', { schemas: [GROUP_URN], displayName: 'Engineering' });
    await observing.close();
    const { accountId } = site.addPerson({ email: 'grace@example.com', access: true });
    const live = await startTestBridge(on);
    const join = patch({ op: 'add', path: 'members', value: [{ value: accountId }] });
    const reply = await live.scim('patch', `/Groups/${idOf(group)}`, join);
    await live.close();
    return reply;
  } finally {
    await store.close();
    await site.close();
  }
}
