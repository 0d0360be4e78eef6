import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { atOnce } from '../../src/provisioning/turns.js';
import { readGroup, readUser } from '../../src/scim/requests.js';
import { ENTERPRISE_URN, USER_URN } from '../../src/scim/userAttributes.js';
import { thrownBy } from './thrown.js';

describe('readUser', () => {
  it("reads Okta's create and leaves out what is not profile: password, groups, schemas [US1]", () => {
    const user = readUser({
      schemas: [USER_URN],
      userName: 'ada@x.org',
      name: { givenName: 'Ada', familyName: 'King' },
      emails: [{ primary: true, value: 'ada@x.org', type: 'work' }],
      displayName: 'Ada King',
      locale: 'en-US',
      externalId: '00u1',
      groups: [],
      password: 'random',
      active: true,
    });
    expect(user).toEqual({
      userName: 'ada@x.org',
      externalId: { value: '00u1' },
      active: true,
      problem: undefined,
      profile: {
        name: { givenName: 'Ada', familyName: 'King' },
        emails: [{ primary: true, value: 'ada@x.org', type: 'work' }],
        displayName: 'Ada King',
        locale: 'en-US',
      },
    });
  });

  it('ignores id, meta and groups that Okta puts back, however many groups', () => {
    const groups = Array.from({ length: 1000 }, (_, index) => ({ value: `g${index}` }));
    const user = readUser({ id: 'x', meta: { location: '/x' }, groups, userName: 'ada', Schemas: [], title: 'Dr' });
    expect(user.profile).toEqual({ title: 'Dr' });
    expect(user.problem).toBeUndefined();
  });

  it('spells core and enterprise attributes as RFC 7643 does and leaves unknown ones alone', () => {
    const user = readUser({
      USERNAME: 'ada',
      Title: 'Dr',
      NAME: { GIVENNAME: 'Ada' },
      Emails: [{ Value: 'ada@x.org', Primary: 'True', TYPE: 'work' }],
      favColor: { Shade: 'Red' },
      [ENTERPRISE_URN.toUpperCase()]: { Department: 'R&D', Manager: { Value: 'm1' } },
      'urn:acme:Custom:1.0:User': { costBand: 'A' },
    });
    expect(user.userName).toBe('ada');
    expect(user.profile).toEqual({
      title: 'Dr',
      name: { givenName: 'Ada' },
      emails: [{ value: 'ada@x.org', primary: true, type: 'work' }],
      favColor: { Shade: 'Red' },
      [ENTERPRISE_URN]: { department: 'R&D', manager: { value: 'm1' } },
      'urn:acme:Custom:1.0:User': { costBand: 'A' },
    });
  });

  it('opens attributes that come under their URN, one by one or inside the core schema', () => {
    const user = readUser({
      [`${ENTERPRISE_URN}:department`]: 'R&D',
      [`${USER_URN}:title`]: 'Dr',
      [USER_URN]: { userName: 'ada', active: 'False', nickName: 'A' },
    });
    expect(user).toMatchObject({
      userName: 'ada',
      active: false,
      profile: { title: 'Dr', nickName: 'A', [ENTERPRISE_URN]: { department: 'R&D' } },
    });
  });

  it.each([
    [false, false],
    [true, true],
    ['False', false],
    ['True', true],
    ['false', false],
    [[false], false],
    [{ value: 'False' }, false],
    [[{ value: 'False' }], false],
    [[{ Value: true }], true],
    [null, undefined],
  ])('reads active %j as %s', (active, expected) => {
    expect(readUser({ userName: 'ada', active }).active).toBe(expected);
  });

  it.each([[0], [1], ['no'], [''], [[]], [[true, false]], [{}], [{ value: null }]])(
    'refuses active %j as invalidValue and names it',
    (active) => {
      const failure = thrownBy(() => readUser({ userName: 'ada', active }));
      expect(failure).toMatchObject({ kind: 'invalid', scimType: 'invalidValue' });
      expect(failure.message).toMatch(/^active /);
    },
  );

  it.each([
    ['absent', {}, undefined],
    ['null', { externalId: null }, undefined],
    ['the empty text', { externalId: '' }, { value: undefined }],
    ['a text', { externalId: 'e1' }, { value: 'e1' }],
    ['a number without its quotes', { externalId: 17 }, { value: '17' }],
  ])('reads externalId that is %s [ID6]', (_, body, expected) => {
    expect(readUser(body).externalId).toEqual(expected);
  });

  it.each([[{}], [{ userName: null }], [{ userName: '' }], [{ userName: '  ' }]])(
    'leaves userName undefined for %j, which the caller refuses',
    (body) => {
      expect(readUser(body)).toMatchObject({ userName: undefined, problem: undefined });
    },
  );

  it.each([
    ['null lists (JumpCloud)', { emails: null, phoneNumbers: null, photos: null }, {}],
    ['empty lists (suvera)', { ims: [], roles: [], addresses: [] }, {}],
    [
      'null sub-attributes (Microsoft)',
      { name: { formatted: null, givenName: 'Ada' } },
      { name: { givenName: 'Ada' } },
    ],
    ['null inside what we do not know', { x: { y: null, z: [null, { a: null }, 1] } }, { x: { z: [1] } }],
    ['a list of nothing', { emails: [null, {}, { value: null }] }, {}],
    ['a bare object (OneLogin)', { emails: { value: 'a@x.org' } }, { emails: [{ value: 'a@x.org' }] }],
    [
      'plain texts',
      { emails: ['a@x.org'], roles: 'admin' },
      { emails: [{ value: 'a@x.org' }], roles: [{ value: 'admin' }] },
    ],
    [
      'a role type of its own (Keycloak)',
      { roles: [{ value: 'r', type: 'direct' }] },
      { roles: [{ value: 'r', type: 'direct' }] },
    ],
    ['an e-mail type that is null', { emails: [{ value: 'a@x.org', type: null }] }, { emails: [{ value: 'a@x.org' }] }],
    ['a photo that is no URL', { photos: [{ value: 'none' }] }, { photos: [{ value: 'none' }] }],
    [
      'a line break in an address (Microsoft)',
      { addresses: [{ formatted: 'a\nb' }] },
      { addresses: [{ formatted: 'a\nb' }] },
    ],
    ['a number for a text', { title: 5 }, { title: '5' }],
    [
      'two primaries, of which the first counts',
      {
        emails: [
          { value: 'a', primary: true },
          { value: 'b', primary: true },
        ],
      },
      {
        emails: [
          { value: 'a', primary: true },
          { value: 'b', primary: false },
        ],
      },
    ],
    [
      'one type and value in several elements, which are one',
      {
        emails: [
          { value: 'a@x.org', type: 'work' },
          { value: 'a@x.org', type: 'home' },
          { value: 'A@x.org', type: 'work', primary: true },
        ],
      },
      {
        emails: [
          { value: 'A@x.org', type: 'work', primary: true },
          { value: 'a@x.org', type: 'home' },
        ],
      },
    ],
    [
      'addresses of one type, which have no value to be the same by',
      { addresses: [{ type: 'work', locality: 'A' }, { type: 'work' }] },
      { addresses: [{ type: 'work', locality: 'A' }, { type: 'work' }] },
    ],
    ['manager as text', { [ENTERPRISE_URN]: { manager: 'm1' } }, { [ENTERPRISE_URN]: { manager: { value: 'm1' } } }],
    [
      'manager as list (Entra ID)',
      { [ENTERPRISE_URN]: { manager: [{ $ref: null, value: 'm1' }] } },
      { [ENTERPRISE_URN]: { manager: { value: 'm1' } } },
    ],
    ['an old schema name (OneLogin)', { schemas: ['urn:scim:schemas:core:2.0'], title: 'Dr' }, { title: 'Dr' }],
  ])('reads %s', (_, body, profile) => {
    const user = readUser({ userName: 'ada', ...body });
    expect(user.problem).toBeUndefined();
    expect(user.profile).toEqual(profile);
  });

  it.each([
    [{ title: { a: 1 } }, /^title /],
    [{ name: 'Ada' }, /^name /],
    [{ emails: true }, /^emails /],
    [{ emails: [{ value: { a: 1 } }] }, /^emails\.value /],
    [{ title: 'a\0' }, /^title /],
    [{ userName: ['a', 'b'] }, /^userName /],
    [{ userName: 'a\nb' }, /^userName /],
    [{ userName: 'a'.repeat(256) }, /^userName /],
    [{ externalId: {} }, /^externalId /],
    [{ externalId: 'e'.repeat(1025) }, /^externalId /],
    [{ externalId: '漢'.repeat(700) }, /^externalId .* 2048 bytes/],
    [{ emails: Array.from({ length: 201 }, () => ({})) }, /^emails /],
  ])('still reads active beside %j, and says what is wrong with that [US12]', (body, message) => {
    const user = readUser({ ...body, active: 'False' });
    expect(user.active).toBe(false);
    expect(user.problem).toMatchObject({ kind: 'invalid', scimType: 'invalidValue' });
    expect(user.problem?.message).toMatch(message);
  });

  it('bounds what is kept of one person', () => {
    const long = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`a${index}`, 'x'.repeat(5000)]));
    expect(readUser({ userName: 'ada', ...long }).problem).toMatchObject({ kind: 'invalid' });
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`a${index}`, 1]));
    expect(readUser(wide)).toMatchObject({ profile: {}, problem: { kind: 'invalid' } });
  });

  it('throws nothing but a Failure, and keeps prototypes clean', () => {
    const before = Object.getOwnPropertyNames(Object.prototype).length;
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('active', 'emails', 'name', '__proto__', ENTERPRISE_URN, 'x'), fc.jsonValue()),
        (body) => {
          try {
            const { profile } = readUser(body);
            expect(readUser({ ...profile }).profile).toEqual(profile);
          } catch (error) {
            expect(error).toMatchObject({ name: 'Failure', kind: 'invalid' });
          }
        },
      ),
    );
    expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(before);
  });
});

describe('readGroup', () => {
  it("reads Entra's group, whose second schema name nobody else knows", () => {
    const group = atOnce(
      readGroup({
        schemas: [
          'urn:ietf:params:scim:schemas:core:2.0:Group',
          'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group',
        ],
        displayName: 'Team',
        externalId: 'e1',
        meta: { resourceType: 'Group' },
      }),
    );
    expect(group).toEqual({
      displayName: 'Team',
      externalId: { value: 'e1' },
      members: undefined,
    });
  });

  it.each([
    ['null', null, undefined],
    ['empty', [], []],
    ['a list', [{ value: 'a' }, { value: 'b' }], ['a', 'b']],
    ['a single object', { value: 'a' }, ['a']],
    ['texts', ['a', 'b'], ['a', 'b']],
    ['a text', 'a', ['a']],
    ['with duplicates', [{ value: 'a' }, 'a', { Value: 'a' }], ['a']],
    ['with a display', [{ value: 'a', display: 'Ada' }], ['a']],
    ['with null references', [{ $ref: null, value: 'a', type: 'User' }], ['a']],
  ])('reads members that are %s', (_, members, expected) => {
    expect(atOnce(readGroup({ displayName: 'Team', members })).members).toEqual(expected);
  });

  it.each([
    ['an entry without value [GR6]', [{ display: 'Ada' }], /entry without value/],
    ['an entry that is null [GR6]', [null], /entry without value/],
    ['a nested group, by its id [GR4]', [{ value: 'g1', type: 'Group' }], /group g1/],
    ['an id that nobody has [GR4]', [{ value: 'a b"' }], /no user's id/],
    ['a number', 7, /cannot be read/],
    ['a value of another type', [{ value: 7 }], /cannot be read/],
    ['lists in lists', [['a']], /cannot be read/],
  ])('refuses members with %s', (_, members, message) => {
    const failure = thrownBy(() => atOnce(readGroup({ displayName: 'Team', members })));
    expect(failure).toMatchObject({ kind: 'invalid', scimType: 'invalidValue' });
    expect(failure.message).toMatch(message);
  });

  it.each([[null], [''], [' '], ['a\u0007'], ['a\u0085b'], ['x'.repeat(256)], [7]])(
    'refuses displayName %j and names it [GR3]',
    (displayName) => {
      const failure = thrownBy(() => atOnce(readGroup({ displayName })));
      expect(failure).toMatchObject({ kind: 'invalid', scimType: 'invalidValue' });
      expect(failure.message).toMatch(/^displayName /);
    },
  );
});
