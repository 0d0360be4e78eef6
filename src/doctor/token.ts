import { Failure } from '../provisioning/failure.js';
import { type Check, failed } from './check.js';
import type { Questions } from './questions.js';

/** Does Atlassian accept the API token, and is it of the kind that is configured? */
export const token: Check<Questions> = {
  name: 'token',
  async observe({ config, currentUser, isOtherTokenKind }) {
    const kind = config.site.tokenKind;
    try {
      await currentUser();
      return [{ status: 'ok', certainty: 'proved', message: `Atlassian accepts the API token (${kind}).` }];
    } catch (error) {
      const failure = Failure.from(error);
      if (failure.kind !== 'misconfigured') throw error;
      // Where the other address does not answer, this one's refusal is all there is to tell.
      if (!(await isOtherTokenKind().catch(() => false))) return [failed(failure)];
      const other = kind === 'classic' ? 'scoped' : 'classic';
      return [
        {
          status: 'failed',
          message: `The API token is ${other}, but is used as ${kind}.`,
          remedy: `Set ATLASSIAN_TOKEN_KIND=${other}`,
          cause: failure,
        },
      ];
    }
  },
};
