import { Failure } from '../provisioning/failure.js';
import type { Json, JsonObject } from '../provisioning/store.js';
import type { ResourceType } from './userAttributes.js';

const MAX_DEPTH = 10;
/**
 * What one message may hold. A group's is sized for 50,000 members, each in a PATCH operation of its own; a user's bounds
 * what is stored of one person and what comparing it costs.
 */
const BUDGETS: Readonly<Record<ResourceType, Readonly<Budget>>> = {
  User: { values: 20_000, characters: 131_072, embedded: 262_144 },
  Group: { values: 400_000, characters: 16_777_216, embedded: 262_144 },
};
const MAX_KEYS = 200;
const MAX_KEY_LENGTH = 256;
const MAX_STRING_LENGTH = 65_536;
/** Of values of an attribute that has no reason to grow with the directory. */
export const MAX_LIST_LENGTH = 200;
/** For lists that grow with the directory: the members of a group, the groups of a user, operations. */
export const MAX_LONG_LIST_LENGTH = 50_000;

/** A NUL is cut or refused by databases; half of a surrogate pair cannot be stored as UTF-8. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;
/** Finds whole pairs, too, and much faster: hardly any text has either. */
const PERHAPS_UNSTORABLE = /[\0\ud800-\udfff]/;
/** As a whole key or as one step of a path in it (`urn:…:User:__proto__.x`): libraries walk such paths. */
const UNSAFE_KEY = /(?:^|[^a-z0-9])(?:__proto__|constructor|prototype)(?:$|[^a-z0-9])/i;

/** How many values, and characters of text in them, one message may still hold; shared by all reads of that message. */
export interface Budget {
  values: number;
  characters: number;
  /** Of JSON that comes as text inside it, which is read in one go. */
  embedded: number;
  /** What every further read fails with once one exceeded it; made once, for there may be a hundred thousand of them. */
  exceeded?: Failure;
  /** Keys that were looked at: fifty thousand members have the same few. */
  readonly knownKeys?: Set<string>;
}

export function messageBudget(type: ResourceType): Budget {
  return { ...BUDGETS[type], knownKeys: new Set() };
}

const STATUS = /^(?:urn:ietf:params:scim:schemas:core:2\.0:User:)?active(?:$|[.[\s])/i;
const STATUS_BUDGET: Readonly<Budget> = { values: 50, characters: 1000, embedded: 0 };

/**
 * What the attribute of this key or path may hold. `active` counts apart from its message, so that no neighbour, however
 * large, keeps a leaver's access (rule US12).
 *
 * @param shared what the rest of the message draws on
 */
export function budgetOf(key: string, shared: Budget): Budget {
  return STATUS.test(key) ? { ...STATUS_BUDGET } : shared;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return isObject(value);
}

export function isJsonList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Whether a key could reach a prototype in code that walks it as a path. Such keys are dropped, at any depth. */
function isUnsafeKey(key: string): boolean {
  return UNSAFE_KEY.test(key);
}

/** The key of `object` that equals `name` without regard to case (RFC 7643 §2.1), spelled as the object has it. */
export function findKey(object: Readonly<Record<string, unknown>>, name: string): string | undefined {
  if (Object.hasOwn(object, name)) return name;
  const wanted = name.toLowerCase();
  return Object.keys(object).find((key) => key.toLowerCase() === wanted);
}

/** The value under `name`, whatever its letter case; inherited properties do not count. */
export function property(object: JsonObject, name: string): Json | undefined {
  const key = findKey(object, name);
  return key === undefined ? undefined : object[key];
}

/** A name from a message, fit to be shown in an error: short and printable. */
export function shown(name: string): string {
  const printable = name.replace(/[^\x20-\x7e]/g, '?');
  return printable.length > 80 ? `${printable.slice(0, 77)}...` : printable;
}

export function notAnObject(): Failure {
  return new Failure('invalid', 'The body is not a JSON object. Send a SCIM resource or message as one JSON object.', {
    scimType: 'invalidSyntax',
  });
}

/**
 * Copies one attribute of a parsed message into plain objects and lists of bounded depth, number and length, without keys
 * that could reach a prototype. Costs no more than the bounds allow, whatever is sent; and since it is one attribute, one
 * that is out of bounds need not spoil its neighbours.
 *
 * @param name the attribute, for error messages and to know lists that may be long
 * @param budget what the message may still hold; lessened by what this attribute holds
 * @throws Failure `invalid` `invalidValue` when it exceeds a bound or holds a character that cannot be stored
 */
export function boundAttribute(value: unknown, name: string, budget: Budget): Json {
  return boundValue(value, name, 1, budget);
}

function boundValue(value: unknown, name: string, depth: number, budget: Budget): Json {
  budget.values -= 1;
  if (typeof value === 'string') budget.characters -= value.length;
  if (budget.values < 0 || budget.characters < 0) throw (budget.exceeded ??= tooMuch());
  if (depth > MAX_DEPTH) throw outOfBounds(name, `is nested more than ${MAX_DEPTH} levels deep`, 'Send it flatter.');
  if (typeof value === 'string') return boundText(value, name, MAX_STRING_LENGTH);
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return boundNumber(value, name);
  if (Array.isArray(value)) {
    const limit = isLongList(name) ? MAX_LONG_LIST_LENGTH : MAX_LIST_LENGTH;
    if (value.length > limit) throw outOfBounds(name, `holds more than ${limit} values`, 'Send fewer.');
    return value.map((item) => boundValue(item, name, depth + 1, budget));
  }
  if (isObject(value)) return boundObject(value, name, depth, budget);
  throw outOfBounds(name, 'is not JSON', 'Send text, numbers, booleans, lists or objects.');
}

function tooMuch(): Failure {
  return new Failure('invalid', 'The message holds too many values or too much text. Send it in several parts.');
}

function boundObject(
  value: Readonly<Record<string, unknown>>,
  name: string,
  depth: number,
  budget: Budget,
): JsonObject {
  const bound: Record<string, Json> = {};
  for (const key of boundKeys(value, name, budget.knownKeys))
    bound[key] = boundValue(value[key], name, depth + 1, budget);
  return bound;
}

/**
 * The keys of an object of bounded number and length, without the unsafe ones.
 *
 * @param name what the object is, for error messages
 * @param known keys of the same message that proved fit; added to
 * @throws Failure `invalid` `invalidValue`
 */
export function boundKeys(
  object: Readonly<Record<string, unknown>>,
  name: string,
  known = new Set<string>(),
): readonly string[] {
  const keys = Object.keys(object);
  if (keys.length > MAX_KEYS) throw outOfBounds(name, `has more than ${MAX_KEYS} attributes`, 'Send fewer.');
  return keys.filter((key) => {
    if (known.has(key)) return true;
    if (isUnsafeKey(boundText(key, name, MAX_KEY_LENGTH))) return false;
    known.add(key);
    return true;
  });
}

const HOLDS_STATUS = /^urn:ietf:params:scim:schemas:core:2\.0:User$/i;

/**
 * As {@link boundKeys}; but an object that is out of bounds is still looked through for `active` (rule US12).
 *
 * @returns of such an object, the keys under which `active` may stand, and in `problem` what is wrong with it
 */
export function keysToRead(
  object: Readonly<Record<string, unknown>>,
  name: string,
): { readonly keys: readonly string[]; readonly problem: Failure | undefined } {
  try {
    return { keys: boundKeys(object, name), problem: undefined };
  } catch (error) {
    const keys = Object.keys(object).filter((key) => STATUS.test(key) || HOLDS_STATUS.test(key));
    return { keys, problem: Failure.from(error) };
  }
}

function boundText(text: string, name: string, limit: number): string {
  if (text.length > limit) throw outOfBounds(name, `holds a text of more than ${limit} characters`, 'Shorten it.');
  if (PERHAPS_UNSTORABLE.test(text) && UNSTORABLE.test(text)) {
    throw outOfBounds(name, 'holds a character that cannot be stored (NUL, or half of a surrogate pair)', 'Remove it.');
  }
  return text;
}

/** What does not fit a double would be kept and answered as another number. */
function boundNumber(value: number, name: string): number {
  if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return value;
  throw outOfBounds(name, 'holds a number that cannot be kept exactly', 'Send it as text.');
}

// Okta PUTs back what it read, all groups of a user included.
function isLongList(name: string): boolean {
  return /(?:^|:)\s*(?:members|groups)\s*$/i.test(name);
}

function outOfBounds(name: string, what: string, remedy: string): Failure {
  return new Failure('invalid', `${shown(name)} ${what}. ${remedy}`);
}
