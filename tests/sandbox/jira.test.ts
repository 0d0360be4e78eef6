import { describe, expect, it } from '@jest/globals';

import { at, each, startCallers } from './callers.js';

const userPath = '/rest/api/3/user';
const search = (query: string): string => `${userPath}/search?${query}`;
const ada = { emailAddress: 'ada@example.com', products: [] };

describe('POST /rest/api/3/user', () => {
  it('makes an account without products or groups and returns its id', async () => {
    const { site, sandbox } = await startCallers();
    const { status, body } = await site('POST', userPath, ada);
    expect(status).toBe(201);
    expect(body).toMatchObject({ accountType: 'atlassian', active: true, emailAddress: 'ada@example.com' });
    const person = sandbox.findPersonByEmail('ada@example.com');
    expect(person?.accountId).toBe(at(body, 'accountId'));
    expect(sandbox.groupsOf(person?.accountId ?? '')).toEqual([]);
  });

  it('answers 400 to a known user when no new product is requested, 201 when one is or the user has Jira', async () => {
    const { site, sandbox } = await startCallers();
    const { accountId } = sandbox.addPerson({ email: 'ada@example.com' });

    expect((await site('POST', userPath, ada)).status).toBe(400);
    const withProduct = await site('POST', userPath, { ...ada, products: ['jira-software'] });
    expect(withProduct).toMatchObject({ status: 201, body: { accountId } });
    expect(await site('POST', userPath, ada)).toMatchObject({ status: 201, body: { accountId } });
  });

  it('takes an account from outside the directory into it', async () => {
    const { site, sandbox } = await startCallers();
    const { accountId } = sandbox.addPerson({ email: 'ada@example.com', inDirectory: false });
    expect(await site('POST', userPath, ada)).toMatchObject({ status: 201, body: { accountId } });
    expect(sandbox.person(accountId).inDirectory).toBe(true);
  });

  it.each([400, 500] as const)('can create and yet answer %i', async (status) => {
    const { site, sandbox } = await startCallers({ jiraCreateAnswer: status });
    expect((await site('POST', userPath, ada)).status).toBe(status);
    expect(sandbox.findPersonByEmail('ada@example.com')).toBeDefined();
  });

  it.each([
    [{ products: [] }],
    [{ emailAddress: 'ada@example.com' }],
    [{ emailAddress: 'nonsense', products: [] }],
    [{ emailAddress: 'ada@example.com', products: ['confluence'] }],
    [{ ...ada, nickname: 'x' }],
  ])('answers 400 to %j and makes nobody', async (body) => {
    const { site, sandbox } = await startCallers();
    expect(await site('POST', userPath, body)).toMatchObject({
      status: 400,
      body: { errorMessages: [expect.any(String)] },
    });
    expect(sandbox.findPersonByEmail('ada@example.com')).toBeUndefined();
  });
});

describe('GET /rest/api/3/user/search', () => {
  it('matches the beginning of addresses and names of active people', async () => {
    const { site, sandbox } = await startCallers();
    const people = [
      { email: 'ada@example.com', displayName: 'Ada Lovelace' },
      { email: 'ada@example.com.au', displayName: 'Ada Other' },
      { email: 'ada.off@example.com', displayName: 'Ada Off', accountStatus: 'inactive' as const },
      { email: 'ada.out@example.com', displayName: 'Ada Out', inDirectory: false },
    ].map((person) => sandbox.addPerson(person));
    sandbox.suspend(sandbox.addPerson({ email: 'ada.suspended@example.com' }).accountId);

    const byAddress = await site('GET', search('query=ada@example.com'));
    const byName = await site('GET', search('query=LOVE'));

    expect(each(byAddress.body, 'accountId')).toEqual([people[0]?.accountId, people[1]?.accountId]);
    expect(each(byName.body, 'emailAddress')).toEqual(['ada@example.com']);
  });

  it('hides addresses of shy people, and all of them when blind', async () => {
    const { site, sandbox } = await startCallers();
    sandbox.addPerson({ email: 'ada@example.com', emailVisible: false });
    sandbox.addPerson({ email: 'ada2@example.com' });
    expect(each((await site('GET', search('query=ada'))).body, 'emailAddress')).toEqual([
      undefined,
      'ada2@example.com',
    ]);
    sandbox.options.jiraSearchShowsEmail = false;
    expect(each((await site('GET', search('query=ada'))).body, 'emailAddress')).toEqual([undefined, undefined]);
  });

  it('pages, and looks at the first 1000 matches only', async () => {
    const { site, sandbox } = await startCallers();
    for (let index = 0; index < 1005; index += 1) sandbox.addPerson({ email: `p${index}@example.com` });
    expect(await site('GET', search('query=p'))).toMatchObject({ body: { length: 50 } });
    expect((await site('GET', search('query=p&startAt=990&maxResults=100'))).body).toHaveLength(10);
  });

  it.each(['', 'query=a&accountId=b', 'query=a&maxResults=x', 'query=a&username=b'])(
    'answers 400 to ?%s',
    async (query) => {
      const { site } = await startCallers();
      expect((await site('GET', search(query))).status).toBe(400);
    },
  );
});

describe('GET and DELETE /rest/api/3/user', () => {
  it('reads a user with groups when expanded', async () => {
    const { site, sandbox } = await startCallers();
    const { accountId } = sandbox.addPerson({ email: 'ada@example.com', access: true });
    const path = `${userPath}?accountId=${encodeURIComponent(accountId)}`;
    expect((await site('GET', path)).body).toMatchObject({ accountId, active: true, groups: { size: 1 } });
    expect(at((await site('GET', `${path}&expand=groups`)).body, 'groups', 'items', 0, 'groupId')).toBe(
      sandbox.groups.access.id,
    );
    expect((await site('GET', `${userPath}?accountId=unknown`)).status).toBe(404);
    expect((await site('GET', userPath)).status).toBe(400);
  });

  it('removes a user from Jira and leaves the Confluence groups alone', async () => {
    const { site, sandbox } = await startCallers();
    const { accountId } = sandbox.addPerson({ email: 'ada@example.com', access: true });
    const path = `${userPath}?accountId=${encodeURIComponent(accountId)}`;

    expect((await site('DELETE', path)).status).toBe(204);

    expect((await site('GET', path)).status).toBe(404);
    expect((await site('DELETE', path)).status).toBe(404);
    expect((await site('GET', search('query=ada'))).body).toEqual([]);
    expect(sandbox.groupsOf(accountId)).toEqual([sandbox.groups.access.id]);
    expect((await site('POST', userPath, ada)).body).toMatchObject({ accountId });
  });

  it('refuses to remove the caller', async () => {
    const { site, sandbox } = await startCallers();
    const path = `${userPath}?accountId=${encodeURIComponent(sandbox.admin.accountId)}`;
    expect((await site('DELETE', path)).status).toBe(400);
  });
});

describe('GET /rest/api/3/mypermissions', () => {
  const path = '/rest/api/3/mypermissions?permissions=ADMINISTER';

  it('says whether the caller administers Jira, and serves a stranger, who does not', async () => {
    const { site, anonymous, sandbox } = await startCallers();
    const isAdmin = async (call: typeof site): Promise<unknown> =>
      at((await call('GET', path)).body, 'permissions', 'ADMINISTER', 'havePermission');
    expect(await isAdmin(site)).toBe(true);
    expect(await isAdmin(anonymous)).toBe(false);
    sandbox.options.rights = 'member';
    expect(await isAdmin(site)).toBe(false);
  });

  it('answers 400 to no permission and to one that does not exist', async () => {
    const { site } = await startCallers();
    expect((await site('GET', '/rest/api/3/mypermissions')).status).toBe(400);
    expect((await site('GET', '/rest/api/3/mypermissions?permissions=FLY')).status).toBe(400);
  });
});

describe('a site without Jira', () => {
  it('answers every Jira path with a 404 page, until Jira is there', async () => {
    const { site, sandbox } = await startCallers({ jira: false });
    const reply = await site('GET', '/rest/api/3/myself');
    expect(reply.status).toBe(404);
    expect(reply.headers.get('content-type')).toContain('text/html');
    sandbox.options.jira = true;
    expect((await site('GET', '/rest/api/3/myself')).body).toMatchObject({ accountId: sandbox.admin.accountId });
  });
});
