import type { Call } from './call.js';
import { changeGroup } from './changeGroup.js';
import { createGroup, type NewGroup } from './createGroup.js';
import type { Dependencies } from './dependencies.js';
import type { UpstreamGroup } from './directory.js';
import { Failure } from './failure.js';
import type { GroupChange } from './groupChange.js';
import { displayNameOf, findUpstreamByName, isPossibleName, isSameName } from './groupNames.js';
import {
  currentMembers,
  type KnownGroup,
  knownGroup,
  readAllMembers,
  readGroup,
  readGroupAndMembers,
  viewOf,
} from './groupReads.js';
import type { Jobs } from './jobs.js';
import { removeGroup } from './removeGroup.js';
import type { ListedGroup } from './indexRecords.js';
import type { GroupView } from './views.js';

export type { GroupChange } from './groupChange.js';
export type { NewGroup } from './createGroup.js';

/** Whether members are wanted: they cost one call per 200. */
export interface GroupWants {
  readonly members: boolean;
}

/** Groups as SCIM sees them: read, created, changed and removed. */
export interface Groups {
  /**
   * One call without members, 1 + ceil(n/200) with them, all at once.
   *
   * @throws Failure `notFound`, also for groups that were released
   */
  get(id: string, call: Call, wants: GroupWants): Promise<GroupView>;
  /** By the name SCIM shows, without regard to case. Costs as `get`; with members of an unrecorded group, one call more at most. */
  findByDisplayName(displayName: string, call: Call, wants: GroupWants): Promise<GroupView | undefined>;
  /** This caller's; several may carry the same (rule ID6). */
  findByExternalId(externalId: string, call: Call, wants: GroupWants): Promise<readonly GroupView[]>;
  /** A list's row, without members; no call. */
  view(row: ListedGroup): GroupView;
  /**
   * The members of a listed group: ceil(n/200) calls, and one by its id for a group that reads empty, unless it was read in
   * this request already (rule SA2). A listed group that is gone has none.
   */
  memberIds(group: { readonly id: string; readonly isRead: boolean }, call: Call): Promise<readonly string[]>;
  /** See `createGroup`. */
  create(group: NewGroup, call: Call): Promise<GroupView>;
  /** See `changeGroup`. */
  change(id: string, change: GroupChange, call: Call): Promise<GroupView>;
  /** See `removeGroup`. */
  remove(id: string, call: Call): Promise<void>;
}

export function createGroups(deps: Dependencies, jobs: Jobs): Groups {
  async function read(known: KnownGroup, call: Call, wants: GroupWants): Promise<GroupView> {
    if (!wants.members) return viewOf(await readGroup(known, deps, call), undefined, deps, call);
    const { group, accounts } = await readGroupAndMembers(known, deps, call);
    return viewOf(group, (await currentMembers(known, accounts, deps, call)).shown, deps, call);
  }

  /** The group was just found upstream, so that only its members are left to read. */
  async function readFound(group: UpstreamGroup, known: KnownGroup, call: Call, wants: GroupWants): Promise<GroupView> {
    if (known.indexed === undefined) await deps.store.index.putGroup({ ...group, accessTypes: [] }, deps.clock.now());
    if (!wants.members) return viewOf(group, undefined, deps, call);
    const accounts = await readAllMembers(known, deps, call);
    return viewOf(group, (await currentMembers(known, accounts, deps, call)).shown, deps, call);
  }

  return {
    async get(id, call, wants) {
      return read(await knownGroup(id, deps), call, wants);
    },
    async findByDisplayName(displayName, call, wants) {
      if (!isPossibleName(displayName)) return undefined;
      const recorded = await deps.store.groups.findByDisplayName(displayName);
      if (recorded !== undefined) return optional(async () => read(await knownGroup(recorded.id, deps), call, wants));
      const group = await findUpstreamByName(displayName, deps, call);
      if (group === undefined) return undefined;
      return optional(async () => {
        const known = await knownGroup(group.id, deps);
        // A group that the IdP renamed is found by its new name only; the old one stays taken (rule GR3).
        return isSameName(displayNameOf(group, known.link), displayName)
          ? readFound(group, known, call, wants)
          : undefined;
      });
    },
    async findByExternalId(externalId, call, wants) {
      const links = await deps.store.groups.findByExternalId(call.caller, externalId);
      const views = await Promise.all(
        links.map(({ id }) => optional(async () => read(await knownGroup(id, deps), call, wants))),
      );
      return views.filter((view) => view !== undefined);
    },
    view({ id, group, link, externalId, firstSeenAt }) {
      return {
        id,
        displayName: link?.displayName ?? group?.name ?? id,
        externalId,
        memberIds: undefined,
        createdAt: link?.createdAt ?? firstSeenAt,
        modifiedAt: link?.modifiedAt ?? firstSeenAt,
      };
    },
    async memberIds({ id, isRead }, call) {
      const shown = await optional(async () => {
        const known = await knownGroup(id, deps);
        const accounts = await readAllMembers(known, deps, call);
        if (accounts.length === 0 && !isRead) await readGroup(known, deps, call);
        return (await currentMembers(known, accounts, deps, call)).shown;
      });
      return shown ?? [];
    },
    create: (group, call) => createGroup(group, deps, jobs, call),
    change: (id, change, call) => changeGroup(id, change, deps, jobs, call),
    remove: (id, call) => removeGroup(id, deps, call),
  };
}

/** A look-up that finds nobody is no failure; any other failure stays one (rule SA2). */
async function optional<T>(find: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof Failure && error.kind === 'notFound') return undefined;
    throw error;
  }
}
