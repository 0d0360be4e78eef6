import SCIMMY from 'scimmy';
import type { JsonObject } from '../provisioning/store.js';
import { parseProjection, project, type Projection } from './projection.js';
import type { ListQuery } from './queryParameters.js';
import type { ResourceType } from './userAttributes.js';

/** A window on the matching resources: how many there are, and those of this page. */
export interface Found {
  readonly total: number;
  readonly resources: readonly JsonObject[];
}

/** Answers a query with what `find` finds, each resource cut to the attributes that were asked for. */
export async function answerList(
  query: ListQuery,
  resourceType: ResourceType,
  find: (projection: Projection) => Promise<Found>,
): Promise<object> {
  const projection = parseProjection(query.projection, resourceType);
  const { total, resources } = await find(projection);
  return listResponse(
    total,
    query.startIndex,
    resources.map((resource) => project(resource, projection)),
  );
}

/** A ListResponse (RFC 7644 §3.4.2); `itemsPerPage` is what is on the page. */
export function listResponse(totalResults: number, startIndex: number, resources: readonly object[]): object {
  return {
    schemas: [SCIMMY.Messages.ListResponse.id],
    totalResults,
    startIndex,
    itemsPerPage: resources.length,
    Resources: resources,
  };
}

export function windowOf<T>(
  items: readonly T[],
  { startIndex, count }: Pick<ListQuery, 'startIndex' | 'count'>,
): readonly T[] {
  return items.slice(startIndex - 1, startIndex - 1 + count);
}
