import { describe, expect, it } from '@jest/globals';
import { parseFilter } from '../../src/scim/filter.js';
import { MAX_COUNT, readListQuery, readProjectionInputs, readSearchRequest } from '../../src/scim/queryParameters.js';

const SEARCH_REQUEST = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

function refusal(scimType: string, named = ''): object {
  return expect.objectContaining({ kind: 'invalid', scimType, message: expect.stringContaining(named) });
}

describe('readListQuery', () => {
  it('asks for the first hundred of everything by default [LI2]', () => {
    expect(readListQuery({})).toEqual({
      filter: undefined,
      startIndex: 1,
      count: 100,
      projection: { attributes: undefined, excludedAttributes: undefined },
    });
  });

  it.each([
    ['3', 3],
    ['1', 1],
    ['0', 1],
    ['-4', 1],
    ['+2', 2],
    ['4991', 4991],
    ['9'.repeat(400), 2 ** 31 - 1],
  ])('reads startIndex %.20j as %d [LI2]', (startIndex, expected) => {
    expect(readListQuery({ startIndex }).startIndex).toBe(expected);
  });

  it.each([
    ['1', 1],
    ['0', 0],
    ['-1', 0],
    ['200', 200],
    ['201', MAX_COUNT],
    ['1000000', MAX_COUNT],
  ])('reads count %j as %d [LI2]', (count, expected) => {
    expect(readListQuery({ count }).count).toBe(expected);
  });

  it.each(['', ' ', '1.5', 'ten', '0x10', '1e3', 'NaN', true, { $gt: 1 }, 1.5, Infinity])(
    'refuses %j as a number and names the parameter',
    (value) => {
      expect(() => readListQuery({ count: value })).toThrow(refusal('invalidValue', 'count'));
      expect(() => readListQuery({ startIndex: value })).toThrow(refusal('invalidValue', 'startIndex'));
    },
  );

  it.each(['filter', 'startIndex', 'count', 'attributes', 'excludedAttributes'])(
    'refuses %s sent twice, also in another letter case',
    (name) => {
      expect(() => readListQuery({ [name]: ['1', '1'] })).toThrow(refusal('invalidValue', name));
      expect(() => readListQuery({ [name]: '1', [name.toUpperCase()]: '1' })).toThrow(refusal('invalidValue', name));
    },
  );

  it('reads the filter, and refuses an empty or malformed one instead of answering with everybody [LI3]', () => {
    expect(readListQuery({ filter: 'userName eq "ada"' }).filter).toEqual(parseFilter('userName eq "ada"'));
    expect(readListQuery({ FILTER: 'userName eq "ada"' }).filter).toEqual(parseFilter('userName eq "ada"'));
    expect(() => readListQuery({ filter: '' })).toThrow(refusal('invalidFilter'));
    expect(() => readListQuery({ filter: 'bogus' })).toThrow(refusal('invalidFilter'));
    expect(() => readListQuery({ filter: { userName: 'ada' } })).toThrow(refusal('invalidValue', 'filter'));
  });

  it('ignores sorting and parameters it does not know, as Entra ID and OneLogin send them', () => {
    const sent = { aadOptscim062020: '', '': '', sortBy: ['userName', 'id'], sortOrder: 'sideways', constructor: 'x' };

    expect(readListQuery(sent)).toEqual(readListQuery({}));
  });

  it('is not fooled by what a query inherits', () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const query = JSON.parse('{"__proto__": {"count": "7", "filter": "bogus"}}') as Record<string, unknown>;

    expect(readListQuery(query)).toEqual(readListQuery({}));
    expect(readListQuery({ __proto__: null, count: '7' }).count).toBe(7);
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  });
});

describe('readProjectionInputs', () => {
  it('reads both parameters of any request and nothing else', () => {
    expect(readProjectionInputs({ attributes: 'userName', excludedattributes: 'members', count: 'x' })).toEqual({
      attributes: 'userName',
      excludedAttributes: 'members',
    });
    expect(() => readProjectionInputs({ attributes: ['userName', 'id'] })).toThrow(
      refusal('invalidValue', 'attributes'),
    );
  });
});

describe('readSearchRequest', () => {
  it('reads the body of RFC 7644 §3.4.3 [LI4]', () => {
    const body = {
      schemas: ['urn:example:other', SEARCH_REQUEST.toUpperCase()],
      filter: 'displayName sw "a"',
      startIndex: 5,
      Count: '10',
      sortBy: null,
      attributes: ['displayName', 'userName'],
      excludedAttributes: null,
    };

    expect(readSearchRequest(body)).toEqual({
      filter: parseFilter('displayName sw "a"'),
      startIndex: 5,
      count: 10,
      projection: { attributes: ['displayName', 'userName'], excludedAttributes: undefined },
    });
    expect(readSearchRequest({ schemas: [SEARCH_REQUEST], count: 0, startIndex: -1 })).toMatchObject({
      count: 0,
      startIndex: 1,
    });
  });

  it.each([
    undefined,
    null,
    'text',
    [],
    [SEARCH_REQUEST],
    {},
    { schemas: SEARCH_REQUEST },
    { schemas: [] },
    { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp', 7, null] },
  ])('refuses %j, which is no SearchRequest, as invalidSyntax', (body) => {
    expect(() => readSearchRequest(body)).toThrow(refusal('invalidSyntax'));
  });

  it.each([
    ['attributes', ['userName', 7]],
    ['attributes', { 0: 'userName' }],
    ['excludedAttributes', [['members']]],
    ['count', [1]],
    ['startIndex', {}],
    ['filter', 7],
    ['filter', ['id pr']],
  ])('refuses %s of the wrong type', (name, value) => {
    expect(() => readSearchRequest({ schemas: [SEARCH_REQUEST], [name]: value })).toThrow(
      refusal('invalidValue', name),
    );
  });
});
