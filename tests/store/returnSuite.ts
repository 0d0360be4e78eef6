import { describe, expect, it } from '@jest/globals';
import { aPerson, at, scan, type OpenStore } from './samples.js';

export function describeReturns(open: OpenStore): void {
  describe('people deleted before they had an account', () => {
    const invited = (name: string) =>
      aPerson(`inv-${name}`, { accountId: undefined, userName: name, address: `${name}@example.com` });

    it('are listed once the index shows their address with access [US9]', async () => {
      const store = await open();
      await store.people.insert(invited('ada'));
      await store.people.bury('inv-ada', at(1));
      expect(await store.tombstones.listReturned(at(0))).toEqual([]);

      await scan(store, { users: ['ada', 'bob'], second: ['ada'] });

      expect(await store.tombstones.listReturned(at(0))).toEqual([{ id: 'inv-ada', accountId: 'ada' }]);
      await store.tombstones.connect('inv-ada', 'ada');
      expect(await store.tombstones.listReturned(at(0))).toEqual([]);
      expect(await store.tombstones.findByAccount('ada')).toMatchObject([{ id: 'inv-ada', accountId: 'ada' }]);
    });

    it('are not listed when somebody is linked to the account, or has the address again', async () => {
      const store = await open();
      for (const name of ['ada', 'bob']) {
        await store.people.insert(invited(name));
        await store.people.bury(`inv-${name}`, at(1));
      }
      await scan(store, { users: ['ada', 'bob'] });
      await store.people.insert(aPerson('ada'));
      await store.tombstones.removePending('BOB@example.com');

      expect(await store.tombstones.listReturned(at(0))).toEqual([]);
    });

    it('are not listed when they were deleted before the time asked about', async () => {
      const store = await open();
      await store.people.insert(invited('ada'));
      await store.people.bury('inv-ada', at(1));
      await scan(store, { users: ['ada'] });

      expect(await store.tombstones.listReturned(at(2))).toEqual([]);
    });

    it('do not include those whose account was known', async () => {
      const store = await open();
      await store.people.insert(aPerson('ada'));
      await store.people.bury('ada', at(1));
      await store.tombstones.removePending('ada@example.com');
      await scan(store, { users: ['ada'] });

      expect(await store.tombstones.listReturned(at(0))).toEqual([]);
      expect(await store.tombstones.findByAccount('ada')).toHaveLength(1);
    });
  });
}
