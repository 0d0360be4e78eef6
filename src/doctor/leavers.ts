import type { Config } from '../config.js';
import type { StoreGlance } from '../store/glance.js';
import type { Check } from './check.js';

/** Has anybody access who should have none (rule SA9), and what is done about it? */
export const leavers: Check<{ readonly config: Config; readonly store: () => Promise<StoreGlance> }> = {
  name: 'leavers',
  async observe({ config, store }) {
    const glance = await store();
    if (glance.kind !== 'read') return [];
    const count = glance.leaversWithAccess;
    if (count === 0) return [{ status: 'ok', message: 'The last scan found nobody deactivated with access.' }];
    const who = count === 1 ? '1 deactivated person' : `${count} deactivated people`;
    const way =
      config.leaverGuard === 'remove'
        ? 'LEAVER_GUARD=remove takes it after the next scan; who is protected stays, and the log says whom it cannot take out.'
        : 'drift --repair takes it; LEAVER_GUARD=remove does so after each scan.';
    return [
      {
        status: 'warning',
        message: `The last scan found ${who} with access.`,
        remedy: `See who, and since when, with: confluence-scim-bridge drift. ${way}`,
      },
    ];
  },
};
