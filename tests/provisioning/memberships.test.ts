import { describe, expect, it } from '@jest/globals';
import { isReadingCheaper, type MemberChange, planMembers } from '../../src/provisioning/memberships.js';

const NOBODY = { own: new Map<string, boolean>(), unconfirmed: new Set<string>(), held: new Set<string>() };

function plan(change: Partial<MemberChange>, evidence: Partial<Parameters<typeof planMembers>[1]>) {
  const { remove, add } = planMembers({ add: [], remove: [], ...change }, { read: undefined, ...NOBODY, ...evidence });
  const show = (steps: typeof add) => steps.map(({ id, by }) => `${by} ${id}`);
  return { remove: show(remove), add: show(add) };
}

describe('planMembers', () => {
  it('sends one call for everybody named when the group was not read [GR5]', () => {
    expect(plan({ add: ['a', 'b'], remove: ['c'] }, {})).toEqual({ remove: ['send c'], add: ['send a', 'send b'] });
  });

  it('sends only what is missing when the group was read [GR5]', () => {
    expect(plan({ add: ['a', 'b'], remove: ['c', 'd'] }, { read: new Set(['a', 'c']) })).toEqual({
      remove: ['send c'],
      add: ['send b'],
    });
  });

  it('looks before it repeats its own write of the last ten minutes [US2]', () => {
    const own = new Map([
      ['a', true],
      ['b', false],
    ]);
    expect(plan({ add: ['a', 'b'], remove: [] }, { own })).toEqual({ remove: [], add: ['confirm a', 'send b'] });
    expect(plan({ add: [], remove: ['a', 'b'] }, { own })).toEqual({ remove: ['send a', 'confirm b'], add: [] });
  });

  it('removes whom the read or our own write shows, and adds whom either does not show [US2]', () => {
    const own = new Map([
      ['written', true],
      ['taken', false],
    ]);
    expect(plan({ replaceWith: [] }, { read: new Set(['read', 'taken']), own }).remove).toEqual([
      'send read',
      'send taken',
      'send written',
    ]);
    expect(plan({ replaceWith: ['read', 'taken', 'written'] }, { read: new Set(['read', 'taken']), own })).toEqual({
      remove: [],
      add: ['send taken', 'send written'],
    });
  });

  it('sends what nobody has confirmed once more, to be added or to be removed [US2]', () => {
    const evidence = { read: new Set(['in', 'unsure']), unconfirmed: new Set(['unsure', 'unseen']) };
    expect(plan({ replaceWith: ['in', 'unsure', 'unseen'] }, evidence).add).toEqual(['send unsure', 'send unseen']);
    expect(plan({ replaceWith: ['in'] }, evidence).remove).toEqual(['send unsure', 'send unseen']);
    const unread = { own: new Map([['unsure', false]]), unconfirmed: new Set(['unsure']) };
    expect(plan({ remove: ['unsure'] }, unread).remove).toEqual(['send unsure']);
  });

  it('makes of a whole list the difference to what there is [GR5]', () => {
    expect(plan({ replaceWith: ['a', 'b'] }, { read: new Set(['b', 'c']) })).toEqual({
      remove: ['send c'],
      add: ['send a'],
    });
  });

  it('forgets without a call whom only the store keeps [GR4]', () => {
    expect(plan({ replaceWith: [] }, { read: new Set(), held: new Set(['a']) }).remove).toEqual(['forget a']);
  });

  it('asks a filter about the members there are, and lets an addition win over it [GR6]', () => {
    const removeMatching = (ids: readonly string[]) => ids.filter((id) => id.startsWith('x'));
    const evidence = { read: new Set(['x1', 'x2', 'y']), held: new Set(['x3']) };
    expect(plan({ removeMatching, add: ['x2'] }, evidence)).toEqual({ remove: ['send x1', 'forget x3'], add: [] });
    expect(plan({ removeMatching, replaceWith: ['x2', 'z'] }, { read: new Set(['x2']) })).toEqual({
      remove: ['send x2'],
      add: ['send z'],
    });
  });
});

describe('isReadingCheaper', () => {
  it.each([
    [1, 0, 10, false],
    [2, 0, 10, true],
    [1, 1, 200, true],
    [2, 0, 201, false],
    [25, 0, 5000, false],
    [20, 6, 5000, true],
    [500, 0, 0, false],
    [0, 2, 0, true],
  ])('with %i to add and %i to remove in a group of %i is %j [GR5]', (adds, removals, memberCount, expected) => {
    const ids = (count: number) => Array.from({ length: count }, (_, at) => String(at));
    expect(isReadingCheaper({ add: ids(adds), remove: ids(removals) }, memberCount)).toBe(expected);
  });
});
