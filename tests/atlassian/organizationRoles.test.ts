import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connection } from '../../src/atlassian/connection.js';
import { roleReads } from '../../src/atlassian/organizationRoles.js';
import type { FailureKind } from '../../src/provisioning/failure.js';
import type { RoleReads } from '../../src/provisioning/roles.js';
import {
  callOf,
  connectTo,
  expectFailure,
  type Reply,
  startUpstream,
  testClock,
  type TestClock,
  type Upstream,
} from './upstream.js';

const CLOUD = '11111111-2222-3333-4444-555555555555';
const CONFLUENCE = `ari:cloud:confluence::site/${CLOUD}`;

let upstream: Upstream;
let clock: TestClock;
let connection: Connection;
let reads: RoleReads;

beforeEach(async () => {
  upstream = await startUpstream();
  clock = testClock();
  connection = connectTo(upstream.url, clock);
  if (connection.organization === undefined) throw new Error('no organization');
  reads = roleReads(connection.organization, () => Promise.resolve(CLOUD));
});
afterEach(async () => {
  connection.close();
  await upstream.close();
});

const entry = (resourceId: string | null, resourceOwner: string | null, ...roles: string[]) => ({
  resourceId,
  resourceOwner,
  roles,
  roleAssignments: roles.map((role) => ({ role, roleAssignmentMethods: ['direct'] })),
});

describe('role assignments', () => {
  it('tells roles on this Confluence and this site from those elsewhere, over all pages', async () => {
    const pages: readonly Reply[] = [
      {
        body: {
          data: [entry(CONFLUENCE, 'confluence', 'atlassian/user', 'atlassian/user-access-admin')],
          links: { next: 'b2Zmc2V0OjI=' },
        },
      },
      {
        body: {
          data: [
            entry('ari:cloud:confluence::site/another', 'confluence', 'atlassian/user'),
            entry(`ari:cloud:platform::site/${CLOUD}`, 'platform', 'atlassian/site-admin'),
            entry(`ari:cloud:jira-software::site/${CLOUD}`, 'jira-software', 'atlassian/admin'),
            entry(null, null, 'atlassian/org-admin'),
          ],
        },
      },
    ];
    upstream.answer = (_, index) => pages[index % 2] ?? 'hang';
    const found = [
      { name: 'user', on: 'confluence', owner: 'confluence' },
      { name: 'user-access-admin', on: 'confluence', owner: 'confluence' },
      { name: 'user', on: 'elsewhere', owner: 'confluence' },
      { name: 'site-admin', on: 'site', owner: 'platform' },
      { name: 'admin', on: 'elsewhere', owner: 'jira-software' },
      { name: 'org-admin', on: 'elsewhere', owner: 'another app' },
    ];

    expect(await reads.ofGroup('g1', callOf(clock))).toEqual(found);
    expect(await reads.ofAccount('712020:a b', callOf(clock))).toEqual(found);
    expect(upstream.received.map(({ path, query }) => [path.split('/-/')[1], query])).toEqual([
      ['groups/g1/role-assignments', {}],
      ['groups/g1/role-assignments', { cursor: 'b2Zmc2V0OjI=' }],
      ['users/712020%3Aa%20b/role-assignments', {}],
      ['users/712020%3Aa%20b/role-assignments', { cursor: 'b2Zmc2V0OjI=' }],
    ]);
  });

  it.each<[string, Reply, FailureKind]>([
    ['of another shape', { body: { data: [{ resourceId: CONFLUENCE }] } }, 'unexpected'],
    ['a page that leads back to itself', { body: { data: [], links: { next: 'again' } } }, 'unexpected'],
    ['404', { status: 404, body: { errors: [{ code: 'ADMIN-404-8' }] } }, 'notFound'],
    ['404 of another organization', { status: 404, body: { errors: [{ code: 'ADMIN-404-2' }] } }, 'misconfigured'],
    ['403', { status: 403, body: { errors: [{ code: 'ADMIN-403-3' }] } }, 'misconfigured'],
    ['429', { status: 429, body: {} }, 'rateLimited'],
  ])('is no answer when it is %s [SA2]', async (_, reply, kind) => {
    upstream.answer = () => reply;
    await expectFailure(reads.ofGroup('g1', callOf(clock)), kind);
    await expectFailure(reads.ofAccount('a1', callOf(clock)), kind);
  });

  it('that the key may not read are named with the scopes that are missing', async () => {
    upstream.answer = () => ({ status: 403, body: {} });
    await expect(reads.ofGroup('g1', callOf(clock))).rejects.toThrow(/read:groups:admin and read:directories:admin/);
  });
});
