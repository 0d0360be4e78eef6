import { describe, expect, it } from '@jest/globals';

import { at, each, startCallers, type Callers } from './callers.js';

const encoded = encodeURIComponent;
const confluenceRule = ({ sandbox }: Callers, role = 'atlassian/user'): unknown => ({
  resource: `ari:cloud:confluence::site/${sandbox.credentials.cloudId}`,
  role,
});
const statuses = (body: unknown, item = 0): readonly unknown[] => [
  ...each(at(body, 'data', item, 'results', 0, 'roleAssignmentResult'), 'status'),
  ...each(at(body, 'data', item, 'results', 0, 'groupAssignmentResult'), 'status'),
];

describe('directories and workspaces', () => {
  it('name the directory and the apps of the site', async () => {
    const { org, sandbox } = await startCallers();
    const directories = await org('GET', '/directories');
    const workspaces = await org('POST', '/workspaces', {});
    expect(at(directories.body, 'data', 0, 'directoryId')).toEqual(expect.any(String));
    expect(each(at(workspaces.body, 'data'), 'id')).toContain(
      `ari:cloud:confluence::site/${sandbox.credentials.cloudId}`,
    );
    expect(at(workspaces.body, 'data')).toHaveLength(2);
    sandbox.options.jira = false;
    expect(at((await org('POST', '/workspaces', {})).body, 'data')).toHaveLength(1);
  });

  it('accepts the directory by its id as well as -, and no other', async () => {
    const { org } = await startCallers();
    const directoryId = String(at((await org('GET', '/directories')).body, 'data', 0, 'directoryId'));
    expect((await org('POST', `/directories/${directoryId}/users/search`, {})).status).toBe(200);
    expect((await org('POST', '/directories/other/users/search', {})).status).toBe(404);
  });
});

describe('POST …/users/search', () => {
  it('finds people by exact address in every state, with the composite status', async () => {
    const { directory, sandbox } = await startCallers();
    const people = {
      active: { email: 'a@example.com' },
      suspended: { email: 'b@example.com', suspended: true },
      deactivated: { email: 'c@example.com', accountStatus: 'inactive' as const },
      not_invited: { email: 'd@example.com', inDirectory: false, managed: true },
    };
    for (const person of Object.values(people)) sandbox.addPerson({ ...person, emailVisible: false });
    sandbox.addPerson({ email: 'stranger@example.com', inDirectory: false });

    const emails = [
      ...Object.values(people).map(({ email }) => email.toUpperCase()),
      'stranger@example.com',
      'a@example',
    ];
    const { body } = await directory('POST', '/users/search', { emails });

    expect(each(at(body, 'data'), 'status')).toEqual(Object.keys(people));
    expect(each(at(body, 'data'), 'email')).toEqual(Object.values(people).map(({ email }) => email));
  });

  it('names the groups of a person when expanded', async () => {
    const { directory, sandbox } = await startCallers();
    sandbox.addPerson({ email: 'ada@example.com', access: true });
    const plain = await directory('POST', '/users/search', { emails: ['ada@example.com'] });
    const expanded = await directory('POST', '/users/search', { emails: ['ada@example.com'], expand: ['groups'] });
    expect(at(plain.body, 'data', 0, 'groups')).toBeUndefined();
    expect(at(expanded.body, 'data', 0, 'groups', 0, 'id')).toBe(sandbox.groups.access.id);
  });

  it('narrows by group, status, domain and a piece of text', async () => {
    const { directory, sandbox } = await startCallers();
    const { accountId } = sandbox.addPerson({ email: 'ada@other.example', displayName: 'Ada', access: true });
    sandbox.suspend(sandbox.addPerson({ email: 'grace@example.com' }).accountId);
    const search = async (body: unknown): Promise<unknown> =>
      each(at((await directory('POST', '/users/search', body)).body, 'data'), 'email');
    expect(await search({ groupIds: [sandbox.groups.access.id], accountIds: [accountId] })).toEqual([
      'ada@other.example',
    ]);
    expect(await search({ status: ['suspended'] })).toEqual(['grace@example.com']);
    expect(await search({ membershipStatus: ['suspended'], accountStatus: ['active'] })).toEqual(['grace@example.com']);
    expect(await search({ emailDomains: ['other.example'] })).toEqual(['ada@other.example']);
    expect(await search({ searchTerm: 'RACE' })).toEqual(['grace@example.com']);
  });

  it('pages by bare tokens until next is null', async () => {
    const { directory, sandbox } = await startCallers();
    for (let index = 0; index < 4; index += 1) sandbox.addPerson({ email: `p${index}@example.com` });

    const seen: unknown[] = [];
    let cursor: unknown;
    do {
      const { body } = await directory('POST', '/users/search', {
        limit: 2,
        ...(cursor === undefined ? {} : { cursor }),
      });
      seen.push(...each(at(body, 'data'), 'email'));
      cursor = at(body, 'links', 'next');
      expect(cursor).not.toBe('');
    } while (typeof cursor === 'string');

    expect(seen).toEqual(['admin@example.com', 'p0@example.com', 'p1@example.com', 'p2@example.com', 'p3@example.com']);
  });

  it('gives 50 a page, in the deprecated GET form too', async () => {
    const { directory, sandbox } = await startCallers();
    for (let index = 0; index < 60; index += 1) sandbox.addPerson({ email: `p${index}@example.com` });
    const searched = await directory('POST', '/users/search', {});
    const listed = await directory('GET', `/users?cursor=${encoded(String(at(searched.body, 'links', 'next')))}`);
    expect(at(searched.body, 'data')).toHaveLength(50);
    expect(at(listed.body, 'data')).toHaveLength(11);
  });

  it.each([
    [{ emails: ['a@example.com'], searchTerm: 'a' }, 'ADMIN-400-24'],
    [{ emails: 'a@example.com' }, 'ADMIN-400-24'],
    [{ accountIds: Array<string>(11).fill('x') }, 'ADMIN-400-24'],
    [{ expand: ['secrets'] }, 'ADMIN-400-24'],
    [{ email: 'a@example.com' }, 'ADMIN-400-24'],
    [{ limit: 0 }, 'ADMIN-400-24'],
    [{ cursor: 'nonsense' }, 'ADMIN-400-1'],
  ])('answers 400 to %j', async (body, code) => {
    const { directory } = await startCallers();
    expect(await directory('POST', '/users/search', body)).toMatchObject({
      status: 400,
      body: { errors: [{ status: '400', code }] },
    });
  });
});

describe('POST …/users/invite', () => {
  it('returns the account id and puts the person into the groups of role and invitation', async () => {
    const callers = await startCallers();
    const { org, sandbox } = callers;
    const { id } = sandbox.addGroup({ name: 'engineering' });

    const { status, body } = await org('POST', '/users/invite', {
      emails: ['ada@example.com'],
      permissionRules: [confluenceRule(callers)],
      additionalGroups: [id],
      sendNotification: false,
    });

    expect(status).toBe(200);
    expect(statuses(body)).toEqual(['INVITED', 'INVITED']);
    const accountId = String(at(body, 'data', 0, 'id'));
    expect(sandbox.findPersonByEmail('ada@example.com')?.accountId).toBe(accountId);
    expect(sandbox.groupsOf(accountId)).toEqual([sandbox.groups.access.id, id]);
  });

  it('accepts the resource of another site and grants nothing', async () => {
    const { org, sandbox } = await startCallers();
    const rule = { resource: 'ari:cloud:confluence::site/other', role: 'atlassian/user' };
    const { status, body } = await org('POST', '/users/invite', {
      emails: ['ada@example.com'],
      permissionRules: [rule],
    });
    expect(status).toBe(200);
    expect(statuses(body)).toEqual(['INVITED']);
    expect(sandbox.groupsOf(String(at(body, 'data', 0, 'id')))).toEqual([]);
  });

  it('answers 206 when a group cannot be given, and lets the rest stand', async () => {
    const callers = await startCallers();
    const { org, sandbox } = callers;
    const { status, body } = await org('POST', '/users/invite', {
      emails: ['ada@example.com'],
      permissionRules: [confluenceRule(callers)],
      additionalGroups: [sandbox.groups.synced.id, 'unknown'],
    });
    expect(status).toBe(206);
    expect(statuses(body)).toEqual(['INVITED', 'ERROR', 'ERROR']);
    expect(sandbox.groupsOf(String(at(body, 'data', 0, 'id')))).toEqual([sandbox.groups.access.id]);
  });

  it('can fail in every item', async () => {
    const callers = await startCallers({ organizationInviteFails: true });
    const { status, body } = await callers.org('POST', '/users/invite', {
      emails: ['ada@example.com'],
      permissionRules: [confluenceRule(callers)],
    });
    expect(status).toBe(206);
    expect(statuses(body)).toEqual(['ERROR']);
    expect(callers.sandbox.findPersonByEmail('ada@example.com')).toMatchObject({ inDirectory: false });
  });

  it('answers 402 without a subscription and makes nobody', async () => {
    const callers = await startCallers({ subscription: false });
    const reply = await callers.org('POST', '/users/invite', { emails: ['ada@example.com'] });
    expect(reply.status).toBe(402);
    expect(callers.sandbox.findPersonByEmail('ada@example.com')).toBeUndefined();
  });

  it('answers 409 when no seat is left, 206 when seats run out on the way', async () => {
    const callers = await startCallers({ seats: 1 });
    const { org, sandbox } = callers;
    const permissionRules = [confluenceRule(callers)];

    const full = await org('POST', '/users/invite', { emails: ['ada@example.com'], permissionRules });
    expect(full).toMatchObject({ status: 409, body: { errors: [{ code: 'ADMIN-409-3' }] } });
    expect(sandbox.findPersonByEmail('ada@example.com')).toBeUndefined();

    sandbox.options.seats = 2;
    const partial = await org('POST', '/users/invite', {
      emails: ['ada@example.com', 'grace@example.com'],
      permissionRules,
    });
    expect(partial.status).toBe(206);
    expect([statuses(partial.body, 0), statuses(partial.body, 1)]).toEqual([['INVITED'], ['ERROR']]);
  });

  it('takes an account that exists, and leaves a suspended one suspended', async () => {
    const callers = await startCallers();
    const { org, sandbox } = callers;
    const { accountId } = sandbox.addPerson({ email: 'ada@example.com', suspended: true });
    const { body } = await org('POST', '/users/invite', {
      emails: ['ada@example.com'],
      permissionRules: [confluenceRule(callers)],
    });
    expect(at(body, 'data', 0, 'id')).toBe(accountId);
    expect(sandbox.person(accountId).suspended).toBe(true);
  });

  it.each([
    [{}],
    [{ emails: [] }],
    [{ emails: Array<string>(26).fill('a@example.com') }],
    [{ emails: ['nonsense'] }],
    [{ emails: ['a@example.com'], permissionRules: [{ resource: 'ari:cloud:x', role: 'atlassian/org-admin' }] }],
    [{ emails: ['a@example.com'], permissionRules: [{ resource: 'confluence', role: 'atlassian/user' }] }],
    [{ emails: ['a@example.com'], additionalGroups: 'x' }],
    [{ emails: ['a@example.com'], sendNotification: 'no' }],
    [{ emails: ['a@example.com'], groups: [] }],
  ])('answers 400 to %j', async (body) => {
    const { org } = await startCallers();
    expect((await org('POST', '/users/invite', body)).status).toBe(400);
  });
});

describe('suspend, restore, remove', () => {
  it('suspends with all groups remembered, and restores', async () => {
    const { directory, sandbox } = await startCallers();
    const { accountId } = sandbox.addPerson({ email: 'ada@example.com', access: true });
    expect((await directory('POST', `/users/${encoded(accountId)}/suspend`, {})).status).toBe(204);
    expect((await directory('GET', `/users/${encoded(accountId)}`)).body).toMatchObject({
      data: { status: 'suspended' },
    });
    expect((await directory('POST', `/users/${encoded(accountId)}/restore`, {})).status).toBe(204);
    expect((await directory('GET', `/users/${encoded(accountId)}`)).body).toMatchObject({
      data: { status: 'active', groups: [{ id: sandbox.groups.access.id }] },
    });
  });

  it('answers 415 unless a JSON body is sent', async () => {
    const { directory, sandbox } = await startCallers();
    const path = `/users/${encoded(sandbox.admin.accountId)}/suspend`;
    expect((await directory('POST', path)).status).toBe(415);
    expect((await directory('POST', path, undefined, { 'Content-Type': 'application/json' })).status).toBe(415);
    expect((await directory('POST', path, {}, { 'Content-Type': 'text/plain' })).status).toBe(415);
    expect(sandbox.person(sandbox.admin.accountId).suspended).toBe(false);
  });

  it('removes a person from directory and groups', async () => {
    const { directory, sandbox } = await startCallers();
    const { accountId } = sandbox.addPerson({ email: 'ada@example.com', access: true });
    expect((await directory('DELETE', `/users/${encoded(accountId)}`)).status).toBe(204);
    expect(sandbox.groupsOf(accountId)).toEqual([]);
    expect(await directory('GET', `/users/${encoded(accountId)}`)).toMatchObject({
      status: 404,
      body: { errors: [{ code: 'ADMIN-404-8' }] },
    });
    expect((await directory('POST', `/users/${encoded(accountId)}/restore`, {})).status).toBe(404);
    expect((await directory('DELETE', `/users/${encoded(sandbox.admin.accountId)}`)).status).toBe(403);
  });
});

describe('groups', () => {
  it('creates without a body; the name is then found in any case', async () => {
    const { directory, sandbox } = await startCallers();
    const created = await directory('POST', '/groups', { name: 'engineering', description: 'All of them' });
    expect(created).toMatchObject({ status: 201, text: '' });
    const found = await directory('POST', '/groups/search', { groupNames: ['ENGINEERING'], expand: ['counts.users'] });
    expect(at(found.body, 'data')).toMatchObject([
      {
        id: sandbox.findGroupByName('engineering')?.id,
        description: 'All of them',
        managementAccess: { deletable: true, modifiable: true },
        externalSynced: false,
        counts: { users: 0 },
      },
    ]);
    expect((await directory('POST', '/groups', { name: 'Engineering' })).status).toBe(409);
    expect((await directory('POST', '/groups', {})).status).toBe(400);
  });

  it('searches by text, id and member, 20 a page', async () => {
    const { directory, sandbox } = await startCallers();
    for (let index = 0; index < 20; index += 1) sandbox.addGroup({ name: `g${index}` });
    const names = async (body: unknown): Promise<unknown> =>
      each(at((await directory('POST', '/groups/search', body)).body, 'data'), 'name');
    expect(await names({})).toHaveLength(20);
    expect(at((await directory('GET', '/groups?limit=100')).body, 'data')).toHaveLength(26);
    expect(await names({ searchTerm: 'SYNCED' })).toEqual(['synced-from-hr']);
    expect(await names({ groupIds: [sandbox.groups.team.id] })).toEqual(['Team Rocket']);
    expect(await names({ accountIds: [sandbox.admin.accountId] })).toEqual(['confluence-users-sandbox', 'site-admins']);
    expect((await directory('POST', '/groups/search', { groupNames: ['x'], groupIds: ['y'] })).status).toBe(400);
  });

  it('reads one, and says which cannot be managed', async () => {
    const { directory, sandbox } = await startCallers();
    expect((await directory('GET', `/groups/${sandbox.groups.synced.id}`)).body).toMatchObject({
      data: { externalSynced: true, managedBy: 'external', managementAccess: { deletable: false, modifiable: false } },
    });
    expect(await directory('GET', '/groups/unknown')).toMatchObject({
      status: 404,
      body: { errors: [{ code: 'ADMIN-404-10' }] },
    });
  });

  it('deletes one, but none that is default, grants administration or is synced', async () => {
    const { directory, sandbox } = await startCallers();
    const { id } = sandbox.addGroup({ name: 'engineering' });
    expect((await directory('DELETE', `/groups/${id}`)).status).toBe(204);
    const { access, admins, synced } = sandbox.groups;
    for (const [group, code] of [
      [access, 'ADMIN-403-6'],
      [admins, 'ADMIN-403-7'],
      [synced, 'ADMIN-403-5'],
    ] as const) {
      expect(await directory('DELETE', `/groups/${group.id}`)).toMatchObject({
        status: 403,
        body: { errors: [{ code }] },
      });
    }
  });

  it('adds a member any number of times and removes it', async () => {
    const { directory, sandbox } = await startCallers();
    const { id } = sandbox.addGroup({ name: 'engineering' });
    const { accountId } = sandbox.addPerson({ email: 'ada@example.com' });
    expect((await directory('POST', `/groups/${id}/memberships`, { accountId })).status).toBe(204);
    expect((await directory('POST', `/groups/${id}/memberships`, { accountId })).status).toBe(204);
    expect(sandbox.membersOf(id)).toEqual([accountId]);
    expect((await directory('DELETE', `/groups/${id}/memberships/${encoded(accountId)}`)).status).toBe(204);
    expect(sandbox.membersOf(id)).toEqual([]);
  });

  it('refuses members from outside the directory, synced groups and people without a seat', async () => {
    const { directory, sandbox } = await startCallers({ seats: 1 });
    const outsider = sandbox.addPerson({ email: 'out@example.com', inDirectory: false });
    const { accountId } = sandbox.addPerson({ email: 'ada@example.com' });
    const { id } = sandbox.groups.access;
    for (const [group, account, status, code] of [
      [id, outsider.accountId, 404, 'ADMIN-404-8'],
      ['unknown', accountId, 404, 'ADMIN-404-10'],
      [sandbox.groups.synced.id, accountId, 403, 'ADMIN-403-5'],
      [id, accountId, 409, 'ADMIN-409-3'],
    ] as const) {
      const reply = await directory('POST', `/groups/${group}/memberships`, { accountId: account });
      expect(reply).toMatchObject({ status, body: { errors: [{ status: String(status), code }] } });
    }
  });
});
