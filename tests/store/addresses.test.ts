import { describe, expect, it } from '@jest/globals';
import { addressKeysOf, caseless, keyedHash } from '../../src/store/addresses.js';

describe('keyedHash', () => {
  it('is the same for the same address in any case, and tells nothing without the key', () => {
    const hash = keyedHash(Buffer.alloc(32, 1));

    expect(hash('Ada@Example.com')).toBe(hash('ada@example.COM'));
    expect(hash('ada@example.com')).toMatch(/^[0-9a-f]{64}$/);
    expect(hash('ada@example.com')).not.toBe(hash('bob@example.com'));
    expect(hash('ada@example.com')).not.toBe(keyedHash(Buffer.alloc(32, 2))('ada@example.com'));
  });
});

describe('caseless', () => {
  it.each([
    ['ADA', 'ada'],
    ['\u00c9', '\u00e9'],
    ['E\u0301', '\u00e9'],
  ])('reads %j as %j', (text, key) => {
    expect(caseless(text)).toBe(key);
  });
});

describe('addressKeysOf', () => {
  const link = { address: undefined, userName: 'ada', profile: {} };

  it.each([
    [link, []],
    [{ ...link, userName: 'Ada@X.example' }, ['ada@x.example']],
    [{ ...link, userName: 'a b@x.example' }, []],
    [{ ...link, address: 'A@x.example', userName: 'a@X.example' }, ['a@x.example']],
    [{ ...link, profile: { emails: [{ value: 'B@x.example' }, { value: '' }, { value: 7 }, null] } }, ['b@x.example']],
    [{ ...link, profile: { emails: 'b@x.example' } }, []],
  ])('of %j are %j', (person, keys) => {
    expect(addressKeysOf(person)).toEqual(keys);
  });
});
