import { describe, expect, it } from '@jest/globals';
import { editDistance, nearestWord } from '../src/spelling.js';

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['serve', 'serve', 0],
    ['sevre', 'serve', 2],
    ['😀b', '😀', 1],
  ])('of %j and %j is %d, either way round', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});

describe('nearestWord', () => {
  it('takes the nearest of those near enough', () => {
    expect(nearestWord('dem', ['doctor', 'deem', 'demo'], 2)).toBe('deem');
    expect(nearestWord('demp', ['deem', 'demo'], 2)).toBe('demo');
  });

  it('is undefined when none is near enough', () => {
    expect(nearestWord('provision', ['serve', 'demo'], 2)).toBeUndefined();
  });
});
