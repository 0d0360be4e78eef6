import { describe, expect, it } from '@jest/globals';
import { ENTRA_TOKEN, OKTA_TOKEN, startTestBridge } from '../support/bridge.js';
import {
  adding,
  createQuickClock,
  group,
  interleaved,
  known,
  type Reply,
  sent,
  settled,
  startAdopting,
  stating,
  user,
} from './site.js';

const ADA = 'ada@example.com';
const MEMBEROF = { method: 'GET', path: /memberof/ } as const;

describe('messages about one person that cross', () => {
  it.each([true, false])(
    'a POST that takes up a record while a PATCH of it runs ends as stated last: %s [US6]',
    async (last) => {
      const bridge = await startAdopting();
      const { id } = await sent(bridge.scim('post', '/Users', user(ADA, { externalId: 'x' })));
      if (!last) await sent(bridge.scim('patch', `/Users/${id}`, stating(false)));
      let post: Promise<Reply> | undefined;
      bridge.sandbox.faults.when(MEMBEROF, async () => {
        post = sent(bridge.scim('post', '/Users', user(ADA, { userName: 'ada.l', externalId: 'x', active: last })));
        await settled();
        await settled();
        await settled();
      });
      expect((await sent(bridge.scim('patch', `/Users/${id}`, stating(!last)))).status).toBe(200);
      expect(await post).toMatchObject({ status: 201, active: last });
      expect({
        wanted: (await bridge.store.people.find(id))?.wanted,
        has: bridge.sandbox.groupsOf(id).length > 0,
      }).toEqual({ wanted: last ? 'active' : 'inactive', has: last });
    },
  );

  it('a POST that waits for the DELETE of its record makes a new one [US6]', async () => {
    const bridge = await startAdopting();
    const { id } = await sent(bridge.scim('post', '/Users', user(ADA, { externalId: 'x' })));
    let post: Promise<Reply> | undefined;
    bridge.sandbox.faults.when(MEMBEROF, async () => {
      post = sent(bridge.scim('post', '/Users', user(ADA, { userName: 'ada.l', externalId: 'x' })));
      await settled();
      await settled();
    });
    expect((await sent(bridge.scim('delete', `/Users/${id}`))).status).toBe(204);
    expect((await post)?.status).toBe(201);
  });

  it.each([
    ['the same caller deactivates is followed by the deactivation', OKTA_TOKEN, 200],
    ['another caller deactivates keeps the person, who has an owner now [SA12]', ENTRA_TOKEN, 403],
  ])('a POST that adopts while %s [US6]', async (_name, token, status) => {
    const bridge = await startTestBridge({ backEnd: 'jira' });
    const [id = ''] = await known(bridge, ADA);
    let patch: Promise<Reply> | undefined;
    bridge.sandbox.faults.when(MEMBEROF, async () => {
      patch = sent(bridge.scim('patch', `/Users/${id}`, stating(false), token));
      await settled();
    });
    const post = await sent(bridge.scim('post', '/Users', user(ADA)));
    expect((await patch)?.status).toBe(status);
    expect({
      post: post.status,
      wanted: (await bridge.store.people.find(id))?.wanted,
      has: bridge.sandbox.groupsOf(id).length > 0,
    }).toEqual({ post: 201, wanted: status === 200 ? 'inactive' : 'active', has: status === 403 });
  });

  it('the deactivation of somebody whom a POST adopts meanwhile is carried out [US12]', async () => {
    const bridge = await startTestBridge();
    const [id = ''] = await known(bridge, ADA);
    let post: Promise<Reply> | undefined;
    bridge.sandbox.faults.when({ ...MEMBEROF, times: 1 }, async () => {
      post = sent(bridge.scim('post', '/Users', user(ADA, { active: false }), ENTRA_TOKEN));
      await settled();
    });
    const patch = await sent(bridge.scim('patch', `/Users/${id}`, stating(false)));
    expect({ patch: patch.status, post: (await post)?.status, groups: bridge.sandbox.groupsOf(id) }).toMatchObject({
      patch: 200,
      groups: [],
    });
  });

  it('a deactivation leaves the group that a reactivation without answer may have joined, though reads lag [US2]', async () => {
    const bridge = await startAdopting({ clock: createQuickClock() });
    const { id } = await sent(bridge.scim('post', '/Users', user(ADA)));
    await sent(bridge.scim('patch', `/Users/${id}`, stating(false)));
    bridge.sandbox.options.lag.ms = 120_000;
    bridge.sandbox.faults.next({ method: 'POST', path: /userByGroupId/, kind: 'drop-after', times: 3 });
    expect((await sent(bridge.scim('patch', `/Users/${id}`, stating(true)))).status).toBe(503);
    expect((await sent(bridge.scim('patch', `/Users/${id}`, stating(false)))).status).toBe(200);
    expect(bridge.sandbox.groupsOf(id)).toEqual([]);
  });

  it('a deactivation leaves the group that a group message without answer may have joined, though reads lag [US2]', async () => {
    const bridge = await startAdopting({ clock: createQuickClock() });
    const { id } = await sent(bridge.scim('post', '/Users', user(ADA)));
    bridge.sandbox.options.lag.ms = 120_000;
    bridge.sandbox.faults.next({ method: 'POST', path: /userByGroupId/, kind: 'drop-after', times: 3 });
    expect((await sent(bridge.scim('patch', `/Groups/${bridge.secondId}`, adding(id)))).status).toBe(503);
    expect((await sent(bridge.scim('patch', `/Users/${id}`, stating(false)))).status).toBe(200);
    expect(bridge.sandbox.groupsOf(id)).toEqual([]);
  });

  it('a list takes out whom a message without answer may have put there, though reads lag [US2]', async () => {
    const bridge = await startAdopting({ clock: createQuickClock() });
    const [ada = '', bob = ''] = await known(bridge, ADA, 'bob@example.com');
    const { id } = await sent(bridge.scim('post', '/Groups', group('team', [bob])));
    bridge.sandbox.options.lag.ms = 120_000;
    bridge.sandbox.faults.next({ method: 'POST', path: /userByGroupId/, kind: 'drop-after', times: 3 });
    expect((await sent(bridge.scim('patch', `/Groups/${id}`, adding(ada)))).status).toBe(503);
    expect((await sent(bridge.scim('put', `/Groups/${id}`, group('team', [bob])))).status).toBe(200);
    expect(bridge.sandbox.membersOf(id)).toEqual([bob]);
  });

  it.each(['group message', 'reactivation'])(
    'a DELETE leaves the group that a %s without answer may have joined, though it grants nothing and reads lag [US9]',
    async (message) => {
      const bridge = await startAdopting({ clock: createQuickClock() });
      const { id } = await sent(bridge.scim('post', '/Users', user(ADA)));
      const { id: plainId } = await sent(bridge.scim('post', '/Groups', group('team', [])));
      if (message === 'reactivation') {
        await sent(bridge.scim('patch', `/Users/${id}`, stating(false)));
        await bridge.store.holds.put({ personId: id, groupId: plainId, kind: 'owed' });
      }
      bridge.sandbox.options.lag.ms = 120_000;
      bridge.sandbox.faults.next({
        method: 'POST',
        path: new RegExp(`userByGroupId.*${plainId}`),
        kind: 'drop-after',
        times: 3,
      });
      const unanswered = await sent(
        message === 'reactivation'
          ? bridge.scim('patch', `/Users/${id}`, stating(true))
          : bridge.scim('patch', `/Groups/${plainId}`, adding(id)),
      );
      const left = await sent(bridge.scim('delete', `/Users/${id}`));
      expect([unanswered.status, left.status, bridge.sandbox.groupsOf(id)]).toEqual([503, 204, []]);
    },
  );

  it('a DELETE that crosses a reactivation at any call leaves no access [US9]', async () => {
    const bridge = await startAdopting();
    for (let at = 0, wasReached = true; wasReached; at += 1) {
      const { id } = await sent(bridge.scim('post', '/Users', user(`ada${at}@example.com`)));
      await sent(bridge.scim('patch', `/Users/${id}`, stating(false)));
      const played = await interleaved(
        bridge,
        at,
        () => bridge.scim('patch', `/Users/${id}`, stating(true)),
        () => bridge.scim('delete', `/Users/${id}`),
      );
      ({ wasReached } = played);
      expect({
        first: [200, 404].includes(played.first.status),
        second: played.second.status,
        groups: bridge.sandbox.groupsOf(id),
      }).toEqual({ first: true, second: 204, groups: [] });
      const { id: next } = await sent(bridge.scim('post', '/Users', user(`eve${at}@example.com`)));
      await sent(bridge.scim('patch', `/Users/${next}`, stating(false)));
      const other = await interleaved(
        bridge,
        at,
        () => bridge.scim('delete', `/Users/${next}`),
        () => bridge.scim('patch', `/Users/${next}`, stating(true)),
      );
      expect({ first: other.first.status, groups: bridge.sandbox.groupsOf(next) }).toEqual({ first: 204, groups: [] });
    }
  });
});
