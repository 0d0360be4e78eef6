import { GROUP_URN, USER_URN } from './userAttributes.js';
import type { ResourceType } from './userAttributes.js';

/**
 * An attribute as a client names it in a filter, a projection or a PATCH path (RFC 7644 §3.10). Names are case-insensitive
 * (RFC 7643 §2.1), so everything but `text` is lower case. The URN of a whole extension is itself a `name`, because that
 * is where the extension's object stands in a representation.
 */
export interface AttributePath {
  /** The URN in front of the name, lower case; undefined when there is none. */
  readonly schema: string | undefined;
  readonly name: string;
  readonly sub: string | undefined;
  /** As the client spelled it, for messages. */
  readonly text: string;
}

/** How the values of an attribute compare: RFC 7643's `type` and `caseExact`, as far as comparing needs them. */
export type Comparison = 'boolean' | 'dateTime' | 'caseExact' | 'caseInsensitive';

const CORE_SCHEMAS: Readonly<Record<ResourceType, string>> = {
  User: USER_URN.toLowerCase(),
  Group: GROUP_URN.toLowerCase(),
};

// RFC 7643 §2.1 ATTRNAME, with the leading `$` of `$ref`. A leading underscore, and with it `__proto__`, is no name.
const ATTRIBUTE_NAME = /^[a-z$][\w$-]*$/i;
const URN = /^urn:[a-z0-9][a-z0-9-]*(?::[\w.+-]+)+$/i;
// `…:2.0:User` alone names the extension, while `…:2.0:User:department` names an attribute of it. Nothing in the
// grammar tells them apart; that schema URNs end in a version and a resource type does.
const WHOLE_SCHEMA = /:\d[\d.]*:(?:user|group)$/i;

/** @returns the name in lower case, or undefined when it is none (RFC 7643 §2.1) */
export function parseAttributeName(text: string): string | undefined {
  return ATTRIBUTE_NAME.test(text) ? text.toLowerCase() : undefined;
}

/**
 * Reads `[URN ":"] name ["." sub]`. Takes time in proportion to the text, which the caller bounds.
 *
 * @returns undefined when the text is no attribute path; whether such an attribute exists is not asked here
 */
export function parseAttributePath(text: string): AttributePath | undefined {
  if (WHOLE_SCHEMA.test(text) && URN.test(text)) {
    return { schema: undefined, name: text.toLowerCase(), sub: undefined, text };
  }
  const colon = text.lastIndexOf(':');
  const prefix = colon < 0 ? undefined : text.slice(0, colon);
  if (prefix !== undefined && !URN.test(prefix)) return undefined;
  const [first, second, ...rest] = text.slice(colon + 1).split('.', 3);
  const name = parseAttributeName(first ?? '');
  const sub = second === undefined ? undefined : parseAttributeName(second);
  if (name === undefined || (second !== undefined && sub === undefined) || rest.length > 0) return undefined;
  return { schema: prefix?.toLowerCase(), name, sub, text };
}

/** True for an attribute of the core schema of this type, with or without its URN. */
export function isCore(path: Pick<AttributePath, 'schema'>, resourceType: ResourceType): boolean {
  return path.schema === undefined || path.schema === CORE_SCHEMAS[resourceType];
}

/**
 * Where an attribute stands in a representation: its name in lower case, or the URN of its extension.
 *
 * @returns undefined for an attribute of the other resource type's core schema, which no resource of this type has
 */
export function topLevelOf(
  path: Pick<AttributePath, 'schema' | 'name'>,
  resourceType: ResourceType,
): string | undefined {
  if (isCore(path, resourceType)) return path.name;
  return isExtension(path) ? path.schema : undefined;
}

/**
 * How values of this attribute compare. Ids, references and externalIds are caseExact; every other string is not, as
 * RFC 7643 §8.7.1 has it for userName, displayName and e-mails.
 */
export function comparisonOf(path: Omit<AttributePath, 'text'>): Comparison {
  const { name, sub } = path;
  if (sub === 'primary') return 'boolean';
  if (isExtension(path)) return 'caseInsensitive';
  switch (name) {
    case 'active':
      return 'boolean';
    case 'id':
    case 'externalid':
      return 'caseExact';
    case 'meta':
      return sub === 'created' || sub === 'lastmodified' ? 'dateTime' : 'caseExact';
    case 'members':
    case 'groups':
      return sub === undefined || sub === 'value' || sub === '$ref' ? 'caseExact' : 'caseInsensitive';
    default:
      return 'caseInsensitive';
  }
}

function isExtension({ schema }: Pick<AttributePath, 'schema'>): boolean {
  return schema !== undefined && schema !== CORE_SCHEMAS.User && schema !== CORE_SCHEMAS.Group;
}

/** The boolean that a JSON boolean or, as Entra ID sends it, the text `"True"` stands for; undefined for anything else. */
export function asBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  const text = value.toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(Z|[+-]\d{2}:\d{2})?$/i;

/**
 * The instant of an xsd:dateTime (RFC 7643 §2.3.5), milliseconds since the epoch. One without a zone is read as UTC, so
 * that the answer does not depend on the machine.
 *
 * @returns undefined when the value is no date and time
 */
export function asInstant(value: unknown): number | undefined {
  const found = typeof value === 'string' ? DATE_TIME.exec(value) : null;
  if (found === null) return undefined;
  const [text, zone] = found;
  const instant = Date.parse(text.toUpperCase() + (zone === undefined ? 'Z' : ''));
  return Number.isNaN(instant) ? undefined : instant;
}
