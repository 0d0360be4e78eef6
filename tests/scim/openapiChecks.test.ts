import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer } from '../support/answers.js';
import { type Contract, readContract } from '../support/openapi.js';
import { GROUP_URN, USER_URN } from './exchanges.js';

let contract: Contract;

beforeAll(async () => {
  contract = await readContract();
});

describe('an answer that the document does not describe', () => {
  const meta = {
    resourceType: 'Group',
    created: '2026-03-01T10:00:00.000Z',
    lastModified: '2026-03-01T10:00:00.000Z',
    location: 'https://scim.example.com/scim/v2/Groups/g-1',
  };
  const group = { schemas: [GROUP_URN], id: 'g-1', displayName: 'crew', meta };
  const person = {
    schemas: [USER_URN],
    id: 'u-1',
    userName: 'ada@example.com',
    active: true,
    meta: { ...meta, resourceType: 'User' },
  };
  const ofPerson = { url: '/scim/v2/Users/u-1' };
  /** A search that finds the group without what `meta` tells of it. */
  const ofSearch = {
    method: 'POST',
    url: '/scim/v2/Groups/.search',
    body: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 1,
      startIndex: 1,
      itemsPerPage: 1,
      Resources: [{ ...group, meta: undefined }],
    },
  };
  const error = {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: '404',
    detail: 'Nobody has this id. (request r-1)',
  };

  interface Change extends Partial<Omit<Answer, 'headers' | 'body'>> {
    readonly headers?: Readonly<Record<string, string | undefined>>;
    readonly body?: unknown;
  }
  function answer({ headers = {}, body = group, ...change }: Change = {}): Answer {
    return {
      method: 'GET',
      url: '/scim/v2/Groups/g-1',
      search: '',
      status: 200,
      ...change,
      headers: { 'content-type': 'application/scim+json', 'x-request-id': 'r-1', ...headers },
      body: body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body),
    };
  }

  it('is told from one that it does', () => {
    const described: readonly Change[] = [
      {},
      { url: '/scim/v2/groups/g-1/?attributes=displayName', body: { ...group, meta: undefined } },
      { ...ofSearch, search: '{"Attributes":["displayName"]}' },
      { ...ofSearch, search: '{"excludedAttributes":["meta"]}' },
      { ...ofPerson, body: person },
      { method: 'HEAD', body: '' },
      { status: 404, body: error },
      { url: '/elsewhere', status: 404, body: error },
      { method: 'POST', status: 405, body: { ...error, status: '405' }, headers: { allow: 'GET, HEAD' } },
    ];

    expect(described.flatMap((one) => contract.problemsOf(answer(one)))).toEqual([]);
  });

  it.each<[string, Change, string]>([
    ['has another status', { status: 418 }, 'GET with this status is not documented'],
    ['is to a method of no operation', { method: 'POST' }, 'POST with this status is not documented'],
    ['is at an address of no path', { url: '/scim/v2/Nothing' }, 'GET with this status is not documented'],
    ['has a header more', { headers: { etag: '"1"' } }, 'the header etag is not documented'],
    ['has a header less', { headers: { 'x-request-id': undefined } }, 'the header X-Request-Id is missing'],
    [
      'has a header of another form',
      { headers: { 'x-request-id': 'a b' } },
      'the header X-Request-Id must match pattern',
    ],
    ['has a charset', { headers: { 'content-type': 'application/scim+json; charset=utf-8' } }, 'charset=utf-8, not'],
    ['has no body', { body: undefined, headers: { 'content-type': undefined } }, 'the body is without media type'],
    ['is no JSON', { body: '{' }, 'the body is no JSON'],
    ['has an attribute more', { body: { ...group, version: 'x' } }, 'must NOT have additional properties (version)'],
    ['has an attribute less', { body: { ...group, meta: undefined } }, "must have required property 'meta'"],
    [
      'has a value of another form',
      { body: { ...group, meta: { ...meta, created: 'now' } } },
      '/meta/created must match',
    ],
    [
      'is of the other resource type',
      { body: { ...group, meta: { ...meta, resourceType: 'User' } } },
      '/meta/resourceType must be equal to constant',
    ],
    ['is a User that says Group', { ...ofPerson, body: { ...person, meta } }, '/meta/resourceType must be equal'],
    ['shows the account', { ...ofPerson, body: { ...person, accountId: 'a-1' } }, '/accountId boolean schema is false'],
    ['shows the record', { ...ofPerson, body: { ...person, link: {} } }, '/link boolean schema is false'],
    [
      'is a part that no search asked for',
      { ...ofSearch, search: '{"count":1}' },
      "must have required property 'meta'",
    ],
    ['is a part in answer to no search', ofSearch, "must have required property 'meta'"],
    ['says another status in its body', { status: 404, body: { ...error, status: 404 } }, '/status must be string'],
    [
      'is an error without the request id',
      { status: 404, body: { ...error, detail: 'x' } },
      '/detail must match pattern',
    ],
    ['has a scimType where none belongs', { status: 404, body: { ...error, scimType: 'noTarget' } }, '/scimType'],
    ['has a body where none belongs', { method: 'DELETE', status: 204 }, 'there should be no body'],
    [
      'waits half a second',
      { status: 503, body: error, headers: { 'retry-after': '0.5' } },
      'Retry-After must be integer',
    ],
  ])('is one that %s', (_title, change, problem) => {
    expect(contract.problemsOf(answer(change)).join('\n')).toContain(problem);
  });

  it('is reported by names, never by values, and once for a list of many', () => {
    const people = ['ada@example.com', 'bob@example.com'].map((email) => ({ id: 'x', secret: email }));
    const body = { ...group, members: people };

    const text = contract.problemsOf(answer({ body })).join('\n');
    expect(text).toContain('/members/* must NOT have additional properties (secret)');
    expect(text).not.toContain('example.com');
    expect(text.split('(secret)')).toHaveLength(2);
  });
});
