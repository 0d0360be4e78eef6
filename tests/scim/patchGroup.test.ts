import { describe, expect, it } from '@jest/globals';
import { memberMatcher, planGroupPatch } from '../../src/scim/patchGroup.js';
import type { GroupPatchPlan } from '../../src/scim/patchGroup.js';
import { readPatch } from '../../src/scim/patchMessage.js';
import { GROUP_URN } from '../../src/scim/userAttributes.js';
import { patch } from './patches.js';
import { thrownBy } from './thrown.js';

function plan(...operations: readonly unknown[]): GroupPatchPlan {
  return planGroupPatch(readPatch(patch(...operations), 'Group'));
}

const nothing = {
  add: [],
  remove: [],
  replace: undefined,
  removeMatching: [],
  displayName: undefined,
  otherChanges: [],
  refusal: undefined,
};
describe('planGroupPatch, removing', () => {
  it.each<[string, unknown, string[]]>([
    ['a filter (Okta, JumpCloud)', { op: 'remove', path: 'members[value eq "a"]' }, ['a']],
    ['a filter and a value (ConnId)', { op: 'remove', path: 'members[value eq "a"]', value: 'b' }, ['a']],
    [
      'a value list (JumpCloud, ssosync, authentik)',
      { op: 'remove', path: 'members', value: [{ value: 'a' }, { value: 'b' }] },
      ['a', 'b'],
    ],
    [
      'a value list with null references (Entra ID)',
      { op: 'Remove', path: 'members', value: [{ $ref: null, value: 'a' }] },
      ['a'],
    ],
    [
      'filters joined by or (ConnId)',
      { op: 'remove', path: 'members[value eq "a" or value eq "b" or (value eq "c")]' },
      ['a', 'b', 'c'],
    ],
    ['a text', { op: 'remove', path: 'members', value: 'a' }, ['a']],
    ['an object', { op: 'remove', path: 'members', value: { value: 'a' } }, ['a']],
    [
      'another display text',
      { op: 'Remove', path: 'members', value: [{ value: 'a', display: 'someone else' }] },
      ['a'],
    ],
    ['other letters and a URN', { op: 'REMOVE', path: `${GROUP_URN}:Members`, value: [{ VALUE: 'a' }] }, ['a']],
    ['a filter in other letters', { op: 'Remove', path: 'Members[Value Eq "a"]' }, ['a']],
  ])('removes those that %s names [GR6]', (_, operation, ids) => {
    expect(plan(operation)).toMatchObject({ ...nothing, remove: ids });
  });

  it.each<[string, unknown]>([
    ['without value (Keycloak)', { op: 'remove', path: 'members' }],
    ['by an empty replacement (Okta)', { op: 'replace', path: 'members', value: [] }],
    [
      'by an empty replacement without path',
      { op: 'replace', value: { id: 'g', displayName: undefined, members: [] } },
    ],
  ])('removes everybody %s [GR6]', (_, operation) => {
    const body = JSON.parse(JSON.stringify(operation)) as unknown;
    expect(plan(body)).toMatchObject({ ...nothing, replace: [] });
  });

  it.each<[string, unknown]>([
    ['an empty list', []],
    ['null', null],
    ['entries without value', [{ display: 'Ada' }, { value: null }, { value: '' }, null, {}]],
    ['an empty text', ''],
    ['an empty object', {}],
    ['ids that nobody can have', [{ value: 'a b' }, { value: 'x'.repeat(129) }]],
  ])('removes nobody for %s [GR6]', (_, value) => {
    expect(plan({ op: 'remove', path: 'members', value })).toMatchObject(nothing);
  });

  it('takes text that looks like a filter for an id, literally [GR6]', () => {
    const text = '9" or value pr or value eq "9';
    expect(plan({ op: 'remove', path: 'members', value: [{ value: text }] })).toMatchObject(nothing);
    expect(plan({ op: 'remove', path: `members[value eq ${JSON.stringify(text)}]` })).toMatchObject(nothing);
  });

  it('never takes the removal of a display for the removal of a member [GR6]', () => {
    expect(plan({ op: 'remove', path: 'members[value eq "a"].display' })).toMatchObject(nothing);
    expect(plan({ op: 'remove', path: 'members.display' })).toMatchObject(nothing);
    expect(plan({ op: 'remove', path: 'members[value eq "a"].value' }).refusal).toMatchObject({
      scimType: 'mutability',
    });
  });

  it('keeps other filters for whoever knows the members [GR6]', () => {
    const { removeMatching, remove: ids } = plan({
      op: 'remove',
      path: 'members[value sw "inv-" or display co "bot"]',
    });
    expect(ids).toEqual([]);
    const [filter] = removeMatching;
    if (filter === undefined) throw new Error('The filter is lost.');
    expect(memberMatcher(filter)({ value: 'inv-1' })).toBe(true);
    expect(memberMatcher(filter)({ value: 'x', display: 'Robot' })).toBe(true);
    expect(memberMatcher(filter)({ value: 'x' })).toBe(false);
  });

  it('bounds what filters may cost, which are tried on every member [SA18]', () => {
    const filters = Array.from({ length: 6 }, (_, index) => ({ op: 'remove', path: `members[value sw "${index}"]` }));
    expect(plan(...filters.slice(1)).removeMatching).toHaveLength(5);
    expect(thrownBy(() => plan(...filters))).toMatchObject({ kind: 'invalid', scimType: 'invalidFilter' });
    const long = Array.from({ length: 6 }, (_, index) => `not (display co "${index}")`).join(' or ');
    expect(thrownBy(() => plan({ op: 'remove', path: `members[${long}]` }))).toMatchObject({
      scimType: 'invalidFilter',
    });
  });

  it('compares ids exactly', () => {
    const [filter] = plan({ op: 'remove', path: 'members[value eq "A" and type eq "user"]' }).removeMatching;
    if (filter === undefined) throw new Error('The filter is lost.');
    expect(memberMatcher(filter)({ value: 'A' })).toBe(true);
    expect(memberMatcher(filter)({ value: 'a' })).toBe(false);
  });
});

describe('planGroupPatch, adding and replacing', () => {
  it.each<[string, unknown]>([
    ['a list', { op: 'add', path: 'members', value: [{ value: 'a' }] }],
    ['null references (Entra ID)', { op: 'Add', path: 'members', value: [{ $ref: null, value: 'a' }] }],
    ['one object', { op: 'add', path: 'members', value: { value: 'a' } }],
    ['a text (Microsoft)', { op: 'add', path: 'members', value: 'a' }],
    ['duplicates', { op: 'add', path: 'members', value: ['a', { value: 'a' }] }],
    ['no path', { op: 'add', value: { members: [{ value: 'a' }] } }],
    ['a list of one without path', { op: 'add', value: [{ members: [{ value: 'a' }] }] }],
    ['a URN key', { op: 'add', value: { [`${GROUP_URN}:members`]: [{ value: 'a' }] } }],
    ['the schema around it', { op: 'add', value: { [GROUP_URN]: { members: [{ value: 'a' }] } } }],
  ])('adds by %s [GR5]', (_, operation) => {
    expect(plan(operation)).toMatchObject({ ...nothing, add: ['a'] });
  });

  it.each<[string, unknown]>([
    ['a path (Okta, Keycloak)', { op: 'replace', path: 'members', value: [{ value: 'a' }, { value: 'b' }] }],
    ['no path (Okta)', { op: 'replace', value: { id: 'g', members: [{ value: 'a' }, { value: 'b' }] } }],
  ])('replaces by %s [GR6]', (_, operation) => {
    expect(plan(operation)).toMatchObject({ ...nothing, replace: ['a', 'b'] });
  });

  it.each<[string, unknown, object]>([
    ['Okta', { op: 'replace', value: { id: 'g', displayName: 'T' } }, {}],
    [
      'authentik',
      { op: 'replace', path: null, value: { schemas: [GROUP_URN], id: 'g', displayName: 'T', externalId: 'e1' } },
      { externalId: { value: 'e1' } },
    ],
    [
      'Keycloak as JSON text',
      { op: 'replace', value: '{"schemas":[],"displayName":"T","externalId":"e1"}' },
      { externalId: { value: 'e1' } },
    ],
    ['null members', { op: 'replace', value: { displayName: 'T', members: null } }, {}],
  ])('never touches members that %s does not list [GR6]', (_, operation, more) => {
    expect(plan(operation)).toMatchObject({ ...nothing, displayName: 'T', ...more });
  });

  it('does nothing for additions of nobody', () => {
    expect(plan({ op: 'add', path: 'members', value: [] })).toMatchObject(nothing);
    expect(plan({ op: 'add', path: 'members', value: null })).toMatchObject(nothing);
  });

  it.each<[string, unknown, string, RegExp]>([
    [
      'an entry without value [GR6]',
      { op: 'replace', path: 'members', value: [{ display: 'x' }] },
      'invalidValue',
      /without value/,
    ],
    [
      'such an entry in an addition [GR6]',
      { op: 'add', path: 'members', value: [{}] },
      'invalidValue',
      /without value/,
    ],
    [
      'a nested group [GR4]',
      { op: 'add', path: 'members', value: [{ value: 'g', type: 'group' }] },
      'invalidValue',
      /groups inside groups/,
    ],
    ['an id of no form [GR4]', { op: 'add', path: 'members', value: ['a b'] }, 'invalidValue', /no user's id/],
    ['members that are a number [US11]', { op: 'add', path: 'members', value: 7 }, 'invalidValue', /cannot be read/],
    [
      'members to remove that are a boolean [US11]',
      { op: 'remove', path: 'members', value: true },
      'invalidValue',
      /cannot be read/,
    ],
    ['an addition without value', { op: 'add', path: 'members' }, 'invalidValue', /has no value/],
    ['a replacement without value', { op: 'replace', path: 'members' }, 'invalidValue', /has no value/],
    [
      'an addition to a filter',
      { op: 'add', path: 'members[value eq "a"]', value: 'a' },
      'invalidPath',
      /target of add/,
    ],
    ['an empty displayName [GR3]', { op: 'replace', path: 'displayName', value: '' }, 'invalidValue', /displayName/],
    [
      'a displayName with control characters [GR3]',
      { op: 'replace', value: { displayName: 'a\tb' } },
      'invalidValue',
      /displayName/,
    ],
    ['a part of displayName', { op: 'replace', path: 'displayName.x', value: 'a' }, 'invalidPath', /displayName/],
    ['a path that cannot be read', { op: 'add', path: 'members[', value: 'a' }, 'invalidFilter', /filter/],
  ])('refuses %s', (_, operation, scimType, message) => {
    const failure = thrownBy(() => plan(operation));
    expect(failure).toMatchObject({ kind: 'invalid', scimType });
    expect(failure.message).toMatch(message);
  });

  it.each<[unknown]>([
    [{ op: 'remove', path: 'displayName' }],
    [{ op: 'replace', path: 'id', value: 'x' }],
    [{ op: 'remove', path: 'schemas' }],
    [{ op: 'add', path: 'meta.x', value: 'x' }],
  ])('plans the refusal of %j as mutability, after 404 [US11]', (operation) => {
    expect(plan(operation).refusal).toMatchObject({ kind: 'invalid', scimType: 'mutability' });
  });

  it('names attributes it has no place for', () => {
    expect(plan({ op: 'add', value: { description: 'x', other: null } }).otherChanges).toEqual(['description']);
  });
});
