import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { createTestClock, expectScimError, startTestBridge } from '../support/bridge.js';
import { createQuickClock, group, known, sent, startAdopting, stating, user } from './site.js';

const ADA = 'ada@example.com';
const HOUR = 60 * 60_000;

describe('Atlassian behind an outage page for an hour', () => {
  it('is 503 with Retry-After for everything, and heals without a restart [SA2]', async () => {
    const bridge = await startAdopting({ clock: createQuickClock() });
    const { id } = await sent(bridge.scim('post', '/Users', user(ADA)));
    const heal = bridge.sandbox.faults.always({ kind: 'html' });
    const all = () =>
      Promise.all([
        sent(bridge.scim('patch', `/Users/${id}`, stating(false))),
        sent(bridge.scim('get', `/Users/${id}`)),
        sent(bridge.scim('post', '/Users', user('bob@example.com'))),
        sent(bridge.scim('delete', `/Users/${id}`)),
        sent(bridge.scim('post', '/Groups', group('team', []))),
        sent(bridge.scim('get', '/Groups?filter=displayName%20eq%20%22team%22')),
      ]);

    for (const reply of await all()) expect(reply).toMatchObject({ status: 503, retryAfter: expect.any(Number) });
    bridge.clock.advance(HOUR);
    for (const reply of await all()) expect(reply).toMatchObject({ status: 503, retryAfter: expect.any(Number) });
    // The last list of an hour ago is too old to be told.
    expect((await sent(bridge.scim('get', '/Users'))).status).toBe(503);

    heal();
    bridge.clock.advance(60_000);
    expect((await sent(bridge.scim('get', '/Users'))).status).toBe(200);
    expect(await sent(bridge.scim('patch', `/Users/${id}`, stating(false)))).toMatchObject({
      status: 200,
      active: false,
    });
    expect((await sent(bridge.scim('post', '/Users', user('bob@example.com')))).status).toBe(201);
  });
});

describe("the bridge's token, revoked and reinstated while it runs", () => {
  it('is 500 with advice in between, takes nobody away, and works again at once [SA5]', async () => {
    const bridge = await startAdopting({ clock: createQuickClock() });
    const { id } = await sent(bridge.scim('post', '/Users', user(ADA)));
    bridge.sandbox.revoke('apiToken');

    for (const path of [`/Users/${id}`, '/Groups/unknown', '/Groups?filter=displayName%20eq%20%22new%22']) {
      const reply = await sent(bridge.scim('get', path));
      expect({ path, status: reply.status }).toEqual({ path, status: 500 });
      expect(reply.detail).toMatch(/token/);
    }
    expect((await sent(bridge.scim('patch', `/Users/${id}`, stating(false)))).status).toBe(500);

    bridge.sandbox.reinstate('apiToken');
    expect((await sent(bridge.scim('patch', `/Users/${id}`, stating(false)))).status).toBe(200);
    expect(bridge.sandbox.groupsOf(id)).toEqual([]);
  });
});

describe('a clock that jumps by an hour', () => {
  it('in the middle of a request leaves a 503 at worst, and the repeat finishes [SA6]', async () => {
    const bridge = await startAdopting({ clock: createQuickClock() });
    const [ada = '', bob = ''] = await known(bridge, ADA, 'bob@example.com');
    bridge.sandbox.faults.when({ method: 'POST', path: /userByGroupId/ }, () => bridge.clock.advance(HOUR));
    const create = () => sent(bridge.scim('post', '/Groups', group('team', [ada, bob])));

    const first = await create();
    expect([201, 503]).toContain(first.status);
    const last = first.status === 201 ? first : await create();

    expect(last.status).toBe(201);
    expect(bridge.sandbox.membersOf(last.id)).toHaveLength(2);
    expect((await sent(bridge.scim('patch', `/Users/${ada}`, stating(false)))).status).toBe(200);
    expect((await sent(bridge.scim('get', '/Users'))).status).toBe(200);
  });
});

describe('the database, gone while the bridge runs', () => {
  it.each(['deleted', 'replaced'] as const)(
    'its file %s: nothing is acknowledged that would be lost [SA6]',
    async (how) => {
      const folder = await mkdtemp(join(tmpdir(), 'bridge-gone-'));
      const file = join(folder, 'bridge.db');
      const clock = createTestClock();
      const store = await openSqliteStore({ url: `file:${file}`, clock });
      try {
        const bridge = await startTestBridge({ clock, store });
        const { id } = await sent(bridge.scim('post', '/Users', user(ADA)));
        if (how === 'replaced') {
          await copyFile(file, `${file}.backup`);
          await rename(`${file}.backup`, file);
        } else {
          await rm(file);
        }

        const refused = await bridge.scim('patch', `/Users/${id}`, stating(false));
        expectScimError(refused, 503);
        expect((refused.body as { detail: string }).detail).toContain('deleted or replaced');
        expect((await sent(bridge.scim('post', '/Users', user('bob@example.com')))).status).toBe(503);
        expect(bridge.sandbox.groupsOf(id)).toHaveLength(1);
        expect(bridge.sandbox.findPersonByEmail('bob@example.com')).toBeUndefined();
        await bridge.close();
      } finally {
        await store.close();
        await rm(folder, { recursive: true });
      }
    },
  );

  it('is 503 as SCIM says it for every request, and no crash [SA3]', async () => {
    const clock = createTestClock();
    const store = await openSqliteStore({ url: ':memory:', clock });
    const bridge = await startTestBridge({ clock, store });
    const { id } = await sent(bridge.scim('post', '/Users', user(ADA)));
    await store.close();

    const requests = [
      () => bridge.scim('get', '/Users'),
      () => bridge.scim('get', `/Users/${id}`),
      () => bridge.scim('patch', `/Users/${id}`, stating(false)),
      () => bridge.scim('delete', `/Users/${id}`),
      () => bridge.scim('post', '/Users', user('bob@example.com')),
      () => bridge.scim('get', '/Groups'),
      () => bridge.scim('post', '/Groups', group('team', [])),
    ];
    for (const request of requests) {
      const reply = await request();
      expectScimError(reply, 503);
      expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(bridge.sandbox.membersOf(bridge.sandbox.groups.access.id)).toContain(id);
  });
});
