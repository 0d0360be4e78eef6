import { describe, expect, it } from '@jest/globals';
import type supertest from 'supertest';
import { createGroup, startUsers, type UserSite } from '../provisioning/userSite.js';
import { ENTRA_TOKEN, OKTA_TOKEN } from '../support/bridge.js';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const ROUNDS = 20;
const MESSAGES = 10;

/** Numbers that look random and are the same in every run (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** One identity provider sends one message after the other; two of them do not wait for each other. */
async function bothAtOnce(send: (token: string, turn: number) => Promise<void>): Promise<void> {
  await Promise.all(
    [OKTA_TOKEN, ENTRA_TOKEN].map(async (token) => {
      for (let turn = 0; turn < MESSAGES; turn += 1) await send(token, turn);
    }),
  );
}

interface Ask {
  readonly wantsAccess: boolean;
  readonly send: (site: UserSite, id: string, token: string) => Promise<supertest.Response>;
}

function stating(wantsAccess: boolean): readonly Ask[] {
  const put = { schemas: [USER], active: wantsAccess };
  return [
    { wantsAccess, send: (site, id, token) => site.state(id, wantsAccess, token) },
    {
      wantsAccess,
      send: (site, id, token) => site.replace(id, { ...put, userName: site.sandbox.person(id).email }, token),
    },
    {
      wantsAccess,
      send: async (site, id, token) => {
        const { email } = site.sandbox.person(id);
        const user = { ...put, userName: `${token.slice(0, 4)}.${email}`, emails: [{ value: email }] };
        return site.scim('post', '/Users', user, token);
      },
    },
  ];
}

const ASKS: readonly Ask[] = [
  ...stating(true),
  ...stating(true),
  ...stating(false),
  { wantsAccess: false, send: (site, id, token) => site.remove(id, token) },
];

describe('two identity providers that disagree', () => {
  it('about a person leave what one of them asked for last, in the record and in Confluence [SA12] [US2]', async () => {
    const site = await startUsers({ settings: { ACCESS_LOSS_LIMIT: 'off' } });
    const people = Array.from({ length: ROUNDS }, (_, n) =>
      site.sandbox.addPerson({ email: `p${n}@example.com`, displayName: `Person ${n}`, access: true }),
    );
    await site.scan();
    const statuses = new Set<number>();
    for (const [round, { accountId: id }] of people.entries()) {
      const next = numbers(round);
      const last = new Map<string, boolean>();

      await bothAtOnce(async (token) => {
        const ask = ASKS[next(ASKS.length)];
        if (ask === undefined) return;
        const { status } = await ask.send(site, id, token);
        statuses.add(status);
        if (status < 300) last.set(token, ask.wantsAccess);
      });

      const has = site.sandbox.groupsOf(id).includes(site.sandbox.groups.access.id);
      const link = await site.link(id);
      expect({ round, asked: [...last.values()] }).toEqual({ round, asked: expect.arrayContaining([has]) });
      expect({ round, wanted: link?.wanted ?? 'inactive' }).toEqual({ round, wanted: has ? 'active' : 'inactive' });
      if (has) {
        const owner = link?.owner === 'okta' ? OKTA_TOKEN : ENTRA_TOKEN;
        expect({ round, ownerAsked: last.get(owner) }).toEqual({ round, ownerAsked: true });
      }
    }
    expect([...statuses].sort()).toEqual(expect.arrayContaining([200, 201, 204, 403]));
    expect(Math.max(...statuses)).toBeLessThan(500);
  }, 120_000);

  it('about the members of a group leave each where one of them put the person last [SA12] [GR5]', async () => {
    const site = await startUsers({ settings: { GROUP_REMOVAL_LIMIT: 'off' } });
    const people = Array.from(
      { length: 4 },
      (_, n) =>
        site.sandbox.addPerson({ email: `p${n}@example.com`, displayName: `Person ${n}`, access: true }).accountId,
    );
    await site.scan();
    const statuses = new Set<number>();
    for (let round = 0; round < ROUNDS / 2; round += 1) {
      const id = await createGroup(site, `Team ${round}`);
      const next = numbers(1000 + round);
      const last = new Map<string, Map<string, boolean>>(people.map((person) => [person, new Map()]));
      const note = (token: string, isIn: boolean, some: readonly string[]): void =>
        some.forEach((person) => last.get(person)?.set(token, isIn));

      await bothAtOnce(async (token) => {
        const named = people.filter(() => next(2) === 0);
        const value = named.map((member) => ({ value: member }));
        const kind = next(4);
        const path = 'members';
        const op =
          kind === 0
            ? { op: 'remove', path, value }
            : kind === 1
              ? { op: 'replace', path, value }
              : kind === 2 && next(3) === 0
                ? { op: 'remove', path }
                : { op: 'add', path, value };
        const body = { schemas: [PATCH_OP], Operations: [op] };
        const { status } = await site.scim('patch', `/Groups/${id}`, body, token);
        statuses.add(status);
        if (status >= 300) return;
        const listed = op.op === 'replace' || !('value' in op);
        if (listed) note(token, false, people);
        if (op.op === 'remove' && 'value' in op) note(token, false, named);
        else if ('value' in op) note(token, true, named);
      });

      for (const person of people) {
        const isIn = site.sandbox.membersOf(id).includes(person);
        const asked = [...(last.get(person)?.values() ?? [])];
        expect({ round, asked: asked.length === 0 ? [false] : asked }).toEqual({
          round,
          asked: expect.arrayContaining([isIn]),
        });
        const owner = (await site.store.membershipOwners.of(id, [person])).get(person);
        expect({ round, isOwned: owner !== undefined }).toEqual({ round, isOwned: isIn });
      }
    }
    expect(statuses).toEqual(new Set([204, 403]));
  }, 120_000);

  it('one by people, the other by a group that gives access, too, leave nobody in whom one took out, nor out whom the other keeps [SA12] [GR2]', async () => {
    const site = await startUsers({
      settings: { ADOPT_GROUPS: 'second', ACCESS_LOSS_LIMIT: 'off', GROUP_REMOVAL_LIMIT: 'off' },
    });
    const people = Array.from(
      { length: 4 },
      (_, n) => site.sandbox.addPerson({ email: `p${n}@example.com`, access: true }).accountId,
    );
    const { id: group } = site.sandbox.addGroup({ name: 'second', grants: 'user' });
    await site.scan();
    const granting = [group, site.sandbox.groups.access.id];
    const statuses = new Set<number>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const next = numbers(2000 + round);

      await bothAtOnce(async (token) => {
        const person = people[next(people.length)] ?? '';
        if (token === OKTA_TOKEN || next(2) === 0) {
          statuses.add((await site.state(person, next(2) === 0, token)).status);
          return;
        }
        const value = people.filter(() => next(2) === 0).map((member) => ({ value: member }));
        const op = ['add', 'remove', 'replace'][next(3)];
        const body = { schemas: [PATCH_OP], Operations: [{ op, path: 'members', value }] };
        statuses.add((await site.scim('patch', `/Groups/${group}`, body, token)).status);
      });

      for (const id of people) {
        const link = await site.link(id);
        const has = site.sandbox.groupsOf(id).some((groupId) => granting.includes(groupId));
        if (link?.wanted === 'inactive') expect({ round, has }).toEqual({ round, has: false });
        if (link?.wanted === 'active' && link.owner === 'okta') expect({ round, has }).toEqual({ round, has: true });
      }
    }
    expect(Math.max(...statuses)).toBeLessThan(500);
  }, 120_000);
});
