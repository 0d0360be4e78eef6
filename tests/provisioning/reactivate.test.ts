import { describe, expect, it } from '@jest/globals';
import { expectScimError } from '../support/bridge.js';
import { ada, bodyOf, startUsers, type UserSite, detailOf } from './userSite.js';

const ADDITION = { method: 'POST', path: /userByGroupId/ };
const ONE_ACCESS_GROUP = { CONFLUENCE_ACCESS_GROUPS: 'confluence-users-sandbox' };

/** Ada, deactivated, who was in the access group and in `writers`, which grants access too. */
async function startWithLeaver(): Promise<{ site: UserSite; id: string; access: string; writers: string }> {
  const site = await startUsers({
    settings: ONE_ACCESS_GROUP,
    sandbox: { seed: { groups: [{ name: 'writers', grants: 'user' }] } },
  });
  const writers = site.sandbox.findGroupByName('writers')?.id ?? '';
  const { id } = await site.created();
  site.sandbox.addMember(writers, id);
  await site.state(id, false);
  site.received();
  return { site, id, access: site.sandbox.groups.access.id, writers };
}

describe('active: true for a leaver', () => {
  it('gives back every remembered group with one read and one call a group, then forgets them [US8]', async () => {
    const { site, id, access, writers } = await startWithLeaver();

    const reply = await site.state(id, true);

    expect(reply.status).toBe(200);
    expect(bodyOf(reply)).toMatchObject({ active: true });
    expect(site.received().filter((operation) => operation !== 'confluence.listMembers')).toEqual([
      'confluence.listMemberships',
      'confluence.addMember',
      'confluence.addMember',
    ]);
    expect([...site.sandbox.groupsOf(id)].sort()).toEqual([access, writers].sort());
    expect(await site.holds(id, 'remembered')).toEqual([]);
    expect((await site.link(id))?.wanted).toBe('active');
  });

  it('is harmless when sent again: one read, no write [US8]', async () => {
    const { site, id } = await startWithLeaver();
    await site.state(id, true);
    site.received();

    expect((await site.state(id, true)).status).toBe(200);
    expect((await site.replace(id, ada())).status).toBe(200);
    expect(site.received()).toEqual(['confluence.listMemberships', 'confluence.listMemberships']);
  });

  it('gives the first access group when nothing remembered grants access any more [US8]', async () => {
    const { site, id, access, writers } = await startWithLeaver();
    site.sandbox.updateGroup(writers, { grants: undefined });
    await site.store.holds.remove(id, access, 'remembered');
    await site.scan();

    expect(bodyOf(await site.state(id, true)).active).toBe(true);
    expect(site.sandbox.groupsOf(id)).toEqual([access]);
  });

  it('never gives back a group with administration rights [US8]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    site.sandbox.updateGroup(site.sandbox.groups.admins.id, { writable: true });
    site.sandbox.updateGroup(site.sandbox.groups.siteAdmins.id, { writable: true });
    site.sandbox.addMember(site.sandbox.groups.admins.id, id);
    site.sandbox.addMember(site.sandbox.groups.siteAdmins.id, id);
    await site.state(id, false);
    expect(await site.holds(id, 'remembered')).toHaveLength(3);

    await site.state(id, true);

    expect(site.sandbox.groupsOf(id)).toEqual([site.sandbox.groups.access.id]);
  });

  it('gives the first access group to somebody who only had administration groups [US8]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    site.sandbox.updateGroup(site.sandbox.groups.admins.id, { writable: true });
    site.sandbox.removeMember(site.sandbox.groups.access.id, id);
    site.sandbox.addMember(site.sandbox.groups.admins.id, id);
    site.clock.advance(11 * 60_000);
    await site.scan();
    await site.state(id, false);
    expect(await site.holds(id, 'remembered')).toEqual([site.sandbox.groups.admins.id]);

    await site.state(id, true);

    expect(site.sandbox.groupsOf(id)).toEqual([site.sandbox.groups.access.id]);
  });

  it('keeps what is remembered until all of it is given back [US8] [SA6]', async () => {
    const { site, id, access, writers } = await startWithLeaver();
    site.sandbox.faults.always({ ...ADDITION, path: new RegExp(`groupId=${writers}`), status: 503 });

    expectScimError(await site.state(id, true), 503);
    expect((await site.holds(id, 'remembered')).sort()).toEqual([access, writers].sort());
    expect((await site.link(id))?.wanted).toBe('active');

    site.sandbox.faults.clear();
    expect(bodyOf(await site.state(id, true)).active).toBe(true);
    expect([...site.sandbox.groupsOf(id)].sort()).toEqual([access, writers].sort());
    expect(await site.holds(id, 'remembered')).toEqual([]);
  });

  it('is 409 without scimType when no seat is free, and the person is not shown active [SA5]', async () => {
    const { site, id } = await startWithLeaver();
    site.sandbox.options.seats = 1;

    const reply = await site.state(id, true);

    expectScimError(reply, 409);
    expect(detailOf(reply)).toMatch(/licence/);
    expect(bodyOf(await site.get(id)).active).toBe(false);
    expect(await site.holds(id, 'remembered')).toHaveLength(2);
    site.sandbox.options.seats = 2;
    expect(bodyOf(await site.state(id, true)).active).toBe(true);
  });

  it('takes Atlassian’s "is a member already" for success [US8]', async () => {
    const { site, id, access } = await startWithLeaver();
    site.sandbox.options.duplicateAdd = 400;
    site.sandbox.options.lag = { ms: 60_000, reads: 0 };
    await site.scim('get', '/Users');
    site.sandbox.faults.when(ADDITION, () => site.sandbox.addMember(access, id));

    expect(bodyOf(await site.state(id, true)).active).toBe(true);
  });

  it('gives access back that was taken by hand, by PATCH and by PUT: the record alone decides nothing [US2]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    const access = site.sandbox.groups.access.id;
    for (const send of [() => site.state(id, true), () => site.replace(id, ada())]) {
      site.clock.advance(11 * 60_000);
      site.sandbox.removeMember(access, id);
      expect(bodyOf(await site.get(id)).active).toBe(false);

      expect(bodyOf(await send()).active).toBe(true);
      expect(site.sandbox.groupsOf(id)).toEqual([access]);
    }
  });

  it('adds what the read does not show, though our own write says it is there [US2]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    site.sandbox.removeMember(site.sandbox.groups.access.id, id);

    expect((await site.state(id, true)).status).toBe(200);
    expect(site.sandbox.groupsOf(id)).toEqual([site.sandbox.groups.access.id]);
  });

  it('adds what lagging reads still show after we took it [US2]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    site.sandbox.options.lag = { ms: 60_000, reads: 0 };
    await site.state(id, false);

    expect(bodyOf(await site.state(id, true)).active).toBe(true);
    expect(site.sandbox.groupsOf(id)).toEqual([site.sandbox.groups.access.id]);
    expect(bodyOf(await site.get(id)).active).toBe(true);
  });

  it('shows in lists what an invitation without answer gave, though no scan has seen it [US8] [SA6]', async () => {
    const site = await startUsers();
    const { id } = await site.created({ active: false });
    site.sandbox.faults.next({ path: /users\/invite/, kind: 'drop-after' });
    expectScimError(await site.state(id, true), 503);
    site.received();

    expect(bodyOf(await site.state(id, true)).active).toBe(true);

    expect(site.received('writes')).toEqual([]);
    expect(bodyOf(await site.scim('get', '/Users'))).toMatchObject({
      Resources: expect.arrayContaining([expect.objectContaining({ id, active: true })]),
    });
  });

  it('is not implied by a message that forgets active [US10]', async () => {
    const { site, id } = await startWithLeaver();

    const reply = await site.replace(id, ada({ active: undefined, title: 'Enchantress' }));

    expect(reply.status).toBe(200);
    expect(bodyOf(reply)).toMatchObject({ active: false, title: 'Enchantress' });
    expect(site.received('writes')).toEqual([]);
  });
});
