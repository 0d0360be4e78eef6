import { audit } from '../provisioning/auditing.js';
import type { Call, Clock } from '../provisioning/call.js';
import { type Log, OWN_WRITE_MS } from '../provisioning/dependencies.js';
import type { Store } from '../provisioning/store.js';

const NOTE =
  'Somebody gave access back to a person whom the identity provider has deactivated. ' +
  'Send the deactivation again, or take the person out of this group in Atlassian administration.';

/** Watches over people who must not have access any more (rule SA9). */
export interface LeaverGuard {
  /**
   * Compares the index with the people recorded inactive, after a scan. Each hit is an error in the log at every scan,
   * and a line in the audit when it is new.
   *
   * @param scannedAtMs the beginning of the scan; younger deactivations are left to the lag of Atlassian's reads
   */
  readonly check: (scannedAtMs: number, call: Call) => Promise<void>;
  /** The same after a scan of another instance, which has told of the hits: only counts, and forgets who is none any more. */
  readonly recount: (scannedAtMs: number) => Promise<void>;
  /** People found at the last check. */
  readonly count: () => number;
}

export function createLeaverGuard(parts: { store: Store; clock: Clock; log: Log }): LeaverGuard {
  const { store, clock, log } = parts;
  // Of this process: a line more, after a restart or by another instance, is better than one that nobody writes.
  let audited: ReadonlySet<string> = new Set();
  let count = 0;
  return {
    async recount(scannedAtMs) {
      const leavers = await store.index.leaversWithAccess(scannedAtMs - OWN_WRITE_MS);
      const seen = leavers.flatMap(({ personId, groupIds }) => groupIds.map((groupId) => keyOf(personId, groupId)));
      audited = new Set(seen.filter((key) => audited.has(key)));
      count = leavers.length;
    },
    async check(scannedAtMs, call) {
      const leavers = await store.index.leaversWithAccess(scannedAtMs - OWN_WRITE_MS);
      const seen = new Set<string>();
      for (const { personId, groupIds } of leavers) {
        log.error(
          'A deactivated person has access to Confluence again. Send the deactivation again or take the access.',
          {
            personId,
            groupIds,
            requestId: call.requestId,
          },
        );
        for (const groupId of groupIds) {
          const key = keyOf(personId, groupId);
          if (!audited.has(key)) {
            await audit(store, { clock }, call, {
              event: 'leaver.hasAccess',
              subject: personId,
              object: groupId,
              decision: 'SA9',
              result: 'noted',
              upstream: [],
              note: NOTE,
            });
          }
          seen.add(key);
        }
      }
      audited = seen;
      count = leavers.length;
    },
    count: () => count,
  };
}

function keyOf(personId: string, groupId: string): string {
  return JSON.stringify([personId, groupId]);
}
