import type { Call } from '../provisioning/call.js';
import type { MembersPage, ReadingDirectory, UpstreamAccount, UpstreamGroup } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import { type PlanEntry, planTarget } from '../provisioning/planRecords.js';
import type { Records } from '../provisioning/store.js';
import { toGroup } from './groupIds.js';

/** The most members that Atlassian gives at once. */
const PAGE_SIZE = 200;

/**
 * Reads with the plan laid over them: what is planned shows as done for as long as it is planned, however old it is.
 *
 * @param base reads under the ids that SCIM knows
 */
export function planOver(base: ReadingDirectory, { plan }: Pick<Records, 'plan'>): ReadingDirectory {
  const isDeleted = async (groupId: string): Promise<boolean> =>
    (await plan.openAbout(planTarget.group(groupId)))?.kind === 'deleteGroup';

  async function withoutDeleted(groups: readonly UpstreamGroup[]): Promise<readonly UpstreamGroup[]> {
    const gone = new Set((await plan.openGroups()).filter(({ kind }) => kind === 'deleteGroup').map(groupIdOf));
    return gone.size === 0 ? groups : groups.filter(({ id }) => !gone.has(id));
  }

  /** Who joins and who leaves a group by the plan. */
  async function changesOf(groupId: string) {
    const entries = await plan.openOf({ groupId });
    const leaving = new Set(entries.filter(({ kind }) => kind === 'removeMember').map(accountIdOf));
    const joining = new Set(entries.filter(givesMembership).map(accountIdOf));
    return { leaving, joining };
  }

  return {
    ...base,
    listGrantingGroups: async (accessType, call) => withoutDeleted(await base.listGrantingGroups(accessType, call)),
    async *listGroups(call) {
      for await (const page of base.listGroups(call)) yield await withoutDeleted(page);
      const planned = (await plan.openGroups()).filter(({ kind }) => kind === 'createGroup');
      if (planned.length > 0) yield planned.map((entry) => toGroup(groupIdOf(entry), entry.groupName));
    },
    async getGroup(groupId, call) {
      if (await isDeleted(groupId)) throw new Failure('notFound', 'The plan deletes this group. Check the id.');
      return base.getGroup(groupId, call);
    },
    async findGroupByName(name, call) {
      const wanted = name.toLowerCase();
      const planned = (await plan.openGroups()).find(
        ({ kind, groupName }) => kind === 'createGroup' && groupName?.toLowerCase() === wanted,
      );
      if (planned !== undefined) return toGroup(groupIdOf(planned), planned.groupName);
      const found = await base.findGroupByName(name, call);
      return found === undefined || (await isDeleted(found.id)) ? undefined : found;
    },
    async listMembers(groupId, page, call) {
      if (await isDeleted(groupId)) return { members: [], next: undefined, totalSize: 0 };
      const changes = await changesOf(groupId);
      let shown = layOver(await base.listMembers(groupId, page, call), changes);
      // Less than a page is asked for to see whether there is anybody: somebody who stays, behind those who leave.
      while (page.limit < PAGE_SIZE && shown.members.length === 0 && shown.next !== undefined) {
        const rest = { start: shown.next, limit: PAGE_SIZE, withTotal: page.withTotal };
        shown = layOver(await base.listMembers(groupId, rest, call), changes);
      }
      return shown;
    },
    async listAllMembers(groupId, call) {
      if (await isDeleted(groupId)) return [];
      const { leaving, joining } = await changesOf(groupId);
      const members = (await base.listAllMembers(groupId, call)).filter(({ accountId }) => !leaving.has(accountId));
      for (const { accountId } of members) joining.delete(accountId);
      return [...members, ...[...joining].map(toMember)];
    },
    async listMemberships(accountId, call) {
      const entries = await plan.openOf({ accountId });
      const left = new Set(entries.filter(({ kind }) => kind === 'removeMember').map(groupIdOf));
      const groups = new Map((await orNone(() => base.listMemberships(accountId, call), entries)).map(byId));
      for (const entry of entries.filter(givesMembership)) {
        if (!groups.has(groupIdOf(entry))) groups.set(groupIdOf(entry), toGroup(groupIdOf(entry), entry.groupName));
      }
      return withoutDeleted([...groups.values()].filter(({ id }) => !left.has(id)));
    },
    async findByEmail(email, call) {
      // A scan asks for everybody whose account is awaited; one that is only planned is not on its way.
      if (isForScan(call) && (await plan.openAbout(planTarget.account(email))) !== undefined) return { kind: 'none' };
      const match = await base.findByEmail(email, call);
      if (match.kind !== 'one') return match;
      const entries = await plan.openOf({ accountId: match.accountId });
      const suspension = entries.find(({ kind }) => kind === 'suspend' || kind === 'restore');
      const groupIds = new Set(match.groupIds);
      for (const entry of entries) {
        if (givesMembership(entry)) groupIds.add(groupIdOf(entry));
        if (entry.kind === 'removeMember') groupIds.delete(groupIdOf(entry));
      }
      return {
        ...match,
        suspended: suspension === undefined ? match.suspended : suspension.kind === 'suspend',
        groupIds: match.groupIds === undefined ? undefined : [...groupIds],
      };
    },
  };
}

/**
 * Who joins comes at the end; who does so by hand meanwhile may come twice, which is harmless. The total stays Atlassian's,
 * since pages are planned by it.
 */
function layOver(
  { members: read, next, totalSize }: MembersPage,
  { leaving, joining }: { readonly leaving: ReadonlySet<string>; readonly joining: ReadonlySet<string> },
): MembersPage {
  const isThere = new Set(read.map(({ accountId }) => accountId));
  const added = next === undefined ? [...joining].filter((accountId) => !isThere.has(accountId)) : [];
  const staying = read.filter(({ accountId }) => !leaving.has(accountId));
  return { members: [...staying, ...added.map(toMember)], next, totalSize };
}

/** Planned members are SCIM Users, which only people are (rule ID2). */
function toMember(accountId: string): UpstreamAccount {
  return {
    accountId,
    accountType: 'atlassian',
    accountStatus: 'unknown',
    displayName: undefined,
    email: undefined,
  };
}

export function givesMembership({ kind, accountId }: PlanEntry): boolean {
  return kind === 'addMember' || (kind === 'createAccount' && accountId !== undefined);
}

/** An account that Confluence does not know may have planned memberships all the same. */
async function orNone(
  read: () => Promise<readonly UpstreamGroup[]>,
  entries: readonly PlanEntry[],
): Promise<readonly UpstreamGroup[]> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Failure && error.kind === 'notFound' && entries.length > 0) return [];
    throw error;
  }
}

function isForScan({ kind }: Call): boolean {
  return kind === 'scan';
}

function byId(group: UpstreamGroup): [string, UpstreamGroup] {
  return [group.id, group];
}

function groupIdOf({ groupId = '' }: PlanEntry): string {
  return groupId;
}

function accountIdOf({ accountId = '' }: PlanEntry): string {
  return accountId;
}
