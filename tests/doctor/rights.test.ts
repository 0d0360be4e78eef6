import { describe, expect, it } from '@jest/globals';
import { checksWith, examineSite, findingOf, startSite } from './examination.js';

describe('backEnd', () => {
  it.each([
    ['organization', { organization: true, jira: true }, 'ATLASSIAN_ORG_API_KEY are set'],
    ['jira', { organization: false, jira: true }, 'the account administers Jira'],
    ['invite', { organization: false, jira: false }, 'the site has no Jira'],
    ['invite', { organization: false, jira: true, rights: 'member' }, 'the account does not administer Jira'],
  ] as const)('says that it is %s, and why [US4]', async (backEnd, options, why) => {
    const finding = findingOf(await examineSite(await startSite(options)), 'backEnd');

    expect(finding.status).toBe('ok');
    expect(finding.message).toMatch(new RegExp(`^${backEnd}: `));
    expect(finding.message).toContain(why);
  });

  it('is not guessed while Jira is down', async () => {
    const sandbox = await startSite({ organization: false, jira: true });
    sandbox.faults.always({ path: /mypermissions/, status: 429, retryAfter: 600 });

    const findings = await examineSite(sandbox);

    expect(checksWith(findings, 'failed')).toEqual(['backEnd']);
    expect(findingOf(findings, 'createRights').status).toBe('unknown');
  });
});

describe('readRights', () => {
  it('are proved by calls that need them', async () => {
    const sandbox = await startSite();

    expect(findingOf(await examineSite(sandbox), 'readRights')).toMatchObject({ status: 'ok', certainty: 'proved' });
  });

  it('fail with the name of the right that is missing', async () => {
    const sandbox = await startSite();
    sandbox.faults.always({ path: /users-bulk/, status: 403 });

    const finding = findingOf(await examineSite(sandbox), 'readRights');

    expect(finding.status).toBe('failed');
    expect(finding.message).toBe('Atlassian does not let the bridge read the accounts of people.');
    expect(finding.remedy).toContain('read:user:confluence');
  });

  it('are in doubt when Atlassian answers with nothing', async () => {
    const sandbox = await startSite();
    sandbox.faults.always({ path: /users-bulk/, status: 200, body: { results: [] } });

    expect(findingOf(await examineSite(sandbox), 'readRights')).toMatchObject({
      status: 'warning',
      certainty: 'unknown',
    });
  });
});

describe('writeRights', () => {
  it('are likely for an account in a group that makes site admins', async () => {
    const finding = findingOf(await examineSite(await startSite()), 'writeRights');

    expect(finding).toMatchObject({ status: 'ok', certainty: 'likely' });
    expect(finding.message).toContain('"site-admins"');
  });

  it('are unknown for any other account', async () => {
    const sandbox = await startSite();
    sandbox.removeMember(sandbox.groups.siteAdmins.id, sandbox.admin.accountId);

    const finding = findingOf(await examineSite(sandbox), 'writeRights');

    expect(finding).toMatchObject({ status: 'unknown', certainty: 'unknown' });
    expect(finding.remedy).toContain('organization admin');
  });

  it('of a scoped token come with the scope they need', async () => {
    const sandbox = await startSite();
    const settings = { ATLASSIAN_TOKEN_KIND: 'scoped', ATLASSIAN_API_TOKEN: sandbox.credentials.scopedToken };

    const finding = findingOf(await examineSite(sandbox, { settings }), 'writeRights');

    expect(finding.remedy).toContain('write:confluence-groups');
  });
});

describe('createRights', () => {
  it.each([
    ['organization', { organization: true, jira: false }],
    ['jira', { organization: false, jira: true }],
    ['invite', { organization: false, jira: false }],
  ] as const)('of the back end %s are likely at most', async (_backEnd, options) => {
    const finding = findingOf(await examineSite(await startSite(options)), 'createRights');

    expect(finding).toMatchObject({ status: 'ok', certainty: 'likely' });
  });

  it('fail when the account may not even ask who has access', async () => {
    const sandbox = await startSite({ organization: false });
    sandbox.faults.always({ path: /check-access-by-email/, status: 404 });

    const finding = findingOf(await examineSite(sandbox), 'createRights');

    expect(finding.status).toBe('failed');
    expect(finding.remedy).toContain('read:configuration:confluence');
  });
});

describe('jiraSearch', () => {
  it('is proved where Jira shows addresses', async () => {
    const sandbox = await startSite({ organization: false, jira: true });

    expect(findingOf(await examineSite(sandbox), 'jiraSearch')).toMatchObject({ status: 'ok', certainty: 'proved' });
  });

  it('is called blind where it does not', async () => {
    const sandbox = await startSite({ organization: false, jira: true, jiraSearchShowsEmail: false });

    const finding = findingOf(await examineSite(sandbox), 'jiraSearch');

    expect(finding.status).toBe('warning');
    expect(finding.message).toContain('blind');
  });
});

describe('all checks of a site', () => {
  it.each([
    { organization: true, jira: true },
    { organization: false, jira: true },
    { organization: false, jira: false },
  ])('write nothing upstream, and succeed where all is well: %j', async (options) => {
    const sandbox = await startSite(options);

    const findings = await examineSite(sandbox);

    expect(sandbox.calls.filter(({ isWrite }) => isWrite)).toEqual([]);
    expect(sandbox.calls.map(({ operation }) => operation)).not.toContain(undefined);
    expect(checksWith(findings, 'failed')).toEqual([]);
    expect(checksWith(findings, 'warning')).toEqual([]);
    expect(checksWith(findings, 'unknown')).toEqual(['seats']);
  });
});
