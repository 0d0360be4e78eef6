import { describe, expect, it } from '@jest/globals';
import { OWN_WRITE_MS } from '../../src/provisioning/dependencies.js';
import { operations, startTestBridge, type TestBridge } from '../support/bridge.js';
import { adding, known, sent, settled, startAdopting, stating, user } from './site.js';

const ADA = 'ada@example.com';
const ACCESS = 'confluence-users-sandbox';

/** Ada in the configured access group and in another granting one; then something happens to the access group. */
async function startTroubled(
  happens: (bridge: TestBridge, accessGroupId: string) => void,
): Promise<TestBridge & { readonly id: string; readonly secondId: string }> {
  const bridge = await startAdopting();
  const { sandbox } = bridge;
  const { id } = await sent(bridge.scim('post', '/Users', user(ADA)));
  sandbox.addMember(bridge.secondId, id);
  sandbox.addMember(bridge.secondId, sandbox.admin.accountId);
  happens(bridge, sandbox.groups.access.id);
  bridge.clock.advance(60_000);
  await bridge.scan();
  expect(bridge.app.roster.accessFailure()?.message).toContain(`"${ACCESS}"`);
  sandbox.takeCalls();
  return { ...bridge, id };
}

function loseGrant({ sandbox }: TestBridge, groupId: string): void {
  sandbox.updateGroup(groupId, { grants: undefined });
}

const LEAVING = [
  ['PATCH', (bridge: TestBridge, id: string) => bridge.scim('patch', `/Users/${id}`, stating(false)), 200],
  ['PUT', (bridge: TestBridge, id: string) => bridge.scim('put', `/Users/${id}`, user(ADA, { active: false })), 200],
  ['DELETE', (bridge: TestBridge, id: string) => bridge.scim('delete', `/Users/${id}`), 204],
] as const;

describe('a configured access group that loses its grant while the bridge runs', () => {
  it.each(LEAVING)(
    'keeps no leaver in it or in another granting group, by %s [US12] [SA1]',
    async (_, leave, status) => {
      const bridge = await startTroubled(loseGrant);

      expect(await sent(leave(bridge, bridge.id))).toMatchObject({ status });
      expect(bridge.sandbox.groupsOf(bridge.id)).toEqual([]);

      // A second opinion on the trouble is asked for later; it is no reason to fail either.
      bridge.clock.advance(60_000);
      expect((await sent(leave(bridge, bridge.id))).status).toBe(status === 204 ? 404 : 200);
    },
  );

  it('stays readable, people and groups, with everybody where they were [SA1]', async () => {
    const bridge = await startTroubled(loseGrant);

    expect(await sent(bridge.scim('get', `/Users/${bridge.id}`))).toMatchObject({ status: 200, active: true });
    const people = await bridge.scim('get', '/Users');
    expect(people.body).toMatchObject({ totalResults: 2 });
    expect((await sent(bridge.scim('get', `/Groups/${bridge.sandbox.groups.access.id}`))).memberIds).toContain(
      bridge.id,
    );
  });

  it('gives nobody access: 500 that names the group and the line to set, without an upstream write [SA1]', async () => {
    const bridge = await startTroubled(loseGrant);
    await sent(bridge.scim('patch', `/Users/${bridge.id}`, stating(false)));
    bridge.sandbox.removeMember(bridge.secondId, bridge.sandbox.admin.accountId);
    await bridge.store.holds.removeAll(bridge.id, 'remembered');
    bridge.sandbox.takeCalls();

    for (const reply of [
      await sent(bridge.scim('post', '/Users', user('bob@example.com'))),
      await sent(bridge.scim('patch', `/Users/${bridge.id}`, stating(true))),
    ]) {
      expect(reply.status).toBe(500);
      expect(reply.detail).toContain(`"${ACCESS}"`);
      expect(reply.detail).toContain('CONFLUENCE_ACCESS_GROUPS=second');
    }
    expect(operations(bridge.sandbox, 'writes')).toEqual([]);
  });

  it('does not stand in the way of the control read that an empty answer needs [SA2]', async () => {
    const bridge = await startTroubled(loseGrant);
    for (const groupId of [bridge.sandbox.groups.access.id, bridge.secondId]) {
      bridge.sandbox.removeMember(groupId, bridge.id);
    }
    bridge.clock.advance(OWN_WRITE_MS);

    const reply = await sent(bridge.scim('get', `/Users/${bridge.id}`));

    expect(reply).toMatchObject({ status: 200, active: false });
    expect(operations(bridge.sandbox)).toContain('confluence.listMembers');
  });

  it('does not have an empty answer believed when every granting group reads empty, too [SA2]', async () => {
    const bridge = await startTroubled(loseGrant);
    const nothing = { results: [], start: 0, limit: 200, size: 0, _links: {} };
    bridge.sandbox.faults.always({ method: 'GET', path: /memberof|membersByGroupId/, status: 200, body: nothing });

    expect((await sent(bridge.scim('patch', `/Users/${bridge.id}`, stating(false)))).status).toBe(503);
    expect(bridge.sandbox.groupsOf(bridge.id)).toHaveLength(2);
  });

  it('never lets SCIM write it because it stopped granting [GR1]', async () => {
    const bridge = await startTestBridge({
      settings: { CONFLUENCE_ACCESS_GROUPS: ACCESS, ADOPT_GROUPS: 'confluence-*' },
    });
    const { sandbox } = bridge;
    const [id = ''] = await known(bridge, ADA);
    sandbox.addMember(sandbox.addGroup({ name: 'second', grants: 'user' }).id, sandbox.admin.accountId);
    loseGrant(bridge, sandbox.groups.access.id);
    bridge.clock.advance(60_000);
    await bridge.scan();

    const reply = await sent(bridge.scim('patch', `/Groups/${sandbox.groups.access.id}`, adding(id)));

    expect(reply.status).toBe(403);
  });
});

describe.each([
  [
    'renamed, and without its grant',
    ({ sandbox }: TestBridge, groupId: string) =>
      void sandbox.updateGroup(groupId, { name: 'other', grants: undefined }),
    true,
  ],
  [
    'renamed',
    ({ sandbox }: TestBridge, groupId: string) => void sandbox.updateGroup(groupId, { name: 'other' }),
    false,
  ],
  ['deleted', ({ sandbox }: TestBridge, groupId: string) => sandbox.deleteGroup(groupId), false],
])('a configured access group that is %s while the bridge runs', (_, happens, isHarmless) => {
  it.each(LEAVING)('lets no leaver keep what grants access, by %s [US12] [SA1]', async (_name, leave, status) => {
    const bridge = await startTroubled(happens);

    expect(await sent(leave(bridge, bridge.id))).toMatchObject({ status });

    // What nobody can tell is an access group any more, and what grants nothing, is left alone.
    expect(bridge.sandbox.groupsOf(bridge.id)).toEqual(isHarmless ? [bridge.sandbox.groups.access.id] : []);
  });
});

describe('a second granting group that appears while none is configured', () => {
  it('lets leavers leave both, and asks which one new people go into [US12] [SA1]', async () => {
    const bridge = await startTestBridge();
    const { sandbox } = bridge;
    const { id } = await sent(bridge.scim('post', '/Users', user(ADA)));
    const second = sandbox.addGroup({ name: 'second', grants: 'user' });
    sandbox.addMember(second.id, id);
    await bridge.scan();

    const newcomer = await sent(bridge.scim('post', '/Users', user('bob@example.com')));
    expect(newcomer.status).toBe(500);
    expect(newcomer.detail).toContain(`CONFLUENCE_ACCESS_GROUPS=${ACCESS},second`);
    expect((await sent(bridge.scim('patch', `/Users/${id}`, stating(false)))).status).toBe(200);
    expect(sandbox.groupsOf(id)).toEqual([]);
  });
});

describe('a bridge that stops', () => {
  it('does not wait for a lock that somebody else holds [GR8] [SA6]', async () => {
    const bridge = await startAdopting();
    const [id = ''] = await known(bridge, ADA);
    let release: () => void = () => undefined;
    const elsewhere = bridge.store.locks.withLock(
      `group:${bridge.secondId}`,
      bridge.call(),
      () => new Promise<void>((resolve) => (release = resolve)),
    );
    const waiting = sent(bridge.scim('patch', `/Groups/${bridge.secondId}`, adding(id)));
    await settled();

    await bridge.app.stop();

    expect((await waiting).status).toBe(503);
    release();
    await elsewhere;
  });
});
