import { expect } from '@jest/globals';
import { OKTA_TOKEN, startTestBridge, type TestBridge } from '../support/bridge.js';
import { sendOverWire, type WireAnswer } from './wire.js';

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

export const NAMES = ['ada', 'bob', 'cy'] as const;
type Name = (typeof NAMES)[number];
export type Ids = Readonly<Record<Name, string>>;

/** Ada, Bob and Cy have access; Ada and Bob are members of a group that the bridge created. */
export interface Site {
  readonly bridge: TestBridge;
  readonly ids: Ids;
  readonly groupId: string;
  readonly send: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<WireAnswer>;
  /** Names of the group's true members. */
  readonly members: () => readonly string[];
  readonly hasAccess: (name: Name) => boolean;
}

export const profileOf = (name: Name) => ({
  userName: `${name}@example.com`,
  displayName: name,
  name: { givenName: name, familyName: 'Example' },
  emails: [{ primary: true, type: 'work', value: `${name}@example.com` }],
});

export async function startSite(): Promise<Site> {
  const bridge = await startTestBridge();
  const { sandbox } = bridge;
  const send: Site['send'] = (method, path, body, headers = {}) =>
    sendOverWire(`${bridge.url}/scim/v2`, {
      method,
      path,
      headers: {
        Authorization: `Bearer ${OKTA_TOKEN}`,
        Connection: 'close',
        ...(body === undefined ? {} : { 'Content-Type': 'application/scim+json' }),
        ...headers,
      },
      body,
    });
  const create = async (path: string, body: object): Promise<string> => {
    const answer = await send('POST', path, body);
    return (answer.body as { id: string }).id;
  };
  const ids = {
    ada: await create('/Users', { schemas: [USER], ...profileOf('ada'), externalId: 'x-ada', active: true }),
    bob: await create('/Users', { schemas: [USER], ...profileOf('bob'), active: true }),
    cy: await create('/Users', { schemas: [USER], ...profileOf('cy'), active: true }),
  };
  const groupId = await create('/Groups', {
    displayName: 'Engineering',
    members: [{ value: ids.ada }, { value: ids.bob }],
  });
  const emailOf = (accountId: string) => sandbox.person(accountId).email.replace('@example.com', '');
  sandbox.takeCalls();
  return {
    bridge,
    ids,
    groupId,
    send,
    members: () => sandbox.membersOf(groupId).map(emailOf).sort(),
    hasAccess: (name) => sandbox.groupsOf(ids[name]).includes(sandbox.groups.access.id),
  };
}

export const patch = (...operations: readonly object[]): object => ({ schemas: [PATCH_OP], Operations: operations });

export type Message = (site: Site) => readonly [method: string, path: string, body: unknown];

/** Sends a message twice; both are answered 2xx, and the second writes nothing. */
export async function sendTwice(site: Site, message: Message): Promise<WireAnswer> {
  const [method, path, body] = message(site);
  const first = await site.send(method, path, body);
  expect({ status: first.status, body: first.body }).toEqual({
    status: first.body === undefined ? 204 : 200,
    body: first.body,
  });
  site.bridge.sandbox.takeCalls();
  const second = await site.send(method, path, body);
  expect({ status: second.status, body: second.body }).toMatchObject({ status: first.status });
  expect(site.bridge.sandbox.calls.filter((call) => call.isWrite)).toEqual([]);
  return first;
}
