import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readPatch, statedActive } from '../../src/scim/patchMessage.js';
import { ENTERPRISE_URN, PATCH_OP_URN, USER_URN } from '../../src/scim/userAttributes.js';
import { patch } from './patches.js';
import { thrownBy } from './thrown.js';

const operation = { op: 'replace', path: 'active', value: false };
const noAction = { value: undefined, problem: undefined };

describe('readPatch', () => {
  it.each([
    ['no object', [operation], 'invalidSyntax'],
    ['no schemas', { Operations: [operation] }, 'invalidSyntax'],
    ['another schema', { schemas: [USER_URN], Operations: [operation] }, 'invalidSyntax'],
    ['no operations', { schemas: [PATCH_OP_URN] }, 'invalidSyntax'],
    ['empty operations', patch(), 'invalidSyntax'],
    ['operations that are no list', { schemas: [PATCH_OP_URN], Operations: operation }, 'invalidSyntax'],
    ['an operation that is null', patch(null), 'invalidSyntax'],
    ['an operation that is a text', patch('remove'), 'invalidSyntax'],
    ['an unknown op', patch({ ...operation, op: 'move' }), 'invalidSyntax'],
    ['no op', patch({ path: 'active', value: false }), 'invalidSyntax'],
    ['an op of another type', patch({ ...operation, op: 7 }), 'invalidSyntax'],
    ['remove without path', patch({ op: 'remove' }), 'noTarget'],
    ['remove with a path that is null', patch({ op: 'Remove', path: null, value: { active: false } }), 'noTarget'],
    ['an active that is neither', patch({ op: 'replace', path: 'active', value: 'perhaps' }), 'invalidValue'],
    ['an active without value', patch({ op: 'replace', path: 'Active' }), 'invalidValue'],
    ['an active out of bounds', patch({ op: 'add', value: { active: 'x\0' } }), 'invalidValue'],
  ])('refuses a message with %s [US11]', (_, body, scimType) => {
    expect(thrownBy(() => readPatch(body, 'User'))).toMatchObject({ kind: 'invalid', scimType });
  });

  it('keeps a thousand operations and what they all say of active, and names the limit [US11] [US12]', () => {
    const title = { op: 'add', path: 'title', value: 'Dr' };
    const read = readPatch(patch(...Array.from({ length: 1001 }, () => title), operation), 'User');
    expect(read).toHaveLength(1002);
    expect(read.at(-1)?.problem).toMatchObject({ kind: 'invalid', scimType: 'invalidSyntax' });
    expect(statedActive(read)).toBe(false);

    const members = Array.from({ length: 50_001 }, () => ({ op: 'add', path: 'members', value: [] }));
    expect(thrownBy(() => readPatch(patch(...members), 'Group'))).toMatchObject({ scimType: 'invalidSyntax' });
  });

  it('takes an operation for each of fifty thousand members, as authentik sends them', () => {
    const body = patch(
      ...Array.from({ length: 50_000 }, (_, index) => ({
        op: 'add',
        path: 'members',
        value: [{ value: `u${index}` }],
      })),
    );
    expect(readPatch(body, 'Group')).toHaveLength(50_000);
  });

  it('reads a message about a group without schemas (authentik), but none with other schemas', () => {
    const rename = { op: 'replace', value: { displayName: 'Team' } };
    expect(readPatch({ Operations: [rename] }, 'Group')).toEqual(readPatch(patch(rename), 'Group'));
    for (const schemas of [null, [], [USER_URN]]) {
      expect(thrownBy(() => readPatch({ schemas, Operations: [rename] }, 'Group'))).toMatchObject({
        kind: 'invalid',
        scimType: 'invalidSyntax',
      });
    }
  });

  it('reads keys, operations and the schema in any letter case [US11]', () => {
    const body = {
      SCHEMAS: [PATCH_OP_URN.toUpperCase()],
      operations: [{ OP: ' Replace', Path: ' active ', VALUE: false }],
    };
    expect(readPatch(body, 'User')).toEqual([{ ...operation, problem: undefined }]);
  });

  it.each([
    ['an object', { title: 'Dr', active: false }],
    ['a list of one (SCIM SDK)', [{ title: 'Dr', active: false }]],
    ['JSON text (Keycloak)', '{"title":"Dr","active":false}'],
    [
      'an object with id, schemas and meta (Okta, authentik)',
      { ID: 'x', schemas: [], meta: {}, title: 'Dr', active: false },
    ],
  ])('opens %s without path into one operation for each attribute [US11]', (_, value) => {
    for (const path of [{}, { path: null }, { path: '' }, { path: ' ' }]) {
      expect(readPatch(patch({ op: 'replace', ...path, value }), 'User')).toEqual([
        { op: 'replace', path: 'title', value: 'Dr', problem: undefined },
        { op: 'replace', path: 'active', value: false, problem: undefined },
      ]);
    }
  });

  it('keeps keys that are paths, and opens schemas that hold attributes [US11]', () => {
    const value = {
      'name.givenName': 'Ada',
      'emails[type eq "work"].value': 'ada@x.org',
      [`${ENTERPRISE_URN}:employeeNumber`]: '7',
      [`${ENTERPRISE_URN}:manager`]: { value: 'm1' },
      [ENTERPRISE_URN]: { department: 'R&D' },
      'urn:acme:1.0:Custom': { x: 1 },
      [USER_URN]: { active: false },
    };
    expect(readPatch(patch({ op: 'add', value }), 'User').map(({ path, value: inner }) => [path, inner])).toEqual([
      ['name.givenName', 'Ada'],
      ['emails[type eq "work"].value', 'ada@x.org'],
      [`${ENTERPRISE_URN}:employeeNumber`, '7'],
      [`${ENTERPRISE_URN}:manager`, { value: 'm1' }],
      [`${ENTERPRISE_URN}:department`, 'R&D'],
      ['urn:acme:1.0:Custom:x', 1],
      [`${USER_URN}:active`, false],
    ]);
  });

  it('opens a schema that the path names as a whole', () => {
    expect(readPatch(patch({ op: 'replace', path: USER_URN, value: { active: false } }), 'User')).toEqual([
      { op: 'replace', path: `${USER_URN}:active`, value: false, problem: undefined },
    ]);
  });

  it('tells no value from null [GR6]', () => {
    const [absent, given] = readPatch(
      patch({ op: 'remove', path: 'members' }, { op: 'remove', path: 'members', value: null }),
      'Group',
    );
    expect(absent).toEqual({ op: 'remove', path: 'members', ...noAction });
    expect(given).toEqual({ op: 'remove', path: 'members', value: null, problem: undefined });
  });

  it.each([
    ['a NUL', { op: 'replace', path: 'title', value: 'a\0' }],
    ['a list of thousands', { op: 'add', path: 'emails', value: Array.from({ length: 5000 }, () => ({})) }],
    ['a path that is a number', { op: 'replace', path: 7, value: 'x' }],
    ['no path and a text as value', { op: 'replace', value: 'x' }],
    ['no path and a list of two', { op: 'replace', value: [{}, {}] }],
    ['no path and no value', { op: 'add' }],
    ['no path and JSON text of no object', { op: 'add', value: '[1]' }],
    ['no path and JSON text with half of a surrogate pair', { op: 'add', value: '{"displayName":"\ud800"}' }],
    [
      'no path and hundreds of attributes',
      { op: 'add', value: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`a${i}`, 1])) },
    ],
  ])('does not let a neighbour with %s spoil the message [US12]', (_, neighbour) => {
    const operations = readPatch(patch(neighbour, operation), 'User');
    expect(operations).toHaveLength(2);
    expect(operations[0]?.problem).toMatchObject({ kind: 'invalid' });
    expect(statedActive(operations)).toBe(false);
  });

  it('does not let an attribute beside it in one value spoil active [US12]', () => {
    expect(statedActive(readPatch(patch({ op: 'Replace', value: { title: 'a\0', active: 'False' } }), 'User'))).toBe(
      false,
    );
  });

  it('leaves out keys that reach for a prototype', () => {
    const body: unknown = JSON.parse(
      JSON.stringify(patch({ op: 'add', value: 'V' })).replace(
        '"V"',
        '{"__proto__":{"x":1},"constructor.x":1,"title":"Dr"}',
      ),
    );
    expect(readPatch(body, 'User').map(({ path }) => path)).toEqual(['title']);
  });

  it('throws nothing but a Failure, whatever it is given', () => {
    const anyOperation = fc.record(
      {
        op: fc.oneof(fc.constantFrom('add', 'Remove', 'replace'), fc.jsonValue()),
        path: fc.oneof(fc.string(), fc.jsonValue()),
        value: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.array(anyOperation).map((all) => patch(...all)),
        ),
        (body) => {
          try {
            readPatch(body, 'User');
          } catch (error) {
            expect(error).toMatchObject({ name: 'Failure', kind: 'invalid' });
          }
        },
      ),
    );
  });
});

describe('statedActive', () => {
  it.each([
    ['the RFC', { op: 'replace', path: 'active', value: false }],
    ['Okta', { op: 'replace', value: { active: false } }],
    ['Entra ID', { op: 'Replace', path: 'active', value: 'False' }],
    ['Entra ID with add', { op: 'Add', path: 'active', value: 'False' }],
    ['Entra ID with aadOptscim062020', { op: 'replace', value: { 'name.givenName': 'Ada', active: false } }],
    ['Keycloak', { op: 'replace', path: 'active', value: 'false' }],
    ['the SCIM SDK', { op: 'replace', value: [{ active: [false] }] }],
    ['a path that is null', { op: 'replace', path: null, value: { active: false } }],
    ['other letters', { op: 'REPLACE', path: 'ACTIVE', value: 'FALSE' }],
    ['a URN path', { op: 'replace', path: `${USER_URN}:active`, value: false }],
    ['a URN key', { op: 'replace', value: { [`${USER_URN.toLowerCase()}:Active`]: false } }],
    ['a list of objects', { op: 'replace', path: 'active', value: [{ value: 'False' }] }],
    ['a value filter', { op: 'replace', path: 'active[value eq "true"]', value: 'False' }],
  ])('reads the deactivation of %s [US11]', (_, one) => {
    expect(statedActive(readPatch(patch(one), 'User'))).toBe(false);
  });

  it('takes the last of several [US11]', () => {
    const on = { op: 'replace', path: 'active', value: true };
    expect(statedActive(readPatch(patch(on, operation), 'User'))).toBe(false);
    expect(statedActive(readPatch(patch(operation, on), 'User'))).toBe(true);
  });

  it.each([
    ['null', { op: 'replace', path: 'active', value: null }],
    ['a removal', { op: 'remove', path: 'active', value: false }],
    ['the active of an extension', { op: 'replace', path: `${ENTERPRISE_URN}:active`, value: 'perhaps' }],
    ['another attribute', { op: 'replace', path: 'title', value: 'active' }],
  ])('finds no statement in %s', (_, one) => {
    expect(statedActive(readPatch(patch(one), 'User'))).toBeUndefined();
  });
});
