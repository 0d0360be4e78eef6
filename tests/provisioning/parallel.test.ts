import { describe, expect, it } from '@jest/globals';
import { inParallel } from '../../src/provisioning/parallel.js';

describe('inParallel', () => {
  it('has no more under way at once than allowed, and does everything', async () => {
    let underWay = 0;
    let most = 0;
    const done: number[] = [];

    await inParallel([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await Promise.resolve();
      underWay -= 1;
      done.push(item);
    });

    expect(most).toBe(3);
    expect(done.sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('begins nothing after a failure, and throws it when what was under way has ended', async () => {
    const begun: number[] = [];
    const ended: number[] = [];

    await expect(
      inParallel([1, 2, 3, 4], 2, async (item) => {
        begun.push(item);
        if (item === 1) throw new Error('first');
        await new Promise((resolve) => setImmediate(resolve));
        ended.push(item);
      }),
    ).rejects.toThrow('first');

    expect(begun).toEqual([1, 2]);
    expect(ended).toEqual([2]);
  });
});
