import { describe, expect, it } from '@jest/globals';

import { at, each, startCallers } from './callers.js';

const groupPath = '/wiki/rest/api/group';
const membersPath = (groupId: string, query = ''): string => `${groupPath}/${groupId}/membersByGroupId${query}`;
const joinPath = (groupId: string): string => `${groupPath}/userByGroupId?groupId=${groupId}`;
const leavePath = (groupId: string, accountId: string): string =>
  `${joinPath(groupId)}&accountId=${encodeURIComponent(accountId)}`;
const memberOfPath = (accountId: string, query = ''): string =>
  `/wiki/rest/api/user/memberof?accountId=${encodeURIComponent(accountId)}${query}`;

describe('GET /wiki/rest/api/group', () => {
  it('lists the groups every site starts with by name, with their kinds', async () => {
    const { site } = await startCallers({ siteName: 'acme' });

    const { status, body } = await site('GET', groupPath);

    expect(status).toBe(200);
    expect(each(at(body, 'results'), 'name')).toEqual([
      'Team Rocket',
      'confluence-admins-acme',
      'confluence-users-acme',
      'org-admins',
      'site-admins',
      'synced-from-hr',
    ]);
    expect(each(at(body, 'results'), 'managedBy')).toEqual([
      'TEAM_MEMBERS',
      ...Array<string>(4).fill('ADMINS'),
      'EXTERNAL',
    ]);
    expect(each(at(body, 'results'), 'usageType')).toContain('TEAM_COLLABORATION');
    expect(body).toMatchObject({ start: 0, limit: 200, size: 6 });
  });

  it.each([
    ['user', ['confluence-users-sandbox']],
    ['admin', ['confluence-admins-sandbox']],
    ['site-admin', ['site-admins']],
  ])('narrows to the groups that grant %s', async (accessType, names) => {
    const { site } = await startCallers();
    const { body } = await site('GET', `${groupPath}?accessType=${accessType}`);
    expect(each(at(body, 'results'), 'name')).toEqual(names);
  });

  it('links the next page relative to the base, and none on the last', async () => {
    const { site } = await startCallers();

    const first = await site('GET', `${groupPath}?limit=4`);
    const next = String(at(first.body, '_links', 'next'));
    const last = await site('GET', `/wiki${next}`);

    expect(first.body).toMatchObject({ size: 4, limit: 4 });
    expect(next).toBe('/rest/api/group?limit=4&start=4');
    expect(last.body).toMatchObject({ start: 4, size: 2 });
    expect(at(last.body, '_links', 'next')).toBeUndefined();
  });

  it('echoes the limit it really used when that is smaller than asked', async () => {
    const { site } = await startCallers({ maxPageSize: 2 });
    const { body } = await site('GET', `${groupPath}?limit=200`);
    expect(body).toMatchObject({ limit: 2, size: 2 });
    expect(at(body, '_links', 'next')).toBe('/rest/api/group?limit=2&start=2');
  });

  it('can be slow while other calls are answered', async () => {
    const { site, sandbox } = await startCallers({ groupListDelayMs: 3_600_000 });

    const arrived = new Promise<void>((resolve) => sandbox.faults.when({ path: /group/ }, () => resolve()));
    const slow = site('GET', groupPath).catch(() => 'dropped');
    await arrived;
    const quick = await site('GET', '/wiki/rest/api/user/current');
    await sandbox.close();

    expect(quick.status).toBe(200);
    expect(await slow).toBe('dropped');
    expect(sandbox.calls.map(({ status }) => status)).toEqual([undefined, 200]);
  });

  it.each(['?accessType=owner', '?start=-1', '?limit=many', '?name=x', '?start=1&start=2'])(
    'answers 400 to %s',
    async (query) => {
      const { site } = await startCallers();
      expect(await site('GET', groupPath + query)).toMatchObject({ status: 400, body: { statusCode: 400 } });
    },
  );
});

describe('POST /wiki/rest/api/group', () => {
  it('creates a group that can then be read and found', async () => {
    const { site } = await startCallers();

    const created = await site('POST', groupPath, { name: 'engineering' });
    const read = await site('GET', `${groupPath}/by-id?id=${String(at(created.body, 'id'))}`);

    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      type: 'group',
      name: 'engineering',
      usageType: 'USERBASE_GROUP',
      managedBy: 'ADMINS',
    });
    expect(read).toMatchObject({ status: 200, body: created.body });
  });

  it.each([
    [{ name: 'ENGINEERING' }],
    [{ name: '' }],
    [{}],
    [{ name: 7 }],
    [{ name: 'x', id: 'y' }],
    [{ name: 'a\u0000b' }],
    [['x']],
    [{ name: 'x'.repeat(256) }],
  ])('answers 400 to %j beside a group named engineering', async (body) => {
    const { site, sandbox } = await startCallers();
    sandbox.addGroup({ name: 'engineering' });
    expect((await site('POST', groupPath, body)).status).toBe(400);
  });
});

describe('/wiki/rest/api/group/by-id', () => {
  it('deletes a group and its memberships', async () => {
    const { site, sandbox } = await startCallers();
    const { id } = sandbox.addGroup({ name: 'engineering' });
    const ada = sandbox.addPerson({ email: 'ada@example.com' });
    sandbox.addMember(id, ada.accountId);

    expect((await site('DELETE', `${groupPath}/by-id?id=${id}`)).status).toBe(204);

    expect(sandbox.groupsOf(ada.accountId)).toEqual([]);
    expect((await site('GET', `${groupPath}/by-id?id=${id}`)).status).toBe(404);
    expect((await site('DELETE', `${groupPath}/by-id?id=${id}`)).status).toBe(404);
    expect((await site('GET', membersPath(id))).body).toMatchObject({ results: [], size: 0 });
  });

  it('answers 400 without an id', async () => {
    const { site } = await startCallers();
    expect((await site('GET', `${groupPath}/by-id`)).status).toBe(400);
    expect((await site('DELETE', `${groupPath}/by-id?id=`)).status).toBe(400);
  });

  it('refuses to delete default, synced, system and team groups', async () => {
    const { site, sandbox } = await startCallers();
    for (const { id } of Object.values(sandbox.groups)) {
      expect((await site('DELETE', `${groupPath}/by-id?id=${id}`)).status).toBe(403);
    }
  });
});

describe('GET /wiki/rest/api/group/picker', () => {
  it('matches parts of names without regard to case and counts them when asked', async () => {
    const { site } = await startCallers();
    const { body } = await site('GET', `${groupPath}/picker?query=ADMINS&limit=2&shouldReturnTotalSize=true`);
    expect(each(at(body, 'results'), 'name')).toEqual(['confluence-admins-sandbox', 'org-admins']);
    expect(body).toMatchObject({ totalSize: 3, size: 2 });
  });

  it('sends no total unasked, and needs a query', async () => {
    const { site } = await startCallers();
    expect(at((await site('GET', `${groupPath}/picker?query=x`)).body, 'totalSize')).toBeUndefined();
    expect((await site('GET', `${groupPath}/picker`)).status).toBe(400);
  });
});

describe('GET /wiki/rest/api/group/{groupId}/membersByGroupId', () => {
  it('pages through apps and people in order of joining', async () => {
    const { site, sandbox } = await startCallers();
    const ada = sandbox.addPerson({ email: 'ada@example.com', displayName: 'Ada Lovelace', access: true });
    const { id } = sandbox.groups.access;

    const first = await site('GET', membersPath(id, '?limit=2&shouldReturnTotalSize=true'));
    const second = await site('GET', `/wiki${String(at(first.body, '_links', 'next'))}`);

    expect(each(at(first.body, 'results'), 'accountType')).toEqual(['atlassian', 'app']);
    expect(first.body).toMatchObject({ size: 2, totalSize: 3 });
    expect(second.body).toMatchObject({
      size: 1,
      results: [
        {
          type: 'known',
          accountId: ada.accountId,
          email: 'ada@example.com',
          displayName: 'Ada Lovelace',
          accountStatus: 'active',
        },
      ],
    });
  });

  it('answers an unknown id with an empty page and a limit over 200 with 400', async () => {
    const { site, sandbox } = await startCallers();
    expect(await site('GET', membersPath('unknown'))).toMatchObject({ status: 200, body: { results: [], size: 0 } });
    expect((await site('GET', membersPath(sandbox.groups.access.id, '?limit=201'))).status).toBe(400);
    expect((await site('GET', membersPath(sandbox.groups.access.id, '?expand=secrets'))).status).toBe(400);
  });

  it('leaves suspended people out, though they are counted and memberof knows them', async () => {
    const { site, sandbox } = await startCallers();
    const { id } = sandbox.addGroup({ name: 'engineering' });
    const ada = sandbox.addPerson({ email: 'ada@example.com' });
    sandbox.addMember(id, ada.accountId);
    sandbox.suspend(ada.accountId);

    expect((await site('GET', membersPath(id, '?shouldReturnTotalSize=true'))).body).toMatchObject({
      results: [],
      totalSize: 1,
    });
    expect(each(at((await site('GET', memberOfPath(ada.accountId))).body, 'results'), 'id')).toEqual([id]);

    sandbox.updatePerson(ada.accountId, { suspended: false });
    expect((await site('GET', membersPath(id))).body).toMatchObject({ size: 1 });
  });

  it.each([
    ['empty', ''],
    ['null', null],
    ['absent', undefined],
  ] as const)('hides an address as %s', async (hiddenEmail, email) => {
    const { site, sandbox } = await startCallers({ hiddenEmail });
    const { id } = sandbox.addGroup({ name: 'engineering' });
    sandbox.addMember(id, sandbox.addPerson({ email: 'ada@example.com', emailVisible: false }).accountId);
    const { body } = await site('GET', membersPath(id));
    expect(at(body, 'results', 0, 'email')).toBe(email);
  });
});

describe('/wiki/rest/api/group/userByGroupId', () => {
  it('adds and removes a member', async () => {
    const { site, sandbox } = await startCallers();
    const { id } = sandbox.addGroup({ name: 'engineering' });
    const { accountId } = sandbox.addPerson({ email: 'ada@example.com' });

    expect((await site('POST', joinPath(id), { accountId })).status).toBe(201);
    expect(sandbox.membersOf(id)).toEqual([accountId]);
    expect((await site('DELETE', leavePath(id, accountId))).status).toBe(204);
    expect(sandbox.membersOf(id)).toEqual([]);
    expect((await site('DELETE', leavePath(id, accountId))).status).toBe(204);
  });

  it('answers a second addition with 201, or with the words of Jira', async () => {
    const { site, sandbox } = await startCallers();
    const { id } = sandbox.addGroup({ name: 'engineering' });
    const { accountId } = sandbox.addPerson({ email: 'ada@example.com' });
    sandbox.addMember(id, accountId);

    expect((await site('POST', joinPath(id), { accountId })).status).toBe(201);
    sandbox.options.duplicateAdd = 400;
    expect(await site('POST', joinPath(id), { accountId })).toMatchObject({
      status: 400,
      body: { message: "Cannot add user. User is already a member of 'engineering'." },
    });
  });

  it('answers 404 to an unknown group, and to removing an unknown account', async () => {
    const { site, sandbox } = await startCallers();
    const { accountId } = sandbox.addPerson({ email: 'ada@example.com' });
    expect((await site('POST', joinPath('unknown'), { accountId })).status).toBe(404);
    expect((await site('DELETE', leavePath('unknown', accountId))).status).toBe(404);
    expect((await site('DELETE', leavePath(sandbox.groups.access.id, 'unknown'))).status).toBe(404);
  });

  it('answers 400 to an account outside the directory and to missing values', async () => {
    const { site, sandbox } = await startCallers();
    const { id } = sandbox.addGroup({ name: 'engineering' });
    const { accountId } = sandbox.addPerson({ email: 'ada@example.com', inDirectory: false });
    for (const body of [{ accountId }, { accountId: 'unknown' }, { accountId: '' }, {}]) {
      expect((await site('POST', joinPath(id), body)).status).toBe(400);
    }
    expect((await site('POST', `${groupPath}/userByGroupId`, { accountId })).status).toBe(400);
    expect(sandbox.membersOf(id)).toEqual([]);
  });

  it('refuses changes to synced, team and admin groups', async () => {
    const { site, sandbox } = await startCallers();
    const { synced, team, admins, siteAdmins, orgAdmins } = sandbox.groups;
    const { accountId } = sandbox.addPerson({ email: 'ada@example.com' });
    for (const { id } of [synced, team, admins, siteAdmins, orgAdmins]) {
      sandbox.addMember(id, accountId);
      expect((await site('POST', joinPath(id), { accountId })).status).toBe(403);
      expect((await site('DELETE', leavePath(id, accountId))).status).toBe(403);
      expect(sandbox.membersOf(id)).toContain(accountId);
    }
  });

  it('lets an admin group be changed where the test says so', async () => {
    const { site, sandbox } = await startCallers();
    const { id } = sandbox.addGroup({ name: 'wiki-keepers', grants: 'admin', writable: true });
    const { accountId } = sandbox.addPerson({ email: 'ada@example.com' });
    expect((await site('POST', joinPath(id), { accountId })).status).toBe(201);
  });
});

describe('licence limit', () => {
  it('fails with the 500 of the identity platform, and a removal frees the seat', async () => {
    const { site, sandbox } = await startCallers({ seats: 2 });
    const { id } = sandbox.groups.access;
    const ada = sandbox.addPerson({ email: 'ada@example.com', access: true });
    const { accountId } = sandbox.addPerson({ email: 'grace@example.com' });

    const refused = await site('POST', joinPath(id), { accountId });
    expect(refused.status).toBe(500);
    expect(String(at(refused.body, 'message'))).toContain('AddUserToGroupsIdentityPlatformCommand');
    expect(sandbox.membersOf(id)).not.toContain(accountId);

    await site('DELETE', leavePath(id, ada.accountId));
    expect((await site('POST', joinPath(id), { accountId })).status).toBe(201);
    expect(sandbox.seatsUsed()).toBe(2);
  });

  it('counts a person once over all granting groups, and neither apps nor groups that grant nothing', async () => {
    const { site, sandbox } = await startCallers({ seats: 2 });
    const ada = sandbox.addPerson({ email: 'ada@example.com', access: true });
    const grace = sandbox.addPerson({ email: 'grace@example.com' });
    const bot = sandbox.addPerson({ accountType: 'app', displayName: 'Bot' });
    const second = sandbox.addGroup({ name: 'more-users', grants: 'user' });
    const plain = sandbox.addGroup({ name: 'engineering' });

    expect((await site('POST', joinPath(second.id), { accountId: ada.accountId })).status).toBe(201);
    expect((await site('POST', joinPath(second.id), { accountId: bot.accountId })).status).toBe(201);
    expect((await site('POST', joinPath(plain.id), { accountId: grace.accountId })).status).toBe(201);
    expect((await site('POST', joinPath(second.id), { accountId: grace.accountId })).status).toBe(500);
    expect(sandbox.seatsUsed()).toBe(2);
  });

  it('follows what groups grant, suspensions and deleted groups', async () => {
    const { site, sandbox } = await startCallers();
    const ada = sandbox.addPerson({ email: 'ada@example.com' });
    const { id } = sandbox.addGroup({ name: 'engineering' });
    sandbox.addMember(id, ada.accountId);
    expect(sandbox.seatsUsed()).toBe(1);
    sandbox.updateGroup(id, { grants: 'user' });
    expect(sandbox.seatsUsed()).toBe(2);
    sandbox.suspend(ada.accountId);
    expect(sandbox.seatsUsed()).toBe(1);
    sandbox.updatePerson(ada.accountId, { suspended: false });
    expect(sandbox.seatsUsed()).toBe(2);
    await site('DELETE', `${groupPath}/by-id?id=${id}`);
    expect(sandbox.seatsUsed()).toBe(1);
  });
});

describe('single users', () => {
  it('knows who is logged in', async () => {
    const { site, sandbox } = await startCallers();
    expect((await site('GET', '/wiki/rest/api/user/current')).body).toMatchObject({
      type: 'known',
      accountId: sandbox.admin.accountId,
      email: sandbox.credentials.adminEmail,
    });
  });

  it('reads one by account id and answers 404 to an unknown one', async () => {
    const { site, sandbox } = await startCallers();
    const { accountId } = sandbox.addPerson({ email: 'ada@example.com', displayName: 'Ada Lovelace' });
    const path = `/wiki/rest/api/user?accountId=${encodeURIComponent(accountId)}`;
    expect((await site('GET', path)).body).toMatchObject({ accountId, displayName: 'Ada Lovelace' });
    expect((await site('GET', '/wiki/rest/api/user?accountId=unknown')).status).toBe(404);
    expect((await site('GET', '/wiki/rest/api/user')).status).toBe(400);
  });

  it('adds its remarks to names when told to', async () => {
    const { site, sandbox } = await startCallers({ nameSuffixes: true });
    const { accountId } = sandbox.addPerson({ email: 'ada@example.com', displayName: 'Ada' });
    const path = `/wiki/rest/api/user?accountId=${encodeURIComponent(accountId)}`;
    expect(at((await site('GET', path)).body, 'displayName')).toBe('Ada (Unlicensed)');
    sandbox.addMember(sandbox.groups.access.id, accountId);
    expect(at((await site('GET', path)).body, 'displayName')).toBe('Ada');
    sandbox.updatePerson(accountId, { accountStatus: 'inactive' });
    expect(at((await site('GET', path)).body, 'displayName')).toBe('Ada (Deactivated)');
  });

  it('pages through the groups of a person, and shows none for an unknown one', async () => {
    const { site, sandbox } = await startCallers();
    const { accountId } = sandbox.admin;
    const first = await site('GET', memberOfPath(accountId, '&limit=1'));
    const second = await site('GET', `/wiki${String(at(first.body, '_links', 'next'))}`);
    expect([first, second].map(({ body }) => at(body, 'results', 0, 'id'))).toEqual([
      sandbox.groups.access.id,
      sandbox.groups.siteAdmins.id,
    ]);
    expect((await site('GET', memberOfPath('unknown'))).body).toMatchObject({ results: [], size: 0 });
  });

  it('forgets name, address and memberships of a closed account', async () => {
    const { site, sandbox } = await startCallers();
    const { accountId } = sandbox.addPerson({ email: 'ada@example.com', displayName: 'Ada', access: true });
    sandbox.closeAccount(accountId);
    const { body } = await site('GET', `/wiki/rest/api/user?accountId=${encodeURIComponent(accountId)}`);
    expect(body).toMatchObject({ accountStatus: 'closed', displayName: 'Former user', email: '' });
    expect(sandbox.groupsOf(accountId)).toEqual([]);
    expect(sandbox.findPersonByEmail('ada@example.com')).toBeUndefined();
  });
});
