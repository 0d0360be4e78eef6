import { describe, expect, it } from '@jest/globals';
import type { BackEnd } from '../../src/provisioning/directory.js';
import { expectScimError } from '../support/bridge.js';
import { ADA, ada, bodyOf, startUsers, type UserSite, detailOf } from './userSite.js';

const REMOVAL = { method: 'DELETE', path: /userByGroupId/ };

/** Ada in the access group, in a group the bridge created, in one it adopted by name, and in one it has nothing to do with. */
async function startWithGroups(): Promise<{ site: UserSite; id: string; foreign: string; managed: string[] }> {
  const site = await startUsers({
    settings: { ADOPT_GROUPS: 'engineering' },
    sandbox: { seed: { groups: [{ name: 'engineering' }, { name: 'chess' }] } },
  });
  const { id } = await site.created();
  const created = await site.scim('post', '/Groups', { displayName: 'Design', members: [{ value: id }] });
  const engineering = site.sandbox.findGroupByName('engineering')?.id ?? '';
  await site.scim('patch', `/Groups/${engineering}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'add', path: 'members', value: [{ value: id }] }],
  });
  const foreign = site.sandbox.findGroupByName('chess')?.id ?? '';
  site.sandbox.addMember(foreign, id);
  site.received();
  return { site, id, foreign, managed: [bodyOf(created).id, engineering] };
}

describe('DELETE', () => {
  it('leaves granting and managed groups and no other, with one read and one call a group; then the id is 404 [US9]', async () => {
    const { site, id, foreign, managed } = await startWithGroups();
    for (const groupId of managed) expect(site.sandbox.groupsOf(id)).toContain(groupId);

    const reply = await site.remove(id);

    expect(reply.status).toBe(204);
    expect(site.received()).toEqual([
      'confluence.listMemberships',
      'confluence.removeMember',
      'confluence.removeMember',
      'confluence.removeMember',
    ]);
    expect(site.sandbox.groupsOf(id)).toEqual([foreign]);
    expectScimError(await site.get(id), 404);
    expectScimError(await site.remove(id), 404);
    expectScimError(await site.state(id, true), 404);
    expectScimError(await site.replace(id, ada()), 404);
    expect(await site.find(`userName eq "${ADA}"`)).toEqual([]);
    expect(await site.find('externalId eq "okta-ada"')).toEqual([]);
    expect(site.sandbox.groupsOf(id)).toEqual([foreign]);
  });

  it('deletes no Atlassian account, and the person can be created again [US9]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    await site.remove(id);
    expect(site.sandbox.person(id)).toMatchObject({ accountStatus: 'active', inDirectory: true });

    expect(bodyOf(await site.create())).toMatchObject({ id, active: true });
    expect(await site.store.tombstones.findByAccount(id)).toEqual([]);
  });

  it('stays 404 while reads lag, in lists too [US9] [US2]', async () => {
    const site = await startUsers({ sandbox: { lag: { ms: 60_000, reads: 0 } } });
    const { id } = await site.created();
    site.clock.advance(61_000);
    await site.scan();

    expect((await site.remove(id)).status).toBe(204);

    expectScimError(await site.get(id), 404);
    await site.scan();
    expectScimError(await site.get(id), 404);
    expect(await site.find(`id eq "${id}"`)).toEqual([]);
    const list = (await site.scim('get', '/Users')).body as { Resources: { id: string }[] };
    expect(list.Resources.map((user) => user.id)).not.toContain(id);
  });

  it('is 409 that names a granting group nobody can be taken out of; the rest is left, the link stays [US9]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    site.sandbox.addMember(site.sandbox.groups.admins.id, id);

    const reply = await site.remove(id);

    expectScimError(reply, 409);
    expect(detailOf(reply)).toContain('"confluence-admins-sandbox"');
    expect(site.sandbox.groupsOf(id)).toEqual([site.sandbox.groups.admins.id]);
    expect(await site.link(id)).toMatchObject({ wanted: 'inactive' });
    expect((await site.get(id)).status).toBe(200);

    site.sandbox.removeMember(site.sandbox.groups.admins.id, id);
    expect((await site.remove(id)).status).toBe(204);
  });

  it('is not stopped by a managed group that cannot be left and grants nothing [US9]', async () => {
    const { site, id, managed } = await startWithGroups();
    site.sandbox.faults.always({ ...REMOVAL, path: new RegExp(`groupId=${managed[0] ?? ''}`), status: 403 });

    expect((await site.remove(id)).status).toBe(204);
    expect(site.sandbox.groupsOf(id)).not.toContain(site.sandbox.groups.access.id);
  });

  it('keeps the link and the wish through an outage, and the repeat finishes [US9] [SA6]', async () => {
    const { site, id } = await startWithGroups();
    site.sandbox.faults.always({ ...REMOVAL, status: 503 });
    expectScimError(await site.remove(id), 503);
    expect(await site.link(id)).toMatchObject({ wanted: 'inactive' });

    site.sandbox.faults.clear();
    expect((await site.remove(id)).status).toBe(204);
    expectScimError(await site.get(id), 404);
  });

  it('that stopped half-way is undone by a reactivation, which gives back every group that was left [US9] [US8]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    const { id: second } = site.sandbox.addGroup({ name: 'second', grants: 'user' });
    site.sandbox.addMember(second, id);
    await site.scan();
    site.sandbox.faults.always({ ...REMOVAL, path: /groupId=/, kind: 'error-after', status: 503 });
    expectScimError(await site.remove(id), 503);
    expect(site.sandbox.groupsOf(id)).toEqual([]);

    site.sandbox.faults.clear();
    expect((await site.state(id, true)).status).toBe(200);
    expect(new Set(site.sandbox.groupsOf(id))).toEqual(new Set([site.sandbox.groups.access.id, second]));
  });

  it('is 204 for an account that is gone upstream already [US9]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    site.sandbox.closeAccount(id);

    expect((await site.remove(id)).status).toBe(204);
    expectScimError(await site.get(id), 404);
  });

  it('is 503 when the credential sees nothing any more: no tombstone for what was not left [SA2]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    const body = { results: [], start: 0, limit: 200, size: 0, _links: {} };
    site.sandbox.faults.always({ path: /memberof|membersByGroupId/, status: 200, body });

    expectScimError(await site.remove(id), 503);
    site.sandbox.faults.clear();
    expect((await site.get(id)).status).toBe(200);
  });

  it('takes the access of a person nobody linked [US9]', async () => {
    const site = await startUsers();
    const { accountId } = await site.known();

    expect((await site.remove(accountId)).status).toBe(204);
    expect(site.sandbox.groupsOf(accountId)).toEqual([]);
    expectScimError(await site.get(accountId), 404);
    expectScimError(await site.remove(accountId), 404);
    expect((await site.audited(accountId)).map(({ event, result }) => [event, result])).toEqual([
      ['group.memberRemoved', 'done'],
      ['user.deprovisioned', 'done'],
    ]);
  });

  it('of a deactivated person leaves the groups the identity provider still lists [US9] [GR4]', async () => {
    const { site, id, foreign } = await startWithGroups();
    await site.state(id, false);

    expect((await site.remove(id)).status).toBe(204);
    expect(site.sandbox.groupsOf(id)).toEqual([foreign]);
  });

  it.each(['organization', 'jira', 'invite'] as BackEnd[])(
    'of a person recorded without an account needs nothing upstream (%s) [US9]',
    async (backEnd) => {
      const site = await startUsers({ backEnd });
      const { id } = await site.created({ active: false });

      expect((await site.remove(id)).status).toBe(204);
      expect(site.received('writes')).toEqual([]);
      expectScimError(await site.get(id), 404);
    },
  );
});
