import { describe, expect, it } from '@jest/globals';
import { createTestClock, operations, startTestBridge, type TestBridge, type TestClock } from '../support/bridge.js';
import { startSandbox } from '../../src/sandbox/server.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { adding, counted, group, interleaved, known, removing, sent, settled, startAdopting } from './site.js';

const MANY = 600;
const emails = (count: number) => Array.from({ length: count }, (_, n) => `p${n}@example.com`);
const ADD_MEMBER = { method: 'POST', path: /userByGroupId/ } as const;

/** Sleepers wake when a test moves the clock past their time; real time alone lets nobody wait for long. */
function createWakingClock(): TestClock {
  const clock = createTestClock();
  const sleeping = new Set<() => void>();
  return {
    now: () => clock.now(),
    advance(ms) {
      clock.advance(ms);
      for (const look of sleeping) look();
    },
    async sleep(ms, signal) {
      const untilMs = clock.now() + ms;
      const passed = new AbortController();
      const look = (): void => {
        if (clock.now() >= untilMs) passed.abort();
      };
      sleeping.add(look);
      try {
        const either = signal === undefined ? passed.signal : AbortSignal.any([passed.signal, signal]);
        await clock.sleep(ms, either).catch(() => signal?.throwIfAborted());
      } finally {
        sleeping.delete(look);
      }
    },
  };
}

/** Holds every addition upstream until `let` lets so many more through. */
function createTurnstile(bridge: TestBridge): { pass(count: number): void; readonly arrived: number } {
  let free = 0;
  let arrived = 0;
  const waiting: (() => void)[] = [];
  bridge.sandbox.faults.when({ ...ADD_MEMBER, times: Infinity }, async () => {
    arrived += 1;
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  });
  return {
    pass(count) {
      free += count;
      while (free > 0 && waiting.length > 0) {
        free -= 1;
        waiting.shift()?.();
      }
    },
    get arrived() {
      return arrived;
    },
  };
}

describe('work on a group that outlasts its request', () => {
  it.each(['POST', 'PATCH'] as const)(
    '%s of 600 members is 503 with its progress, goes on, and writes nobody twice [GR8]',
    async (method) => {
      const clock = createWakingClock();
      const bridge = await startAdopting({ clock });
      const ids = await known(bridge, ...emails(MANY));
      const plain = bridge.sandbox.addGroup({ name: 'plain' });
      const send = () =>
        sent(
          method === 'POST'
            ? bridge.scim('post', '/Groups', group('big', ids))
            : bridge.scim('patch', `/Groups/${plain.id}`, adding(...ids)),
        );
      const turnstile = createTurnstile(bridge);

      const cutOff = send();
      turnstile.pass(100);
      while (turnstile.arrived < 104) await settled();
      clock.advance(30_000);
      expect(await cutOff).toMatchObject({
        status: 503,
        retryAfter: 10,
        detail: expect.stringContaining('100 of 600'),
      });

      // Joined by the same message; the one after it waits its turn.
      const joined = send();
      const id = method === 'POST' ? (bridge.sandbox.findGroupByName('big')?.id ?? '') : plain.id;
      const next = sent(bridge.scim('patch', `/Groups/${id}`, removing(ids[0] ?? '')));
      await settled();
      turnstile.pass(MANY);

      expect((await joined).status).toBe(method === 'POST' ? 201 : 204);
      expect((await next).status).toBe(204);
      expect(bridge.sandbox.membersOf(id)).toEqual(ids.slice(1));
      const writes = operations(bridge.sandbox, 'writes');
      expect(writes.filter((operation) => operation === 'confluence.addMember')).toHaveLength(MANY);
      expect(writes.filter((operation) => operation === 'confluence.createGroup')).toHaveLength(
        method === 'POST' ? 1 : 0,
      );
    },
    30_000,
  );

  it('a creation that was cut off is finished by its own message alone, another of the name is 409 [GR8]', async () => {
    const clock = createWakingClock();
    const bridge = await startAdopting({ clock });
    const [ada = '', bob = ''] = await known(bridge, ...emails(2));
    const create = (id: string) => sent(bridge.scim('post', '/Groups', group('team', [id])));
    const turnstile = createTurnstile(bridge);

    const cutOff = create(ada);
    while (turnstile.arrived === 0) await settled();
    clock.advance(30_000);
    expect((await cutOff).status).toBe(503);
    turnstile.pass(10);

    expect(await create(bob)).toMatchObject({ status: 409, detail: expect.stringContaining('"team"') });
    expect(await create(ada)).toMatchObject({ status: 201, memberIds: [ada] });
    expect((await create(ada)).status).toBe(409);
  });

  it('a bridge that stops in the middle says so, and the next one finishes with the same message [SA6]', async () => {
    const clock = createTestClock();
    const site = await startSandbox({ now: () => clock.now(), jira: false });
    const store = await openSqliteStore({ url: ':memory:', clock });
    try {
      const first = await startTestBridge({ clock, site, store });
      const ids = await known(first, ...emails(40));
      const turnstile = createTurnstile(first);
      const create = (bridge: TestBridge) => sent(bridge.scim('post', '/Groups', group('team', ids)));

      const cutOff = create(first);
      turnstile.pass(10);
      while (turnstile.arrived < 14) await settled();
      const stopped = first.app.stop();
      turnstile.pass(100);
      await stopped;
      expect(await cutOff).toMatchObject({ status: 503, detail: expect.stringContaining('is stopping') });
      await first.close();

      site.takeCalls();
      const second = await startTestBridge({ clock, site, store });
      const finished = await create(second);
      expect(finished).toMatchObject({ status: 201 });
      expect([...site.membersOf(finished.id)].sort()).toEqual([...ids].sort());
      expect(operations(site, 'writes').filter((operation) => operation === 'confluence.createGroup')).toEqual([]);
      await second.close();
    } finally {
      await store.close();
      await site.close();
    }
  });
});

describe('many at once for one group', () => {
  it('twenty identical additions are one upstream write [GR8]', async () => {
    const bridge = await startAdopting();
    const [ada = ''] = await known(bridge, ...emails(1));
    const plain = bridge.sandbox.addGroup({ name: 'plain' });
    const turnstile = createTurnstile(bridge);

    const all = Array.from({ length: 20 }, () => sent(bridge.scim('patch', `/Groups/${plain.id}`, adding(ada))));
    while (turnstile.arrived === 0) await settled();
    await settled();
    turnstile.pass(100);

    expect(counted(await Promise.all(all))).toEqual({ 204: 20 });
    expect(operations(bridge.sandbox, 'writes')).toEqual(['confluence.addMember']);
  });

  it('creations of one name with other members make one group, the others are 409 [GR3]', async () => {
    const bridge = await startAdopting();
    const ids = await known(bridge, ...emails(8));

    const replies = await Promise.all(ids.map((id) => sent(bridge.scim('post', '/Groups', group('team', [id])))));

    expect(counted(replies)).toEqual({ 201: 1, 409: 7 });
    const made = replies.find(({ status }) => status === 201);
    expect(bridge.sandbox.membersOf(made?.id ?? '')).toEqual(made?.memberIds);
    expect(operations(bridge.sandbox, 'writes')).toEqual(['confluence.createGroup', 'confluence.addMember']);
  });

  it('a list and an addition that cross end as if one had followed the other [SA4]', async () => {
    const bridge = await startAdopting();
    const [ada = '', bob = '', cyd = ''] = await known(bridge, ...emails(3));
    for (let at = 0, wasReached = true; wasReached; at += 1) {
      const { id } = await sent(bridge.scim('post', '/Groups', group(`plain-${at}`, [cyd])));

      const played = await interleaved(
        bridge,
        at,
        () => bridge.scim('put', `/Groups/${id}`, group(`plain-${at}`, [ada])),
        () => bridge.scim('patch', `/Groups/${id}`, adding(bob)),
      );

      ({ wasReached } = played);
      expect([played.first.status, played.second.status]).toEqual([200, 204]);
      expect([...bridge.sandbox.membersOf(id)].sort()).toEqual([ada, bob].sort());
    }
  });
});
