import { describe, expect, it } from '@jest/globals';
import { expectScimError } from '../support/bridge.js';
import { filtered, GROUP_URN, idOf, listOf, search, user, USER_URN } from '../scim/exchanges.js';
import { bodyOf, sharedSite } from './site.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

describe('a resource', () => {
  const site = sharedSite();

  it('is created whatever the order of its attributes (RFC7643-2.3.8-L592)', async () => {
    const userName = `${site.newName()}@example.com`;

    const reply = await site.scim('post', '/Users', { displayName: 'Ada', userName, schemas: [USER_URN] });

    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({ userName, displayName: 'Ada' });
  });

  it('is answered whole when created, as it reads afterwards (RFC7644-3.3-L603)', async () => {
    const person = await site.createUser({ title: 'Countess' });
    expect(person.body).toMatchObject({ id: person.id, title: 'Countess', active: true });
    expect((await site.scim('get', person.path)).body).toEqual(person.body);

    const group = await site.createGroup({ members: [{ value: person.id }] });
    expect(group.body).toMatchObject({ id: group.id, members: [{ value: person.id }] });
    expect((await site.scim('get', group.path)).body).toEqual(group.body);
  });

  it('is a JSON object that names its schema and the extensions it holds, each once and no other (RFC7643-2.1-L366, RFC7643-3-L709, RFC7643-3-L711, RFC7643-3-L713, RFC7643-3.3-L976)', async () => {
    const plain = await site.createUser();
    const twice = await site.createUser({ schemas: [USER_URN, USER_URN, 'urn:example:unknown:2.0:User'] });
    const extended = await site.createUser({ [ENTERPRISE]: { department: 'R&D' } });
    const group = await site.createGroup();

    for (const [{ body, path }, schemas] of [
      [plain, [USER_URN]],
      [twice, [USER_URN]],
      [extended, [USER_URN, ENTERPRISE]],
      [group, [GROUP_URN]],
    ] as const) {
      expect(body['schemas']).toEqual(schemas);
      expect((await site.scim('get', path)).body).toMatchObject({ schemas });
    }
  });

  it('has attribute names by the grammar, extensions under their URN (RFC7643-2.1-L369)', async () => {
    const { path } = await site.createUser({
      nickName: 'Ada',
      costCentre_2: '7',
      [ENTERPRISE]: { employeeNumber: '7', manager: { value: 'm1' } },
    });

    const namesIn = (value: unknown): string[] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([name, inner]) => [...(Array.isArray(value) ? [] : [name]), ...namesIn(inner)])
        : [];
    const names = namesIn((await site.scim('get', path)).body);
    expect(names).toEqual(expect.arrayContaining(['nickName', 'costCentre_2', 'manager', '$ref']));
    for (const name of names) expect(name).toMatch(/^(?:urn:.*|[a-z$][\w-]*)$/i);
  });

  it('has an id and meta, given by the bridge (RFC7643-3.1-L852, RFC7643-3.1-L855, RFC7643-3.1-L866)', async () => {
    for (const { body, path } of [await site.createUser(), await site.createGroup()]) {
      expect(body['id']).toMatch(/^\S+$/);
      expect(body['meta']).toEqual({
        resourceType: expect.any(String),
        created: expect.any(String),
        lastModified: expect.any(String),
        location: `https://scim.example.com/scim/v2${path}`,
      });
    }
  });

  it('has an id of its own, across people and groups (RFC7643-3.1-L867)', async () => {
    const made = [await site.createUser(), await site.createUser(), await site.createGroup(), await site.createGroup()];

    expect(new Set(made.map(({ id }) => id)).size).toBe(4);
    const all = listOf(await search(site.bridge, '/.search', { count: 200, attributes: ['id'] })).Resources;
    expect(new Set(all.map((one) => one['id'])).size).toBe(all.length);
  });

  it('keeps its id through reads and changes (RFC7643-3.1-L868)', async () => {
    const { id, path } = await site.createUser();
    const userName = `${site.newName()}@example.com`;

    const replies = [
      await site.scim('get', path),
      await site.scim('put', path, { schemas: [USER_URN], userName, active: false }),
      await site.scim('put', path, { schemas: [USER_URN], userName, active: true }),
      await site.scim('get', path),
    ];

    expect(replies.map(idOf)).toEqual([id, id, id, id]);
  });

  it('always has a userName; one without or with a blank one is 400 (RFC7643-4.1.1-L1035)', async () => {
    const { path, body } = await site.createUser();

    expect((await site.scim('get', path)).body).toMatchObject({ userName: body['userName'] });
    for (const userName of [undefined, null, '', '  ']) {
      expectScimError(await site.scim('post', '/Users', user('nameless', { userName })), 400, 'invalidValue');
    }
  });

  it.each([
    { emails: undefined, displayName: undefined },
    { emails: null, displayName: null },
    { emails: [], phoneNumbers: [], displayName: null, name: {} },
  ])(
    'is the same whether an attribute is absent, null or, having several values, empty: %j (RFC7643-2.5-L682)',
    async (nothing) => {
      const { path } = await site.createUser(nothing);

      const body = bodyOf(await site.scim('get', path));

      expect(Object.keys(body).sort()).toEqual(['active', 'groups', 'id', 'meta', 'schemas', 'userName']);
    },
  );

  it('holds true and false as JSON booleans, also where they came as text (EXTRA-TYPE-BOOL)', async () => {
    for (const [sent, active] of [
      [true, true],
      ['False', false],
    ] as const) {
      const { path, body } = await site.createUser({ active: sent });

      expect(body['active']).toBe(active);
      expect((await site.scim('get', path)).body).toMatchObject({ active });
    }
  });

  it('never shows a password, in no answer to no method (RFC7643-4.1.1-L1186, RFC7643-4.1.1-L1222, RFC7643-7-L1769, EXTRA-MUT-WRITEONLY, EXTRA-RET-NEVER)', async () => {
    const password = 'Tr0ub4dor-and-3';
    const { path, body, reply } = await site.createUser({ password });
    const userName = body['userName'] as string;
    const query = { attributes: ['password', 'userName'] };

    const replies = [
      reply,
      await site.scim('get', path),
      await site.scim('get', `${path}?attributes=password`),
      await site.scim('put', path, { schemas: [USER_URN], userName, password }),
      await site.scim('patch', `${path}?attributes=password`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'replace', path: 'password', value: password }],
      }),
      await site.scim('get', filtered('/Users', `userName eq "${userName}"`)),
      await search(site.bridge, '/Users/.search', query),
      await search(site.bridge, '/.search', query),
      await site.scim('get', filtered('/Users', `password eq "${password}"`)),
    ];

    expect(replies.map((one) => one.status)).toEqual([201, 200, 200, 200, 501, 200, 200, 200, 400]);
    for (const one of replies) {
      expect(JSON.stringify(one.body)).not.toContain(password);
      expect(JSON.stringify(one.body)).not.toContain('"password"');
    }
  });

  it('of a userName or name that is taken is 409 uniqueness, in any letter case (RFC7644-3.3-L625)', async () => {
    const person = await site.createUser();
    const group = await site.createGroup();
    const userName = (person.body['userName'] as string).toUpperCase();
    const displayName = (group.body['displayName'] as string).toUpperCase();

    for (const [path, body] of [
      ['/Users', { schemas: [USER_URN], userName }],
      ['/Groups', { schemas: [GROUP_URN], displayName }],
    ] as const) {
      expectScimError(await site.scim('post', path, body), 409, 'uniqueness');
    }
  });

  it('is deleted with 204, then 404 to every method, and in no list (RFC7644-3.6-L2657, RFC7644-3.6-L2642, RFC7644-3.6-L2644)', async () => {
    const person = await site.createUser();
    const group = await site.createGroup();

    for (const { path, id, body } of [person, group]) {
      const removed = await site.scim('delete', path);
      expect({ status: removed.status, body: removed.body as unknown }).toEqual({ status: 204, body: {} });
      expectScimError(await site.scim('get', path), 404);
      expectScimError(await site.scim('put', path, { ...body, userName: 'gone@example.com' }), 404);
      expectScimError(await site.scim('delete', path), 404);
      const list = listOf(await search(site.bridge, '/.search', { count: 200, attributes: ['id'] }));
      expect(list.Resources.map((one) => one['id'])).not.toContain(id);
    }
    const look = filtered('/Users', `userName eq "${String(person.body['userName'])}"`);
    expect(listOf(await site.scim('get', look)).totalResults).toBe(0);
  });
});
