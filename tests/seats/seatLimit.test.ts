import { describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import type { BackEnd } from '../../src/provisioning/directory.js';
import { countSeats } from '../../src/provisioning/seats.js';
import { linkAccount } from '../../src/provisioning/linking.js';
import { flood } from '../brake/wave.js';
import { ENTRA_TOKEN, expectScimError, OKTA_TOKEN } from '../support/bridge.js';
import { ADA, bodyOf, detailOf, startUsers, type UserSite } from '../provisioning/userSite.js';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const ACCESS_GROUP = 'confluence-users-acme';
const BACK_ENDS: readonly BackEnd[] = ['organization', 'jira', 'invite'];

/** A site where so many seats are free; the account of the credential has one. */
async function startFull(
  options: Parameters<typeof startUsers>[0] & { readonly people?: number; readonly free?: number } = {},
): Promise<UserSite & { readonly people: readonly string[] }> {
  const { people: count = 2, free = 0, ...rest } = options;
  const seed = { people: Array.from({ length: count }, (_, n) => ({ email: `p${n}@example.com`, access: true })) };
  const site = await startUsers({
    ...rest,
    sandbox: { siteName: 'acme', seed, ...rest.sandbox },
    settings: { SEAT_LIMIT: String(count + 1 + free), ADOPT_GROUPS: ACCESS_GROUP, ...rest.settings },
  });
  return { ...site, people: seed.people.map(({ email }) => site.sandbox.findPersonByEmail(email)?.accountId ?? '') };
}

function newcomer(site: UserSite, name: string, more: object = {}, token = OKTA_TOKEN): supertest.Test {
  const email = `${name}@example.com`;
  return site.scim('post', '/Users', { userName: email, emails: [{ value: email }], ...more }, token);
}

function members(site: UserSite, operation: object): supertest.Test {
  const body = { schemas: [PATCH_OP], Operations: [{ path: 'members', ...operation }] };
  return site.scim('patch', `/Groups/${site.sandbox.groups.access.id}`, body);
}

function switchOn(site: UserSite, id: string): supertest.Test {
  const body = { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'active', value: true }] };
  return site.scim('patch', `/Users/${id}`, body);
}

const values = (...ids: readonly string[]) => ids.map((value) => ({ value }));

function hasAccess(site: UserSite, id: string): boolean {
  return site.sandbox.groupsOf(id).includes(site.sandbox.groups.access.id);
}

describe.each(BACK_ENDS)('with every seat of SEAT_LIMIT taken, on %s', (backEnd) => {
  it('a POST for one more is 409 without scimType, names the setting, and nobody is invited or recorded [US14]', async () => {
    const site = await startFull({ backEnd });

    const reply = await site.create();

    expectScimError(reply, 409);
    expect(detailOf(reply)).toMatch(/^No seat is left.*SEAT_LIMIT is 3, 3 people have access.*asks for 1 more.*raise/);
    expect(site.received('writes')).toEqual([]);
    expect(await site.store.people.findByUserName(ADA)).toBeUndefined();
    expect(await site.audited('new')).toMatchObject([{ decision: 'US14', result: 'refused' }]);
  });

  it('people who have access are adopted, repeated and changed [US14]', async () => {
    const site = await startFull({ backEnd });

    const adopted = await newcomer(site, 'p0', { externalId: 'kept' });
    expect(adopted.status).toBe(201);
    const { id } = bodyOf(adopted);
    for (const active of [true, true]) expect((await site.state(id, active)).status).toBe(200);
    expect((await site.state(site.people[1] ?? '', true)).status).toBe(200);
    expect((await newcomer(site, 'p0', { userName: 'renamed@example.com', externalId: 'kept' })).status).toBe(201);
  });

  it('a removal frees a seat at once, by PATCH and by DELETE [US14]', async () => {
    const site = await startFull({ backEnd });
    const [one = '', two = ''] = site.people;

    expect((await site.state(one, false)).status).toBe(200);
    expect((await newcomer(site, 'x')).status).toBe(201);
    expectScimError(await newcomer(site, 'y'), 409);
    expect((await site.remove(two)).status).toBe(204);
    expect((await newcomer(site, 'y')).status).toBe(201);
  });

  it('whoever left is refused back, by PATCH and by POST, stays recorded inactive, and keeps the groups to give back [US14]', async () => {
    const site = await startFull({ backEnd });
    const [id = ''] = site.people;
    await site.state(id, false);
    expect((await newcomer(site, 'x')).status).toBe(201);
    site.received();

    expectScimError(await site.state(id, true), 409);
    expectScimError(await newcomer(site, 'p0', { userName: 'renamed@example.com' }), 409);

    expect(site.received('writes').filter((name) => name !== 'confluence.listAccounts')).toEqual([]);
    expect(await site.link(id)).toMatchObject({ wanted: 'inactive' });
    expect(await site.store.people.findByUserName('renamed@example.com')).toBeUndefined();
    expect(await site.holds(id, 'remembered')).toEqual([site.sandbox.groups.access.id]);
    expect((await site.audited(id)).at(-1)).toMatchObject({ event: 'user.reactivated', decision: 'US14' });
  });

  it('a connection test takes no seat [US13] [US14]', async () => {
    const site = await startFull({ backEnd, settings: { TEST_ADDRESSES: 'check-*@example.com' } });

    const { id } = bodyOf(await newcomer(site, 'check-1'));
    for (const active of [false, true]) expect((await site.state(id, active)).status).toBe(200);
    expectScimError(await newcomer(site, 'x'), 409);
  });

  it('twenty newcomers at once, of two callers, take exactly the seats that are free [US14]', async () => {
    const site = await startFull({ backEnd, free: 7 });

    const { statuses } = await flood(
      Array.from({ length: 40 }, (_, n) => () => newcomer(site, `n${n}`, {}, n % 2 === 0 ? OKTA_TOKEN : ENTRA_TOKEN)),
      20,
    );

    expect(statuses).toEqual({ 201: 7, 409: 33 });
    expect(site.received('writes').filter((name) => /invite|createUser/i.test(name))).toHaveLength(7);
  });
});

describe('a granting group that is adopted', () => {
  /** Four are linked and have no access; so many seats are free. */
  async function startWithWaiting(free: number): Promise<UserSite & { people: readonly string[]; waiting: string[] }> {
    const site = await startFull({ people: 6, free: free - 4 });
    const waiting = site.people.slice(0, 4);
    for (const id of waiting) {
      expect((await site.state(id, true)).status).toBe(200);
      expect((await site.scim('put', `/Users/${id}`, { userName: `${id}@example.com` })).status).toBe(200);
      expect((await members(site, { op: 'remove', value: values(id) })).status).toBe(204);
    }
    site.received();
    return { ...site, waiting };
  }

  it('takes nobody of a message that asks for more than is free, before any write [US14] [GR2]', async () => {
    const site = await startWithWaiting(3);

    const reply = await members(site, { op: 'add', value: values(...site.waiting) });

    expectScimError(reply, 409);
    expect(detailOf(reply)).toContain('asks for 4 more');
    expect(site.received('writes')).toEqual([]);
    expect((await site.audited(site.sandbox.groups.access.id)).at(-1)).toMatchObject({ decision: 'US14' });
    expect((await members(site, { op: 'add', value: values(...site.waiting.slice(1)) })).status).toBe(204);
    expectScimError(await members(site, { op: 'add', value: values(site.waiting[0] ?? '') }), 409);
  });

  it('exchanges one for another in one message when it is full [US14]', async () => {
    const site = await startWithWaiting(0);
    const [joins = ''] = site.waiting;
    const [, , , , leaves = '', stays = ''] = site.people;

    const swap = { op: 'replace', value: values(joins, stays, site.sandbox.admin.accountId) };
    expect((await members(site, swap)).status).toBe(204);

    expect([joins, leaves, stays].map((id) => hasAccess(site, id))).toEqual([true, false, true]);
  });

  it('gives out each free seat once to twenty messages at once [US14]', async () => {
    const site = await startWithWaiting(2);

    const { statuses } = await flood(
      [...site.waiting, ...site.waiting].map((id) => () => switchOn(site, id)),
      20,
    );

    expect(statuses[409]).toBe(4);
    expect(site.waiting.filter((id) => hasAccess(site, id))).toHaveLength(2);
  });
});

describe('what is owed', () => {
  it('in a granting group stays owed while no seat is free, and is given when one is [US14] [GR2]', async () => {
    const site = await startFull();
    const [id = '', other = ''] = site.people;
    await site.state(id, false);
    expect((await members(site, { op: 'add', value: values(id) })).status).toBe(204);
    expect((await newcomer(site, 'x')).status).toBe(201);

    expectScimError(await site.state(id, true), 409);
    expect(await site.holds(id, 'remembered')).toEqual([site.sandbox.groups.access.id]);

    await site.state(other, false);
    expect((await site.state(id, true)).status).toBe(200);
    expect(hasAccess(site, id)).toBe(true);
  });

  it('to somebody who was never invited is refused by link, too, audited, and stays owed [US14] [SA10]', async () => {
    const site = await startFull({ settings: { TEST_ADDRESSES: 'check-*@example.com' } });
    const { id } = bodyOf(await newcomer(site, 'check-1'));
    expect((await members(site, { op: 'add', value: values(id) })).status).toBe(204);
    const { accountId } = site.sandbox.addPerson({ email: 'check-1@example.com' });

    await expect(
      linkAccount('check-1@example.com', accountId, site.app.deps, site.call('operator')),
    ).rejects.toMatchObject({ kind: 'refused', refusedBy: 'US14' });

    expect(await site.holds(id, 'owed')).toEqual([site.sandbox.groups.access.id]);
    expect(hasAccess(site, accountId)).toBe(false);
    expect((await site.link(id))?.accountId).toBeUndefined();
    expect((await site.audited(id)).at(-1)).toMatchObject({
      event: 'user.linked',
      decision: 'US14',
      result: 'refused',
    });
  });
});

describe('an invitation', () => {
  const inviting = { backEnd: 'invite', sandbox: { inviteAppears: 'never' } } as const;

  it('takes a seat while it is pending, gives it to the account that appears, and frees it when withdrawn [US14] [US5]', async () => {
    const site = await startFull({ ...inviting, free: 1 });
    const { id } = await site.created();
    expectScimError(await newcomer(site, 'x'), 409);

    const { accountId } = site.sandbox.acceptInvitation(ADA);
    await site.scan();
    expect((await site.link(id))?.accountId).toBe(accountId);
    expectScimError(await newcomer(site, 'x'), 409);

    await site.state(id, false);
    const invited = await newcomer(site, 'x');
    expect(invited.status).toBe(201);
    expect((await site.remove(bodyOf(invited).id)).status).toBe(204);
    expect((await newcomer(site, 'y')).status).toBe(201);
  });

  it('keeps its seat when its account has lost access, so that link and scan can give what was promised [US14] [US5]', async () => {
    const site = await startFull({
      ...inviting,
      free: 1,
      sandbox: { inviteAppears: 'never', newAccountsShowEmail: false },
    });
    const { id } = await site.created();
    const { accountId } = site.sandbox.acceptInvitation(ADA);
    site.sandbox.removeMember(site.sandbox.groups.access.id, accountId);

    await linkAccount(ADA, accountId, site.app.deps, site.call('operator'));

    expect(hasAccess(site, accountId)).toBe(true);
    expect(bodyOf(await site.get(id)).active).toBe(true);
  });

  it('keeps its seat for a while when its answer was lost, and is not counted twice when it is repeated [US14] [SA4]', async () => {
    const site = await startFull({ ...inviting, free: 1 });
    site.sandbox.faults.next({ method: 'POST', path: /invite-by-email/, kind: 'drop-after' });
    expectScimError(await site.create(), 503);

    expectScimError(await newcomer(site, 'x'), 409);
    expect((await site.create()).status).toBe(201);
    expectScimError(await newcomer(site, 'x'), 409);
  });

  it('gives its seat back when Atlassian refuses it [US14]', async () => {
    const site = await startFull({ ...inviting, free: 1 });
    site.sandbox.faults.next({ method: 'POST', path: /invite-by-email/, status: 400 });
    expect((await site.create()).status).toBe(400);

    expect((await newcomer(site, 'x')).status).toBe(201);
  });
});

describe('the metrics', () => {
  async function seatLines(site: UserSite): Promise<string[]> {
    const { text } = await supertest(site.url).get('/metrics').set('Authorization', `Bearer ${OKTA_TOKEN}`);
    return text.split('\n').filter((line) => line.startsWith('confluence_scim_bridge_seats_'));
  }

  it('tell how many seats are in use, and the limit [US14]', async () => {
    const site = await startFull({ free: 1 });
    await site.created();

    expect(await seatLines(site)).toEqual([
      'confluence_scim_bridge_seats_used 4',
      'confluence_scim_bridge_seats_limit 4',
    ]);
  });

  it('tell no number where there is no limit [US14]', async () => {
    expect(await seatLines(await startUsers())).toEqual([
      'confluence_scim_bridge_seats_used Nan',
      'confluence_scim_bridge_seats_limit Nan',
    ]);
  });
});

describe('a seat', () => {
  it('that a killed process had reserved is free again after twenty minutes [US14] [SA6]', async () => {
    const site = await startFull({ free: 1 });
    await site.store.seats.reserve('killed', { accountId: 'gone', address: undefined }, site.clock.now());
    expectScimError(await site.create(), 409);

    site.clock.advance(20 * 60_000 + 1);

    expect((await site.create()).status).toBe(201);
  });

  it('is needed by whoever is suspended and comes back [US14] [US8]', async () => {
    const site = await startFull({ settings: { DEACTIVATION: 'suspend' } });
    const [id = ''] = site.people;
    expect((await site.state(id, false)).status).toBe(200);
    expect((await newcomer(site, 'x')).status).toBe(201);
    site.received();

    expectScimError(await site.state(id, true), 409);
    expect(site.received('writes').filter((name) => name !== 'confluence.listAccounts')).toEqual([]);
    expect(site.sandbox.person(id).suspended).toBe(true);

    expect((await site.remove(site.people[1] ?? '')).status).toBe(204);
    expect((await site.state(id, true)).status).toBe(200);
    await site.scan();
    expectScimError(await newcomer(site, 'y'), 409);
  });

  it('is given to nobody before somebody has counted: 503 with Retry-After [US14] [LI1]', async () => {
    const site = await startUsers({ settings: { SEAT_LIMIT: '5', REQUEST_BUDGET_SECONDS: '1' }, scan: false });
    site.sandbox.faults.always({ method: 'GET', path: /membersByGroupId/, status: 503 });

    const reply = await site.create();

    expectScimError(reply, 503);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    expect(site.sandbox.findPersonByEmail(ADA)).toBeUndefined();
  });

  it('stays reserved while nobody knows whether Atlassian gave it [US14] [SA4]', async () => {
    const site = await startFull({ free: 1 });
    site.sandbox.faults.next({ method: 'POST', path: /users\/invite/, kind: 'drop-after' });
    expectScimError(await site.create(), 503);

    expectScimError(await newcomer(site, 'x'), 409);
    expect((await site.create()).status).toBe(201);
    await site.scan();
    expectScimError(await newcomer(site, 'x'), 409);
    expect(await countSeats(site.store, site.clock.now())).toBe(4);
  });
});
