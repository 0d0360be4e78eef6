import { describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { bodyOf, createGroup, detailOf } from '../provisioning/userSite.js';
import { createSeats } from '../../src/provisioning/seats.js';
import { startCrowd } from '../brake/wave.js';
import { expectScimError, operations } from '../support/bridge.js';
import { applyBeside, type ObservedSite, startObserved } from './site.js';

const TEAM = { settings: { ADOPT_GROUPS: 'team' } };

function members(site: ObservedSite, group: string, op: string, ...ids: string[]): supertest.Test {
  return site.scim('patch', `/Groups/${group}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op, path: 'members', value: ids.map((value) => ({ value })) }],
  });
}

async function addTeam(site: ObservedSite, ...accountIds: string[]): Promise<string> {
  const { id } = site.sandbox.addGroup({ name: 'team' });
  for (const accountId of accountIds) site.sandbox.addMember(id, accountId);
  await site.scan();
  return id;
}

describe('the plan', () => {
  it('is what remains to be done: opposites cancel, repeats collapse, what is so already is left out [SA14]', async () => {
    const site = await startObserved(TEAM);
    const [bob, eve] = [await site.known({ email: 'bob@example.com' }), await site.known({ email: 'eve@example.com' })];
    const team = await addTeam(site, eve.accountId);

    await members(site, team, 'add', bob.accountId);
    await members(site, team, 'add', bob.accountId);
    expect(await site.plan()).toEqual([`addMember ${bob.accountId} team`]);
    await members(site, team, 'remove', bob.accountId);
    expect(await site.plan()).toEqual([]);

    await members(site, team, 'remove', eve.accountId);
    await members(site, team, 'remove', eve.accountId);
    expect(await site.plan()).toEqual([`removeMember ${eve.accountId} team`]);
    await members(site, team, 'add', eve.accountId);
    await members(site, team, 'add', eve.accountId);
    expect(await site.plan()).toEqual([]);

    const ada = bodyOf(await site.create());
    await site.state(ada.id, false);
    expect(await site.plan()).toEqual([]);
    await site.state(ada.id, true);
    expect(await site.plan()).toEqual([`createAccount ada@example.com ${site.sandbox.groups.access.name}`]);
    await site.remove(ada.id);
    const group = await createGroup(site, 'engineering', bob.accountId);
    await site.scim('delete', `/Groups/${group}`);
    expect(await site.plan()).toEqual([]);
    expect(operations(site.sandbox, 'writes')).toEqual([]);
  });

  it('never lets a leaver keep what somebody gave by hand meanwhile [SA14]', async () => {
    const site = await startObserved(TEAM);
    const bob = await site.known({ email: 'bob@example.com' });
    const team = await addTeam(site);
    await members(site, team, 'add', bob.accountId);
    site.sandbox.addMember(team, bob.accountId);

    await members(site, team, 'remove', bob.accountId);

    expect(await site.plan()).toEqual([`removeMember ${bob.accountId} team`]);
  });

  it('takes what was applied a moment ago for done, though reads lag behind it [SA14] [US2]', async () => {
    const site = await startObserved(TEAM);
    const bob = await site.known({ email: 'bob@example.com' });
    const team = await addTeam(site);
    await members(site, team, 'add', bob.accountId);
    site.sandbox.options.lag = { ms: 0, reads: 100 };
    await site.apply();

    await members(site, team, 'remove', bob.accountId);

    expect(await site.plan()).toEqual([`removeMember ${bob.accountId} team`]);
  });

  it('shows and survives a group that comes into being by hand under a planned name: nothing is put into it [SA14]', async () => {
    const site = await startObserved();
    const bob = await site.known({ email: 'bob@example.com' });
    await createGroup(site, 'engineering', bob.accountId);
    const foreign = site.sandbox.addGroup({ name: 'Engineering' });
    site.sandbox.addMember(foreign.id, site.sandbox.admin.accountId);

    const outcomes = await site.apply();

    expect(outcomes.map(({ state }) => state)).toEqual(['failed', 'failed']);
    expect(outcomes[0]?.reason).toContain('not made by this plan');
    expect(site.sandbox.membersOf(foreign.id)).toEqual([site.sandbox.admin.accountId]);
    expect(await site.plan()).toHaveLength(2);
  });

  it('shows who stays in a group behind those who are planned to leave it, so that reads are believed [SA14] [SA2]', async () => {
    const site = await startObserved();
    const { access } = site.sandbox.groups;
    for (const member of site.sandbox.membersOf(access.id)) site.sandbox.removeMember(access.id, member);
    const leaver = await site.known({ email: 'bob@example.com' });
    await site.known({ email: 'eve@example.com' });
    await site.state(leaver.accountId, false);

    expect((await site.state(leaver.accountId, false)).status).toBe(200);
    expect(bodyOf(await site.get(leaver.accountId)).active).toBe(false);
  });

  it('fails as the write would when Atlassian cannot be read, and plans nothing [SA14]', async () => {
    const site = await startObserved();
    const bob = await site.known({ email: 'bob@example.com' });
    const heal = site.sandbox.faults.always({ path: /memberof/, status: 500 });

    expectScimError(await site.state(bob.accountId, false), 503);
    expect(await site.plan()).toEqual([]);
    heal();
    expect((await site.state(bob.accountId, false)).status).toBe(200);
    expect(await site.plan()).toHaveLength(1);
  });

  it('is audited as planned, never as done, and told by the health of the bridge [SA14] [SA10]', async () => {
    const site = await startObserved();
    const bob = await site.known({ email: 'bob@example.com' });
    await site.create();
    await site.state(bob.accountId, false);

    const lines = await site.audited();
    expect(lines.map(({ result }) => result)).not.toContain('done');
    expect(lines.find(({ event }) => event === 'user.deactivated')).toMatchObject({
      result: 'planned',
      note: 'MODE=observe: planned, and not sent to Confluence.',
    });
    const health = await supertest(site.url).get('/healthz');
    expect(health.body).toMatchObject({
      parts: { mode: { ok: true, message: expect.stringContaining('MODE=observe') } },
    });
  });

  it('suspends and restores nobody, and cancels one by the other [SA14] [US8]', async () => {
    const site = await startObserved({ settings: { DEACTIVATION: 'suspend' } });
    const bob = await site.known({ email: 'bob@example.com' });

    expect(bodyOf(await site.state(bob.accountId, false)).active).toBe(false);
    expect(await site.plan()).toEqual([`suspend ${bob.accountId}`]);
    expect(bodyOf(await site.state(bob.accountId, true)).active).toBe(true);
    expect(await site.plan()).toEqual([]);
    await site.state(bob.accountId, false);
    expect(operations(site.sandbox, 'writes')).toEqual([]);

    await site.apply();
    expect(site.sandbox.person(bob.accountId).suspended).toBe(true);
  });
});

describe('plan apply', () => {
  it('refuses a plan over the limit of the brake whole, before the first call, until it is released [SA14] [SA11]', async () => {
    const site = await startCrowd(30, { settings: { MODE: 'observe', ACCESS_LOSS_LIMIT: '5,0%' } });
    for (const id of site.people.slice(0, 6)) {
      const reply = await site.scim('patch', `/Users/${id}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'replace', path: 'active', value: false }],
      });
      expect(reply.status).toBe(200);
    }

    await expect(applyBeside(site, 'organization')).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/take it from 6 more, over the limit of 5 .*brake release/),
    });
    expect(operations(site.sandbox, 'writes')).toEqual([]);
    expect(site.withAccess()).toHaveLength(30);

    const { people, store } = site;
    await store.brake.release(site.clock.now() + 60_000);
    expect(await applyBeside(site, 'organization')).toHaveLength(6);
    expect(site.withAccess()).toEqual(people.slice(6));
  });

  it('looks at each step again: who is protected by now is left alone, and a group out of ADOPT_GROUPS, too [SA14] [SA8]', async () => {
    const site = await startObserved(TEAM);
    const [bob, eve] = [await site.known({ email: 'bob@example.com' }), await site.known({ email: 'eve@example.com' })];
    const team = await addTeam(site);
    await site.state(bob.accountId, false);
    await members(site, team, 'add', eve.accountId);
    const settings = { ...site.config, adoptGroups: [], protectedUsers: [bob.accountId] };

    const outcomes = await site.apply({ settings });

    expect(outcomes.map(({ state }) => state)).toEqual(['failed', 'failed']);
    expect(outcomes.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('protected'),
      expect.stringContaining('ADOPT_GROUPS'),
    ]);
    expect(operations(site.sandbox, 'writes')).toEqual([]);
    expect((await site.apply()).map(({ state }) => state)).toEqual(['applied', 'applied']);
  });

  it('invites again who was removed from the site, as a bridge that is live does [SA14] [US8]', async () => {
    const site = await startObserved();
    const { id } = await site.created();
    await site.apply();
    await site.state(id, false);
    await site.apply();
    const { accountId } = site.sandbox.findPersonByEmail('ada@example.com') ?? { accountId: '' };
    site.sandbox.removeFromSite(accountId);
    site.clock.advance(11 * 60_000);
    await site.state(id, true);

    expect((await site.apply()).map(({ state }) => state)).toEqual(['applied']);
    expect(site.sandbox.groupsOf(accountId)).toEqual([site.sandbox.groups.access.id]);
  });

  it('does not keep others waiting for a group that cannot be made [SA14]', async () => {
    const site = await startObserved();
    const ada = bodyOf(await site.create());
    await createGroup(site, 'engineering', ada.id);
    const eve = 'eve@example.com';
    await site.create({ userName: eve, externalId: 'eve', emails: [{ value: eve }] });
    site.sandbox.addGroup({ name: 'engineering' });

    const outcomes = await site.apply();

    expect(outcomes.map(({ entry, state }) => `${entry.kind} ${state}`)).toEqual([
      'createGroup failed',
      'createAccount failed',
      'createAccount applied',
    ]);
    expect(outcomes[1]?.reason).toContain('has to be created first');
    expect(site.sandbox.findPersonByEmail(eve)?.accountId).toBeDefined();
  });

  it('gives nobody access while what is planned passes a SEAT_LIMIT that was set since, and takes it all the same [SA14] [US14]', async () => {
    const site = await startObserved();
    const bob = await site.known({ email: 'bob@example.com' });
    await site.create();
    await site.state(bob.accountId, false);
    const limited = (limit: number) => ({
      seats: createSeats({ ...site.app.deps, limit, indexReady: (call) => site.app.deps.roster.ready(call) }),
    });

    const outcomes = await site.apply(limited(1));

    expect(outcomes.map(({ entry, state }) => `${entry.kind} ${state}`)).toEqual([
      'removeMember applied',
      'createAccount failed',
    ]);
    expect(outcomes[1]?.reason).toMatch(/^Nobody was given access: SEAT_LIMIT is 1, and with what is planned 2 people/);
    expect(operations(site.sandbox, 'writes')).toEqual(['confluence.removeMember']);
    expect((await site.apply(limited(2))).map(({ state }) => state)).toEqual(['applied']);
  });

  it('carries out what the operator has seen, and nothing that was planned since [SA14]', async () => {
    const site = await startObserved(TEAM);
    const [bob, eve] = [await site.known({ email: 'bob@example.com' }), await site.known({ email: 'eve@example.com' })];
    await site.state(bob.accountId, false);
    const seen = await site.store.plan.open();
    await site.state(eve.accountId, false);

    expect(await applyBeside(site, 'organization', {}, seen)).toHaveLength(1);

    expect(await site.plan()).toEqual([`removeMember ${eve.accountId} ${site.sandbox.groups.access.name}`]);
    expect(site.sandbox.groupsOf(eve.accountId)).toHaveLength(1);
  });

  it('goes on after what is refused, and keeps it with the answer [SA14] [SA5]', async () => {
    const site = await startObserved(TEAM);
    const [bob, eve] = [await site.known({ email: 'bob@example.com' }), await site.known({ email: 'eve@example.com' })];
    const team = await addTeam(site);
    await members(site, team, 'add', bob.accountId);
    await members(site, team, 'add', eve.accountId);
    site.sandbox.faults.next({
      method: 'POST',
      path: /userByGroupId/,
      status: 500,
      body: 'com.atlassian.AddUserToGroupsIdentityPlatformCommand',
    });

    const outcomes = await site.apply();

    expect(outcomes.map(({ state }) => state)).toEqual(['failed', 'applied']);
    expect(await site.store.plan.open()).toEqual([
      expect.objectContaining({
        accountId: bob.accountId,
        state: 'failed',
        answer: expect.stringContaining('licence'),
      }),
    ]);
    expect(
      (await site.audited()).filter(({ decision }) => decision === 'plan apply').map(({ result }) => result),
    ).toEqual(['refused', 'done']);
  });

  it('and a message about the same person wait for each other: a leaver never keeps what is being given [SA14]', async () => {
    const site = await startObserved(TEAM);
    const bob = await site.known({ email: 'bob@example.com' });
    const team = await addTeam(site);
    await members(site, team, 'add', bob.accountId);
    let removal: Promise<supertest.Response> | undefined;
    site.sandbox.faults.when({ method: 'POST', path: /userByGroupId/ }, () => {
      removal = Promise.resolve(members(site, team, 'remove', bob.accountId).then((reply) => reply));
    });

    await site.apply();
    expect((await removal)?.status).toBe(204);

    expect(await site.plan()).toEqual([`removeMember ${bob.accountId} team`]);
    await site.apply();
    expect(site.sandbox.membersOf(team)).toEqual([]);
  });

  it('invites nobody who is there by now, and connects the account [SA14] [US5]', async () => {
    const site = await startObserved({ backEnd: 'invite', sandbox: { inviteAppears: 'never' } });
    const ada = bodyOf(await site.create());
    site.sandbox.addPerson({ email: 'ada@example.com', access: true });
    site.sandbox.takeCalls();

    const [outcome] = await site.apply();

    expect(outcome?.state).toBe('applied');
    expect(operations(site.sandbox, 'writes')).toEqual([]);
    expect(detailOf(await site.create())).toContain(ada.id);
    expect((await site.link(ada.id))?.accountId).toBe(site.sandbox.findPersonByEmail('ada@example.com')?.accountId);
  });
});
