import { Failure } from '../provisioning/failure.js';
import { type Check, inSentences, type Observation } from './check.js';
import type { Questions } from './questions.js';

/** Does an Atlassian site answer at ATLASSIAN_SITE_URL? */
export const address: Check<Questions> = {
  name: 'address',
  async observe({ config, site }) {
    const { url, tokenKind } = config.site;
    try {
      const { cloudId } = await site();
      return [{ status: 'ok', message: `${url} is an Atlassian site (cloud id ${cloudId}).` }];
    } catch (error) {
      const failure = Failure.from(error);
      const { upstream } = failure;
      if (upstream?.status === undefined) return [{ status: 'failed', ...silence(url, failure), cause: error }];
      return [
        {
          status: tokenKind === 'scoped' ? 'failed' : 'warning',
          message: `${url} does not answer as an Atlassian site does (status ${upstream.status}).`,
          remedy: 'Check ATLASSIAN_SITE_URL: it is the address at which people open Confluence, without /wiki.',
          cause: error,
        },
      ];
    }
  },
};

/** Where somebody else answers or refuses, a proxy for example, the failure says what the operator can do about it. */
function silence(url: string, failure: Failure): Pick<Observation, 'message' | 'remedy'> {
  const [happened, advice] = inSentences(failure);
  if (advice.startsWith('The operator')) return { message: `${url} cannot be asked. ${happened}`, remedy: advice };
  return {
    message: `Nothing answers at ${url}.`,
    remedy:
      'Check ATLASSIAN_SITE_URL, the name server, and whether this machine may open connections to it. A proxy is used only where UPSTREAM_PROXY names it.',
  };
}
