import { describe, expect, it } from '@jest/globals';
import { expectScimError, OKTA_TOKEN } from '../support/bridge.js';
import { GROUP_URN, idOf, listOf, patch, USER_URN } from '../scim/exchanges.js';
import { bodyOf, sharedSite } from './site.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const OWN = 'urn:example:params:scim:schemas:extension:2.0:User';
const site = sharedSite();

async function readBack(sent: object): Promise<Readonly<Record<string, unknown>>> {
  const { path, body } = await site.createUser(sent);
  expect((await site.scim('get', path)).body).toEqual(body);
  return body;
}

describe('values of a User', () => {
  it('that are whole numbers come back as such, and so do the counts of a list (RFC7643-2.3.4-L521, EXTRA-TYPE-INT)', async () => {
    const { path } = await site.createUser({ [OWN]: { level: 42 } });
    const textOf = async (address: string) => {
      const answer = await fetch(`${site.bridge.url}/scim/v2${address}`, {
        headers: { Authorization: `Bearer ${OKTA_TOKEN}` },
      });
      return answer.text();
    };

    expect(await textOf(path)).toMatch(/"level":42[,}]/);
    const list = await textOf('/Users?count=1');
    for (const name of ['totalResults', 'startIndex', 'itemsPerPage']) {
      expect(list).toMatch(new RegExp(`"${name}":\\d+[,}]`));
    }
  });

  it('that are binary come back as the base64 they were (RFC7643-2.3.6-L537, RFC7643-4.1.2-L1378, EXTRA-TYPE-BIN)', async () => {
    const certificate = Buffer.from(Array.from({ length: 300 }, (_, byte) => byte % 256)).toString('base64');

    const body = await readBack({ x509Certificates: [{ value: certificate }] });

    expect(body['x509Certificates']).toEqual([{ value: certificate }]);
  });

  it('that are references are URIs (RFC7643-2.3.7-L552, EXTRA-TYPE-REF)', async () => {
    const manager = { value: 'm1', $ref: '../Users/m1' };
    const body = await readBack({ profileUrl: 'https://people.example/ada?x=1', [ENTERPRISE]: { manager } });

    expect(body).toMatchObject({ profileUrl: 'https://people.example/ada?x=1', [ENTERPRISE]: { manager } });
    for (const group of body['groups'] as readonly { readonly $ref: string }[]) {
      expect(() => new URL(group.$ref)).not.toThrow();
    }
  });

  it('that are complex come back with all their parts, none of which is complex (RFC7643-2.3.8-L595, EXTRA-TYPE-COMPLEX)', async () => {
    const name = { formatted: 'Ada King', givenName: 'Ada', familyName: 'King', honorificPrefix: 'Dr' };
    const addresses = [{ type: 'work', streetAddress: '1 Way', locality: 'Town', primary: true }];

    const body = await readBack({ name, addresses, phoneNumbers: [{ value: '+1', type: 'work' }] });

    expect(body).toMatchObject({ name, addresses });
    const parts = Object.values(body)
      .flat()
      .filter((value): value is object => typeof value === 'object' && value !== null);
    expect(parts.length).toBeGreaterThan(4);
    for (const part of parts.flatMap((value) => Object.values(value) as unknown[])) {
      expect(typeof part).not.toBe('object');
    }
  });

  it('keep their letter case (RFC7643-7-L1750)', async () => {
    const sent = { displayName: 'CaSeExAcT', externalId: 'eXtErNaL', title: 'dR', [ENTERPRISE]: { costCenter: 'cC' } };

    expect(await readBack(sent)).toMatchObject(sent);
  });

  it('of e-mail addresses come back as they were, to be compared by the client (RFC7643-4.1.2-L1244, RFC7643-2.4-L655)', async () => {
    const emails = [{ value: `ADA.${site.newName()}@Example.com`, type: 'work' }];

    expect(await readBack({ emails })).toMatchObject({ emails });
    const reply = await site.scim('post', '/Users', { userName: 'no-address', emails: [{ value: 'not an address' }] });
    expectScimError(reply, 400, 'invalidValue');
  });

  it('of countries come back as the two letters they were (RFC7643-4.1.2-L1322)', async () => {
    const body = await readBack({ addresses: [{ type: 'work', country: 'US' }] });

    expect(body['addresses']).toEqual([{ type: 'work', country: 'US' }]);
  });

  it('of an attribute with several come back all, in their order (EXTRA-MV-ROUNDTRIP)', async () => {
    const roles = [{ value: 'c' }, { value: 'a' }, { value: 'b' }];

    expect((await readBack({ roles, [OWN]: { tags: ['z', 'y', 'x'] } }))['roles']).toEqual(roles);
  });
});

describe('an attribute with several values', () => {
  const two = (name: string) => [
    { value: `${name}@example.com`, type: 'work', primary: true },
    { value: `${name}@home.example`, type: 'home', primary: true },
  ];
  const primaries = (reply: { readonly body: unknown }) =>
    (bodyOf(reply)['emails'] as readonly { readonly primary?: boolean }[]).map(({ primary }) => primary === true);

  it('has one primary at most: of two in a POST or PUT, the first (RFC7643-2.4-L634, EXTRA-MV-COMPLEX-PRIMARY)', async () => {
    const name = site.newName();
    const userName = `${name}@example.com`;

    const created = await site.scim('post', '/Users', { schemas: [USER_URN], userName, emails: two(name) });
    const path = `/Users/${idOf(created)}`;
    const put = await site.scim('put', path, { schemas: [USER_URN], userName, emails: two(name).reverse() });

    expect(primaries(created)).toEqual([true, false]);
    expect(primaries(put)).toEqual([true, false]);
    expect(primaries(await site.scim('get', path))).toEqual([true, false]);
  });

  it('has each type and value once (RFC7643-2.4-L663)', async () => {
    const email = { value: `${site.newName()}@example.com`, type: 'work' };

    const body = await readBack({ emails: [email, email, { ...email, type: 'home' }] });

    expect(body['emails']).toEqual([email, { ...email, type: 'home' }]);
  });
});

describe('an extension', () => {
  const attributes = { employeeNumber: '701984', department: 'Tour', manager: { value: 'm1', displayName: 'Bo' } };

  it('is an object under its URN, which schemas names, and comes back whole (RFC7643-3.3-L981, EXTRA-EXT-CONTAINER, EXTRA-EXT-ROUNDTRIP, EXTRA-EXT-SCHEMAS)', async () => {
    const body = await readBack({ schemas: [USER_URN, ENTERPRISE], [ENTERPRISE]: attributes });

    expect(body).toMatchObject({ schemas: [USER_URN, ENTERPRISE], [ENTERPRISE]: attributes });
    expect(body).not.toHaveProperty('department');
  });

  it('is required by no resource type, so that a User without one is created (RFC7643-6-L1655)', async () => {
    const types = listOf(await site.scim('get', '/ResourceTypes')).Resources;

    const required = types.flatMap((type) => (type['schemaExtensions'] ?? []) as { required: boolean }[]);
    expect(required.filter((extension) => extension.required)).toEqual([]);
    expect((await site.createUser({ schemas: [USER_URN] })).reply.status).toBe(201);
  });
});

describe('a member of a Group', () => {
  it('has the id of the User as value (RFC7643-4.1.2-L1351)', async () => {
    const { id } = await site.createUser();

    const { body } = await site.createGroup({ members: [{ value: id, type: 'User' }] });

    expect(body['members']).toEqual([expect.objectContaining({ value: id, type: 'User' })]);
  });

  it('has a $ref that is absolute, of http, below the base address, and leads to the User (RFC7643-2.3.7-L555, RFC7643-2.3.7-L577, RFC7643-2.3.7-L578)', async () => {
    const { id } = await site.createUser();
    const { body } = await site.createGroup({ members: [{ value: id }] });
    const [{ $ref } = { $ref: '' }] = body['members'] as readonly { readonly $ref: string }[];

    expect($ref).toBe(`https://scim.example.com/scim/v2/Users/${id}`);
    const answer = await site.scim('get', $ref.slice('https://scim.example.com/scim/v2'.length));
    expect(answer).toMatchObject({ status: 200, body: { id } });
  });

  it('comes and goes by the Group, which the groups of the User show (RFC7643-4.1.2-L1354)', async () => {
    const { id, path } = await site.createUser();
    const group = await site.createGroup();
    const groupsOf = async () =>
      (bodyOf(await site.scim('get', path))['groups'] as readonly { readonly value: string }[]).map((one) => one.value);
    const members = async () => bodyOf(await site.scim('get', group.path))['members'];

    expect(
      (await site.scim('patch', group.path, patch({ op: 'add', path: 'members', value: [{ value: id }] }))).status,
    ).toBe(204);
    expect(await members()).toEqual([expect.objectContaining({ value: id })]);
    expect(await groupsOf()).toContain(group.id);

    // The groups of a User are read-only, and ignored in a PUT.
    await site.scim('put', path, { ...bodyOf(await site.scim('get', path)), groups: [] });
    expect(await groupsOf()).toContain(group.id);

    await site.scim('put', group.path, { schemas: [GROUP_URN], displayName: group.body['displayName'] });
    expect(await members()).toBeUndefined();
    expect(await groupsOf()).not.toContain(group.id);
  });
});
