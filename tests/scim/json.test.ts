import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../../src/provisioning/store.js';
import { boundAttribute, boundKeys, messageBudget } from '../../src/scim/json.js';
import { readUser } from '../../src/scim/requests.js';
import { thrownBy } from './thrown.js';

const parse = (text: string): unknown => JSON.parse(text);

function bound(value: unknown, name = 'title', budget = messageBudget('Group')): Json {
  return boundAttribute(value, name, budget);
}

describe('boundAttribute', () => {
  it('copies what it is given and leaves the original alone', () => {
    const emails = parse('[{"value":"ada@x.org","n":1.5,"b":true,"z":null}]');
    expect(bound(emails, 'emails')).toEqual(emails);
    expect(bound(emails, 'emails')).not.toBe(emails);
  });

  it.each(['members', 'urn:ietf:params:scim:schemas:core:2.0:Group:Members'])('takes 50,000 values of %s', (name) => {
    const members = Array.from({ length: 50_000 }, (_, index) => ({ value: `id-${index}`, $ref: null }));
    expect(bound(members, name)).toHaveLength(50_000);
    expect(thrownBy(() => bound([...members, { value: 'x' }], name)).message).toMatch(/holds more than 50000 values/);
  });

  it('refuses a hundred thousand e-mails without reading one of them', () => {
    const read: PropertyKey[] = [];
    const emails = new Proxy(
      Array.from({ length: 100_000 }, () => ({})),
      {
        get(list, key, receiver): unknown {
          read.push(key);
          return Reflect.get(list, key, receiver);
        },
      },
    );

    const failure = thrownBy(() => bound(emails, 'emails'));

    expect(failure).toMatchObject({ kind: 'invalid', scimType: 'invalidValue' });
    expect(failure.message).toMatch(/^emails holds more than 200 values/);
    expect(new Set(read)).toEqual(new Set(['length']));
  });

  it('counts all attributes of a message against one budget, of values and of text', () => {
    const values = { values: 5, characters: 100, embedded: 0 };
    bound(['a', 'b'], 'emails', values);
    expect(thrownBy(() => bound(['c', 'd'], 'phoneNumbers', values)).message).toMatch(/too many values/);
    const text = { values: 100, characters: 5, embedded: 0 };
    bound('abc', 'title', text);
    expect(thrownBy(() => bound('def', 'nickName', text)).message).toMatch(/too much text/);
  });

  it.each([
    ['depth', { a: { a: { a: { a: { a: { a: { a: { a: { a: { a: 1 } } } } } } } } } }, /^title is nested/],
    [
      'keys',
      Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`k${index}`, 1])),
      /^title has .* attributes/,
    ],
    ['the length of a key', { ['k'.repeat(257)]: 1 }, /256 characters/],
    ['the length of a text', 'x'.repeat(65_537), /^title holds a text/],
    ['a NUL', 'a\0b', /^title holds a character/],
    ['a NUL in a key', { 'a\0': 1 }, /character/],
    ['half a surrogate pair', '\ud800', /^title holds a character/],
    ['what is no JSON', () => 1, /^title is not JSON/],
    ['a number beyond every double', parse('1e999'), /^title holds a number/],
    ['a number that would be kept as another', parse('9223372036854775807'), /^title holds a number/],
  ])('bounds %s', (_, value, message) => {
    expect(thrownBy(() => bound(value))).toMatchObject({ kind: 'invalid', scimType: 'invalidValue' });
    expect(thrownBy(() => bound(value)).message).toMatch(message);
  });

  it.each([
    '{"__proto__":{"polluted":1},"title":"x"}',
    '{"constructor":{"prototype":{"polluted":1}},"title":"x"}',
    '{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:__proto__.polluted":1,"title":"x"}',
    '{"name.__proto__.polluted":1,"title":"x"}',
    '{"emails[__PROTO__.polluted eq 1].value":1,"title":"x"}',
  ])('drops the key that reaches for a prototype in %s', (text) => {
    expect(Object.entries(bound(parse(text)) as object)).toEqual([['title', 'x']]);
    expect(boundKeys(parse(text) as Record<string, unknown>, 'The body')).toEqual(['title']);
    expect(readUser(parse(text)).profile).toEqual({ title: 'x' });
    expect('polluted' in {}).toBe(false);
  });

  it('returns JSON or throws a Failure, whatever it is given', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withDate: true, withBigInt: true }), (value) => {
        try {
          JSON.stringify(bound(value));
        } catch (error) {
          expect(error).toMatchObject({ name: 'Failure', kind: 'invalid' });
        }
      }),
    );
  });
});
