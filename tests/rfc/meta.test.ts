import { describe, expect, it } from '@jest/globals';
import { ENTRA_TOKEN } from '../support/bridge.js';
import { patch, USER_URN } from '../scim/exchanges.js';
import { bodyOf, metaOf, sharedSite } from './site.js';

const BASE = 'https://scim.example.com/scim/v2';
/** xsd:dateTime with date, time and zone. */
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

describe('meta', () => {
  const site = sharedSite();

  it('has times with date, time and zone (RFC7643-2.3.5-L527, RFC7643-2.3.5-L531, EXTRA-TYPE-DT)', async () => {
    for (const { path } of [await site.createUser(), await site.createGroup()]) {
      const { created, lastModified } = metaOf(await site.scim('get', path));

      for (const time of [created, lastModified]) {
        expect(time).toMatch(DATE_TIME);
        expect(Date.parse(time)).not.toBeNaN();
      }
    }
  });

  it('names the type of the address (RFC7644-3.3.1-L712)', async () => {
    expect(metaOf(await site.createUser()).resourceType).toBe('User');
    expect(metaOf(await site.createGroup()).resourceType).toBe('Group');
  });

  it('has the location that the Location header has, and Content-Location says nothing else (RFC7643-3.1-L927)', async () => {
    for (const { path, reply } of [await site.createUser(), await site.createGroup()]) {
      for (const one of [reply, await site.scim('get', path)]) {
        expect(metaOf(one).location).toBe(`${BASE}${path}`);
        expect(one.headers).not.toHaveProperty('content-location');
      }
      expect(reply.headers['location']).toBe(`${BASE}${path}`);
    }
  });

  it('is ignored where a client sends it, and so are id, groups and every other read-only attribute (RFC7643-3.1-L872, RFC7643-3.1-L873, RFC7643-3.1-L911, RFC7643-7-L1759, RFC7644-3.3-L584, EXTRA-MUT-READONLY)', async () => {
    const own = {
      id: 'bulkId:mine',
      meta: {
        resourceType: 'Robot',
        created: '1999-01-01T00:00:00Z',
        lastModified: '1999-01-01T00:00:00Z',
        location: 'https://elsewhere.example/Users/mine',
        version: 'W/"1"',
      },
    };
    const group = await site.createGroup({ ...own });
    const person = await site.createUser({ ...own, groups: [{ value: group.id }] });
    const put = await site.scim('put', person.path, { ...person.body, ...own, groups: [{ value: group.id }] });

    for (const one of [person, group, put]) {
      expect(bodyOf(one)['id']).not.toContain('bulkId');
      expect(Object.keys(metaOf(one)).sort()).toEqual(['created', 'lastModified', 'location', 'resourceType']);
      expect(['User', 'Group']).toContain(metaOf(one).resourceType);
      expect(Date.parse(metaOf(one).created)).toBeGreaterThan(Date.parse('2020-01-01T00:00:00Z'));
      expect(metaOf(one).location).toMatch(/^https:\/\/scim\.example\.com\//);
    }
    expect(metaOf(put)).toEqual(metaOf(person));
    expect(bodyOf(put)['groups']).toEqual(person.body['groups']);
    expect(site.bridge.sandbox.membersOf(group.id)).toEqual([]);
  });

  it('RFC 7643 §3.1: externalId is whatever the client issued, and never the bridge (RFC7643-3.1-L890)', async () => {
    const without = await site.createUser();
    const withOne = await site.createUser({ externalId: 'CaSe-7' });
    const group = await site.createGroup();

    for (const { path } of [without, group]) {
      expect((await site.scim('get', path)).body).not.toHaveProperty('externalId');
    }
    expect((await site.scim('get', withOne.path)).body).toMatchObject({ externalId: 'CaSe-7' });
    // It belongs to the caller that sent it (rule ID6).
    expect((await site.scim('get', withOne.path, undefined, ENTRA_TOKEN)).body).not.toHaveProperty('externalId');
  });

  it('RFC 7643 §3.1: lastModified moves with every kind of change, created with none', async () => {
    const person = await site.createUser({ title: 'Dr' });
    const group = await site.createGroup();
    const userName = person.body['userName'];
    const member = { op: 'add', path: 'members', value: [{ value: person.id }] };

    for (const [target, method, body] of [
      [person, 'patch', patch({ op: 'replace', path: 'active', value: false })],
      [person, 'patch', patch({ op: 'replace', path: 'externalId', value: 'x' })],
      [person, 'put', { schemas: [USER_URN], userName, title: 'Prof' }],
      [person, 'put', { schemas: [USER_URN], userName, active: true }],
      [group, 'patch', patch(member)],
      [group, 'patch', patch({ op: 'replace', path: 'displayName', value: site.newName() })],
      [group, 'patch', patch({ op: 'replace', path: 'externalId', value: 'x' })],
    ] as const) {
      const before = metaOf(await site.scim('get', target.path));
      site.bridge.clock.advance(5_000);

      expect((await site.scim(method, target.path, body)).status).toBeLessThan(300);

      const after = metaOf(await site.scim('get', target.path));
      expect(after.created).toBe(before.created);
      expect(Date.parse(after.lastModified)).toBeGreaterThanOrEqual(Date.parse(before.lastModified) + 5_000);
    }
  });

  it('RFC 7643 §3.1: lastModified stays where a message changes nothing', async () => {
    const person = await site.createUser({ title: 'Dr', externalId: 'same' });
    const group = await site.createGroup({ externalId: 'same', members: [{ value: person.id }] });
    const members = [{ value: person.id }];
    const { displayName } = group.body;

    for (const [target, method, body] of [
      [person, 'patch', patch({ op: 'replace', path: 'active', value: true })],
      [person, 'patch', patch({ op: 'add', path: 'title', value: 'Dr' })],
      [person, 'patch', patch({ op: 'replace', path: 'externalId', value: 'same' })],
      [person, 'put', person.body],
      [group, 'patch', patch({ op: 'add', path: 'members', value: members })],
      [group, 'patch', patch({ op: 'replace', path: 'displayName', value: displayName })],
      [group, 'patch', patch({ op: 'remove', path: 'members[value eq "nobody"]' })],
      [group, 'put', group.body],
    ] as const) {
      const before = metaOf(await site.scim('get', target.path));
      site.bridge.clock.advance(5_000);

      expect((await site.scim(method, target.path, body)).status).toBeLessThan(300);

      expect({ body, meta: metaOf(await site.scim('get', target.path)) }).toEqual({ body, meta: before });
    }
  });
});
