import { beforeAll, describe, expect, it } from '@jest/globals';
import { at, filtered, listOf, patch, search } from '../scim/exchanges.js';
import { bodyOf, type Body, type Created, sharedSite } from './site.js';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const site = sharedSite();
let person: Created;
let group: Created;

beforeAll(async () => {
  person = await site.createUser({
    externalId: 'x',
    name: { givenName: 'Ada', familyName: 'King' },
    [ENTERPRISE]: { department: 'R&D', costCenter: '7' },
  });
  group = await site.createGroup({ externalId: 'g', members: [{ value: person.id }] });
});

type Query = Readonly<Record<string, string>>;

/** Every answer that holds one representation of a User which a message leaves as it is. */
const OF_A_USER: readonly (readonly [string, (query: Query) => Promise<Body>])[] = [
  ['GET', async (query) => bodyOf(await site.scim('get', at(person.path, query)))],
  ['PUT', async (query) => bodyOf(await site.scim('put', at(person.path, query), person.body))],
  [
    'PATCH',
    async (query) =>
      bodyOf(await site.scim('patch', at(person.path, query), patch({ op: 'replace', path: 'active', value: true }))),
  ],
  [
    'a list',
    async (query) => first(listOf(await site.scim('get', filtered('/Users', `id eq "${person.id}"`, query))).Resources),
  ],
  [
    'POST /Users/.search',
    async (query) =>
      first(
        listOf(await search(site.bridge, '/Users/.search', { filter: `id eq "${person.id}"`, ...query })).Resources,
      ),
  ],
  [
    'POST /.search',
    async (query) =>
      first(
        listOf(
          await search(site.bridge, '/.search', {
            filter: `id eq "${person.id}"`,
            ...query,
            attributes: query['attributes']?.split(','),
          }),
        ).Resources,
      ),
  ],
];

function first(resources: readonly Body[]): Body {
  expect(resources).toHaveLength(1);
  return resources[0] ?? {};
}

describe.each(OF_A_USER)('a User in the answer of %s', (_name, answer) => {
  it.each<[Query, (whole: Body) => object]>([
    [{ attributes: 'userName' }, ({ userName }) => ({ userName })],
    [{ attributes: 'USERNAME,Active' }, ({ userName, active }) => ({ userName, active })],
    [{ attributes: `${USER}:userName` }, ({ userName }) => ({ userName })],
    [{ attributes: `${USER.toUpperCase()}:name.GIVENNAME` }, () => ({ name: { givenName: 'Ada' } })],
    [{ attributes: 'emails.value' }, ({ userName }) => ({ emails: [{ value: userName }] })],
    [{ attributes: `${ENTERPRISE}:department` }, () => ({ [ENTERPRISE]: { department: 'R&D' } })],
    [{ attributes: ENTERPRISE }, () => ({ [ENTERPRISE]: { department: 'R&D', costCenter: '7' } })],
    [{ attributes: 'noSuchAttribute' }, () => ({})],
    [{ attributes: 'id' }, () => ({})],
    [{ attributes: 'password' }, () => ({})],
    // Both at once are ruled out; attributes decides.
    [{ attributes: 'userName', excludedAttributes: 'userName' }, ({ userName }) => ({ userName })],
  ])('RFC 7644 §3.9: has what %j asks for, with id and schemas', async (query, expected) => {
    const { id, schemas } = person.body;

    expect(await answer(query)).toEqual({ id, schemas, ...expected(person.body) });
  });

  it.each<[Query, readonly string[]]>([
    [{ excludedAttributes: 'emails,NAME' }, ['emails', 'name']],
    [{ excludedAttributes: `${USER}:externalId,${ENTERPRISE}` }, ['externalId', ENTERPRISE]],
    [{ excludedAttributes: 'groups,meta,active' }, ['groups', 'meta', 'active']],
    [{ excludedAttributes: 'id,schemas' }, []],
    [{ excludedAttributes: 'noSuchAttribute' }, []],
    [{ attributes: '', excludedAttributes: '' }, []],
  ])('RFC 7644 §3.9: has all but what %j leaves out, and id and schemas always', async (query, excluded) => {
    const whole = Object.entries(await answer({}));

    expect(await answer(query)).toEqual(Object.fromEntries(whole.filter(([name]) => !excluded.includes(name))));
  });

  it('RFC 7644 §3.9: has the parts that are left where parts are left out', async () => {
    const query = { excludedAttributes: `name.familyName,emails.type,${ENTERPRISE}:costCenter,meta.location` };

    const body = await answer(query);

    expect(body).toMatchObject({ name: { givenName: 'Ada' }, [ENTERPRISE]: { department: 'R&D' } });
    expect(body['emails']).toEqual([{ value: person.body['userName'], primary: true }]);
    expect(Object.keys(body['meta'] as object).sort()).toEqual(['created', 'lastModified', 'resourceType']);
  });
});

describe('a Group', () => {
  const join = () => patch({ op: 'add', path: 'members', value: [{ value: person.id }] });

  it.each<[Query, () => object]>([
    [{ attributes: 'displayName' }, () => ({ displayName: group.body['displayName'] })],
    [{ attributes: `${GROUP}:DISPLAYNAME` }, () => ({ displayName: group.body['displayName'] })],
    [{ attributes: 'members.value' }, () => ({ members: [{ value: person.id }] })],
    [{ attributes: 'members' }, () => ({ members: group.body['members'] })],
    [{ attributes: `${USER}:displayName` }, () => ({})],
  ])('RFC 7644 §3.9: has what %j asks for, in every answer', async (query, expected) => {
    const { id, schemas } = group.body;

    for (const body of [
      bodyOf(await site.scim('get', at(group.path, query))),
      bodyOf(await site.scim('put', at(group.path, query), group.body)),
      bodyOf(await site.scim('patch', at(group.path, query), join())),
      first(listOf(await site.scim('get', filtered('/Groups', `id eq "${group.id}"`, query))).Resources),
      first(listOf(await search(site.bridge, '/.search', { filter: `id eq "${group.id}"`, ...query })).Resources),
    ]) {
      expect(body).toEqual({ id, schemas, ...expected() });
    }
  });

  it('RFC 7644 §3.9: is created and read without its members where they are left out, and keeps them', async () => {
    const created = await site.scim('post', '/Groups?excludedAttributes=members', {
      displayName: site.newName(),
      members: [{ value: person.id }],
    });

    expect(created.status).toBe(201);
    expect(created.body).not.toHaveProperty('members');
    const { id } = created.body as { readonly id: string };
    expect(site.bridge.sandbox.membersOf(id)).toEqual([person.id]);
    const left = await site.scim(
      'patch',
      `/Groups/${id}?excludedAttributes=members`,
      patch({ op: 'add', path: 'members', value: [] }),
    );
    expect(left.status).toBe(204);
    expect(site.bridge.sandbox.membersOf(id)).toEqual([person.id]);
  });
});
