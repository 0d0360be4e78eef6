import { Failure } from '../provisioning/failure.js';
import type { ScimType } from '../provisioning/failure.js';
import type { Json } from '../provisioning/store.js';
import { atOnce, type Steps } from '../provisioning/turns.js';
import { isCore, parseAttributePath } from './attributes.js';
import { parsePath } from './filter.js';
import type { PatchPath } from './filter.js';
import {
  MAX_LONG_LIST_LENGTH,
  boundAttribute,
  budgetOf,
  findKey,
  isObject,
  keysToRead,
  messageBudget,
  notAnObject,
  shown,
} from './json.js';
import type { Budget } from './json.js';
import { readJsonNow } from './jsonReader.js';
import { PATCH_OP_URN, isUrn, reservedName, splitKey } from './userAttributes.js';
import type { ResourceType } from './userAttributes.js';
import { readActive } from './values.js';

export type PatchOp = 'add' | 'replace' | 'remove';

/**
 * One operation on one attribute. An operation without path arrives here as one operation for each attribute of its
 * value, which is what RFC 7644 §3.5.2 makes it mean.
 */
export interface PatchOperation {
  readonly op: PatchOp;
  /** As the client wrote it, or the key in the value of an operation without path. */
  readonly path: string;
  /** Undefined when there is none, which is not the same as null (rule GR6). */
  readonly value: Json | undefined;
  /** Why the value cannot be used; then `value` is undefined. Never a reason to refuse the neighbours. */
  readonly problem: Failure | undefined;
}

const OPS: readonly PatchOp[] = ['add', 'replace', 'remove'];

/**
 * The most operations of one message. Members of a group may come in an operation each: authentik sends a whole group so
 * when the server states no limit for bulk requests. Nobody has that many attributes of a user to change.
 */
const MAX_OPERATIONS: Readonly<Record<ResourceType, number>> = { User: 1000, Group: MAX_LONG_LIST_LENGTH };

/**
 * Reads a PATCH message (RFC 7644 §3.5.2) in every dialect: keys and operations in any letter case; an absent, null or
 * empty path; the value of an operation without path as object, as list of one (SCIM SDK) or as JSON text (Keycloak);
 * keys in it that are paths; of a Group also without `schemas`.
 *
 * @param body untrusted
 * @throws Failure `invalid` for what rule US11 calls malformed: `invalidSyntax` without the PatchOp schema, without
 *   operations or with an unknown one; `noTarget` for a removal without path; `invalidValue` when a value of a User's
 *   `active` cannot be read
 */
export function readPatch(body: unknown, type: ResourceType): PatchOperation[] {
  return atOnce(patchSteps(body, type));
}

/** As {@link readPatch}, with a step for each operation. */
export function* patchSteps(body: unknown, type: ResourceType): Steps<PatchOperation[]> {
  if (!isObject(body)) throw notAnObject();
  if (!namesPatchOp(get(body, 'schemas'), type)) throw malformed(`schemas does not name ${PATCH_OP_URN}. Add it.`);
  const operations = get(body, 'operations');
  if (!Array.isArray(operations) || operations.length === 0) {
    throw malformed('Operations is missing or empty. Send a list of at least one operation.');
  }
  const read = yield* readOperations(operations, type);
  if (type === 'User') statedActive(read);
  return read;
}

/** Of a User's message with too many operations, what is left are the first ones and whatever states `active` (rule US12). */
function* readOperations(operations: readonly unknown[], type: ResourceType): Steps<PatchOperation[]> {
  const limit = MAX_OPERATIONS[type];
  const budget = messageBudget(type);
  const read: PatchOperation[] = [];
  let problem: Failure | undefined;
  for (const operation of operations) {
    yield;
    for (const one of readOperation(operation, type, budget)) {
      if (read.length < limit || (type === 'User' && isAboutActive(one))) {
        read.push(one);
        continue;
      }
      problem ??= malformed(`Operations holds more than ${limit} operations. Send them in several messages.`);
      if (type === 'Group') throw problem;
    }
  }
  return problem === undefined ? read : [...read, { op: 'replace', path: 'Operations', value: undefined, problem }];
}

function isAboutActive(operation: PatchOperation): boolean {
  const path = readPath(operation);
  return !(path instanceof Failure) && userAttributeOf(path) === 'active';
}

/**
 * What a PATCH says about `active`, in every dialect: any letter case, with URN, by add or replace. Of several statements
 * the last counts.
 *
 * @throws Failure `invalid` `invalidValue` when a value of `active` cannot be read (malformed, rule US11)
 */
export function statedActive(operations: readonly PatchOperation[]): boolean | undefined {
  let active: boolean | undefined;
  for (const operation of operations) {
    if (!isAboutActive(operation) || operation.op === 'remove') continue;
    if (operation.problem !== undefined) throw operation.problem;
    if (operation.value === undefined) {
      throw new Failure('invalid', 'The operation on active has no value. Send active as a JSON boolean.');
    }
    active = readActive(operation.value) ?? active;
  }
  return active;
}

/** The path of an operation, or why it has none. */
export function readPath({ path }: PatchOperation): PatchPath | Failure {
  try {
    return parsePath(path);
  } catch (error) {
    return Failure.from(error);
  }
}

/** The attribute of a User that a path addresses, where it is no profile data; in its canonical spelling. */
export function userAttributeOf(path: PatchPath): string | undefined {
  if (!isCore(path, 'User')) return undefined;
  return reservedName({ schema: undefined, attribute: path.attribute }, 'User');
}

function readOperation(operation: unknown, type: ResourceType, budget: Budget): readonly PatchOperation[] {
  if (!isObject(operation))
    throw malformed('Operations holds an entry that is no object. Send objects with op, path and value.');
  const op = readOp(get(operation, 'op'));
  const path = get(operation, 'path') ?? '';
  const hasValue = findKey(operation, 'value') !== undefined;
  const raw = get(operation, 'value');
  if (typeof path !== 'string')
    return [unusable(op, 'path', 'path is not a text. Send path as JSON text.', 'invalidPath')];
  if (path.trim() !== '') {
    const text = path.trim();
    if (op !== 'remove' && isObject(raw) && namesWholeSchema(text)) return spreadSchema(op, text, raw, budget);
    return [bounded(op, text, hasValue ? raw : undefined, budget)];
  }
  if (op === 'remove') {
    throw refuse('noTarget', 'A remove operation has no path. Name the attribute to remove in path.');
  }
  const value = pathless(raw, budget);
  if (value === undefined) {
    return [
      unusable(
        op,
        'value',
        'An operation has neither a path nor an object as value. Send one of them.',
        'invalidValue',
      ),
    ];
  }
  return spread(op, value, type, budget);
}

/** One operation for each attribute; the core schema and extensions as containers are opened. */
function spread(
  op: PatchOp,
  value: Readonly<Record<string, unknown>>,
  type: ResourceType,
  budget: Budget,
): readonly PatchOperation[] {
  const { keys, problem } = keysToRead(value, 'value');
  const operations = keys.flatMap((key): readonly PatchOperation[] => {
    // Okta names the group it patches, authentik repeats the schemas: both say nothing new.
    if (/^(?:id|schemas|meta)$/i.test(key)) return [];
    const inner = value[key];
    const isContainer =
      isUrn(key) && isObject(inner) && !key.includes('[') && splitKey(key, true, type).attribute === '';
    if (isContainer) return spreadSchema(op, key, inner, budget);
    return [bounded(op, key, inner, budget)];
  });
  return problem === undefined ? operations : [unread(op, 'value', problem), ...operations];
}

function spreadSchema(
  op: PatchOp,
  urn: string,
  value: Readonly<Record<string, unknown>>,
  budget: Budget,
): readonly PatchOperation[] {
  const { keys, problem } = keysToRead(value, urn);
  const operations = keys.map((key) => bounded(op, `${urn}:${key}`, value[key], budget));
  return problem === undefined ? operations : [unread(op, urn, problem), ...operations];
}

function namesWholeSchema(path: string): boolean {
  return isUrn(parseAttributePath(path)?.name ?? '');
}

function bounded(op: PatchOp, path: string, raw: unknown, shared: Budget): PatchOperation {
  const budget = budgetOf(path, shared);
  try {
    // A path may hold a filter, which costs as much as its length allows.
    boundAttribute(path, 'path', budget);
    const value = raw === undefined ? undefined : boundAttribute(raw, path, budget);
    return { op, path, value, problem: undefined };
  } catch (error) {
    return unread(op, path, Failure.from(error));
  }
}

function pathless(raw: unknown, budget: Budget): Readonly<Record<string, unknown>> | undefined {
  // The SCIM SDK 1.25.1 puts a list around a single object.
  const single: unknown = Array.isArray(raw) && raw.length === 1 ? raw[0] : raw;
  if (isObject(single)) return single;
  if (typeof single !== 'string') return undefined;
  // Keycloak sends the object as JSON text when it takes up an existing group.
  budget.embedded -= single.length;
  if (budget.embedded < 0) return undefined;
  try {
    const parsed = readJsonNow(single);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function readOp(value: unknown): PatchOp {
  // Entra ID capitalises: Add, Replace, Remove.
  const text = typeof value === 'string' ? value.trim().toLowerCase() : '';
  const op = OPS.find((candidate) => candidate === text);
  if (op !== undefined) return op;
  throw malformed(
    `${typeof value === 'string' ? `op ${shown(value)}` : 'op'} is not an operation. Send add, replace or remove.`,
  );
}

/**
 * authentik renames a group in a message that leaves `schemas` out: it serialises what was set by hand, and the default is
 * not (goauthentik/authentik, authentik/providers/scim/clients/groups.py). Of a User's message rule US11 wants it.
 */
function namesPatchOp(schemas: unknown, type: ResourceType): boolean {
  if (schemas === undefined) return type === 'Group';
  const names: readonly unknown[] = Array.isArray(schemas) ? schemas : [schemas];
  return names.some((name) => typeof name === 'string' && name.toLowerCase() === PATCH_OP_URN.toLowerCase());
}

function get(object: Readonly<Record<string, unknown>>, name: string): unknown {
  const key = findKey(object, name);
  return key === undefined ? undefined : object[key];
}

function unusable(op: PatchOp, path: string, message: string, scimType: ScimType): PatchOperation {
  return unread(op, path, refuse(scimType, message));
}

function unread(op: PatchOp, path: string, problem: Failure): PatchOperation {
  return { op, path, value: undefined, problem };
}

function malformed(message: string): Failure {
  return refuse('invalidSyntax', message);
}

function refuse(scimType: ScimType, message: string): Failure {
  return new Failure('invalid', message, { scimType });
}
