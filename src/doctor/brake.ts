import type { Config } from '../config.js';
import { windowStart } from '../provisioning/brakeLimits.js';
import type { StoreGlance } from '../store/glance.js';
import type { Check } from './check.js';

/** Does the mass-removal brake refuse anything, or let everything pass (rule SA11)? */
export const brake: Check<{
  readonly config: Config;
  readonly store: () => Promise<StoreGlance>;
  readonly now: () => number;
}> = {
  name: 'brake',
  async observe({ config, store, now }) {
    const glance = await store();
    if (glance.kind !== 'read') return [];
    const { releasedUntilMs, trips } = glance.brake;
    const nowMs = now();
    if (releasedUntilMs > nowMs) {
      return [
        {
          status: 'warning',
          message: `The mass-removal brake lets everything pass until ${timeOf(releasedUntilMs)}.`,
          remedy: 'To end that earlier: confluence-scim-bridge brake release',
        },
      ];
    }
    const sinceMs = windowStart(releasedUntilMs, nowMs, config.brake);
    const refusing = trips.filter(({ lastRefusedAtMs }) => lastRefusedAtMs > sinceMs);
    if (refusing.length === 0) return [{ status: 'ok', message: 'The mass-removal brake refuses nothing.' }];
    return refusing.map(({ counter, trippedAtMs, refusals }) => ({
      status: 'warning',
      message: `The mass-removal brake has refused ${refusals} messages since ${timeOf(trippedAtMs)} (${counter}).`,
      remedy:
        'See in the identity provider whether the removals are meant; then run: confluence-scim-bridge brake release',
    }));
  },
};

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
