import { describe, expect, it } from '@jest/globals';
import { routeOf } from '../../src/observability/routes.js';

describe('routeOf', () => {
  it.each([
    ['/scim/v2/Users', '/scim/v2/Users'],
    ['/scim/v2/users/', '/scim/v2/Users'],
    ['/SCIM/v2/Groups/ada@acme.com', '/scim/v2/Groups/:id'],
    ['/scim/v2/Users/.search', '/scim/v2/Users/.search'],
    ['/scim/v2/.search', '/scim/v2/.search'],
    ['/scim/v2/Schemas/urn:x', '/scim/v2/Schemas/:id'],
    ['/scim/v2/ServiceProviderConfig', '/scim/v2/ServiceProviderConfig'],
    ['/scim/v2/Users/1/2', 'unknown'],
    ['/scim/v2/ada@acme.com', 'unknown'],
    ['/scim/v2', 'unknown'],
    ['/scim/v2x/Users', 'unknown'],
    ['/healthz', '/healthz'],
    ['/readyz/', '/readyz'],
    ['/', 'unknown'],
    ['/.env', 'unknown'],
  ])('of %s is %s', (path, route) => {
    expect(routeOf(path, '/scim/v2')).toBe(route);
  });
});
