import { describe, expect, it } from '@jest/globals';
import { createQuickClock } from '../attack/site.js';
import { startTestBridge, type TestBridge } from '../support/bridge.js';

const REMOVAL = { method: 'DELETE', path: /userByGroupId/ };
const ADDITION = { method: 'POST', path: /userByGroupId/ };

function setActive(bridge: TestBridge, id: string, active: boolean, requestId: string): Promise<{ status: number }> {
  return Promise.resolve(
    bridge
      .scim('patch', `/Users/${id}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'replace', value: { active } }],
      })
      .set('X-Request-Id', requestId),
  );
}

async function eventsOf(bridge: TestBridge, requestId: string): Promise<string[]> {
  const lines = await bridge.store.audit.list({ limit: 100 });
  return lines.filter((line) => line.requestId === requestId).map(({ event, result }) => `${event} ${result}`);
}

describe('a message that is sent again, because its answer was lost', () => {
  it('is in the audit as what it has done, though a scan has shown meanwhile that nothing is left to do [SA10] [SA6]', async () => {
    const bridge = await startTestBridge();
    const id = bridge.sandbox.addPerson({ email: 'ada@example.com', displayName: 'Ada', access: true }).accountId;
    await bridge.scan();

    bridge.sandbox.faults.always({ kind: 'drop-after', ...REMOVAL });
    expect((await setActive(bridge, id, false, 'lost-1')).status).toBe(503);
    bridge.sandbox.faults.clear();
    await bridge.scan();
    expect((await setActive(bridge, id, false, 'again-1')).status).toBe(200);
    expect(await eventsOf(bridge, 'again-1')).toEqual(['user.deactivated done']);

    bridge.sandbox.faults.always({ kind: 'drop-after', ...ADDITION });
    expect((await setActive(bridge, id, true, 'lost-2')).status).toBe(503);
    bridge.sandbox.faults.clear();
    await bridge.scan();
    expect((await setActive(bridge, id, true, 'again-2')).status).toBe(200);
    expect(await eventsOf(bridge, 'again-2')).toContain('user.reactivated done');

    expect((await setActive(bridge, id, true, 'no-op')).status).toBe(200);
    expect(await eventsOf(bridge, 'no-op')).toEqual([]);
  });

  it('is in the audit for each member whom it had put into a group, though a read shows that nothing is left to do [SA10]', async () => {
    const bridge = await startTestBridge({ clock: createQuickClock() });
    const ids = ['ada', 'bob', 'cyd'].map(
      (name) => bridge.sandbox.addPerson({ email: `${name}@example.com`, access: true }).accountId,
    );
    await bridge.scan();
    const created = await bridge.scim('post', '/Groups', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'team',
      members: [{ value: ids[2] }],
    });
    const { id } = created.body as { id: string };
    const add = (requestId: string) =>
      bridge
        .scim('patch', `/Groups/${id}`, {
          schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
          Operations: [{ op: 'add', path: 'members', value: ids.map((value) => ({ value })) }],
        })
        .set('X-Request-Id', requestId);

    bridge.sandbox.faults.always({ kind: 'drop-after', ...ADDITION });
    expect((await add('lost')).status).toBe(503);
    bridge.sandbox.faults.clear();
    expect((await add('again')).status).toBe(204);
    expect(await eventsOf(bridge, 'again')).toEqual(['group.memberAdded done', 'group.memberAdded done']);

    expect((await add('no-op')).status).toBe(204);
    expect(await eventsOf(bridge, 'no-op')).toEqual([]);
  });

  it('is in the audit for somebody invited whose account has not appeared, in both directions [SA10]', async () => {
    const bridge = await startTestBridge({ backEnd: 'invite', sandbox: { inviteAppears: 'never' } });
    const created = await bridge.scim('post', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: 'ada@example.com',
    });
    const { id } = created.body as { id: string };

    expect((await setActive(bridge, id, false, 'leave')).status).toBe(200);
    expect((await setActive(bridge, id, true, 'return')).status).toBe(200);

    expect(await eventsOf(bridge, 'leave')).toEqual(['user.deactivated noted']);
    expect(await eventsOf(bridge, 'return')).toEqual(['user.reactivated noted']);
  });
});
