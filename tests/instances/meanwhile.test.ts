import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, jest } from '@jest/globals';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { adding, known, sent, settled, startAdopting, stating } from '../attack/site.js';
import { aPerson } from '../store/samples.js';
import { createTestClock, operations, startTestBridge } from '../support/bridge.js';

const EMAIL = 'ada@example.com';

afterEach(() => void jest.restoreAllMocks());

it('leaves a returned person whom another instance has dealt with meanwhile to whoever gave the access [SA17] [US9]', async () => {
  const bridge = await startTestBridge({ backEnd: 'invite' });
  const { sandbox, store, app } = bridge;
  const id = 'inv-00000000-0000-4000-8000-000000000001';
  await store.people.insert(aPerson(id, { accountId: undefined, userName: EMAIL, address: EMAIL }));
  await store.people.bury(id, new Date(bridge.clock.now()).toISOString());
  const { accountId } = sandbox.addPerson({ email: EMAIL, displayName: 'Ada', access: true });

  const elsewhere = store.locks.withLock(`person:${accountId}`, bridge.call(), async () => {
    await app.roster.scan(bridge.call());
    // What follows the scan has its list by now, and waits for this lock.
    while ((await store.tombstones.listReturned('')).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await store.tombstones.connect(id, accountId);
  });
  await elsewhere;
  while (!app.roster.settled()) await new Promise((resolve) => setTimeout(resolve, 5));

  expect(operations(sandbox, 'writes').filter((operation) => /remove/i.test(operation))).toEqual([]);
  expect(sandbox.groupsOf(accountId)).toContain(sandbox.groups.access.id);
});

it('an instance that stood still for longer than a lease gives nobody access whom another has deactivated meanwhile [SA17]', async () => {
  const clock = createTestClock();
  const folder = await mkdtemp(join(tmpdir(), 'bridge-frozen-'));
  const url = `file:${join(folder, 'bridge.db')}`;
  const [frozen, other] = [await openSqliteStore({ url, clock }), await openSqliteStore({ url, clock })];
  // One call at a time: the second member's waits for the first one's, under the locks of both people.
  const first = await startAdopting({ clock, store: frozen, settings: { UPSTREAM_CONCURRENCY: '1' } });
  const second = await startTestBridge({
    clock,
    store: other,
    site: first.sandbox,
    settings: { ADOPT_GROUPS: 'second' },
  });
  const ids = await known(first, 'zoe@example.com', 'bob@example.com');
  let goOn: () => void = () => undefined;
  const added = new Promise<string>((resolve) => {
    first.sandbox.faults.when({ where: ({ operation }) => operation === 'confluence.addMember' }, ({ body }) => {
      resolve((body as { accountId: string }).accountId);
      return new Promise((done) => (goOn = done));
    });
  });
  const message = sent(first.scim('patch', `/Groups/${first.secondId}`, adding(...ids)));
  const newcomer = await added;
  const leaver = ids.find((id) => id !== newcomer) ?? '';
  await settled();

  // The time passes, and none of the timers that watch over the locks has had its turn yet.
  const now = Date.now.bind(Date);
  jest.spyOn(Date, 'now').mockImplementation(() => now() + 31_000);
  expect((await sent(second.scim('patch', `/Users/${leaver}`, stating(false)))).status).toBe(200);
  goOn();

  expect(await message).toMatchObject({ status: 503, detail: expect.stringContaining('lost its lock') });
  expect(first.sandbox.groupsOf(newcomer)).toContain(first.secondId);
  expect(first.sandbox.groupsOf(leaver)).toEqual([]);
  expect((await other.people.find(leaver))?.wanted).toBe('inactive');
  await first.close();
  await second.close();
  await frozen.close();
  await other.close();
  await rm(folder, { recursive: true });
});
