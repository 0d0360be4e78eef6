import { describe, expect, it } from '@jest/globals';
import type { Fault } from '../../src/sandbox/faults.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { createTestClock, OKTA_TOKEN, startTestBridge, type TestBridge } from '../support/bridge.js';
import { createHastyClock, detailOf, filtered, GROUP_URN, idOf, patch, SEARCH_URN, user } from './exchanges.js';

/** Longer than any pause that a refusal begins. */
const AFTER_PAUSE_MS = 60_000;

/** Ada and Bob are on record, Bob deactivated; Carol has access and Dan an account, and nobody provisioned them. */
interface Site {
  readonly bridge: TestBridge;
  readonly ids: Readonly<Record<'ada' | 'bob' | 'carol' | 'crew', string>>;
}

async function startSite(settings: Readonly<Record<string, string>>, clock = createHastyClock()): Promise<Site> {
  const people = [
    { email: 'carol@example.com', displayName: 'Carol Shaw', access: true },
    { email: 'dan@example.com', displayName: 'Dan Bricklin' },
  ];
  const bridge = await startTestBridge({
    clock,
    sandbox: { seed: { people } },
    settings: { INDEX_MAX_AGE_SECONDS: '3600', ...settings },
  });
  const ada = idOf(await bridge.scim('post', '/Users', user('ada', { externalId: 'e-ada' })));
  const bob = idOf(await bridge.scim('post', '/Users', user('bob')));
  await bridge.scim('patch', `/Users/${bob}`, patch({ op: 'replace', path: 'active', value: false }));
  const members = [{ value: ada }];
  const crew = idOf(await bridge.scim('post', '/Groups', { schemas: [GROUP_URN], displayName: 'Crew', members }));
  const carol = bridge.sandbox.findPersonByEmail('carol@example.com')?.accountId ?? '';
  bridge.sandbox.takeCalls();
  return { bridge, ids: { ada, bob, carol, crew } };
}

type Message = readonly ['get' | 'post' | 'put' | 'patch' | 'delete', string, object?];

function reads({ ids }: Site): readonly Message[] {
  return [
    ['get', `/Users/${ids.ada}`],
    ['get', `/Users/${ids.ada}?excludedAttributes=groups`],
    ['get', `/Users/${ids.carol}`],
    ['get', '/Users/712020:nobody-knows'],
    ['get', '/Users'],
    ['get', filtered('/Users', 'userName eq "ada@example.com"')],
    ['get', filtered('/Users', 'userName eq "unknown@example.com"')],
    ['get', filtered('/Users', 'userName eq "carol@example.com"')],
    ['get', filtered('/Users', 'externalId eq "e-ada"')],
    ['get', filtered('/Users', `id eq "${ids.ada}"`)],
    ['get', filtered('/Users', `id eq "${ids.carol}"`)],
    ['get', filtered('/Users', 'displayName co "x"')],
    ['get', `/Groups/${ids.crew}`],
    ['get', `/Groups/${ids.crew}?excludedAttributes=members`],
    ['get', '/Groups/nobody-knows'],
    ['get', '/Groups'],
    ['get', filtered('/Groups', 'displayName eq "Crew"')],
    ['get', filtered('/Groups', 'displayName eq "unknown"')],
    ['get', filtered('/Groups', `id eq "${ids.crew}"`)],
    ['get', filtered('/Groups', `members.value eq "${ids.ada}"`)],
    ['post', '/Users/.search', { schemas: [SEARCH_URN] }],
    ['post', '/Groups/.search', { schemas: [SEARCH_URN] }],
    ['post', '/.search', { schemas: [SEARCH_URN], filter: 'displayName sw "c"' }],
  ];
}

/** In an order in which each can still be carried out after those in front of it. */
function writes({ ids }: Site): readonly Message[] {
  const member = [{ value: ids.carol }];
  return [
    ['post', '/Users', user('new')],
    ['post', '/Users', user('dan')],
    ['post', '/Groups', { schemas: [GROUP_URN], displayName: 'New crew', members: member }],
    ['patch', `/Groups/${ids.crew}`, patch({ op: 'add', path: 'members', value: member })],
    ['patch', `/Groups/${ids.crew}`, patch({ op: 'remove', path: `members[value eq "${ids.ada}"]` })],
    ['patch', `/Groups/${ids.crew}`, patch({ op: 'replace', path: 'members', value: [{ value: ids.ada }, ...member] })],
    ['put', `/Groups/${ids.crew}`, { schemas: [GROUP_URN], displayName: 'Crew', members: member }],
    ['patch', `/Users/${ids.bob}`, patch({ op: 'replace', path: 'active', value: true })],
    ['patch', `/Users/${ids.ada}`, patch({ op: 'replace', path: 'active', value: false })],
    ['put', `/Users/${ids.carol}`, user('carol', { active: false })],
    ['delete', `/Users/${ids.ada}`],
    ['delete', `/Groups/${ids.crew}`],
  ];
}

/** What is true upstream: who is in the groups, and that nothing was made. */
function truth({ bridge: { sandbox }, ids }: Site): unknown {
  return {
    access: [...sandbox.membersOf(sandbox.groups.access.id)].sort(),
    crew: sandbox.membersOf(ids.crew),
    newcomer: sandbox.findPersonByEmail('new@example.com')?.accountId,
    newCrew: sandbox.findGroupByName('New crew')?.id,
  };
}

async function shown({ bridge, ids }: Site): Promise<unknown> {
  const replies = [
    await bridge.scim('get', `/Users/${ids.ada}`),
    await bridge.scim('get', `/Users/${ids.bob}`),
    await bridge.scim('get', `/Groups/${ids.crew}`),
  ];
  return replies.map(({ status, body }) => {
    const { active, members } = body as { readonly active?: boolean; readonly members?: object };
    return { status, active, members };
  });
}

const ANY_CALL = /\/(wiki|rest|admin)\//;
interface Case {
  readonly name: string;
  readonly fault: Fault;
  /** With which of these a request may fail. */
  readonly statuses: readonly number[];
  readonly retryAfter?: string;
}
const WRONG_SHAPE = { status: 200, body: { nothing: ['of the kind'] } };
const EMPTY = { status: 200, body: '', contentType: 'application/json' };
const CASES: readonly Case[] = [
  { name: '500', fault: { status: 500 }, statuses: [503] },
  { name: 'an HTML page with 200', fault: { kind: 'html', status: 200 }, statuses: [503] },
  { name: 'an HTML page with 502', fault: { kind: 'html', status: 502 }, statuses: [503] },
  { name: 'an HTML page with 404', fault: { kind: 'html', status: 404 }, statuses: [503] },
  { name: 'a connection that is cut', fault: { kind: 'reset' }, statuses: [503] },
  { name: '401', fault: { status: 401 }, statuses: [500] },
  { name: '403', fault: { status: 403 }, statuses: [500] },
  { name: '404', fault: { status: 404 }, statuses: [500, 503] },
  { name: '429', fault: { status: 429 }, statuses: [429, 503] },
  { name: '429 with Retry-After', fault: { status: 429, retryAfter: 17 }, statuses: [429, 503], retryAfter: '17' },
  { name: '503 with Retry-After', fault: { status: 503, retryAfter: 17 }, statuses: [503], retryAfter: '17' },
  { name: 'JSON of another shape', fault: WRONG_SHAPE, statuses: [500, 503] },
  { name: 'an empty body', fault: EMPTY, statuses: [500, 503] },
];

/** That one group cannot be left while others answer is 409 (rule US7), and so is an account that is not on the site any more. */
const REFUSED = 409;

function ofWrites(name: string, statuses: readonly number[]): readonly number[] {
  return name === '404' ? [...statuses, REFUSED] : statuses;
}

async function expectFailure(
  { bridge }: Site,
  [method, path, body]: Message,
  statuses: readonly number[],
  retryAfter?: string,
): Promise<void> {
  const reply = await bridge.scim(method, path, body);
  const seen = { message: `${method} ${path}`, status: reply.status, body: reply.body as unknown };
  expect(seen).toEqual({ ...seen, status: statuses.find((status) => status === reply.status) ?? statuses });
  expect(reply.headers['content-type']).toBe('application/scim+json');
  if (reply.status === 429 || reply.status === 503) {
    expect(reply.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    if (retryAfter !== undefined) expect(reply.headers['retry-after']).toBe(retryAfter);
  }
  const detail = detailOf(reply);
  const { apiToken, orgApiKey, adminEmail } = bridge.sandbox.credentials;
  for (const secret of [apiToken, orgApiKey, adminEmail, '@']) expect(detail).not.toContain(secret);
  // One sentence what happened, one what to do, and for an operator's trouble which setting to look at.
  expect(detail).toMatch(/\. .*\. \(request [\w-]+\)$/s);
  bridge.clock.advance(AFTER_PAUSE_MS);
}

describe('when every call to Atlassian is answered', () => {
  it.each(CASES)(
    'with $name, no request succeeds, finds nothing, or is said to be unknown [SA2] [SA3] [SA4] [SA5]',
    async ({ name, fault, statuses, retryAfter }) => {
      const site = await startSite({ REQUEST_BUDGET_SECONDS: '2' });
      const before = { truth: truth(site), shown: await shown(site) };
      site.bridge.sandbox.faults.always({ ...fault, path: ANY_CALL });

      for (const message of reads(site)) {
        // Of an id that nobody knows, Atlassian's 404 is the truth as far as anybody can tell.
        const isUnknown = message[1].endsWith('nobody-knows');
        const mayBe = name === '404' && isUnknown ? [...statuses, 404] : statuses;
        await expectFailure(site, message, mayBe, retryAfter);
      }
      // Changes of groups wait for the end of a pause as long as they may, side by side.
      const ofWrite = ofWrites(name, statuses);
      await Promise.all(writes(site).map((message) => expectFailure(site, message, ofWrite)));

      site.bridge.sandbox.faults.clear();
      site.bridge.clock.advance(AFTER_PAUSE_MS);
      expect({ truth: truth(site), shown: await shown(site) }).toEqual(before);
    },
    30_000,
  );

  it.each(CASES.filter(({ fault }) => fault.status === 401 || fault.status === 403))(
    'with $name, the answer advises and the error log names the right that is missing [SA5]',
    async ({ fault }) => {
      const site = await startSite({ REQUEST_BUDGET_SECONDS: '2' });
      site.bridge.sandbox.faults.always({ ...fault, path: ANY_CALL });

      const reply = await site.bridge.scim('get', `/Users/${site.ids.ada}`);

      expect(detailOf(reply)).toMatch(/operator/);
      const errors = site.bridge.logs.filter(({ level }) => level === 'error');
      expect(errors.at(-1)?.fields).toMatchObject({ kind: 'misconfigured', upstream: { status: fault.status } });
    },
  );
});

describe('when every write to Atlassian is answered', () => {
  // After a 429 or 503 with Retry-After, changes of groups go on behind their answers.
  const lasting = CASES.filter(({ fault }) => fault.status !== 429 && fault.retryAfter === undefined);
  const WRITES = /userByGroupId|users\/invite|invite-by-email|group\/by-id|rest\/api\/group$/;

  it.each(lasting)(
    'with $name, no request is acknowledged, and all can be sent again [SA3] [SA6]',
    async ({ name, fault, statuses }) => {
      const site = await startSite({ REQUEST_BUDGET_SECONDS: '2' });
      const { sandbox, clock } = site.bridge;
      const before = { truth: truth(site), shown: await shown(site) };
      for (const method of ['POST', 'DELETE']) sandbox.faults.always({ ...fault, method, path: WRITES });

      const mayBe = name === '403' ? [...statuses, REFUSED] : ofWrites(name, statuses);
      for (const message of writes(site)) await expectFailure(site, message, mayBe);
      expect({ truth: truth(site), shown: await shown(site) }).toEqual(before);

      sandbox.faults.clear();
      clock.advance(AFTER_PAUSE_MS);
      for (const [method, path, body] of writes(site)) {
        const reply = await site.bridge.scim(method, path, body);
        expect({ message: `${method} ${path}`, isDone: reply.status < 300, body: reply.body as unknown }).toMatchObject(
          {
            isDone: true,
          },
        );
      }
      expect(sandbox.membersOf(sandbox.groups.access.id)).toContain(
        sandbox.findPersonByEmail('dan@example.com')?.accountId,
      );
      expect(sandbox.membersOf(sandbox.groups.access.id)).not.toContain(site.ids.ada);
      expect(sandbox.findGroupByName('New crew')).toBeDefined();
      expect(sandbox.findGroupByName('Crew')).toBeUndefined();
    },
    30_000,
  );
});

describe('when Atlassian does not answer at all', () => {
  it('every request ends with its budget as 503, and nothing is acknowledged [SA3] [SA4]', async () => {
    const site = await startSite({ REQUEST_BUDGET_SECONDS: '1', UPSTREAM_CONCURRENCY: '64' }, createTestClock());
    const before = truth(site);
    site.bridge.sandbox.faults.always({ kind: 'hang', path: ANY_CALL });

    await Promise.all([...reads(site), ...writes(site)].map((message) => expectFailure(site, message, [503])));

    expect(truth(site)).toEqual(before);
  });
});

describe('when the database does not answer at all', () => {
  it('health, readiness and metrics are answered all the same, and say so until it does [SA17]', async () => {
    let isSilent = false;
    const unlessSilent = <T>(ask: () => Promise<T>): Promise<T> => (isSilent ? new Promise(() => undefined) : ask());
    const clock = createTestClock();
    const { index, brake, ...rest } = await openSqliteStore({ url: ':memory:', clock });
    const bridge = await startTestBridge({
      store: {
        ...rest,
        index: { ...index, scannedAtMs: () => unlessSilent(() => index.scannedAtMs()) },
        brake: { ...brake, releasedUntilMs: () => unlessSilent(() => brake.releasedUntilMs()) },
      },
      // Waiting for who is silent takes no time here.
      clock: { ...clock, sleep: (ms, signal) => (isSilent ? Promise.resolve() : clock.sleep(ms, signal)) },
      settings: { SEAT_LIMIT: '20' },
    });
    const ask = (path: string): Promise<Response> =>
      fetch(`${bridge.url}${path}`, { headers: { Authorization: `Bearer ${OKTA_TOKEN}` } });

    isSilent = true;
    const health = await ask('/healthz');
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({ status: 'degraded', parts: { store: { ok: false } } });
    expect((await ask('/readyz')).status).toBe(503);
    expect((await ask('/metrics')).status).toBe(200);

    isSilent = false;
    expect((await ask('/readyz')).status).toBe(200);
    await bridge.close();
    await rest.close();
  });
});
