import { Failure } from '../provisioning/failure.js';
import type { Json } from '../provisioning/store.js';
import { atOnce, type Steps } from '../provisioning/turns.js';
import { isCore } from './attributes.js';
import type { AttributePath } from './attributes.js';
import { parsePath } from './filter.js';
import type { Filter, PatchPath } from './filter.js';
import { shown } from './json.js';
import { selector } from './match.js';
import { isMemberId, readMembers, readRemovedMembers } from './members.js';
import type { PatchOperation } from './patchMessage.js';
import { externalIdOf, mutability, refuseParts, valueOf } from './patchRefusals.js';
import { reservedName } from './userAttributes.js';
import { readName } from './values.js';
import type { StatedId } from './values.js';

/**
 * What a PATCH of a Group asks for. Its member operations are folded, in order, into sets (rule GR5): the members that
 * result are `replace` where it is given, else those there were without `remove` and without those that a filter of
 * `removeMatching` selects; `add` comes last in either case.
 */
export interface GroupPatchPlan {
  /** Disjoint from `remove`; empty when `replace` is given, which then holds them. */
  readonly add: readonly string[];
  /** Named in a removal and not added again after it, also when `replace` is given: rule GR7 asks who was named. */
  readonly remove: readonly string[];
  /** The whole list wanted, empty to clear the group; undefined when the members that are there count. */
  readonly replace: readonly string[] | undefined;
  /** Filters on members that are more than a choice of ids; {@link memberMatcher} evaluates them. */
  readonly removeMatching: readonly Filter[];
  /** One of them was a removal without a value, which names everybody. */
  readonly removesAll: boolean;
  readonly displayName: string | undefined;
  readonly externalId: StatedId | undefined;
  /** Names of other attributes that the message sets or removes, as the client spelled them. */
  readonly otherChanges: readonly string[];
  /** A read-only or required attribute (`mutability`), which comes after 404 for a group that nobody has. */
  readonly refusal: Failure | undefined;
}

/**
 * Plans a PATCH of a Group from its message alone.
 *
 * @throws Failure `invalid`: `invalidValue` for members or a displayName that cannot be read, an entry without `value` in
 *   what is added or replaced, or a nested group (rules GR3, GR4, GR6); `invalidPath` or `invalidFilter` for a path
 */
export function planGroupPatch(operations: readonly PatchOperation[]): GroupPatchPlan {
  return atOnce(groupPatchSteps(operations));
}

/** As {@link planGroupPatch}, with a step for each operation, and for each member that one adds. */
export function* groupPatchSteps(operations: readonly PatchOperation[]): Steps<GroupPatchPlan> {
  const members = new MemberFold();
  const otherChanges = new Set<string>();
  let displayName: string | undefined;
  let externalId: StatedId | undefined;
  let refusal: Failure | undefined;

  for (const operation of operations) {
    yield;
    if (operation.problem !== undefined) throw operation.problem;
    const path = parsePath(operation.path);
    const { op } = operation;
    switch (
      isCore(path, 'Group') ? reservedName({ schema: undefined, attribute: path.attribute }, 'Group') : undefined
    ) {
      case 'members':
        refusal ??= yield* foldMembers(members, operation, path);
        break;
      case 'displayName': {
        refuseParts(path);
        const isRemoval = op === 'remove';
        if (isRemoval)
          refusal ??= mutability('displayName is required and cannot be removed. Replace it with another one.');
        else displayName = nameOf(valueOf(operation));
        break;
      }
      case 'externalId':
        externalId = externalIdOf(operation, path);
        break;
      case 'id':
      case 'meta':
        refusal ??= mutability(`${path.attribute} is read-only. Leave it out.`);
        break;
      case 'schemas':
        if (op === 'remove') refusal ??= mutability('schemas is required and cannot be removed.');
        break;
      case undefined:
      default:
        if (op === 'remove' || operation.value !== null) otherChanges.add(path.text);
    }
  }
  return { ...members.result(), displayName, externalId, otherChanges: [...otherChanges], refusal };
}

/** Tells of a member whether it is among those that a filter of `removeMatching` selects; prepared once for all members. */
export function memberMatcher(
  filter: Filter,
): (member: { readonly value: string; readonly display?: string }) => boolean {
  const path: AttributePath = { schema: undefined, name: 'members', sub: undefined, text: 'members' };
  const isSelected = selector({ kind: 'values', path, filter }, 'Group');
  return (member) => isSelected({ members: [{ ...member, type: 'User' }] });
}

function* foldMembers(members: MemberFold, operation: PatchOperation, path: PatchPath): Steps<Failure | undefined> {
  const { op, value } = operation;
  if (path.sub !== undefined) {
    // Who is a member hangs on `value` alone; `display` and the others are ours to say, and never a removal.
    return path.sub === 'value'
      ? mutability('The value of a member cannot be changed. Remove the member and add another one.')
      : undefined;
  }
  if (path.filter !== undefined) {
    if (op !== 'remove') {
      throw new Failure('invalid', `${shown(path.text)} cannot be the target of ${op}. Add members, or remove them.`, {
        scimType: 'invalidPath',
      });
    }
    // ConnId sends the member as value, too: the filter says all.
    const ids = idsNamedBy(path.filter);
    if (ids === undefined) yield* members.removeMatching(path.filter);
    else members.remove(ids.filter(isMemberId));
    return undefined;
  }
  if (op === 'remove') {
    if (value === undefined) members.removeAll();
    else members.remove(readRemovedMembers(value));
    return undefined;
  }
  const given = valueOf(operation);
  // null is no list (RFC 7643 §2.5): it neither adds nor clears. `[]` clears.
  if (given === null) return undefined;
  const ids = yield* readMembers(given);
  if (op === 'add') members.add(ids);
  else members.replace(ids);
  return undefined;
}

/** The ids that a filter such as `value eq "a" or value eq "b"` names; undefined when it is another kind of filter. */
function idsNamedBy(filter: Filter): readonly string[] | undefined {
  if (filter.kind === 'compare' && filter.path.name === 'value' && filter.op === 'eq') {
    return filter.value === null ? undefined : [String(filter.value)];
  }
  if (filter.kind !== 'or') return undefined;
  const named = filter.terms.map(idsNamedBy);
  return named.every((ids) => ids !== undefined) ? named.flat() : undefined;
}

/** Each is tried on every member of the group, too, all at once; and no known client sends even one. */
const MAX_MEMBER_TERMS = 5;

/** Folds member operations; the base, when no list replaced it, is what the group holds and is not looked at. */
class MemberFold {
  readonly #add = new Set<string>();
  readonly #remove = new Set<string>();
  readonly #removeMatching: Filter[] = [];
  #replace: Set<string> | undefined;
  #terms = 0;
  #removesAll = false;

  add(ids: readonly string[]): void {
    for (const id of ids) {
      (this.#replace ?? this.#add).add(id);
      this.#remove.delete(id);
    }
  }

  remove(ids: readonly string[]): void {
    for (const id of ids) {
      (this.#replace ?? this.#add).delete(id);
      this.#remove.add(id);
    }
  }

  *removeMatching(filter: Filter): Steps<void> {
    this.#terms += termsIn(filter);
    if (this.#terms > MAX_MEMBER_TERMS) {
      throw new Failure(
        'invalid',
        `members has filters with more than ${MAX_MEMBER_TERMS} comparisons in one message. Name the ids to remove.`,
        { scimType: 'invalidFilter' },
      );
    }
    const isSelected = memberMatcher(filter);
    const selected: string[] = [];
    for (const value of this.#replace ?? this.#add) {
      yield;
      if (isSelected({ value })) selected.push(value);
    }
    this.remove(selected);
    if (this.#replace === undefined) this.#removeMatching.push(filter);
  }

  replace(ids: readonly string[]): void {
    this.#replace = new Set();
    this.#add.clear();
    this.#removeMatching.length = 0;
    this.add(ids);
  }

  removeAll(): void {
    this.#removesAll = true;
    this.replace([]);
  }

  result(): Pick<GroupPatchPlan, 'add' | 'remove' | 'replace' | 'removeMatching' | 'removesAll'> {
    return {
      add: [...this.#add],
      remove: [...this.#remove],
      replace: this.#replace === undefined ? undefined : [...this.#replace],
      removeMatching: this.#removeMatching,
      removesAll: this.#removesAll,
    };
  }
}

function termsIn(filter: Filter): number {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.reduce((sum, term) => sum + termsIn(term), 0);
    case 'not':
      return termsIn(filter.term);
    case 'values':
      return termsIn(filter.filter);
    case 'present':
    case 'compare':
      return 1;
  }
}

function nameOf(value: Json): string {
  const name = readName(value, 'displayName');
  if (name === undefined)
    throw new Failure('invalid', 'displayName is empty. Send the name of the group as displayName.');
  return name;
}
