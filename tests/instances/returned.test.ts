import { expect, it } from '@jest/globals';
import { aPerson } from '../store/samples.js';
import { operations, startTestBridge } from '../support/bridge.js';

const EMAIL = 'ada@example.com';

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
