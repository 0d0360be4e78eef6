import { isCore, topLevelOf } from './attributes.js';
import type { AttributePath } from './attributes.js';
import type { Filter } from './filter.js';
import type { ResourceType } from './userAttributes.js';

/** An attribute by which candidates can be looked up instead of walking over everybody. */
export type LookUpAttribute = 'id' | 'externalId' | 'userName' | 'emails' | 'displayName' | 'members';

/** One look-up: whoever has `value` as this attribute. Only `id`, `externalId` and `members` compare letter case. */
export interface LookUp {
  readonly attribute: LookUpAttribute;
  readonly value: string;
}

/** Every match is found by at least one of these look-ups; undefined when only a walk over all can answer. */
export type Narrowing = readonly LookUp[] | undefined;

/** What can be looked up, by lower-case name, the most selective first. */
const LOOK_UPS: Readonly<Record<ResourceType, ReadonlyMap<string, LookUpAttribute>>> = {
  User: new Map([
    ['id', 'id'],
    ['externalid', 'externalId'],
    ['username', 'userName'],
    ['emails', 'emails'],
  ]),
  Group: new Map([
    ['id', 'id'],
    ['externalid', 'externalId'],
    ['displayname', 'displayName'],
    ['members', 'members'],
  ]),
};

const MULTI_VALUED: ReadonlySet<LookUpAttribute> = new Set(['emails', 'members']);

/**
 * Finds the look-ups whose results together hold every match of a filter. They may hold others, too: the filter itself
 * still decides. A side of `and` suffices, the most selective one is taken; `or` needs all of its sides; `not` has none.
 */
export function narrow(filter: Filter, resourceType: ResourceType): Narrowing {
  const ranking = [...LOOK_UPS[resourceType].values()];
  return reduce(filter, undefined);

  function reduce(part: Filter, parent: AttributePath | undefined): Narrowing {
    switch (part.kind) {
      case 'compare': {
        if (part.op !== 'eq' || typeof part.value !== 'string') return undefined;
        const path = parent === undefined ? part.path : { ...parent, sub: part.path.name };
        const attribute = lookUpAttribute(path, resourceType);
        return attribute && [{ attribute, value: part.value }];
      }
      case 'values':
        return reduce(part.filter, part.path);
      case 'and':
        return part.terms
          .map((term) => reduce(term, parent))
          .reduce(
            (best, other) => (other !== undefined && (best === undefined || cost(other) < cost(best)) ? other : best),
            undefined,
          );
      case 'or': {
        const sides = part.terms.map((term) => reduce(term, parent));
        return sides.every((side) => side !== undefined) ? sides.flat() : undefined;
      }
      case 'not':
      case 'present':
        return undefined;
    }
  }

  /** The least selective look-up counts first, then how many there are. */
  function cost(lookUps: readonly LookUp[]): number {
    const rank = Math.max(...lookUps.map(({ attribute }) => ranking.indexOf(attribute)));
    return rank * 1000 + lookUps.length;
  }
}

/** The top-level attributes a filter asks about, lower case; extensions by their URN. */
export function attributesOf(filter: Filter, resourceType: ResourceType): ReadonlySet<string> {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return new Set(filter.terms.flatMap((term) => [...attributesOf(term, resourceType)]));
    case 'not':
      return attributesOf(filter.term, resourceType);
    case 'compare':
    case 'present':
    case 'values': {
      const topLevel = topLevelOf(filter.path, resourceType);
      return new Set(topLevel === undefined ? [] : [topLevel]);
    }
  }
}

function lookUpAttribute(path: AttributePath, resourceType: ResourceType): LookUpAttribute | undefined {
  if (!isCore(path, resourceType)) return undefined;
  const attribute = LOOK_UPS[resourceType].get(path.name);
  if (attribute === undefined || path.sub === undefined) return attribute;
  return path.sub === 'value' && MULTI_VALUED.has(attribute) ? attribute : undefined;
}
