import { randomUUID } from 'node:crypto';
import type { AtlassianDirectory } from '../atlassian/backends.js';
import type { Call } from '../provisioning/call.js';
import type { Directory, ReadingDirectory, UpstreamGroup } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import { planTarget } from '../provisioning/planRecords.js';
import type { Records } from '../provisioning/store.js';

const PREFIX = 'grp-';
/** What waits for the operator is asked for again in the identity provider's next round. */
const RETRY_AFTER_SECONDS = 300;

type Known = Pick<Records, 'groupIds' | 'plan'>;

/** The id of a group that Confluence does not have yet (rule ID1). */
export function mintGroupId(): string {
  return `${PREFIX}${randomUUID()}`;
}

/** Whether an id was minted here. */
export function isMintedId(groupId: string): boolean {
  return groupId.startsWith(PREFIX);
}

/** Whether a group has an id of ours, and was not made in Confluence so far. */
export async function isOnlyPlanned(groupId: string, { groupIds }: Pick<Records, 'groupIds'>): Promise<boolean> {
  return isMintedId(groupId) && (await groupIds.confluenceId(groupId)) === undefined;
}

/**
 * Reads under the ids that SCIM knows: a group that was planned before it was made keeps its minted id. One that was not
 * made yet is there by its plan, and empty.
 */
export function readingByScimIds(directory: ReadingDirectory, records: Known): ReadingDirectory {
  /** @throws Failure `notFound` for a group that Confluence does not have */
  const upstreamId = async (groupId: string): Promise<string> => {
    if (!isMintedId(groupId)) return groupId;
    const confluenceId = await records.groupIds.confluenceId(groupId);
    if (confluenceId === undefined) throw notMade();
    return confluenceId;
  };
  const toScim = async <T extends { readonly id: string }>(groups: readonly T[]): Promise<readonly T[]> => {
    const minted = await records.groupIds.mintedIds();
    if (minted.size === 0) return groups;
    return groups.map((group) => ({ ...group, id: minted.get(group.id) ?? group.id }));
  };
  const { roles } = directory;
  const oneToScim = async (group: UpstreamGroup): Promise<UpstreamGroup> => (await toScim([group]))[0] ?? group;

  return {
    backEnd: directory.backEnd,
    listGrantingGroups: async (accessType, call) => toScim(await directory.listGrantingGroups(accessType, call)),
    async *listGroups(call) {
      for await (const page of directory.listGroups(call)) yield await toScim(page);
    },
    async getGroup(groupId, call) {
      if (!(await isOnlyPlanned(groupId, records))) {
        return { ...(await directory.getGroup(await upstreamId(groupId), call)), id: groupId };
      }
      const planned = await records.plan.openAbout(planTarget.group(groupId));
      if (planned?.kind !== 'createGroup') throw notMade();
      return toGroup(groupId, planned.groupName);
    },
    async findGroupByName(name, call) {
      const found = await directory.findGroupByName(name, call);
      return found === undefined ? undefined : oneToScim(found);
    },
    async listMembers(groupId, page, call) {
      if (await isOnlyPlanned(groupId, records)) return { members: [], next: undefined, totalSize: 0 };
      return directory.listMembers(await upstreamId(groupId), page, call);
    },
    async listAllMembers(groupId, call) {
      if (await isOnlyPlanned(groupId, records)) return [];
      return directory.listAllMembers(await upstreamId(groupId), call);
    },
    listMemberships: async (accountId, call) => toScim(await directory.listMemberships(accountId, call)),
    listAccounts: (accountIds, call) => directory.listAccounts(accountIds, call),
    async findByEmail(email, call) {
      const match = await directory.findByEmail(email, call);
      if (match.kind !== 'one' || match.groupIds === undefined) return match;
      const groups = await toScim(match.groupIds.map((id) => ({ id })));
      return { ...match, groupIds: groups.map(({ id }) => id) };
    },
    hasAccess: (email, call) => directory.hasAccess(email, call),
    roles: roles && {
      ofGroup: async (groupId, call) => roles.ofGroup(await upstreamId(groupId), call),
      ofAccount: (accountId, call) => roles.ofAccount(accountId, call),
    },
  };
}

/**
 * The Directory of a bridge that is live. Whatever is confirmed to be done is done, whoever planned it: it leaves the
 * plan, and so does a plan for the opposite.
 *
 * A planned group that was not made yet has nobody to take out; putting somebody in has to wait for `plan apply`.
 */
export function byScimIds(directory: AtlassianDirectory, records: Known): AtlassianDirectory;
export function byScimIds(directory: Directory, records: Known): Directory;
export function byScimIds(directory: Directory, records: Known): Directory {
  const reading = readingByScimIds(directory, records);
  const upstreamId = async (groupId: string): Promise<string> =>
    (isMintedId(groupId) ? await records.groupIds.confluenceId(groupId) : groupId) ?? groupId;

  return {
    ...reading,
    async createGroup(name, call) {
      const created = await directory.createGroup(name, call);
      const minted = await records.groupIds.mintedIds();
      return { ...created, id: minted.get(created.id) ?? created.id };
    },
    async deleteGroup(groupId, call) {
      if (!(await isOnlyPlanned(groupId, records))) await directory.deleteGroup(await upstreamId(groupId), call);
      await records.plan.cancelMembers(groupId);
      await records.plan.made(planTarget.group(groupId), 'deleteGroup');
    },
    async addMember(groupId, accountId, call) {
      if (await isOnlyPlanned(groupId, records)) throw awaitsApply();
      await directory.addMember(await upstreamId(groupId), accountId, call);
      await records.plan.made(planTarget.membership(groupId, accountId), 'addMember');
    },
    async removeMember(groupId, accountId, call) {
      if (!(await isOnlyPlanned(groupId, records))) {
        await directory.removeMember(await upstreamId(groupId), accountId, call);
      }
      await records.plan.made(planTarget.membership(groupId, accountId), 'removeMember');
    },
    async createAccount(email, accessGroupId, call) {
      const created = await directory.createAccount(email, await upstreamId(accessGroupId), call);
      await records.plan.made(planTarget.account(email), 'createAccount');
      if (created?.granted === true) {
        await records.plan.made(planTarget.membership(accessGroupId, created.accountId), 'createAccount');
      }
      return created;
    },
    async inviteByEmail(email, call) {
      await directory.inviteByEmail(email, call);
      await records.plan.made(planTarget.account(email), 'inviteByEmail');
    },
    suspend: (accountId, call) => suspension('suspend', accountId, call),
    restore: (accountId, call) => suspension('restore', accountId, call),
  };

  async function suspension(change: 'suspend' | 'restore', accountId: string, call: Call): Promise<void> {
    await directory[change](accountId, call);
    await records.plan.made(planTarget.suspension(accountId), change);
  }
}

/** What is known of a group that the plan names. */
export function toGroup(id: string, name: string | undefined): UpstreamGroup {
  return { id, name: name ?? id, usageType: undefined, managedBy: undefined };
}

function notMade(): Failure {
  return new Failure('notFound', 'Confluence does not have this group. Check the id.');
}

function awaitsApply(): Failure {
  return new Failure(
    'unavailable',
    'This group was planned with MODE=observe and does not exist in Confluence yet. Have the operator run: confluence-scim-bridge plan apply; then send it again.',
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}
