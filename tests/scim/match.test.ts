import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseFilter } from '../../src/scim/filter.js';
import { matches } from '../../src/scim/match.js';
import type { Truth } from '../../src/scim/match.js';
import { filters, resources } from './filters.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const ada = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', ENTERPRISE],
  id: '712020:Ada',
  externalId: '00uAda',
  userName: 'Ada@Example.com',
  displayName: 'Rock and roll',
  title: '',
  nickName: 'say "hi"',
  active: true,
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  emails: [
    { value: 'ada@example.com', type: 'work', primary: true },
    { value: 'ada@home.example', type: 'home' },
  ],
  phoneNumbers: [],
  roles: [{ value: 'author', primary: 'True' }],
  groups: [{ value: 'g-1', display: 'Engineering' }],
  [ENTERPRISE]: { Department: 'Engines', manager: { value: 'M1' }, level: 7, remote: true },
  meta: { resourceType: 'User', created: '2026-01-31T10:00:00.000Z', lastModified: '2026-02-01T00:00:00Z' },
};

const engineers = {
  id: 'g-1',
  displayName: 'Engineers',
  members: [{ value: '712020:Ada', type: 'User', $ref: 'https://bridge.example/scim/v2/Users/712020:Ada' }],
};

function ask(text: string, resource: object = ada, unknown: readonly string[] = []): Truth {
  const resourceType = resource === engineers ? 'Group' : 'User';
  return matches(parseFilter(text), resource, { resourceType, isKnown: (name) => !unknown.includes(name) });
}

describe('matches', () => {
  it.each([
    'userName eq "ADA@EXAMPLE.COM"',
    'USERNAME sw "ada@"',
    'displayName ew "ROLL"',
    'name.familyName co "love"',
    'id eq "712020:Ada"',
    'externalId eq "00uAda"',
    'title eq ""',
    'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ada@example.com"',
    `${ENTERPRISE}:department eq "engines"`,
    `${ENTERPRISE.toLowerCase()}:MANAGER.value eq "M1"`,
    `${ENTERPRISE}:manager eq "m1"`,
    `${ENTERPRISE}:level gt 6`,
    `${ENTERPRISE}:remote eq "True"`,
    `${ENTERPRISE} pr`,
    'schemas co "enterprise"',
    'meta.resourceType eq "User"',
    'emails co "HOME.example"',
    'emails.value eq "ada@home.example"',
    'emails eq "ada@home.example"',
    'emails.type eq "home"',
    'emails[type eq "Work" and value co "@example"]',
    'emails[type eq "work"].value eq "ada@example.com"',
    'emails[type eq "work"].value pr',
    'emails[not (type eq "work")]',
    'roles[primary eq true]',
    'roles.primary eq True',
    'name[givenName eq "ada"]',
    'groups eq "g-1"',
    'active eq TRUE',
    'active eq "true"',
    'active ne "False"',
    'not (active eq false)',
    'not (displayName eq "rock and not roll")',
    'displayName eq "rock and roll"',
    String.raw`nickName eq "SAY \"HI\""`,
    'userName gt "ada" and userName lt "adb" and userName ge "ada@example.com" and userName le "ada@example.com"',
    'userName eq "x" or userName co "ada" and active eq true',
  ])('matches %s [LI3]', (text) => {
    expect(ask(text)).toBe(true);
  });

  it.each([
    'id eq "712020:ada"',
    'externalId eq "00UADA"',
    'meta.resourceType eq "user"',
    'groups.value eq "G-1"',
    'nickName co "undef"',
    'locale co "undef"',
    'active eq False',
    'emails[type eq "home" and value co "@example"]',
    'emails[type eq "work"].value eq "ada@home.example"',
    'emails eq "work"',
    'name eq "Ada"',
    'name.middleName eq "x"',
    'userName eq 7',
    `${ENTERPRISE}:level gt "6"`,
    `${ENTERPRISE}:remote eq "yes"`,
    'urn:ietf:params:scim:schemas:core:2.0:Group:displayName eq "rock and roll"',
    'constructor pr',
    'hasOwnProperty pr',
    'name.toString pr',
    'emails[constructor pr]',
    'displayName eq "rock and roll" and not (active eq true)',
  ])('does not match %s [LI3]', (text) => {
    expect(ask(text)).toBe(false);
  });

  it('takes an attribute that is absent, null or an empty list for absent', () => {
    for (const attribute of [
      'locale',
      'phoneNumbers',
      'phoneNumbers.value',
      'name.middleName',
      `${ENTERPRISE}:division`,
    ]) {
      expect(ask(`${attribute} pr`)).toBe(false);
      expect(ask(`${attribute} eq null`)).toBe(true);
      expect(ask(`${attribute} ne null`)).toBe(false);
      expect(ask(`${attribute} eq "x"`)).toBe(false);
      expect(ask(`${attribute} ne "x"`)).toBe(true);
    }
    expect(ask('title pr', { title: null })).toBe(false);
    expect(ask('title eq null', { title: null })).toBe(true);
    expect(ask('emails pr', { emails: [{ value: '' }, {}] })).toBe(false);
    expect(ask('name pr', { name: { givenName: '' } })).toBe(false);
  });

  it('takes the empty text for a value that is not present (RFC 7644 table 3)', () => {
    expect(ask('title pr')).toBe(false);
    expect(ask('title eq null')).toBe(false);
  });

  it('finds members by value alone, by sub-attribute and by value path, with regard to letter case', () => {
    for (const text of ['members eq "712020:Ada"', 'members.value eq "712020:Ada"', 'members[value eq "712020:Ada"]']) {
      expect(ask(text, engineers)).toBe(true);
      expect(ask(text.toLowerCase(), engineers)).toBe(false);
    }
    expect(ask('members.$ref ew "/Users/712020:Ada"', engineers)).toBe(true);
    expect(ask('members.type eq "user" and displayName eq "ENGINEERS"', engineers)).toBe(true);
  });

  it.each([
    ['meta.created eq "2026-01-31T11:00:00+01:00"', true],
    ['meta.created ne "2026-01-31T10:00:00Z"', false],
    ['meta.created gt "2026-01-31T09:59:59.999Z"', true],
    ['meta.lastModified ge "2026-02-01T00:00:00.000Z"', true],
    ['meta.lastModified le "2026-02-01t00:00:00"', true],
    ['meta.lastModified lt "2026-01-31T20:00:00-04:00"', false],
    ['meta.created sw "2026-01"', true],
    ['meta[created lt "2026-02-01T00:00:00Z"]', true],
  ])('compares instants, not texts: %s is %s', (text, expected) => {
    expect(ask(text)).toBe(expected);
  });

  it.each([
    ['title eq "x"', 'unknown'],
    ['title ne "x"', 'unknown'],
    ['title pr', 'unknown'],
    ['title eq null', 'unknown'],
    ['not (title eq "x")', 'unknown'],
    ['title eq "x" and active eq true', 'unknown'],
    ['active eq true and title eq "x"', 'unknown'],
    ['title eq "x" and active eq false', false],
    ['title eq "x" or active eq true', true],
    ['title eq "x" or active eq false', 'unknown'],
    ['emails[type eq "work"]', 'unknown'],
    [`${ENTERPRISE}:department pr`, 'unknown'],
    ['urn:ietf:params:scim:schemas:core:2.0:Group:title eq "x"', false],
  ])('says of %s, whose attribute is unknown: %s', (text, expected) => {
    expect(ask(text, ada, ['title', 'emails', ENTERPRISE.toLowerCase()])).toBe(expected);
  });

  it('is never unknown when everything is known, and denies by not', () => {
    fc.assert(
      fc.property(filters, resources, (filter, resource) => {
        const options = { resourceType: 'User', isKnown: () => true } as const;
        const truth = matches(filter, resource, options);

        expect(typeof truth).toBe('boolean');
        expect(matches({ kind: 'not', term: filter }, resource, options)).toBe(!truth);
      }),
    );
  });

  it('is definite only where no value of the unknown attributes could change the answer', () => {
    fc.assert(
      fc.property(
        filters,
        resources,
        resources,
        fc.subarray(['username', 'emails', 'active', 'members', 'id']),
        (filter, resource, other, unknown) => {
          const isUnknown = (name: string): boolean => unknown.includes(name.toLowerCase());
          const known = Object.entries(resource).filter(([name]) => !isUnknown(name));
          const guessed = Object.entries(other).filter(([name]) => isUnknown(name));
          const partial = matches(filter, Object.fromEntries(known), {
            resourceType: 'User',
            isKnown: (name) => !isUnknown(name),
          });
          const full = matches(filter, Object.fromEntries([...known, ...guessed]), {
            resourceType: 'User',
            isKnown: () => true,
          });

          expect([full, 'unknown']).toContain(partial);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('asks once for each term, however many members a group has', () => {
    const members = Array.from({ length: 10_000 }, (_, index) => ({ value: `712020:${index}` }));
    let asked = 0;
    const filter = parseFilter(Array.from({ length: 50 }, () => 'members[value eq "nobody"]').join(' or '));

    const truth = matches(filter, { members }, { resourceType: 'Group', isKnown: () => ((asked += 1), true) });

    expect([truth, asked]).toEqual([false, 50]);
  });

  it('never reaches a prototype, whatever the filter and the resource are called', () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const hostile = JSON.parse(
      '{"__proto__": {"userName": "x", "polluted": true}, "constructor": {"prototype": {"a": 1}}}',
    ) as object;

    expect(ask('userName eq "x"', hostile)).toBe(false);
    expect(ask('polluted eq true', hostile)).toBe(false);
    expect(ask('constructor.prototype pr', hostile)).toBe(true);
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  });
});
