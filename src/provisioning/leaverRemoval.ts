import { retakeAccess } from './correcting.js';
import type { Call } from './call.js';
import { type Dependencies, OWN_WRITE_MS } from './dependencies.js';
import { Failure } from './failure.js';

/** Attempts after one scan: each costs a few calls, and a scan follows every 15 minutes. */
const MOST_PER_SCAN = 100;

const LEAVER_GUARD_REMOVES = 'LEAVER_GUARD=remove';

/** Takes access again from the leavers whom the last scan shows with it (rule SA9). To be run after each committed scan. */
export type LeaverRemoval = (call: Call) => Promise<void>;

/**
 * One at a time across processes: who comes second finds the index without those whom the first one took out. Each
 * person is judged again under the person's lock. One failure does not stop the others; a refusal of the brake does,
 * until the next scan.
 */
export function createLeaverRemoval(deps: Dependencies, mostPerScan = MOST_PER_SCAN): LeaverRemoval {
  const { store, log } = deps;
  // Those who could not be taken out come last next time, so that they keep nobody else waiting.
  let failed: ReadonlySet<string> = new Set();

  async function removeAll(call: Call): Promise<void> {
    const scannedAtMs = await store.index.scannedAtMs();
    if (scannedAtMs === undefined) return;
    const leavers = await store.index.leaversWithAccess(scannedAtMs - OWN_WRITE_MS);
    const isFailed = ({ personId }: { readonly personId: string }): boolean => failed.has(personId);
    const inTurn = [...leavers.filter((one) => !isFailed(one)), ...leavers.filter(isFailed)];
    const failing = new Set<string>();
    for (const { personId } of inTurn.slice(0, mostPerScan)) {
      if (call.signal.aborted) break;
      const own: Call = { ...call, upstream: [] };
      try {
        const outcome = await retakeAccess(personId, LEAVER_GUARD_REMOVES, deps, own);
        // In observe mode what was done is planned (rule SA14), so that this must not say "taken".
        if (outcome === 'done')
          log.warn('A deactivated person had access again: handled as active: false.', { personId });
      } catch (error) {
        const failure = Failure.from(error);
        failing.add(personId);
        log.error('Access could not be taken again from a deactivated person; the next scan tries again.', {
          personId,
          error: failure,
        });
        if (failure.refusedBy === 'SA11') break;
      }
    }
    failed = failing;
  }

  return (call) => store.locks.withLock('leaverGuard', call, removeAll);
}
