import { describe, expect, it } from '@jest/globals';
import { type Ids, type Message, patch, sendTwice, startSite } from './site.js';

const patchGroup =
  (operations: (ids: Ids) => readonly object[]): Message =>
  ({ ids, groupId }) => ['PATCH', `/Groups/${groupId}`, patch(...operations(ids))];

const putGroup =
  (rest: (ids: Ids) => object): Message =>
  ({ ids, groupId }) => ['PUT', `/Groups/${groupId}`, { displayName: 'Engineering', ...rest(ids) }];

describe('removing members', () => {
  it.each<[shape: string, message: Message, left: string[]]>([
    ['a filter path', patchGroup(({ ada }) => [{ op: 'remove', path: `members[value eq "${ada}"]` }]), ['bob']],
    [
      'a filter path with a value beside it',
      patchGroup(({ ada }) => [{ op: 'remove', path: `members[value eq "${ada}"]`, value: [{ value: ada }] }]),
      ['bob'],
    ],
    ['a value list', patchGroup(({ ada }) => [{ op: 'remove', path: 'members', value: [{ value: ada }] }]), ['bob']],
    [
      'a value list with $ref null and a capital',
      patchGroup(({ ada }) => [{ op: 'Remove', path: 'members', value: [{ $ref: null, value: ada }] }]),
      ['bob'],
    ],
    [
      'a filter path with or',
      patchGroup(({ ada, bob }) => [{ op: 'remove', path: `members[value eq "${ada}" or value eq "${bob}"]` }]),
      [],
    ],
    ['a PUT without the member', putGroup(({ bob }) => ({ members: [{ value: bob }] })), ['bob']],
    [
      'a filter path in other letters',
      patchGroup(({ ada }) => [{ op: 'REMOVE', path: `Members[Value Eq "${ada}"]` }]),
      ['bob'],
    ],
    ['one object', patchGroup(({ ada }) => [{ op: 'remove', path: 'members', value: { value: ada } }]), ['bob']],
    ['one id as text', patchGroup(({ ada }) => [{ op: 'remove', path: 'members', value: ada }]), ['bob']],
    [
      'one operation a member',
      patchGroup(({ ada, bob }) => [
        { op: 'remove', path: `members[value eq "${ada}"]` },
        { op: 'remove', path: `members[value eq "${bob}"]` },
      ]),
      [],
    ],
  ])('takes those whom %s names, and nobody else [GR6]', async (_shape, message, left) => {
    const site = await startSite();
    await sendTwice(site, message);
    expect(site.members()).toEqual(left);
  });

  it.each<[shape: string, message: Message]>([
    ['remove without value', patchGroup(() => [{ op: 'remove', path: 'members' }])],
    ['replace with an empty list', patchGroup(() => [{ op: 'replace', path: 'members', value: [] }])],
    ['an empty list inside a value without path', patchGroup(() => [{ op: 'replace', value: { members: [] } }])],
    ['a PUT of an empty list', putGroup(() => ({ members: [] }))],
    ['a PUT without members', putGroup(() => ({}))],
    ['a PUT with members null', putGroup(() => ({ members: null }))],
  ])('takes everybody by %s [GR6]', async (_shape, message) => {
    const site = await startSite();
    await sendTwice(site, message);
    expect(site.members()).toEqual([]);
  });

  it.each<[shape: string, message: Message]>([
    ['an empty value list', patchGroup(() => [{ op: 'remove', path: 'members', value: [] }])],
    ['null', patchGroup(() => [{ op: 'Remove', path: 'members', value: null }])],
    ['an entry without value', patchGroup(() => [{ op: 'remove', path: 'members', value: [{ $ref: null }] }])],
    ['an id of nobody', patchGroup(() => [{ op: 'remove', path: 'members', value: [{ value: 'nobody' }] }])],
    ['a filter on an id of nobody', patchGroup(() => [{ op: 'remove', path: 'members[value eq "nobody"]' }])],
    ['somebody who is no member', patchGroup(({ cy }) => [{ op: 'remove', path: `members[value eq "${cy}"]` }])],
    [
      'a value without path that has no members',
      ({ groupId }) => [
        'PATCH',
        `/Groups/${groupId}`,
        patch({ op: 'replace', value: { id: groupId, displayName: 'Engineering', schemas: [], externalId: 'g-1' } }),
      ],
    ],
  ])('takes nobody by %s [GR6]', async (_shape, message) => {
    const site = await startSite();
    await sendTwice(site, message);
    expect(site.members()).toEqual(['ada', 'bob']);
  });
});

describe('adding members', () => {
  it.each<[shape: string, message: Message]>([
    ['a list', patchGroup(({ cy }) => [{ op: 'add', path: 'members', value: [{ value: cy, display: 'Cy' }] }])],
    ['one object', patchGroup(({ cy }) => [{ op: 'add', path: 'members', value: { value: cy } }])],
    ['one id as text', patchGroup(({ cy }) => [{ op: 'add', path: 'members', value: cy }])],
    [
      '$ref null and a capital',
      patchGroup(({ cy }) => [{ op: 'Add', path: 'members', value: [{ $ref: null, value: cy }] }]),
    ],
    [
      'one operation a member, one of them there already',
      patchGroup(({ ada, cy }) => [
        { op: 'add', path: 'members', value: [{ value: ada }] },
        { op: 'add', path: 'members', value: [{ value: cy }] },
      ]),
    ],
    [
      'one operation for all, most of them there already',
      patchGroup(({ ada, bob, cy }) => [
        { op: 'add', path: 'members', value: [{ value: ada }, { value: bob }, { value: cy }, { value: cy }] },
      ]),
    ],
    ['a value without path', patchGroup(({ cy }) => [{ op: 'add', value: { members: [{ value: cy }] } }])],
    [
      'a replacement by all three',
      patchGroup(({ ada, bob, cy }) => [
        { op: 'replace', path: 'members', value: [{ value: ada }, { value: bob }, { value: cy }] },
      ]),
    ],
    [
      'a replacement by all three without path, by the full name of the attribute',
      patchGroup(({ ada, bob, cy }) => [
        {
          op: 'replace',
          value: {
            'urn:ietf:params:scim:schemas:core:2.0:Group:members': [{ value: ada }, { value: bob }, { value: cy }],
          },
        },
      ]),
    ],
  ])('takes in by %s [GR5] [GR6]', async (_shape, message) => {
    const site = await startSite();
    await sendTwice(site, message);
    expect(site.members()).toEqual(['ada', 'bob', 'cy']);
  });
});
