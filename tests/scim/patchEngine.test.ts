import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../src/provisioning/store.js';
import { ENTERPRISE_URN } from '../../src/scim/userAttributes.js';
import { DEPARTMENT, MANAGER, plan, profile } from './ada.js';

describe('applyChange, through the plan of a PATCH', () => {
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
    ['takes one named like a method', { op: 'add', path: 'toString', value: 'x' }, 'toString', { toString: 'x' }],
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
});
