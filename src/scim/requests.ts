import { Failure } from '../provisioning/failure.js';
import type { Json, JsonObject } from '../provisioning/store.js';
import type { Steps } from '../provisioning/turns.js';
import {
  boundAttribute,
  budgetOf,
  isJsonList,
  isJsonObject,
  isObject,
  keysToRead,
  messageBudget,
  notAnObject,
  property,
  shown,
} from './json.js';
import { readMembers } from './members.js';
import { findSpelling, reservedName, shapeOf, splitKey } from './userAttributes.js';
import type { AttributeKey, ResourceType } from './userAttributes.js';
import { readActive, readExternalId, readName, readProfileValue } from './values.js';
import type { StatedId } from './values.js';

/** A User as sent by POST or PUT, made regular. */
export interface UserInput {
  /** Undefined when absent, null or blank, which the caller refuses. */
  readonly userName: string | undefined;
  /** Undefined when absent or null; `{ value: undefined }` when the empty text takes it away. */
  readonly externalId: StatedId | undefined;
  /** Undefined when absent or null. */
  readonly active: boolean | undefined;
  /**
   * Everything else the client supplied: core and enterprise attributes in their canonical spelling, extensions under
   * their URN, unknown attributes as they came.
   */
  readonly profile: JsonObject;
  /**
   * What is wrong with the body beside `active`: out of bounds, or an attribute that cannot be read. To be thrown, except when a PUT reads `active: false`: a
   * leaver must not keep access because of it (rule US12).
   */
  readonly problem: Failure | undefined;
}

/**
 * Reads the body of POST or PUT `/Users`. `id`, `meta`, `groups` and `schemas` are ours and ignored: Okta puts back what
 * it read. `password` is ignored: Okta sends a random one. Unknown schema names (OneLogin's `urn:scim:schemas:core:2.0`)
 * are no reason to refuse.
 *
 * @param body untrusted
 * @throws Failure `invalid`: `invalidSyntax` when the body is no object, `invalidValue` for an unreadable `active`
 */
export function readUser(body: unknown): UserInput {
  const profile = new ProfileReader();
  let userName: string | undefined;
  let externalId: StatedId | undefined;
  let active: boolean | undefined;
  const { attributes, problem: outOfBounds } = attributesOf(body, 'User');
  let problem = outOfBounds;

  for (const { key, read } of attributes) {
    const reserved = reservedName(key, 'User');
    if (reserved === 'active') {
      active = readActive(read()) ?? active;
      continue;
    }
    try {
      if (reserved === undefined) profile.set(key, read());
      if (reserved === 'userName') userName = readName(read(), 'userName') ?? userName;
      if (reserved === 'externalId') externalId = stated(read()) ?? externalId;
    } catch (error) {
      problem ??= Failure.from(error);
    }
  }
  return { userName, externalId, active, profile: profile.result(), problem };
}

/** A Group as sent by POST or PUT, made regular. */
export interface GroupInput {
  readonly displayName: string;
  /** As in {@link UserInput}. */
  readonly externalId: StatedId | undefined;
  /** User ids, each once; undefined when absent or null, which POST reads as none and PUT as "clear" (rule GR6). */
  readonly members: readonly string[] | undefined;
}

/**
 * Reads the body of POST or PUT `/Groups`, with a step for each member. What a group in Confluence has no place for is ignored, unread. Entra ID's schema name
 * `http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group` is ignored like every unknown one.
 *
 * @param body untrusted
 * @throws Failure `invalid`: `invalidSyntax` when the body is no object, `invalidValue` for a displayName that is missing
 *   or not fit for a group, members that are no users, or anything out of bounds
 */
export function* readGroup(body: unknown): Steps<GroupInput> {
  let displayName: string | undefined;
  let externalId: StatedId | undefined;
  let members: readonly string[] | undefined;

  const { attributes, problem } = attributesOf(body, 'Group');
  if (problem !== undefined) throw problem;
  for (const { key, read } of attributes) {
    const reserved = reservedName(key, 'Group');
    if (reserved === 'displayName') displayName = readName(read(), 'displayName') ?? displayName;
    if (reserved === 'externalId') externalId = stated(read()) ?? externalId;
    if (reserved === 'members') {
      const value = read();
      // authentik and Keycloak leave an empty list out; others send null.
      if (value !== null) members = yield* readMembers(value);
    }
  }
  if (displayName === undefined) {
    throw new Failure('invalid', 'displayName is missing or empty. Send the name of the group as displayName.');
  }
  return { displayName, externalId, members };
}

// null is the same as absent (RFC 7643 §2.5): JumpCloud and OneLogin send it for whatever they have no value for.
function stated(value: Json): StatedId | undefined {
  return value === null ? undefined : readExternalId(value);
}

interface SentAttribute {
  readonly key: AttributeKey;
  /** The value, bounded. @throws Failure `invalid` `invalidValue` */
  readonly read: () => Json;
}

interface SentAttributes {
  readonly attributes: readonly SentAttribute[];
  /** The body is out of bounds; then `attributes` is no more than what may state `active`. */
  readonly problem: Failure | undefined;
}

/** The attributes of a body, those inside the core schema's own URN included, unsafe keys left out. */
function attributesOf(body: unknown, type: ResourceType): SentAttributes {
  if (!isObject(body)) throw notAnObject();
  const budget = messageBudget(type);
  const attributes: SentAttribute[] = [];
  let problem: Failure | undefined;
  const take = (object: Readonly<Record<string, unknown>>, mayNest: boolean): void => {
    const readable = keysToRead(object, 'The body');
    problem ??= readable.problem;
    for (const name of readable.keys) {
      const raw = object[name];
      const key = splitKey(name, isObject(raw), type);
      if (mayNest && key.schema === undefined && key.attribute === '' && isObject(raw)) take(raw, false);
      else attributes.push({ key, read: () => boundAttribute(raw, name, budgetOf(name, budget)) });
    }
  };
  take(body, true);
  return { attributes, problem };
}

/** Gathers profile attributes; a name that comes twice in different letters is one attribute, the last value counts. */
class ProfileReader {
  readonly #core = new Map<string, Json>();
  readonly #extensions = new Map<string, Map<string, Json>>();

  set(key: AttributeKey, value: Json): void {
    if (key.attribute === '') {
      if (!isJsonObject(value)) return;
      for (const [attribute, inner] of Object.entries(value)) this.set({ schema: key.schema, attribute }, inner);
      return;
    }
    const read = readProfileValue(key, value);
    if (read === undefined) return;
    const attributes = this.#attributes(key.schema);
    const name = shapeOf(key)?.name ?? findSpelling(attributes.keys(), key.attribute) ?? key.attribute;
    attributes.set(name, read);
  }

  result(): JsonObject {
    const extensions = [...this.#extensions].map(([urn, attributes]): [string, Json] => [
      urn,
      Object.fromEntries(attributes),
    ]);
    return Object.fromEntries([...this.#core, ...extensions]);
  }

  #attributes(schema: string | undefined): Map<string, Json> {
    if (schema === undefined) return this.#core;
    const urn = findSpelling(this.#extensions.keys(), schema) ?? schema;
    const attributes = this.#extensions.get(urn) ?? new Map<string, Json>();
    this.#extensions.set(urn, attributes);
    return attributes;
  }
}

/**
 * The address to invite a person with (rule US3): the primary e-mail, else the one of type work, else the first, else an
 * address-shaped userName, else userName at the default domain.
 *
 * @returns lower case, so that it can be a key
 * @throws Failure `invalid` `invalidValue` when there is none, or the one to use is no address
 */
export function inviteAddress(
  input: Pick<UserInput, 'profile'> & { readonly userName: string },
  defaultDomain: string | undefined,
): string {
  const emails = property(input.profile, 'emails');
  const candidates = (isJsonList(emails) ? emails : []).flatMap((email) => {
    const value = isJsonObject(email) ? property(email, 'value') : undefined;
    return isJsonObject(email) && typeof value === 'string' && value.trim() !== '' ? [{ email, value }] : [];
  });
  const chosen =
    candidates.find(({ email }) => property(email, 'primary') === true) ??
    candidates.find(({ email }) => isWork(property(email, 'type'))) ??
    candidates[0];
  if (chosen !== undefined) return address(chosen.value, 'emails');

  const { userName } = input;
  if (isAddress(userName.trim())) return address(userName, 'userName');
  if (defaultDomain !== undefined && !userName.includes('@'))
    return address(`${userName.trim()}@${defaultDomain}`, 'userName');
  throw new Failure(
    'invalid',
    'emails has no value and userName is no e-mail address, so nobody can be invited. Send emails, or set DEFAULT_EMAIL_DOMAIN.',
  );
}

function isWork(type: Json | undefined): boolean {
  return typeof type === 'string' && type.toLowerCase() === 'work';
}

function address(text: string, attribute: string): string {
  const trimmed = text.trim();
  if (isAddress(trimmed)) return trimmed.toLowerCase();
  throw new Failure(
    'invalid',
    `${attribute} gives ${shown(trimmed)}, which is no e-mail address. Correct ${attribute}.`,
  );
}

const LOCAL_PART = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?=[a-z0-9-]*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/**
 * Whether a text is an e-mail address that Atlassian can be expected to take: the dot-atom form of RFC 5321 §4.1.2 in
 * ASCII, with a domain of at least two labels. Quoted local parts and address literals are left out.
 */
export function isAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  if (at < 1 || at > 64 || text.length > 254) return false;
  return LOCAL_PART.test(text.slice(0, at)) && DOMAIN.test(text.slice(at + 1));
}
