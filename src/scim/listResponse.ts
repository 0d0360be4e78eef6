import SCIMMY from 'scimmy';

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
