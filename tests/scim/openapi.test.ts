import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import type supertest from 'supertest';
import { parse } from 'yaml';
import { OKTA_TOKEN, startTestBridge, type TestBridge } from '../support/bridge.js';
import { at, filtered, GROUP_URN, idOf, patch, SEARCH_URN, user, USER_URN } from './exchanges.js';

interface ResponseObject {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, object>>;
  readonly headers?: Readonly<Record<string, object>>;
}
interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses?: Record<string, ResponseObject> }>>>
  >;
  readonly components: { readonly responses: Readonly<Record<string, ResponseObject>> };
}

const FILE = new URL('../../openapi/scim-bridge.yaml', import.meta.url);
/** The module is CommonJS; its types do not say that the function is its default. */
const addFormats = addFormatsModule as unknown as (ajv: Ajv2020) => void;

let document: Document;
let ajv: Ajv2020;

beforeAll(async () => {
  document = parse(await readFile(FILE, 'utf8')) as Document;
  ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema(document, 'api');
});

/** What is wrong with an answer by the document; empty when it is as documented. */
function problemsOf(path: string, method: string, reply: supertest.Response): readonly string[] {
  const pointer = ['paths', path, method, 'responses', String(reply.status)];
  const documented = document.paths[path]?.[method]?.responses?.[String(reply.status)];
  if (documented === undefined) return [`${reply.status} is not documented: ${JSON.stringify(reply.body)}`];
  const [place, response] = resolve(pointer, documented);
  const [type] = Object.keys(response.content ?? {});
  const sent = (reply.headers['content-type'] ?? '').split(';')[0];
  const missing = Object.keys(response.headers ?? {}).filter((name) => !(name.toLowerCase() in reply.headers));
  const problems = missing.map((name) => `the header ${name} is missing`);
  if (type === undefined) return sent === '' ? problems : [...problems, `there should be no body, but it is ${sent}`];
  if (sent !== type) return [...problems, `the body is ${sent}, not ${type}`];
  const validate = ajv.getSchema(`api#/${[...place, 'content', type, 'schema'].map(escaped).join('/')}`);
  if (validate === undefined) throw new Error(`No schema for ${method} ${path} ${reply.status}`);
  if (validate(type === 'text/plain' ? reply.text : reply.body) === true) return problems;
  return [...problems, ajv.errorsText(validate.errors)];
}

function resolve(pointer: readonly string[], response: ResponseObject): [readonly string[], ResponseObject] {
  if (response.$ref === undefined) return [pointer, response];
  const name = response.$ref.split('/').at(-1) ?? '';
  const target = document.components.responses[name];
  if (target === undefined) throw new Error(`The document has no response ${name}`);
  return [['components', 'responses', name], target];
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** Sends and checks, and keeps which statuses of which operation were seen. */
class Run {
  readonly #bridge: TestBridge;
  readonly seen: Set<string>;

  constructor(bridge: TestBridge, seen: Set<string>) {
    this.#bridge = bridge;
    this.seen = seen;
  }

  async send(path: string, method: Method, url: string, body?: unknown, headers: Record<string, string> = {}) {
    let request = this.#bridge.scim(method, url, body, headers['Authorization'] ?? OKTA_TOKEN);
    for (const [name, value] of Object.entries(headers))
      if (name !== 'Authorization') request = request.set(name, value);
    const reply = await request;
    expect({ request: `${method} ${url}`, problems: problemsOf(path, method, reply) }).toEqual({
      request: `${method} ${url}`,
      problems: [],
    });
    this.seen.add(`${method} ${path} ${reply.status}`);
    return reply;
  }
}

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

async function play(bridge: TestBridge, run: Run): Promise<void> {
  const { sandbox } = bridge;
  const ada = user('ada', {
    externalId: '1',
    active: true,
    name: { givenName: 'Ada' },
    [ENTERPRISE]: { department: 'x' },
  });
  const id = idOf(await run.send('/Users', 'post', '/Users', ada));
  const otherId = idOf(await run.send('/Users', 'post', '/Users', user('bob')));
  const members = [{ value: id }, { value: otherId }];
  const crew = { schemas: [GROUP_URN], displayName: 'crew', externalId: 'g', members };
  const groupId = idOf(await run.send('/Groups', 'post', '/Groups', crew));
  const person = `/Users/${id}`;
  const group = `/Groups/${groupId}`;

  for (const query of ['', '?count=0', '?startIndex=900', '?attributes=userName', '?excludedAttributes=groups,meta']) {
    await run.send('/Users', 'get', `/Users${query}`);
    await run.send('/Users/{id}', 'get', `${person}${query}`);
    await run.send('/Groups', 'get', `/Groups${query}`);
    await run.send('/Groups/{id}', 'get', `${group}${query}`);
  }
  await run.send('/Users', 'get', filtered('/Users', 'userName eq "ada@example.com"'));
  await run.send('/Users/{id}', 'get', `/Users/${sandbox.admin.accountId}`);
  const query = { schemas: [SEARCH_URN] };
  await run.send('/Users/.search', 'post', '/Users/.search', query);
  await run.send('/Groups/.search', 'post', '/Groups/.search', query);
  await run.send('/.search', 'post', '/.search', query);
  await run.send('/ServiceProviderConfig', 'get', '/ServiceProviderConfig');
  await run.send('/ResourceTypes', 'get', '/ResourceTypes');
  await run.send('/ResourceTypes/{id}', 'get', '/ResourceTypes/User');
  await run.send('/ResourceTypes/{id}', 'get', '/ResourceTypes/Nothing');
  await run.send('/Schemas', 'get', '/Schemas');
  await run.send('/Schemas/{id}', 'get', '/Schemas/x');
  await run.send('/Bulk', 'post', '/Bulk', {});
  await run.send('/Me', 'get', '/Me');

  await run.send('/Users/{id}', 'put', person, { ...ada, title: 'Countess' });
  await run.send('/Users/{id}', 'patch', person, patch({ op: 'replace', value: { active: false } }));
  await run.send('/Users/{id}', 'patch', person, patch({ op: 'replace', path: 'title', value: 'x' }));
  await run.send('/Groups/{id}', 'put', group, crew);
  await run.send('/Groups/{id}', 'patch', group, patch({ op: 'remove', path: `members[value eq "${otherId}"]` }));
  await run.send(
    '/Groups/{id}',
    'patch',
    at(group, { attributes: 'members' }),
    patch({ op: 'add', path: 'members', value: members }),
  );

  await playRefusals(bridge, run, person, group);
  await run.send('/Users/{id}', 'delete', person);
  await run.send('/Groups/{id}', 'delete', group);
}

/** Every refusal that each operation is documented to answer. */
async function playRefusals(bridge: TestBridge, run: Run, person: string, group: string): Promise<void> {
  const operations: readonly (readonly [string, Method, string, unknown?])[] = [
    ['/Users', 'get', '/Users'],
    ['/Users', 'post', '/Users', user('new')],
    ['/Users/{id}', 'get', person],
    ['/Users/{id}', 'put', person, user('ada', { active: true })],
    ['/Users/{id}', 'patch', person, patch({ op: 'replace', path: 'active', value: true })],
    ['/Users/{id}', 'delete', person],
    ['/Users/.search', 'post', '/Users/.search', { schemas: [SEARCH_URN] }],
    ['/Groups', 'get', '/Groups'],
    ['/Groups', 'post', '/Groups', { schemas: [GROUP_URN], displayName: 'new' }],
    ['/Groups/{id}', 'get', group],
    ['/Groups/{id}', 'put', group, { schemas: [GROUP_URN], displayName: 'crew' }],
    ['/Groups/{id}', 'patch', group, patch({ op: 'replace', path: 'members', value: [] })],
    ['/Groups/{id}', 'delete', group],
    ['/Groups/.search', 'post', '/Groups/.search', { schemas: [SEARCH_URN] }],
    ['/.search', 'post', '/.search', { schemas: [SEARCH_URN] }],
    ['/ServiceProviderConfig', 'get', '/ServiceProviderConfig'],
    ['/ResourceTypes', 'get', '/ResourceTypes'],
    ['/ResourceTypes/{id}', 'get', '/ResourceTypes/User'],
    ['/Schemas', 'get', '/Schemas'],
    ['/Schemas/{id}', 'get', '/Schemas/x'],
    ['/Bulk', 'post', '/Bulk', {}],
    ['/Me', 'get', '/Me'],
  ];
  for (const [path, method, url, body] of operations) {
    await run.send(path, method, url, body, { Authorization: 'wrong' });
    if (path === '/Bulk' || path === '/Me' || !/Users|Groups|search/.test(path)) continue;
    const isForOne = path.endsWith('{id}');
    if (isForOne) await run.send(path, method, `/${path.split('/')[1] ?? ''}/nobody`, body);
    if (isForOne && method !== 'get') await run.send(path, method, url, body, { 'If-Match': '"1"' });
    if (body !== undefined) {
      await run.send(path, method, url, '{');
      await run.send(path, method, url, 'x', { 'Content-Type': 'text/plain' });
      await run.send(path, method, url, 'x'.repeat(8 * 1024 * 1024 + 1));
    } else if (method === 'get') {
      await run.send(path, method, `${url}?attributes=a&attributes=b`);
    }
    // A change of a group would wait for the end of a pause, and hold the group meanwhile.
    const isChangeOfGroup = body !== undefined && /^\/Groups(\/\{id\})?$/.test(path);
    for (const status of isChangeOfGroup ? [403] : [403, 429, 503]) {
      bridge.sandbox.faults.always({ status, retryAfter: 20, path: /\/(wiki|admin|rest)\// });
      await run.send(path, method, url, body);
      bridge.sandbox.faults.clear();
      bridge.clock.advance(30_000);
    }
    if (!isChangeOfGroup) continue;
    bridge.sandbox.faults.always({ kind: 'reset', path: /\/(wiki|admin|rest)\// });
    await run.send(path, method, url, body);
    bridge.sandbox.faults.clear();
  }
  const admin = bridge.sandbox.admin.accountId;
  const foreign = `/Groups/${bridge.sandbox.groups.synced.id}`;
  await run.send('/Users', 'post', '/Users', user('admin'));
  await run.send('/Users', 'post', '/Users', user('ada'));
  await run.send('/Users/{id}', 'put', person, user('bob'));
  await run.send('/Users/{id}', 'delete', `/Users/${admin}`);
  await run.send('/Users/{id}', 'patch', `/Users/${admin}`, patch({ op: 'replace', path: 'active', value: false }));
  await run.send('/Users/{id}', 'put', `/Users/${admin}`, { schemas: [USER_URN], userName: 'x', active: false });
  await run.send('/Groups', 'post', '/Groups', { schemas: [GROUP_URN], displayName: 'crew' });
  await run.send('/Groups', 'post', '/Groups', { schemas: [GROUP_URN], displayName: 'c', members: [{ value: 'x' }] });
  await run.send('/Groups/{id}', 'delete', foreign);
  await run.send('/Groups/{id}', 'put', foreign, { schemas: [GROUP_URN], displayName: 'synced-from-hr' });
  await run.send('/Groups/{id}', 'patch', foreign, patch({ op: 'replace', path: 'members', value: [] }));
  await run.send('/Groups/{id}', 'patch', group, patch({ op: 'replace', path: 'displayName', value: 'site-admins' }));
  await run.send('/Groups/{id}', 'put', group, { schemas: [GROUP_URN], displayName: 'site-admins' });
  await run.send('/Groups/{id}', 'patch', group, patch({ op: 'replace', path: 'description', value: 'x' }));
}

/** What the operator's settings make 501, and a group that cannot be left. */
async function playStrictly(bridge: TestBridge, run: Run): Promise<void> {
  const person = `/Users/${idOf(await run.send('/Users', 'post', '/Users', user('ada')))}`;
  const crew = { schemas: [GROUP_URN], displayName: 'crew' };
  const group = `/Groups/${idOf(await run.send('/Groups', 'post', '/Groups', crew))}`;
  await run.send('/Users/{id}', 'put', person, user('ada', { title: 'Dr' }));
  await run.send('/Groups/{id}', 'put', group, { ...crew, displayName: 'team' });
  await run.send('/Groups/{id}', 'patch', group, patch({ op: 'replace', path: 'displayName', value: 'team' }));
  bridge.sandbox.faults.always({ status: 403, method: 'DELETE', path: /userByGroupId/ });
  await run.send('/Users/{id}', 'patch', person, patch({ op: 'replace', path: 'active', value: false }));
  await run.send('/Users/{id}', 'delete', person);
}

function documentedAnswers(): readonly string[] {
  return Object.entries(document.paths)
    .filter(([path]) => !['/healthz', '/readyz', '/metrics'].includes(path))
    .flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, { responses }]) =>
        Object.keys(responses ?? {}).map((status) => `${method} ${path} ${status}`),
      ),
    );
}

/** Documented answers that only a race or a long pause brings about; elsewhere tests of their own show them. */
const HARD_TO_REACH: readonly string[] = [
  'post /Groups 403',
  'post /Groups 429',
  'put /Groups/{id} 429',
  'patch /Groups/{id} 429',
];

describe('openapi/scim-bridge.yaml', () => {
  it('describes every answer of a run through all routes, and no status is left undocumented [LI4] [LI5]', async () => {
    const bridge = await startTestBridge({ settings: { REQUEST_BUDGET_SECONDS: '1', INDEX_MAX_AGE_SECONDS: '3600' } });
    const seen = new Set<string>();
    await play(bridge, new Run(bridge, seen));
    const strict = await startTestBridge({ settings: { PROFILE_UPDATES: 'reject', GROUP_RENAMES: 'reject' } });
    await playStrictly(strict, new Run(strict, seen));

    expect(documentedAnswers().filter((answer) => !seen.has(answer))).toEqual(HARD_TO_REACH);
  }, 60_000);

  it('describes the pages beside SCIM', async () => {
    const bridge = await startTestBridge();

    for (const path of ['/healthz', '/readyz', '/metrics']) {
      const response = await fetch(`${bridge.url}${path}`, { headers: { Authorization: `Bearer ${OKTA_TOKEN}` } });
      const text = await response.text();
      const headers = Object.fromEntries(response.headers);
      const isJson = headers['content-type']?.startsWith('application/json') === true;
      const reply = { status: response.status, headers, text, body: isJson ? (JSON.parse(text) as unknown) : text };
      expect(problemsOf(path, 'get', reply as unknown as supertest.Response)).toEqual([]);
    }
  });
});
