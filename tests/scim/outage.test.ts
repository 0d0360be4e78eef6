import { describe, expect, it } from '@jest/globals';
import type { Fault } from '../../src/sandbox/faults.js';
import { createTestClock, startTestBridge, type TestBridge, type TestClock } from '../support/bridge.js';
import { detailOf, filtered, GROUP_URN, idOf, patch, SEARCH_URN, user } from './exchanges.js';

/** The waits between attempts; longer ones pass in real time. */
const SHORT_WAIT_MS = 1_300;
/** Longer than any pause that a refusal begins. */
const AFTER_PAUSE_MS = 60_000;

/** Short waits pass at once, so that a table of failures does not take minutes. */
function createHastyClock(): TestClock {
  const clock = createTestClock();
  return {
    ...clock,
    sleep: async (ms, signal) => {
      if (ms > SHORT_WAIT_MS) return clock.sleep(ms, signal);
      signal?.throwIfAborted();
      clock.advance(ms);
    },
  };
}

/** Ada and Bob are on record, Bob deactivated; Carol has access and Dan an account, and nobody provisioned them. */
interface Site {
  readonly bridge: TestBridge;
  readonly ids: Readonly<Record<'ada' | 'bob' | 'carol' | 'crew', string>>;
}

async function startSite(settings: Readonly<Record<string, string>>): Promise<Site> {
  const people = [
    { email: 'carol@example.com', displayName: 'Carol Shaw', access: true },
    { email: 'dan@example.com', displayName: 'Dan Bricklin' },
  ];
  const bridge = await startTestBridge({
    clock: createHastyClock(),
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
    ['patch', `/Groups/${ids.crew}`, patch({ op: 'replace', path: 'members', value: [{ value: ids.ada }] })],
    ['put', `/Groups/${ids.crew}`, { schemas: [GROUP_URN], displayName: 'Crew', members: member }],
    ['patch', `/Users/${ids.bob}`, patch({ op: 'replace', path: 'active', value: true })],
    ['patch', `/Users/${ids.ada}`, patch({ op: 'replace', path: 'active', value: false })],
    ['put', `/Users/${ids.bob}`, user('bob', { active: false })],
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
const FAULTS: readonly (readonly [string, Fault, readonly number[], string?])[] = [
  ['500', { status: 500 }, [503]],
  ['an HTML page with 200', { kind: 'html', status: 200 }, [503]],
  ['an HTML page with 502', { kind: 'html', status: 502 }, [503]],
  ['an HTML page with 404', { kind: 'html', status: 404 }, [503]],
  ['404', { status: 404 }, [500, 503]],
  ['a connection that is cut', { kind: 'reset' }, [503]],
  ['401', { status: 401 }, [500]],
  ['403', { status: 403 }, [500]],
  ['429', { status: 429 }, [429]],
  ['429 with Retry-After', { status: 429, retryAfter: 17 }, [429], '17'],
  ['503 with Retry-After', { status: 503, retryAfter: 17 }, [503], '17'],
  ['JSON of another shape', { status: 200, body: { nothing: ['of the kind'] } }, [500, 503]],
  ['an empty body', { status: 200, body: '', contentType: 'application/json' }, [500, 503]],
];

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
  it.each(FAULTS)(
    'with %s, no request succeeds, finds nothing, or is said to be unknown [SA2] [SA3] [SA4] [SA5]',
    async (_name, fault, statuses, retryAfter) => {
      const site = await startSite({ REQUEST_BUDGET_SECONDS: '4' });
      const before = { truth: truth(site), shown: await shown(site) };
      site.bridge.sandbox.faults.always({ ...fault, path: ANY_CALL });

      for (const message of [...reads(site), ...writes(site)]) {
        await expectFailure(site, message, statuses, retryAfter);
      }

      site.bridge.sandbox.faults.clear();
      site.bridge.clock.advance(AFTER_PAUSE_MS);
      expect({ truth: truth(site), shown: await shown(site) }).toEqual(before);
    },
    30_000,
  );

  it.each(FAULTS.filter(([, { status }]) => status === 401 || status === 403))(
    'with %s, the answer advises and the error log names the right that is missing [SA5]',
    async (_name, fault) => {
      const site = await startSite({ REQUEST_BUDGET_SECONDS: '4' });
      site.bridge.sandbox.faults.always({ ...fault, path: ANY_CALL });

      const reply = await site.bridge.scim('get', `/Users/${site.ids.ada}`);

      expect(detailOf(reply)).toMatch(/operator/);
      const errors = site.bridge.logs.filter(({ level }) => level === 'error');
      expect(errors.at(-1)?.fields).toMatchObject({ kind: 'misconfigured', upstream: { status: fault.status } });
    },
  );
});

describe('when every write to Atlassian is answered', () => {
  const WRITES = /userByGroupId|users\/invite|invite-by-email|group\/by-id|rest\/api\/group$/;

  it.each(FAULTS)(
    'with %s, no request is acknowledged, and all can be sent again [SA3] [SA6]',
    async (_name, fault, statuses) => {
      const site = await startSite({ REQUEST_BUDGET_SECONDS: '4' });
      const { sandbox, clock } = site.bridge;
      const before = { truth: truth(site), shown: await shown(site) };
      for (const method of ['POST', 'DELETE']) sandbox.faults.always({ ...fault, method, path: WRITES });

      for (const message of writes(site)) await expectFailure(site, message, statuses);
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
  it('every request ends with its budget, 503 or tooMany, and nothing is acknowledged [SA3] [SA4] [GR9]', async () => {
    const site = await startSite({ REQUEST_BUDGET_SECONDS: '1', UPSTREAM_CONCURRENCY: '64' });
    const before = truth(site);
    site.bridge.sandbox.faults.always({ kind: 'hang', path: ANY_CALL });

    const startedAtMs = Date.now();
    const membersOfAll = ['/Groups', '/Groups/.search'];
    await Promise.all(
      [...reads(site), ...writes(site)].map((message) =>
        expectFailure(site, message, membersOfAll.includes(message[1]) ? [400] : [503]),
      ),
    );

    expect(Date.now() - startedAtMs).toBeLessThan(5_000);
    expect(truth(site)).toEqual(before);
  }, 15_000);
});
