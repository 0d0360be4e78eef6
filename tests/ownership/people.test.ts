import { describe, expect, it } from '@jest/globals';
import type supertest from 'supertest';
import { bodyOf, detailOf, startInviting, startUsers, type UserSite } from '../provisioning/userSite.js';
import { ENTRA_TOKEN, expectScimError, OKTA_TOKEN } from '../support/bridge.js';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const PING_TOKEN = 'ping-secret-0123456789abcdef';
const THREE = { SCIM_TOKENS: `okta:${OKTA_TOKEN},entra:${ENTRA_TOKEN},ping:${PING_TOKEN}` };

function hasAccess(site: UserSite, id: string): boolean {
  return site.sandbox.groupsOf(id).includes(site.sandbox.groups.access.id);
}

/** Every way in which a caller takes a person away, here for one whom another caller owns. */
const TAKINGS: Readonly<Record<string, (site: UserSite, id: string, token: string) => Promise<supertest.Response>>> = {
  'PATCH of active': (site, id, token) => site.state(id, false, token),
  'PATCH with a new profile and externalId': (site, id, token) =>
    site.patch(
      id,
      [
        {
          op: 'Replace',
          value: { active: 'False', title: 'Leaver', externalId: 'entra-ada', userName: 'gone@example.com' },
        },
      ],
      token,
    ),
  'PUT with another profile': (site, id, token) =>
    site.replace(
      id,
      { schemas: [USER], userName: 'gone@example.com', externalId: 'entra-ada', title: 'Leaver', active: false },
      token,
    ),
  DELETE: (site, id, token) => site.remove(id, token),
  'POST under another userName': async (site, id, token) => {
    // The caller's own externalId makes it the same person.
    await site.store.people.setExternalId(id, 'entra', 'entra-ada');
    return site.create(
      { userName: 'ada.l@example.com', externalId: 'entra-ada', title: 'Leaver', active: false },
      token,
    );
  },
};

describe('a person whom one identity provider has made active', () => {
  it.each(Object.entries(TAKINGS))('is not taken by another one with %s [SA12]', async (_name, take) => {
    const site = await startUsers({ settings: { PROFILE_UPDATES: 'record' } });
    const { id } = await site.created();
    const before = await site.link(id);

    const reply = await take(site, id, ENTRA_TOKEN);

    expectScimError(reply, 403);
    expect(detailOf(reply)).toContain('belongs to the identity provider "okta"');
    expect(detailOf(reply)).toContain(`confluence-scim-bridge transfer ${id} entra`);
    expect(site.received('writes')).toEqual([]);
    expect(hasAccess(site, id)).toBe(true);
    expect(await site.link(id)).toEqual(before);
    expect(before).toMatchObject({ owner: 'okta', wanted: 'active', profile: { title: 'Countess' } });
    expect(bodyOf(await site.get(id))).toMatchObject({ active: true, externalId: 'okta-ada', title: 'Countess' });
    const refused = (await site.audited()).filter(({ decision }) => decision === 'SA12');
    expect(refused).toMatchObject([{ caller: 'entra', result: 'refused', note: 'forbidden' }]);
  });

  it.each([...Object.entries(TAKINGS)].slice(0, 4))('is taken by itself with %s [SA12]', async (_name, take) => {
    const site = await startUsers({ settings: { PROFILE_UPDATES: 'record' } });
    const { id } = await site.created();

    expect((await take(site, id, OKTA_TOKEN)).status).toBeLessThan(300);

    expect(hasAccess(site, id)).toBe(false);
  });

  it.each<[string, (site: UserSite, id: string) => Promise<supertest.Response>]>([
    ['PATCH', (site, id) => site.state(id, true, ENTRA_TOKEN)],
    [
      'PUT',
      (site, id) => site.replace(id, { schemas: [USER], userName: 'ada@example.com', active: true }, ENTRA_TOKEN),
    ],
  ])('belongs to the one that says active: true by %s, without a call more, audited [SA12]', async (_name, state) => {
    const site = await startUsers();
    const { id } = await site.created();
    expect((await site.state(id, true)).status).toBe(200);
    const own = site.received();

    expect((await state(site, id)).status).toBe(200);

    expect(site.received()).toEqual(own);
    expect(await site.link(id)).toMatchObject({ owner: 'entra', caller: 'okta' });
    expect((await site.audited(id)).filter(({ event }) => event === 'user.ownerChanged')).toMatchObject([
      { caller: 'entra', decision: 'SA12', result: 'done', note: 'Owned by okta before.', upstream: [] },
    ]);
    expectScimError(await site.state(id, false), 403);
    expectScimError(await site.remove(id), 403);
    expect((await site.state(id, false, ENTRA_TOKEN)).status).toBe(200);
  });

  it('is deactivated by anybody once its owner has said so, and deleted by its owner alone [SA12]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    expect((await site.state(id, false)).status).toBe(200);
    site.sandbox.addMember(site.sandbox.groups.access.id, id);

    expect((await site.state(id, false, ENTRA_TOKEN)).status).toBe(200);

    expect(hasAccess(site, id)).toBe(false);
    expectScimError(await site.remove(id, ENTRA_TOKEN), 403);
    expect((await site.remove(id)).status).toBe(204);
  });

  it('whose deactivation failed half-way is taken by whoever says the same next [SA12] [US7]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    site.sandbox.faults.next({ method: 'DELETE', path: /userByGroupId/, status: 500 });
    expect((await site.state(id, false)).status).toBe(503);
    expect(hasAccess(site, id)).toBe(true);

    expect((await site.state(id, false, ENTRA_TOKEN)).status).toBe(200);

    expect(hasAccess(site, id)).toBe(false);
  });

  it('is reactivated by another one, which owns the person then [SA12]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    await site.state(id, false);

    expect((await site.state(id, true, ENTRA_TOKEN)).status).toBe(200);

    expectScimError(await site.state(id, false), 403);
    expect(hasAccess(site, id)).toBe(true);
  });

  it('taken up by a POST of another userName belongs to the one that posted [SA12] [US6]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    await site.state(id, false);

    const reply = await site.create({ userName: 'ada.l@example.com', externalId: 'entra-ada' }, ENTRA_TOKEN);

    expect(reply.status).toBe(201);
    expect(bodyOf(reply).id).toBe(id);
    expect(await site.link(id)).toMatchObject({ owner: 'entra', wanted: 'active' });
  });

  it('keeps its owner when a message of another one is refused, or says nothing of active [SA12]', async () => {
    const site = await startUsers();
    const { id } = await site.created();

    const refused = [
      { op: 'replace', path: 'title', value: 'Queen' },
      { op: 'replace', path: 'active', value: true },
    ];
    expect((await site.patch(id, refused, ENTRA_TOKEN)).status).toBe(501);
    const externalId = [{ op: 'add', path: 'externalId', value: 'entra-ada' }];
    expect((await site.patch(id, externalId, ENTRA_TOKEN)).status).toBe(200);

    expect(await site.link(id)).toMatchObject({ owner: 'okta' });
  });

  it('is everybody’s when its owner is not configured any more, until one makes it active [SA12]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    const { store, sandbox } = site;
    const settings = { SCIM_TOKENS: `entra:${ENTRA_TOKEN},ping:${PING_TOKEN}` };
    const without = await startUsers({ settings, store, site: sandbox });

    expect((await without.state(id, false, ENTRA_TOKEN)).status).toBe(200);
    expect((await without.state(id, true, PING_TOKEN)).status).toBe(200);

    expect(await site.link(id)).toMatchObject({ owner: 'ping' });
    expectScimError(await without.remove(id, ENTRA_TOKEN), 403);
  });

  it('survives a restart as its owner’s [SA12] [SA6]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    const again = await startUsers({ store: site.store, site: site.sandbox });

    expectScimError(await again.state(id, false, ENTRA_TOKEN), 403);
    expect((await again.state(id, false)).status).toBe(200);
  });

  it('goes from hand to hand among three, to the last that asked [SA12]', async () => {
    const site = await startUsers({ settings: THREE });
    const { id } = await site.created();

    for (const [token, owner] of [
      [ENTRA_TOKEN, 'entra'],
      [PING_TOKEN, 'ping'],
      [OKTA_TOKEN, 'okta'],
    ] as const) {
      expect((await site.state(id, true, token)).status).toBe(200);
      for (const other of [OKTA_TOKEN, ENTRA_TOKEN, PING_TOKEN].filter((one) => one !== token)) {
        const reply = await site.state(id, false, other);
        expectScimError(reply, 403);
        expect(detailOf(reply)).toContain(`"${owner}"`);
      }
    }
    expect(hasAccess(site, id)).toBe(true);
  });
});

describe('a person whom nobody has made active', () => {
  it('belongs to nobody: whoever was there before may be taken by anybody [SA12]', async () => {
    const site = await startUsers();
    const { accountId } = await site.known();
    expect((await site.state(accountId, false)).status).toBe(200);
    expect(await site.link(accountId)).toMatchObject({ owner: undefined, caller: 'okta' });

    expect((await site.remove(accountId, ENTRA_TOKEN)).status).toBe(204);
  });

  it.each([
    [true, 'okta'],
    [false, undefined],
  ])('when the first message says active: %s belongs to %s [SA12]', async (active, owner) => {
    const site = await startUsers();
    const { accountId } = await site.known();

    expect((await site.state(accountId, active)).status).toBe(200);

    expect((await site.link(accountId))?.owner).toBe(owner);
  });

  it('is recorded without an owner by a POST that says inactive [SA12]', async () => {
    const site = await startUsers();
    const { id } = await site.created({ active: false });
    expect((await site.link(id))?.owner).toBeUndefined();

    expect((await site.remove(id, ENTRA_TOKEN)).status).toBe(204);
  });
});

describe('somebody invited', () => {
  it('is not taken by another caller before the account is there, nor by the scan that finds it [SA12] [US5]', async () => {
    const site = await startInviting();
    const { id } = await site.created();

    expectScimError(await site.state(id, false, ENTRA_TOKEN), 403);
    expectScimError(await site.remove(id, ENTRA_TOKEN), 403);
    const { accountId } = site.sandbox.addPerson({ email: 'ada@example.com', displayName: 'Ada', access: true });
    site.clock.advance(60_000);
    await site.scan();

    expect(await site.link(id)).toMatchObject({ accountId, owner: 'okta', wanted: 'active' });
    expectScimError(await site.state(id, false, ENTRA_TOKEN), 403);
    expect((await site.state(id, false)).status).toBe(200);
  });
});

describe('ownership among the refusals', () => {
  it('comes after malformed and unknown, after protection, and before the brake, which does not count it [SA12] [US12]', async () => {
    const site = await startUsers({ settings: { ACCESS_LOSS_LIMIT: '0' } });
    const { id } = await site.created();

    expectScimError(
      await site.patch(id, [{ op: 'replace', path: 'active', value: 'perhaps' }], ENTRA_TOKEN),
      400,
      'invalidValue',
    );
    expectScimError(await site.state('nobody', false, ENTRA_TOKEN), 404);
    expectScimError(await site.state(id, false, ENTRA_TOKEN), 403);
    expectScimError(await site.remove(id, ENTRA_TOKEN), 403);
    expect(await site.store.brake.counted('access', 0)).toEqual(new Set());
    expect(await site.store.brake.trips(0)).toEqual([]);
    expectScimError(await site.state(id, false), 503);
  });
});
