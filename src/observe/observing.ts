import type { Call, Clock } from '../provisioning/call.js';
import { OWN_WRITE_MS } from '../provisioning/dependencies.js';
import type { Directory, ReadingDirectory, UpstreamGroup, WritingDirectory } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import { type PlannedKind, type PlannedWrite, planTarget } from '../provisioning/planRecords.js';
import type { Store } from '../provisioning/store.js';
import { isOnlyPlanned, mintGroupId, readingByScimIds, toGroup } from './groupIds.js';
import { planOver } from './overlay.js';

export interface ObservingParts {
  readonly store: Store;
  readonly clock: Clock;
}

/**
 * A Directory that answers as if everything were done and changes nothing (rule SA14): reads go to Atlassian, with the
 * plan laid over what they show, and writes become the plan. It is given nothing that could write.
 *
 * What is planned is what differs from Confluence now: a write that Confluence shows as done already plans nothing, and
 * one that undoes a planned one takes that off the plan.
 */
export function observing(directory: ReadingDirectory, parts: ObservingParts): Directory {
  const base = readingByScimIds(directory, parts.store);
  const shown = planOver(base, parts.store);
  return { ...shown, ...planning(base, shown, parts) };
}

/** One at a time about one account, address or group, also against a plan that is being applied. */
export function whilePlanning<T>(
  subject: string,
  store: Store,
  call: Call,
  work: (held: Call) => Promise<T>,
): Promise<T> {
  return store.locks.withLock(`plan:${subject}`, call, work);
}

function planning(base: ReadingDirectory, shown: ReadingDirectory, { store, clock }: ObservingParts): WritingDirectory {
  const { plan } = store;

  function put(write: Partial<PlannedWrite> & { readonly kind: PlannedKind }, call: Call): Promise<void> {
    const { caller, requestId } = call;
    const nothing = { groupId: undefined, accountId: undefined, address: undefined, groupName: undefined };
    const at = new Date(clock.now()).toISOString();
    return plan.put({ ...nothing, ...write }, { at, caller, requestId });
  }

  /** Plans a membership unless Confluence, and our own writes of the last ten minutes, surely have it so (rule US2). */
  async function planMembership(
    write: { readonly kind: PlannedKind; readonly groupId: string; readonly accountId: string; address?: string },
    call: Call,
  ): Promise<void> {
    const { kind, groupId, accountId } = write;
    const target = planTarget.membership(groupId, accountId);
    const isMember = kind !== 'removeMember';
    await whilePlanning(accountId, store, call, async (held) => {
      // Its failures are those of the write itself: there is no group, or no answer.
      const groupName = isMember ? await nameOfGroup(groupId, held) : await knownName(groupId);
      const groups = await membershipsOf(accountId, held);
      const open = await plan.openAbout(target);
      // What was planned is recorded as done, too; then only the read tells.
      const own = open === undefined ? (await ownWrites(accountId)).get(groupId) : undefined;
      const isShown = groups.some(({ id }) => id === groupId);
      const isSurelyOut = !isShown && own !== true && (groups.length > 0 || open !== undefined);
      const isSo = isMember ? isShown && own !== false : isSurelyOut || (await isOnlyPlanned(groupId, store));
      if (isSo) await plan.cancel(target);
      else await put({ ...write, groupName }, held);
    });
  }

  function ownWrites(accountId: string): Promise<ReadonlyMap<string, boolean>> {
    return store.writes.membershipsOf(accountId, clock.now() - OWN_WRITE_MS);
  }

  async function membershipsOf(accountId: string, call: Call): Promise<readonly UpstreamGroup[]> {
    try {
      return await base.listMemberships(accountId, call);
    } catch (error) {
      if (error instanceof Failure && error.kind === 'notFound') return [];
      throw error;
    }
  }

  /** A group that the records do not know, or that the plan deletes, is asked for. */
  async function nameOfGroup(groupId: string, call: Call): Promise<string> {
    const isDeleted = (await plan.openAbout(planTarget.group(groupId)))?.kind === 'deleteGroup';
    return (isDeleted ? undefined : await knownName(groupId)) ?? (await shown.getGroup(groupId, call)).name;
  }

  async function knownName(groupId: string): Promise<string | undefined> {
    return (await store.index.group(groupId))?.name ?? (await store.groups.find(groupId))?.confluenceName;
  }

  function planSuspension(kind: 'suspend' | 'restore', accountId: string, call: Call): Promise<void> {
    const target = planTarget.suspension(accountId);
    return whilePlanning(accountId, store, call, async (held) => {
      const open = await plan.openAbout(target);
      if (open !== undefined && open.kind !== kind) await plan.cancel(target);
      else await put({ kind, accountId }, held);
    });
  }

  return {
    createGroup: (name, call) =>
      whilePlanning(name.toLowerCase(), store, call, async (held) => {
        if ((await shown.findGroupByName(name, held)) !== undefined) {
          throw new Failure('invalid', 'A group of this name is there already. Choose another name.');
        }
        const groupId = mintGroupId();
        await put({ kind: 'createGroup', groupId, groupName: name }, held);
        return toGroup(groupId, name);
      }),
    deleteGroup: (groupId, call) =>
      whilePlanning(groupId, store, call, async (held) => {
        const { name } = await shown.getGroup(groupId, held);
        await plan.cancelMembers(groupId);
        if (await isOnlyPlanned(groupId, store)) await plan.cancel(planTarget.group(groupId));
        else await put({ kind: 'deleteGroup', groupId, groupName: name }, held);
      }),
    addMember: (groupId, accountId, call) => planMembership({ kind: 'addMember', groupId, accountId }, call),
    removeMember: (groupId, accountId, call) => planMembership({ kind: 'removeMember', groupId, accountId }, call),
    async createAccount(email, groupId, call) {
      const address = email.toLowerCase();
      const match = await base.findByEmail(address, call);
      if (match.kind !== 'one') {
        await put({ kind: 'createAccount', address, groupId, groupName: await knownName(groupId) }, call);
        return undefined;
      }
      const { accountId } = match;
      // Only the organization's invitation comes with the group.
      if (base.backEnd !== 'organization') return { accountId, granted: false };
      await planMembership({ kind: 'createAccount', groupId, accountId, address }, call);
      return { accountId, granted: true };
    },
    inviteByEmail: (email, call) => put({ kind: 'inviteByEmail', address: email.toLowerCase() }, call),
    suspend: (accountId, call) => planSuspension('suspend', accountId, call),
    restore: (accountId, call) => planSuspension('restore', accountId, call),
  };
}
