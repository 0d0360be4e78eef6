import { describe, expect, it } from '@jest/globals';
import { START_MS, type OpenStore } from './samples.js';

export function describeInstances(open: OpenStore): void {
  describe('pauses of credentials', () => {
    it('keep whichever ends later, each credential its own [SA17]', async () => {
      const { pauses } = await open();
      expect(await pauses.find('site')).toBeUndefined();

      await pauses.extend('site', { untilMs: START_MS + 60_000, reason: 'rateLimited' });
      await pauses.extend('site', { untilMs: START_MS + 1_000, reason: 'unavailable' });
      expect(await pauses.find('site')).toEqual({ untilMs: START_MS + 60_000, reason: 'rateLimited' });

      await pauses.extend('site', { untilMs: START_MS + 61_000, reason: 'unavailable' });
      expect(await pauses.find('site')).toEqual({ untilMs: START_MS + 61_000, reason: 'unavailable' });
      expect(await pauses.find('organization')).toBeUndefined();
    });

    it('are never shortened by whoever comes later, however many are told at once [SA17]', async () => {
      const { pauses } = await open();
      const seconds = [30, 5, 60, 10, 59, 1];
      await Promise.all(
        seconds.map((second) => pauses.extend('site', { untilMs: START_MS + second * 1000, reason: 'rateLimited' })),
      );
      expect(await pauses.find('site')).toEqual({ untilMs: START_MS + 60_000, reason: 'rateLimited' });
    });
  });

  describe('instances', () => {
    it('are known from their first word until they leave or were not seen for long [SA17]', async () => {
      const { instances } = await open();
      await instances.put({ id: 'a', settings: { MODE: 'x' }, seenAtMs: START_MS });
      await instances.put({ id: 'b', settings: { MODE: 'y' }, seenAtMs: START_MS });
      await instances.put({ id: 'c', settings: {}, seenAtMs: START_MS });
      await instances.put({ id: 'b', settings: { MODE: 'z' }, seenAtMs: START_MS + 1 });
      await instances.remove('c');
      await instances.remove('c');

      expect(await instances.list()).toEqual([
        { id: 'a', settings: { MODE: 'x' }, seenAtMs: START_MS },
        { id: 'b', settings: { MODE: 'z' }, seenAtMs: START_MS + 1 },
      ]);
      await instances.prune(START_MS + 1);
      expect((await instances.list()).map(({ id }) => id)).toEqual(['b']);
    });
  });
}
