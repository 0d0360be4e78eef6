import type { Config } from '../config.js';
import type { StoreGlance } from '../store/glance.js';
import type { Check } from './check.js';

/** Is anything changed in Confluence at all, and is something planned that nobody carried out (rule SA14)? */
export const mode: Check<{ readonly config: Config; readonly store: () => Promise<StoreGlance> }> = {
  name: 'mode',
  async observe({ config, store }) {
    const glance = await store();
    const planned = glance.kind === 'read' ? glance.planned : 0;
    if (config.mode === 'observe') {
      return [
        {
          status: 'warning',
          message: `MODE=observe: nothing is changed in Confluence. Planned instead: ${planned} writes.`,
          remedy: 'See them with: confluence-scim-bridge plan; to carry them out: confluence-scim-bridge plan apply',
        },
      ];
    }
    if (planned === 0) return [{ status: 'ok', message: 'The bridge is live, and no plan is left.' }];
    return [
      {
        status: 'warning',
        message: `The bridge is live, and ${planned} writes that were planned with MODE=observe are not carried out; it sends none of them by itself.`,
        remedy: 'See them with: confluence-scim-bridge plan; to carry them out: confluence-scim-bridge plan apply',
      },
    ];
  },
};
