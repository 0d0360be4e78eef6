import type { Check } from './check.js';
import type { Questions } from './questions.js';

/** Does the organization key work, where there is one? */
export const organizationKey: Check<Questions> = {
  name: 'organizationKey',
  async observe({ config, organization }) {
    if (config.site.organization === undefined) return [];
    await organization();
    return [
      {
        status: 'ok',
        certainty: 'proved',
        message: 'The organization key is accepted and may search the people of the organization.',
      },
    ];
  },
};
