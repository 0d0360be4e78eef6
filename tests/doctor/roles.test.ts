import { describe, expect, it } from '@jest/globals';
import type { Sandbox } from '../../src/sandbox/server.js';
import { examineSite, startSite } from './examination.js';

const JIRA = { resourceId: 'ari:cloud:jira-software::site/x', resourceOwner: 'jira-software', role: 'atlassian/user' };

async function tell(sandbox: Sandbox, settings: Readonly<Record<string, string>> = {}) {
  const findings = await examineSite(sandbox, { settings });
  return findings.filter(({ check }) => check === 'roles').map(({ status, message }) => `${status}: ${message}`);
}

describe('roles', () => {
  it('are told for each group that grants, is configured or adopted by name, and how it is known [SA1]', async () => {
    const sandbox = await startSite({
      seed: { groups: [{ name: 'team-admins' }, { name: 'readers', grants: 'user', isListed: false }] },
    });
    expect(
      await tell(sandbox, {
        ADOPT_GROUPS: 'team-*,team-admins',
        CONFLUENCE_ACCESS_GROUPS: 'confluence-users-sandbox,readers',
      }),
    ).toEqual([
      'ok: "confluence-users-sandbox" has user on confluence; it grants access to Confluence (user).',
      'ok: "confluence-admins-sandbox" has admin on confluence; it grants access to Confluence (admin), and SCIM never changes it.',
      'ok: "site-admins" has site-admin on the site; it grants access to Confluence (site-admin), and SCIM never changes it.',
      'ok: "readers" has user on confluence; it grants access to Confluence (user).',
      'ok: "team-admins" has no role.',
    ]);
  });

  it('warn of a granting group that gives another app, which leaving it takes, too [SA1]', async () => {
    const sandbox = await startSite();
    sandbox.updateGroup(sandbox.groups.access.id, { otherRoles: [JIRA] });
    expect(await tell(sandbox)).toContain(
      'warning: Whoever is deactivated leaves "confluence-users-sandbox", and loses user on jira-software, too.',
    );
  });

  it('that the key may not read leave names and Confluence’s list to decide, and name the scopes [SA1]', async () => {
    const sandbox = await startSite({ rolesReadable: false });
    const findings = await examineSite(sandbox);
    expect(findings.filter(({ check }) => check === 'roles')).toEqual([
      {
        check: 'roles',
        status: 'warning',
        certainty: 'unknown',
        message: expect.stringMatching(/does not let the bridge read the roles of groups.*names of groups, decide/),
        remedy: expect.stringMatching(/read:groups:admin and read:directories:admin/),
      },
    ]);
    expect(findings.filter(({ status }) => status === 'failed')).toEqual([]);
  });

  it('that show nothing on this site are not believed [SA2]', async () => {
    const sandbox = await startSite();
    sandbox.faults.always({ path: /role-assignments/, status: 200, body: { data: [], links: null } });
    expect(await tell(sandbox)).toEqual([expect.stringMatching(/^warning: .*not believed/)]);
  });

  it('decide where Atlassian gives one list for every kind of access [SA1]', async () => {
    const sandbox = await startSite({ ignoresAccessType: true });
    const findings = await examineSite(sandbox);
    expect(findings.find(({ check }) => check === 'accessGroups')).toMatchObject({ status: 'ok' });
  });

  it('are no question without an organization key', async () => {
    expect(await tell(await startSite({ organization: false }))).toEqual([]);
  });
});
