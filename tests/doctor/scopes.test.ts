import { describe, expect, it } from '@jest/globals';
import { DOCTOR_CHECKS } from '../../src/doctor/checks.js';
import type { Finding } from '../../src/doctor/check.js';
import { toJson } from '../../src/doctor/report.js';
import { allScopes } from '../../src/sandbox/scopes.js';
import type { Sandbox, StartOptions } from '../../src/sandbox/server.js';
import { checksWith, examineSite, findingOf, startSite } from './examination.js';

/** A site whose token has every scope but these. */
async function startWithout(lost: readonly string[], options: StartOptions = {}): Promise<Sandbox> {
  return startSite({ tokenScopes: allScopes().filter((scope) => !lost.includes(scope)), ...options });
}

function examine(sandbox: Sandbox, settings: Readonly<Record<string, string>> = {}): Promise<readonly Finding[]> {
  const scoped = { ATLASSIAN_TOKEN_KIND: 'scoped', ATLASSIAN_API_TOKEN: sandbox.credentials.scopedToken };
  return examineSite(sandbox, { settings: { ...scoped, ...settings }, checks: DOCTOR_CHECKS });
}

const scopesOf = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ check }) => check === 'scopes');

const missing = (findings: readonly Finding[]): readonly (string | undefined)[] =>
  scopesOf(findings)
    .filter(({ status }) => status === 'failed')
    .map(({ scope }) => scope?.operation);

describe('scopes', () => {
  it('are no question of a classic token', async () => {
    expect(scopesOf(await examineSite(await startSite(), { checks: DOCTOR_CHECKS }))).toEqual([]);
  });

  it.each([
    { organization: true, jira: false },
    { organization: false, jira: true },
    { organization: false, jira: false },
  ])('of a token that has them all are proved by reads, and likely for writes: %j', async (options) => {
    const sandbox = await startSite(options);
    const members = sandbox.membersOf(sandbox.groups.access.id);

    const findings = scopesOf(await examine(sandbox));

    expect(findings[0]).toMatchObject({ status: 'ok', certainty: 'proved' });
    expect(findings[0]?.message).toContain('confluence.listMembers');
    expect(findings[1]).toMatchObject({ status: 'ok', certainty: 'likely' });
    expect(findings[1]?.message).toContain('confluence.removeMember, confluence.addMember');
    // What only creating somebody tells.
    expect(findings.slice(2).map(({ status, scope }) => [status, scope?.operation])).toEqual(
      options.jira ? [['unknown', 'jira.createUser']] : [],
    );
    expect(sandbox.calls.filter(({ isWrite }) => isWrite).map(({ operation, status }) => [operation, status])).toEqual([
      ['confluence.removeMember', 404],
    ]);
    expect(sandbox.membersOf(sandbox.groups.access.id)).toEqual(members);
  });

  it.each<readonly [readonly string[], readonly string[]]>([
    [
      ['write:confluence-groups', 'write:group:confluence'],
      ['confluence.removeMember', 'confluence.addMember', 'confluence.createGroup', 'confluence.deleteGroup'],
    ],
    [['read:user:confluence'], ['confluence.usersBulk']],
    [['read:confluence-user', 'read:content-details:confluence'], []],
    [
      ['read:confluence-user', 'read:user:confluence'],
      ['confluence.listMemberships', 'confluence.usersBulk'],
    ],
  ])('%j are missed for each operation that needs them', async (lost, operations) => {
    expect(missing(await examine(await startWithout(lost)))).toEqual(operations);
  });

  it('that are missing are named in both families, in the JSON as data too', async () => {
    const findings = await examine(await startWithout(['read:confluence-user', 'read:user:confluence']));

    const expected = {
      check: 'scopes',
      status: 'failed',
      certainty: 'proved',
      message: 'The token lacks a scope for confluence.listMemberships.',
      remedy:
        'Make a new token that also has read:confluence-user (granular: read:user:confluence and read:group:confluence).',
      scope: {
        operation: 'confluence.listMemberships',
        classic: ['read:confluence-user'],
        granular: ['read:user:confluence', 'read:group:confluence'],
      },
    };
    expect(findings).toContainEqual(expected);
    expect(JSON.parse(toJson(findings))).toContainEqual(expected);
  });

  it('are looked at although the account itself may not be read', async () => {
    const lost = ['read:confluence-user', 'read:content-details:confluence', 'write:confluence-groups'];
    const findings = await examine(await startWithout([...lost, 'write:group:confluence']));

    expect(findingOf(findings, 'token')).toMatchObject({
      status: 'failed',
      scope: { operation: 'confluence.getCurrentUser', classic: ['read:confluence-user'] },
    });
    expect(missing(findings)).toContain('confluence.addMember');
  });

  it('are not missed one by one in a token that is classic', async () => {
    const sandbox = await startSite();

    const findings = await examine(sandbox, { ATLASSIAN_API_TOKEN: sandbox.credentials.apiToken });

    expect(checksWith(findings, 'failed')).toEqual(['token']);
    expect(findingOf(findings, 'token').remedy).toBe('Set ATLASSIAN_TOKEN_KIND=classic');
    expect(sandbox.calls.filter(({ isWrite }) => isWrite)).toEqual([]);
  });

  it('are not looked at where the token is refused altogether', async () => {
    const sandbox = await startSite();
    sandbox.revoke('scopedToken');

    const [finding, ...more] = scopesOf(await examine(sandbox));

    expect(finding).toMatchObject({ status: 'unknown', message: 'Not checked, because of "token".' });
    expect(more).toEqual([]);
  });

  it('are not told by an outage', async () => {
    const sandbox = await startSite();
    sandbox.faults.always({ path: /users-bulk/, status: 503 });

    const findings = scopesOf(await examine(sandbox));

    expect(missing(findings)).toEqual([]);
    expect(findings).toContainEqual(
      expect.objectContaining({
        status: 'unknown',
        scope: expect.objectContaining({ operation: 'confluence.usersBulk' }),
      }),
    );
  });
});

describe('a token without the scopes of Jira', () => {
  const JIRA = allScopes().filter((scope) => scope.includes('jira'));

  it('makes the back end invite with a warning that names them, where the site has Jira [US4]', async () => {
    const findings = await examine(await startWithout(JIRA, { organization: false, jira: true }));

    expect(checksWith(findings, 'failed')).toEqual([]);
    const finding = findingOf(findings, 'backEnd');
    expect(finding).toMatchObject({ status: 'warning', scope: { operation: 'jira.getMyPermissions' } });
    expect(finding.message).toMatch(/^invite: .*lacks the scope/);
    for (const scope of ['read:jira-work', 'read:jira-user', 'manage:jira-configuration', 'write:user:jira']) {
      expect(finding.remedy).toContain(scope);
    }
  });

  it('makes it a warning, too, where Jira refuses the token without a word of scopes [US4]', async () => {
    const sandbox = await startSite({ organization: false, jira: true });
    sandbox.faults.always({ path: /mypermissions/, status: 401, body: { code: 401, message: 'Unauthorized' } });

    const finding = findingOf(await examine(sandbox), 'backEnd');

    expect(finding.status).toBe('warning');
    expect(finding.message).toMatch(/^invite: .*Jira refuses the token, which Confluence accepts/);
    expect(finding.remedy).toContain('read:jira-work');
    // Of a classic token, which is for all apps, it means no more than that there is no Jira to use.
    const classic = { ATLASSIAN_TOKEN_KIND: 'classic', ATLASSIAN_API_TOKEN: sandbox.credentials.apiToken };
    expect(findingOf(await examine(sandbox, classic), 'backEnd').status).toBe('ok');
  });

  it.each([
    ['the site has no Jira', { organization: false, jira: false }],
    ['there is an organization key', { organization: true, jira: true }],
  ] as const)('is nothing to look at where %s', async (_why, options) => {
    const findings = await examine(await startWithout(JIRA, options));

    expect(checksWith(findings, 'warning')).toEqual([]);
    expect(findingOf(findings, 'backEnd').status).toBe('ok');
  });
});

describe('a service account', () => {
  const asServiceAccount = { siteAccount: 'service account' } as const;

  it('is told as one, with what is not known of them', async () => {
    const finding = findingOf(await examine(await startSite(asServiceAccount)), 'token');

    expect(finding).toMatchObject({ status: 'ok', certainty: 'proved' });
    expect(finding.message).toContain('It is a service account.');
    expect(finding.remedy).toContain('doctor --write-test');
  });

  it('has no classic token: one that is used as such is told', async () => {
    const sandbox = await startSite(asServiceAccount);

    const findings = await examine(sandbox, { ATLASSIAN_TOKEN_KIND: 'classic' });

    expect(findingOf(findings, 'token').remedy).toBe('Set ATLASSIAN_TOKEN_KIND=scoped');
  });

  it('cannot try whether Jira shows addresses, and says so instead of calling it blind', async () => {
    const sandbox = await startSite({ ...asServiceAccount, organization: false, jira: true });

    expect(findingOf(await examine(sandbox), 'jiraSearch')).toMatchObject({ status: 'unknown', certainty: 'unknown' });
  });
});

describe('a scoped token that is used as classic and lacks even the scope to be asked for its account', () => {
  it('is told as scoped, with the scope', async () => {
    const sandbox = await startWithout(['read:confluence-user', 'read:content-details:confluence']);

    const finding = findingOf(await examine(sandbox, { ATLASSIAN_TOKEN_KIND: 'classic' }), 'token');

    expect(finding.message).toBe('The API token seems to be scoped, but is used as classic.');
    expect(finding.remedy).toContain('Set ATLASSIAN_TOKEN_KIND=scoped');
    expect(finding.remedy).toContain('read:confluence-user (granular: read:content-details:confluence)');
  });
});
