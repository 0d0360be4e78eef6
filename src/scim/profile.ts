import type { Json, JsonObject } from '../provisioning/store.js';
import { findKey, isJsonList, isJsonObject, property } from './json.js';
import { isUrn } from './userAttributes.js';

/** What the bridge records of a person beside identity and status. */
export interface Profile {
  readonly userName: string;
  readonly profile: JsonObject;
}

/**
 * What a PUT would really change (rule US10). Absent and null attributes, and absent sub-attributes, assert nothing; order
 * of values, `primary: false`, the letter case of e-mail addresses and of userName make no difference (userName is not
 * case-exact, RFC 7643 §4.1.1).
 *
 * @returns names of attributes, those of extensions with their URN: `title`, `urn:…:User:department`
 */
export function profileDifferences(record: Profile, sent: Profile): string[] {
  const userName = isSameUserName(record.userName, sent.userName) ? [] : ['userName'];
  const attributes = flattened(sent.profile)
    .filter(({ urn, name, value }) => !asserts(name, value, attributeOf(record.profile, urn, name)))
    .map(fullName);
  return [...userName, ...attributes];
}

/**
 * What differs between two states of a record, by the same sense of sameness, but where an absent attribute is one that
 * has no value: for PATCH, which says what it removes.
 */
export function changedAttributes(before: Profile, after: Profile): string[] {
  const userName = isSameUserName(before.userName, after.userName) ? [] : ['userName'];
  const changed = flattened(after.profile).filter(
    ({ urn, name, value }) => !isSame(name, attributeOf(before.profile, urn, name), value),
  );
  const removed = flattened(before.profile).filter(
    ({ urn, name, value }) => attributeOf(after.profile, urn, name) === undefined && !isSame(name, value, undefined),
  );
  return [...userName, ...[...changed, ...removed].map(fullName)];
}

/**
 * What a PUT leaves in the record: what is sent replaces, what is absent or null stays (rule US10), down to the
 * sub-attributes of a complex attribute. JumpCloud's `emails: null` therefore never loses the address of the identity.
 */
export function mergeProfile(record: Profile, sent: Profile): Profile {
  return { userName: sent.userName, profile: merged(record.profile, sent.profile) };
}

interface FlatAttribute {
  readonly urn: string | undefined;
  readonly name: string;
  readonly value: Json;
}

/** The attributes of a profile, those inside extensions on the same level as the others. */
function flattened(profile: JsonObject): readonly FlatAttribute[] {
  return Object.entries(profile).flatMap(([key, value]): readonly FlatAttribute[] => {
    if (!isUrn(key) || !isJsonObject(value)) return [{ urn: undefined, name: key, value }];
    return Object.entries(value).map(([name, inner]) => ({ urn: key, name, value: inner }));
  });
}

function fullName({ urn, name }: FlatAttribute): string {
  return urn === undefined ? name : `${urn}:${name}`;
}

function attributeOf(profile: JsonObject, urn: string | undefined, name: string): Json | undefined {
  if (urn === undefined) return property(profile, name);
  const extension = property(profile, urn);
  return isJsonObject(extension) ? property(extension, name) : undefined;
}

/** Whether the record already says what a sent value asserts. */
function asserts(name: string, sent: Json, recorded: Json | undefined): boolean {
  if (isNothing(sent)) return true;
  if (isJsonObject(sent) && isJsonObject(recorded)) {
    return Object.entries(sent).every(([sub, value]) => asserts(sub, value, property(recorded, sub)));
  }
  return isSame(name, sent, recorded);
}

/** Null, an empty list and an empty object are the same as absent (RFC 7643 §2.5). An empty text is a value. */
function isNothing(value: Json): boolean {
  if (isJsonList(value)) return value.every(isNothing);
  return value === null || (isJsonObject(value) && Object.values(value).every(isNothing));
}

function isSame(name: string, a: Json | undefined, b: Json | undefined): boolean {
  return comparable(name, a) === comparable(name, b);
}

/**
 * A text that is the same for values of the attribute `name` that say the same; empty for no value. An empty text says no
 * more than absence.
 */
export function comparable(name: string, value: Json | undefined): string {
  if (value === undefined || value === null || value === '') return '';
  if (isJsonList(value)) {
    const items = new Set(value.map((item) => comparable(name, item)).filter((item) => item !== ''));
    return items.size === 0 ? '' : `[${[...items].sort().join()}]`;
  }
  if (!isJsonObject(value)) return JSON.stringify(value);
  const isEmail = name.toLowerCase() === 'emails';
  const subs = Object.entries(value).flatMap(([key, item]) => {
    const sub = key.toLowerCase();
    if (sub === 'primary' && item === false) return [];
    const folded = isEmail && sub === 'value' && typeof item === 'string' ? item.toLowerCase() : item;
    const text = comparable(sub, folded);
    return text === '' ? [] : [`${JSON.stringify(sub)}:${text}`];
  });
  return subs.length === 0 ? '' : `{${subs.sort().join()}}`;
}

function merged(record: JsonObject, sent: JsonObject): JsonObject {
  const result = new Map(Object.entries(record));
  for (const [key, value] of Object.entries(sent)) {
    if (isNothing(value)) continue;
    const old = findKey(record, key);
    const recorded = old === undefined ? undefined : record[old];
    if (old !== undefined) result.delete(old);
    result.set(key, isJsonObject(value) && isJsonObject(recorded) ? merged(recorded, value) : value);
  }
  return Object.fromEntries(result);
}

function isSameUserName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
