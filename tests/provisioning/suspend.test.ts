import { describe, expect, it } from '@jest/globals';
import { expectScimError } from '../support/bridge.js';
import { bodyOf, startUsers, type UserSite } from './userSite.js';

const NO_GROUPS = {
  path: /memberof/,
  status: 200,
  body: { results: [], start: 0, limit: 200, size: 0, _links: {} },
};

describe('DEACTIVATION=suspend', () => {
  const settings = { DEACTIVATION: 'suspend' };

  async function startWithSuspended(): Promise<{ site: UserSite; id: string; chess: string }> {
    const site = await startUsers({ settings });
    const { id } = await site.created();
    const chess = site.sandbox.addGroup({ name: 'chess' }).id;
    await site.scan();
    site.sandbox.takeCalls();
    site.sandbox.addMember(chess, id);
    const reply = await site.state(id, false);
    if (reply.status !== 200) throw new Error(`PATCH answered ${reply.status}`);
    return { site, id, chess };
  }

  it('suspends; the groups stay and are shown from the link, also when Atlassian hides them [US8]', async () => {
    const { site, id, chess } = await startWithSuspended();
    expect(site.received()).toEqual(['confluence.listMemberships', 'organization.suspendUser']);
    expect(site.sandbox.person(id).suspended).toBe(true);
    const groups = [site.sandbox.groups.access.id, chess].sort();
    expect([...site.sandbox.groupsOf(id)].sort()).toEqual(groups);

    for (const shown of [groups, []]) {
      if (shown.length === 0) site.sandbox.faults.always(NO_GROUPS);
      const user = bodyOf(await site.get(id));
      expect(user.active).toBe(false);
      expect(user.groups?.map(({ value }) => value).sort()).toEqual(groups);
    }
    await site.scan();
    expect((await site.find('active eq false')).map((user) => user.id)).toEqual([id]);
  });

  it('restores, and gives no further group to somebody who keeps one that grants [US8]', async () => {
    const { site, id } = await startWithSuspended();
    site.received();
    const before = [...site.sandbox.groupsOf(id)].sort();
    site.sandbox.faults.next(NO_GROUPS);

    const reply = await site.state(id, true);

    expect(bodyOf(reply)).toMatchObject({ active: true });
    expect(
      bodyOf(reply)
        .groups?.map(({ value }) => value)
        .sort(),
    ).toEqual(before);
    expect(site.received('writes')).toEqual(['organization.restoreUser']);
    expect(site.sandbox.person(id).suspended).toBe(false);
    expect([...site.sandbox.groupsOf(id)].sort()).toEqual(before);
    expect(await site.holds(id, 'suspended')).toEqual([]);
    expect(bodyOf(await site.get(id)).active).toBe(true);
  });

  it('restores and adds the first access group when none grants any more [US8]', async () => {
    const { site, id, chess } = await startWithSuspended();
    site.sandbox.removeMember(site.sandbox.groups.access.id, id);
    await site.store.holds.remove(id, site.sandbox.groups.access.id, 'suspended');
    site.clock.advance(11 * 60_000);
    site.received();

    expect(bodyOf(await site.state(id, true)).active).toBe(true);
    expect(site.received('writes')).toEqual(['organization.restoreUser', 'confluence.addMember']);
    expect([...site.sandbox.groupsOf(id)].sort()).toEqual([site.sandbox.groups.access.id, chess].sort());
  });

  it('suspends again whom somebody restored by hand, and nobody twice [US2]', async () => {
    const { site, id } = await startWithSuspended();
    site.received();
    expect((await site.state(id, false)).status).toBe(200);
    expect(site.received('writes')).toEqual([]);

    site.sandbox.updatePerson(id, { suspended: false });
    expect((await site.state(id, false)).status).toBe(200);
    expect(site.sandbox.person(id).suspended).toBe(true);
  });

  it('keeps the wish through an outage, and the repeat finishes [US7] [SA6]', async () => {
    const site = await startUsers({ settings });
    const { id } = await site.created();
    site.sandbox.faults.always({ path: /suspend/, status: 503 });
    expectScimError(await site.state(id, false), 503);
    expect((await site.link(id))?.wanted).toBe('inactive');

    site.sandbox.faults.clear();
    expect(bodyOf(await site.state(id, false)).active).toBe(false);
    expect(site.sandbox.person(id).suspended).toBe(true);
  });

  it('has its line in the audit where a reactivation failed before, and who was to come back is still suspended [SA10]', async () => {
    const { site, id } = await startWithSuspended();
    const ends = async () => (await site.audited(id)).filter(({ event }) => event === 'user.deactivated').length;
    const before = await ends();
    site.sandbox.faults.always({ path: /restore/, status: 503 });
    expectScimError(await site.state(id, true), 503);
    site.sandbox.faults.clear();

    expect((await site.state(id, false)).status).toBe(200);

    expect(await ends()).toBe(before + 1);
    expect(await site.store.intents.find('status', id)).toBeUndefined();
  });

  it('restores somebody suspended by hand when an identity provider creates them [US6] [US8]', async () => {
    const site = await startUsers({ settings });
    const { accountId } = await site.known({ suspended: true });

    expect(bodyOf(await site.create())).toMatchObject({ id: accountId, active: true });
    expect(site.sandbox.person(accountId).suspended).toBe(false);
  });

  it('leaves the groups on DELETE, also those that Atlassian hides [US9]', async () => {
    const { site, id, chess } = await startWithSuspended();
    site.sandbox.faults.always(NO_GROUPS);
    site.clock.advance(11 * 60_000);
    await site.scan();

    expect((await site.remove(id)).status).toBe(204);
    expect(site.sandbox.groupsOf(id)).toEqual([chess]);
  });
});
