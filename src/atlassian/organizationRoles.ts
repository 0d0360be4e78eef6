import { z } from 'zod';
import type { Call } from '../provisioning/call.js';
import type { Role, RoleReads } from '../provisioning/roles.js';
import { segment } from './client.js';
import type { Operation } from './operation.js';
import { noSuchOrganization, type Organization } from './organization.js';
import { readJson, says, unreadable } from './responses.js';
import { operation } from './rights.js';

// The bridge does without what these tell, so that a key which may not ask for it is no trouble with the credential.
const isOptional = true;
const OF_GROUP: Operation = {
  ...operation('organization.listGroupRoles', 'read', 'organizationRoles', 'read the roles of groups'),
  isOptional,
};
const OF_ACCOUNT: Operation = {
  ...operation('organization.listUserRoles', 'read', 'organizationRoles', 'read the roles of people'),
  isOptional,
};

/** More than any group or account has: a listing that goes on longer turns in circles. */
const MOST_PAGES = 20;

const links = z.object({ next: z.string().nullish() }).nullish();
const place = { resourceId: z.string().nullish(), resourceOwner: z.string().nullish() };
const groupShape = z.object({ data: z.array(z.object({ ...place, roles: z.array(z.string()) })), links });
const accountShape = z.object({
  data: z.array(z.object({ ...place, roleAssignments: z.array(z.object({ role: z.string().min(1) })) })),
  links,
});

interface Place {
  readonly resourceId?: string | null | undefined;
  readonly resourceOwner?: string | null | undefined;
}

/**
 * Role assignments of the organization: `GET /admin/v2/orgs/{orgId}/directories/-/groups/{groupId}/role-assignments`,
 * and the same of `users/{accountId}`.
 *
 * @param cloudId of this site, by which its resources are told from those of other sites
 */
export function roleReads(organization: Organization, cloudId: (call: Call) => Promise<string>): RoleReads {
  return {
    async ofGroup(groupId, call) {
      const id = await cloudId(call);
      const entries = await readPages(organization, OF_GROUP, `groups/${segment(groupId)}`, groupShape, call);
      return entries.flatMap((entry) => entry.roles.map((role) => toRole(role, entry, id)));
    },
    async ofAccount(accountId, call) {
      const id = await cloudId(call);
      const entries = await readPages(organization, OF_ACCOUNT, `users/${segment(accountId)}`, accountShape, call);
      return entries.flatMap((entry) => entry.roleAssignments.map(({ role }) => toRole(role, entry, id)));
    },
  };
}

async function readPages<Entry>(
  { client, orgId }: Organization,
  asked: Operation,
  whose: string,
  shape: z.ZodType<{ data: Entry[]; links?: { next?: string | null | undefined } | null | undefined }>,
  call: Call,
): Promise<readonly Entry[]> {
  const path = `/v2/orgs/${segment(orgId)}/directories/-/${whose}/role-assignments`;
  const entries: Entry[] = [];
  let cursor: string | undefined;
  for (let page = 1; ; page += 1) {
    const answer = await client.send(
      asked,
      { method: 'GET', path, ...(cursor === undefined ? {} : { query: { cursor } }) },
      call,
    );
    if (says(answer, 404) && answer.body.includes('ADMIN-404-2"')) throw noSuchOrganization(asked, answer);
    const read = readJson(asked, answer, 200, shape);
    entries.push(...read.data);
    const next = read.links?.next;
    if (!next) return entries;
    if (next === cursor || page === MOST_PAGES) throw unreadable(asked, answer, 'pages without an end');
    cursor = next;
  }
}

function toRole(role: string, { resourceId, resourceOwner }: Place, cloudId: string): Role {
  const on =
    resourceId === `ari:cloud:confluence::site/${cloudId}`
      ? 'confluence'
      : // A site admin's role names the site itself, under a kind of resource that no document tells.
        role.endsWith('/site-admin') && resourceId?.endsWith(`/${cloudId}`) === true
        ? 'site'
        : 'elsewhere';
  return { name: role.replace(/^atlassian\//, ''), on, owner: resourceOwner || 'another app' };
}
