import { bodyWith, type Route } from './http.js';
import { organizationGroupRoutes } from './organizationGroups.js';
import { BAD_BODY, inOrganization, pageByCursor, pageOfQuery } from './organizationPages.js';
import { organizationRoleRoutes } from './organizationRoles.js';
import { organizationUserRoutes } from './organizationUsers.js';
import type { Site } from './site.js';

const ITEMS_A_PAGE = 20;

/** Organizations REST API v2, `/admin/v2/orgs/{orgId}`. */
export function organizationRoutes(site: Site): readonly Route[] {
  const { directoryId, options, credentials } = site;
  const org = '/admin/v2/orgs/:orgId';

  const workspaces = (): readonly unknown[] => {
    const workspace = (typeKey: string, id: string): unknown => ({
      id,
      type: 'workspaces',
      attributes: { name: options.siteName, typeKey, type: typeKey, hostUrl: site.url(), status: 'online' },
    });
    return [
      workspace('confluence', site.confluenceAri),
      ...(options.jira ? [workspace('jira-software', `ari:cloud:jira-software::site/${credentials.cloudId}`)] : []),
    ];
  };

  const overview: readonly Route[] = [
    {
      operation: 'organization.listDirectories',
      method: 'GET',
      path: `${org}/directories`,
      surface: 'organization',
      query: ['cursor', 'limit'],
      isWrite: false,
      answer: (request) =>
        pageByCursor(
          [{ directoryId, name: options.siteName, icon: '' }],
          pageOfQuery(request, ITEMS_A_PAGE),
          (directory) => directory,
        ),
    },
    {
      operation: 'organization.searchWorkspaces',
      method: 'POST',
      path: `${org}/workspaces`,
      surface: 'organization',
      isWrite: false,
      takesBody: true,
      answer(request) {
        const { cursor, limit = ITEMS_A_PAGE } = bodyWith(request, ['cursor', 'limit'], BAD_BODY);
        return pageByCursor(workspaces(), { cursor, limit }, (workspace) => workspace);
      },
    },
  ];
  return [
    ...overview,
    ...organizationUserRoutes(site),
    ...organizationGroupRoutes(site),
    ...organizationRoleRoutes(site),
  ].map((route) => inOrganization(site, route));
}
