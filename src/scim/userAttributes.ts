/** Message and schema names (RFC 7643 §8.7, RFC 7644 §3.5.2). */
export const USER_URN = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_URN = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE_URN = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const PATCH_OP_URN = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

export type ResourceType = 'User' | 'Group';

/** What an attribute's value looks like: one text, one set of sub-attributes, or a list of such sets. */
export interface AttributeShape {
  readonly name: string;
  readonly kind: 'text' | 'complex' | 'list';
  /** Canonical spelling of the sub-attributes by their lower-case spelling. */
  readonly subs: ReadonlyMap<string, string>;
}

/** Where an attribute lives: in the core resource (`schema` undefined) or under an extension's URN. */
export interface AttributeKey {
  readonly schema: string | undefined;
  /** Empty when the key names the extension as a whole. */
  readonly attribute: string;
}

const VALUE_SUBS = ['value', 'display', 'type', 'primary', '$ref'];

const USER_SHAPES = shapes([
  ...texts('displayName', 'nickName', 'profileUrl', 'title', 'userType', 'preferredLanguage', 'locale', 'timezone'),
  ['name', 'complex', ['formatted', 'familyName', 'givenName', 'middleName', 'honorificPrefix', 'honorificSuffix']],
  ['emails', 'list', VALUE_SUBS],
  ['phoneNumbers', 'list', VALUE_SUBS],
  ['ims', 'list', VALUE_SUBS],
  ['photos', 'list', VALUE_SUBS],
  ['entitlements', 'list', VALUE_SUBS],
  ['roles', 'list', VALUE_SUBS],
  ['x509Certificates', 'list', VALUE_SUBS],
  [
    'addresses',
    'list',
    ['formatted', 'streetAddress', 'locality', 'region', 'postalCode', 'country', 'type', 'primary'],
  ],
]);

const ENTERPRISE_SHAPES = shapes([
  ...texts('employeeNumber', 'costCenter', 'organization', 'division', 'department'),
  ['manager', 'complex', ['value', '$ref', 'displayName']],
]);

const RESERVED: Readonly<Record<ResourceType, ReadonlyMap<string, string>>> = {
  User: spellings(['id', 'externalId', 'userName', 'active', 'password', 'groups', 'meta', 'schemas']),
  Group: spellings(['id', 'externalId', 'displayName', 'members', 'meta', 'schemas']),
};

/** The shape of a profile attribute of the core User or the enterprise extension; undefined for one we do not know. */
export function shapeOf(key: AttributeKey): AttributeShape | undefined {
  if (key.schema === undefined) return USER_SHAPES.get(key.attribute.toLowerCase());
  return key.schema === ENTERPRISE_URN ? ENTERPRISE_SHAPES.get(key.attribute.toLowerCase()) : undefined;
}

/**
 * The canonical spelling of an attribute that is not profile data: identity, status, membership, or kept by us.
 * Undefined for everything else, and for attributes of extensions.
 */
export function reservedName(key: AttributeKey, type: ResourceType): string | undefined {
  return key.schema === undefined ? RESERVED[type].get(key.attribute.toLowerCase()) : undefined;
}

/**
 * Reads a schema name as it may stand in front of an attribute: the core schema of `type` becomes undefined, the
 * enterprise extension its canonical spelling (RFC 7643 §2.1: URNs compare without regard to case).
 */
export function canonicalSchema(schema: string | undefined, type: ResourceType): string | undefined {
  const lower = schema?.toLowerCase();
  if (lower === (type === 'User' ? USER_URN : GROUP_URN).toLowerCase()) return undefined;
  return lower === ENTERPRISE_URN.toLowerCase() ? ENTERPRISE_URN : schema;
}

/**
 * Splits a key of a resource: `title`, `urn:…:enterprise:2.0:User` (the extension as a whole, for a key whose value is
 * an object) or `urn:…:enterprise:2.0:User:department`.
 *
 * @param holdsObject whether the value is an object; decides for URNs that we do not know
 */
export function splitKey(key: string, holdsObject: boolean, type: ResourceType): AttributeKey {
  if (!isUrn(key)) return { schema: undefined, attribute: key };
  const isWhole = [USER_URN, GROUP_URN, ENTERPRISE_URN].some((urn) => urn.toLowerCase() === key.toLowerCase());
  const known = [USER_URN, GROUP_URN, ENTERPRISE_URN].some((urn) =>
    key.toLowerCase().startsWith(`${urn.toLowerCase()}:`),
  );
  if (isWhole || (holdsObject && !known)) return { schema: canonicalSchema(key, type), attribute: '' };
  const colon = key.lastIndexOf(':');
  return { schema: canonicalSchema(key.slice(0, colon), type), attribute: key.slice(colon + 1) };
}

/** The one of `names` that equals `name` without regard to case. */
export function findSpelling(names: Iterable<string>, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (const candidate of names) if (candidate.toLowerCase() === wanted) return candidate;
  return undefined;
}

export function isUrn(text: string): boolean {
  return /^urn:/i.test(text);
}

type ShapeRow = readonly [string, AttributeShape['kind'], readonly string[]];

function texts(...names: readonly string[]): readonly ShapeRow[] {
  return names.map((name) => [name, 'text', []]);
}

function shapes(rows: readonly ShapeRow[]): ReadonlyMap<string, AttributeShape> {
  return new Map(rows.map(([name, kind, subs]) => [name.toLowerCase(), { name, kind, subs: spellings(subs) }]));
}

function spellings(names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(names.map((name) => [name.toLowerCase(), name]));
}
