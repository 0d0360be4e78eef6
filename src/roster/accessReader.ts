import type { Call, Clock } from '../provisioning/call.js';
import type { Access, Settings } from '../provisioning/dependencies.js';
import type { Directory } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import type { Store } from '../provisioning/store.js';
import { readGrantingGroups, resolveAccess } from './accessGroups.js';
import { asOwnTrouble } from './trouble.js';
import { openOwnCall } from './ownCall.js';
import { endsInTime } from '../provisioning/waiting.js';

/** How often the store is asked whether another instance has renewed the index. */
const INDEX_CHECK_MS = 10 * 1000;

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

/** The granting groups and what the configuration makes of them. */
type Resolution = { readonly access: Access } | { readonly failure: Failure };

/**
 * Answers from the index, once per generation. Where there is no index yet, or the index speaks against the
 * configuration (which may have been put right since), the groups are read directly.
 */
export function createAccessReader(parts: AccessParts): AccessReader {
  const { store, settings, clock, directory } = parts;
  let fromIndex: { readonly scannedAtMs: number; readonly resolution: Resolution } | undefined;
  let checkIndexAtMs = 0;
  let direct: { readonly untilMs: number; readonly resolution: Promise<Resolution> } | undefined;
  let lastFailure: Failure | undefined;

  async function resolveIndex(): Promise<Resolution | undefined> {
    if (fromIndex === undefined || clock.now() >= checkIndexAtMs) {
      const scannedAtMs = await store.index.scannedAtMs();
      if (scannedAtMs === undefined) return undefined;
      if (fromIndex?.scannedAtMs !== scannedAtMs) {
        const resolution = resolve(await store.index.grantingGroups(), settings);
        fromIndex = { scannedAtMs, resolution };
      }
      checkIndexAtMs = clock.now() + INDEX_CHECK_MS;
    }
    const isRecent = clock.now() - fromIndex.scannedAtMs < DIRECT_READ_MS;
    return 'access' in fromIndex.resolution || isRecent ? fromIndex.resolution : undefined;
  }

  async function readDirectly(): Promise<Resolution> {
    const call = openOwnCall('request', settings.requestBudgetMs, parts.stopSignal, clock);
    try {
      return resolve(await readGrantingGroups(directory, clock, call), settings);
    } catch (error) {
      direct = undefined;
      throw asOwnTrouble(error);
    }
  }

  async function resolveDirectly(call: Call): Promise<Resolution> {
    if (direct === undefined || clock.now() >= direct.untilMs) {
      direct = { untilMs: clock.now() + DIRECT_READ_MS, resolution: readDirectly() };
    }
    const { resolution } = direct;
    if (await endsInTime(resolution, call.deadlineMs, call.signal, clock)) return resolution;
    throw new Failure('unavailable', 'Atlassian has not told in time which groups grant access. Send it again.', {
      retryAfterSeconds: 5,
    });
  }

  return {
    async read(call) {
      const resolution = (await resolveIndex()) ?? (await resolveDirectly(call));
      lastFailure = 'failure' in resolution ? resolution.failure : undefined;
      if ('failure' in resolution) throw resolution.failure;
      return resolution.access;
    },
    indexChanged() {
      fromIndex = undefined;
    },
    failure: () => lastFailure,
  };
}

function resolve(granting: Parameters<typeof resolveAccess>[0], settings: Pick<Settings, 'accessGroups'>): Resolution {
  try {
    return { access: resolveAccess(granting, settings.accessGroups) };
  } catch (error) {
    return { failure: Failure.from(error) };
  }
}
