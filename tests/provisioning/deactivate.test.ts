import { describe, expect, it } from '@jest/globals';
import type supertest from 'supertest';
import { expectScimError } from '../support/bridge.js';
import { ada, bodyOf, startUsers, type UserSite, detailOf } from './userSite.js';

const REMOVAL = { method: 'DELETE', path: /userByGroupId/ };
const EMPTY = { results: [], start: 0, limit: 200, size: 0, _links: {} };

/** Ada in the access group and in a second one that grants access as well. */
async function startWithTwo(): Promise<{ site: UserSite; id: string; access: string; writers: string }> {
  const site = await startUsers({
    settings: { CONFLUENCE_ACCESS_GROUPS: 'confluence-users-sandbox' },
    sandbox: { seed: { groups: [{ name: 'writers', grants: 'user' }, { name: 'chess' }] } },
  });
  const writers = site.sandbox.findGroupByName('writers')?.id ?? '';
  const { id } = await site.created();
  site.sandbox.addMember(writers, id);
  site.sandbox.addMember(site.sandbox.findGroupByName('chess')?.id ?? '', id);
  return { site, id, access: site.sandbox.groups.access.id, writers };
}

describe('active: false', () => {
  it.each<[string, (site: UserSite, id: string) => Promise<supertest.Response>]>([
    ['PATCH with a path', (site, id) => site.state(id, false)],
    ['PATCH of Okta, without path', (site, id) => site.patch(id, [{ op: 'replace', value: { active: false } }])],
    ['PATCH of Entra ID', (site, id) => site.patch(id, [{ op: 'Replace', path: 'active', value: 'False' }])],
    ['PATCH with path null', (site, id) => site.patch(id, [{ op: 'add', path: null, value: { ACTIVE: 'false' } }])],
    [
      'PATCH with a URN',
      (site, id) =>
        site.patch(id, [{ op: 'replace', path: 'urn:ietf:params:scim:schemas:core:2.0:User:Active', value: false }]),
    ],
    ['PUT', (site, id) => site.replace(id, ada({ active: false }))],
    ['PUT with text', (site, id) => site.replace(id, ada({ active: 'False' }))],
    ['PUT of nothing else', (site, id) => site.replace(id, { active: false })],
  ])('takes every granting group, by %s, with one read and one call a group [US7]', async (_name, send) => {
    const { site, id, access, writers } = await startWithTwo();

    const reply = await send(site, id);

    expect(reply.status).toBe(200);
    expect(bodyOf(reply)).toMatchObject({ id, active: false });
    expect(bodyOf(reply).groups?.map(({ display }) => display)).toEqual(['chess']);
    expect(site.received()).toEqual([
      'confluence.listMemberships',
      'confluence.removeMember',
      'confluence.removeMember',
    ]);
    expect(site.sandbox.groupsOf(id)).toEqual([site.sandbox.findGroupByName('chess')?.id]);
    expect((await site.holds(id, 'remembered')).sort()).toEqual([access, writers].sort());
    expect((await site.link(id))?.wanted).toBe('inactive');
    expect(bodyOf(await site.get(id)).active).toBe(false);
  });

  it('is 200 and harmless when sent again [US7]', async () => {
    const { site, id, access, writers } = await startWithTwo();
    await site.state(id, false);
    const before = bodyOf(await site.get(id));

    const again = await site.state(id, false);

    expect(again.status).toBe(200);
    expect(bodyOf(again)).toEqual({ ...before, meta: before.meta });
    expect((await site.holds(id, 'remembered')).sort()).toEqual([access, writers].sort());
  });

  it('takes access again that somebody gave back by hand [US2]', async () => {
    const { site, id, access } = await startWithTwo();
    await site.state(id, false);
    site.sandbox.addMember(access, id);
    site.clock.advance(11 * 60_000);
    expect(bodyOf(await site.get(id)).active).toBe(true);

    expect(bodyOf(await site.state(id, false)).active).toBe(false);
    expect(site.sandbox.groupsOf(id)).not.toContain(access);
  });

  it('takes what only the read, only the index, or only our own write shows [US2] [US7]', async () => {
    const { site, id, access, writers } = await startWithTwo();
    // The read shows writers alone, the own write the access group; the index gets to know of a third.
    const third = site.sandbox.addGroup({ name: 'editors', grants: 'user' });
    site.sandbox.addMember(third.id, id);
    await site.scan();
    site.sandbox.faults.always({
      path: /memberof/,
      status: 200,
      body: { ...EMPTY, results: [{ type: 'group', id: writers, name: 'writers' }], size: 1 },
    });

    expect((await site.state(id, false)).status).toBe(200);
    for (const groupId of [access, writers, third.id]) expect(site.sandbox.groupsOf(id)).not.toContain(groupId);
  });

  it('takes access that lagging reads do not show yet, and shows it taken while they still do [US2]', async () => {
    const site = await startUsers({ sandbox: { lag: { ms: 60_000, reads: 0 } } });
    const { id } = await site.created();

    expect(bodyOf(await site.state(id, false)).active).toBe(false);
    expect(site.sandbox.groupsOf(id)).toEqual([]);

    site.sandbox.settle();
    site.sandbox.options.lag = { ms: 0, reads: 0 };
    await site.state(id, true);
    site.sandbox.options.lag = { ms: 60_000, reads: 0 };
    await site.state(id, false);
    expect(bodyOf(await site.get(id))).toMatchObject({ active: false });
    expect(bodyOf(await site.get(id))).not.toHaveProperty('groups');
    await site.scan();
    expect((await site.find('active eq true')).map((user) => user.id)).not.toContain(id);
  });

  it('believes that nothing is left to take only after a control read [SA2]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    site.sandbox.removeMember(site.sandbox.groups.access.id, id);

    expect((await site.state(id, false)).status).toBe(200);
    expect(site.received()).toContain('confluence.listMembers');
  });

  it('is 503 when the credential sees nothing any more, and the wish is not lost in a success [SA2]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    site.sandbox.faults.always({ path: /memberof|membersByGroupId/, status: 200, body: EMPTY });

    const reply = await site.state(id, false);

    expectScimError(reply, 503);
    expect(reply.headers['retry-after']).toMatch(/^\d+$/);
    expect(site.sandbox.groupsOf(id)).toHaveLength(1);
  });
});

describe('a group that is not left at once', () => {
  it('counts as left on 404 when memberof, read again, no longer shows it [US7]', async () => {
    const { site, id, access } = await startWithTwo();
    site.sandbox.faults.when({ ...REMOVAL, path: new RegExp(`groupId=${access}`) }, () => {
      site.sandbox.removeMember(access, id);
    });
    site.sandbox.faults.next({ ...REMOVAL, path: new RegExp(`groupId=${access}`), status: 404 });

    expect(bodyOf(await site.state(id, false)).active).toBe(false);
    expect(site.received().filter((operation) => operation === 'confluence.listMemberships')).toHaveLength(2);
  });

  it.each([404, 400])(
    'is 503, never an error about the person, while memberof still shows it after %i [US7] [SA2]',
    async (status) => {
      const { site, id, access, writers } = await startWithTwo();
      site.sandbox.faults.next({ ...REMOVAL, path: new RegExp(`groupId=${access}`), status });

      const reply = await site.state(id, false);

      expectScimError(reply, 503);
      expect(site.sandbox.groupsOf(id)).not.toContain(writers);
      expect((await site.link(id))?.wanted).toBe('inactive');
      expect((await site.state(id, false)).status).toBe(200);
      expect((await site.holds(id, 'remembered')).sort()).toEqual([access, writers].sort());
    },
  );

  it('is named by 409 without scimType when nobody can be taken out of it; the rest is left, the link stays [US7]', async () => {
    const { site, id, access, writers } = await startWithTwo();
    site.sandbox.faults.always({ ...REMOVAL, path: new RegExp(`groupId=${writers}`), status: 403 });

    const reply = await site.state(id, false);

    expectScimError(reply, 409);
    expect(detailOf(reply)).toContain('"writers"');
    expect(site.sandbox.groupsOf(id)).toContain(writers);
    expect(site.sandbox.groupsOf(id)).not.toContain(access);
    expect(await site.link(id)).toMatchObject({ wanted: 'inactive', accountId: id });
    expect(bodyOf(await site.get(id)).active).toBe(true);
    expect((await site.audited(id)).map(({ event, object, result }) => [event, object, result])).toEqual(
      expect.arrayContaining([
        ['group.memberRemoved', access, 'done'],
        ['group.memberRemoved', writers, 'refused'],
        ['user.deactivated', undefined, 'refused'],
      ]),
    );
  });

  it('includes the administrators’ groups, which this credential may not change [US7]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    site.sandbox.addMember(site.sandbox.groups.admins.id, id);

    expectScimError(await site.state(id, false), 409);
    expect(site.sandbox.groupsOf(id)).toEqual([site.sandbox.groups.admins.id]);

    site.sandbox.removeMember(site.sandbox.groups.admins.id, id);
    expect((await site.state(id, false)).status).toBe(200);
  });

  it('is the operator’s trouble, 500, when the control read is refused as well [US7] [SA5]', async () => {
    const { site, id } = await startWithTwo();
    site.sandbox.faults.always({ ...REMOVAL, status: 403 });
    site.sandbox.faults.always({ path: /membersByGroupId/, status: 403 });

    expectScimError(await site.state(id, false), 500);
    expect((await site.link(id))?.wanted).toBe('inactive');
    expect((await site.audited(id)).filter(({ event }) => event === 'group.memberRemoved')).toHaveLength(2);
  });

  it.each([
    ['an outage', { status: 503 }],
    ['an outage page', { kind: 'html' }],
    ['lost answers', { kind: 'drop-after' }],
  ] as const)('keeps the wish through %s, and the repeat finishes [US7] [SA6]', async (_name, fault) => {
    const { site, id, access, writers } = await startWithTwo();
    site.sandbox.faults.always({ ...REMOVAL, ...fault, path: new RegExp(`groupId=${writers}`) });

    expectScimError(await site.state(id, false), 503);
    expect((await site.link(id))?.wanted).toBe('inactive');
    expect((await site.holds(id, 'remembered')).sort()).toEqual([access, writers].sort());
    expect(site.sandbox.groupsOf(id)).not.toContain(access);

    site.sandbox.faults.clear();
    expect(bodyOf(await site.state(id, false)).active).toBe(false);
    expect((await site.holds(id, 'remembered')).sort()).toEqual([access, writers].sort());
  });

  it('stores wish and groups before the first group is left [US7] [SA6]', async () => {
    const { site, id, access, writers } = await startWithTwo();
    let stored: unknown;
    site.sandbox.faults.when(REMOVAL, async () => {
      stored ??= [(await site.link(id))?.wanted, (await site.holds(id, 'remembered')).sort()];
    });

    await site.state(id, false);

    expect(stored).toEqual(['inactive', [access, writers].sort()]);
  });

  it('hands a pause that does not fit the budget to the identity provider [SA4]', async () => {
    const { site, id } = await startWithTwo();
    site.sandbox.faults.next({ ...REMOVAL, status: 429, retryAfter: 120 });

    const reply = await site.state(id, false);

    expectScimError(reply, 429);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(100);
    expect((await site.link(id))?.wanted).toBe('inactive');
  });

  it('adds to what is remembered, and never replaces it [US7] [US8]', async () => {
    const { site, id, access, writers } = await startWithTwo();
    await site.state(id, false);
    const third = site.sandbox.addGroup({ name: 'editors', grants: 'user' });
    await site.scan();
    site.sandbox.addMember(third.id, id);

    await site.state(id, false);

    expect((await site.holds(id, 'remembered')).sort()).toEqual([access, writers, third.id].sort());
  });
});
