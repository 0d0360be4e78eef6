import { describe, expect, it } from '@jest/globals';
import { aPerson, at, scan, START_MS, type OpenStore } from './samples.js';

export function describeSeats(open: OpenStore): void {
  describe('the seats', () => {
    it('count people with access, invited people and reservations, and nobody twice [US14]', async () => {
      const store = await open();
      await scan(store, { users: ['ada', 'bob'], more: ['bob'] });
      await store.people.insert(aPerson('inv-1', { accountId: undefined, address: 'eve@x.y', invitedAt: at() }));
      const { seats } = store;
      expect(await seats.count(0)).toBe(3);

      await seats.reserve('r1', { accountId: 'ada', address: undefined }, START_MS);
      await seats.reserve('r2', { accountId: undefined, address: 'eve@x.y' }, START_MS);
      await seats.reserve('r3', { accountId: 'new', address: undefined }, START_MS);
      await seats.reserve('r4', { accountId: 'new', address: undefined }, START_MS);

      expect(await seats.count(START_MS - 1)).toBe(4);
      expect(await seats.count(START_MS)).toBe(3);
    });

    it('know one person by account and address, once a reservation has both [US14]', async () => {
      const store = await open();
      await scan(store, { users: ['ada'] });
      await store.people.insert(aPerson('inv-1', { accountId: undefined, address: 'eve@x.y', invitedAt: at() }));
      const { seats } = store;

      await seats.reserve('r1', { accountId: 'eve', address: 'eve@x.y' }, START_MS);
      expect(await seats.has({ accountId: 'eve', address: undefined }, 0)).toBe(true);
      await seats.reserve('r2', { accountId: 'eve', address: undefined }, START_MS);
      expect(await seats.count(0)).toBe(2);
      await store.writes.membership('eve', 'users', true, START_MS);
      expect(await seats.count(0)).toBe(2);
      await store.people.update('inv-1', { accountId: 'eve', invitedAt: undefined });
      expect(await seats.count(0)).toBe(2);

      await seats.reserve('r3', { accountId: undefined, address: 'new@x.y' }, START_MS);
      await seats.identify('new@x.y', 'new');
      await store.writes.membership('new', 'users', true, START_MS);
      expect(await seats.count(0)).toBe(3);
    });

    it('are free again by an own write, by a wish, by a suspension, and by a release [US14]', async () => {
      const store = await open();
      await scan(store, { users: ['ada', 'bob'] });
      await store.people.insert(aPerson('bob'));
      await store.people.insert(aPerson('inv-1', { accountId: undefined, address: 'eve@x.y', invitedAt: at() }));
      const { seats } = store;
      await seats.reserve('r1', { accountId: 'new', address: undefined }, START_MS);
      expect(await seats.count(0)).toBe(4);

      await seats.release('r1');
      expect(await seats.count(0)).toBe(3);
      await store.people.update('inv-1', { wanted: 'inactive' });
      expect(await seats.count(0)).toBe(2);
      await store.people.update('bob', { suspended: true });
      expect(await seats.count(0)).toBe(1);
      expect(await seats.has({ accountId: 'bob', address: undefined }, 0)).toBe(false);
      await store.writes.membership('ada', 'users', false, START_MS);
      expect(await seats.count(0)).toBe(0);
    });

    it('forget old reservations [US14]', async () => {
      const { seats } = await open();
      await seats.reserve('r1', { accountId: 'old', address: undefined }, START_MS);
      await seats.reserve('r2', { accountId: 'new', address: undefined }, START_MS + 1);

      await seats.prune(START_MS);

      expect(await seats.has({ accountId: 'old', address: undefined }, 0)).toBe(false);
      expect(await seats.count(0)).toBe(1);
    });
  });
}
