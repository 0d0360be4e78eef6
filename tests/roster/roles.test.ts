import { describe, expect, it } from '@jest/globals';
import type { Group, GroupRole } from '../../src/sandbox/state.js';
import {
  type BridgeOptions,
  expectScimError,
  operations,
  startTestBridge,
  type TestBridge,
} from '../support/bridge.js';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const HOUR_MS = 60 * 60 * 1000;
const JIRA_ADMIN: GroupRole = {
  resourceId: 'ari:cloud:jira-software::site/another',
  resourceOwner: 'jira-software',
  role: 'atlassian/admin',
};
const JIRA_USER: GroupRole = { ...JIRA_ADMIN, role: 'atlassian/user' };

const roleReads = ({ sandbox }: TestBridge): number =>
  operations(sandbox).filter((operation) => operation === 'organization.listGroupRoles').length;

const path = (id: string): string => encodeURIComponent(id);

function add(bridge: TestBridge, groupId: string, accountId: string) {
  return bridge.scim('patch', `/Groups/${groupId}`, {
    schemas: [PATCH_OP],
    Operations: [{ op: 'add', path: 'members', value: [{ value: accountId }] }],
  });
}

function state(bridge: TestBridge, id: string, active: boolean) {
  return bridge.scim('patch', `/Users/${path(id)}`, {
    schemas: [PATCH_OP],
    Operations: [{ op: 'replace', value: { active } }],
  });
}

/** A site with a group that grants access though Confluence does not list it, and Ada in that group alone. */
async function startUnlisted(options: BridgeOptions = {}) {
  const bridge = await startTestBridge({ settings: { ADOPT_GROUPS: 'wiki-readers' }, scan: false, ...options });
  const { sandbox } = bridge;
  const group = sandbox.addGroup({ name: 'wiki-readers', grants: 'user', isListed: false });
  const ada = sandbox.addPerson({ email: 'ada@example.com' });
  sandbox.addMember(group.id, ada.accountId);
  await bridge.scan();
  return { bridge, sandbox, group, ada };
}

describe('role assignments of groups', () => {
  it('make a granting group of one that Confluence does not list: its members are users, and leavers leave it [SA1]', async () => {
    const { bridge, sandbox, group, ada } = await startUnlisted({
      settings: { ADOPT_GROUPS: 'wiki-readers', CONFLUENCE_ACCESS_GROUPS: 'confluence-users-sandbox' },
    });
    expect((await bridge.scim('get', `/Users/${path(ada.accountId)}`)).body).toMatchObject({ active: true });

    const reply = await state(bridge, ada.accountId, false);

    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ active: false });
    expect(sandbox.groupsOf(ada.accountId)).not.toContain(group.id);

    await state(bridge, ada.accountId, true);
    expect(sandbox.groupsOf(ada.accountId)).toEqual([group.id]);
  });

  it('that cannot be read leave the granting groups as they are known [SA2]', async () => {
    const { bridge, sandbox, group, ada } = await startUnlisted();
    sandbox.options.rolesReadable = false;
    bridge.clock.advance(2 * HOUR_MS);
    await bridge.scan();

    expect((await bridge.app.deps.roster.access(bridge.call())).granting.has(group.id)).toBe(true);
    expect((await bridge.store.index.person(ada.accountId))?.grantingGroupIds).toEqual([group.id]);
    expect(bridge.logs).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringMatching(/Role assignments/) }),
    );
  });

  it('that are nowhere to be seen are not believed to be none [SA2]', async () => {
    const { bridge, sandbox, group } = await startUnlisted();
    sandbox.faults.always({
      method: 'GET',
      path: /role-assignments/,
      status: 200,
      body: { data: [], links: { next: null } },
    });
    bridge.clock.advance(2 * HOUR_MS);
    await bridge.scan();

    expect((await bridge.store.roles.ofGroups()).get(group.id)?.roles).toHaveLength(1);
    expect((await bridge.store.index.group(group.id))?.accessTypes).toEqual(['user']);
  });

  it('that a later scan does not find any more take the grant with them [SA1]', async () => {
    const { bridge, sandbox, group, ada } = await startUnlisted();
    sandbox.updateGroup(group.id, { grants: undefined });
    await bridge.scan();

    expect((await bridge.store.index.group(group.id))?.accessTypes).toEqual([]);
    expect(await bridge.store.index.person(ada.accountId)).toBeUndefined();
  });

  it('of a group that was deleted are forgotten with it [SA1]', async () => {
    const { bridge, sandbox, group } = await startUnlisted();
    sandbox.deleteGroup(group.id);
    await bridge.scan();

    expect((await bridge.store.roles.ofGroups()).has(group.id)).toBe(false);
  });

  it('are asked for once an hour, and for a bounded number of groups a scan [LI1]', async () => {
    const names = Array.from({ length: 120 }, (_, n) => ({ name: `team-${n}` }));
    const bridge = await startTestBridge({
      settings: { ADOPT_GROUPS: 'team-*' },
      sandbox: { seed: { groups: names } },
      scan: false,
    });
    const counts: number[] = [];
    for (let scan = 0; scan < 5; scan += 1) {
      bridge.sandbox.takeCalls();
      await bridge.scan();
      counts.push(roleReads(bridge));
    }

    expect(counts).toEqual([50, 50, 25, 0, 0]);
    expect((await bridge.store.roles.ofGroups()).size).toBe(123);
    bridge.clock.advance(HOUR_MS);
    bridge.sandbox.takeCalls();
    await bridge.scan();
    expect(roleReads(bridge)).toBe(50);
  });

  it('are asked for by scans only, never by a request, and not without an organization key [LI1]', async () => {
    const { bridge, sandbox, group, ada } = await startUnlisted();
    sandbox.takeCalls();
    await state(bridge, ada.accountId, false);
    await add(bridge, group.id, ada.accountId);
    await bridge.scim('get', '/Groups');
    expect(roleReads(bridge)).toBe(0);

    const invite = await startTestBridge({ backEnd: 'invite', scan: false });
    await invite.scan();
    expect(roleReads(invite)).toBe(0);
  });

  it('decide where Atlassian gives one list for every kind of access [SA1]', async () => {
    const bridge = await startTestBridge({ sandbox: { ignoresAccessType: true } });
    const { admins, access, siteAdmins } = bridge.sandbox.groups;

    const { accessGroups, granting } = await bridge.app.deps.roster.access(bridge.call());

    expect(accessGroups.map(({ id }) => id)).toEqual([access.id]);
    expect([...granting.keys()].sort()).toEqual([access.id, admins.id, siteAdmins.id].sort());
  });

  it('that are not known leave one list for every kind of access unbelieved [SA1]', async () => {
    const bridge = await startTestBridge({ sandbox: { ignoresAccessType: true, rolesReadable: false }, scan: false });

    await expect(bridge.scan()).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/same groups for the use and for the administration/),
    });
  });
});

describe('role assignments that decide what grants access', () => {
  it('are believed for a day only, whatever they are: a group that came to grant since is not left out [SA1] [SA2]', async () => {
    const bridge = await startTestBridge({ sandbox: { ignoresAccessType: true }, scan: false });
    const { sandbox } = bridge;
    // Nowhere "no roles", which is good for a day in any case.
    for (const { id } of Object.values<Group>({ ...sandbox.groups }))
      sandbox.updateGroup(id, { otherRoles: [JIRA_USER] });
    await bridge.scan();
    sandbox.options.rolesReadable = false;

    bridge.clock.advance(23 * HOUR_MS);
    await bridge.scan();
    bridge.clock.advance(2 * HOUR_MS);

    await expect(bridge.scan()).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/same groups for the use and for the administration/),
    });
  });
});

describe('a group that grants administration by its roles', () => {
  it.each([
    ['of another app', JIRA_ADMIN],
    ['of who may use an app', { ...JIRA_ADMIN, role: 'atlassian/user-access-admin' }],
  ])('%s is never changed by SCIM, under whatever name [GR1]', async (_, role) => {
    const bridge = await startTestBridge({
      settings: { ADOPT_GROUPS: 'helpers' },
      sandbox: {
        seed: {
          groups: [{ name: 'helpers', otherRoles: [role] }],
          people: [{ email: 'ada@example.com', access: true }],
        },
      },
    });
    const { sandbox } = bridge;
    const ada = sandbox.findPersonByEmail('ada@example.com')?.accountId ?? '';

    const reply = await add(bridge, sandbox.findGroupByName('helpers')?.id ?? '', ada);

    expectScimError(reply, 403);
    expect((reply.body as { detail: string }).detail).toMatch(/administration rights/);
    expect(operations(sandbox, 'writes')).toEqual([]);
  });

  it('is not given back to somebody who left it, and not given to new people [US8]', async () => {
    const bridge = await startTestBridge({
      settings: { CONFLUENCE_ACCESS_GROUPS: 'confluence-users-sandbox' },
      sandbox: {
        seed: {
          groups: [{ name: 'leads', grants: 'user', otherRoles: [JIRA_ADMIN], members: ['ada@example.com'] }],
          people: [{ email: 'ada@example.com', access: true }],
        },
      },
    });
    const { sandbox } = bridge;
    const ada = sandbox.findPersonByEmail('ada@example.com')?.accountId ?? '';

    expect((await state(bridge, ada, false)).status).toBe(200);
    expect(sandbox.groupsOf(ada)).toEqual([]);
    expect((await state(bridge, ada, true)).status).toBe(200);
    expect(sandbox.groupsOf(ada)).toEqual([sandbox.groups.access.id]);
  });
});

describe('a pattern of ADOPT_GROUPS', () => {
  const sandbox = {
    seed: {
      people: [{ email: 'ada@example.com', access: true }],
      groups: [{ name: 'team-admins' }, { name: 'team-jira', otherRoles: [JIRA_USER] }],
    },
  };
  const reach = async (name: string, options: BridgeOptions): Promise<number> => {
    const bridge = await startTestBridge({ sandbox, ...options });
    const ada = bridge.sandbox.findPersonByEmail('ada@example.com')?.accountId ?? '';
    return (await add(bridge, bridge.sandbox.findGroupByName(name)?.id ?? '', ada)).status;
  };
  const settings = { ADOPT_GROUPS: 'team-*' };

  it('reaches a group whose name alone sounds privileged once its roles are known to be none [GR1]', async () => {
    expect(await reach('team-admins', { settings })).toBe(204);
    expect(await reach('team-admins', { settings, backEnd: 'invite' })).toBe(403);
    expect(await reach('team-admins', { settings, sandbox: { ...sandbox, rolesReadable: false } })).toBe(403);
  });

  it('does not reach it any more once nobody has read its roles for a day [GR1] [SA2]', async () => {
    const bridge = await startTestBridge({ sandbox, settings });
    const ada = bridge.sandbox.findPersonByEmail('ada@example.com')?.accountId ?? '';
    const group = bridge.sandbox.findGroupByName('team-admins')?.id ?? '';
    bridge.sandbox.options.rolesReadable = false;
    bridge.clock.advance(25 * HOUR_MS);
    await bridge.scan();
    expectScimError(await add(bridge, group, ada), 403);
  });

  it('is judged by what the others say where one group is answered in a shape that nobody knows [SA2]', async () => {
    const bridge = await startTestBridge({ sandbox, settings, scan: false });
    const odd = bridge.sandbox.findGroupByName('team-jira')?.id ?? '';
    bridge.sandbox.faults.always({ path: new RegExp(`${odd}/role-assignments`), status: 200, body: { data: [{}] } });
    await bridge.scan();
    const ada = bridge.sandbox.findPersonByEmail('ada@example.com')?.accountId ?? '';
    expect((await add(bridge, bridge.sandbox.findGroupByName('team-admins')?.id ?? '', ada)).status).toBe(204);
  });

  it('does not reach what the operator has put into PRIVILEGED_GROUPS, whatever its roles [GR1]', async () => {
    expect(await reach('team-admins', { settings: { ...settings, PRIVILEGED_GROUPS: '*admin*' } })).toBe(403);
  });

  it('does not reach a group that gives another app, which an exact name does [GR1]', async () => {
    expect(await reach('team-jira', { settings })).toBe(403);
    expect(await reach('team-jira', { settings: { ADOPT_GROUPS: 'team-jira' } })).toBe(204);
  });
});
