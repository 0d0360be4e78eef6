import { Failure } from '../provisioning/failure.js';
import type { Json } from '../provisioning/store.js';
import type { Steps } from '../provisioning/turns.js';
import { isJsonList, isJsonObject, property, shown } from './json.js';

/** Atlassian's account and group ids and our `inv-<uuid>`; nobody has an id of another form. */
const MEMBER_ID = /^[\w.:~@+=-]{1,128}$/;

/** Whether anybody could have this id. It is compared as it stands, never parsed (rule ID1). */
export function isMemberId(id: string): boolean {
  return MEMBER_ID.test(id);
}

/**
 * Reads members that are to be in a group: a list, one object or one plain id (Microsoft's Postman collection), each
 * entry an id or an object with `value`; other sub-attributes (`$ref: null` from Entra ID, `display`) are ignored. A step
 * for each entry.
 *
 * @returns ids in the order of the message, each once
 * @throws Failure `invalid` `invalidValue` for another type, an entry without `value`, a nested group, or an id of a
 *   form that nobody has
 */
export function* readMembers(value: Json): Steps<readonly string[]> {
  const ids = new Set<string>();
  for (const entry of entriesOf(value)) {
    yield;
    const { id, isGroup } = readEntry(entry);
    if (id === undefined) {
      throw new Failure(
        'invalid',
        'members has an entry without value. Send the id of a user as value of each member.',
      );
    }
    if (isGroup) {
      throw new Failure(
        'invalid',
        `members names the group ${shown(id)}. Confluence has no groups inside groups: send its users as members instead.`,
      );
    }
    if (!isMemberId(id)) {
      throw new Failure(
        'invalid',
        `members names ${shown(id)}, which is no user's id. Send the id that /Users answered.`,
      );
    }
    ids.add(id);
  }
  return [...ids];
}

/**
 * Reads members that a removal names. An entry without `value` names nobody, and so does an id that nobody can have
 * (rules GR4, GR6); text of any form is an id and nothing else.
 *
 * @throws Failure `invalid` `invalidValue` for another type
 */
export function readRemovedMembers(value: Json): readonly string[] {
  const ids = entriesOf(value).flatMap((entry) => readEntry(entry).id ?? []);
  return [...new Set(ids)].filter(isMemberId);
}

function entriesOf(value: Json): readonly Json[] {
  if (value === null) return [];
  return isJsonList(value) ? value : [value];
}

interface Entry {
  readonly id: string | undefined;
  readonly isGroup: boolean;
}

function readEntry(entry: Json): Entry {
  if (entry === null || entry === '') return { id: undefined, isGroup: false };
  if (typeof entry === 'string') return { id: entry, isGroup: false };
  if (!isJsonObject(entry)) throw unreadable();
  const value = property(entry, 'value') ?? '';
  if (typeof value !== 'string') throw unreadable();
  const type = property(entry, 'type');
  return {
    id: value === '' ? undefined : value,
    isGroup: typeof type === 'string' && type.toLowerCase() === 'group',
  };
}

function unreadable(): Failure {
  return new Failure(
    'invalid',
    'members cannot be read. Send members as a list of objects, each with a user id as value.',
  );
}
