import { describe, expect, it } from '@jest/globals';
import { expectScimError, operations } from '../support/bridge.js';
import { detailOf, patch } from '../scim/exchanges.js';
import { bodyOf, metaOf, sharedSite } from './site.js';

interface Email {
  readonly value: string;
  readonly type: string;
  readonly primary?: boolean;
}
type Emails = readonly [work: Email, home: Email];

function emailsOf(name: string): Emails {
  return [
    { value: `${name}@example.com`, type: 'work', primary: true },
    { value: `${name}@home.example`, type: 'home' },
  ];
}

const profile = { displayName: 'Ada King', title: 'Dr' };

type Operation = Readonly<Record<string, unknown>>;

/** Changes of a profile, and the attributes they leave: `undefined` for one that is gone. */
const CHANGES: readonly (readonly [
  name: string,
  operations: readonly Operation[],
  left: (emails: Emails) => object,
])[] = [
  [
    'sets a text by add (RFC7644-3.5.2-L1805, RFC7644-3.5.2-L1939, RFC7644-3.5.2.1-L1972)',
    [{ op: 'add', path: 'nickName', value: 'Ada' }],
    () => ({ nickName: 'Ada' }),
  ],
  [
    'carries out each operation of the list (RFC7644-3.5.2-L1808)',
    [
      { op: 'add', path: 'nickName', value: 'Ada' },
      { op: 'remove', path: 'title' },
      { op: 'replace', path: 'displayName', value: 'Ada Byron' },
    ],
    () => ({ nickName: 'Ada', title: undefined, displayName: 'Ada Byron' }),
  ],
  [
    'replaces a text (RFC7644-3.5.2-L1810, RFC7644-3.5.2-L1886)',
    [{ op: 'replace', path: 'displayName', value: 'Ada Byron' }],
    () => ({ displayName: 'Ada Byron' }),
  ],
  [
    'makes one value primary and the other not (RFC7644-3.5.2-L1927)',
    [{ op: 'add', path: 'emails', value: [{ value: 'new@example.com', type: 'other', primary: true }] }],
    ([work, home]) => ({
      emails: [{ ...work, primary: false }, home, { value: 'new@example.com', type: 'other', primary: true }],
    }),
  ],
  [
    'adds the parts of a complex attribute that the value names (RFC7644-3.5.2.1-L1988)',
    [{ op: 'add', path: 'name', value: { givenName: 'Ada', familyName: 'King' } }],
    () => ({ name: { givenName: 'Ada', familyName: 'King' } }),
  ],
  [
    'leaves a removed text unassigned (RFC7644-3.5.2.2-L2146)',
    [{ op: 'remove', path: 'title' }],
    () => ({ title: undefined }),
  ],
  [
    'leaves an attribute without its values unassigned (RFC7644-3.5.2.2-L2151)',
    [{ op: 'remove', path: 'emails' }],
    () => ({ emails: undefined }),
  ],
  [
    'adds by replace what was not there (RFC7644-3.5.2.3-L2376)',
    [{ op: 'replace', path: 'nickName', value: 'Ada' }],
    () => ({ nickName: 'Ada' }),
  ],
  [
    'replaces the value that a filter finds, and no other (RFC7644-3.5.2.3-L2387)',
    [{ op: 'replace', path: 'emails[type eq "home"].value', value: 'new@example.com' }],
    ([work, home]) => ({ emails: [work, { ...home, value: 'new@example.com' }] }),
  ],
];

describe('PATCH of a profile that the operator has recorded (PROFILE_UPDATES=record)', () => {
  const site = sharedSite({ settings: { PROFILE_UPDATES: 'record' } });

  it.each(CHANGES)('%s', async (_name, changes, leaves) => {
    const emails = emailsOf(site.newName());
    const person = await site.createUser({ ...profile, emails });
    const left = JSON.parse(JSON.stringify({ ...person.body, ...leaves(emails) })) as object;

    const reply = await site.scim('patch', person.path, patch(...changes));

    expect(reply.status).toBe(200);
    expect({ ...bodyOf(reply), meta: {} }).toEqual({ ...left, meta: {} });
    expect((await site.scim('get', person.path)).body).toEqual(reply.body);
  });
});

describe('PATCH of a profile by default, since Confluence has no call for it', () => {
  const site = sharedSite();

  it.each(CHANGES)('is 501 and changes nothing, where otherwise it %s', async (_name, changes) => {
    const person = await site.createUser({ ...profile, emails: emailsOf(site.newName()) });
    const before = await site.stateOf(person);
    site.bridge.sandbox.takeCalls();

    const reply = await site.scim('patch', person.path, patch(...changes));

    expectScimError(reply, 501);
    expect(detailOf(reply)).toContain('cannot be changed');
    expect(site.bridge.sandbox.calls).toHaveLength(0);
    expect(await site.stateOf(person)).toEqual(before);
  });

  it('is 200 where it adds what is there, and lastModified stays (RFC7644-3.5.2.1-L2004)', async () => {
    const emails = emailsOf(site.newName());
    const person = await site.createUser({ ...profile, emails });

    for (const operation of [
      { op: 'add', path: 'displayName', value: 'Ada King' },
      { op: 'add', path: 'emails', value: [emails[1]] },
      { op: 'replace', path: 'emails[type eq "work"].value', value: emails[0].value },
      { op: 'remove', path: 'nickName' },
    ]) {
      site.bridge.clock.advance(5_000);
      const reply = await site.scim('patch', person.path, patch(operation));

      expect(reply.status).toBe(200);
      expect(metaOf(await site.scim('get', person.path))).toEqual(metaOf(person));
    }
  });
});

describe('PATCH of what Confluence has', () => {
  const site = sharedSite();

  it('is 200 with the User; of a Group 204, or 200 with what attributes asks for (RFC7644-3.5.2-L1939)', async () => {
    const person = await site.createUser();
    const group = await site.createGroup();
    const join = patch({ op: 'add', path: 'members', value: [{ value: person.id }] });
    const leave = patch({ op: 'remove', path: `members[value eq "${person.id}"]` });

    const deactivated = await site.scim('patch', person.path, patch({ op: 'replace', path: 'active', value: false }));
    expect(deactivated.status).toBe(200);
    expect(deactivated.body).toEqual((await site.scim('get', person.path)).body);

    const joined = await site.scim('patch', group.path, join);
    expect({ status: joined.status, body: joined.body as unknown }).toEqual({ status: 204, body: {} });
    const left = await site.scim('patch', `${group.path}?attributes=displayName,members`, leave);
    expect(left.status).toBe(200);
    expect(Object.keys(bodyOf(left)).sort()).toEqual(['displayName', 'id', 'schemas']);
  });

  it('RFC 7644 §3.5.2: sent again is answered the same, and asks Atlassian for no write', async () => {
    const person = await site.createUser();
    const group = await site.createGroup();

    for (const [{ path }, operation] of [
      [person, { op: 'replace', path: 'active', value: false }],
      [person, { op: 'replace', path: 'externalId', value: 'x' }],
      [group, { op: 'add', path: 'members', value: [{ value: person.id }] }],
      [group, { op: 'replace', path: 'displayName', value: site.newName() }],
      [group, { op: 'remove', path: 'members', value: [{ value: person.id }] }],
    ] as const) {
      const first = await site.scim('patch', path, patch(operation));
      site.bridge.sandbox.takeCalls();
      const second = await site.scim('patch', path, patch(operation));

      expect({ status: second.status, body: second.body as unknown }).toEqual({
        status: first.status,
        body: first.body as unknown,
      });
      expect(operations(site.bridge.sandbox, 'writes')).toEqual([]);
    }
  });
});
