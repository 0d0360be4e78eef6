import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../src/provisioning/store.js';
import { readPatch } from '../../src/scim/patchMessage.js';
import { planUserPatch } from '../../src/scim/patchUser.js';
import type { UserPatchPlan } from '../../src/scim/patchUser.js';
import { ENTERPRISE_URN, USER_URN } from '../../src/scim/userAttributes.js';
import { patch } from './patches.js';

const profile: JsonObject = {
  displayName: 'Ada King',
  title: 'Dr',
  name: { givenName: 'Ada', familyName: 'King' },
  emails: [
    { value: 'ada@x.org', type: 'work', primary: true },
    { value: 'a@home.org', type: 'home' },
  ],
  [ENTERPRISE_URN]: { department: 'R&D', manager: { value: 'm1' } },
};
const current = {
  userName: 'ada@x.org',
  profile,
  representation: {
    schemas: [USER_URN],
    id: 'id-1',
    externalId: 'e1',
    userName: 'ada@x.org',
    active: true,
    ...profile,
    meta: {},
  },
};

function plan(...operations: readonly unknown[]): UserPatchPlan {
  return planUserPatch(readPatch(patch(...operations), 'User'), current);
}

const DEPARTMENT = `${ENTERPRISE_URN}:department`;
const MANAGER = `${ENTERPRISE_URN}:manager`;

describe('planUserPatch', () => {
  it.each<[string, unknown]>([
    ['the value that is there', { op: 'replace', path: 'title', value: 'Dr' }],
    ['a list around it', { op: 'Replace', path: 'title', value: ['Dr'] }],
    ['userName in other letters', { op: 'replace', path: 'USERNAME', value: 'ADA@X.ORG' }],
    [
      'the names, active and userName of Keycloak and Entra ID',
      {
        op: 'Replace',
        value: { active: 'True', userName: 'ada@x.org', displayName: 'Ada King', 'name.givenName': 'Ada' },
      },
    ],
    ['an e-mail in other letters', { op: 'Add', path: 'emails[type eq "work"].value', value: 'Ada@X.org' }],
    [
      'an e-mail that is there',
      { op: 'add', path: 'emails', value: [{ value: 'A@home.org', type: 'home', primary: false }] },
    ],
    [
      'the e-mails in another order',
      { op: 'replace', path: 'emails', value: (profile['emails'] as readonly JsonObject[]).toReversed() },
    ],
    ['primary of the primary one', { op: 'replace', path: 'emails[type eq "Work"].primary', value: 'True' }],
    ['an enterprise attribute', { op: 'replace', path: DEPARTMENT, value: 'R&D' }],
    ['the manager as text', { op: 'Add', path: MANAGER, value: 'm1' }],
    ['the manager as list', { op: 'Add', path: MANAGER, value: [{ $ref: null, value: 'm1' }] }],
    ['a part of the manager', { op: 'replace', path: `${MANAGER}.value`, value: 'm1' }],
    ['null for what has no value', { op: 'replace', value: { nickName: null, phoneNumbers: null, photos: [] } }],
    ['the removal of what is not there', { op: 'remove', path: 'nickName' }],
    ['the id and the schemas', { op: 'replace', path: 'id', value: 'id-1' }],
    ['schemas', { op: 'add', path: 'schemas', value: [ENTERPRISE_URN] }],
    ['no groups', { op: 'replace', path: 'groups', value: [] }],
    ['an object that says nothing', { op: 'replace', path: 'name', value: {} }],
    ['a list that names nobody to remove', { op: 'remove', path: 'emails', value: [] }],
  ])('finds no change in %s [US11]', (_, operation) => {
    expect(plan(operation)).toMatchObject({ changes: [], refusal: undefined, touchesPassword: false });
  });

  it('finds no change when a message takes back what it did [US11]', () => {
    const { changes } = plan(
      { op: 'replace', path: 'title', value: 'Prof' },
      { op: 'replace', path: 'title', value: 'Dr' },
    );
    expect(changes).toEqual([]);
  });

  const [work, home] = profile['emails'] as readonly [JsonObject, JsonObject];
  it.each<[string, unknown, string, JsonObject]>([
    ['replaces a text', { op: 'replace', path: 'title', value: 'Prof' }, 'title', { title: 'Prof' }],
    ['adds a text', { op: 'add', path: 'NickName', value: 'A' }, 'nickName', { nickName: 'A' }],
    ['removes a text', { op: 'remove', path: 'title' }, 'title', { title: null }],
    ['takes null for a removal', { op: 'replace', path: 'title', value: null }, 'title', { title: null }],
    [
      'merges a complex attribute',
      { op: 'replace', path: 'name', value: { givenName: 'Eve' } },
      'name',
      { name: { givenName: 'Eve', familyName: 'King' } },
    ],
    [
      'takes a sub-attribute away by null',
      { op: 'add', path: 'name', value: { familyName: null } },
      'name',
      { name: { givenName: 'Ada' } },
    ],
    [
      'sets a sub-attribute',
      { op: 'replace', path: 'NAME.GIVENNAME', value: 'Eve' },
      'name',
      { name: { givenName: 'Eve', familyName: 'King' } },
    ],
    ['removes a sub-attribute', { op: 'remove', path: 'name.familyName' }, 'name', { name: { givenName: 'Ada' } }],
    [
      'replaces a list',
      { op: 'replace', path: 'emails', value: [{ value: 'e@x.org' }] },
      'emails',
      { emails: [{ value: 'e@x.org' }] },
    ],
    ['clears a list', { op: 'replace', path: 'emails', value: [] }, 'emails', { emails: null }],
    [
      'adds to a list and moves primary',
      { op: 'add', path: 'emails', value: { value: 'e@x.org', primary: true } },
      'emails',
      { emails: [{ ...work, primary: false }, home, { value: 'e@x.org', primary: true }] },
    ],
    [
      'sets what a filter finds',
      { op: 'replace', path: 'emails[type eq "home"].value', value: 'e@x.org' },
      'emails',
      { emails: [work, { ...home, value: 'e@x.org' }] },
    ],
    [
      'finds primary as text',
      { op: 'replace', path: 'emails[primary eq "True"].value', value: 'e@x.org' },
      'emails',
      { emails: [{ ...work, value: 'e@x.org' }, home] },
    ],
    [
      'moves primary by a filter',
      { op: 'replace', path: 'emails[type eq "home"].primary', value: true },
      'emails',
      {
        emails: [
          { ...work, primary: false },
          { ...home, primary: true },
        ],
      },
    ],
    [
      'replaces the value a filter finds',
      { op: 'replace', path: 'emails[type eq "home"]', value: { value: 'e@x.org' } },
      'emails',
      { emails: [work, { value: 'e@x.org' }] },
    ],
    [
      'adds to the value a filter finds',
      { op: 'add', path: 'emails[type eq "home"]', value: { display: 'E' } },
      'emails',
      { emails: [work, { ...home, display: 'E' }] },
    ],
    ['removes what a filter finds', { op: 'remove', path: 'emails[type eq "home"]' }, 'emails', { emails: [work] }],
    [
      'removes a part of what a filter finds',
      { op: 'remove', path: 'emails[type eq "home"].type' },
      'emails',
      { emails: [work, { value: 'a@home.org' }] },
    ],
    [
      'removes the values that are named',
      { op: 'Remove', path: 'emails', value: [{ value: 'A@HOME.org' }] },
      'emails',
      { emails: [work] },
    ],
    [
      'makes the value Entra ID describes',
      { op: 'Add', path: 'phoneNumbers[type eq "mobile"].value', value: '+1' },
      'phoneNumbers',
      { phoneNumbers: [{ type: 'mobile', value: '+1' }] },
    ],
    [
      'makes a value that is to be primary',
      { op: 'Add', path: 'roles[primary eq "True" and type eq "x"].value', value: 'r' },
      'roles',
      { roles: [{ primary: true, type: 'x', value: 'r' }] },
    ],
    [
      'sets a sub-attribute of every value',
      { op: 'replace', path: 'emails.type', value: 'other' },
      'emails',
      {
        emails: [
          { ...work, type: 'other' },
          { ...home, type: 'other' },
        ],
      },
    ],
    [
      'sets an enterprise attribute',
      { op: 'replace', path: DEPARTMENT.toUpperCase(), value: 'Ops' },
      DEPARTMENT,
      { [ENTERPRISE_URN]: { department: 'Ops', manager: { value: 'm1' } } },
    ],
    [
      'clears the manager by an empty text (Entra ID)',
      { op: 'Add', path: MANAGER, value: '' },
      MANAGER,
      { [ENTERPRISE_URN]: { department: 'R&D' } },
    ],
    ['removes the manager', { op: 'Remove', path: MANAGER }, MANAGER, { [ENTERPRISE_URN]: { department: 'R&D' } }],
    [
      'sets the manager by text',
      { op: 'Add', path: MANAGER, value: 'm2' },
      MANAGER,
      { [ENTERPRISE_URN]: { department: 'R&D', manager: { value: 'm2' } } },
    ],
    [
      'keeps the letters of what it does not know',
      { op: 'add', path: 'urn:Acme:1.0:User:costBand', value: 'A' },
      'urn:Acme:1.0:User:costBand',
      { 'urn:Acme:1.0:User': { costBand: 'A' } },
    ],
    [
      'takes an attribute it does not know',
      { op: 'add', path: 'favColor.shadeOf', value: 'red' },
      'favColor',
      { favColor: { shadeOf: 'red' } },
    ],
    [
      'takes one named like a method',
      { op: 'add', path: 'toString', value: 'x' },
      'toString',
      { toString: 'x' } as unknown as JsonObject,
    ],
  ])('%s [US11]', (_, operation, name, expected) => {
    const { changes, refusal, next } = plan(operation);
    expect(refusal).toBeUndefined();
    expect(changes).toEqual([name]);
    const wanted = Object.entries({ ...profile, ...expected }).filter(([, value]) => value !== null);
    expect(next).toEqual({ userName: 'ada@x.org', profile: Object.fromEntries(wanted) });
  });

  it('removes an extension as a whole', () => {
    expect(plan({ op: 'remove', path: ENTERPRISE_URN }).changes.toSorted()).toEqual([DEPARTMENT, MANAGER]);
  });

  it('records a new userName', () => {
    expect(plan({ op: 'replace', path: 'userName', value: 'eve@x.org' })).toMatchObject({
      changes: ['userName'],
      next: { userName: 'eve@x.org', profile },
    });
  });

  it.each<[unknown, string, RegExp]>([
    [{ op: 'replace', path: 'id', value: 'other' }, 'mutability', /^id is read-only/],
    [{ op: 'remove', path: 'id' }, 'mutability', /^id/],
    [{ op: 'replace', path: 'meta.created', value: 'x' }, 'mutability', /^meta/],
    [{ op: 'add', path: 'groups', value: [{ value: 'g1' }] }, 'mutability', /^groups/],
    [{ op: 'remove', path: 'groups[value eq "g1"]' }, 'mutability', /^groups/],
    [{ op: 'remove', path: 'schemas' }, 'mutability', /^schemas/],
    [{ op: 'remove', path: 'userName' }, 'mutability', /^userName is required/],
    [{ op: 'replace', path: 'userName', value: '' }, 'mutability', /^userName is required/],
    [{ op: 'remove', path: 'active' }, 'mutability', /^active cannot be removed/],
    [{ op: 'replace', path: 'active', value: null }, 'mutability', /^active cannot be removed/],
    [{ op: 'replace', path: 'emails[type eq "none"].value', value: 'x' }, 'noTarget', /matches no value/],
    [{ op: 'remove', path: 'emails[type eq "none"]' }, 'noTarget', /matches no value/],
    [{ op: 'replace', path: 'phoneNumbers[type eq "work"].value', value: 'x' }, 'noTarget', /matches no value/],
    [
      { op: 'add', path: 'emails[type ne "work" and type ne "home"].value', value: 'x' },
      'noTarget',
      /matches no value/,
    ],
    [{ op: 'replace', path: 'title..x', value: 'x' }, 'invalidPath', /title\.\.x/],
    [{ op: 'replace', path: `${'a.'.repeat(80_000)}a`, value: 'x' }, 'invalidPath', /longer/],
    [{ op: 'add', path: 'emails[__proto__.x eq "1"].value', value: 'x' }, 'invalidFilter', /sub-attribute|attribute/],
    [{ op: 'replace', path: '__proto__', value: { x: 1 } }, 'invalidPath', /__proto__/],
    [{ op: 'replace', path: 'title.part', value: 'x' }, 'invalidPath', /title\.part/],
    [{ op: 'replace', path: 'title[value eq "Dr"]', value: 'x' }, 'invalidPath', /title/],
    [{ op: 'replace', path: 'userName.x', value: 'x' }, 'invalidPath', /userName/],
    [{ op: 'replace', path: 'title' }, 'invalidValue', /title has no value/],
    [{ op: 'replace', path: 'title', value: { a: 1 } }, 'invalidValue', /^title/],
    [{ op: 'replace', path: 'userName', value: 7 }, 'invalidValue', /^userName/],
    [{ op: 'replace', path: 'externalId', value: [1, 2] }, 'invalidValue', /^externalId/],
    [{ op: 'replace', path: ENTERPRISE_URN, value: 'x' }, 'invalidValue', /whole extension/],
  ])('plans the refusal of %j as %s [US11]', (operation, scimType, message) => {
    const { refusal, changes } = plan(operation);
    expect(refusal).toMatchObject({ kind: 'invalid', scimType });
    expect(refusal?.message).toMatch(message);
    expect(changes).toEqual([]);
  });

  it('puts read-only before a value path without match, and both beside the change [US11]', () => {
    const noMatch = { op: 'replace', path: 'emails[type eq "none"].value', value: 'x' };
    const readOnly = { op: 'replace', path: 'id', value: 'x' };
    const change = { op: 'replace', path: 'title', value: 'Prof' };
    expect(plan(change, noMatch, readOnly)).toMatchObject({ changes: ['title'], refusal: { scimType: 'mutability' } });
    expect(plan(change, noMatch)).toMatchObject({ changes: ['title'], refusal: { scimType: 'noTarget' } });
  });

  it.each<[string, unknown]>([
    ['a profile change', { op: 'Replace', path: 'title', value: 'Prof' }],
    ['a value path without match', { op: 'Replace', path: 'phoneNumbers[type eq "fax"].value', value: '1' }],
    ['a read-only attribute', { op: 'Replace', path: 'id', value: 'x' }],
    ['a broken path', { op: 'Replace', path: ']', value: 'x' }],
    ['a value that cannot be stored', { op: 'Replace', path: 'title', value: '\0' }],
    ['a password', { op: 'Replace', path: 'password', value: 'x' }],
    ["Entra ID's new name of the soft-deleted", { op: 'Replace', path: 'userName', value: 'a1b2ada@x.org' }],
  ])('reads the deactivation beside %s [US12]', (_, neighbour) => {
    const off = { op: 'Replace', path: 'active', value: 'False' };
    expect(plan(neighbour, off).active).toBe(false);
    expect(plan(off, neighbour).active).toBe(false);
  });

  it.each<[unknown, { value: string | undefined } | undefined]>([
    [{ op: 'replace', path: 'externalId', value: 'e2' }, { value: 'e2' }],
    [{ op: 'Add', value: { ExternalID: 'e2' } }, { value: 'e2' }],
    [{ op: 'replace', path: 'externalId', value: '' }, { value: undefined }],
    [{ op: 'replace', path: 'externalId', value: null }, { value: undefined }],
    [{ op: 'remove', path: `${USER_URN}:externalId` }, { value: undefined }],
    [{ op: 'replace', path: 'title', value: 'Dr' }, undefined],
  ])('reads externalId from %j [US11]', (operation, externalId) => {
    expect(plan(operation)).toMatchObject({ externalId, changes: [], refusal: undefined });
  });

  it('lists a password apart and never keeps it [US10]', () => {
    const { touchesPassword, next, changes } = plan({ op: 'replace', value: { Password: 's3cret' } });
    expect(touchesPassword).toBe(true);
    expect(changes).toEqual([]);
    expect(JSON.stringify(next)).not.toContain('s3cret');
  });

  it('leaves the record it was given alone', () => {
    const before = structuredClone(current);
    plan(
      { op: 'replace', path: 'emails[type eq "work"].primary', value: false },
      { op: 'remove', path: 'name.givenName' },
    );
    expect(current).toEqual(before);
  });

  it('plans the heaviest message in a moment', () => {
    const value = Array.from({ length: 200 }, (_, index) => ({ value: `${'x'.repeat(1000)}${index}` }));
    const adds = Array.from({ length: 998 }, (_, index) => ({
      op: 'add',
      path: 'emails',
      value: { value: `y${index % 2}`, type: 'work' },
    }));
    const startedAt = performance.now();
    const { refusal } = plan({ op: 'replace', path: 'emails', value: value.slice(0, 199) }, ...adds);
    expect(performance.now() - startedAt).toBeLessThan(3000);
    expect(refusal).toMatchObject({ scimType: 'invalidValue' });
  });
});

describe('planUserPatch, for any message', () => {
  const paths = [
    'active',
    'title',
    'userName',
    'emails',
    'emails[type eq "work"]',
    'emails[type eq "work"].value',
    'emails.type',
    'name',
    'name.givenName',
    MANAGER,
    DEPARTMENT,
    ENTERPRISE_URN,
    'externalId',
    'groups',
    'id',
    'x',
    'x.y',
    'x[a eq 1].b',
    'password',
    '',
    null,
    '__proto__',
    'constructor.prototype',
    'toString',
  ];
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(false, 'True', [{ value: 'False' }]),
    fc.dictionary(
      fc.constantFrom('active', 'value', 'type', 'primary', 'givenName', '__proto__', ENTERPRISE_URN),
      fc.jsonValue({ maxDepth: 2 }),
    ),
  );
  const operation = fc.record(
    { op: fc.constantFrom('add', 'Replace', 'remove'), path: fc.oneof(fc.constantFrom(...paths), fc.string()), value },
    { requiredKeys: ['op'] },
  );

  it('throws nothing but a Failure, and keeps prototypes clean', () => {
    const names = Object.getOwnPropertyNames(Object.prototype);
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1, maxLength: 6 }), (operations) => {
        try {
          const { refusal } = plan(...operations);
          if (refusal !== undefined) expect(refusal).toMatchObject({ kind: 'invalid' });
        } catch (error) {
          expect(error).toMatchObject({ name: 'Failure', kind: 'invalid' });
        }
      }),
      { numRuns: 500 },
    );
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(names);
  });

  it('changes nothing when the same change of one attribute is sent again [US11]', () => {
    fc.assert(
      fc.property(operation, (one) => {
        try {
          const operations = readPatch(patch(one), 'User');
          const { next } = planUserPatch(operations, current);
          expect(planUserPatch(operations, { ...current, ...next }).changes).toEqual([]);
        } catch (error) {
          expect(error).toMatchObject({ name: 'Failure', kind: 'invalid' });
        }
      }),
      { numRuns: 500 },
    );
  });
});
