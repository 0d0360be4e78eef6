import { audit } from './auditing.js';
import { accessLimit, type BrakeLimits, windowStart } from './brakeLimits.js';
import type { BrakeTrip } from './brakeRecords.js';
import type { Call, Clock } from './call.js';
import type { Records, Store } from './store.js';

/** What the mass-removal brake has counted and refused in its window. */
export interface BrakeStatus {
  /** People who lost access. */
  readonly accessLosses: number;
  /** Groups that members left, with how many. */
  readonly groups: readonly { readonly groupId: string; readonly removed: number }[];
  /** Counters that refused something. */
  readonly trips: readonly BrakeTrip[];
  /** Milliseconds since the epoch, while everything passes by order of the operator. */
  readonly releasedUntilMs: number | undefined;
}

export async function brakeStatus(records: Records, limits: BrakeLimits, nowMs: number): Promise<BrakeStatus> {
  const releasedUntilMs = await records.brake.releasedUntilMs();
  const sinceMs = windowStart(releasedUntilMs, nowMs, limits);
  return {
    accessLosses: (await records.brake.counted('access', sinceMs)).size,
    groups: await records.brake.countedGroups(sinceMs),
    trips: await records.brake.trips(sinceMs),
    releasedUntilMs: releasedUntilMs > nowMs ? releasedUntilMs : undefined,
  };
}

/** How many people may lose access in the window that runs now; undefined for no limit. */
export async function currentAccessLimit(
  records: Records,
  limits: BrakeLimits,
  nowMs: number,
): Promise<number | undefined> {
  if (limits.accessLoss === 'off') return undefined;
  const sinceMs = windowStart(await records.brake.releasedUntilMs(), nowMs, limits);
  return accessLimit(records, sinceMs, limits.accessLoss);
}

/**
 * The operator's word that what was removed is meant: the window begins anew, and until then everything passes.
 *
 * @param untilMs now, or a time to come
 */
export async function releaseBrake(store: Store, untilMs: number, clock: Clock, call: Call): Promise<void> {
  await store.transaction(async (records) => {
    await records.brake.release(untilMs);
    await audit(records, { clock }, call, {
      event: 'brake.released',
      subject: 'brake',
      decision: 'SA11',
      result: 'done',
      note: untilMs > clock.now() ? `Everything passes until ${new Date(untilMs).toISOString()}.` : 'Counts from zero.',
    });
  });
}
