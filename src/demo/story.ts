import type { Sandbox } from '../sandbox/server.js';
import type { Reply, ScimClient } from './client.js';

/** What the story has learnt so far: ids that later steps need. */
interface Cast {
  adaId: string;
  groupId: string;
}

/** One request of an identity provider, and what shows that it did what it should. */
export interface Step {
  readonly title: string;
  /** The status that this step has to end with. */
  readonly status: number;
  send(scim: ScimClient): Promise<Reply>;
  /** What is to be seen now, in the answer or on the Atlassian site. @throws Error when it is not so */
  show(reply: Reply, sandbox: Sandbox): string;
}

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const EMAIL = 'ada.king@example.com';

/** The life of an identity provider's connection, from the credential test to the last delete. */
export function tellStory(): readonly Step[] {
  const cast: Cast = { adaId: '', groupId: '' };
  const ada = {
    schemas: [USER],
    userName: EMAIL,
    externalId: '00u1ada',
    name: { givenName: 'Ada', familyName: 'King' },
    displayName: 'Ada King',
    emails: [{ value: EMAIL, type: 'work', primary: true }],
    active: true,
  };
  const patch = (...operations: object[]) => ({ schemas: [PATCH], Operations: operations });
  const user = () => `/Users/${encodeURIComponent(cast.adaId)}`;
  const group = () => `/Groups/${encodeURIComponent(cast.groupId)}`;

  return [
    {
      title: 'Credential test',
      status: 200,
      send: (scim) => scim('GET', '/ServiceProviderConfig'),
      show: () => 'the token is right; the bridge tells what it supports',
    },
    {
      title: 'Connection test',
      status: 200,
      send: (scim) => scim('GET', `/Users?filter=${encodeURIComponent('userName eq "nobody@example.com"')}`),
      show: ({ body }) => `an empty list, not an error (totalResults ${String(body['totalResults'])})`,
    },
    {
      title: 'Create a user',
      status: 201,
      send: (scim) => scim('POST', '/Users', ada),
      show({ body }, sandbox) {
        cast.adaId = String(body['id']);
        return `${inAccessGroup(sandbox, true)}; ${seats(sandbox)}`;
      },
    },
    {
      title: 'Create the same user again',
      status: 409,
      send: (scim) => scim('POST', '/Users', ada),
      show: ({ body }) => `scimType ${String(body['scimType'])}; nobody is invited twice`,
    },
    {
      title: 'Push a group',
      status: 201,
      send: (scim) => scim('POST', '/Groups', { schemas: [GROUP], displayName: 'engineering-demo' }),
      show({ body }, sandbox) {
        cast.groupId = String(body['id']);
        return expect(sandbox.findGroupByName('engineering-demo') !== undefined, 'the group exists in Confluence');
      },
    },
    {
      title: 'Assign the user to it',
      status: 204,
      send: (scim) => scim('PATCH', group(), patch({ op: 'add', path: 'members', value: [{ value: cast.adaId }] })),
      show: (_reply, sandbox) =>
        expect(sandbox.membersOf(cast.groupId).includes(accountId(sandbox)), 'Ada is a member in Confluence'),
    },
    {
      title: 'Deactivate the user',
      status: 200,
      send: (scim) => scim('PATCH', user(), patch({ op: 'replace', value: { active: false } })),
      show: ({ body }, sandbox) =>
        `active ${String(body['active'])}; ${inAccessGroup(sandbox, false)}; ${seats(sandbox)}`,
    },
    {
      title: 'Reactivate the user',
      status: 200,
      send: (scim) => scim('PATCH', user(), patch({ op: 'Replace', path: 'active', value: 'True' })),
      show: ({ body }, sandbox) =>
        `active ${String(body['active'])}; ${inAccessGroup(sandbox, true)}; ${seats(sandbox)}`,
    },
    {
      title: 'PATCH a profile attribute',
      status: 501,
      send: (scim) => scim('PATCH', user(), patch({ op: 'replace', path: 'title', value: 'Countess' })),
      show: () => 'Confluence has no call for it, and the bridge says so',
    },
    {
      title: 'PUT a profile attribute',
      status: 200,
      send: (scim) => scim('PUT', user(), { ...ada, title: 'Countess' }),
      show: ({ body }) => `title ${String(body['title'])} is kept in the bridge's own record, not in Confluence`,
    },
    {
      title: 'Rename the group',
      status: 204,
      send: (scim) =>
        scim('PATCH', group(), patch({ op: 'replace', value: { id: cast.groupId, displayName: 'Engineering' } })),
      show: (_reply, sandbox) =>
        expect(
          sandbox.findGroupByName('engineering-demo') !== undefined,
          'the new name is recorded; Confluence keeps the old one',
        ),
    },
    {
      title: 'Ask for schemas',
      status: 501,
      send: (scim) => scim('GET', '/Schemas'),
      show: () => 'Schema Discovery is not supported, as a SCIM error',
    },
    {
      title: 'Delete the group',
      status: 204,
      send: (scim) => scim('DELETE', group()),
      show: (_reply, sandbox) =>
        expect(sandbox.findGroupByName('engineering-demo') === undefined, 'the group is gone in Confluence'),
    },
    {
      title: 'Delete the user',
      status: 204,
      send: (scim) => scim('DELETE', user()),
      show: (_reply, sandbox) =>
        `${inAccessGroup(sandbox, false)}; ${seats(sandbox)}; the Atlassian account itself stays`,
    },
  ];

  function accountId(sandbox: Sandbox): string {
    return sandbox.findPersonByEmail(EMAIL)?.accountId ?? '';
  }

  function inAccessGroup(sandbox: Sandbox, expected: boolean): string {
    const isMember = sandbox.membersOf(sandbox.groups.access.id).includes(accountId(sandbox));
    return expect(isMember === expected, `Ada ${expected ? 'has' : 'has no'} access to Confluence`);
  }
}

function seats(sandbox: Sandbox): string {
  const used = sandbox.seatsUsed();
  return `${used} ${used === 1 ? 'seat' : 'seats'} in use`;
}

function expect(isSo: boolean, statement: string): string {
  if (!isSo) throw new Error(`This should be true and is not: ${statement}`);
  return statement;
}
