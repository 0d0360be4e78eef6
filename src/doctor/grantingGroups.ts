import { Failure } from '../provisioning/failure.js';
import type { Check } from './check.js';
import type { Questions } from './questions.js';

/** Which groups grant access to Confluence, and what kind of access (rule SA1)? */
export const grantingGroups: Check<Questions> = {
  name: 'grantingGroups',
  async observe(questions) {
    const groups = await questions.grantingGroups();
    // No group for use is what a credential without rights is shown: told here, and not again as a wrong choice.
    await questions.access().catch((error: unknown) => {
      if (Failure.from(error).kind !== 'misconfigured') throw error;
    });
    const listed = groups.map(({ name, accessTypes }) => `"${name}" (${accessTypes.join(', ')})`).join(', ');
    return [{ status: 'ok', message: `Access to Confluence is granted by ${listed}.` }];
  },
};
