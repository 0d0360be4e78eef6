import { Failure } from '../provisioning/failure.js';
import type { ScimType } from '../provisioning/failure.js';
import { parseFilter } from './filter.js';
import type { Filter } from './filter.js';
import type { ProjectionInputs } from './projection.js';

/** The most resources on one page; ServiceProviderConfig advertises it as `filter.maxResults`. */
export const MAX_COUNT = 200;
const DEFAULT_COUNT = 100;
/** The largest offset every database takes; no site has as many people. */
const MAX_START_INDEX = 2 ** 31 - 1;
const SEARCH_REQUEST = 'urn:ietf:params:scim:api:messages:2.0:searchrequest';

/** What a client asks of a list (RFC 7644 §3.4.2). */
export interface ListQuery {
  readonly filter: Filter | undefined;
  /** From 1, as SCIM counts. */
  readonly startIndex: number;
  /** 0 to `MAX_COUNT`; 0 asks for `totalResults` only. */
  readonly count: number;
  readonly projection: ProjectionInputs;
}

/**
 * Reads the query of a list. A startIndex below 1 is 1, a negative count is 0 (RFC 7644 §3.4.2.4). `sortBy` and `sortOrder` are
 * ignored, as sorting is not offered, and so is every parameter of another name (Entra ID sends `aadOptscim062020`).
 *
 * @param query names to values, as Express reads them from a URL
 * @throws Failure `invalid`: `invalidFilter`, or `invalidValue` for a parameter that is doubled or no whole number
 */
export function readListQuery(query: Readonly<Record<string, unknown>>): ListQuery {
  return listQuery(new Parameters(query), readProjectionInputs(query));
}

/**
 * Reads `attributes` and `excludedAttributes` of any request that answers with a resource (RFC 7644 §3.9).
 *
 * @throws Failure `invalid` (`invalidValue`) for a doubled parameter
 */
export function readProjectionInputs(query: Readonly<Record<string, unknown>>): ProjectionInputs {
  const parameters = new Parameters(query);
  return { attributes: parameters.text('attributes'), excludedAttributes: parameters.text('excludedAttributes') };
}

/**
 * Reads the body of `POST …/.search` (RFC 7644 §3.4.3).
 *
 * @throws Failure `invalid`: `invalidSyntax` for a body that is no SearchRequest, otherwise as `readListQuery`
 */
export function readSearchRequest(body: unknown): ListQuery {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw notASearchRequest();
  const parameters = new Parameters(body);
  const schemas = parameters.get('schemas');
  const names: readonly unknown[] = Array.isArray(schemas) ? schemas : [];
  if (!names.some((name) => typeof name === 'string' && name.toLowerCase() === SEARCH_REQUEST)) {
    throw notASearchRequest();
  }
  return listQuery(parameters, {
    attributes: parameters.texts('attributes'),
    excludedAttributes: parameters.texts('excludedAttributes'),
  });
}

function listQuery(parameters: Parameters, projection: ProjectionInputs): ListQuery {
  const filter = parameters.text('filter');
  const startIndex = parameters.integer('startIndex') ?? 1;
  const count = parameters.integer('count') ?? DEFAULT_COUNT;
  return {
    filter: filter === undefined ? undefined : parseFilter(filter),
    startIndex: clamp(startIndex, 1, MAX_START_INDEX),
    count: clamp(count, 0, MAX_COUNT),
    projection,
  };
}

/** Parameters by name, in any letter case: a `Filter` that went unnoticed would answer with everybody. */
class Parameters {
  readonly #entries: readonly (readonly [string, unknown])[];

  constructor(source: object) {
    this.#entries = Object.entries(source).map(([name, value]: [string, unknown]) => [name.toLowerCase(), value]);
  }

  /** Absent and null are the same (RFC 7643 §2.5). */
  get(name: string): unknown {
    const found = this.#entries.filter(([key]) => key === name.toLowerCase());
    if (found.length > 1) throw doubled(name);
    return found[0]?.[1] ?? undefined;
  }

  text(name: string): string | undefined {
    const value = this.get(name);
    if (value === undefined || typeof value === 'string') return value;
    if (Array.isArray(value)) throw doubled(name);
    throw wrong(`${name} must be text.`);
  }

  texts(name: string): string | readonly string[] | undefined {
    const value = this.get(name);
    if (!Array.isArray(value)) return this.text(name);
    const items: readonly unknown[] = value;
    if (!items.every((item) => typeof item === 'string')) throw wrong(`${name} must be a list of attribute names.`);
    return items;
  }

  integer(name: string): number | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    if (Array.isArray(value)) throw doubled(name);
    if (typeof value === 'number' && Number.isInteger(value)) return value;
    if (typeof value === 'string' && /^[+-]?\d+$/.test(value)) return Number(value);
    throw wrong(`${name} must be a whole number. Send for example ${name}=1.`);
  }
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

function doubled(name: string): Failure {
  return wrong(`${name} must be one value. Send the parameter once.`);
}

function notASearchRequest(): Failure {
  return wrong('The body must be a SearchRequest. Send its schema URN in schemas (RFC 7644 §3.4.3).', 'invalidSyntax');
}

function wrong(message: string, scimType: ScimType = 'invalidValue'): Failure {
  return new Failure('invalid', message, { scimType });
}
