import { describe, expect, it } from '@jest/globals';
import { ADA, bodyOf, createGroup, detailOf, startUsers, type UserSite } from '../provisioning/userSite.js';
import { expectScimError } from '../support/bridge.js';
import { AFTER_OWN_WRITES_MS, hasAccess, seen, UNSEEN } from './beliefs.js';

const INVITE = { method: 'POST', path: /users\/invite/ } as const;
const SEARCH = { method: 'POST', path: /users\/search/ } as const;

type Answer = (site: UserSite) => { readonly status: number; readonly body?: unknown };

const item = (changes: object, group: object = { status: 'INVITED' }) => ({
  data: [{ email: ADA, results: [{ roleAssignmentResult: [], groupAssignmentResult: [group] }], ...changes }],
});

/** Somebody else, who has an account on the site already. */
function other({ sandbox }: UserSite): string {
  return sandbox.findPersonByEmail('eve@example.com')?.accountId ?? '';
}

/** Answers to an invitation that are no confirmation, though the document gives the status of success to most. */
const UNCONFIRMED: readonly (readonly [string, Answer])[] = [
  ['200 with an item that failed', () => ({ status: 200, body: item({ id: '712020:x' }, { status: 'ERROR' }) })],
  ['206 with an item that failed', () => ({ status: 206, body: item({ id: '712020:x' }, { status: 'ERROR' }) })],
  ['206 with items that did not fail', () => ({ status: 206, body: item({ id: '712020:x' }) })],
  ['200 with no item', () => ({ status: 200, body: { data: [] } })],
  ['200 without an id', () => ({ status: 200, body: item({}) })],
  ['200 with the id "unknown"', () => ({ status: 200, body: item({ id: 'unknown' }) })],
  [
    '200 with the account of another address',
    (site) => ({ status: 200, body: item({ id: other(site), email: 'eve@example.com' }) }),
  ],
  ['201', () => ({ status: 201, body: item({ id: '712020:x' }) })],
  ['202 without a body', () => ({ status: 202, body: '' })],
  ['204', () => ({ status: 204, body: '' })],
  ['402', () => ({ status: 402 })],
  ['409 for lack of a seat', () => ({ status: 409 })],
  ['400', () => ({ status: 400 })],
];

describe('an invitation through the organization', () => {
  it.each(UNCONFIRMED)('is no success, links nobody, and is done by the repeat, after %s', async (_name, answer) => {
    const site = await startUsers();
    await site.known({ email: 'eve@example.com', displayName: 'Eve' });
    const heal = site.sandbox.faults.always({ ...INVITE, ...answer(site) });

    for (let round = 0; round < 2; round += 1) {
      const reply = await site.create();
      expect([400, 409, 503]).toContain(reply.status);
      expect(reply.body).not.toHaveProperty('scimType', 'uniqueness');
      expect(await site.find(`userName eq "${ADA}"`)).toEqual([]);
      expect(site.received('writes')).toEqual(['organization.inviteUsers']);
    }
    expect(bodyOf(await site.get(other(site))).userName).toBe('eve@example.com');
    heal();
    const reply = await site.create();
    expect(reply.status).toBe(201);
    expect(await seen(site, bodyOf(reply).id)).toEqual({ told: { status: 200, active: true }, hasAccess: true });
  });

  it('that calls somebody invited who is not in the group is made good by the next message', async () => {
    const site = await startUsers();
    const { accountId } = site.sandbox.addPerson({ email: ADA, managed: true, inDirectory: true });
    site.sandbox.faults.next({ ...INVITE, status: 200, body: item({ id: accountId }) });
    expect((await site.create()).status).toBe(201);
    expect(hasAccess(site, accountId)).toBe(false);

    // As long as own writes count, a message that states it puts it right; afterwards the truth shows by itself.
    site.clock.advance(AFTER_OWN_WRITES_MS);
    expect((await seen(site, accountId)).told).toEqual({ status: 200, active: false });
    expect((await site.state(accountId, true)).status).toBe(200);
    expect(await seen(site, accountId)).toEqual({ told: { status: 200, active: true }, hasAccess: true });
  });

  it('that names no result for the group is followed by the addition itself', async () => {
    const site = await startUsers();
    const { accountId } = site.sandbox.addPerson({ email: ADA });
    site.sandbox.faults.next({ ...INVITE, status: 200, body: { data: [{ id: accountId, email: ADA }] } });
    expect((await site.create()).status).toBe(201);
    expect(hasAccess(site, accountId)).toBe(true);
  });
});

describe('the search of the organization for an address', () => {
  const status = (changes: object) => ({ data: [{ accountId: '712020:x', email: ADA, ...changes }], links: {} });

  it.each([
    ['several accounts', { data: [...status({}).data, ...status({ accountId: '712020:y' }).data], links: {} }, 409],
    ['a deactivated account', status({ status: 'deactivated' }), 409],
    ['an account that is to be deleted', status({ status: 'for_deletion' }), 409],
    ['a suspended account', status({ status: 'suspended', membershipStatus: 'suspended' }), 409],
    ['more than a page', { data: status({}).data, links: { next: 'token' } }, 500],
    ['no shape that is known', { users: [] }, 500],
  ] as const)('gives access to nobody when it answers %s', async (_name, body, refused) => {
    const site = await startUsers();
    const heal = site.sandbox.faults.always({ ...SEARCH, status: 200, body });
    for (let round = 0; round < 2; round += 1) expect((await site.create()).status).toBe(refused);
    expect(site.received('writes')).toEqual([]);
    heal();
    expect((await site.create()).status).toBe(201);
  });

  it.each([
    ['the id "unknown"', status({ accountId: 'unknown' })],
    ['another address', status({ email: 'ada@example.org' })],
    ['a hidden address', status({ email: null })],
    ['a customer of a service desk', status({ accountType: 'customer' })],
  ])('finds nobody when it answers %s, so that the address is invited', async (_name, body) => {
    const site = await startUsers();
    site.sandbox.faults.next({ ...SEARCH, status: 200, body });
    const reply = await site.create();
    expect(reply.status).toBe(201);
    expect(site.sandbox.findPersonByEmail(ADA)?.accountId).toBe(bodyOf(reply).id);
  });

  it('that does not name an account which is there gives that very account access', async () => {
    const site = await startUsers();
    const { accountId } = site.sandbox.addPerson({ email: ADA, inDirectory: false });
    const reply = await site.create();
    expect(reply.status).toBe(201);
    expect(bodyOf(reply).id).toBe(accountId);
    expect(hasAccess(site, accountId)).toBe(true);
  });
});

describe('DEACTIVATION=suspend', () => {
  const settings = { DEACTIVATION: 'suspend' };

  it.each([200, 202, 404, 409, 415])('is no success on an answer of %s, and done by the repeat', async (status) => {
    const site = await startUsers({ settings });
    const { id } = await site.created();
    for (const [active, path] of [
      [false, /suspend$/],
      [true, /restore$/],
    ] as const) {
      const heal = site.sandbox.faults.always({ method: 'POST', path, status });
      for (let round = 0; round < 2; round += 1) {
        const reply = await site.state(id, active);
        expect([409, 500, 503]).toContain(reply.status);
        expect(detailOf(reply)).toMatch(/\. /);
        expect(site.sandbox.person(id).suspended).toBe(active);
        expect((await seen(site, id)).told).toEqual({ status: 200, active: !active });
      }
      heal();
      expect(bodyOf(await site.state(id, active)).active).toBe(active);
      expect(site.sandbox.person(id).suspended).toBe(!active);
    }
  });

  it('of somebody who is in no directory any more is done where no group grants, and 409 where one does', async () => {
    const site = await startUsers({ settings });
    const { id } = await site.created();
    site.sandbox.updatePerson(id, { inDirectory: false });
    expectScimError(await site.state(id, false), 409);
    site.clock.advance(AFTER_OWN_WRITES_MS);
    site.sandbox.removeMember(site.sandbox.groups.access.id, id);
    await site.scan();
    for (let round = 0; round < 2; round += 1) expect((await site.state(id, false)).status).toBe(200);
    expect(await seen(site, id)).toEqual({ told: { status: 200, active: false }, hasAccess: false });
    // Coming back, the person is invited again.
    expect((await site.state(id, true)).status).toBe(200);
    expect(hasAccess(site, id)).toBe(true);
  });

  it('is undone by active: true also when its own answer was lost, or a 409 left the groups to somebody else', async () => {
    const site = await startUsers({ settings });
    const { id } = await site.created();
    site.sandbox.faults.next({ method: 'POST', path: /suspend$/, kind: 'error-after', status: 500 });
    expect((await site.state(id, false)).status).toBe(503);
    expect(site.sandbox.person(id).suspended).toBe(true);
    expect(bodyOf(await site.state(id, true)).active).toBe(true);
    expect(site.sandbox.person(id).suspended).toBe(false);

    site.sandbox.faults.next({ method: 'POST', path: /suspend$/, status: 409 });
    expect((await site.state(id, false)).status).toBe(409);
    site.sandbox.removeMember(site.sandbox.groups.access.id, id);
    expect(bodyOf(await site.state(id, true)).active).toBe(true);
    expect(hasAccess(site, id)).toBe(true);
  });

  it.each([204, 400, 409])(
    'that never happened is no obstacle, though a restoration answers it with %s',
    async (status) => {
      const site = await startUsers({ settings });
      const { id } = await site.created();
      site.sandbox.faults.next({ method: 'POST', path: /suspend$/, status: 409 });
      expect((await site.state(id, false)).status).toBe(409);
      if (status !== 204) site.sandbox.faults.always({ method: 'POST', path: /restore$/, status });
      for (let round = 0; round < 2; round += 1) expect(bodyOf(await site.state(id, true)).active).toBe(true);
      expect(await seen(site, id)).toEqual({ told: { status: 200, active: true }, hasAccess: true });

      // Where it did happen, a refused restoration is no success.
      site.sandbox.faults.next({ method: 'POST', path: /suspend$/, kind: 'error-after', status: 500 });
      expect((await site.state(id, false)).status).toBe(503);
      const reply = await site.state(id, true);
      expect(reply.status === 200).toBe(status === 204);
      expect(site.sandbox.person(id).suspended).toBe(status !== 204);
    },
  );

  it('restores to what the person had though reads lag', async () => {
    const site = await startUsers({ settings });
    const { id } = await site.created();
    const chess = await createGroup(site, 'chess', id);
    await site.state(id, false);
    site.sandbox.options.lag = { ms: 120_000, reads: 0 };
    site.sandbox.faults.next(UNSEEN);
    expect(bodyOf(await site.state(id, true)).active).toBe(true);
    expect([...site.sandbox.groupsOf(id)].sort()).toEqual([chess, site.sandbox.groups.access.id].sort());
    expect((await site.state(id, true)).status).toBe(200);
    expect((await seen(site, id)).told.active).toBe(true);
  });

  it('is no suspension as long as one directory of the organization leaves the person active, and is sent again', async () => {
    const site = await startUsers({ settings });
    const { id } = await site.created();
    const person = { accountId: id, email: ADA, accountStatus: 'active', groups: [] };
    const entry = (membershipStatus: string) => ({ ...person, membershipStatus });
    const inDirectories = (...states: readonly string[]) =>
      site.sandbox.faults.always({ ...SEARCH, status: 200, body: { data: states.map(entry), links: {} } });
    expect((await site.state(id, false)).status).toBe(200);

    const heal = inDirectories('suspended', 'active');
    site.received();
    expect((await site.state(id, false)).status).toBe(200);
    expect(site.received('writes')).toEqual(['organization.suspendUser']);
    heal();
    inDirectories('suspended', 'suspended');
    expect((await site.state(id, false)).status).toBe(200);
    expect(site.received('writes')).toEqual([]);
  });

  it('that is taken back in another directory only shows as inactive again once own writes count no more', async () => {
    const site = await startUsers({ settings, sandbox: { suspendedMemberships: 'hidden' } });
    const { id } = await site.created();
    expect((await site.state(id, false)).status).toBe(200);
    const heal = site.sandbox.faults.always({ method: 'POST', path: /restore$/, status: 204, body: '' });
    expect((await site.state(id, true)).status).toBe(200);
    site.clock.advance(AFTER_OWN_WRITES_MS);
    expect((await seen(site, id)).told).toEqual({ status: 200, active: false });

    // Leaving and coming back suspends and restores anew.
    heal();
    for (const active of [false, true]) expect((await site.state(id, active)).status).toBe(200);
    site.clock.advance(AFTER_OWN_WRITES_MS);
    expect(await seen(site, id)).toEqual({ told: { status: 200, active: true }, hasAccess: true });
    expect(site.sandbox.person(id).suspended).toBe(false);
  });
});
