import { describe, expect, it } from '@jest/globals';
import { DOCTOR_CHECKS } from '../../src/doctor/checks.js';
import type { Finding } from '../../src/doctor/check.js';
import type { StartOptions } from '../../src/sandbox/server.js';
import { briskClock, examineSite, startSite } from './examination.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const NOW = Date.UTC(2027, 0, 15, 12);
const dayIn = (days: number): string => new Date(NOW + days * DAY_MS).toISOString().slice(0, 10);

async function look(
  options: StartOptions,
  settings: Readonly<Record<string, string>> = {},
): Promise<readonly Finding[]> {
  const site = await startSite({ now: () => NOW, ...options });
  const clock = { ...briskClock, now: () => NOW };
  const findings = await examineSite(site, { settings, clock, checks: DOCTOR_CHECKS });
  return findings.filter(({ check }) => check === 'expiry');
}

describe('an organization key', () => {
  it.each([
    ['of one token when it ends', [90], 'ok', 'The only API token of the account expires on', 90],
    ['that it ends soon', [12], 'warning', 'The only API token of the account expires on', 12],
    [
      'of several the first to end',
      [200, 20, 50],
      'warning',
      'The first of 3 API tokens of the account expires on',
      20,
    ],
    ['nothing of those that ended', [-3, 100, -1], 'ok', 'The only API token of the account expires on', 100],
    ['of one beside another without an end', [undefined, 40], 'ok', 'The first of 2 API tokens of the account', 40],
  ] as const)('tells %s', async (_what, tokensExpireInDays, status, words, days) => {
    const [finding, ...more] = await look({ tokensExpireInDays });

    expect(more).toEqual([]);
    expect(finding).toMatchObject({ status });
    expect(finding?.message).toContain(`Atlassian says: ${words}`);
    expect(finding?.message).toMatch(new RegExp(`${dayIn(days)}, in ${days} days`));
    expect(finding?.remedy).toContain('ATLASSIAN_API_TOKEN_EXPIRES');
  });

  it('proposes no day where one is noted that is not later', async () => {
    const settings = { ATLASSIAN_API_TOKEN_EXPIRES: dayIn(89) };
    expect(await look({ tokensExpireInDays: [90] }, settings)).toMatchObject([{ status: 'ok' }]);
    expect((await look({ tokensExpireInDays: [90] }, settings))[0]?.remedy).toBeUndefined();
  });

  it.each<[string, StartOptions]>([
    ['of an account without tokens', { tokensExpireInDays: [] }],
    ['of tokens without an end', { tokensExpireInDays: [undefined] }],
    ['and no key', { organization: false }],
  ])('says nothing where Atlassian does not, %s', async (_why, options) => {
    expect(await look(options)).toEqual([]);
  });

  it.each([
    [403, { key: 'forbidden.action' }],
    [404, { key: 'notFound' }],
    [401, { key: 'unauthorized' }],
    [503, {}],
  ])('says nothing where Atlassian does not, answered %j', async (status, body) => {
    const sandbox = await startSite();
    sandbox.faults.always({ path: /manage/, status, body });
    const findings = await examineSite(sandbox, { checks: DOCTOR_CHECKS });
    expect(findings.filter(({ check }) => check === 'expiry')).toEqual([]);
  });
});
