import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { boundJson } from '../../src/scim/json.js';
import { readUser } from '../../src/scim/requests.js';
import { thrownBy } from './thrown.js';

const parse = (text: string): unknown => JSON.parse(text);

describe('boundJson', () => {
  it.each([[null], [[]], ['text'], [7], [undefined]])('refuses %j, which is no object, as invalidSyntax', (body) => {
    expect(thrownBy(() => boundJson(body))).toMatchObject({ kind: 'invalid', scimType: 'invalidSyntax' });
  });

  it('copies what it is given and leaves the original alone', () => {
    const body = parse('{"userName":"ada","emails":[{"value":"ada@x.org"}],"n":1.5,"b":true,"z":null}');
    expect(boundJson(body)).toEqual(body);
    expect(boundJson(body)).not.toBe(body);
  });

  it('takes a group of 50,000 members', () => {
    const members = Array.from({ length: 50_000 }, (_, index) => ({ value: `id-${index}`, $ref: null }));
    expect(boundJson({ displayName: 'all', members })['members']).toHaveLength(50_000);
    expect(thrownBy(() => boundJson({ members: [...members, { value: 'x' }] })).message).toMatch(/^members holds more/);
  });

  it('takes as many members in a PATCH operation, and in one operation each', () => {
    const value = Array.from({ length: 50_000 }, (_, index) => ({ value: `id-${index}` }));
    const one = { Operations: [{ op: 'add', path: 'urn:ietf:params:scim:schemas:core:2.0:Group:Members', value }] };
    const each = { Operations: value.map((member) => ({ op: 'add', path: 'members', value: [member] })) };
    expect(() => boundJson(one)).not.toThrow();
    expect(() => boundJson(each)).not.toThrow();
  });

  it.each([
    ['in a body', '{"emails":[%]}'],
    ['in a PATCH operation', '{"Operations":[{"op":"add","path":"emails","value":[%]}]}'],
  ])('refuses a hundred thousand e-mails %s at once, without reading them', (_, template) => {
    const body = parse(template.replace('%', Array.from({ length: 100_000 }, () => '{}').join()));
    const startedAt = performance.now();
    const failure = thrownBy(() => boundJson(body));
    expect(performance.now() - startedAt).toBeLessThan(250);
    expect(failure).toMatchObject({ kind: 'invalid', scimType: 'invalidValue' });
    expect(failure.message).toMatch(/^emails holds more than 200 values/);
  });

  it.each([
    ['depth', { a: { a: { a: { a: { a: { a: { a: { a: { a: { a: { a: 1 } } } } } } } } } } }, /nested/],
    ['keys', Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`k${index}`, 1])), /attributes/],
    ['the length of a key', { ['k'.repeat(257)]: 1 }, /256 characters/],
    ['the length of a text', { title: 'x'.repeat(65_537) }, /title holds a text/],
    ['a NUL', { title: 'a\0b' }, /title holds a character/],
    ['a NUL in a key', { 'a\0': 1 }, /character/],
    ['half a surrogate pair', { title: '\ud800' }, /title holds a character/],
    ['what is no JSON', { title: () => 1 }, /title is not JSON/],
  ])('bounds %s', (_, body, message) => {
    expect(thrownBy(() => boundJson(body))).toMatchObject({ kind: 'invalid', scimType: 'invalidValue' });
    expect(thrownBy(() => boundJson(body)).message).toMatch(message);
  });

  it.each([
    '{"__proto__":{"polluted":1},"title":"x"}',
    '{"constructor":{"prototype":{"polluted":1}},"title":"x"}',
    '{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:__proto__.polluted":1,"title":"x"}',
    '{"name.__proto__.polluted":1,"title":"x"}',
    '{"emails[__PROTO__.polluted eq 1].value":1,"title":"x"}',
  ])('drops the key that reaches for a prototype in %s', (text) => {
    expect(Object.entries(boundJson(parse(text)))).toEqual([['title', 'x']]);
    expect(readUser(parse(text)).profile).toEqual({ title: 'x' });
    expect(Object.keys(boundJson({ inner: parse(text) })['inner'] ?? {})).toEqual(['title']);
    expect('polluted' in {}).toBe(false);
  });

  it('returns JSON or throws a Failure, whatever it is given', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withDate: true, withBigInt: true }), (body) => {
        try {
          JSON.stringify(boundJson(body));
        } catch (error) {
          expect(error).toMatchObject({ name: 'Failure', kind: 'invalid' });
        }
      }),
    );
  });
});
