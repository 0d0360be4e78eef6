import type { Config } from '../config.js';
import type { StoreGlance } from '../store/glance.js';
import type { Check } from './check.js';

/** From here on somebody should look before people are refused. */
const NEARLY_FULL_SHARE = 0.9;

/** How far is it to `SEAT_LIMIT` (rule US14)? */
export const seatLimit: Check<{ readonly config: Config; readonly store: () => Promise<StoreGlance> }> = {
  name: 'seatLimit',
  async observe({ config, store }) {
    const limit = config.seatLimit;
    const glance = await store();
    if (limit === undefined || glance.kind !== 'read' || glance.seatsUsed === undefined) return [];
    const used = glance.seatsUsed;
    const message = `${used} of ${limit} seats are taken (SEAT_LIMIT), pending invitations included.`;
    if (used <= limit * NEARLY_FULL_SHARE) return [{ status: 'ok', message }];
    return [
      {
        status: 'warning',
        message: used < limit ? message : `${message} Nobody else is given access.`,
        remedy:
          'Take access from people who do not need it, or raise SEAT_LIMIT as far as the licence goes. Invited people whose account is hidden count twice until the command link connects them.',
      },
    ];
  },
};
