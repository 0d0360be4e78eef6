import { Failure } from '../provisioning/failure.js';
import type { Json, JsonObject } from '../provisioning/store.js';
import type { AttributePath } from './attributes.js';
import type { Filter, PatchPath } from './filter.js';
import { MAX_LIST_LENGTH, findKey, isJsonList, isJsonObject, property, shown } from './json.js';
import { matches } from './match.js';
import type { PatchOp } from './patchMessage.js';
import { comparable } from './profile.js';
import { canonicalSchema, isUrn, shapeOf } from './userAttributes.js';
import type { AttributeKey, AttributeShape } from './userAttributes.js';
import { readElement, readProfileValue, readSub } from './values.js';

/** One operation whose path has been read. `value` is undefined when there is none. */
export interface Change {
  readonly op: PatchOp;
  readonly path: PatchPath;
  readonly value: Json | undefined;
}

/** An attribute under change: what is known of its shape, and how to spell it. */
interface Target {
  readonly key: AttributeKey;
  readonly shape: AttributeShape | undefined;
  readonly sub: string | undefined;
  readonly change: Change;
}

/**
 * Carries out one PATCH operation on the profile of a User (RFC 7644 §3.5.2) and returns the profile that results;
 * attributes that we do not know take whatever shape the value has.
 *
 * @throws Failure `invalid`: `noTarget` when a value filter matches nothing (an `add` makes the value instead, as Entra
 *   ID expects, if the filter says what it looks like), `invalidPath` when the attribute has no such part,
 *   `invalidValue` when the value cannot be read
 */
export function applyChange(profile: JsonObject, change: Change): JsonObject {
  const { path } = change;
  if (isUrn(path.attribute)) return changeExtension(profile, change);

  const schema = canonicalSchema(path.schema, 'User');
  if (schema === undefined) return changeAttribute(profile, { schema, attribute: path.attribute }, change);
  const urn = findKey(profile, schema) ?? (schema === path.schema ? spelled(path, 0, schema.length) : schema);
  const extension = profile[urn];
  const before = isJsonObject(extension) ? extension : {};
  return assigned(profile, urn, changeAttribute(before, { schema, attribute: path.attribute }, change));
}

/** A whole extension as target; one with an object as value was opened when the message was read. */
function changeExtension(profile: JsonObject, { op, path, value }: Change): JsonObject {
  const urn = findKey(profile, path.attribute);
  if (op === 'remove' || (op === 'replace' && value === null)) {
    return urn === undefined ? profile : assigned(profile, urn, undefined);
  }
  if (value === null) return profile;
  throw invalid(
    'invalidValue',
    `${shown(path.text)} is a whole extension. Send an object with its attributes as value.`,
  );
}

function changeAttribute(container: JsonObject, key: AttributeKey, change: Change): JsonObject {
  const { path } = change;
  const shape = shapeOf(key);
  const start = path.schema === undefined ? 0 : path.schema.length + 1;
  const existing = findKey(container, path.attribute);
  const name = existing ?? shape?.name ?? spelled(path, start, path.attribute.length);
  const sub = path.sub === undefined ? undefined : (shape?.subs.get(path.sub) ?? lastWord(path));
  const current = existing === undefined ? undefined : container[existing];
  const isPart = sub !== undefined || path.filter !== undefined;
  if (isPart && (shape?.kind === 'text' || isScalar(current))) {
    throw invalid(
      'invalidPath',
      `${shown(path.text)} names a part of ${shown(name)}, which has none. Shorten the path.`,
    );
  }
  if (change.op !== 'remove' && change.value === undefined) {
    throw invalid('invalidValue', `The operation on ${shown(path.text)} has no value. Send a value, or use remove.`);
  }
  return assigned(container, name, changed(current, { key, shape, sub, change }));
}

function changed(current: Json | undefined, target: Target): Json | undefined {
  const { filter } = target.change.path;
  if (filter !== undefined) return changeMatching(current, filter, target);
  if (target.sub !== undefined) return changeSub(current, target.sub, target);
  return changeWhole(current, target);
}

function changeWhole(current: Json | undefined, { key, shape, change }: Target): Json | undefined {
  const { op, path, value } = change;
  if (op === 'remove') return isJsonList(current) && value !== undefined ? without(current, key, value) : undefined;

  const raw = value ?? null;
  const single = isJsonList(raw) && raw.length === 1 ? (raw[0] ?? null) : raw;
  if (shape?.kind !== 'list' && isJsonObject(current) && isJsonObject(single)) return withSubs(current, single, shape);
  const read = readProfileValue(key, raw);
  // Entra ID clears the manager with an empty text.
  if (read === undefined) return op === 'replace' || raw === '' ? undefined : current;
  if (op === 'replace' || !(isJsonList(read) || isJsonList(current))) return singlePrimary(read, () => true);

  const items = listOf(current);
  const present = new Set(items.map((item) => comparable(key.attribute, item)));
  const added = listOf(read).filter((item) => !present.has(comparable(key.attribute, item)));
  if (items.length + added.length > MAX_LIST_LENGTH) {
    throw invalid('invalidValue', `${shown(path.text)} would hold more than ${MAX_LIST_LENGTH} values. Send fewer.`);
  }
  return singlePrimary([...items, ...added], (item) => added.includes(item));
}

/** Entra ID names values to remove in `value`; RFC 7644 does not know that. A list that names nothing removes nothing. */
function without(items: readonly Json[], key: AttributeKey, value: Json): Json | undefined {
  const asText = (item: Json): string => comparable(key.attribute, valueOnly(item));
  const named = new Set(listOf(readProfileValue(key, value)).map(asText));
  return orNothing(items.filter((item) => !named.has(asText(item))));
}

/** A value without what is said about it: its `display`, `type` and `primary`. */
function valueOnly(item: Json): Json {
  const value = isJsonObject(item) ? property(item, 'value') : undefined;
  return value === undefined ? item : { value };
}

/** A sub-attribute of a complex attribute, or of every value of a multi-valued one. */
function changeSub(current: Json | undefined, sub: string, { shape, change }: Target): Json | undefined {
  const isList = shape?.kind === 'list' || isJsonList(current);
  if (!isList) return orNothing(withSub(isJsonObject(current) ? current : {}, sub, shape, change));
  const items = listOf(current);
  const elements = items.length === 0 && change.op !== 'remove' ? [{}] : items;
  return orNothing(
    elements.flatMap((item) => orNothing(isJsonObject(item) ? withSub(item, sub, shape, change) : item) ?? []),
  );
}

function changeMatching(current: Json | undefined, filter: Filter, target: Target): Json | undefined {
  const { shape, sub, change } = target;
  const items = listOf(current);
  const matched = new Set(items.filter((item) => elementMatches(filter, item, change.path)));
  if (matched.size === 0) {
    const canMake = change.op === 'add' && shape?.kind !== 'complex';
    const made = canMake ? describedBy(filter, shape) : undefined;
    if (made === undefined) {
      throw invalid(
        'noTarget',
        `${shown(change.path.text)} matches no value. Address a value that is there, or add one.`,
      );
    }
    const element = changeElement(made, target);
    return element === undefined ? current : singlePrimary([...items, element], (item) => item === element);
  }
  if (change.op === 'remove' && sub === undefined)
    return unlisted(
      current,
      items.filter((item) => !matched.has(item)),
    );

  const results = items.map((item) => (matched.has(item) ? changeElement(item, target) : item));
  const touched = new Set(results.filter((item, index) => item !== items[index]));
  const kept = results.filter((item) => item !== undefined);
  return unlisted(current, listOf(singlePrimary(kept, (item) => touched.has(item))));
}

/** What an operation makes of one value that its filter selects. */
function changeElement(item: Json, { shape, sub, change }: Target): Json | undefined {
  const value = change.value ?? null;
  const element = isJsonObject(item) ? item : { value: item };
  if (sub !== undefined) return orNothing(withSub(element, sub, shape, change));
  const raw = isJsonList(value) && value.length === 1 ? (value[0] ?? null) : value;
  if (!isJsonObject(raw)) return orNothing(withSubs(element, { value: raw }, shape));
  if (change.op === 'add') return orNothing(withSubs(element, raw, shape));
  return shape === undefined ? raw : readElement(raw, shape);
}

function elementMatches(filter: Filter, item: Json, path: PatchPath): boolean {
  const parent: AttributePath = { schema: path.schema, name: path.attribute, sub: undefined, text: path.text };
  const container = { [path.attribute]: [item] };
  const schema = canonicalSchema(path.schema, 'User');
  const resource = schema === undefined ? container : { [schema]: container };
  const truth = matches({ kind: 'values', path: parent, filter }, resource, {
    resourceType: 'User',
    isKnown: () => true,
  });
  return truth === true;
}

/** The value that a filter of `eq` terms joined by `and` describes: `type eq "work"` is `{type: 'work'}`. */
function describedBy(filter: Filter, shape: AttributeShape | undefined): JsonObject | undefined {
  if (filter.kind === 'compare' && filter.op === 'eq' && filter.value !== null) {
    return withSubs({}, { [filter.path.name]: filter.value }, shape);
  }
  if (filter.kind !== 'and') return undefined;
  const parts = filter.terms.map((term) => describedBy(term, shape));
  if (!parts.every((part) => part !== undefined)) return undefined;
  return Object.fromEntries(parts.flatMap((part) => Object.entries(part)));
}

function withSub(
  object: JsonObject,
  sub: string,
  shape: AttributeShape | undefined,
  { op, value }: Change,
): JsonObject {
  if (op === 'remove') return withSubs(object, { [sub]: null }, shape);
  return value === null && op === 'add' ? object : withSubs(object, { [sub]: value ?? null }, shape);
}

/** Sets sub-attributes and leaves the others (RFC 7644 §3.5.2.3); null takes one away. */
function withSubs(object: JsonObject, subs: JsonObject, shape: AttributeShape | undefined): JsonObject {
  let result = object;
  for (const [key, value] of Object.entries(subs)) {
    const name = shape?.subs.get(key.toLowerCase()) ?? key;
    result = assigned(result, findKey(result, name) ?? name, readSub(value, name, shape));
  }
  return result;
}

/** At most one value is primary: one that the operation made so takes it from the others (RFC 7644 §3.5.2). */
function singlePrimary(value: Json, isTouched: (item: Json) => boolean): Json {
  if (!isJsonList(value)) return value;
  const isPrimary = (item: Json): boolean => isJsonObject(item) && property(item, 'primary') === true;
  const chosen = value.findLast((item) => isTouched(item) && isPrimary(item));
  if (chosen === undefined) return value;
  return value.map((item) =>
    item !== chosen && isJsonObject(item) && isPrimary(item) ? { ...item, primary: false } : item,
  );
}

/** Copies `object` with one key set, or dropped for no value. Never assigns to a prototype. */
function assigned(object: JsonObject, key: string, value: Json | undefined): JsonObject {
  const entries = new Map(Object.entries(object));
  const kept = value === undefined ? undefined : orNothing(value);
  if (kept === undefined) entries.delete(key);
  else entries.set(key, kept);
  return Object.fromEntries(entries);
}

/** An empty list or object is no value (RFC 7643 §2.5). */
function orNothing(value: Json): Json | undefined {
  if (isJsonList(value)) return value.length === 0 ? undefined : value;
  return isJsonObject(value) && Object.keys(value).length === 0 ? undefined : value;
}

function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined || value === null) return [];
  return isJsonList(value) ? value : [value];
}

/** A complex attribute that was looked at as a list of one is one again. */
function unlisted(current: Json | undefined, items: readonly Json[]): Json | undefined {
  return isJsonList(current) ? orNothing(items) : items[0];
}

function isScalar(value: Json | undefined): boolean {
  return value !== undefined && value !== null && typeof value !== 'object';
}

function lastWord(path: PatchPath): string {
  return path.text.trim().slice(-(path.sub?.length ?? 0));
}

/** A part of a path in the client's letters; the parsed path has it in lower case. */
function spelled(path: PatchPath, start: number, length: number): string {
  return path.text.trim().slice(start, start + length);
}

function invalid(scimType: 'invalidPath' | 'invalidValue' | 'noTarget', message: string): Failure {
  return new Failure('invalid', message, { scimType });
}
