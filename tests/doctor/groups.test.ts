import { describe, expect, it } from '@jest/globals';
import { checksWith, examineSite, findingOf, startSite } from './examination.js';

describe('grantingGroups', () => {
  it('lists them with what they grant [SA1]', async () => {
    const sandbox = await startSite();
    sandbox.addGroup({ name: 'contractors', grants: 'user' });

    const { message } = findingOf(await examineSite(sandbox), 'grantingGroups');

    expect(message).toContain('"confluence-users-sandbox" (user)');
    expect(message).toContain('"contractors" (user)');
    expect(message).toContain('"confluence-admins-sandbox" (admin)');
    expect(message).toContain('"site-admins" (site-admin)');
  });

  it('fail once when Atlassian names none, which is not taken for a wrong choice', async () => {
    const sandbox = await startSite();
    sandbox.updateGroup(sandbox.groups.access.id, { grants: undefined });

    const findings = await examineSite(sandbox, { settings: { CONFLUENCE_ACCESS_GROUPS: 'confluence-users-sandbox' } });

    expect(checksWith(findings, 'failed')).toEqual(['grantingGroups']);
    expect(findingOf(findings, 'accessGroups').message).toBe('Not checked, because of "grantingGroups".');
  });
});

describe('accessGroups', () => {
  it('names the group that is found without configuration', async () => {
    const finding = findingOf(await examineSite(await startSite()), 'accessGroups');

    expect(finding.status).toBe('ok');
    expect(finding.message).toContain('New people go into "confluence-users-sandbox"');
  });

  it('fails with a line to paste when there are several and none is configured [SA1]', async () => {
    const sandbox = await startSite();
    sandbox.addGroup({ name: 'contractors', grants: 'user' });

    const finding = findingOf(await examineSite(sandbox), 'accessGroups');

    expect(finding.status).toBe('failed');
    expect(finding.message).toBe('Several groups grant the use of Confluence.');
    expect(finding.remedy).toMatch(/: CONFLUENCE_ACCESS_GROUPS=confluence-users-sandbox,contractors$/);
  });

  it('takes the configured ones in their order', async () => {
    const sandbox = await startSite();
    const { id } = sandbox.addGroup({ name: 'contractors', grants: 'user' });
    sandbox.addMember(id, sandbox.admin.accountId);

    const findings = await examineSite(sandbox, {
      settings: { CONFLUENCE_ACCESS_GROUPS: 'Contractors,confluence-users-sandbox' },
    });

    expect(findingOf(findings, 'accessGroups').message).toBe(
      'New people go into "contractors"; access groups: "contractors", "confluence-users-sandbox".',
    );
  });

  it('tells a configured group that does not exist from one that grants nothing, with a line to paste [SA1]', async () => {
    const sandbox = await startSite();
    sandbox.addGroup({ name: 'engineering' });

    const findings = await examineSite(sandbox, {
      settings: { CONFLUENCE_ACCESS_GROUPS: 'engineering,typo,confluence-users-sandbox' },
    });

    const finding = findingOf(findings, 'accessGroups');
    expect(finding.status).toBe('failed');
    expect(finding.message).toContain('"engineering" exists and grants nothing.');
    expect(finding.message).toContain('"typo" does not exist.');
    expect(finding.message).not.toContain('"confluence-users-sandbox"');
    expect(finding.remedy).toMatch(/: CONFLUENCE_ACCESS_GROUPS=confluence-users-sandbox$/);
  });

  it('fails when nobody is where new people go, since the bridge would believe no list', async () => {
    const sandbox = await startSite();
    sandbox.addGroup({ name: 'contractors', grants: 'user' });

    const findings = await examineSite(sandbox, { settings: { CONFLUENCE_ACCESS_GROUPS: 'contractors' } });

    expect(findingOf(findings, 'accessGroups').status).toBe('failed');
    expect(findingOf(findings, 'accessGroups').message).toContain('nobody in "contractors"');
  });
});

describe('seats', () => {
  it('are unknown, and the people in the access groups are counted', async () => {
    const sandbox = await startSite();
    for (const name of ['ada', 'grace']) sandbox.addPerson({ email: `${name}@example.com`, access: true });

    const finding = findingOf(await examineSite(sandbox), 'seats');

    expect(finding.status).toBe('unknown');
    // The two, the admin and an app.
    expect(finding.message).toContain('"confluence-users-sandbox" has 4 members, apps included.');
  });
});
