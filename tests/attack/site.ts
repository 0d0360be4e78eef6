import type supertest from 'supertest';
import {
  type BridgeOptions,
  createTestClock,
  startTestBridge,
  type TestBridge,
  type TestClock,
} from '../support/bridge.js';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** A User as an identity provider creates one. */
export function user(email: string, changes: object = {}): object {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: email,
    emails: [{ value: email, type: 'work', primary: true }],
    active: true,
    ...changes,
  };
}

export function group(displayName: string, memberIds: readonly string[]): object {
  return { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName, members: members(memberIds) };
}

export function stating(active: boolean): object {
  return { schemas: [PATCH_OP], Operations: [{ op: 'replace', value: { active } }] };
}

export function adding(...ids: readonly string[]): object {
  return { schemas: [PATCH_OP], Operations: [{ op: 'add', path: 'members', value: members(ids) }] };
}

export function removing(id: string): object {
  return { schemas: [PATCH_OP], Operations: [{ op: 'remove', path: `members[value eq "${id}"]` }] };
}

function members(ids: readonly string[]): object[] {
  return ids.map((value) => ({ value }));
}

/** What a reply is looked at for. */
export interface Reply {
  readonly status: number;
  readonly retryAfter: number | undefined;
  readonly detail: string;
  readonly id: string;
  readonly active: boolean | undefined;
  readonly memberIds: readonly string[];
}

/** Sends the request now: by itself supertest waits until somebody waits for the answer. */
export async function sent(request: supertest.Test): Promise<Reply> {
  const reply = await request;
  const body = (reply.body ?? {}) as {
    id?: string;
    detail?: string;
    active?: boolean;
    members?: readonly { value: string }[];
  };
  const seconds = reply.headers['retry-after'];
  return {
    status: reply.status,
    retryAfter: seconds === undefined ? undefined : Number(seconds),
    detail: body.detail ?? '',
    id: body.id ?? '',
    active: body.active,
    memberIds: (body.members ?? []).map(({ value }) => value),
  };
}

/** How many replies had which status. */
export function counted(replies: readonly Reply[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Lets what is under way go as far as it gets: to its next upstream call, or to a lock somebody holds. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
}

/**
 * Sends `first`, and `second` in the middle of it: when the upstream call number `at` (from 0) of `first` arrives. With
 * every number in turn, `second` begins at every upstream call of `first`.
 *
 * @returns the replies; `wasReached` false when there was no such call, so that `second` followed `first`
 */
export async function interleaved(
  bridge: TestBridge,
  at: number,
  first: () => supertest.Test,
  second: () => supertest.Test,
): Promise<{ readonly first: Reply; readonly second: Reply; readonly wasReached: boolean }> {
  let count = 0;
  let other: Promise<Reply> | undefined;
  const unhook = bridge.sandbox.faults.when({ times: Infinity }, async () => {
    if (count++ !== at) return;
    other = sent(second());
    await settled();
  });
  const reply = await sent(first()).finally(unhook);
  const wasReached = other !== undefined;
  return { first: reply, second: await (other ?? sent(second())), wasReached };
}

/** A bridge whose access group, and a second granting group, SCIM may change. */
export async function startAdopting(options: BridgeOptions = {}): Promise<TestBridge & { readonly secondId: string }> {
  const bridge = await startTestBridge({
    ...options,
    settings: {
      CONFLUENCE_ACCESS_GROUPS: 'confluence-users-sandbox',
      ADOPT_GROUPS: 'confluence-users-sandbox,second,plain*',
      ...options.settings,
    },
  });
  const { id: secondId } = bridge.sandbox.addGroup({ name: 'second', grants: 'user' });
  await bridge.scan();
  return { ...bridge, secondId };
}

/** Somebody with access, known to the index, whom nobody provisioned. */
export async function known(bridge: TestBridge, ...emails: readonly string[]): Promise<string[]> {
  const ids = emails.map((email) => bridge.sandbox.addPerson({ email, displayName: email, access: true }).accountId);
  await bridge.scan();
  bridge.sandbox.takeCalls();
  return ids;
}

/** The waits between attempts pass at once. */
export function createQuickClock(): TestClock {
  const clock = createTestClock();
  return {
    ...clock,
    async sleep(ms, signal) {
      if (ms > 2000) return clock.sleep(ms, signal);
      clock.advance(ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
