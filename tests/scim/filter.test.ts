import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Failure } from '../../src/provisioning/failure.js';
import { FILTER_LIMITS, parseFilter, parsePath } from '../../src/scim/filter.js';
import type { Filter } from '../../src/scim/filter.js';
import { tokenise } from '../../src/scim/filterTokens.js';
import { countTerms, filters, pathOf, print } from './filters.js';
import { thrownBy } from './thrown.js';

function eq(path: string, value: string): Filter {
  return { kind: 'compare', path: pathOf(path), op: 'eq', value };
}

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const CORE_USER = 'urn:ietf:params:scim:schemas:core:2.0:User';

describe('parseFilter', () => {
  it('gives back whatever filter was printed [LI3]', () => {
    fc.assert(
      fc.property(filters, (filter) => {
        expect(parseFilter(print(filter))).toEqual(filter);
      }),
    );
  });

  it.each(['userName EQ "a"', 'userName Eq "a"', '  userName   eq "a" ', '(userName eq "a")', '((userName eq "a"))'])(
    'reads %j as one comparison',
    (text) => {
      expect(parseFilter(text)).toEqual(eq('userName', 'a'));
    },
  );

  it('binds not closer than and, and closer than or, in any letter case', () => {
    const [a, b, c] = [eq('a', '1'), eq('b', '2'), eq('c', '3')];
    expect(parseFilter('a eq "1" OR b eq "2" And c eq "3"')).toEqual({
      kind: 'or',
      terms: [a, { kind: 'and', terms: [b, c] }],
    });
    expect(parseFilter('NOT (a eq "1") and b eq "2"')).toEqual({ kind: 'and', terms: [{ kind: 'not', term: a }, b] });
    expect(parseFilter('not(a eq "1" or b eq "2") and c eq "3"')).toEqual({
      kind: 'and',
      terms: [{ kind: 'not', term: { kind: 'or', terms: [a, b] } }, c],
    });
  });

  it('takes not, and and or for names where only an attribute can stand', () => {
    expect(parseFilter('not eq "1" and and eq "2"')).toEqual({ kind: 'and', terms: [eq('not', '1'), eq('and', '2')] });
  });

  it('reads the value path that Entra ID follows with a sub-attribute as one condition more [LI3]', () => {
    const expected = {
      kind: 'values',
      path: pathOf('emails'),
      filter: { kind: 'and', terms: [eq('type', 'work'), eq('value', 'x')] },
    };
    expect(parseFilter('emails[type eq "work"].value eq "x"')).toEqual(expected);
    expect(parseFilter('emails[type eq "work" and value eq "x"]')).toEqual(expected);
  });

  it.each([
    [String.raw`a eq "say \"hi\" \\ \/ \u00e9 \n"`, 'say "hi" \\ / é \n'],
    ['a eq ")]("', ')]('],
    ['a eq "rock and roll or not (x)"', 'rock and roll or not (x)'],
    ['a eq ""', ''],
    ['a eq 12', 12],
    ['a eq -0.5e2', -50],
    ['a eq True', true],
    ['a eq FALSE', false],
    ['a eq Null', null],
  ])('reads the value of %s', (text, value) => {
    expect(parseFilter(text)).toMatchObject({ kind: 'compare', value });
  });

  it.each([
    [`${CORE_USER}:userName`, CORE_USER.toLowerCase(), 'username', undefined],
    [`${ENTERPRISE.toUpperCase()}:Manager.displayName`, ENTERPRISE.toLowerCase(), 'manager', 'displayname'],
    ['urn:example:acme:1.0:title', 'urn:example:acme:1.0', 'title', undefined],
    [ENTERPRISE, undefined, ENTERPRISE.toLowerCase(), undefined],
    ['members.$ref', undefined, 'members', '$ref'],
    ['constructor.prototype', undefined, 'constructor', 'prototype'],
  ])('reads the attribute %s', (text, schema, name, sub) => {
    expect(parseFilter(`${text} pr`)).toEqual({ kind: 'present', path: { schema, name, sub, text } });
  });

  it.each([
    '',
    ' ',
    '(((',
    'userName',
    'userName eq',
    'userName eq "a" and',
    'userName eq "a" userName eq "b"',
    'userName eq "a")',
    '(userName eq "a"',
    'userName regex "test"',
    'title pw',
    'title pr "x"',
    'eq "a"',
    '"userName" eq "a"',
    'a eq "open',
    String.raw`a eq "\a"`,
    String.raw`a eq "\u12"`,
    'a eq "line\nbreak"',
    String.raw`a eq "\u0000"`,
    String.raw`a eq "\ud800"`,
    'a eq 01',
    'a eq 1e999',
    'a eq (b eq "c")',
    'not userName eq "a"',
    'not (userName eq "a"',
    'a.b.c eq "x"',
    'a..b eq "x"',
    '1a eq "x"',
    '__proto__ eq "y"',
    '__proto__.x eq "y"',
    'emails[] pr',
    'emails[type eq "work"',
    'emails[type eq "work"].value',
    'emails[type eq "work"].a.b eq "x"',
    'emails[__proto__.x eq "1"].value eq "x"',
    'emails[type[value eq "x"]]',
    'emails[emails.value eq "x"]',
    `emails[${CORE_USER}:value eq "x"]`,
    'name.givenName[value eq "x"]',
    'emails] pr',
    'x" and __proto__.z eq "y',
    'http://example.org/a:b eq "x"',
  ])('refuses %j as invalidFilter [LI3]', (text) => {
    const failure = thrownBy(() => parseFilter(text));

    expect([failure.kind, failure.scimType]).toEqual(['invalid', 'invalidFilter']);
  });

  it.each([
    'active gt true',
    'active gt "a"',
    'active co "tr"',
    'active eq "maybe"',
    'emails.primary eq "maybe"',
    'emails[primary gt "a"]',
    'title gt null',
    'title sw false',
    'title co 5',
    'meta.created gt "yesterday"',
    'meta.lastModified eq "2026-01-01"',
    'meta.created ge 5',
    'meta[created gt "yesterday"]',
  ])('refuses %s, whose operator or value does not fit the attribute', (text) => {
    expect(thrownBy(() => parseFilter(text)).scimType).toBe('invalidFilter');
  });

  it('tells a client that forgot the quotes where to put them', () => {
    const { message } = thrownBy(() => parseFilter('userName sw ada@example'));

    expect(message).toContain('must be in double quotes');
    expect(message).toContain('userName sw "ada@example"');
  });

  it('takes one bare word behind eq, as old authentik and the documentation of Entra ID send it [LI3]', () => {
    expect(parseFilter('userName eq ada@example.com and active eq true')).toEqual(
      parseFilter('userName eq "ada@example.com" and active eq true'),
    );
    expect(thrownBy(() => parseFilter('displayName eq Rock and Roll')).scimType).toBe('invalidFilter');
    expect(thrownBy(() => parseFilter('active eq maybe')).scimType).toBe('invalidFilter');
  });

  it('says where and never repeats more than a piece of what it was sent', () => {
    expect(thrownBy(() => parseFilter('userName is "a"')).message).toContain('at character 10');
    expect(thrownBy(() => parseFilter(`a sw ${'x'.repeat(3000)}`)).message.length).toBeLessThan(500);
  });

  it('takes 50 terms of account ids, and refuses what is longer, deeper or has more terms [LI3]', () => {
    const term = 'id eq "712020:0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"';
    const terms = (count: number): string => Array.from({ length: count }, () => term).join(' or ');
    const nested = (depth: number): string => '('.repeat(depth) + 'a pr' + ')'.repeat(depth);

    expect(countTerms(parseFilter(terms(FILTER_LIMITS.terms)))).toBe(50);
    expect(parseFilter(nested(FILTER_LIMITS.depth))).toEqual(parseFilter('a pr'));
    expect(thrownBy(() => parseFilter(terms(FILTER_LIMITS.terms + 1))).message).toContain('50 terms');
    expect(thrownBy(() => parseFilter(nested(FILTER_LIMITS.depth + 1))).message).toContain('deeper than 10');
    expect(thrownBy(() => parseFilter('('.repeat(1_000_000))).message).toContain('4000 characters');
    expect(thrownBy(() => parseFilter(`a[${nested(FILTER_LIMITS.depth)}]`)).message).toContain('deeper than 10');
    expect(thrownBy(() => parseFilter('not ('.repeat(700))).message).toContain('deeper than 10');
  });

  it('refuses thousands of escapes in a string that never ends without trying them twice [LI3]', () => {
    expect(thrownBy(() => parseFilter(`a eq "${String.raw`\a`.repeat(1900)}`)).scimType).toBe('invalidFilter');
    expect(thrownBy(() => parseFilter(`a eq "${'\n'.repeat(3900)}`)).scimType).toBe('invalidFilter');
  });

  it('keeps and over or as it is written instead of multiplying it out [LI3]', () => {
    const group = '(a pr or b pr or c pr or d pr)';
    const filter = parseFilter(Array.from({ length: 12 }, () => group).join(' and '));

    expect(countTerms(filter)).toBe(48);
  });

  it('answers any text with a filter no larger than the text, or with invalidFilter, and leaves prototypes alone [LI3]', () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const pieces = [
      'userName',
      '__proto__.x',
      'eq',
      'PR',
      '"a"',
      '"',
      '\\',
      '\\"',
      '(',
      ')',
      '[',
      ']',
      '.value',
      'and',
      'or',
      'not',
      '7',
      'null',
      ' ',
      'urn:a:b:',
    ];
    const soup = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3, unit: 'binary' })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(soup, fc.constantFrom('', ' '), (parts, separator) => {
        const text = parts.join(separator);
        try {
          expect(countTerms(parseFilter(text))).toBeLessThanOrEqual(text.length / 4);
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          expect([error.kind, error.scimType]).toEqual(['invalid', 'invalidFilter']);
        }
      }),
      { numRuns: 1000 },
    );
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  });
});

describe('tokenise', () => {
  it('moves on with every piece, so that its work is bounded by the length', () => {
    const words = fc.array(fc.constantFrom('a', '"b c"', '(', ']', ' ', '\t', '.'), { maxLength: 200 });
    fc.assert(
      fc.property(words, (parts) => {
        const text = parts.join('');
        const positions = tokenise(text).map(({ at }) => at);

        expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
        expect(positions.every((at) => at < text.length)).toBe(true);
      }),
    );
  });
});

describe('parsePath', () => {
  it.each([
    ['active', undefined, 'active', undefined],
    [' Active ', undefined, 'active', undefined],
    ['name.givenName', undefined, 'name', 'givenname'],
    [`${CORE_USER}:name.givenName`, CORE_USER.toLowerCase(), 'name', 'givenname'],
    [`${ENTERPRISE}:manager.value`, ENTERPRISE.toLowerCase(), 'manager', 'value'],
    [ENTERPRISE, undefined, ENTERPRISE.toLowerCase(), undefined],
    ['constructor', undefined, 'constructor', undefined],
  ])('reads %j', (text, schema, attribute, sub) => {
    expect(parsePath(text)).toEqual({ schema, attribute, filter: undefined, sub, text });
  });

  it('reads a value filter with and without a sub-attribute', () => {
    const text = 'Members[value eq "x" or value eq "y"]';
    const either = { kind: 'or', terms: [eq('value', 'x'), eq('value', 'y')] };

    expect(parsePath(text)).toEqual({ schema: undefined, attribute: 'members', filter: either, sub: undefined, text });
    expect(parsePath('emails[type eq "work"].Value')).toMatchObject({ filter: eq('type', 'work'), sub: 'value' });
    expect(parsePath(`${CORE_USER}:emails[primary eq True].value`)).toMatchObject({
      schema: CORE_USER.toLowerCase(),
      attribute: 'emails',
      filter: { kind: 'compare', value: true },
      sub: 'value',
    });
  });

  it.each([
    '',
    '.value',
    '[value eq "x"]',
    '"members"',
    'members.value.x',
    '__proto__',
    'emails[type eq "work"]value',
    'emails[type eq "work"].value.x',
    'emails[type eq "work"].__proto__',
    'members[value eq "x"] members',
    'name.givenName[value eq "x"]',
    'members)',
    'a.'.repeat(80_000),
    'a.'.repeat(1_900),
    'urn:'.repeat(900),
  ])('refuses %.60j as invalidPath', (text) => {
    const failure = thrownBy(() => parsePath(text));

    expect([failure.kind, failure.scimType]).toEqual(['invalid', 'invalidPath']);
    expect(failure.message.length).toBeLessThan(300);
  });

  it.each(['members[', 'members[]', 'members[value is x]', 'emails[__proto__.x eq "1"].value', 'emails["open'])(
    'refuses %j as invalidFilter, since its brackets are what is wrong',
    (text) => {
      expect(thrownBy(() => parsePath(text)).scimType).toBe('invalidFilter');
    },
  );
});
