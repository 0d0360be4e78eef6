import type { Config } from '../config.js';
import { mayOwn } from '../provisioning/ownership.js';
import type { StoreGlance } from '../store/glance.js';
import type { Check, Observation } from './check.js';

/** Who may call the bridge, and what does it own (rules SA12, SA13)? */
export const callers: Check<{ readonly config: Config; readonly store: () => Promise<StoreGlance> }> = {
  name: 'callers',
  async observe({ config, store }) {
    const rights = config.callers.map(
      ({ name, isReadOnly }) => `${name} ${isReadOnly ? 'only reads' : 'reads and writes'}`,
    );
    const observations: Observation[] = [{ status: 'ok', message: `Callers: ${rights.join(', ')}.` }];
    if (config.callers.every(({ isReadOnly }) => isReadOnly)) {
      observations.push({
        status: 'warning',
        message: 'Every caller only reads, so that no identity provider can create, change or deactivate anybody.',
        remedy: 'Take :ro from the callers in SCIM_TOKENS that shall write.',
      });
    }
    const glance = await store();
    const gone = glance.kind === 'read' ? glance.owners.filter((owner) => !mayOwn(owner, config)) : [];
    if (gone.length > 0) {
      observations.push({
        status: 'warning',
        message: `People or groups belong to callers that SCIM_TOKENS does not let write, so that every other caller may take them: ${gone.join(', ')}.`,
        remedy:
          'Put such a caller back if it is still used; else hand over what matters with: confluence-scim-bridge transfer',
      });
    }
    return observations;
  },
};
