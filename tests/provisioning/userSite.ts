import type supertest from 'supertest';
import type { AuditLine } from '../../src/provisioning/auditRecords.js';
import type { Hold, PersonLink } from '../../src/provisioning/store.js';
import type { NewPerson, Person } from '../../src/sandbox/state.js';
import {
  type BridgeOptions,
  createTestClock,
  OKTA_TOKEN,
  operations,
  startTestBridge,
  type TestBridge,
  type TestClock,
} from '../support/bridge.js';

export const ADA = 'ada@example.com';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

export interface Operation {
  readonly op: string;
  readonly path?: string | null;
  readonly value?: unknown;
}

/** What a User answers with, as far as tests look at it. */
export interface UserBody {
  readonly id: string;
  readonly userName: string;
  readonly externalId?: string;
  readonly active: boolean;
  readonly displayName?: string;
  readonly title?: string;
  readonly name?: Readonly<Record<string, string>>;
  readonly emails?: readonly Readonly<Record<string, unknown>>[];
  readonly groups?: readonly { readonly value: string; readonly display: string }[];
  readonly meta: { readonly created: string; readonly lastModified: string; readonly location: string };
}

/** A bridge with people to try its User endpoint on. */
export interface UserSite extends TestBridge {
  create(changes?: object, token?: string): Promise<supertest.Response>;
  /** Creates, and fails the test when that fails. */
  created(changes?: object): Promise<UserBody>;
  get(id: string, token?: string): Promise<supertest.Response>;
  replace(id: string, body: object, token?: string): Promise<supertest.Response>;
  patch(id: string, operations: readonly Operation[], token?: string): Promise<supertest.Response>;
  /** PATCH that states `active` and nothing else. */
  state(id: string, active: boolean, token?: string): Promise<supertest.Response>;
  remove(id: string, token?: string): Promise<supertest.Response>;
  /** Who answers to a filter. */
  find(filter: string, token?: string): Promise<readonly UserBody[]>;
  /** Somebody with access whom nobody provisioned through the bridge, known to the index. */
  known(person?: NewPerson): Promise<Person>;
  /** The operations the sandbox received since the last look; writes only where asked. */
  received(kind?: 'all' | 'writes'): string[];
  link(id: string): Promise<PersonLink | undefined>;
  holds(id: string, kind: Hold['kind']): Promise<string[]>;
  /** Newest last. */
  audited(subject?: string): Promise<readonly AuditLine[]>;
}

/**
 * The waits between attempts pass at once and move the clock; long ones, which bound a request, take their time, since
 * the work they bound does too.
 */
function createQuickClock(): TestClock {
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

/** Ada as an identity provider creates her. */
export function ada(changes: object = {}): object {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: ADA,
    externalId: 'okta-ada',
    name: { givenName: 'Ada', familyName: 'Lovelace' },
    emails: [{ value: ADA, type: 'work', primary: true }],
    title: 'Countess',
    active: true,
    ...changes,
  };
}

export function bodyOf(reply: supertest.Response): UserBody {
  return reply.body as UserBody;
}

export async function startUsers(options: BridgeOptions = {}): Promise<UserSite> {
  const bridge = await startTestBridge({ clock: createQuickClock(), ...options });
  const { sandbox, store } = bridge;
  const site: UserSite = {
    ...bridge,
    create: async (changes = {}, token = OKTA_TOKEN) => bridge.scim('post', '/Users', ada(changes), token),
    async created(changes = {}) {
      const reply = await site.create(changes);
      if (reply.status !== 201) throw new Error(`POST answered ${reply.status}: ${JSON.stringify(reply.body)}`);
      sandbox.takeCalls();
      return bodyOf(reply);
    },
    get: async (id, token = OKTA_TOKEN) => bridge.scim('get', `/Users/${encodeURIComponent(id)}`, undefined, token),
    replace: async (id, body, token = OKTA_TOKEN) =>
      bridge.scim('put', `/Users/${encodeURIComponent(id)}`, body, token),
    patch: async (id, Operations, token = OKTA_TOKEN) =>
      bridge.scim('patch', `/Users/${encodeURIComponent(id)}`, { schemas: [PATCH_OP], Operations }, token),
    state: (id, active, token) => site.patch(id, [{ op: 'replace', path: 'active', value: active }], token),
    remove: async (id, token = OKTA_TOKEN) =>
      bridge.scim('delete', `/Users/${encodeURIComponent(id)}`, undefined, token),
    async find(filter, token = OKTA_TOKEN) {
      const reply = await bridge.scim('get', `/Users?filter=${encodeURIComponent(filter)}`, undefined, token);
      if (reply.status !== 200) throw new Error(`GET answered ${reply.status}: ${JSON.stringify(reply.body)}`);
      return (reply.body as { Resources: readonly UserBody[] }).Resources;
    },
    async known(person = {}) {
      const added = sandbox.addPerson({ email: ADA, displayName: 'Ada King Lovelace', access: true, ...person });
      await bridge.scan();
      sandbox.takeCalls();
      return added;
    },
    received(kind = 'all') {
      const received = operations(sandbox, kind);
      sandbox.takeCalls();
      return received;
    },
    link: (id) => store.people.find(id),
    holds: async (id, kind) =>
      (await store.holds.ofPerson(id)).filter((hold) => hold.kind === kind).map((hold) => hold.groupId),
    async audited(subject) {
      const lines = await store.audit.list({ limit: 1000, ...(subject === undefined ? {} : { subject }) });
      return [...lines].reverse();
    },
  };
  return site;
}

/** A bridge with nothing but a site token; accounts of the invited appear when the test says so. */
export function startInviting(options: BridgeOptions = {}): Promise<UserSite> {
  return startUsers({ backEnd: 'invite', ...options, sandbox: { inviteAppears: 'never', ...options.sandbox } });
}

/** A group the bridge created, with these members. @returns its id */
export async function createGroup(site: UserSite, displayName: string, ...ids: string[]): Promise<string> {
  const reply = await site.scim('post', '/Groups', { displayName, members: ids.map((value) => ({ value })) });
  if (reply.status !== 201) throw new Error(`POST answered ${reply.status}: ${JSON.stringify(reply.body)}`);
  return bodyOf(reply).id;
}

/** The sentence a refusal comes with. */
export function detailOf(reply: supertest.Response): string {
  return (reply.body as { readonly detail: string }).detail;
}
