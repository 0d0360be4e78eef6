import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readPatch } from '../../src/scim/patchMessage.js';
import { planUserPatch } from '../../src/scim/patchUser.js';
import { ENTERPRISE_URN, USER_URN } from '../../src/scim/userAttributes.js';
import { DEPARTMENT, MANAGER, current, plan, profile } from './ada.js';
import { patch } from './patches.js';

describe('planUserPatch', () => {
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

  it('refuses an endless path [US11]', () => {
    const { refusal } = plan({ op: 'replace', path: `${'a.'.repeat(80_000)}a`, value: 'x' });
    expect(refusal).toMatchObject({ kind: 'invalid', scimType: 'invalidPath' });
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

  it('plans the heaviest message', () => {
    const value = Array.from({ length: 200 }, (_, index) => ({ value: `${'x'.repeat(500)}${index}` }));
    const adds = Array.from({ length: 998 }, (_, index) => ({
      op: 'add',
      path: 'emails',
      value: { value: `y${index}`, type: 'work' },
    }));
    const { refusal } = plan({ op: 'replace', path: 'emails', value: value.slice(0, 199) }, ...adds);
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
