import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createDirectory } from '../../src/atlassian/backends.js';
import type { Connection } from '../../src/atlassian/connection.js';
import { createProbes, type Probes } from '../../src/atlassian/probes.js';
import type { Call } from '../../src/provisioning/call.js';
import type { BackEnd, Directory } from '../../src/provisioning/directory.js';
import type { FailureKind } from '../../src/provisioning/failure.js';
import {
  callOf,
  connectTo,
  failureOf,
  SECRETS,
  startUpstream,
  testClock,
  type Reply,
  type Upstream,
} from './upstream.js';

/** One operation as the rest of the bridge calls it. */
interface Subject {
  readonly name: string;
  readonly run: (call: Call) => Promise<unknown>;
  /** The documented status of success. */
  readonly status: number;
  /** Whether success must carry a body. */
  readonly hasBody: boolean;
  /** What a 404 of the API means; `misconfigured` where it is how Atlassian refuses the caller. */
  readonly notFound: FailureKind;
  /** What a success that cannot be read means; `unavailable` where a person may have been made. */
  readonly unreadable?: FailureKind;
  readonly invalid?: FailureKind;
}

let upstream: Upstream;
let connection: Connection;
let clock = testClock();

const directory = (backEnd: BackEnd): Directory => createDirectory(connection, backEnd);
const site = (): Directory => directory('invite');
const probes = (): Probes => createProbes(connection);
const { email } = SECRETS;

async function drain(pages: AsyncIterable<unknown>): Promise<unknown[]> {
  const read: unknown[] = [];
  for await (const page of pages) read.push(page);
  return read;
}

const READ = { status: 200, hasBody: true, notFound: 'notFound' } as const;
const GONE = { status: 204, hasBody: false, notFound: 'notFound' } as const;
const ASKED = { status: 200, hasBody: true, notFound: 'misconfigured' } as const;

const SUBJECTS: readonly Subject[] = [
  { ...ASKED, name: 'listGrantingGroups', run: (call) => site().listGrantingGroups('user', call) },
  { ...ASKED, name: 'listGroups', run: (call) => drain(site().listGroups(call)) },
  { ...READ, name: 'getGroup', run: (call) => site().getGroup('g1', call), invalid: 'notFound' },
  { ...ASKED, name: 'findGroupByName', run: (call) => site().findGroupByName('engineering', call) },
  {
    name: 'listMembers',
    run: (call) => site().listMembers('g1', { start: 0, limit: 200, withTotal: true }, call),
    ...ASKED,
  },
  { ...ASKED, name: 'listAllMembers', run: (call) => site().listAllMembers('g1', call) },
  { ...READ, name: 'listMemberships', run: (call) => site().listMemberships('a1', call) },
  { ...ASKED, name: 'createGroup', run: (call) => site().createGroup('engineering', call), status: 201 },
  { ...GONE, name: 'deleteGroup', run: (call) => site().deleteGroup('g1', call), invalid: 'notFound' },
  { ...GONE, name: 'addMember', run: (call) => site().addMember('g1', 'a1', call), status: 201 },
  { ...GONE, name: 'removeMember', run: (call) => site().removeMember('g1', 'a1', call) },
  { ...ASKED, name: 'listAccounts', run: (call) => site().listAccounts(['a1'], call) },
  { ...ASKED, name: 'hasAccess', run: (call) => site().hasAccess(email, call) },
  { ...ASKED, name: 'inviteByEmail', run: (call) => site().inviteByEmail(email, call), hasBody: false },
  { ...ASKED, name: 'jira findByEmail', run: (call) => directory('jira').findByEmail(email, call) },
  {
    ...ASKED,
    name: 'jira createAccount',
    run: (call) => directory('jira').createAccount(email, 'g1', call),
    status: 201,
    unreadable: 'unavailable',
    invalid: 'refused',
  },
  { ...ASKED, name: 'organization findByEmail', run: (call) => directory('organization').findByEmail(email, call) },
  {
    ...ASKED,
    name: 'organization createAccount',
    run: (call) => directory('organization').createAccount(email, 'g1', call),
    unreadable: 'unavailable',
  },
  { ...GONE, name: 'suspend', run: (call) => directory('organization').suspend('a1', call) },
  { ...GONE, name: 'restore', run: (call) => directory('organization').restore('a1', call) },
  { ...READ, name: 'currentUser', run: (call) => probes().currentUser(call) },
  { ...READ, name: 'tenantInfo', run: (call) => probes().tenantInfo(call) },
  { ...ASKED, name: 'organization probe', run: (call) => probes().organization(call) },
  { ...ASKED, name: 'jiraShowsAddresses', run: (call) => probes().jiraShowsAddresses(call) },
];

const HTML = '<!DOCTYPE html><html><body>body-that-nobody-may-see</body></html>';
const html = (status: number): Reply => ({
  status,
  headers: { 'Content-Type': 'text/html;charset=UTF-8' },
  body: HTML,
});
const refusal = (status: number, headers: Record<string, string> = {}): Reply => ({
  status,
  headers,
  body: {
    statusCode: status,
    message: SECRETS.body,
    email,
    errorMessages: [SECRETS.body],
    errors: [{ detail: email }],
  },
});

type Bad = readonly [name: string, reply: (subject: Subject) => Reply, kind: (subject: Subject) => FailureKind];

const BAD_ANSWERS: readonly Bad[] = [
  ['500', () => refusal(500), () => 'unavailable'],
  ['502 as a page', () => html(502), () => 'unavailable'],
  ['503 without a body', () => ({ status: 503 }), () => 'unavailable'],
  ['success as a page', ({ status }) => html(status === 204 ? 200 : status), () => 'unavailable'],
  ['a page without a type', () => ({ status: 200, body: HTML }), () => 'unavailable'],
  ['404 as a page', () => html(404), () => 'unavailable'],
  ['400 as a page', () => html(400), () => 'unavailable'],
  ['404 as text', () => ({ status: 404, headers: { 'Content-Type': 'text/plain' }, body: 'no' }), () => 'unavailable'],
  ['no answer within the budget', () => 'hang', () => 'unavailable'],
  ['a dropped connection', () => 'reset', () => 'unavailable'],
  ['401', () => refusal(401), () => 'misconfigured'],
  ['403', () => refusal(403), () => 'misconfigured'],
  ['403 as a page', () => html(403), () => 'misconfigured'],
  ['a redirect to the log-in', () => ({ status: 302, headers: { Location: '/login' } }), () => 'misconfigured'],
  [
    'an empty list for somebody who is not logged in',
    () => ({ body: [], headers: { 'X-Seraph-LoginReason': 'AUTHENTICATED_FAILED' } }),
    () => 'misconfigured',
  ],
  ['400', () => refusal(400), ({ invalid = 'invalid' }) => invalid],
  ['404', () => refusal(404), ({ notFound }) => notFound],
  ['404 without a body', () => ({ status: 404 }), ({ notFound }) => notFound],
  ['410', () => refusal(410), () => 'unexpected'],
  ['429 with Retry-After', () => refusal(429, { 'Retry-After': '3600' }), () => 'rateLimited'],
  ['429 without Retry-After', () => refusal(429), () => 'rateLimited'],
  ['a 2xx that is not documented', () => ({ status: 202, body: {} }), ({ unreadable = 'unexpected' }) => unreadable],
];

const BAD_BODIES: readonly (readonly [string, Reply])[] = [
  ['no body', {}],
  ['an object of another shape', { body: { unexpected: SECRETS.body } }],
  ['null where there must be a list', { body: { results: null, data: null, emailsWithoutAccess: null } }],
  ['items of another shape', { body: { results: [{ name: 5 }], data: [{ email }], emailsWithoutAccess: [1] } }],
  ['text', { headers: { 'Content-Type': 'text/plain' }, body: '{"results":[],"data":[]}' }],
  ['broken JSON', { headers: { 'Content-Type': 'application/json' }, body: '{"results":[' }],
  ['null', { headers: { 'Content-Type': 'application/json' }, body: 'null' }],
];

/** Beside what a success says, so that nothing but the error tells that it is none. */
const RIGHT = { results: [], data: [], emailsWithoutAccess: [], accountId: 'a1', id: 'g1', name: 'engineering' };
const ERRORS_INSIDE: readonly (readonly [string, object])[] = [
  ['an error of Confluence v1', { ...RIGHT, statusCode: 500, message: SECRETS.body }],
  ['an error of Confluence v2 or the organization', { ...RIGHT, errors: [{ title: SECRETS.body }] }],
  ['an error of Jira', { ...RIGHT, errorMessages: [SECRETS.body], errors: {} }],
  ['an error of the gateway', { ...RIGHT, code: 401, message: SECRETS.body }],
];

beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(() => upstream.close());
beforeEach(() => {
  // A new connection, because a 429 pauses the one that met it.
  clock = testClock();
  connection = connectTo(upstream.url, clock);
});

describe.each(SUBJECTS)('$name', (subject) => {
  it.each(BAD_ANSWERS)('fails on %s, and tells nothing of the answer [SA2] [SA7]', async (name, reply, kind) => {
    upstream.answer = () => reply(subject);
    const call = callOf(clock, name.startsWith('no answer') ? 30 : 4_000);
    const failure = await failureOf(subject.run(call));

    expect(failure.kind).toBe(kind(subject));
    expect(JSON.stringify(call.upstream)).not.toContain(email);
    if (failure.kind === 'rateLimited' || failure.kind === 'unavailable') {
      expect(failure.retryAfterSeconds).toBeGreaterThan(0);
    }
  });

  // A 204 has no body.
  if (subject.status !== 204)
    it.each(ERRORS_INSIDE)('fails on a success whose body is %s [SA4]', async (_name, body) => {
      upstream.answer = () => ({ status: subject.status, body });
      expect((await failureOf(subject.run(callOf(clock)))).kind).toBe(subject.unreadable ?? 'unexpected');
    });

  if (!subject.hasBody) return;
  it.each(BAD_BODIES)('fails on a success with %s [SA4]', async (_name, reply) => {
    upstream.answer = () => ({ ...(reply as object), status: subject.status });
    const failure = await failureOf(subject.run(callOf(clock, 4_000)));
    expect(failure.kind).toBe(subject.unreadable ?? 'unexpected');
  });
});

describe('a refused credential', () => {
  it.each([
    ['site', 401, 'ATLASSIAN_API_TOKEN', (call: Call) => site().getGroup('g1', call)],
    ['site', 403, 'site or organization admin', (call: Call) => site().addMember('g1', 'a1', call)],
    ['site', 403, 'write:confluence-groups', (call: Call) => site().createGroup('engineering', call)],
    ['site', 403, 'administer Jira', (call: Call) => directory('jira').createAccount(email, 'g1', call)],
    ['organization', 401, 'ATLASSIAN_ORG_API_KEY', (call: Call) => directory('organization').findByEmail(email, call)],
    ['organization', 403, 'without scopes', (call: Call) => directory('organization').suspend('a1', call)],
  ])('of the %s, answered %d, tells the operator about %s [SA5]', async (_credential, status, words, run) => {
    upstream.answer = () => refusal(status);
    const failure = await failureOf(run(callOf(clock)));
    expect(failure.kind).toBe('misconfigured');
    expect(failure.message).toContain(words);
    expect(failure.upstream?.status).toBe(status);
  });

  it.each([
    ['API token', 'write:confluence-groups', (call: Call) => site().addMember('g1', 'a1', call)],
    ['organization key', 'without scopes', (call: Call) => directory('organization').suspend('a1', call)],
  ])(
    'that lacks a scope is not called refused: the %s lacks it, and the message names it [SA5]',
    async (whose, words, run) => {
      upstream.answer = () => ({ status: 401, body: { code: 401, message: 'Unauthorized; scope does not match' } });
      const failure = await failureOf(run(callOf(clock)));
      expect(failure).toMatchObject({ kind: 'misconfigured', upstream: { status: 401 } });
      expect(failure.message).toMatch(new RegExp(`${whose}.* lacks the scope to `));
      expect(failure.message).toContain(words);
    },
  );

  it('that Confluence treats as a stranger may have expired: the message says so [SA5]', async () => {
    upstream.answer = () => ({
      status: 403,
      body: { message: 'Current user not permitted to use Confluence', statusCode: 403 },
    });
    const failure = await failureOf(site().addMember('g1', 'a1', callOf(clock)));
    expect(failure.message).toContain('expired');
  });
});
