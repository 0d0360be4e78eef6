import { describe, expect, it } from '@jest/globals';
import { openAccountSet } from '../../src/store/accountSet.js';

describe('a set of accounts', () => {
  it('holds each id once and gives them in order, page by page [SA15]', () => {
    const set = openAccountSet();
    set.add(['b', 'a']);
    set.add(['c', 'a']);
    set.add([]);

    expect(set.page('', 2)).toEqual(['a', 'b']);
    expect(set.page('b', 2)).toEqual(['c']);
    expect([...set.among(['a', 'x', 'c'])].sort()).toEqual(['a', 'c']);
    expect(set.among([])).toEqual(new Set());
    set.close();
  });

  it('is no other set', () => {
    const [one, other] = [openAccountSet(), openAccountSet()];
    one.add(['a']);
    expect(other.page('', 1)).toEqual([]);
    one.close();
    other.close();
  });

  it('takes no memory for a large site [SA15]', () => {
    const set = openAccountSet();
    const idOf = (n: number): string => `712020:${String(n).padStart(192, '0')}`;
    const add = (from: number, to: number): void => {
      for (let start = from; start < to; start += 200) {
        set.add(Array.from({ length: 200 }, (_, n) => idOf(start + n)));
      }
    };
    add(0, 100_000);
    const beforeBytes = process.memoryUsage().rss;
    add(100_000, 300_000);

    // 200,000 ids are 40 MB by their letters alone.
    expect(process.memoryUsage().rss - beforeBytes).toBeLessThan(25_000_000);
    expect(set.page(idOf(299_998), 2)).toEqual([idOf(299_999)]);
    set.close();
  });
});
