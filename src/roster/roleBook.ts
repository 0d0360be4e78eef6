import type { Call, Clock } from '../provisioning/call.js';
import type { Log } from '../provisioning/dependencies.js';
import { Failure, type FailureKind } from '../provisioning/failure.js';
import { inParallel } from '../provisioning/parallel.js';
import { believed, type KnownRoles, readLately } from '../provisioning/roleRecords.js';
import { accessTypesOf, provesSite, type Role, type RoleReads, type RolesByGroup } from '../provisioning/roles.js';
import type { Store } from '../provisioning/store.js';

/** Who may do what changes seldom; Confluence's own list of granting groups is read by every scan. */
const GOOD_FOR_MS = 60 * 60 * 1000;

/** What one scan may ask: a site with more groups of interest is read over several scans, the longest unread first. */
const MOST_READS = 50;
const READS_AT_ONCE = 4;

/** What role assignments say of groups: as far as a scan has read it, and as earlier ones have. */
export interface RoleBook {
  readonly roles: () => RolesByGroup;
  /** As `readLately`. */
  readonly lately: () => ReadonlySet<string>;
  /**
   * Reads what is not known, or has grown old, and of groups that Confluence does not list what alone says that they grant.
   * A read that fails leaves what is known (rule SA2), and ends the asking of this scan.
   */
  readonly renew: (groupIds: readonly string[], areListed: boolean, call: Call) => Promise<void>;
  /** Forgets groups that are gone. @param groupIds all there are */
  readonly keepOnly: (groupIds: ReadonlySet<string>) => Promise<void>;
}

interface BookParts {
  /** Undefined without the organization's credential: then what is known stays as it is. */
  readonly reads: RoleReads | undefined;
  readonly records: Pick<Store['roles'], 'ofGroups' | 'putGroup' | 'dropGroups'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
}

/** The book for one scan. */
export async function openRoleBook({ reads, records, clock, log }: BookParts): Promise<RoleBook> {
  const known = new Map(await records.ofGroups());
  let left = MOST_READS;
  let isProved = false;

  async function put(groupId: string, roles: readonly Role[]): Promise<void> {
    const fact: KnownRoles = { roles, readAtMs: clock.now() };
    known.set(groupId, fact);
    await records.putGroup(groupId, fact);
  }

  /** Another group that had a role on this site: what this scan's "no roles" have to be believed by. */
  function control(due: readonly string[]): readonly string[] {
    const prover = [...known].find(([groupId, { roles }]) => provesSite(roles) && !due.includes(groupId));
    return isProved || prover === undefined ? [] : [prover[0]];
  }

  return {
    roles: () => believed(known, clock.now()),
    lately: () => readLately(known, clock.now()),
    async renew(groupIds, areListed, call) {
      if (reads === undefined) return;
      const readAtMs = (groupId: string): number => known.get(groupId)?.readAtMs ?? 0;
      const decides = (groupId: string): boolean =>
        !areListed && accessTypesOf(known.get(groupId)?.roles ?? []).length > 0;
      const due = groupIds
        .filter((groupId) => decides(groupId) || clock.now() - readAtMs(groupId) >= GOOD_FOR_MS)
        .sort((one, other) => readAtMs(one) - readAtMs(other));
      if (due.length === 0) return;
      const asked = [...control(due), ...due].slice(0, left);
      left -= asked.length;
      const { roles, failure } = await askRoles(asked, reads, call);
      isProved ||= [...roles.values()].some(provesSite);
      for (const [groupId, found] of roles) if (isProved || provesSite(found)) await put(groupId, found);
      if (failure === undefined) return;
      left = 0;
      log.warn('Role assignments could not be read; what is known of the groups stays.', {
        error: failure,
        requestId: call.requestId,
      });
    },
    async keepOnly(groupIds) {
      const gone = [...known.keys()].filter((groupId) => !groupIds.has(groupId));
      for (const groupId of gone) known.delete(groupId);
      await records.dropGroups(gone);
    },
  };
}

/** Failures that may be about one group alone. */
const OF_ONE: readonly FailureKind[] = ['invalid', 'unexpected'];

/** What was answered, and what kept groups from being told of. A group that the organization does not know is left out. */
export async function askRoles(
  groupIds: readonly string[],
  reads: RoleReads,
  call: Call,
): Promise<{ readonly roles: ReadonlyMap<string, readonly Role[]>; readonly failure: Failure | undefined }> {
  const roles = new Map<string, readonly Role[]>();
  let ofOne: Failure | undefined;
  try {
    await inParallel(groupIds, READS_AT_ONCE, async (groupId) => {
      try {
        roles.set(groupId, await reads.ofGroup(groupId, call));
      } catch (error) {
        const failure = Failure.from(error);
        if (OF_ONE.includes(failure.kind)) ofOne = failure;
        else if (failure.kind !== 'notFound') throw failure;
      }
    });
    return { roles, failure: ofOne };
  } catch (error) {
    return { roles, failure: Failure.from(error) };
  }
}
