import { describe, expect, it } from '@jest/globals';
import type supertest from 'supertest';
import { startTestBridge } from '../support/bridge.js';
import { at, createHastyClock, GROUP_URN, idOf, patch, search, user } from '../scim/exchanges.js';
import { bodyOf, type SharedSite, sharedSite } from './site.js';

/** RFC 7644 §3.12, table 9. */
const SCIM_TYPES = [
  'invalidFilter',
  'tooMany',
  'uniqueness',
  'mutability',
  'invalidSyntax',
  'invalidPath',
  'noTarget',
  'invalidValue',
  'invalidVers',
  'sensitive',
];

interface Expected {
  readonly status: number;
  readonly scimType?: string;
}

/** As RFC 7644 §3.12 has it, and nothing more: no stack, no words of a library. */
function expectError(reply: supertest.Response, { status, scimType }: Expected): void {
  expect(reply.status).toBe(status);
  expect(reply.headers['content-type']).toBe('application/scim+json');
  expect(reply.body).toEqual({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    ...(scimType === undefined ? {} : { scimType }),
    detail: expect.stringMatching(/^[A-Z/][^\n]{10,}\.\s\(request [\w-]+\)$/i),
  });
  expect(String(bodyOf(reply)['detail'])).not.toMatch(/node_modules|at Object|TypeError|\[object/);
  if (scimType !== undefined) expect(SCIM_TYPES).toContain(scimType);
}

type Case = readonly [what: string, expected: Expected, send: (site: SharedSite) => Promise<supertest.Response>];

const CASES: readonly Case[] = [
  ['JSON that breaks off', { status: 400, scimType: 'invalidSyntax' }, (site) => site.scim('post', '/Users', '{"a":')],
  ['a body that is a list', { status: 400, scimType: 'invalidSyntax' }, (site) => site.scim('post', '/Groups', [])],
  ['no userName', { status: 400, scimType: 'invalidValue' }, (site) => site.scim('post', '/Users', { title: 'x' })],
  [
    'no address to invite',
    { status: 400, scimType: 'invalidValue' },
    (site) => site.scim('post', '/Users', user('x', { userName: 'plain', emails: [] })),
  ],
  [
    'a filter that is none',
    { status: 400, scimType: 'invalidFilter' },
    (site) => site.scim('get', at('/Users', { filter: 'x' })),
  ],
  ['a count that is none', { status: 400, scimType: 'invalidValue' }, (site) => site.scim('get', '/Groups?count=x')],
  [
    'a read-only attribute',
    { status: 400, scimType: 'mutability' },
    async (site) => site.scim('patch', (await site.createUser()).path, patch({ op: 'remove', path: 'id' })),
  ],
  [
    'a path that is none',
    { status: 400, scimType: 'invalidPath' },
    async (site) => site.scim('patch', (await site.createUser()).path, patch({ op: 'remove', path: 'a b' })),
  ],
  [
    'a removal without path',
    { status: 400, scimType: 'noTarget' },
    async (site) => site.scim('patch', (await site.createGroup()).path, patch({ op: 'remove' })),
  ],
  ['a token nobody has', { status: 401 }, (site) => site.scim('get', '/Users', undefined, 'nobody-was-given-this')],
  [
    'a protected person',
    { status: 403 },
    (site) => site.scim('delete', `/Users/${site.bridge.sandbox.admin.accountId}`),
  ],
  [
    'a group that is not ours',
    { status: 403 },
    (site) =>
      site.scim('patch', `/Groups/${site.bridge.sandbox.groups.access.id}`, patch({ op: 'remove', path: 'members' })),
  ],
  ['a person nobody is', { status: 404 }, (site) => site.scim('get', '/Users/712020:nobody')],
  ['a group nobody has', { status: 404 }, (site) => site.scim('delete', '/Groups/0f0f0f0f-nobody')],
  ['an id with a path in it', { status: 404 }, (site) => site.scim('get', '/Users/..%2fGroups')],
  ['an address that leads nowhere', { status: 404 }, (site) => site.scim('get', '/Nowhere')],
  ['a method that is not there', { status: 405 }, (site) => site.scim('delete', '/Users')],
  [
    'a userName that is taken',
    { status: 409, scimType: 'uniqueness' },
    async (site) => site.scim('post', '/Users', (await site.createUser()).body),
  ],
  [
    'a group name that is taken',
    { status: 409, scimType: 'uniqueness' },
    async (site) => site.scim('post', '/Groups', (await site.createGroup()).body),
  ],
  [
    'a version, of which there are none',
    { status: 412 },
    async (site) => site.scim('delete', (await site.createUser()).path).set('If-Match', 'W/"1"'),
  ],
  [
    'five megabytes',
    { status: 413 },
    (site) => site.scim('post', '/Users', user('x', { title: 'x'.repeat(5_000_000) })),
  ],
  [
    'a form',
    { status: 415 },
    (site) => site.scim('post', '/Users', 'userName=x').set('Content-Type', 'application/x-www-form-urlencoded'),
  ],
  ['schemas', { status: 501 }, (site) => site.scim('get', '/Schemas')],
  ['bulk', { status: 501 }, (site) => site.scim('post', '/Bulk', {})],
  [
    'another profile',
    { status: 501 },
    async (site) => site.scim('patch', (await site.createUser()).path, patch({ op: 'add', path: 'title', value: 'x' })),
  ],
];

describe('an error', () => {
  const site = sharedSite();

  it.each(CASES)('RFC 7644 §3.12: for %s is %j as the RFC has it', async (_what, expected, send) => {
    expectError(await send(site), expected);
  });

  it('RFC 7644 §3.12: leaves the connection and its neighbours alone', async () => {
    const { path } = await site.createUser();

    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) => site.scim('get', n % 2 === 0 ? path : '/Schemas')),
    );

    expect(replies.map(({ status }) => status)).toEqual(replies.map((_, n) => (n % 2 === 0 ? 200 : 501)));
  });
});

describe('an error of Atlassian', () => {
  it.each([
    ['a refusal of the credential', { status: 403 } as const, { status: 500 }],
    ['an outage', { status: 502 } as const, { status: 503 }],
    ['an answer that is none', { kind: 'html', status: 200 } as const, { status: 503 }],
  ])('RFC 7644 §3.12: is answered in SCIM, never as it came: %s', async (_what, fault, expected) => {
    const bridge = await startTestBridge({ clock: createHastyClock() });
    const id = idOf(await bridge.scim('post', '/Users', user('ada')));
    const groupId = idOf(await bridge.scim('post', '/Groups', { schemas: [GROUP_URN], displayName: 'crew' }));
    bridge.sandbox.faults.always({ path: /./, ...fault });

    for (const reply of [
      await bridge.scim('get', `/Users/${id}`),
      await bridge.scim('get', `/Groups/${groupId}`),
      await search(bridge, '/Users/.search', { filter: 'displayName co "a"' }),
      await bridge.scim('delete', `/Users/${id}`),
      await bridge.scim('post', '/Groups', { schemas: [GROUP_URN], displayName: 'other' }),
    ]) {
      expectError(reply, expected);
      if (reply.status === 503) expect(reply.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    }
  });
});
