import { describe, expect, it } from '@jest/globals';
import type { Store } from '../../src/provisioning/store.js';
import { aGroup, aLine, aPerson, type OpenStore } from './samples.js';

export function describeTransactions(open: OpenStore): void {
  describe('a transaction', () => {
    it('keeps all of its writes and gives back the result of its work', async () => {
      const store = await open();
      const found = await store.transaction(async ({ people, holds }) => {
        await people.insert(aPerson('ada'));
        await holds.put({ personId: 'ada', groupId: 'g', kind: 'owed' });
        return people.find('ada');
      });

      expect(found).toEqual(await store.people.find('ada'));
      expect(await store.holds.ofPerson('ada')).toHaveLength(1);
    });

    it('keeps none of them when the work fails [SA6]', async () => {
      const store = await open();
      const work = store.transaction(async ({ people, audit }) => {
        await people.insert(aPerson('ada'));
        await audit.append(aLine());
        throw new Error('half-way');
      });

      await expect(work).rejects.toThrow('half-way');
      expect(await store.people.find('ada')).toBeUndefined();
      expect(await store.audit.list({ limit: 1 })).toEqual([]);
      await store.people.insert(aPerson('ada'));
    });

    it('keeps none of them when a statement in it failed, whatever became of that failure [SA6]', async () => {
      const store = await open();
      await store.people.insert(aPerson('ada'));
      const work = store.transaction(async ({ people, holds }) => {
        await holds.put({ personId: 'ada', groupId: 'g', kind: 'owed' });
        await people.insert(aPerson('ada')).catch(() => undefined);
      });

      await expect(work).rejects.toThrow('nothing of it was kept');
      expect(await store.holds.ofPerson('ada')).toEqual([]);
    });

    it('loses no update of twenty at once that read before they write [SA6]', async () => {
      const store = await open();
      await store.groups.insert(aGroup('g', { memberCount: 0 }));

      await Promise.all(
        Array.from({ length: 20 }, () =>
          store.transaction(async ({ groups }) => {
            const { memberCount = 0 } = (await groups.find('g')) ?? {};
            await new Promise((resolve) => setImmediate(resolve));
            await groups.update('g', { memberCount: memberCount + 1 });
          }),
        ),
      );

      expect((await store.groups.find('g'))?.memberCount).toBe(20);
    });

    it('lets calls outside of it go on beside it, without seeing what is not committed', async () => {
      const store = await open();
      const seen = await store.transaction(async ({ people }) => {
        await people.insert(aPerson('ada'));
        return people.find('ada');
      });
      const beside = [store.people.find('ada'), store.index.countPeople(), store.people.insert(aPerson('bob'))];
      const failing = store.transaction(async ({ people }) => {
        await people.update('ada', { wanted: 'inactive' });
        throw new Error('undone');
      });

      await expect(Promise.all([...beside, store.people.find('ada')])).resolves.toHaveLength(4);
      await expect(failing).rejects.toThrow('undone');
      expect(seen).toMatchObject({ wanted: 'active' });
      expect(await store.people.find('ada')).toMatchObject({ wanted: 'active' });
    });

    it('refuses the records of the store inside its work, which would wait for each other for ever', async () => {
      const store = await open();
      await expect(store.transaction(() => store.people.find('ada'))).rejects.toThrow(/records/);
      await expect(store.transaction(() => store.transaction(() => Promise.resolve()))).rejects.toThrow(/records/);

      expect(await store.people.find('ada')).toBeUndefined();
    });
  });

  describe('a closed store', () => {
    it('answers unavailable, and closes once', async () => {
      const store = await open();
      await store.close();
      await store.close();

      await expect(store.people.find('ada')).rejects.toMatchObject({ kind: 'unavailable' });
      await expect(store.transaction(() => Promise.resolve())).rejects.toMatchObject({ kind: 'unavailable' });
    });
  });
}

export function describeSharedTransactions(open: OpenStore): void {
  describe('transactions of two stores on the same data', () => {
    it('lose no update of two stores that read before they write', async () => {
      const [first, second] = [await open(), await open()];
      const count = async (store: Store) => {
        await store.transaction(async ({ intents }) => {
          const attempts = (await intents.find('invite', 'k'))?.attempts ?? 0;
          await new Promise((resolve) => setImmediate(resolve));
          await intents.end('invite', 'k');
          for (let sent = 0; sent <= attempts; sent += 1) {
            await intents.begin({ kind: 'invite', key: 'k', caller: 'okta', startedAt: 'now' });
          }
        });
      };

      await Promise.all(Array.from({ length: 10 }, (_, number) => count(number % 2 === 0 ? first : second)));

      expect(await second.intents.find('invite', 'k')).toMatchObject({ attempts: 10 });
    });

    it('show their audit lines in the order of their numbers, so that who follows them misses none [SA10]', async () => {
      const [first, second, reader] = [await open(), await open(), await open()];
      const seen = new Set<number>();
      let isWriting = true;
      const follow = async () => {
        while (isWriting) {
          await new Promise((resolve) => setImmediate(resolve));
          const newest = Math.max(0, ...seen);
          for await (const page of reader.audit.pages({ pageSize: 1_000 })) {
            for (const { line } of page) {
              if (!seen.has(line)) expect(line).toBeGreaterThan(newest);
              seen.add(line);
            }
          }
        }
      };
      const write = async (store: Store) => {
        for (let number = 0; number < 25; number += 1) {
          await store.transaction(async ({ audit, people }) => {
            await audit.append(aLine());
            // Others get every chance to come between the number and its commit.
            for (let round = 0; round < 3; round += 1) await people.find('nobody');
          });
        }
      };

      const following = follow();
      await Promise.all([write(first), write(second)]).finally(() => (isWriting = false));
      await following;

      expect(await reader.audit.list({ limit: 100 })).toHaveLength(50);
    });
  });
}
