import { SCOPED_OPERATIONS, SCOPES, scopesInWords, type ScopedOperation } from '../atlassian/scopes.js';
import type { ScopeTrial } from '../atlassian/scopeTrials.js';
import { Failure } from '../provisioning/failure.js';
import type { BackEnd } from '../provisioning/directory.js';
import type { Check, Observation } from './check.js';
import type { Questions } from './questions.js';

/** What other checks ask, with words of their own. */
const ASKED_ELSEWHERE: readonly ScopedOperation[] = ['confluence.getCurrentUser', 'jira.getMyPermissions'];

/**
 * Which scopes does a token with scopes lack? Atlassian has no call that lists them, so each operation is tried: reads as
 * they are, additions and removals by taking nobody out of no group. Not asked at a start, which sends no write; in observe
 * mode (rule SA14) the reads alone are.
 */
export const scopes: Check<Questions> = {
  name: 'scopes',
  async observe(questions) {
    if (questions.config.site.tokenKind !== 'scoped') return [];
    await assertHasScopes(questions);
    // Which back end it is may be what a missing scope keeps from us.
    const backEnd = await questions.backEnd().catch((): BackEnd => 'invite');
    const needed = SCOPED_OPERATIONS[backEnd].filter((operation) => !ASKED_ELSEWHERE.includes(operation));
    const trials = await questions.tryScopes(needed);
    const tried = trials.map(({ operation }) => operation);
    return [
      ...trials.filter(({ outcome }) => outcome === 'missing').map(missing),
      ...held(trials),
      ...untold([
        ...trials.filter(({ outcome }) => outcome === 'untold').map(({ operation }) => operation),
        ...needed.filter((operation) => !tried.includes(operation)),
      ]),
    ];
  },
};

/** @throws Failure of a token that is refused altogether, or is a classic one: it has no scopes to speak of */
async function assertHasScopes({ currentUser, atOtherAddress }: Questions): Promise<void> {
  try {
    await currentUser();
  } catch (error) {
    const isKnown = Failure.from(error).upstream?.lacksScope === true;
    if (!isKnown || (await atOtherAddress().catch(() => 'refused')) === 'accepted') throw error;
  }
}

function missing({ operation, isItself }: ScopeTrial): Observation {
  return {
    status: 'failed',
    certainty: isItself ? 'proved' : 'likely',
    message: `The token lacks a scope for ${operation}.`,
    remedy: `Make a new token that also has ${scopesInWords(SCOPES[operation])}.`,
    scope: { operation, ...SCOPES[operation] },
  };
}

function held(trials: readonly ScopeTrial[]): readonly Observation[] {
  const namesOf = (isItself: boolean): string =>
    trials
      .filter((trial) => trial.outcome === 'held' && trial.isItself === isItself)
      .map(({ operation }) => operation)
      .join(', ');
  const [proved, likely] = [namesOf(true), namesOf(false)];
  return [
    ...(proved === ''
      ? []
      : [{ status: 'ok', certainty: 'proved', message: `The token has the scopes for ${proved}.` } as const]),
    ...(likely === ''
      ? []
      : [
          {
            status: 'ok',
            certainty: 'likely',
            message: `It seems to have those for ${likely}.`,
            remedy: PROOF,
          } as const,
        ]),
  ];
}

function untold(operations: readonly ScopedOperation[]): readonly Observation[] {
  return operations.map((operation) => ({
    status: 'unknown',
    certainty: 'unknown',
    message: `Whether the token has the scopes for ${operation} was not told.`,
    remedy: `It needs ${scopesInWords(SCOPES[operation])}. ${PROOF}`,
    scope: { operation, ...SCOPES[operation] },
  }));
}

const PROOF = 'What only writing proves, doctor --write-test tries; creating people, with --person.';
