import { describe, expect, it } from '@jest/globals';
import { ENTRA_TOKEN, operations, startTestBridge } from '../support/bridge.js';
import {
  adding,
  counted,
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
const BACK_ENDS = ['organization', 'jira', 'invite'] as const;
const INVITING = {
  organization: 'organization.inviteUsers',
  jira: 'jira.createUser',
  invite: 'confluence.inviteByEmail',
};

describe('many at once for one person', () => {
  it.each(BACK_ENDS)('twenty identical POST invite once on the %s back end, and one is 201 [US6]', async (backEnd) => {
    const bridge = await startTestBridge({ backEnd });
    const create = () => sent(bridge.scim('post', '/Users', user(ADA, { externalId: 'x' })));

    expect(counted(await Promise.all(Array.from({ length: 20 }, create)))).toEqual({ 201: 1, 409: 19 });
    const inviting = operations(bridge.sandbox, 'writes').filter((operation) => operation === INVITING[backEnd]);
    expect(inviting).toHaveLength(1);
  });

  it.each(BACK_ENDS)('twenty userNames of one address are one user on the %s back end [US6]', async (backEnd) => {
    const bridge = await startTestBridge({ backEnd });
    const create = (_: unknown, n: number) => sent(bridge.scim('post', '/Users', user(ADA, { userName: `ada-${n}` })));

    const replies = await Promise.all(Array.from({ length: 20 }, create));

    expect(counted(replies)).toEqual({ 201: 1, 409: 19 });
    const id = replies.find(({ status }) => status === 201)?.id ?? 'nobody';
    for (const { status, detail } of replies) if (status === 409) expect(detail).toContain(id);
    const inviting = operations(bridge.sandbox, 'writes').filter((operation) => operation === INVITING[backEnd]);
    expect(inviting).toHaveLength(1);
  });

  it('two callers create one user between them, each with an externalId of its own [ID6]', async () => {
    const bridge = await startTestBridge();
    const create = (externalId: string, token?: string) =>
      sent(bridge.scim('post', '/Users', user(ADA, { externalId }), token));

    const replies = await Promise.all([create('okta-1'), create('entra-1', ENTRA_TOKEN)]);

    expect(counted(replies)).toEqual({ 201: 1, 409: 1 });
    const { id } = replies.find(({ status }) => status === 201) ?? { id: '' };
    const link = await bridge.store.people.find(id);
    expect(await bridge.store.people.externalId(id, link?.caller ?? '')).toBe(`${link?.caller ?? ''}-1`);
  });
});

describe('a status and its opposite, crossing at every upstream call', () => {
  it.each([true, false])('what was asked last (%s) is recorded and is so in Confluence [US2]', async (last) => {
    const bridge = await startAdopting();
    const access = bridge.sandbox.groups.access.id;
    for (let at = 0, wasReached = true; wasReached; at += 1) {
      const { id } = await sent(bridge.scim('post', '/Users', user(`ada${at}@example.com`)));
      bridge.sandbox.addMember(bridge.secondId, id);
      if (last) await bridge.scan();
      else await sent(bridge.scim('patch', `/Users/${id}`, stating(false)));

      const played = await interleaved(
        bridge,
        at,
        () => bridge.scim('patch', `/Users/${id}`, stating(!last)),
        () => bridge.scim('patch', `/Users/${id}`, stating(last)),
      );

      ({ wasReached } = played);
      expect([played.first.status, played.second.status]).toEqual([200, 200]);
      const inGroups = bridge.sandbox.groupsOf(id);
      expect({ at, wanted: (await bridge.store.people.find(id))?.wanted, has: inGroups.length > 0 }).toEqual({
        at,
        wanted: last ? 'active' : 'inactive',
        has: last,
      });
      if (last) expect(inGroups).toContain(access);
    }
  });
});

describe('a DELETE and a reactivation, crossing at every upstream call', () => {
  it.each([true, false])('leave nobody with access; the DELETE began first: %s [US9]', async (deleteFirst) => {
    const bridge = await startAdopting();
    for (let at = 0, wasReached = true; wasReached; at += 1) {
      const { id } = await sent(bridge.scim('post', '/Users', user(`ada${at}@example.com`)));
      await sent(bridge.scim('patch', `/Users/${id}`, stating(false)));
      const removing = () => bridge.scim('delete', `/Users/${id}`);
      const reactivating = () => bridge.scim('patch', `/Users/${id}`, stating(true));

      const played = await interleaved(
        bridge,
        at,
        deleteFirst ? removing : reactivating,
        deleteFirst ? reactivating : removing,
      );

      ({ wasReached } = played);
      const [removed, reactivated] = deleteFirst ? [played.first, played.second] : [played.second, played.first];
      expect({ at, status: removed.status, groups: bridge.sandbox.groupsOf(id) }).toEqual({
        at,
        status: 204,
        groups: [],
      });
      expect(reactivated.status).toBe(deleteFirst ? 404 : 200);
    }
  });
});

describe('a leaver, and a group that grants access, crossing at every upstream call', () => {
  const rows = (['PATCH', 'PUT'] as const).flatMap((add) =>
    (['PATCH', 'DELETE'] as const).flatMap((leave) => [false, true].map((isLinked) => ({ add, leave, isLinked }))),
  );

  it.each(rows)(
    '$leave of the leaver wins over $add of the group, whichever began; recorded: $isLinked [GR2]',
    async ({ add, leave, isLinked }) => {
      const bridge = await startAdopting();
      for (const leaveFirst of [true, false]) {
        for (let at = 0, wasReached = true; wasReached; at += 1) {
          const email = `p${at}-${leaveFirst}@example.com`;
          const [id = '', other = ''] = await known(bridge, email, `other-${email}`);
          if (isLinked) await sent(bridge.scim('post', '/Users', user(email)));
          const joining = () =>
            add === 'PUT'
              ? bridge.scim('put', `/Groups/${bridge.secondId}`, group('second', [id, other]))
              : bridge.scim('patch', `/Groups/${bridge.secondId}`, adding(id, other));
          const leaving = () =>
            leave === 'DELETE'
              ? bridge.scim('delete', `/Users/${id}`)
              : bridge.scim('patch', `/Users/${id}`, stating(false));

          const played = await interleaved(bridge, at, leaveFirst ? leaving : joining, leaveFirst ? joining : leaving);

          ({ wasReached } = played);
          const left = leaveFirst ? played.first : played.second;
          expect(left.status).toBe(leave === 'DELETE' ? 204 : 200);
          expect({ at, leaveFirst, groups: bridge.sandbox.groupsOf(id) }).toEqual({ at, leaveFirst, groups: [] });
        }
      }
    },
  );

  it('a record that a waiting message knew under the account id alone keeps its wish [GR2]', async () => {
    const bridge = await startAdopting({ backEnd: 'invite', sandbox: { inviteAppears: 'never' } });
    const { id } = await sent(bridge.scim('post', '/Users', user(ADA)));
    const person = bridge.sandbox.addPerson({ email: 'hidden@example.com', emailVisible: false, access: true });
    const [other = ''] = await known(bridge, 'other@example.com');

    // The call for the first member holds the group, so that the second message, checked already, waits. Meanwhile the
    // account becomes Ada's, and Ada leaves.
    let second: Promise<Reply> | undefined;
    bridge.sandbox.faults.when({ method: 'POST', path: /userByGroupId/ }, async () => {
      second = sent(bridge.scim('patch', `/Groups/${bridge.secondId}`, adding(person.accountId)));
      await settled();
      await bridge.store.people.update(id, { accountId: person.accountId, invitedAt: undefined });
      expect((await sent(bridge.scim('patch', `/Users/${id}`, stating(false)))).status).toBe(200);
    });
    const first = await sent(bridge.scim('patch', `/Groups/${bridge.secondId}`, adding(other)));

    expect([first.status, (await second)?.status]).toEqual([204, 204]);
    expect(bridge.sandbox.groupsOf(person.accountId)).toEqual([]);
    expect(await bridge.store.holds.ofPerson(id)).toContainEqual({
      personId: id,
      groupId: bridge.secondId,
      kind: 'owed',
    });
  });
});

describe('a DELETE, and a message that puts the person into a group that grants nothing', () => {
  it.each([
    ['PATCH', true],
    ['PATCH', false],
    ['PUT', true],
    ['POST', false],
  ] as const)('leave no membership, whichever began: %s, recorded: %s [US9]', async (verb, isRecorded) => {
    const bridge = await startAdopting();
    const { id: plainId } = bridge.sandbox.addGroup({ name: 'plain' });
    const [early = '', late = ''] = await known(bridge, 'early@example.com', 'late@example.com');
    if (isRecorded) {
      await sent(bridge.scim('post', '/Users', user('early@example.com')));
      await sent(bridge.scim('post', '/Users', user('late@example.com')));
    }
    const leave = (id: string) => sent(bridge.scim('delete', `/Users/${id}`));
    const join = (id: string) => {
      if (verb === 'PATCH') return sent(bridge.scim('patch', `/Groups/${plainId}`, adding(id)));
      if (verb === 'PUT') return sent(bridge.scim('put', `/Groups/${plainId}`, group('plain', [id])));
      return sent(bridge.scim('post', '/Groups', group(`team of ${id}`, [id])));
    };

    let joined: Promise<Reply> | undefined;
    // By its first removal the DELETE has read what there is to leave.
    bridge.sandbox.faults.when({ method: 'DELETE', path: /userByGroupId/ }, async () => {
      joined = join(early);
      await settled();
    });
    const left = await leave(early);
    let leftLater: Promise<Reply> | undefined;
    bridge.sandbox.faults.when({ method: 'POST', path: /userByGroupId/ }, async () => {
      leftLater = leave(late);
      await settled();
    });
    const joinedEarlier = await join(late);

    const statuses = [left, await joined, joinedEarlier, await leftLater].map((reply) => reply?.status);
    expect({ statuses, groups: [bridge.sandbox.groupsOf(early), bridge.sandbox.groupsOf(late)] }).toEqual({
      statuses: [204, 400, { PATCH: 204, PUT: 200, POST: 201 }[verb], 204],
      groups: [[], []],
    });
  });
});
