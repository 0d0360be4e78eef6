import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { readAtlassianDocuments } from './atlassian.js';
import { differences } from './compare.js';
import { readDocument, type ApiDocument, type ApiOperation } from './document.js';
import { judge } from './judge.js';
import { Place } from './place.js';
import type { Exchange } from './recorder.js';
import { modernized, strangers } from './schema.js';

const FILE = new URL('../../openapi/upstream.yaml', import.meta.url);

let yaml: string;
let document: ApiDocument;

beforeAll(async () => {
  yaml = await readFile(FILE, 'utf8');
  document = readDocument(parse(yaml));
});

/** A call that is as it should be. */
const ADD: Exchange = {
  method: 'POST',
  path: '/wiki/rest/api/group/userByGroupId?groupId=g1',
  scheme: 'Basic',
  requestHeaders: { 'content-type': 'application/json', 'x-atlassian-token': 'no-check' },
  requestBody: '{"accountId":"a1"}',
  status: 201,
  answerHeaders: {},
  answerBody: '',
};
const LIST: Exchange = {
  ...ADD,
  method: 'GET',
  path: '/ex/confluence/cloud-1/wiki/rest/api/group/g1/membersByGroupId?limit=200',
  requestHeaders: {},
  requestBody: '',
  status: 200,
  answerHeaders: { 'content-type': 'application/json;charset=utf-8' },
  answerBody: '{"results":[{"accountId":"a1","strange":1}]}',
};

describe('judging a call by a document', () => {
  function problemsOf(exchange: Exchange, answersAreWhole = false): readonly string[] {
    const { call, answer } = judge(document, exchange, { answersAreWhole });
    return [...call, ...answer];
  }

  it('finds nothing wrong with what is as described', () => {
    expect([ADD, LIST].flatMap((exchange) => problemsOf(exchange))).toEqual([]);
  });

  it.each<[string, Exchange, string]>([
    ['an operation', { ...ADD, path: '/wiki/rest/api/group/user' }, 'there is no such operation'],
    ['an address', { ...ADD, path: `/ex/jira/cloud-1${ADD.path}` }, 'there is no such operation'],
    ['a query parameter', { ...ADD, path: `${ADD.path}&name=x` }, 'the query parameter name is not known'],
    ['a repetition', { ...ADD, path: `${ADD.path}&groupId=g2` }, 'the parameter groupId is given more than once'],
    [
      'a missing parameter',
      { ...ADD, path: '/wiki/rest/api/group/userByGroupId' },
      'the query parameter groupId is missing',
    ],
    ['a number that is none', { ...LIST, path: LIST.path.replace('200', 'x') }, 'the parameter limit must be integer'],
    ['a missing header', { ...ADD, requestHeaders: {} }, 'the header X-Atlassian-Token is missing'],
    ['a credential', { ...ADD, scheme: 'Bearer' }, 'the credential is bearer, not basic or basic'],
    ['no credential', { ...ADD, scheme: undefined }, 'the credential is none, not basic or basic'],
    ['a body', { ...LIST, requestBody: '{}' }, 'there is a body where none is described'],
    ['a missing body', { ...ADD, requestBody: '' }, 'the body is missing'],
    ['a property', { ...ADD, requestBody: '{"accountId":"a1","x":1}' }, 'body /x is not a known property'],
    ['a type', { ...ADD, requestBody: '{"accountId":1}' }, 'body /accountId must be string'],
    ['a status', { ...ADD, status: 205 }, '205 is not documented'],
    ['a success with a body', { ...ADD, answerBody: 'done' }, '201 has a body'],
    ['a media type', { ...LIST, answerHeaders: { 'content-type': 'text/html' } }, '200 is text/html'],
    ['a shape', { ...LIST, answerBody: '{"results":[{"accountId":1}]}' }, '200 /results/*/accountId must be string'],
  ])('finds %s that is not described', (_what, exchange, problem) => {
    expect(problemsOf(exchange)).toContain(problem);
  });

  it('finds fields that the document does not know, where it should know all', () => {
    expect(problemsOf(LIST, true)).toEqual(['200 /results/*/strange is not a known property']);
  });
});

describe('comparing two descriptions of an operation', () => {
  /** Our description against a copy of it that was changed by hand. */
  function differencesTo(id: string, from: string, to: string): readonly string[] {
    expect(yaml).toContain(from);
    const changed = readDocument(parse(yaml.replaceAll(from, to)));
    const [ours, theirs] = [document, changed].map((one) => one.operations.find((operation) => operation.id === id));
    return differences(ours as ApiOperation, theirs as ApiOperation);
  }

  it('finds none between a description and itself', () => {
    for (const operation of document.operations) expect(differences(operation, operation)).toEqual([]);
  });

  it.each<[string, string, string, string, string]>([
    ['a parameter', 'confluence.searchGroups', '- name: query', '- name: q', 'the parameter query is not known'],
    [
      'a required parameter',
      'confluence.listGroups',
      '        - name: accessType',
      '        - { name: site, in: query, required: true, schema: { type: string } }\n        - name: accessType',
      'the parameter site is required and not ours',
    ],
    [
      'a value',
      'confluence.listGroups',
      '[user, admin, site-admin]',
      '[user]',
      'parameter accessType is never "admin"',
    ],
    ['a property', 'confluence.createGroup', 'name: { type: string, m', 'title: { type: string, m', 'body/name is not'],
    [
      'a type',
      'jira.createUser',
      'products:\n                  type: array',
      'products:\n                  type: object',
      'body/products is object, not array',
    ],
    [
      'a required property',
      'jira.createUser',
      '[emailAddress, products]',
      '[emailAddress, products, key]',
      'body/key is required',
    ],
    ['a status', 'confluence.addMember', "'201':", "'205':", '201 is not documented'],
    ['a field that is read', 'confluence.listGroups', 'managedBy:', 'owner:', '200/results/*/managedBy is not known'],
    [
      'the end of an operation',
      'jira.createUser',
      'operationId: jira.createUser',
      'operationId: jira.createUser\n      deprecated: true',
      'is deprecated',
    ],
    [
      'a scope',
      'jira.searchUsers',
      'operationId: jira.searchUsers',
      'operationId: jira.searchUsers\n      x-atlassian-oauth2-scopes: [{ state: Current, scopes: [all] }]',
      'the scopes are all, not read:jira-user',
    ],
  ])('finds %s that differs', (_what, id, from, to, problem) => {
    expect(differencesTo(id, from, to).join('\n')).toContain(problem);
  });
});

describe('reading documents', () => {
  it('takes nullable of OpenAPI 3.0 for the type null', () => {
    expect(modernized({ nullable: true, type: 'string', enum: ['a'] })).toEqual({
      type: ['string', 'null'],
      enum: ['a', null],
    });
    expect(modernized({ nullable: true, allOf: [{ $ref: '#/x', description: 'ignored' }] })).toEqual({
      anyOf: [{ allOf: [{ $ref: '#/x' }] }, { type: 'null' }],
    });
  });

  it('knows the fields of all parts that a schema is made of', () => {
    const schema = Place.root({
      allOf: [{ properties: { a: {} } }, { anyOf: [{ properties: { b: { properties: { c: {} } } } }] }],
    });
    expect(strangers([schema], { a: 1, b: { c: 1, d: 1 }, e: 1 })).toEqual(['/b/d', '/e']);
  });

  it('fails, and names the variable and the folder, when a document of Atlassian is missing', async () => {
    await expect(readAtlassianDocuments('/nowhere')).rejects.toThrow(/ATLASSIAN_OPENAPI_DIR.*\/nowhere/);
  });
});
