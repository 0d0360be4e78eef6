import { describe, expect, it } from '@jest/globals';
import type supertest from 'supertest';
import { bodyOf, createGroup, detailOf, startInviting, startUsers, type UserSite } from '../provisioning/userSite.js';
import { ENTRA_TOKEN, expectScimError, OKTA_TOKEN } from '../support/bridge.js';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

interface TeamSite extends UserSite {
  readonly people: readonly [string, string, string];
  change(id: string, operations: readonly object[], token?: string): Promise<supertest.Response>;
  put(id: string, displayName: string, members: readonly string[], token?: string): Promise<supertest.Response>;
  removeGroup(id: string, token?: string): Promise<supertest.Response>;
  membersOf(id: string): readonly string[];
  owners(id: string): Promise<Readonly<Record<string, string>>>;
}

/** Two identity providers and three people of nobody's. */
async function startTeam(settings: Readonly<Record<string, string>> = {}): Promise<TeamSite> {
  const site = await startUsers({ settings, sandbox: { siteName: 'acme' } });
  const [ada, bob, eve] = ['ada', 'bob', 'eve'].map(
    (name) => site.sandbox.addPerson({ email: `${name}@example.com`, displayName: name, access: true }).accountId,
  ) as [string, string, string];
  const people = [ada, bob, eve] as const;
  await site.scan();
  site.sandbox.takeCalls();
  return {
    ...site,
    people,
    change: async (id, Operations, token = OKTA_TOKEN) =>
      site.scim('patch', `/Groups/${id}`, { schemas: [PATCH_OP], Operations }, token),
    put: async (id, displayName, members, token = OKTA_TOKEN) =>
      site.scim('put', `/Groups/${id}`, { displayName, members: members.map((value) => ({ value })) }, token),
    removeGroup: async (id, token = OKTA_TOKEN) => site.scim('delete', `/Groups/${id}`, undefined, token),
    membersOf: (id) => people.filter((person) => site.sandbox.membersOf(id).includes(person)),
    owners: async (id) => Object.fromEntries(await site.store.membershipOwners.of(id, people)),
  };
}

function add(...members: readonly string[]): object {
  return { op: 'add', path: 'members', value: members.map((value) => ({ value })) };
}

function remove(...members: readonly string[]): object {
  return { op: 'remove', path: 'members', value: members.map((value) => ({ value })) };
}

describe('a group that one identity provider has created', () => {
  it('is deleted by that one alone, whoever its members are of [SA12]', async () => {
    const site = await startTeam();
    const [ada, bob] = site.people;
    const id = await createGroup(site, 'Engineering', ada);
    expect((await site.change(id, [add(bob)], ENTRA_TOKEN)).status).toBe(204);
    site.received();

    const reply = await site.removeGroup(id, ENTRA_TOKEN);

    expectScimError(reply, 403);
    expect(detailOf(reply)).toContain('"Engineering" belongs to the identity provider "okta"');
    expect(detailOf(reply)).toContain(`confluence-scim-bridge transfer --group ${id} entra`);
    expect(site.received()).toEqual([]);
    expect((await site.audited(id)).at(-1)).toMatchObject({
      event: 'group.removed',
      decision: 'SA12',
      result: 'refused',
    });
    expect((await site.removeGroup(id)).status).toBe(204);
    expect(await site.owners(id)).toEqual({});
  });

  it('is renamed by that one alone; the whole message of another one is refused [SA12] [GR3]', async () => {
    const site = await startTeam();
    const [ada] = site.people;
    const id = await createGroup(site, 'Engineering');

    expectScimError(await site.put(id, 'Builders', [ada], ENTRA_TOKEN), 403);
    expectScimError(
      await site.change(
        id,
        [{ op: 'replace', value: { displayName: 'Builders', externalId: 'e' } }, add(ada)],
        ENTRA_TOKEN,
      ),
      403,
    );

    expect(await site.store.groups.find(id)).toMatchObject({ displayName: 'Engineering', owner: 'okta' });
    expect(await site.store.groups.externalId(id, 'entra')).toBeUndefined();
    expect(site.membersOf(id)).toEqual([]);
    expect((await site.put(id, 'Engineering', [ada], ENTRA_TOKEN)).status).toBe(200);
    expect((await site.put(id, 'Builders', [ada])).status).toBe(200);
  });

  it('is everybody’s when that one is not configured any more [SA12]', async () => {
    const site = await startTeam();
    const [ada] = site.people;
    const id = await createGroup(site, 'Engineering', ada);
    const without = await startUsers({
      settings: { SCIM_TOKENS: `entra:${ENTRA_TOKEN}` },
      store: site.store,
      site: site.sandbox,
    });
    const patch = {
      schemas: [PATCH_OP],
      Operations: [remove(ada), { op: 'replace', path: 'displayName', value: 'New' }],
    };

    expect((await without.scim('patch', `/Groups/${id}`, patch, ENTRA_TOKEN)).status).toBe(204);
    expect((await without.scim('delete', `/Groups/${id}`, undefined, ENTRA_TOKEN)).status).toBe(204);
  });
});

describe('a group that was there before', () => {
  it('belongs to the first that writes to it, is released by it alone, and then free for the next [SA12] [GR1]', async () => {
    const site = await startTeam({ ADOPT_GROUPS: 'red' });
    const [ada, bob] = site.people;
    const { id } = site.sandbox.addGroup({ name: 'red' });
    site.sandbox.addMember(id, bob);
    await site.scan();

    expect((await site.change(id, [add(ada)], ENTRA_TOKEN)).status).toBe(204);
    expect(await site.store.groups.find(id)).toMatchObject({ owner: 'entra', origin: 'adopted' });
    expectScimError(await site.removeGroup(id), 403);
    expectScimError(await site.put(id, 'Rot', [ada, bob]), 403);
    expect((await site.removeGroup(id, ENTRA_TOKEN)).status).toBe(204);

    expect(bodyOf(await site.scim('post', '/Groups', { displayName: 'red' })).id).toBe(id);
    expect(await site.store.groups.find(id)).toMatchObject({ owner: 'okta' });
    expect((await site.change(id, [remove(ada)])).status).toBe(204);
    expectScimError(await site.removeGroup(id, ENTRA_TOKEN), 403);
  });

  it('when two take it up at once belongs to one of them, and only that one renames it [SA12]', async () => {
    const site = await startTeam({ ADOPT_GROUPS: 'red' });
    const { id } = site.sandbox.addGroup({ name: 'red' });
    await site.scan();

    const replies = await Promise.all([site.put(id, 'Rot', []), site.put(id, 'Rouge', [], ENTRA_TOKEN)]);

    expect(replies.map(({ status }) => status).sort()).toEqual([200, 403]);
    const link = await site.store.groups.find(id);
    expect(link).toMatchObject(
      replies[0].status === 200 ? { owner: 'okta', displayName: 'Rot' } : { owner: 'entra', displayName: 'Rouge' },
    );
  });
});

describe('a member whom one identity provider has put there', () => {
  it.each<[string, (ada: string) => object]>([
    ['a value list', (ada) => remove(ada)],
    ['a filter on the value', (ada) => ({ op: 'remove', path: `members[value eq "${ada}"]` })],
    ['a filter that matches', () => ({ op: 'remove', path: 'members[value pr]' })],
    ['no value, which is everybody', () => ({ op: 'remove', path: 'members' })],
  ])(
    'is not removed by another one that names the person by %s, nor is anybody else [SA12] [GR6]',
    async (_name, op) => {
      const site = await startTeam();
      const [ada, bob, eve] = site.people;
      const id = await createGroup(site, 'Engineering', ada);
      expect((await site.change(id, [add(bob)], ENTRA_TOKEN)).status).toBe(204);
      site.received();

      const reply = await site.change(id, [remove(bob), op(ada), add(eve)], ENTRA_TOKEN);

      expectScimError(reply, 403);
      expect(detailOf(reply)).toContain(
        `${JSON.stringify(ada)}, whom the identity provider "okta" put into this group`,
      );
      expect(site.received('writes')).toEqual([]);
      expect(site.membersOf(id)).toEqual([ada, bob]);
      expect(await site.owners(id)).toEqual({ [ada]: 'okta', [bob]: 'entra' });
      expect((await site.audited(id)).at(-1)).toMatchObject({ caller: 'entra', decision: 'SA12', result: 'refused' });
      expect((await site.change(id, [remove(ada)])).status).toBe(204);
    },
  );

  it('costs no call when a removal by another one is refused [SA12]', async () => {
    const site = await startTeam();
    const [ada, bob, eve] = site.people;
    const id = await createGroup(site, 'Engineering', ada, bob, eve);
    site.received();

    expectScimError(await site.change(id, [remove(ada, bob, eve)], ENTRA_TOKEN), 403);

    expect(site.received()).toEqual([]);
  });

  it.each<[string, (site: TeamSite, id: string, list: readonly string[]) => Promise<supertest.Response>]>([
    ['PUT', (site, id, list) => site.put(id, 'Engineering', list, ENTRA_TOKEN)],
    [
      'replace',
      (site, id, list) =>
        site.change(id, [{ op: 'replace', path: 'members', value: list.map((value) => ({ value })) }], ENTRA_TOKEN),
    ],
  ])('stays, audited, when another one leaves the person out by %s [SA12] [GR7]', async (_name, state) => {
    const site = await startTeam();
    const [ada, bob, eve] = site.people;
    const id = await createGroup(site, 'Engineering', ada);
    await site.change(id, [add(bob)], ENTRA_TOKEN);

    expect((await state(site, id, [eve])).status).toBeLessThan(300);

    expect(site.membersOf(id)).toEqual([ada, eve]);
    expect(await site.owners(id)).toEqual({ [ada]: 'okta', [eve]: 'entra' });
    expect(await site.audited(ada)).toContainEqual(
      expect.objectContaining({ event: 'group.memberKept', object: id, decision: 'SA12', note: 'Kept there by okta.' }),
    );
    expect((await site.put(id, 'Engineering', [])).status).toBe(200);
    expect(site.membersOf(id)).toEqual([eve]);
  });

  it('has a line of its own in the audit, unless very many are left out at once [SA12] [SA10]', async () => {
    const site = await startTeam();
    const crowd = Array.from(
      { length: 25 },
      (_, n) => site.sandbox.addPerson({ email: `p${n}@example.com`, displayName: `P ${n}`, access: true }).accountId,
    );
    await site.scan();
    const id = await createGroup(site, 'Engineering', ...crowd);

    expect((await site.put(id, 'Engineering', [], ENTRA_TOKEN)).status).toBe(200);

    expect(site.sandbox.membersOf(id)).toHaveLength(25);
    const lines = (await site.audited()).filter(
      ({ event }) => event.startsWith('group.member') && event.endsWith('Kept'),
    );
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toMatchObject({
      event: 'group.membersKept',
      subject: id,
      note: expect.stringMatching(/: 5 more/),
    });
  });

  it('is shown by a PUT that leaves the person out, as it is [SA12]', async () => {
    const site = await startTeam();
    const [ada, bob] = site.people;
    const id = await createGroup(site, 'Engineering', ada);

    const reply = await site.put(id, 'Engineering', [bob], ENTRA_TOKEN);

    const { members } = reply.body as { members: readonly { readonly value: string }[] };
    expect(members.map(({ value }) => value).sort()).toEqual([ada, bob].sort());
  });

  it.each<[string, (site: TeamSite, id: string, ada: string) => Promise<supertest.Response>]>([
    ['added again', (site, id, ada) => site.change(id, [add(ada)], ENTRA_TOKEN)],
    ['named in a list', (site, id, ada) => site.put(id, 'Engineering', [ada], ENTRA_TOKEN)],
  ])('belongs to another one that has the person %s [SA12]', async (_name, state) => {
    const site = await startTeam();
    const [ada] = site.people;
    const id = await createGroup(site, 'Engineering', ada);

    expect((await state(site, id, ada)).status).toBeLessThan(300);

    expect(await site.owners(id)).toEqual({ [ada]: 'entra' });
    expectScimError(await site.change(id, [remove(ada)]), 403);
    expect((await site.change(id, [remove(ada)], ENTRA_TOKEN)).status).toBe(204);
    expect(await site.owners(id)).toEqual({});
  });

  it('costs another one that adds the person again nothing more than its owner [SA12] [GR5]', async () => {
    const site = await startTeam();
    const [ada] = site.people;
    const id = await createGroup(site, 'Engineering', ada);
    site.received();
    await site.change(id, [add(ada)]);
    const own = site.received();

    await site.change(id, [add(ada)], ENTRA_TOKEN);

    expect(site.received()).toEqual(own);
  });

  it('keeps the owner when adding the person failed [SA12]', async () => {
    const site = await startTeam();
    const [ada, bob] = site.people;
    const id = await createGroup(site, 'Engineering', ada);
    site.clock.advance(11 * 60_000);
    site.sandbox.faults.always({ method: 'POST', path: /userByGroupId/, status: 500 });

    expect((await site.change(id, [add(ada)], ENTRA_TOKEN)).status).toBe(503);
    expect((await site.change(id, [add(bob)], ENTRA_TOKEN)).status).toBe(503);

    expect(await site.owners(id)).toEqual({ [ada]: 'okta' });
  });

  it('is owed while invited or inactive, for the one that asked, and comes back with reactivation [SA12] [GR4]', async () => {
    const site = await startTeam();
    const [, bob] = site.people;
    const ada = (await site.created({ userName: 'ada@example.com' })).id;
    const id = await createGroup(site, 'Engineering', bob);
    await site.state(ada, false);
    expect((await site.change(id, [add(ada)])).status).toBe(204);

    expectScimError(await site.change(id, [remove(ada)], ENTRA_TOKEN), 403);
    expect((await site.put(id, 'Engineering', [bob], ENTRA_TOKEN)).status).toBe(200);
    await site.state(ada, true);

    expect(site.membersOf(id)).toEqual([ada, bob]);
    expectScimError(await site.change(id, [remove(ada)], ENTRA_TOKEN), 403);
    expect((await site.change(id, [remove(ada)])).status).toBe(204);
    expect(site.membersOf(id)).toEqual([bob]);
  });

  it('keeps the owner when an invited person turns out to be that member [SA12] [US5]', async () => {
    const site = await startInviting();
    const { id } = bodyOf(await site.create());
    const { accountId } = site.sandbox.addPerson({ email: 'countess@example.com', access: true });
    await site.scan();
    const group = await createGroup(site, 'Engineering', accountId);
    site.sandbox.updatePerson(accountId, { email: 'ada@example.com' });
    await site.scan();
    expect(await site.link(id)).toMatchObject({ accountId });

    const removal = { schemas: [PATCH_OP], Operations: [remove(id)] };
    expectScimError(await site.scim('patch', `/Groups/${group}`, removal, ENTRA_TOKEN), 403);

    expect(site.sandbox.membersOf(group)).toEqual([accountId]);
    expect((await site.scim('patch', `/Groups/${group}`, removal)).status).toBe(204);
  });

  it('that nobody put there through the bridge is removed by anybody [SA12]', async () => {
    const site = await startTeam({ ADOPT_GROUPS: 'red' });
    const [ada] = site.people;
    const { id } = site.sandbox.addGroup({ name: 'red' });
    site.sandbox.addMember(id, ada);
    await site.scan();
    await site.change(id, [{ op: 'add', path: 'externalId', value: 'r' }]);

    expect((await site.change(id, [remove(ada)], ENTRA_TOKEN)).status).toBe(204);
  });

  it('is forgotten with the DELETE of somebody whom no record names, too [SA12] [US9]', async () => {
    const site = await startTeam();
    const [ada] = site.people;
    const id = await createGroup(site, 'Engineering', ada);

    expect((await site.remove(ada, ENTRA_TOKEN)).status).toBe(204);

    expect(site.membersOf(id)).toEqual([]);
    expect(await site.owners(id)).toEqual({});
  });

  it('is forgotten with the DELETE of the person [SA12] [US9]', async () => {
    const site = await startTeam();
    const [ada] = site.people;
    const id = await createGroup(site, 'Engineering', ada);
    await site.state(ada, true);

    expect((await site.remove(ada)).status).toBe(204);

    expect(await site.owners(id)).toEqual({});
  });
});

describe('the last group that gives access', () => {
  /** Ada, active by okta, in the granting group that both may change. */
  async function startGranting() {
    const site = await startTeam({ ADOPT_GROUPS: 'confluence-users-acme' });
    const { id, name } = site.sandbox.groups.access;
    const [ada] = site.people;
    expect((await site.state(ada, true)).status).toBe(200);
    return { ...site, ada, granting: { id, name } };
  }

  it('of a person of another identity provider is not taken by a removal, and stays when left out of a list [SA12] [GR2]', async () => {
    const site = await startGranting();
    const { ada, granting, sandbox } = site;
    const [, bob] = site.people;

    const reply = await site.change(granting.id, [remove(ada)], ENTRA_TOKEN);

    expectScimError(reply, 403);
    expect(detailOf(reply)).toContain('"okta" gave the access that would be lost with this group');
    expect(detailOf(reply)).toContain(`transfer ${ada} entra`);
    expect((await site.put(granting.id, granting.name, [bob], ENTRA_TOKEN)).status).toBe(200);
    expect(sandbox.membersOf(granting.id)).toContain(ada);
    expect((await site.audited(ada)).at(-1)).toMatchObject({ event: 'group.memberKept', decision: 'SA12' });
  });

  it('is no longer the last with another granting group, and then goes with a removal [SA12] [GR2]', async () => {
    const site = await startGranting();
    const { ada, granting, sandbox } = site;
    const second = sandbox.addGroup({ name: 'second', grants: 'user' });
    sandbox.addMember(second.id, ada);
    await site.scan();

    expect((await site.change(granting.id, [remove(ada)], ENTRA_TOKEN)).status).toBe(204);

    expect(sandbox.membersOf(granting.id)).not.toContain(ada);
  });

  it('is kept when another one leaves two of them side by side [SA12] [GR2]', async () => {
    const site = await startTeam({ ADOPT_GROUPS: 'confluence-users-acme,second' });
    const [ada] = site.people;
    const second = site.sandbox.addGroup({ name: 'second', grants: 'user' });
    site.sandbox.addMember(second.id, ada);
    await site.scan();
    expect((await site.state(ada, true)).status).toBe(200);

    const groups = [site.sandbox.groups.access.id, second.id];
    const replies = await Promise.all(groups.map((id) => site.change(id, [remove(ada)], ENTRA_TOKEN)));

    expect(replies.map(({ status }) => status).sort()).toEqual([204, 403]);
    expect(groups.filter((id) => site.sandbox.membersOf(id).includes(ada))).toHaveLength(1);
  });

  it('goes with a removal by the one that deactivated the person, whoever put a leaver there [SA12] [SA9]', async () => {
    const site = await startTeam({ ADOPT_GROUPS: 'second' });
    const [ada] = site.people;
    const second = site.sandbox.addGroup({ name: 'second', grants: 'user' });
    await site.scan();
    expect((await site.state(ada, true)).status).toBe(200);
    expect((await site.change(second.id, [add(ada)], ENTRA_TOKEN)).status).toBe(204);
    expect((await site.state(ada, false)).status).toBe(200);
    expect((await site.change(second.id, [remove(ada)])).status).toBe(403);
    site.clock.advance(11 * 60_000);
    site.sandbox.addMember(second.id, ada);
    await site.scan();

    expect((await site.change(second.id, [remove(ada)])).status).toBe(204);

    expect(site.sandbox.groupsOf(ada)).not.toContain(second.id);
    expect(await site.owners(second.id)).toEqual({});
  });

  it('is not deleted by its owner while a person of another identity provider has no other access [SA12] [GR2]', async () => {
    const site = await startTeam({ ADOPT_GROUPS: 'readers' });
    const [ada] = site.people;
    const id = await createGroup(site, 'readers', ada);
    expect((await site.state(ada, true, ENTRA_TOKEN)).status).toBe(200);
    site.sandbox.updateGroup(id, { grants: 'user' });
    site.sandbox.removeMember(site.sandbox.groups.access.id, ada);
    site.clock.advance(11 * 60_000);
    await site.scan();
    site.received();

    const reply = await site.removeGroup(id);

    expectScimError(reply, 403);
    expect(detailOf(reply)).toContain(`the user ${ada}, whom the identity provider "entra" made active`);
    expect(detailOf(reply)).toContain(`confluence-scim-bridge transfer ${ada} okta`);
    expect(site.received('writes')).toEqual([]);
    expect(site.sandbox.groupsOf(ada)).toEqual([id]);

    expect((await site.state(ada, false, ENTRA_TOKEN)).status).toBe(200);
    expect((await site.removeGroup(id)).status).toBe(204);
  });
});
