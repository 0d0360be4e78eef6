import { afterEach, describe, expect, it } from '@jest/globals';
import type { BackEnd } from '../../src/provisioning/directory.js';
import { linkAccount } from '../../src/provisioning/linking.js';
import { ADA, bodyOf, createGroup, detailOf, startUsers, type UserSite } from '../provisioning/userSite.js';
import { aPerson } from '../store/samples.js';
import { expectScimError, operations } from '../support/bridge.js';
import { applyBeside, BACK_ENDS, type ObservedSite, READS, startObserved, startShared } from './site.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A bridge that observes, and one on the same site and store that is live, one after the other. */
async function startBoth(backEnd: BackEnd, settings: Readonly<Record<string, string>> = {}) {
  const shared = await startShared(backEnd);
  closing.push(shared.close);
  const { site, store, clock } = shared;
  const observed = await startObserved({ backEnd, site, store, clock, settings });
  closing.push(() => observed.close());
  return {
    observed,
    goLive: async (): Promise<UserSite> => {
      await observed.close();
      const live = await startUsers({ backEnd, site, store, clock, settings });
      closing.push(() => live.close());
      site.takeCalls();
      return live;
    },
    observeAgain: async (from: UserSite): Promise<ObservedSite> => {
      await from.close();
      const again = await startObserved({ backEnd, site, store, clock, settings });
      closing.push(() => again.close());
      return again;
    },
  };
}

function members(site: UserSite, group: string, op: string, ...ids: string[]) {
  return site.scim('patch', `/Groups/${group}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op, path: 'members', value: ids.map((value) => ({ value })) }],
  });
}

describe.each(BACK_ENDS)('going live with a plan on %s', (backEnd) => {
  it('sends nothing by itself, and the next active: true creates the account, once, under the minted id [SA14]', async () => {
    const { observed, goLive } = await startBoth(backEnd);
    const ada = bodyOf(await observed.create());

    const live = await goLive();
    await live.scan();
    expect(live.sandbox.takeCalls().filter(({ operation }) => !READS.has(operation))).toEqual([]);
    expect(bodyOf(await live.get(ada.id))).toMatchObject({ id: ada.id, userName: 'ada@example.com' });

    const reply = await live.state(ada.id, true);
    await live.state(ada.id, true);

    expect({ status: reply.status, id: bodyOf(reply).id }).toEqual({ status: 200, id: ada.id });
    const invitations = ['confluence.inviteByEmail', 'jira.createUser', 'organization.inviteUsers'];
    expect(operations(live.sandbox, 'writes').filter((name) => invitations.includes(name))).toHaveLength(1);
    expect(await live.store.plan.open()).toEqual([]);
    expect(await applyBeside(live, backEnd)).toEqual([]);
  });
});

describe('going live with a plan of suspensions', () => {
  const SUSPEND = { DEACTIVATION: 'suspend' };

  /** Bob, whom a bridge that was live suspended. */
  async function startSuspended() {
    const both = await startBoth('organization', SUSPEND);
    const bob = await both.observed.known({ email: 'bob@example.com' });
    await both.observed.state(bob.accountId, false);
    await both.observed.apply();
    both.observed.clock.advance(11 * 60_000);
    return { ...both, bob };
  }

  it('shows whom plan apply suspends as inactive, however much later [SA14] [US8]', async () => {
    const { observed, goLive } = await startBoth('organization', SUSPEND);
    const bob = await observed.known({ email: 'bob@example.com' });
    await observed.state(bob.accountId, false);

    const live = await goLive();
    expect(bodyOf(await live.get(bob.accountId)).active).toBe(true);
    await applyBeside(live, 'organization');
    live.clock.advance(11 * 60_000);
    await live.scan();

    expect(live.sandbox.person(bob.accountId).suspended).toBe(true);
    expect(bodyOf(await live.get(bob.accountId)).active).toBe(false);
  });

  it('shows whom plan apply restores as active [SA14] [US8]', async () => {
    const { observed, goLive, bob } = await startSuspended();
    await observed.state(bob.accountId, true);

    const live = await goLive();
    expect(bodyOf(await live.get(bob.accountId)).active).toBe(false);
    await applyBeside(live, 'organization');

    expect(live.sandbox.person(bob.accountId).suspended).toBe(false);
    expect(bodyOf(await live.get(bob.accountId)).active).toBe(true);
  });

  it('restores no leaver, and suspends nobody who came back [SA14] [US8]', async () => {
    const { observed, goLive, bob } = await startSuspended();
    const eve = await observed.known({ email: 'eve@example.com' });
    await observed.state(bob.accountId, true);
    await observed.state(eve.accountId, false);

    const live = await goLive();
    await live.state(bob.accountId, false);
    await live.state(eve.accountId, true);
    expect(await applyBeside(live, 'organization')).toEqual([]);

    expect(live.sandbox.person(bob.accountId).suspended).toBe(true);
    expect(live.sandbox.person(eve.accountId).suspended).toBe(false);
  });
});

describe('going live with a plan', () => {
  it('answers for a group that was never made, and refuses to put anybody in until plan apply made it [SA14]', async () => {
    const { observed, goLive } = await startBoth('organization');
    const eve = await observed.known({ email: 'eve@example.com' });
    const group = await createGroup(observed, 'engineering', eve.accountId);

    const live = await goLive();
    expect((await live.scim('get', `/Groups/${group}`)).body).toMatchObject({ id: group, displayName: 'engineering' });
    const refused = await members(live, group, 'add', eve.accountId);
    expectScimError(refused, 503);
    expect(detailOf(refused)).toContain('confluence-scim-bridge plan apply');
    expect(refused.headers['retry-after']).toBe('300');
    expect(operations(live.sandbox, 'writes')).toEqual([]);

    expect((await applyBeside(live, 'organization')).map(({ state }) => state)).toEqual(['applied', 'applied']);
    expect((await members(live, group, 'add', eve.accountId)).status).toBe(204);
    const made = live.sandbox.findGroupByName('engineering');
    expect(live.sandbox.membersOf(made?.id ?? '')).toContain(eve.accountId);
    expect((await members(live, group, 'remove', eve.accountId)).status).toBe(204);
    expect(live.sandbox.membersOf(made?.id ?? '')).not.toContain(eve.accountId);
  });

  it('deletes a group that was never made without a call, and plans it no more [SA14]', async () => {
    const { observed, goLive } = await startBoth('organization');
    const eve = await observed.known({ email: 'eve@example.com' });
    const group = await createGroup(observed, 'engineering', eve.accountId);

    const live = await goLive();
    expect((await live.scim('delete', `/Groups/${group}`)).status).toBe(204);

    expect(operations(live.sandbox, 'writes')).toEqual([]);
    expect(await live.store.plan.open()).toEqual([]);
    expect((await live.scim('get', `/Groups/${group}`)).status).toBe(404);
  });

  it('leaves no group in Confluence that is deleted while plan apply makes it [SA14]', async () => {
    const { observed, goLive } = await startBoth('organization');
    const group = await createGroup(observed, 'engineering');
    const live = await goLive();
    let deleted: Promise<{ status: number }> | undefined;
    live.sandbox.faults.when({ method: 'POST', path: /rest\/api\/group$/ }, async () => {
      deleted = live.scim('delete', `/Groups/${group}`).then(({ status }) => ({ status }));
      // Many calls: a DELETE that did not wait would be done by then.
      await live.scan();
    });

    const outcomes = await applyBeside(live, 'organization');

    expect({ outcomes, deleted: await deleted }).toMatchObject({
      outcomes: [{ state: 'applied' }],
      deleted: { status: 204 },
    });
    expect(live.sandbox.findGroupByName('engineering')).toBeUndefined();
  });

  it('shows the truth about leavers, and their message repeated takes access and leaves the plan [SA14]', async () => {
    const { observed, goLive } = await startBoth('organization');
    const bob = await observed.known({ email: 'bob@example.com' });
    await observed.state(bob.accountId, false);

    const live = await goLive();
    expect(bodyOf(await live.get(bob.accountId)).active).toBe(true);
    expect(bodyOf(await live.state(bob.accountId, false)).active).toBe(false);

    expect(live.sandbox.groupsOf(bob.accountId)).toEqual([]);
    expect(await live.store.plan.open()).toEqual([]);
  });

  it('applies nothing that was said otherwise since: a leaver is given no group, a returner loses none [SA14]', async () => {
    const { observed, goLive } = await startBoth('organization', { ADOPT_GROUPS: 'team' });
    const [bob, eve] = [
      await observed.known({ email: 'bob@example.com' }),
      await observed.known({ email: 'eve@example.com' }),
    ];
    const team = observed.sandbox.addGroup({ name: 'team' });
    await observed.scan();
    await members(observed, team.id, 'add', bob.accountId, eve.accountId);
    await observed.state(bob.accountId, false);
    observed.clock.advance(1000);

    const live = await goLive();
    expect((await members(live, team.id, 'remove', eve.accountId)).status).toBe(204);
    expect(bodyOf(await live.state(bob.accountId, true)).active).toBe(true);
    live.sandbox.takeCalls();
    await applyBeside(live, 'organization');

    expect(live.sandbox.membersOf(team.id)).toEqual([bob.accountId]);
    expect(live.sandbox.groupsOf(bob.accountId)).toContain(live.sandbox.groups.access.id);
  });

  it('forgets access that was planned for somebody who left since, and never shows it again [SA14] [GR2]', async () => {
    const { observed, goLive, observeAgain } = await startBoth('organization');
    const bob = await observed.known({ email: 'bob@example.com' });
    await observed.state(bob.accountId, false);
    await observed.apply();
    observed.clock.advance(11 * 60_000);
    await observed.state(bob.accountId, true);
    expect(await observed.plan()).toHaveLength(1);

    const live = await goLive();
    await live.state(bob.accountId, false);
    expect(await applyBeside(live, 'organization')).toEqual([]);

    const again = await observeAgain(live);
    expect(await again.plan()).toEqual([]);
    expect(bodyOf(await again.get(bob.accountId)).active).toBe(false);
    expect(again.sandbox.groupsOf(bob.accountId)).toEqual([]);
  });

  it('waits with a step for a message about the same person, and then gives a leaver nothing [SA14] [US12]', async () => {
    const { observed, goLive } = await startBoth('organization');
    const bob = await observed.known({ email: 'bob@example.com' });
    await observed.state(bob.accountId, false);
    await observed.apply();
    observed.clock.advance(11 * 60_000);
    await observed.state(bob.accountId, true);
    const live = await goLive();
    let applied: Promise<unknown> | undefined;

    await live.store.locks.withLock(`person:${bob.accountId}`, live.call(), async () => {
      applied = applyBeside(live, 'organization');
      // Many calls: a step that did not wait would be done by then.
      await live.scan();
      await live.store.people.update(bob.accountId, { wanted: 'inactive' });
    });

    expect(await applied).toMatchObject([{ state: 'dropped' }]);
    expect(live.sandbox.groupsOf(bob.accountId)).toEqual([]);
  });

  it('waits for the record, too, that has got the account while the step waited, and gives its leaver nothing [SA14]', async () => {
    const { observed, goLive } = await startBoth('organization', { ADOPT_GROUPS: 'second' });
    const bob = await observed.known({ email: 'bob@example.com' });
    const second = observed.sandbox.addGroup({ name: 'second', grants: 'user' });
    await observed.scan();
    await members(observed, second.id, 'add', bob.accountId);
    const live = await goLive();
    const { holds, locks, people } = live.store;
    const id = 'inv-00000000-0000-4000-8000-000000000001';
    let applied: Promise<unknown> | undefined;

    await locks.withLock(`person:${id}`, live.call(), async () => {
      await locks.withLock(`person:${bob.accountId}`, live.call(), async () => {
        applied = applyBeside(live, 'organization');
        await live.scan();
        await people.insert(aPerson(id, { accountId: bob.accountId }));
        await holds.put({ personId: id, groupId: second.id, kind: 'owed' });
      });
      // Many calls: a step that did not wait would be done by then.
      await live.scan();
      await people.update(id, { wanted: 'inactive' });
    });

    expect(await applied).toMatchObject([{ state: 'dropped' }]);
    expect(live.sandbox.groupsOf(bob.accountId)).not.toContain(second.id);
  });

  it('keeps what is owed to an account that nobody recorded when a record gets the account [SA14] [US5]', async () => {
    const { observed, goLive } = await startBoth('invite', { ADOPT_GROUPS: 'team' });
    const { id } = bodyOf(await observed.create());
    const { accountId } = await observed.known({ email: ADA, emailVisible: false });
    const team = observed.sandbox.addGroup({ name: 'team' });
    await observed.scan();
    await members(observed, team.id, 'add', accountId);
    const live = await goLive();

    await linkAccount(ADA, accountId, live.app.deps, live.call('operator'));

    expect((await live.scim('get', `/Groups/${team.id}`)).body).toMatchObject({ members: [{ value: id }] });
    expect(await applyBeside(live, 'invite')).toMatchObject([{ state: 'applied' }]);
    expect(live.sandbox.membersOf(team.id)).toEqual([accountId]);
  });

  it('keeps what is owed through a return to observe mode [SA14]', async () => {
    const { observed, goLive, observeAgain } = await startBoth('organization', { ADOPT_GROUPS: 'team' });
    const [bob, eve] = [
      await observed.known({ email: 'bob@example.com' }),
      await observed.known({ email: 'eve@example.com' }),
    ];
    const team = observed.sandbox.addGroup({ name: 'team' });
    await observed.scan();
    await members(observed, team.id, 'add', bob.accountId, eve.accountId);
    const live = await goLive();
    await members(live, team.id, 'remove', eve.accountId);

    const again = await observeAgain(live);

    expect(await again.plan()).toEqual([`addMember ${bob.accountId} team`]);
    expect(await again.holds(bob.accountId, 'owed')).toEqual([]);
    expect((await again.scim('get', `/Groups/${team.id}`)).body).toMatchObject({ members: [{ value: bob.accountId }] });
  });
});
