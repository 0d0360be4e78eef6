import type supertest from 'supertest';
import { ENTRA_TOKEN, type BridgeOptions, OKTA_TOKEN, startTestBridge, type TestBridge } from '../support/bridge.js';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const ACCESS_GROUP = 'confluence-users-acme';

/** A bridge on a site with many people, whom nobody linked. */
export interface Crowd extends TestBridge {
  /** Account ids, which are SCIM ids here. */
  readonly people: readonly string[];
  /** Of the people, those who have access in truth. */
  withAccess(): string[];
}

export async function startCrowd(count: number, options: BridgeOptions = {}): Promise<Crowd> {
  const seed = {
    people: Array.from({ length: count }, (_, n) => ({
      email: `p${n}@example.com`,
      displayName: `Person ${n}`,
      access: true,
    })),
  };
  const bridge = await startTestBridge({ ...options, sandbox: { siteName: 'acme', seed, ...options.sandbox } });
  const people = seed.people.map(({ email }) => bridge.sandbox.findPersonByEmail(email)?.accountId ?? email);
  return {
    ...bridge,
    people,
    withAccess: () => people.filter((id) => bridge.sandbox.groupsOf(id).includes(bridge.sandbox.groups.access.id)),
  };
}

/** One removal, as a client sends it. */
export type Removal = (site: TestBridge, id: string) => supertest.Test;

function patch(...Operations: object[]): object {
  return { schemas: [PATCH_OP], Operations };
}

function user(site: TestBridge, verb: 'patch' | 'put', id: string, body: object, token = OKTA_TOKEN): supertest.Test {
  return site.scim(verb, `/Users/${encodeURIComponent(id)}`, body, token);
}

/** Every way in which one message takes the access of one person. */
export const REMOVALS: Readonly<Record<string, Removal>> = {
  'PATCH of a path': (site, id) => user(site, 'patch', id, patch({ op: 'replace', path: 'active', value: false })),
  'PATCH without a path, as Okta sends it': (site, id) =>
    user(site, 'patch', id, patch({ op: 'replace', value: { active: false } })),
  'PATCH of text, as Entra ID sends it': (site, id) =>
    user(site, 'patch', id, patch({ op: 'Replace', path: 'active', value: 'False' }), ENTRA_TOKEN),
  'PATCH of a URN with a refused neighbour': (site, id) =>
    user(
      site,
      'patch',
      id,
      patch({ op: 'add', path: `${USER}:active`, value: false }, { op: 'replace', path: 'title', value: 'x' }),
    ),
  PUT: (site, id) => user(site, 'put', id, { schemas: [USER], userName: `${id}@example.com`, active: false }),
  'DELETE of the user': (site, id) => site.scim('delete', `/Users/${encodeURIComponent(id)}`, undefined, ENTRA_TOKEN),
  'POST of an inactive user': (site, id) => {
    const { email } = site.sandbox.person(id);
    return site.scim('post', '/Users', { schemas: [USER], userName: email, emails: [{ value: email }], active: false });
  },
  'PATCH of the granting group by value': (site, id) =>
    group(site, patch({ op: 'remove', path: 'members', value: [{ value: id }] })),
  'PATCH of the granting group by filter': (site, id) =>
    group(site, patch({ op: 'remove', path: `members[value eq "${id}"]` })),
};

/** The n-th of a stream that uses every way in turn. */
export function removalInTurn(n: number): Removal {
  const all = Object.values(REMOVALS);
  const removal = all[n % all.length];
  if (removal === undefined) throw new Error('There is no way to remove anybody.');
  return removal;
}

function group(site: TestBridge, body: object): supertest.Test {
  return site.scim('patch', `/Groups/${site.sandbox.groups.access.id}`, body);
}

/** Sends everything with so many requests under way at once. @returns how often each status was answered, and the 503s */
export async function flood(
  requests: readonly (() => supertest.Test)[],
  atOnce: number,
): Promise<{ readonly statuses: Readonly<Record<number, number>>; readonly refused: readonly supertest.Response[] }> {
  const queue = [...requests];
  const statuses: Record<number, number> = {};
  const refused: supertest.Response[] = [];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const reply = await next();
      statuses[reply.status] = (statuses[reply.status] ?? 0) + 1;
      if (reply.status === 503) refused.push(reply);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return { statuses, refused };
}
