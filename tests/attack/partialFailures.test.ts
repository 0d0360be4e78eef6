import { describe, expect, it } from '@jest/globals';
import { adding, createQuickClock, known, sent, startAdopting, stating, user } from './site.js';

describe('a leaver in three granting groups, one of which fails', () => {
  it.each([
    { fault: { status: 500 }, status: 503, stays: 1, result: 'failed' },
    { fault: { status: 429, retryAfter: 60 }, status: 429, stays: 2, result: 'failed' },
    { fault: { status: 403 }, status: 409, stays: 1, result: 'refused' },
  ])(
    'is answered $status, says so in the audit, still shown active, and the repeat finishes [US7]',
    async ({ fault, status, stays, result }) => {
      const bridge = await startAdopting({ clock: createQuickClock(), settings: { UPSTREAM_CONCURRENCY: '1' } });
      const { sandbox, store } = bridge;
      const third = sandbox.addGroup({ name: 'third', grants: 'user' });
      await bridge.scan();
      const { id } = await sent(bridge.scim('post', '/Users', user('ada@example.com')));
      sandbox.addMember(bridge.secondId, id);
      sandbox.addMember(third.id, id);
      const groups = [...sandbox.groupsOf(id)].sort();
      const heal = sandbox.faults.always({ method: 'DELETE', path: new RegExp(bridge.secondId), ...fault });

      const failed = await sent(bridge.scim('patch', `/Users/${id}`, stating(false)));
      heal();

      expect(failed.status).toBe(status);
      expect(failed.retryAfter !== undefined).toBe(status !== 409);
      expect(sandbox.groupsOf(id)).toHaveLength(stays);
      const audited = await store.audit.list({ subject: id, limit: 100 });
      const removals = audited.filter(({ event }) => event === 'group.memberRemoved');
      expect(removals.filter((line) => line.result === 'done')).toHaveLength(3 - stays);
      expect(removals.find(({ object }) => object === bridge.secondId)).toMatchObject({ result });
      expect(audited).toContainEqual(expect.objectContaining({ event: 'user.deactivated', result }));

      bridge.clock.advance(60_000);
      expect(await sent(bridge.scim('get', `/Users/${id}`))).toMatchObject({ status: 200, active: true });
      expect(await sent(bridge.scim('patch', `/Users/${id}`, stating(false)))).toMatchObject({
        status: 200,
        active: false,
      });
      expect(sandbox.groupsOf(id)).toEqual([]);
      // Neither attempt forgot a group that the other had found.
      expect((await sent(bridge.scim('patch', `/Users/${id}`, stating(true)))).status).toBe(200);
      expect([...sandbox.groupsOf(id)].sort()).toEqual(groups);
    },
  );
});

describe('members of whom some fail', () => {
  const emails = Array.from({ length: 10 }, (_, n) => `p${n}@example.com`);

  it('seven of ten by 500: 503, what was done is shown and audited, the repeat adds the rest [GR8]', async () => {
    const bridge = await startAdopting({ clock: createQuickClock() });
    const { sandbox, store } = bridge;
    const ids = await known(bridge, ...emails);
    const plain = sandbox.addGroup({ name: 'plain' });
    const failing = new Set(ids.slice(3));
    sandbox.faults.when({ method: 'POST', path: /userByGroupId/, times: Infinity }, ({ body }) => {
      const { accountId } = body as { accountId: string };
      if (failing.has(accountId)) sandbox.faults.next({ method: 'POST', path: /userByGroupId/, status: 500 });
    });

    const failed = await sent(bridge.scim('patch', `/Groups/${plain.id}`, adding(...ids)));
    sandbox.faults.clear();

    expect({ status: failed.status, says: failed.retryAfter !== undefined }).toEqual({ status: 503, says: true });
    const shown = await sent(bridge.scim('get', `/Groups/${plain.id}`));
    expect([...shown.memberIds].sort()).toEqual([...sandbox.membersOf(plain.id)].sort());
    const done = (await store.audit.list({ limit: 100 })).filter(
      ({ event, result }) => event === 'group.memberAdded' && result === 'done',
    );
    expect(done.map(({ subject }) => subject).sort()).toEqual([...sandbox.membersOf(plain.id)].sort());

    expect((await sent(bridge.scim('patch', `/Groups/${plain.id}`, adding(...ids)))).status).toBe(204);
    expect([...sandbox.membersOf(plain.id)].sort()).toEqual([...ids].sort());
  });

  it('no seat for three of six: 409, nobody is shown without a seat, the repeat adds the rest [SA5]', async () => {
    const bridge = await startAdopting({ clock: createQuickClock() });
    const { sandbox } = bridge;
    const ids: string[] = [];
    for (const email of emails.slice(0, 6)) {
      const { id } = await sent(bridge.scim('post', '/Users', user(email)));
      sandbox.removeMember(sandbox.groups.access.id, id);
      ids.push(id);
    }
    // Taken by hand, and long enough ago for the reads to say so.
    bridge.clock.advance(11 * 60_000);
    await bridge.scan();
    sandbox.options.seats = sandbox.seatsUsed() + 3;

    const failed = await sent(bridge.scim('patch', `/Groups/${bridge.secondId}`, adding(...ids)));

    expect(failed).toMatchObject({ status: 409, detail: expect.stringContaining('licence') });
    const shown = await sent(bridge.scim('get', `/Groups/${bridge.secondId}`));
    expect(shown.memberIds).toHaveLength(3);
    for (const id of ids) {
      const { active } = await sent(bridge.scim('get', `/Users/${id}`));
      expect({ id, active }).toEqual({ id, active: shown.memberIds.includes(id) });
    }
    sandbox.options.seats = undefined;
    expect((await sent(bridge.scim('patch', `/Groups/${bridge.secondId}`, adding(...ids)))).status).toBe(204);
    expect(sandbox.membersOf(bridge.secondId)).toHaveLength(6);
  });
});
