import { SCOPES, scopesInWords } from '../atlassian/scopes.js';
import { Failure } from '../provisioning/failure.js';
import { type Check, failed, type Observation } from './check.js';
import type { Questions } from './questions.js';

/** Does Atlassian accept the API token, and is it of the kind that is configured? */
export const token: Check<Questions> = {
  name: 'token',
  async observe(questions) {
    const kind = questions.config.site.tokenKind;
    try {
      const { isServiceAccount } = await questions.currentUser();
      const accepted = `Atlassian accepts the API token (${kind}).`;
      return isServiceAccount
        ? [{ status: 'ok', certainty: 'proved', ...SERVICE_ACCOUNT, message: `${accepted} ${SERVICE_ACCOUNT.message}` }]
        : [{ status: 'ok', certainty: 'proved', message: accepted }];
    } catch (error) {
      const failure = Failure.from(error);
      if (failure.kind !== 'misconfigured') throw error;
      return [(await mistakenKind(failure, questions)) ?? failed(failure)];
    }
  },
};

/** Nothing in a token tells its kind, so the address of the other kind is tried, once. */
async function mistakenKind(failure: Failure, questions: Questions): Promise<Observation | undefined> {
  const kind = questions.config.site.tokenKind;
  const other = kind === 'classic' ? 'scoped' : 'classic';
  // Where the other address does not answer, this one's refusal is all there is to tell.
  const there = await questions.atOtherAddress().catch(() => 'refused');
  if (there === 'accepted') {
    return {
      status: 'failed',
      message: `The API token is ${other}, but is used as ${kind}.`,
      remedy: `Set ATLASSIAN_TOKEN_KIND=${other}`,
      cause: failure,
    };
  }
  // A classic token that the gateway knows would be accepted at the site, or be told that its account may not use it.
  if (there === 'lacksScope' && kind === 'classic' && failure.upstream?.status === 401) {
    return {
      status: 'failed',
      message: 'The API token seems to be scoped, but is used as classic.',
      remedy: `Set ATLASSIAN_TOKEN_KIND=scoped, and make a new token that also has ${scopesInWords(SCOPES['confluence.getCurrentUser'])}.`,
      cause: failure,
    };
  }
  return undefined;
}

const SERVICE_ACCOUNT = {
  message: 'It is a service account.',
  remedy:
    'Nothing published shows a service account that may change groups: see with doctor --write-test, and take the token of a person if it fails.',
} as const;
