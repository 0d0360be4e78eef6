import { expiriesOf, expiryInWords, isKnown, renewal } from '../expiry.js';
import type { Check, Observation } from './check.js';
import type { Questions } from './questions.js';

/**
 * When do the account's API tokens expire, where Atlassian tells: to an organization key, of accounts that the organization
 * manages? Which of them the bridge uses it does not tell, so of several the first to end counts.
 */
export const toldExpiry: Check<Questions> = {
  name: 'expiry',
  async observe(questions) {
    const { answeredAtMs } = await questions.currentUser();
    // That nothing is told, for whatever reason, the check of the noted days says already.
    const tokens = (await questions.tokenExpiries().catch(() => undefined)) ?? [];
    const alive = tokens.filter((atMs) => atMs === undefined || atMs > answeredAtMs);
    const [first] = alive.filter((atMs) => atMs !== undefined).sort((one, other) => one - other);
    return first === undefined ? [] : [tell(first, alive.length, answeredAtMs, questions)];
  },
};

function tell(expiresAtMs: number, count: number, nowMs: number, { config }: Questions): Observation {
  const name = count === 1 ? 'the only API token of the account' : `the first of ${count} API tokens of the account`;
  const [token] = expiriesOf(config.site);
  const told = { ...token, name, expiresAtMs };
  const { isDue, sentence } = expiryInWords(told, nowMs);
  const message = `Atlassian says: ${sentence}`;
  if (isDue) return { status: 'warning', message, remedy: renewal(token) };
  const isNoted = isKnown(token) && token.expiresAtMs <= expiresAtMs;
  const [date] = new Date(expiresAtMs).toISOString().split('T');
  return {
    status: 'ok',
    message,
    ...(isNoted ? {} : { remedy: `To be warned by log and metrics, too, set ${token.setting}=${date}.` }),
  };
}
