import { describe, expect, it } from '@jest/globals';
import { expectScimError, operations } from '../support/bridge.js';
import { filtered, GROUP_URN, listOf, USER_URN } from '../scim/exchanges.js';
import { bodyOf, sharedSite } from './site.js';

describe('PUT', () => {
  const site = sharedSite();

  it('to an id nobody has is 404 and creates nothing (RFC7644-3.2-L490, RFC7644-3.5.1-L1637)', async () => {
    const name = site.newName();
    site.bridge.sandbox.takeCalls();

    for (const [path, body] of [
      ['/Users/712020:nobody', { schemas: [USER_URN], userName: `${name}@example.com` }],
      ['/Groups/0f0f0f0f-nobody', { schemas: [GROUP_URN], displayName: name }],
    ] as const) {
      expectScimError(await site.scim('put', path, body), 404);
    }

    expect(operations(site.bridge.sandbox, 'writes')).toEqual([]);
    for (const filter of [`userName eq "${name}@example.com"`, `displayName eq "${name}"`]) {
      for (const path of ['/Users', '/Groups']) {
        expect(listOf(await site.scim('get', filtered(path, filter))).totalResults).toBe(0);
      }
    }
  });

  it('is answered 200 with the resource, replaced by what was sent (RFC7644-3.5-L1607, RFC7644-3.5.1-L1644)', async () => {
    const person = await site.createUser({ displayName: 'Before', title: 'Dr' });
    const { userName } = person.body;
    const group = await site.createGroup({ members: [{ value: person.id }] });
    const displayName = site.newName();

    const putPerson = await site.scim('put', person.path, { schemas: [USER_URN], userName, displayName: 'After' });
    const putGroup = await site.scim('put', group.path, { schemas: [GROUP_URN], displayName });

    expect(putPerson.status).toBe(200);
    expect(putPerson.body).toMatchObject({ id: person.id, displayName: 'After' });
    expect((await site.scim('get', person.path)).body).toMatchObject({ displayName: 'After' });
    expect(putGroup.status).toBe(200);
    expect(putGroup.body).toMatchObject({ id: group.id, displayName });
    expect(bodyOf(await site.scim('get', group.path))).not.toHaveProperty('members');
  });

  it('RFC 7644 §3.5.1: leaves what it does not name as it was, which a provider may decide', async () => {
    const emails = [{ value: `${site.newName()}@example.com`, type: 'work' }];
    const { path, body } = await site.createUser({ title: 'Dr', emails, externalId: 'kept' });

    const reply = await site.scim('put', path, { schemas: [USER_URN], userName: body['userName'], nickName: 'Ada' });

    expect(reply.body).toMatchObject({ title: 'Dr', emails, externalId: 'kept', active: true, nickName: 'Ada' });
  });

  it('ignores read-only attributes and another id than the address has (RFC7644-3.5.1-L1660, RFC7644-3.5.1-L1665, RFC7643-7-L1766, EXTRA-MUT-IMMUTABLE)', async () => {
    const person = await site.createUser();
    const group = await site.createGroup();

    for (const { id, path, body } of [person, group]) {
      const reply = await site.scim('put', path, {
        ...body,
        id: 'another',
        groups: [],
        meta: { resourceType: 'Robot', location: 'https://elsewhere.example/1' },
      });

      expect(reply.status).toBe(200);
      expect(reply.body).toEqual(body);
      expect((await site.scim('get', path)).body).toMatchObject({ id });
    }
  });

  it.each<[string, '/Users' | '/Groups', object]>([
    ['userName', '/Users', { displayName: 'Ada' }],
    ['userName that is not null', '/Users', { userName: null }],
    ['userName that is not blank', '/Users', { userName: ' ' }],
    ['displayName', '/Groups', { members: [] }],
    ['displayName that is not blank', '/Groups', { displayName: '' }],
  ])('without a %s at %s is 400 and changes nothing (RFC7644-3.5.1-L1667)', async (_what, endpoint, body) => {
    const resource = endpoint === '/Users' ? await site.createUser({ title: 'Dr' }) : await site.createGroup();
    const before = await site.stateOf(resource);

    expectScimError(await site.scim('put', resource.path, body), 400, 'invalidValue');

    expect(await site.stateOf(resource)).toEqual(before);
  });

  it('RFC 7644 §3.5.1: of a userName or name that another has is 409 uniqueness and changes nothing', async () => {
    for (const [resource, taken] of [
      [await site.createUser(), { userName: (await site.createUser()).body['userName'] }],
      [await site.createGroup(), { displayName: (await site.createGroup()).body['displayName'] }],
    ] as const) {
      const before = await site.stateOf(resource);

      expectScimError(await site.scim('put', resource.path, { ...resource.body, ...taken }), 409, 'uniqueness');

      expect(await site.stateOf(resource)).toEqual(before);
    }
  });
});

describe('PUT of another profile with PROFILE_UPDATES=reject', () => {
  const site = sharedSite({ settings: { PROFILE_UPDATES: 'reject' } });

  it('is 501, as Confluence has no call for it, and changes nothing; of the same profile it is 200 (RFC7644-3.5-L1607)', async () => {
    const person = await site.createUser({ title: 'Dr' });
    const before = await site.stateOf(person);

    expectScimError(await site.scim('put', person.path, { ...person.body, title: 'Prof' }), 501);
    expect(await site.stateOf(person)).toEqual(before);

    expect((await site.scim('put', person.path, person.body)).status).toBe(200);
    expect(await site.stateOf(person)).toEqual(before);
  });
});
