import { describe, expect, it } from '@jest/globals';
import { briskClock, checksWith, examineSite, findingOf, startSite } from './examination.js';

const EVERYTHING_ELSE = [
  'clock',
  'backEnd',
  'grantingGroups',
  'accessGroups',
  'readRights',
  'writeRights',
  'createRights',
  'jiraSearch',
  'seats',
];

describe('address', () => {
  it('names a site that answers', async () => {
    const sandbox = await startSite();

    expect(findingOf(await examineSite(sandbox), 'address')).toEqual({
      check: 'address',
      status: 'ok',
      message: `${sandbox.url} is an Atlassian site (cloud id ${sandbox.credentials.cloudId}).`,
    });
  });

  it('fails alone when nothing answers: what rests on it is not checked', async () => {
    const sandbox = await startSite({ organization: false });
    await sandbox.close();

    const findings = await examineSite(sandbox);

    expect(checksWith(findings, 'failed')).toEqual(['address']);
    expect(findingOf(findings, 'address').message).toBe(`Nothing answers at ${sandbox.url}.`);
    expect(findingOf(findings, 'address').remedy).toContain('ATLASSIAN_SITE_URL');
    expect(checksWith(findings, 'unknown')).toEqual(['token', ...EVERYTHING_ELSE]);
    expect(findingOf(findings, 'token').message).toBe('Not checked, because of "address".');
  });

  it.each([
    ['classic', 'warning'],
    ['scoped', 'failed'],
  ] as const)('is for a %s token a %s when something else answers there', async (kind, status) => {
    const sandbox = await startSite();
    sandbox.faults.always({ path: /tenant_info/, status: 404 });
    const { apiToken, scopedToken } = sandbox.credentials;

    const findings = await examineSite(sandbox, {
      settings: { ATLASSIAN_TOKEN_KIND: kind, ATLASSIAN_API_TOKEN: kind === 'classic' ? apiToken : scopedToken },
    });

    expect(findingOf(findings, 'address')).toMatchObject({
      status,
      message: `${sandbox.url} does not answer as an Atlassian site does (status 404).`,
    });
    expect(findingOf(findings, 'token').status).toBe(kind === 'classic' ? 'ok' : 'unknown');
  });
});

describe('token', () => {
  it.each(['classic', 'scoped'] as const)('is proved by asking who a %s one belongs to', async (kind) => {
    const sandbox = await startSite();
    const { apiToken, scopedToken } = sandbox.credentials;

    const findings = await examineSite(sandbox, {
      settings: { ATLASSIAN_TOKEN_KIND: kind, ATLASSIAN_API_TOKEN: kind === 'classic' ? apiToken : scopedToken },
    });

    expect(findingOf(findings, 'token')).toMatchObject({ status: 'ok', certainty: 'proved' });
    expect(checksWith(findings, 'failed')).toEqual([]);
  });

  it.each(['classic', 'scoped'] as const)('tells a %s one that is used as the other kind', async (kind) => {
    const sandbox = await startSite();
    const { apiToken, scopedToken } = sandbox.credentials;
    const other = kind === 'classic' ? 'scoped' : 'classic';

    const findings = await examineSite(sandbox, {
      settings: { ATLASSIAN_TOKEN_KIND: other, ATLASSIAN_API_TOKEN: kind === 'classic' ? apiToken : scopedToken },
    });

    expect(findingOf(findings, 'token')).toEqual({
      check: 'token',
      status: 'failed',
      message: `The API token is ${kind}, but is used as ${other}.`,
      remedy: `Set ATLASSIAN_TOKEN_KIND=${kind}`,
    });
  });

  it('fails when it is refused, and the organization key is checked all the same', async () => {
    const sandbox = await startSite();
    sandbox.revoke('apiToken');

    const findings = await examineSite(sandbox);

    expect(checksWith(findings, 'failed')).toEqual(['token']);
    expect(findingOf(findings, 'token').remedy).toContain('ATLASSIAN_API_TOKEN');
    expect(findingOf(findings, 'organizationKey').status).toBe('ok');
  });

  it('fails when Atlassian serves us as nobody', async () => {
    const sandbox = await startSite();
    const nobody = { type: 'anonymous', accountId: null };
    sandbox.faults.always({ path: /user\/current/, status: 200, body: nobody, contentType: 'application/json' });

    expect(findingOf(await examineSite(sandbox), 'token').status).toBe('failed');
  });

  it('tells an outage from a refusal', async () => {
    const sandbox = await startSite();
    sandbox.faults.always({ path: /user\/current/, status: 429, retryAfter: 600 });

    const finding = findingOf(await examineSite(sandbox), 'token');

    expect(finding.status).toBe('failed');
    expect(finding.message).toContain('limits how often');
    expect(finding.remedy).toBe('Run doctor again in a moment.');
  });
});

describe('clock', () => {
  it.each([
    ['agrees', 0, 'ok', undefined],
    ['is ahead', 300_000, 'warning', /(299|300|301) s ahead of/],
    ['is behind', -300_000, 'warning', /(299|300|301) s behind/],
  ] as const)('that %s is compared with the Date that Atlassian sends', async (_name, aheadMs, status, words) => {
    const sandbox = await startSite();
    const clock = { ...briskClock, now: () => Date.now() + aheadMs };

    const finding = findingOf(await examineSite(sandbox, { clock }), 'clock');

    expect(finding.status).toBe(status);
    if (words !== undefined) expect(finding.message).toMatch(words);
  });
});

describe('organizationKey', () => {
  it('fails when it is refused', async () => {
    const sandbox = await startSite();
    sandbox.revoke('orgApiKey');

    const findings = await examineSite(sandbox);

    expect(checksWith(findings, 'failed')).toEqual(['organizationKey']);
    expect(findingOf(findings, 'organizationKey').remedy).toContain('ATLASSIAN_ORG_API_KEY');
    expect(findingOf(findings, 'createRights').message).toBe('Not checked, because of "organizationKey".');
  });

  it('is no question without one', async () => {
    const findings = await examineSite(await startSite({ organization: false }));

    expect(findings.map(({ check }) => check)).not.toContain('organizationKey');
  });
});
