import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { memberMatcher, planGroupPatch } from '../../src/scim/patchGroup.js';
import type { GroupPatchPlan } from '../../src/scim/patchGroup.js';
import { readPatch } from '../../src/scim/patchMessage.js';
import { patch } from './patches.js';

function plan(...operations: readonly unknown[]): GroupPatchPlan {
  return planGroupPatch(readPatch(patch(...operations), 'Group'));
}

const add = (...ids: readonly string[]) => ({ op: 'add', path: 'members', value: ids.map((value) => ({ value })) });
const remove = (...ids: readonly string[]) => ({
  op: 'remove',
  path: 'members',
  value: ids.map((value) => ({ value })),
});

describe('planGroupPatch, folding', () => {
  it.each<[string, readonly unknown[], object]>([
    ['removed, then added: a member', [remove('a'), add('a')], { add: ['a'], remove: [] }],
    ['added, then removed: none', [add('a'), remove('a')], { add: [], remove: ['a'] }],
    [
      'replaced, then added and removed',
      [{ op: 'replace', path: 'members', value: ['a', 'b'] }, add('c'), remove('a')],
      { add: [], remove: ['a'], replace: ['b', 'c'] },
    ],
    [
      'added, then replaced',
      [add('a'), { op: 'replace', path: 'members', value: ['b'] }],
      { add: [], remove: [], replace: ['b'] },
    ],
    ['cleared, then added', [{ op: 'remove', path: 'members' }, add('a')], { replace: ['a'] }],
    [
      'removed by name, then replaced without: still named',
      [remove('a'), { op: 'replace', path: 'members', value: ['b'] }],
      { remove: ['a'], replace: ['b'] },
    ],
    [
      'added, then matched by a filter',
      [add('inv-1', 'b'), { op: 'remove', path: 'members[value sw "inv-"]' }],
      { add: ['b'], remove: ['inv-1'] },
    ],
    [
      'replaced, then matched by a filter',
      [
        { op: 'replace', path: 'members', value: ['inv-1', 'b'] },
        { op: 'remove', path: 'members[value sw "inv-"]' },
      ],
      { replace: ['b'], removeMatching: [] },
    ],
    [
      'matched by a filter, then replaced',
      [
        { op: 'remove', path: 'members[value sw "inv-"]' },
        { op: 'replace', path: 'members', value: ['inv-1'] },
      ],
      { replace: ['inv-1'], removeMatching: [] },
    ],
    [
      "Okta's push: one out, one in",
      [
        { op: 'remove', path: 'members[value eq "a"]' },
        { op: 'add', path: 'members', value: [{ value: 'b', display: 'b@x.org' }] },
      ],
      { add: ['b'], remove: ['a'] },
    ],
    [
      "Entra ID's rename with members",
      [
        { op: 'Replace', path: 'displayName', value: 'T' },
        add('b'),
        { op: 'Remove', path: 'members', value: [{ $ref: null, value: 'a' }] },
      ],
      { displayName: 'T', add: ['b'], remove: ['a'] },
    ],
    [
      "ssosync's update",
      [{ op: 'replace', value: { displayName: 'T', externalId: 'e1' } }],
      { displayName: 'T', externalId: { value: 'e1' } },
    ],
    [
      "Keycloak's update",
      [
        { op: 'replace', path: 'members', value: [{ value: 'a', $ref: 'Users/a' }] },
        { op: 'replace', path: 'displayName', value: ['T'] },
        { op: 'replace', path: 'externalId', value: 'e1' },
      ],
      { displayName: 'T', externalId: { value: 'e1' }, replace: ['a'] },
    ],
  ])('%s [GR5]', (_, operations, expected) => {
    expect(plan(...operations)).toMatchObject(expected);
  });

  /** A message with more filters is refused, so that no list of steps here may hold more. */
  const MOST_FILTERS = 5;
  const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'inv-1'), { maxLength: 4 });
  const step = fc.oneof(
    fc.record({ op: fc.constantFrom('add', 'remove', 'replace'), path: fc.constant('members'), value: ids }),
    fc.constant({ op: 'remove', path: 'members' }),
    fc.constant({ op: 'remove', path: 'members[value sw "inv-"]' }),
    fc.constant({ op: 'remove', path: 'members[value eq "a" or value eq "b"]' }),
  );
  type Step = { readonly op: string; readonly path: string; readonly value?: readonly string[] };

  function carriedOut(before: readonly string[], { op, path, value }: Step): readonly string[] {
    if (path.includes('sw')) return before.filter((id) => !id.startsWith('inv-'));
    if (path.includes(' or ')) return before.filter((id) => id !== 'a' && id !== 'b');
    if (op === 'add') return [...new Set([...before, ...(value ?? [])])];
    if (op === 'replace') return value ?? [];
    return value === undefined ? [] : before.filter((id) => !value.includes(id));
  }

  function applied(
    before: readonly string[],
    { replace, add: adds, remove: removes, removeMatching }: GroupPatchPlan,
  ): string[] {
    const kept = before.filter(
      (value) => !removes.includes(value) && !removeMatching.some((filter) => memberMatcher(filter)({ value })),
    );
    return [...new Set(replace ?? [...kept, ...adds])].sort();
  }

  it('says the same as the operations one after the other, and the same again when sent again [GR5]', () => {
    fc.assert(
      fc.property(ids, fc.array(step, { minLength: 1, maxLength: MOST_FILTERS }), (before, steps) => {
        const folded = plan(...steps);
        const after = applied(before, folded);
        expect(after).toEqual([...steps.reduce(carriedOut, before)].sort());
        expect(applied(after, folded)).toEqual(after);
        expect(folded.add.filter((id) => folded.remove.includes(id))).toEqual([]);
      }),
    );
  });

  it('throws nothing but a Failure, whatever the operations', () => {
    const operation = fc.record(
      {
        op: fc.constantFrom('add', 'remove', 'replace'),
        path: fc.oneof(
          fc.constantFrom('members', 'displayName', 'members[value eq "a"]', '', 'externalId'),
          fc.string(),
        ),
        value: fc.jsonValue(),
      },
      { requiredKeys: ['op'] },
    );
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1, maxLength: 4 }), (operations) => {
        try {
          plan(...operations);
        } catch (error) {
          expect(error).toMatchObject({ name: 'Failure', kind: 'invalid' });
        }
      }),
    );
  });

  it('folds fifty thousand members', () => {
    const operations = Array.from({ length: 25_000 }, (_, index) => [add(`a${index}`), remove(`r${index}`)]).flat();
    const { add: adds, remove: removes } = plan(...operations);
    expect([adds.length, removes.length]).toEqual([25_000, 25_000]);
  });
});
