import { describe, expect, it } from '@jest/globals';
import type { BackEnd } from '../../src/provisioning/directory.js';
import { operations, type TestBridge } from '../support/bridge.js';
import {
  adding,
  createQuickClock,
  group,
  known,
  type Reply,
  removing,
  sent,
  startAdopting,
  stating,
  user,
} from './site.js';

const ADA = 'ada@example.com';
/** As often as the bridge tries at most, so that no answer arrives at all. */
const TIMES = 3;

interface Row {
  readonly title: string;
  readonly backEnd?: BackEnd;
  readonly settings?: Readonly<Record<string, string>>;
  /** The write whose answer is lost. */
  readonly lost: { readonly method: string; readonly path: RegExp };
  /** What happens before. @returns the request under test */
  prepare(bridge: TestBridge & { readonly secondId: string }): Promise<() => Promise<Reply>>;
  readonly status: number;
  /** What must be true in the end. */
  check(bridge: TestBridge & { readonly secondId: string }, last: Reply): Promise<void> | void;
  /** The writes of both attempts together, where they must not be more. */
  readonly atMost?: Readonly<Record<string, number>>;
}

const hasAccess = (bridge: TestBridge): boolean =>
  bridge.sandbox
    .membersOf(bridge.sandbox.groups.access.id)
    .includes(bridge.sandbox.findPersonByEmail(ADA)?.accountId ?? 'nobody');
const create = (bridge: TestBridge) => sent(bridge.scim('post', '/Users', user(ADA, { externalId: 'x' })));

const ROWS: readonly Row[] = [
  {
    title: "the organization's invitation",
    lost: { method: 'POST', path: /users\/invite/ },
    prepare: (bridge) => Promise.resolve(() => create(bridge)),
    status: 201,
    check: (bridge) => expect(hasAccess(bridge)).toBe(true),
    atMost: { 'organization.inviteUsers': 1 },
  },
  {
    title: "Jira's creation of a user",
    backEnd: 'jira',
    lost: { method: 'POST', path: /rest\/api\/3\/user/ },
    prepare: (bridge) => Promise.resolve(() => create(bridge)),
    status: 201,
    check: (bridge) => expect(hasAccess(bridge)).toBe(true),
    atMost: { 'jira.createUser': 1 },
  },
  {
    title: 'the access group after that',
    backEnd: 'jira',
    lost: { method: 'POST', path: /userByGroupId/ },
    prepare: (bridge) => Promise.resolve(() => create(bridge)),
    status: 201,
    check: (bridge) => expect(hasAccess(bridge)).toBe(true),
    atMost: { 'jira.createUser': 1 },
  },
  {
    title: "Confluence's invitation",
    backEnd: 'invite',
    lost: { method: 'POST', path: /invite-by-email/ },
    prepare: (bridge) => Promise.resolve(() => create(bridge)),
    status: 201,
    check: (bridge) => expect(hasAccess(bridge)).toBe(true),
    atMost: { 'confluence.inviteByEmail': 1 },
  },
  {
    title: 'leaving a group by deactivation',
    lost: { method: 'DELETE', path: /userByGroupId/ },
    async prepare(bridge) {
      const { id } = await create(bridge);
      bridge.sandbox.addMember(bridge.secondId, id);
      return () => sent(bridge.scim('patch', `/Users/${id}`, stating(false)));
    },
    status: 200,
    async check(bridge, { id }) {
      expect(bridge.sandbox.groupsOf(id)).toEqual([]);
      // No group was forgotten on the way.
      expect((await sent(bridge.scim('patch', `/Users/${id}`, stating(true)))).status).toBe(200);
      expect([...bridge.sandbox.groupsOf(id)].sort()).toEqual(
        [bridge.secondId, bridge.sandbox.groups.access.id].sort(),
      );
    },
  },
  {
    title: 'joining a group by reactivation',
    lost: { method: 'POST', path: /userByGroupId/ },
    async prepare(bridge) {
      const { id } = await create(bridge);
      bridge.sandbox.addMember(bridge.secondId, id);
      await sent(bridge.scim('patch', `/Users/${id}`, stating(false)));
      return () => sent(bridge.scim('patch', `/Users/${id}`, stating(true)));
    },
    status: 200,
    check: (bridge, { id }) =>
      expect([...bridge.sandbox.groupsOf(id)].sort()).toEqual(
        [bridge.secondId, bridge.sandbox.groups.access.id].sort(),
      ),
  },
  {
    title: 'leaving a group by DELETE',
    lost: { method: 'DELETE', path: /userByGroupId/ },
    async prepare(bridge) {
      const { id } = await create(bridge);
      return () => sent(bridge.scim('delete', `/Users/${id}`));
    },
    status: 204,
    check: (bridge) => expect(hasAccess(bridge)).toBe(false),
  },
  ...([false, true] as const).map((active): Row => ({
    title: active ? 'a restoration' : 'a suspension',
    settings: { DEACTIVATION: 'suspend' },
    lost: { method: 'POST', path: active ? /\/restore/ : /\/suspend/ },
    async prepare(bridge) {
      const { id } = await create(bridge);
      if (active) await sent(bridge.scim('patch', `/Users/${id}`, stating(false)));
      return () => sent(bridge.scim('patch', `/Users/${id}`, stating(active)));
    },
    status: 200,
    check(bridge, { id }) {
      expect(bridge.sandbox.person(id).suspended).toBe(!active);
      expect(bridge.sandbox.groupsOf(id)).toEqual([bridge.sandbox.groups.access.id]);
    },
  })),
  {
    title: 'the creation of a group',
    lost: { method: 'POST', path: /rest\/api\/group$/ },
    async prepare(bridge) {
      const ids = await known(bridge, ADA);
      return () => sent(bridge.scim('post', '/Groups', group('team', ids)));
    },
    status: 201,
    check: (bridge, { id }) => expect(bridge.sandbox.membersOf(id)).toHaveLength(1),
    atMost: { 'confluence.createGroup': 1 },
  },
  {
    title: 'the deletion of a group',
    lost: { method: 'DELETE', path: /group\/by-id/ },
    async prepare(bridge) {
      const { id } = await sent(bridge.scim('post', '/Groups', group('team', [])));
      return () => sent(bridge.scim('delete', `/Groups/${id}`));
    },
    status: 204,
    check: (bridge) => expect(bridge.sandbox.findGroupByName('team')).toBeUndefined(),
  },
  {
    title: 'an addition to a group',
    lost: { method: 'POST', path: /userByGroupId/ },
    async prepare(bridge) {
      const [ada = ''] = await known(bridge, ADA);
      const { id } = await sent(bridge.scim('post', '/Groups', group('team', [])));
      return () => sent(bridge.scim('patch', `/Groups/${id}`, adding(ada)));
    },
    status: 204,
    check: (bridge) =>
      expect(bridge.sandbox.membersOf(bridge.sandbox.findGroupByName('team')?.id ?? '')).toHaveLength(1),
  },
  {
    title: 'a removal from a group',
    lost: { method: 'DELETE', path: /userByGroupId/ },
    async prepare(bridge) {
      const [ada = ''] = await known(bridge, ADA);
      const { id } = await sent(bridge.scim('post', '/Groups', group('team', [ada])));
      return () => sent(bridge.scim('patch', `/Groups/${id}`, removing(ada)));
    },
    status: 204,
    check: (bridge) => expect(bridge.sandbox.membersOf(bridge.sandbox.findGroupByName('team')?.id ?? '')).toEqual([]),
  },
];

describe('a write that happened and whose answer was lost', () => {
  it.each(ROWS)('$title: the repeat ends as wanted, and does nothing twice that must not be [SA6]', async (row) => {
    const bridge = await startAdopting({
      clock: createQuickClock(),
      ...(row.backEnd === undefined ? {} : { backEnd: row.backEnd }),
      ...(row.settings === undefined ? {} : { settings: row.settings }),
    });
    const request = await row.prepare(bridge);
    bridge.sandbox.takeCalls();
    bridge.sandbox.faults.next({ ...row.lost, kind: 'drop-after', times: TIMES });

    const first = await request();
    bridge.sandbox.faults.clear();
    let last = first;
    // Some writes may be tried again, and find it done; Jira is asked whether it has the user after all.
    if (first.status !== row.status) {
      expect({ status: first.status, saysWhen: first.retryAfter !== undefined }).toEqual({
        status: 503,
        saysWhen: true,
      });
      last = await request();
    }

    expect({ status: last.status, detail: last.detail }).toEqual({ status: row.status, detail: '' });
    const writes = operations(bridge.sandbox, 'writes');
    for (const [operation, count] of Object.entries(row.atMost ?? {})) {
      expect({ operation, count: writes.filter((write) => write === operation).length }).toEqual({ operation, count });
    }
    await row.check(bridge, last);
  });

  it('an invitation that shows nobody is sent once more, and never a third time [US5]', async () => {
    const bridge = await startAdopting({
      clock: createQuickClock(),
      backEnd: 'invite',
      sandbox: { inviteAppears: 'never' },
    });
    bridge.sandbox.faults.always({ method: 'POST', path: /invite-by-email/, kind: 'drop-after' });

    const replies = [await create(bridge), await create(bridge), await create(bridge), await create(bridge)];

    expect(replies.map(({ status }) => status)).toEqual([503, 503, 409, 409]);
    expect(operations(bridge.sandbox, 'writes')).toEqual(['confluence.inviteByEmail', 'confluence.inviteByEmail']);
  });
});
