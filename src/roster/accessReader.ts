import type { Call, Clock } from '../provisioning/call.js';
import type { Access, Settings } from '../provisioning/dependencies.js';
import type { Directory } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import { believed, readLately } from '../provisioning/roleRecords.js';
import type { RolesByGroup } from '../provisioning/roles.js';
import type { Store } from '../provisioning/store.js';
import { grantingGroups, listAccess, resolveAccess } from './accessGroups.js';
import { asOwnTrouble } from './trouble.js';
import { openOwnCall } from './ownCall.js';
import { endsInTime } from '../provisioning/waiting.js';

/** For how long granting groups that were read directly are good, and an index needs no second opinion. */
const DIRECT_READ_MS = 30 * 1000;

export interface AccessReader {
  /** As `Roster.access`. */
  readonly read: (call: Call) => Promise<Access>;
  /** This instance has committed a scan. */
  readonly indexChanged: () => void;
  /** What is wrong with the access groups, as far as known; undefined when nothing is. */
  readonly failure: () => Failure | undefined;
}

interface AccessParts {
  readonly directory: Directory;
  readonly store: Store;
  readonly settings: Pick<Settings, 'accessGroups' | 'requestBudgetMs'>;
  readonly clock: Clock;
  /** Aborts when the bridge stops. */
  readonly stopSignal: AbortSignal;
}

/**
 * Answers from the index, which is read once per generation; whether there is a new one, that of another instance
 * included, the store is asked each time: a group that a scan found to grant access must be left by everybody who leaves.
 * Where there is no index yet, or the index speaks against the configuration (which may have been put right since), the
 * groups are read directly; when that fails, the index counts.
 */
export function createAccessReader(parts: AccessParts): AccessReader {
  const { store, settings, clock, directory } = parts;
  let fromIndex: { readonly scannedAtMs: number; readonly access: Access } | undefined;
  let direct: { readonly untilMs: number; readonly access: Promise<Access> } | undefined;
  let lastFailure: Failure | undefined;

  /** The index as it is read now; undefined before the first scan. */
  async function readIndex(): Promise<typeof fromIndex> {
    const scannedAtMs = await store.index.scannedAtMs();
    if (scannedAtMs === undefined) return undefined;
    if (fromIndex?.scannedAtMs !== scannedAtMs) {
      const granting = await store.index.grantingGroups();
      const access = resolveAccess(granting, settings.accessGroups, await readRoles());
      fromIndex = { scannedAtMs, access };
    }
    return fromIndex;
  }

  /** As scans read them: a request never asks. */
  async function readRoles(): Promise<RolesByGroup> {
    return believed(await store.roles.ofGroups(), clock.now());
  }

  async function readDirectly(): Promise<Access> {
    const call = openOwnCall('request', settings.requestBudgetMs, parts.stopSignal, clock);
    try {
      const listing = await listAccess(directory, settings.accessGroups, call);
      const [known, indexed] = [await store.roles.ofGroups(), await store.index.grantingGroups()];
      const roles = believed(known, clock.now());
      const granting = grantingGroups(listing, roles, clock, indexed, readLately(known, clock.now()));
      return resolveAccess(granting, settings.accessGroups, roles);
    } catch (error) {
      direct = undefined;
      throw asOwnTrouble(error);
    }
  }

  async function joinDirectRead(call: Call): Promise<Access> {
    if (direct === undefined || clock.now() >= direct.untilMs) {
      direct = { untilMs: clock.now() + DIRECT_READ_MS, access: readDirectly() };
    }
    const { access } = direct;
    if (await endsInTime(access, call.deadlineMs, call.signal, clock)) return access;
    throw new Failure('unavailable', 'Atlassian has not told in time which groups grant access. Send it again.', {
      retryAfterSeconds: 5,
    });
  }

  async function read(call: Call): Promise<Access> {
    const index = await readIndex();
    if (index === undefined) return joinDirectRead(call);
    const isRecent = clock.now() - index.scannedAtMs < DIRECT_READ_MS;
    if (index.access.trouble === undefined || isRecent) return index.access;
    // The second opinion is about giving access: without it, too, whoever leaves is taken out of the groups known.
    return joinDirectRead(call).catch(() => index.access);
  }

  return {
    async read(call) {
      const access = await read(call);
      lastFailure = access.trouble;
      return access;
    },
    indexChanged() {
      fromIndex = undefined;
    },
    failure: () => lastFailure,
  };
}
