import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Failure } from '../../src/provisioning/failure.js';
import { parseProjection, project, wants } from '../../src/scim/projection.js';
import type { Projection, ProjectionInputs } from '../../src/scim/projection.js';

const CORE_USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const ada = {
  schemas: [CORE_USER, ENTERPRISE],
  id: '712020:ada',
  externalId: '00uAda',
  userName: 'ada@example.com',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  emails: [{ value: 'ada@example.com', type: 'work' }, { value: 'ada@home.example' }],
  active: false,
  [ENTERPRISE]: { department: 'Engines', Manager: { value: 'm1', displayName: 'Charles' } },
  meta: { resourceType: 'User', created: '2026-01-31T10:00:00Z' },
};
const minimum = { schemas: ada.schemas, id: ada.id };

function parse(inputs: Partial<ProjectionInputs>, resourceType: 'User' | 'Group' = 'User'): Projection {
  return parseProjection({ attributes: undefined, excludedAttributes: undefined, ...inputs }, resourceType);
}

function only(attributes: string | readonly string[]): Record<string, unknown> {
  return project(ada, parse({ attributes }));
}

function without(excludedAttributes: string | readonly string[]): Record<string, unknown> {
  return project(ada, parse({ excludedAttributes }));
}

describe('attributes', () => {
  it.each([
    ['userName', { userName: ada.userName }],
    ['USERNAME,active', { userName: ada.userName, active: false }],
    ['userName,', { userName: ada.userName }],
    [' userName , , externalId ', { userName: ada.userName, externalId: ada.externalId }],
    [`${CORE_USER}:userName`, { userName: ada.userName }],
    ['name.givenName', { name: { givenName: 'Ada' } }],
    ['name,name.givenName', { name: ada.name }],
    ['name.givenName,name', { name: ada.name }],
    ['emails.value', { emails: [{ value: 'ada@example.com' }, { value: 'ada@home.example' }] }],
    ['emails.type', { emails: [{ type: 'work' }] }],
    ['emails.display', {}],
    ['meta', { meta: ada.meta }],
    ['meta.created', { meta: { created: ada.meta.created } }],
    [ENTERPRISE, { [ENTERPRISE]: ada[ENTERPRISE] }],
    [`${ENTERPRISE.toLowerCase()}:Department`, { [ENTERPRISE]: { department: 'Engines' } }],
    [`${ENTERPRISE}:manager.displayname`, { [ENTERPRISE]: { Manager: { displayName: 'Charles' } } }],
    ['id,schemas', {}],
    ['id.value', {}],
    ['userName.value', {}],
    ['noSuchAttribute', {}],
    ['urn:ietf:params:scim:schemas:core:2.0:Group:userName', {}],
    ['emails[type eq "work"]', {}],
    ['__proto__.filter,constructor,toString', {}],
  ])('%s answers with that part, in the spelling of the resource, and the minimum set [LI5]', (attributes, part) => {
    expect(only(attributes)).toEqual({ ...minimum, ...part });
  });

  it('takes a list as a SearchRequest sends it for the same', () => {
    expect(only(['name.givenName', ' active'])).toEqual(only('name.givenName,active'));
  });
});

describe('excludedAttributes', () => {
  it.each([
    ['emails,name,meta', { emails: undefined, name: undefined, meta: undefined }],
    ['EMAILS.TYPE', { emails: [{ value: 'ada@example.com' }, { value: 'ada@home.example' }] }],
    ['name.givenName,name.familyName', { name: undefined }],
    [`${CORE_USER}:active`, { active: undefined }],
    [ENTERPRISE, { [ENTERPRISE]: undefined }],
    [`${ENTERPRISE}:manager.value`, { [ENTERPRISE]: { department: 'Engines', Manager: { displayName: 'Charles' } } }],
    ['id,schemas,id.value', {}],
    ['active.value', {}],
    ['noSuchAttribute,__proto__.x', {}],
  ])('%s leaves out that part and never the minimum set [LI5]', (excludedAttributes, part) => {
    expect(without(excludedAttributes)).toEqual(JSON.parse(JSON.stringify({ ...ada, ...part })));
  });
});

describe('parseProjection', () => {
  it.each([{}, { attributes: '' }, { attributes: ' , ', excludedAttributes: ',' }, { attributes: [] }])(
    'keeps everything when %j names nothing',
    (inputs) => {
      expect(project(ada, parse(inputs))).toEqual(ada);
    },
  );

  it('lets attributes decide when both parameters come, which RFC 7644 §3.9 rules out', () => {
    const projection = parse({ attributes: 'userName', excludedAttributes: 'userName,id' });

    expect(project(ada, projection)).toEqual({ ...minimum, userName: ada.userName });
  });

  it.each([
    ['attributes', Array.from({ length: 101 }, () => 'a').join(',')],
    ['attributes', 'a'.repeat(8001)],
    ['excludedAttributes', 'a.'.repeat(80_000)],
    ['excludedAttributes', ','.repeat(100_000)],
    ['excludedAttributes', Array.from({ length: 101 }, () => 'a')],
  ])('refuses an overlong %s', (parameter, value) => {
    expect(() => parse({ [parameter]: value })).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        scimType: 'invalidValue',
        message: expect.stringContaining(parameter),
      }),
    );
  });
});

describe('project', () => {
  it('makes a new object and leaves the resource and every prototype alone', () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const resource = JSON.parse(
      '{"id": "1", "__proto__": {"x": 1, "y": 2}, "constructor": {"prototype": {"z": 3}}}',
    ) as object;
    const frozen = JSON.stringify(resource);

    for (const names of ['__proto__', '__proto__.x', 'constructor.prototype', 'constructor', 'prototype']) {
      const kept = project(resource, parse({ attributes: names }));
      const left = project(resource, parse({ excludedAttributes: names }));

      expect(Object.getPrototypeOf(kept)).toBe(Object.prototype);
      expect(Object.getPrototypeOf(left)).toBe(Object.prototype);
    }
    expect(JSON.stringify(resource)).toBe(frozen);
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  });

  it('splits a resource in two: what attributes keeps, excludedAttributes of the same names leaves out', () => {
    const names = fc.subarray(['userName', 'name', 'emails', 'active', 'meta', 'externalId', ENTERPRISE]);
    fc.assert(
      fc.property(names, (attributes) => {
        fc.pre(attributes.length > 0);
        const kept = only(attributes);
        const left = without(attributes);

        expect({ ...kept, ...left }).toEqual(ada);
        expect(Object.keys(kept).filter((name) => name in left)).toEqual(['schemas', 'id']);
      }),
    );
  });
});

describe('wants', () => {
  it.each([
    [{}, 'groups', true],
    [{ attributes: 'groups' }, 'groups', true],
    [{ attributes: 'GROUPS.value' }, 'groups', true],
    [{ attributes: `${CORE_USER}:groups` }, 'Groups', true],
    [{ attributes: 'userName' }, 'groups', false],
    [{ attributes: 'urn:ietf:params:scim:schemas:core:2.0:Group:groups' }, 'groups', false],
    [{ attributes: 'userName' }, 'id', true],
    [{ attributes: `${ENTERPRISE}:department` }, ENTERPRISE, true],
    [{ excludedAttributes: 'groups' }, 'groups', false],
    [{ excludedAttributes: 'groups.display' }, 'groups', true],
    [{ excludedAttributes: 'userName' }, 'groups', true],
    [{ excludedAttributes: 'id' }, 'id', true],
    [{ attributes: '__proto__' }, 'constructor', false],
  ])('given %j, the answer needs %s: %s', (inputs, attribute, expected) => {
    expect(wants(parse(inputs), attribute)).toBe(expected);
  });

  it('need not read the members of groups for Entra ID [LI5]', () => {
    expect(wants(parse({ excludedAttributes: 'members' }, 'Group'), 'members')).toBe(false);
    expect(wants(parse({ attributes: 'displayName,members.value' }, 'Group'), 'members')).toBe(true);
  });

  it('refuses with a Failure and nothing else, whatever is sent', () => {
    const inputs = fc.record({ attributes: fc.string({ unit: 'binary' }), excludedAttributes: fc.array(fc.string()) });
    fc.assert(
      fc.property(inputs, (any) => {
        try {
          const kept = project(ada, parse(any));
          expect([kept['id'], kept['schemas']]).toEqual([ada.id, ada.schemas]);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
    );
  });
});
