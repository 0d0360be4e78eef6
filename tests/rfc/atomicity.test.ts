import { describe, expect, it } from '@jest/globals';
import { operations } from '../support/bridge.js';
import { patch } from '../scim/exchanges.js';
import { sharedSite } from './site.js';

type Operation = Readonly<Record<string, unknown>>;

/** Each alone is refused, whatever stands beside it. */
const BAD_FOR_A_USER: readonly (readonly [string, Operation])[] = [
  ['removes userName', { op: 'remove', path: 'userName' }],
  ['sets id', { op: 'replace', path: 'id', value: 'x' }],
  ['matches no value', { op: 'replace', path: 'emails[type eq "fax"].value', value: 'x' }],
  ['has no readable path', { op: 'replace', path: 'a b', value: 'x' }],
  ['has no value', { op: 'add', path: 'nickName' }],
  ['sets a password', { op: 'replace', path: 'password', value: 'Secret-1' }],
];

const BAD_FOR_A_GROUP: readonly (readonly [string, Operation])[] = [
  ['removes displayName', { op: 'remove', path: 'displayName' }],
  ['sets id', { op: 'replace', path: 'id', value: 'x' }],
  ['adds nobody', { op: 'add', path: 'members', value: [{ value: 'nobody' }] }],
  ['adds a group', { op: 'add', path: 'members', value: [{ value: 'g', type: 'Group' }] }],
  ['has no readable path', { op: 'replace', path: 'a b', value: 'x' }],
  ['blanks displayName', { op: 'replace', path: 'displayName', value: '' }],
];

/** The operations with another at each place among them. */
function withEachPlace(good: readonly Operation[], bad: Operation): readonly (readonly Operation[])[] {
  return Array.from({ length: good.length + 1 }, (_, place) => good.toSpliced(place, 0, bad));
}

describe.each(['put', 'record'])(
  'a PATCH of a User with one operation that is refused (PROFILE_UPDATES=%s)',
  (mode) => {
    const site = sharedSite({ settings: { PROFILE_UPDATES: mode } });
    const good = [
      { op: 'replace', path: 'externalId', value: 'new' },
      { op: 'replace', path: 'active', value: true },
      { op: 'add', value: { title: 'Countess' } },
    ];

    it.each(BAD_FOR_A_USER)(
      'RFC 7644 §3.5.2: applies none where it %s, first, last or between (RFC7644-3.5.2-L1931, RFC7644-3.5.2-L1933)',
      async (_what, bad) => {
        const person = await site.createUser({ title: 'Dr', externalId: 'old' });
        const before = await site.stateOf(person);
        site.bridge.clock.advance(5_000);
        site.bridge.sandbox.takeCalls();

        for (const message of withEachPlace(good, bad)) {
          expect((await site.scim('patch', person.path, patch(...message))).status).toBeGreaterThanOrEqual(400);
          expect(operations(site.bridge.sandbox, 'writes')).toEqual([]);
          expect(await site.stateOf(person)).toEqual(before);
        }
      },
    );

    it.each(BAD_FOR_A_USER)(
      'RFC 7644 §3.5.2: takes access all the same where it %s, and gives it back, and nothing else: no leaver stays for a neighbour [US12]',
      async (_what, bad) => {
        const person = await site.createUser({ title: 'Dr', externalId: 'old' });

        for (const active of [false, true]) {
          const message = patch({ op: 'replace', path: 'active', value: active }, bad);
          const reply = await site.scim('patch', person.path, message);

          expect(reply.status).toBe(200);
          expect(reply.body).toMatchObject({ active, title: 'Dr', userName: person.body['userName'], id: person.id });
          expect(site.bridge.sandbox.groupsOf(person.id)).toHaveLength(active ? 1 : 0);
        }
      },
    );
  },
);

describe('a PATCH of a Group with one operation that is refused', () => {
  const site = sharedSite();

  it.each(BAD_FOR_A_GROUP)(
    'RFC 7644 §3.5.2: applies none where it %s, first, last or between (RFC7644-3.5.2-L1931, RFC7644-3.5.2-L1933)',
    async (_what, bad) => {
      const [inside, outside] = [await site.createUser(), await site.createUser()];
      const group = await site.createGroup({ externalId: 'old', members: [{ value: inside.id }] });
      const good = [
        { op: 'add', path: 'members', value: [{ value: outside.id }] },
        { op: 'remove', path: `members[value eq "${inside.id}"]` },
        { op: 'replace', path: 'displayName', value: site.newName() },
        { op: 'replace', path: 'externalId', value: 'new' },
      ];
      const before = await site.stateOf(group);
      site.bridge.clock.advance(5_000);
      site.bridge.sandbox.takeCalls();

      for (const message of withEachPlace(good, bad)) {
        expect((await site.scim('patch', group.path, patch(...message))).status).toBe(400);
        expect(operations(site.bridge.sandbox, 'writes')).toEqual([]);
        expect(await site.stateOf(group)).toEqual(before);
      }
    },
  );

  it('RFC 7644 §3.3: a POST with one member that is refused makes no group', async () => {
    const { id } = await site.createUser();
    const displayName = site.newName();
    site.bridge.sandbox.takeCalls();

    const reply = await site.scim('post', '/Groups', { displayName, members: [{ value: id }, { value: 'nobody' }] });

    expect(reply.body).toMatchObject({ status: '400', scimType: 'invalidValue' });
    expect(operations(site.bridge.sandbox, 'writes')).toEqual([]);
    expect(site.bridge.sandbox.findGroupByName(displayName)).toBeUndefined();
  });
});
