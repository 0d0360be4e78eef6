import { describe, expect, it } from '@jest/globals';
import { type Message, NAMES, patch, profileOf, sendTwice, startSite, USER } from './site.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const VALUES_OF_FALSE: readonly unknown[] = [
  false,
  'False',
  'false',
  'FALSE',
  [false],
  ['False'],
  [{ value: 'False' }],
  { value: false },
];

describe('active', () => {
  const patchAda =
    (...operations: readonly object[]): Message =>
    ({ ids }) => ['PATCH', `/Users/${ids.ada}`, patch(...operations)];

  it.each<[shape: string, message: Message]>([
    ...VALUES_OF_FALSE.map((value): [string, Message] => [
      `the value ${JSON.stringify(value)}`,
      patchAda({ op: 'Replace', path: 'active', value }),
    ]),
    ['add', patchAda({ op: 'add', path: 'active', value: false })],
    ['op in capitals', patchAda({ op: 'REPLACE', path: 'active', value: 'False' })],
    ['a path in other letters', patchAda({ op: 'replace', path: 'Active', value: false })],
    ['the full name as path', patchAda({ op: 'replace', path: `${USER}:active`, value: false })],
    ['no path', patchAda({ op: 'replace', value: { active: false } })],
    ['path null', patchAda({ op: 'replace', path: null, value: { active: 'False' } })],
    ['an empty path', patchAda({ op: 'replace', path: '', value: { active: false } })],
    ['add without path', patchAda({ op: 'Add', value: { active: 'False' } })],
    ['the full name in a value without path', patchAda({ op: 'replace', value: { [`${USER}:active`]: false } })],
    ['a value without path inside its schema', patchAda({ op: 'replace', value: { [USER]: { active: false } } })],
    ['a list around a value without path', patchAda({ op: 'replace', value: [{ active: 'false' }] })],
    ['JSON text for a value without path', patchAda({ op: 'replace', value: '{"active":"false"}' })],
    [
      'what was read, sent back, in a value without path',
      patchAda({
        op: 'replace',
        value: { id: 'another', schemas: [USER], meta: { resourceType: 'User' }, active: false },
      }),
    ],
    [
      'one operation an attribute',
      patchAda(
        { op: 'replace', path: 'active', value: 'false' },
        { op: 'replace', path: 'userName', value: 'ada@example.com' },
        { op: 'replace', path: 'displayName', value: 'ada' },
      ),
    ],
    ['PUT', ({ ids }) => ['PUT', `/Users/${ids.ada}`, { ...profileOf('ada'), active: false }]],
    ['PUT with text', ({ ids }) => ['PUT', `/Users/${ids.ada}`, { ...profileOf('ada'), active: 'False' }]],
    [
      'a minimal PUT with emails null',
      ({ ids }) => [
        'PUT',
        `/Users/${ids.ada}`,
        { active: false, emails: null, id: ids.ada, name: null, schemas: [USER], userName: 'ada@example.com' },
      ],
    ],
  ])('takes access by %s [US11] [US7]', async (_shape, message) => {
    const site = await startSite();
    const answer = await sendTwice(site, message);
    expect(answer.body).toMatchObject({
      id: site.ids.ada,
      active: false,
      userName: 'ada@example.com',
      emails: [{ value: 'ada@example.com', type: 'work' }],
    });
    expect(NAMES.map(site.hasAccess)).toEqual([false, true, true]);
    expect(site.members()).toEqual(['ada', 'bob']);
  });

  it.each([true, 'True', 'true', [true], [{ value: 'True' }]])(
    'gives access back by the value %j [US11] [US8]',
    async (value) => {
      const site = await startSite();
      await site.send('PATCH', `/Users/${site.ids.ada}`, patch({ op: 'replace', path: 'active', value: false }));
      const answer = await sendTwice(site, patchAda({ op: 'Replace', path: 'active', value }));
      expect(answer.body).toMatchObject({ active: true });
      expect(site.hasAccess('ada')).toBe(true);
    },
  );

  it.each([[null], [{}], [{ active: null }]])('stays as it is where a PUT says %j of it [US10]', async (stated) => {
    const site = await startSite();
    await site.send('PATCH', `/Users/${site.ids.ada}`, patch({ op: 'replace', path: 'active', value: false }));
    const answer = await sendTwice(site, ({ ids }) => ['PUT', `/Users/${ids.ada}`, { ...profileOf('ada'), ...stated }]);
    expect(answer.body).toMatchObject({ active: false });
    expect(site.hasAccess('ada')).toBe(false);
  });
});

describe('a PATCH of a profile that leaves it as it is', () => {
  it.each<[shape: string, operations: readonly object[]]>([
    [
      'one operation an attribute',
      [
        { op: 'Replace', path: 'displayName', value: 'ada' },
        { op: 'Add', path: 'name.givenName', value: 'ada' },
        { op: 'Replace', path: 'emails[type eq "work"].value', value: 'ada@example.com' },
      ],
    ],
    ['an object without path', [{ op: 'replace', value: { displayName: 'ada', userName: 'ada@example.com' } }]],
    ['dotted keys', [{ op: 'replace', value: { 'name.givenName': 'ada', 'name.familyName': 'Example' } }]],
    [
      'full names as keys',
      [{ op: 'replace', value: { [`${USER}:displayName`]: 'ada', [`${USER}:name.givenName`]: 'ada' } }],
    ],
    ['nested full names', [{ op: 'replace', value: { [USER]: { displayName: 'ada' } } }]],
    ['a list around the object', [{ op: 'replace', value: [{ displayName: 'ada', externalId: 'x-ada' }] }]],
    ['JSON text', [{ op: 'replace', value: '{"displayName":"ada","externalId":"x-ada"}' }]],
    ['nulls for what is not there', [{ op: 'replace', value: { title: null, nickName: null, [ENTERPRISE]: null } }]],
    [
      'removal of what is not there',
      [
        { op: 'Remove', path: 'title' },
        { op: 'remove', path: `${ENTERPRISE}:manager` },
      ],
    ],
    ['an empty manager where there is none', [{ op: 'Replace', path: `${ENTERPRISE}:manager`, value: '' }]],
  ])('is answered 200 in the shape %s, without any write [US11]', async (_shape, operations) => {
    const site = await startSite();
    const answer = await sendTwice(site, ({ ids }) => ['PATCH', `/Users/${ids.ada}`, patch(...operations)]);
    expect(answer.body).toMatchObject({ id: site.ids.ada, displayName: 'ada', externalId: 'x-ada', active: true });
  });
});

describe('POST /Users', () => {
  it.each<[shape: string, body: object, echoed: object]>([
    [
      'nulls everywhere',
      {
        userName: 'dee@example.com',
        name: { formatted: null, givenName: 'Dee' },
        emails: null,
        phoneNumbers: null,
        photos: null,
        title: null,
        roles: [],
        addresses: [],
        externalId: null,
        active: null,
        [ENTERPRISE]: null,
      },
      { name: { givenName: 'Dee' } },
    ],
    [
      'text for booleans',
      {
        userName: 'dee@example.com',
        active: 'True',
        emails: [{ value: 'dee@example.com', primary: 'True', type: 'work' }],
      },
      { emails: [{ value: 'dee@example.com', type: 'work', primary: true }] },
    ],
    [
      'emails as one object',
      { userName: 'dee', emails: { value: 'dee@example.com' } },
      { userName: 'dee', emails: [{ value: 'dee@example.com' }] },
    ],
    [
      'emails of type other',
      { userName: 'dee', emails: [{ value: 'dee@example.com', type: 'other', primary: true }] },
      { emails: [{ value: 'dee@example.com', type: 'other', primary: true }] },
    ],
    [
      'the schema names of SCIM drafts',
      {
        schemas: ['urn:scim:schemas:core:2.0', 'urn:scim:schemas:extension:enterprise:2.0'],
        userName: 'dee@example.com',
        emails: [{ value: 'dee@example.com' }],
      },
      {},
    ],
    ['no schemas', { userName: 'dee@example.com', emails: [{ value: 'dee@example.com' }] }, {}],
    [
      'an unknown extension',
      { schemas: [USER, 'urn:example:ext:1.0'], userName: 'dee@example.com', 'urn:example:ext:1.0': { desk: '4.2' } },
      { 'urn:example:ext:1.0': { desk: '4.2' } },
    ],
    [
      'values outside the canonical ones',
      {
        userName: 'dee@example.com',
        roles: [{ value: 'dev', type: 'direct' }],
        photos: [{ value: 'no address', type: 'photo' }],
        phoneNumbers: [{ value: 'tel:+1-555', type: 'mobile' }],
      },
      { roles: [{ value: 'dev', type: 'direct' }] },
    ],
    [
      'groups, id, meta and a password of its own',
      {
        id: 'mine',
        userName: 'dee@example.com',
        groups: [{ value: 'g-1' }],
        meta: { resourceType: 'User', created: 'yesterday' },
        password: '1mz050nq',
      },
      { meta: { resourceType: 'User' } },
    ],
    [
      'a capital in an attribute of an extension',
      { userName: 'dee@example.com', [ENTERPRISE]: { Department: 'Codes' } },
      { [ENTERPRISE]: { department: 'Codes' } },
    ],
  ])('invites with %s [US1] [US3]', async (_shape, body, echoed) => {
    const { bridge, send } = await startSite();
    const answer = await send('POST', '/Users', body);
    expect({ status: answer.status, body: answer.body }).toMatchObject({
      status: 201,
      body: { active: true, ...echoed },
    });
    expect(JSON.stringify(answer.body)).not.toContain('null');
    const person = bridge.sandbox.findPersonByEmail('dee@example.com');
    expect(bridge.sandbox.groupsOf(person?.accountId ?? '')).toEqual([bridge.sandbox.groups.access.id]);
  });
});

describe('media types', () => {
  it.each([
    'application/scim+json',
    'application/scim+json; charset=utf-8',
    'application/scim+json;charset=UTF-8',
    'Application/SCIM+JSON',
    'application/json',
    'application/json; charset=utf-8',
  ])('reads %s, and answers application/scim+json [LI5]', async (type) => {
    const site = await startSite();
    const body = patch({ op: 'replace', value: { active: false } });
    const answer = await site.send('PATCH', `/Users/${site.ids.ada}`, body, { 'Content-Type': type });
    expect({ status: answer.status, type: answer.headers['content-type'] }).toEqual({
      status: 200,
      type: 'application/scim+json',
    });
    expect(site.hasAccess('ada')).toBe(false);
  });

  it.each(['application/scim+json', 'application/json;charset=utf-8', 'text/plain'])(
    'does not mind %s on requests without a body, nor what Accept asks for [LI5]',
    async (type) => {
      const { send, ids, groupId } = await startSite();
      const headers = { 'Content-Type': type, Accept: 'application/json', 'Accept-Charset': 'utf-8' };
      const read = await send('GET', `/Users/${ids.ada}`, undefined, headers);
      expect({ status: read.status, type: read.headers['content-type'] }).toEqual({
        status: 200,
        type: 'application/scim+json',
      });
      expect((await send('DELETE', `/Groups/${groupId}`, undefined, headers)).status).toBe(204);
      const gone = await send('GET', `/Groups/${groupId}`, undefined, headers);
      expect({ status: gone.status, type: gone.headers['content-type'] }).toEqual({
        status: 404,
        type: 'application/scim+json',
      });
    },
  );
});
