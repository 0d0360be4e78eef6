import { afterAll, beforeAll } from '@jest/globals';
import type supertest from 'supertest';
import { type BridgeOptions, OKTA_TOKEN, startTestBridge, type TestBridge } from '../support/bridge.js';
import { sendOverWire, type WireAnswer, type WireRequest } from '../clients/wire.js';
import { GROUP_URN, idOf, user } from '../scim/exchanges.js';

export type Body = Readonly<Record<string, unknown>>;

export interface Created {
  readonly id: string;
  /** Below the base address: `/Users/…`. */
  readonly path: string;
  readonly reply: supertest.Response;
  readonly body: Body;
}

/** One bridge for all tests of a describe. Each makes the people and groups it changes, so that none rests on another. */
export interface SharedSite {
  readonly bridge: TestBridge;
  readonly scim: TestBridge['scim'];
  /** A person of a new name. @throws Error unless the answer is a resource */
  createUser(more?: object): Promise<Created>;
  createGroup(more?: object): Promise<Created>;
  /** A name that nobody else here has: `p1`, `p2`, … */
  newName(): string;
  /** All there is of a person or group: what GET answers, what the store keeps, and who truly is a member. */
  stateOf(resource: Created): Promise<object>;
  /** As it goes over the wire, with the token. */
  wire(request: WireRequest): Promise<WireAnswer>;
}

/** To be called inside a describe: the bridge starts before its first test and closes after its last. */
export function sharedSite(options: BridgeOptions = {}): SharedSite {
  let started: TestBridge | undefined;
  let names = 0;
  const site: SharedSite = {
    get bridge() {
      if (started === undefined) throw new Error('The bridge runs during tests only.');
      return started;
    },
    scim: (...request) => site.bridge.scim(...request),
    async createUser(more = {}) {
      return created('/Users', await site.scim('post', '/Users', user(site.newName(), more)));
    },
    async createGroup(more = {}) {
      const group = { schemas: [GROUP_URN], displayName: site.newName(), ...more };
      return created('/Groups', await site.scim('post', '/Groups', group));
    },
    newName: () => `p${(names += 1)}`,
    async stateOf({ id, path }) {
      const { store, sandbox } = site.bridge;
      const isUser = path.startsWith('/Users/');
      return {
        answer: bodyOf(await site.scim('get', path)),
        externalId: await (isUser ? store.people : store.groups).externalId(id, 'okta'),
        record: await (isUser ? store.people.find(id) : store.groups.find(id)),
        holds: await (isUser ? store.holds.ofPerson(id) : store.holds.ofGroup(id)),
        memberships: isUser ? sandbox.groupsOf(id) : sandbox.membersOf(id),
      };
    },
    wire: ({ headers, ...request }) =>
      sendOverWire(`${site.bridge.url}/scim/v2`, {
        ...request,
        headers: { Authorization: `Bearer ${OKTA_TOKEN}`, Connection: 'close', ...headers },
      }),
  };
  beforeAll(async () => {
    started = await startTestBridge({ ...options, isShared: true });
  });
  afterAll(() => started?.close());
  return site;
}

function created(endpoint: string, reply: supertest.Response): Created {
  const id = idOf(reply);
  return { id, path: `${endpoint}/${id}`, reply, body: bodyOf(reply) };
}

export function bodyOf(reply: { readonly body: unknown }): Body {
  return reply.body as Body;
}

export interface Meta {
  readonly resourceType: string;
  readonly created: string;
  readonly lastModified: string;
  readonly location: string;
}

export function metaOf(resource: { readonly body: unknown }): Meta {
  return bodyOf(resource)['meta'] as Meta;
}
