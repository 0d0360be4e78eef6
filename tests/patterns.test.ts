import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isExactName, matchesPattern } from '../src/patterns.js';

describe('matchesPattern', () => {
  it.each([
    ['Marketing', 'marketing', true],
    ['Marketing', 'Marketing EMEA', false],
    ['team-*', 'team-', true],
    ['team-*', 'TEAM-red', true],
    ['team-*', 'a team-red', false],
    ['*admin*', 'site-admins', true],
    ['*admin*', 'adm-in', false],
    ['*', '', true],
    ['', 'anything', false],
    ['a*a', 'a', false],
    ['a*b*b', 'ab', false],
    ['a*b*b', 'a-b-b', true],
    ['*ab*ab*', 'abab', true],
    ['*ab*ab*', 'aab', false],
    ['a.c', 'abc', false],
    ['(x)+$', '(x)+$', true],
    ['**', 'x', true],
  ])('of %j and %j is %s', (pattern, name, expected) => {
    expect(matchesPattern(pattern, name)).toBe(expected);
  });

  it('agrees with the regular expression that means the same', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.'), maxLength: 12 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '*'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (wildcard, name) => {
        const source = wildcard.replaceAll('.', '\\.').replaceAll('*', '.*');
        expect(matchesPattern(wildcard, name)).toBe(new RegExp(`^${source}$`).test(name));
      }),
    );
  });

  it('ends on a pattern that makes a regular expression run away', () => {
    const pattern = `${'a*'.repeat(5_000)}b`;

    expect(matchesPattern(pattern, 'a'.repeat(100_000))).toBe(false);
  });
});

describe('isExactName', () => {
  it('is about wildcards only', () => {
    expect(isExactName('jira-administrators')).toBe(true);
    expect(isExactName('jira-*')).toBe(false);
  });
});
