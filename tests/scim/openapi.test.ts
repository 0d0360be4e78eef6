import { beforeAll, describe, expect, it } from '@jest/globals';
import type supertest from 'supertest';
import { MAX_BODY_BYTES } from '../../src/scim/bodyGate.js';
import { OKTA_TOKEN, startTestBridge, type TestBridge } from '../support/bridge.js';
import { type Contract, readContract } from '../support/openapi.js';
import { at, filtered, GROUP_URN, idOf, patch, SEARCH_URN, user, USER_URN } from './exchanges.js';

/** That every answer is as documented is checked after each test, of these and of all that start a bridge. */
let contract: Contract;

beforeAll(async () => {
  contract = await readContract();
});

const READER_TOKEN = 'report-secret-0123456789abcdef';
const SCIM_TOKENS = `okta:${OKTA_TOKEN},report:${READER_TOKEN}:ro`;

type Method = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete';
type Send = (method: Method, url: string, body?: unknown, headers?: Record<string, string>) => supertest.Test;

function sender(bridge: TestBridge): Send {
  return (method, url, body, { Authorization = OKTA_TOKEN, ...headers } = {}) =>
    bridge.scim(method, url, body, Authorization).set(headers);
}

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

async function play(bridge: TestBridge): Promise<void> {
  const { sandbox } = bridge;
  const send = sender(bridge);
  const ada = user('ada', {
    externalId: '1',
    active: true,
    name: { givenName: 'Ada' },
    [ENTERPRISE]: { department: 'x' },
  });
  const id = idOf(await send('post', '/Users', ada));
  const otherId = idOf(await send('post', '/Users', user('bob')));
  const members = [{ value: id }, { value: otherId }];
  const crew = { schemas: [GROUP_URN], displayName: 'crew', externalId: 'g', members };
  const groupId = idOf(await send('post', '/Groups', crew));
  const person = `/Users/${id}`;
  const group = `/Groups/${groupId}`;

  for (const query of ['', '?count=0', '?startIndex=900', '?attributes=userName', '?excludedAttributes=groups,meta']) {
    for (const path of ['/Users', person, '/Groups', group]) {
      await send('get', `${path}${query}`);
      await send('head', `${path}${query}`);
    }
  }
  await send('get', filtered('/Users', 'userName eq "ada@example.com"'));
  await send('get', `/Users/${sandbox.admin.accountId}`);
  for (const path of ['/Users/.search', '/Groups/.search', '/.search'])
    await send('post', path, { schemas: [SEARCH_URN] });
  for (const path of ['/ServiceProviderConfig', '/ResourceTypes', '/ResourceTypes/User', '/ResourceTypes/Nothing']) {
    await send('get', path);
    await send('head', path);
  }
  for (const path of ['/Schemas', '/Schemas/x', '/Me']) {
    await send('get', path);
    await send('head', path);
  }
  for (const method of ['post', 'put', 'patch', 'delete'] as const) await send(method, '/Me');
  await send('post', '/Bulk', {});

  await send('put', person, { ...ada, title: 'Countess' });
  await send('patch', person, patch({ op: 'replace', value: { active: false } }));
  await send('patch', person, patch({ op: 'replace', path: 'title', value: 'x' }));
  await send('put', group, crew);
  await send('patch', group, patch({ op: 'remove', path: `members[value eq "${otherId}"]` }));
  await send('patch', at(group, { attributes: 'members' }), patch({ op: 'add', path: 'members', value: members }));

  await playRefusals(bridge, person, group);
  await playElsewhere(bridge, person, group);
  await playStrangers(bridge, person, group);
  await send('delete', person);
  await send('delete', group);
}

/** Every refusal that each operation is documented to answer. */
async function playRefusals(bridge: TestBridge, person: string, group: string): Promise<void> {
  const send = sender(bridge);
  const query = { schemas: [SEARCH_URN] };
  const operations: readonly (readonly [Method, string, unknown?])[] = [
    ['get', '/Users'],
    ['head', '/Users'],
    ['post', '/Users', user('new')],
    ['get', person],
    ['head', person],
    ['put', person, user('ada', { active: true })],
    ['patch', person, patch({ op: 'replace', path: 'active', value: true })],
    ['delete', person],
    ['post', '/Users/.search', query],
    ['get', '/Groups'],
    ['head', '/Groups'],
    ['post', '/Groups', { schemas: [GROUP_URN], displayName: 'new' }],
    ['get', group],
    ['head', group],
    ['put', group, { schemas: [GROUP_URN], displayName: 'crew' }],
    ['patch', group, patch({ op: 'replace', path: 'members', value: [] })],
    ['delete', group],
    ['post', '/Groups/.search', query],
    ['post', '/.search', query],
  ];
  for (const [method, url, body] of operations) {
    await send(method, url, body, { Authorization: READER_TOKEN });
    await send(method, url, body, { 'If-Match': '"1"' });
    const isForOne = url === person || url === group;
    if (isForOne) await send(method, `/${url.split('/')[1] ?? ''}/nobody`, body);
    if (body !== undefined) {
      await send(method, url, '{');
      await send(method, url, 'x', { 'Content-Type': 'text/plain' });
      await send(method, url, 'x'.repeat(MAX_BODY_BYTES + 1));
    } else if (method !== 'delete') {
      await send(method, `${url}?attributes=a&attributes=b`);
    }
    await playOutages(bridge, () => send(method, url, body), body !== undefined && /^\/Groups(\/[^.]+)?$/.test(url));
  }
  const admin = `/Users/${bridge.sandbox.admin.accountId}`;
  const foreign = `/Groups/${bridge.sandbox.groups.synced.id}`;
  await send('post', '/Users', user('admin'));
  await send('post', '/Users', user('ada'));
  await send('put', person, user('bob'));
  await send('delete', admin);
  await send('patch', admin, patch({ op: 'replace', path: 'active', value: false }));
  await send('put', admin, { schemas: [USER_URN], userName: 'x', active: false });
  await send('post', '/Groups', { schemas: [GROUP_URN], displayName: 'crew' });
  await send('post', '/Groups', { schemas: [GROUP_URN], displayName: 'c', members: [{ value: 'x' }] });
  await send('delete', foreign);
  await send('put', foreign, { schemas: [GROUP_URN], displayName: 'synced-from-hr' });
  await send('patch', foreign, patch({ op: 'replace', path: 'members', value: [] }));
  await send('patch', group, patch({ op: 'replace', path: 'displayName', value: 'site-admins' }));
  await send('put', group, { schemas: [GROUP_URN], displayName: 'site-admins' });
  await send('patch', group, patch({ op: 'replace', path: 'description', value: 'x' }));
}

/** A change of a group would wait for the end of a pause, and hold the group meanwhile. */
async function playOutages(bridge: TestBridge, send: () => supertest.Test, isChangeOfGroup: boolean): Promise<void> {
  const { faults } = bridge.sandbox;
  const path = /\/(wiki|admin|rest)\//;
  for (const status of isChangeOfGroup ? [403] : [403, 429, 503]) {
    faults.always({ status, retryAfter: 20, path });
    await send();
    faults.clear();
    bridge.clock.advance(30_000);
  }
  if (!isChangeOfGroup) return;
  faults.always({ kind: 'reset', path });
  await send();
  faults.clear();
}

/** Methods that a path does not have, addresses that are none, and the pages beside SCIM. */
async function playElsewhere(bridge: TestBridge, person: string, group: string): Promise<void> {
  const send = sender(bridge);
  const discovery = [
    '/ServiceProviderConfig',
    '/ResourceTypes',
    '/ResourceTypes/User',
    '/Schemas',
    '/Schemas/x',
    '/Me',
  ];
  const served = ['/Users', person, '/Users/.search', '/Groups', group, '/Groups/.search', '/.search', ...discovery];
  for (const url of [...served, '/Bulk', '/nothing']) {
    for (const method of ['get', 'head', 'post', 'put', 'patch', 'delete'] as const) {
      await send(method, url, undefined, { Authorization: READER_TOKEN });
    }
  }
  for (const url of served) {
    await bridge.scim('options', url);
  }
  for (const url of ['/ServiceProviderConfig', '/ResourceTypes', '/ResourceTypes/User']) {
    await send('get', url, undefined, { 'If-Match': '"1"' });
    await send('head', url, undefined, { 'If-Match': '"1"' });
  }
  await send('post', '/ResourceTypes/Nothing', {});
  await send('get', '/Bulk');
  await send('get', '/nothing');
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    for (const method of ['GET', 'HEAD', 'POST']) {
      await fetch(`${bridge.url}${path}`, { method, headers: { Authorization: `Bearer ${OKTA_TOKEN}` } });
    }
  }
}

/** Requests of somebody without a token everywhere, and with a wrong one after many like it. */
async function playStrangers(bridge: TestBridge, person: string, group: string): Promise<void> {
  const searches = ['/Users/.search', '/Groups/.search', '/.search'];
  const discovery = ['/ServiceProviderConfig', '/ResourceTypes', '/ResourceTypes/User', '/Schemas', '/Schemas/x'];
  const paths = ['/Users', person, '/Groups', group, ...searches, ...discovery, '/Me', '/Bulk', '/nothing'];
  const urls = [...paths.map((path) => `${bridge.url}/scim/v2${path}`), `${bridge.url}/metrics`];
  const knockEverywhere = async (headers: Record<string, string>): Promise<void> => {
    for (const url of urls) {
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        if (!url.endsWith('/metrics') || method === 'GET' || method === 'HEAD') await fetch(url, { method, headers });
      }
    }
  };
  await knockEverywhere({});
  const wrong = { Authorization: 'Bearer of-somebody-else' };
  for (let count = 0; count < 10; count += 1) await fetch(`${bridge.url}/metrics`, { headers: wrong });
  await knockEverywhere(wrong);
}

/** What the operator's settings make 501, and a group that cannot be left. */
async function playStrictly(bridge: TestBridge): Promise<void> {
  const send = sender(bridge);
  const person = `/Users/${idOf(await send('post', '/Users', user('ada')))}`;
  const crew = { schemas: [GROUP_URN], displayName: 'crew' };
  const group = `/Groups/${idOf(await send('post', '/Groups', crew))}`;
  await send('put', person, user('ada', { title: 'Dr' }));
  await send('put', group, { ...crew, displayName: 'team' });
  await send('patch', group, patch({ op: 'replace', path: 'displayName', value: 'team' }));
  bridge.sandbox.faults.next({ status: 409, method: 'DELETE', path: /group\/by-id/ });
  await send('delete', group);
  bridge.sandbox.faults.always({ status: 403, method: 'DELETE', path: /userByGroupId/ });
  await send('patch', person, patch({ op: 'replace', path: 'active', value: false }));
  await send('delete', person);
}

describe('openapi/scim-bridge.yaml', () => {
  it('has no answer that a run through all routes does not bring about [LI4] [LI5]', async () => {
    const bridge = await startTestBridge({
      settings: { REQUEST_BUDGET_SECONDS: '1', INDEX_MAX_AGE_SECONDS: '3600', SCIM_TOKENS },
    });
    await play(bridge);
    const strict = await startTestBridge({ settings: { PROFILE_UPDATES: 'reject', GROUP_RENAMES: 'reject' } });
    await playStrictly(strict);
    const starting = await startTestBridge({ scan: false });
    for (const method of ['GET', 'HEAD']) await fetch(`${starting.url}/readyz`, { method });

    const answers = [bridge, strict, starting].flatMap((one) => one.answers);
    const seen = new Set(answers.map((answer) => contract.nameOf(answer)));
    expect(contract.documentedAnswers().filter((answer) => !seen.has(answer))).toEqual([]);
  }, 60_000);
});
