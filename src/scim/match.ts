import { asBoolean, asInstant, comparisonOf, topLevelOf } from './attributes.js';
import type { AttributePath, Comparison } from './attributes.js';
import type { CompareOperator, CompareTerm, Filter, FilterValue } from './filter.js';
import { findKey, isObject } from './json.js';
import type { ResourceType } from './userAttributes.js';

/** What a filter says about a resource of which only a part may be known. */
export type Truth = boolean | 'unknown';

export interface MatchOptions {
  readonly resourceType: ResourceType;
  /**
   * Whether the representation tells all about this top-level attribute (lower case; an extension by its URN). A known
   * attribute that is not there is absent.
   */
  readonly isKnown: (attribute: string) => boolean;
}

/**
 * Evaluates a filter (RFC 7644 §3.4.2.2) over a representation, in any spelling of its attributes. What rests on an unknown
 * attribute is `unknown`; `and`, `or` and `not` carry that on as Kleene's three-valued logic does, so a definite answer is
 * right whatever the unknown attributes hold.
 *
 * One matching value of a multi-valued attribute suffices; without a sub-attribute its `value` is compared. An absent
 * attribute satisfies `eq null` and `ne` with anything else. Work is at most terms times values.
 */
export function matches(filter: Filter, resource: object, options: MatchOptions): Truth {
  return compile(filter, resourceScope(options))(resource);
}

/** Whether a filter selects a resource of which everything is known. */
export function selects(filter: Filter, resource: object, resourceType: ResourceType): boolean {
  return selector(filter, resourceType)(resource);
}

/** As {@link selects}, prepared once for many resources. */
export function selector(filter: Filter, resourceType: ResourceType): (resource: object) => boolean {
  const truthOf = compile(filter, resourceScope({ resourceType, isKnown: () => true }));
  return (resource) => truthOf(resource) === true;
}

/** What the paths of a filter mean: attributes of a resource, or sub-attributes of one value in brackets. */
interface Scope {
  isKnown(path: AttributePath): boolean;
  /** The values found under a path, absent ones left out. */
  read(path: AttributePath, container: unknown): readonly unknown[];
  comparisonOf(path: AttributePath): Comparison;
}

function resourceScope({ resourceType, isKnown }: MatchOptions): Scope {
  const attribute = (path: AttributePath, container: unknown): unknown => {
    const topLevel = topLevelOf(path, resourceType);
    if (topLevel === undefined) return undefined;
    const value = property(container, topLevel);
    return topLevel === path.name ? value : property(value, path.name);
  };
  return {
    isKnown: (path) => {
      const topLevel = topLevelOf(path, resourceType);
      return topLevel === undefined || isKnown(topLevel);
    },
    read: (path, container) => {
      const values = valuesOf(attribute(path, container));
      const { sub } = path;
      return sub === undefined ? values : values.flatMap((value) => valuesOf(property(value, sub)));
    },
    comparisonOf,
  };
}

function elementScope(parent: AttributePath): Scope {
  return {
    isKnown: () => true,
    read: (path, element) => {
      if (isObject(element)) return valuesOf(property(element, path.name));
      return path.name === 'value' ? valuesOf(element) : [];
    },
    comparisonOf: (path) => comparisonOf({ ...parent, sub: path.name }),
  };
}

/** Prepares a filter once, so that a group of ten thousand members does not prepare it ten thousand times. */
function compile(filter: Filter, scope: Scope): (container: unknown) => Truth {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const terms = filter.terms.map((term) => compile(term, scope));
      const decisive = filter.kind === 'or';
      return (container) => join(terms, container, decisive);
    }
    case 'not': {
      const term = compile(filter.term, scope);
      return (container) => negate(term(container));
    }
    case 'present':
      if (!scope.isKnown(filter.path)) return () => 'unknown';
      return (container) => scope.read(filter.path, container).some(isPresent);
    case 'values': {
      if (!scope.isKnown(filter.path)) return () => 'unknown';
      const matchesValue = compile(filter.filter, elementScope(filter.path));
      return (container) => scope.read(filter.path, container).some((value) => matchesValue(value) === true);
    }
    case 'compare': {
      if (!scope.isKnown(filter.path)) return () => 'unknown';
      const matchesAny = comparer(filter, scope.comparisonOf(filter.path));
      return (container) => matchesAny(comparables(scope.read(filter.path, container)));
    }
  }
}

function join(terms: readonly ((container: unknown) => Truth)[], container: unknown, decisive: boolean): Truth {
  let result: Truth = !decisive;
  for (const term of terms) {
    const truth = term(container);
    if (truth === decisive) return decisive;
    if (truth === 'unknown') result = 'unknown';
  }
  return result;
}

function negate(truth: Truth): Truth {
  return truth === 'unknown' ? truth : !truth;
}

function comparer({ op, value }: CompareTerm, comparison: Comparison): (values: readonly unknown[]) => boolean {
  if (value === null) return (values) => (values.length === 0) === (op === 'eq');
  const matchesOne = valueComparer(op, value, comparison);
  return (values) => (values.length === 0 ? op === 'ne' : values.some(matchesOne));
}

function valueComparer(
  op: CompareOperator,
  value: Exclude<FilterValue, null>,
  comparison: Comparison,
): (actual: unknown) => boolean {
  if (op === 'ne') {
    const isEqual = valueComparer('eq', value, comparison);
    return (actual) => !isEqual(actual);
  }
  if (typeof value === 'boolean' || comparison === 'boolean') {
    const wanted = asBoolean(value);
    return (actual) => asBoolean(actual) === wanted;
  }
  if (typeof value === 'number') return (actual) => typeof actual === 'number' && holds(op, actual, value);
  const instant = comparison === 'dateTime' ? asInstant(value) : undefined;
  if (instant !== undefined && op !== 'co' && op !== 'sw' && op !== 'ew') {
    return (actual) => {
      const actualInstant = asInstant(actual);
      return actualInstant !== undefined && holds(op, actualInstant, instant);
    };
  }
  const fold = comparison === 'caseExact' ? (text: string) => text : (text: string) => text.toLowerCase();
  const truth = asBoolean(value);
  const wanted = fold(value);
  return (actual) => {
    // An extension's boolean, compared with the text that some clients send for one.
    if (typeof actual === 'boolean') return op === 'eq' && actual === truth;
    return typeof actual === 'string' && holds(op, fold(actual), wanted);
  };
}

/** Numbers never come with `co`, `sw` and `ew`: the parser refuses them. */
function holds<Value extends string | number>(
  op: Exclude<CompareOperator, 'ne'>,
  actual: Value,
  wanted: Value,
): boolean {
  switch (op) {
    case 'eq':
      return actual === wanted;
    case 'gt':
      return actual > wanted;
    case 'ge':
      return actual >= wanted;
    case 'lt':
      return actual < wanted;
    case 'le':
      return actual <= wanted;
    case 'co':
      return String(actual).includes(String(wanted));
    case 'sw':
      return String(actual).startsWith(String(wanted));
    case 'ew':
      return String(actual).endsWith(String(wanted));
  }
}

/** `pr`: RFC 7644 asks for a value that is neither null nor empty, and for a complex one that holds such a value. */
function isPresent(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isPresent);
  if (isObject(value)) return Object.values(value).some(isPresent);
  return value !== undefined && value !== null && value !== '';
}

/** An attribute's values as a list: none for an absent, null or empty one (RFC 7643 §2.5). */
function valuesOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.filter((one) => one !== undefined && one !== null) : [value];
}

/** What stands for the values in a comparison: themselves, or the `value` of complex ones. */
function comparables(values: readonly unknown[]): readonly unknown[] {
  if (!values.some(isObject)) return values;
  return values.flatMap((value) => (isObject(value) ? valuesOf(property(value, 'value')) : [value]));
}

/** An own property, whatever its letter case; a prototype is never looked at. */
function property(container: unknown, name: string): unknown {
  const key = isObject(container) ? findKey(container, name) : undefined;
  return isObject(container) && key !== undefined ? container[key] : undefined;
}
