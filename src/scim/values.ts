import { Failure } from '../provisioning/failure.js';
import type { Json, JsonObject } from '../provisioning/store.js';
import { asBoolean } from './attributes.js';
import { isJsonList, isJsonObject, property, shown } from './json.js';
import { comparable } from './profile.js';
import { shapeOf } from './userAttributes.js';
import type { AttributeKey, AttributeShape } from './userAttributes.js';

/**
 * Reads `active` in every dialect.
 *
 * @returns undefined for null or absent: nothing is stated
 * @throws Failure `invalid` `invalidValue` for anything that is neither true nor false
 */
export function readActive(value: Json | undefined): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  const read = asBoolean(unwrapped(value));
  if (read !== undefined) return read;
  throw new Failure('invalid', 'active is neither true nor false. Send active as a JSON boolean.');
}

/** externalId as stated. An empty text is none (rule ID6). */
export interface StatedId {
  readonly value: string | undefined;
}

const MAX_EXTERNAL_ID_LENGTH = 1024;
/** In UTF-8: an index of PostgreSQL takes little more. */
const MAX_EXTERNAL_ID_BYTES = 2048;

/**
 * Reads `externalId`; null and undefined state the empty one, so the caller decides whether they state anything.
 *
 * @throws Failure `invalid` `invalidValue` when it is no text or too long
 */
export function readExternalId(value: Json | undefined): StatedId {
  const inner = unwrapped(value ?? '');
  // OneLogin's body is a template that admins edit, where a numeric id easily loses its quotes.
  const text = typeof inner === 'number' ? String(inner) : inner;
  if (
    typeof text !== 'string' ||
    text.length > MAX_EXTERNAL_ID_LENGTH ||
    Buffer.byteLength(text) > MAX_EXTERNAL_ID_BYTES
  ) {
    throw new Failure(
      'invalid',
      `externalId is not a text of up to ${MAX_EXTERNAL_ID_LENGTH} characters and ${MAX_EXTERNAL_ID_BYTES} bytes. Send it as such a text.`,
    );
  }
  return { value: text === '' ? undefined : text };
}

const MAX_NAME_LENGTH = 255;
const CONTROL = /\p{Cc}/u;

/**
 * Reads a name by which Atlassian or a look-up finds something: `userName`, or a group's `displayName` (rule GR3).
 *
 * @returns undefined when it is absent, null or blank
 * @throws Failure `invalid` `invalidValue` for another type, more than 255 characters or control characters
 */
export function readName(value: Json | undefined, name: 'userName' | 'displayName'): string | undefined {
  const inner = unwrapped(value ?? '');
  if (typeof inner !== 'string') throw new Failure('invalid', `${name} is not a text. Send ${name} as JSON text.`);
  if (inner.trim() === '') return undefined;
  if (inner.length > MAX_NAME_LENGTH) {
    throw new Failure('invalid', `${name} is longer than ${MAX_NAME_LENGTH} characters. Shorten ${name}.`);
  }
  if (CONTROL.test(inner)) {
    throw new Failure('invalid', `${name} holds a control character, such as a line break. Remove it from ${name}.`);
  }
  return inner;
}

/**
 * Reads the value of a profile attribute: known attributes get the shape and the sub-attribute names of RFC 7643, unknown
 * ones stay as the client spelled them. Null, empty lists and empty objects are no value (RFC 7643 §2.5), at any depth.
 *
 * @returns undefined for no value
 * @throws Failure `invalid` `invalidValue` when a known attribute is of a type that cannot be read; names the attribute
 */
export function readProfileValue(key: AttributeKey, value: Json): Json | undefined {
  const shape = shapeOf(key);
  switch (shape?.kind) {
    case undefined:
      return pruned(value);
    case 'text':
      return readText(value, shape.name);
    case 'complex':
      return readComplex(value, shape);
    case 'list':
      return readList(value, shape);
  }
}

/** Reads one element of a multi-valued attribute, or a set of sub-attributes. @throws Failure as {@link readProfileValue} */
export function readElement(value: JsonObject, shape: AttributeShape): JsonObject | undefined {
  const subs = Object.entries(value).flatMap(([key, sub]): [string, Json][] => {
    const name = shape.subs.get(key.toLowerCase()) ?? key;
    const read = readSub(sub, name, shape);
    return read === undefined ? [] : [[name, read]];
  });
  return subs.length === 0 ? undefined : Object.fromEntries(subs);
}

/** Reads the value of one sub-attribute, `name` in its canonical spelling. @throws Failure as {@link readProfileValue} */
export function readSub(value: Json, name: string, shape: AttributeShape | undefined): Json | undefined {
  if (name === 'primary') return asBoolean(value) ?? pruned(value);
  const isKnown = shape?.subs.has(name.toLowerCase()) === true;
  return isKnown ? readText(value, `${shape.name}.${name}`) : pruned(value);
}

function readText(value: Json, name: string): Json | undefined {
  const inner = unwrapped(value);
  if (inner === null) return undefined;
  if (typeof inner === 'object') throw unreadable(name, 'a text', 'JSON text');
  return typeof inner === 'string' ? inner : String(inner);
}

function readComplex(value: Json, shape: AttributeShape): Json | undefined {
  // Entra ID sends manager as plain text, or as a list of one, and clears it with an empty text.
  const inner = isJsonList(value) && value.length === 1 ? (value[0] ?? null) : value;
  if (inner === null || inner === '' || (isJsonList(inner) && inner.length === 0)) return undefined;
  if (typeof inner === 'string' && shape.subs.has('value')) return { value: inner };
  if (!isJsonObject(inner)) throw unreadable(shape.name, 'a set of sub-attributes', 'a JSON object');
  return readElement(inner, shape);
}

function readList(value: Json, shape: AttributeShape): Json | undefined {
  if (value === null || value === '') return undefined;
  // OneLogin templates easily lose the brackets: a bare object is a list of one.
  const items = isJsonList(value) ? value : [value];
  const elements = items.flatMap((item): readonly JsonObject[] => {
    if (item === null || item === '') return [];
    // Hand-written clients send e-mail addresses and roles as plain text.
    if (typeof item === 'string' || typeof item === 'number') return [{ value: String(item) }];
    if (!isJsonObject(item)) throw unreadable(shape.name, 'a list of values', 'a JSON list of objects');
    const element = readElement(item, shape);
    return element === undefined ? [] : [element];
  });
  return elements.length === 0 ? undefined : withOnePrimary(distinct(elements, shape.name));
}

/** Each combination of type and value once, with what any of its elements says of it (RFC 7643 §2.4). */
function distinct(elements: readonly JsonObject[], attribute: string): readonly JsonObject[] {
  const byIdentity = new Map<string | number, JsonObject>();
  elements.forEach((element, index) => {
    const { type = null, value } = element;
    const identity = value === undefined ? index : comparable(attribute, { type, value });
    byIdentity.set(identity, { ...byIdentity.get(identity), ...element });
  });
  return [...byIdentity.values()];
}

/** At most one value is primary (RFC 7643 §2.4): the first one, which is also the address to invite (rule US3). */
function withOnePrimary(elements: readonly JsonObject[]): readonly JsonObject[] {
  const first = elements.findIndex((element) => element['primary'] === true);
  return elements.map((element, index) =>
    index !== first && element['primary'] === true ? { ...element, primary: false } : element,
  );
}

/** Without nulls, empty lists and empty objects, at any depth. */
function pruned(value: Json): Json | undefined {
  if (value === null) return undefined;
  if (isJsonList(value)) {
    const items = value.flatMap((item) => pruned(item) ?? []);
    return items.length === 0 ? undefined : items;
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).flatMap(([key, item]): [string, Json][] => {
    const read = pruned(item);
    return read === undefined ? [] : [[key, read]];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/**
 * The one value inside a list of one and an object with `value`. The SCIM SDK behind Keycloak's plug-ins wraps single
 * values of a PATCH into a list, and some mappings treat every attribute as multi-valued: `[{"value": "False"}]`.
 */
function unwrapped(value: Json): Json {
  const item = isJsonList(value) && value.length === 1 ? (value[0] ?? null) : value;
  return isJsonObject(item) ? (property(item, 'value') ?? item) : item;
}

function unreadable(name: string, what: string, remedy: string): Failure {
  return new Failure('invalid', `${shown(name)} is not ${what}. Send ${shown(name)} as ${remedy}.`);
}
