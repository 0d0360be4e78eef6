/** First segments below the SCIM base path (RFC 7644 §3.2), and those of the bridge itself. */
const SCIM_ENDPOINTS = [
  'Users',
  'Groups',
  'ServiceProviderConfig',
  'ResourceTypes',
  'Schemas',
  'Bulk',
  'Me',
  '.search',
];
const OWN_PATHS = ['/healthz', '/readyz', '/metrics'];
const UNKNOWN = 'unknown';

/**
 * The pattern of a path, for logs and metrics: `/scim/v2/Users/:id`. It takes nothing from the path but known words, so
 * ids and typing mistakes neither leak nor make new time series. Letter case is ignored, as Express ignores it.
 */
export function routeOf(path: string, scimBasePath: string): string {
  const plain = path.toLowerCase().replace(/\/$/, '');
  const own = OWN_PATHS.find((known) => known === plain);
  if (own !== undefined) return own;
  if (!plain.startsWith(`${scimBasePath.toLowerCase()}/`)) return UNKNOWN;

  const [first, second, ...rest] = plain.slice(scimBasePath.length + 1).split('/');
  const endpoint = SCIM_ENDPOINTS.find((known) => known.toLowerCase() === first);
  if (endpoint === undefined || rest.length > 0) return UNKNOWN;
  if (second === undefined) return `${scimBasePath}/${endpoint}`;
  return `${scimBasePath}/${endpoint}/${second === '.search' ? '.search' : ':id'}`;
}
