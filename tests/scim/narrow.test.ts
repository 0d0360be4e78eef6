import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseFilter } from '../../src/scim/filter.js';
import { matches } from '../../src/scim/match.js';
import { attributesOf, narrow } from '../../src/scim/narrow.js';
import { lookUpFilters, namedPeople } from './filters.js';

describe('narrow', () => {
  it.each([
    ['id eq "1"', [['id', '1']]],
    ['externalId eq "x"', [['externalId', 'x']]],
    ['USERNAME EQ "Ada"', [['userName', 'Ada']]],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName eq "a"', [['userName', 'a']]],
    ['emails eq "a@x"', [['emails', 'a@x']]],
    ['emails.value eq "a@x"', [['emails', 'a@x']]],
    ['emails[type eq "work"].value eq "a@x"', [['emails', 'a@x']]],
    [
      'emails[value eq "a@x" or value eq "b@x"]',
      [
        ['emails', 'a@x'],
        ['emails', 'b@x'],
      ],
    ],
    ['active eq true and userName eq "a"', [['userName', 'a']]],
    [
      'emails eq "a@x" and (userName eq "a" or userName eq "b")',
      [
        ['userName', 'a'],
        ['userName', 'b'],
      ],
    ],
    ['userName eq "a" and externalId eq "x" and id eq "1"', [['id', '1']]],
    ['(id eq "1" or emails eq "a@x") and userName eq "a"', [['userName', 'a']]],
    ['(id eq "1" or id eq "2") and id eq "3"', [['id', '3']]],
    [
      'userName eq "a" or externalId eq "x" and active eq true',
      [
        ['userName', 'a'],
        ['externalId', 'x'],
      ],
    ],
    ['not (active eq true) and id eq "1"', [['id', '1']]],
  ])('looks up people for %s by %j [LI3]', (text, expected) => {
    expect(narrow(parseFilter(text), 'User')).toEqual(expected.map(([attribute, value]) => ({ attribute, value })));
  });

  it.each([
    ['displayName eq "Engineers"', [['displayName', 'Engineers']]],
    ['members eq "1"', [['members', '1']]],
    ['members.value eq "1"', [['members', '1']]],
    ['members[value eq "1" and type eq "User"]', [['members', '1']]],
    ['members.value eq "1" and displayName eq "E"', [['displayName', 'E']]],
    ['id eq "g" and members eq "u"', [['id', 'g']]],
    [
      'externalId eq "x" or displayName eq "E"',
      [
        ['externalId', 'x'],
        ['displayName', 'E'],
      ],
    ],
  ])('looks up groups for %s by %j [LI3]', (text, expected) => {
    expect(narrow(parseFilter(text), 'Group')).toEqual(expected.map(([attribute, value]) => ({ attribute, value })));
  });

  it.each([
    'active eq true',
    'displayName eq "Ada"',
    'members eq "1"',
    'userName sw "a"',
    'userName ne "a"',
    'userName pr',
    'id eq null',
    'id eq 7',
    'id.value eq "1"',
    'emails.type eq "work"',
    'emails[type eq "work"]',
    'emails[not (value eq "a@x")]',
    'emails[value eq "a@x" or type eq "work"]',
    'not (id eq "1")',
    'id eq "1" or active eq true',
    'urn:ietf:params:scim:schemas:core:2.0:Group:id eq "1"',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:id eq "1"',
  ])('finds nothing to look people up by in %s', (text) => {
    expect(narrow(parseFilter(text), 'User')).toBeUndefined();
  });

  it('misses no match: whoever matches is found by one of the look-ups', () => {
    const options = { resourceType: 'User', isKnown: () => true } as const;
    let narrowed = 0;
    fc.assert(
      fc.property(lookUpFilters, namedPeople, (filter, person) => {
        const lookUps = narrow(filter, 'User');
        if (lookUps === undefined || matches(filter, person, options) !== true) return;
        narrowed += 1;
        const isFound = lookUps.some(({ attribute, value }) => {
          return matches(parseFilter(`${attribute} eq ${JSON.stringify(value)}`), person, options) === true;
        });

        expect(isFound).toBe(true);
      }),
      { numRuns: 1000 },
    );
    expect(narrowed).toBeGreaterThan(50);
  });
});

describe('attributesOf', () => {
  it('names every top-level attribute once, and extensions by their URN', () => {
    const text =
      'not (Groups.value eq "g") and (emails[type eq "work"] or name.givenName pr and NAME.familyName pr) or ' +
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "x"';

    expect([...attributesOf(parseFilter(text), 'User')]).toEqual([
      'groups',
      'emails',
      'name',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:user',
    ]);
  });

  it('leaves out what belongs to the other resource type, which nobody can have', () => {
    const filter = parseFilter('urn:ietf:params:scim:schemas:core:2.0:User:groups pr or id pr');

    expect([...attributesOf(filter, 'Group')]).toEqual(['id']);
  });
});
