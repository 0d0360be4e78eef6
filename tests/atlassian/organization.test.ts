import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connection } from '../../src/atlassian/connection.js';
import { createAccount, findByEmail, restore, suspend, type Organization } from '../../src/atlassian/organization.js';
import {
  callOf,
  connectTo,
  expectFailure,
  startUpstream,
  testClock,
  type TestClock,
  type Upstream,
} from './upstream.js';

/*
 * What the Organizations API may answer and the sandbox does not: several directories, states in passing, and
 * invitations that say less than they should.
 */

const ADA = 'ada@example.com';

let upstream: Upstream;
let clock: TestClock;
let connection: Connection;
let organization: Organization;

beforeEach(async () => {
  upstream = await startUpstream();
  clock = testClock();
  connection = connectTo(upstream.url, clock);
  if (connection.organization === undefined) throw new Error('no organization');
  organization = connection.organization;
});
afterEach(async () => {
  connection.close();
  await upstream.close();
});

describe('findByEmail', () => {
  const find = (people: readonly object[], links: object = { next: null }) => {
    upstream.answer = () => ({ body: { data: people, links } });
    return findByEmail(organization, ADA, callOf(clock));
  };
  const ada = { accountId: 'a1', email: ADA, accountStatus: 'active', membershipStatus: 'active', groups: [] };

  it('takes a person of two directories for one, who is suspended only if suspended in both', async () => {
    const there = { ...ada, membershipStatus: 'suspended', groups: [{ id: 'g1' }, { id: 'g2' }] };
    await expect(find([{ ...ada, groups: [{ id: 'g1' }] }, there])).resolves.toMatchObject({
      kind: 'one',
      suspended: false,
      groupIds: ['g1', 'g2'],
    });
    await expect(find([there, there])).resolves.toMatchObject({ suspended: true });
  });

  it('does not know the groups where Atlassian leaves them out, and knows that a stranger has none', async () => {
    await expect(find([{ ...ada, groups: undefined }])).resolves.toMatchObject({ groupIds: undefined });
    await expect(find([{ ...ada, groups: undefined, status: 'not_invited' }])).resolves.toMatchObject({ groupIds: [] });
  });

  it.each([
    [{ status: 'for_deletion', accountStatus: 'active' }, 'inactive'],
    [{ status: 'deactivated', accountStatus: undefined }, 'inactive'],
    [{ status: 'active', accountStatus: 'closed' }, 'closed'],
    [{ status: 'suspended', accountStatus: undefined }, 'active'],
    [{ status: 'something new', accountStatus: undefined }, 'unknown'],
    [{ status: undefined, accountStatus: undefined }, 'unknown'],
  ])('takes the account status from %j', async (person, accountStatus) => {
    await expect(find([{ ...ada, ...person }])).resolves.toMatchObject({ accountStatus });
  });

  it('does not count people of another address, whatever Atlassian finds for this one [ID4]', async () => {
    await expect(find([{ ...ada, email: `x${ADA}` }, { accountId: 'a2' }])).resolves.toEqual({ kind: 'none' });
  });

  it('does not say none when Atlassian answers only a part of the people [SA2]', async () => {
    await expectFailure(find([{ ...ada, email: 'other@example.com' }], { next: 'token' }), 'unexpected');
  });
});

describe('createAccount', () => {
  const invite = (status: number, body: unknown) => {
    upstream.answer = () => ({ status, body });
    return createAccount(organization, ADA, 'g1', callOf(clock));
  };
  const item = (groupAssignmentResult: readonly object[], roleAssignmentResult: readonly object[] = []) => ({
    data: [{ id: 'a1', email: ADA, results: [{ roleAssignmentResult, groupAssignmentResult }] }],
  });

  it.each<[string, unknown, boolean]>([
    ['says so of this group', item([{ group: 'g1', status: 'INVITED' }]), true],
    ['says so without naming the group', item([{ status: 'INVITED', statusReason: null }]), true],
    ['says so of another group', item([{ group: 'g2', status: 'INVITED' }]), false],
    ['says something else', item([{ group: 'g1', status: 'PENDING' }]), false],
    ['says nothing', { data: [{ id: 'a1', email: ADA }] }, false],
  ])('counts the access group as given only when Atlassian %s [US4]', async (_what, body, granted) => {
    await expect(invite(200, body)).resolves.toEqual({ accountId: 'a1', granted });
  });

  it.each<[string, number, unknown, 'refused' | 'unavailable' | 'misconfigured', RegExp]>([
    ['200 with a failed group', 200, item([{ status: 'ERROR', statusReason: 'NOPE' }]), 'refused', /access group/],
    ['200 with a failed role', 200, item([], [{ status: 'ERROR' }]), 'refused', /access group/],
    [
      'a failure for want of a seat',
      206,
      item([{ status: 'ERROR', statusReason: 'LICENSE_LIMIT' }]),
      'refused',
      /licence/,
    ],
    ['too many breaches of the licence', 400, { errors: [{ code: 'ADMIN-400-32' }] }, 'refused', /licence/],
    ['206 without a reason', 206, item([{ status: 'INVITED' }]), 'unavailable', /did not say/],
    ['200 about nobody', 200, { data: [] }, 'unavailable', /did not say/],
    ['200 without an account id', 200, { data: [{ email: ADA }] }, 'unavailable', /did not say/],
    ['200 about two people', 200, { data: [{ id: 'a1' }, { id: 'a2' }] }, 'unavailable', /did not say/],
    ['404', 404, { errors: [{ code: 'ADMIN-404-2' }] }, 'misconfigured', /ATLASSIAN_ORG_ID/],
  ])('fails on %s [US4]', async (_what, status, body, kind, words) => {
    const failure = await expectFailure(invite(status, body), kind);
    expect(failure.message).toMatch(words);
    expect(upstream.received).toHaveLength(1);
  });
});

describe('suspend and restore', () => {
  it('send an empty object, for an empty message is refused', async () => {
    upstream.answer = () => ({ status: 204 });
    await suspend(organization, '712020:a/1', callOf(clock));
    expect(upstream.received[0]).toMatchObject({
      method: 'POST',
      path: '/admin/v2/orgs/org-1/directories/-/users/712020%3Aa%2F1/suspend',
      body: {},
    });
  });

  it.each([
    [404, 'ADMIN-404-8', 'notFound'],
    [404, 'ADMIN-404-2', 'misconfigured'],
    [409, 'ADMIN-409-3', 'refused'],
    [409, 'ADMIN-409-28', 'refused'],
  ] as const)('answered %d %s fail as expected', async (status, code, kind) => {
    upstream.answer = () => ({ status, body: { errors: [{ status: String(status), code }] } });
    const failure = await expectFailure(restore(organization, 'a1', callOf(clock)), kind);
    expect(failure.message.includes('licence')).toBe(code === 'ADMIN-409-3');
  });
});
