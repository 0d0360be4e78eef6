import { describe, expect, it } from '@jest/globals';
import type { BackEnd } from '../../src/provisioning/directory.js';
import type { SandboxOptions } from '../../src/sandbox/options.js';
import { expectScimError } from '../support/bridge.js';
import { ADA, ada, bodyOf, detailOf, startUsers, type UserSite } from './userSite.js';

const BACK_ENDS: readonly BackEnd[] = ['organization', 'jira', 'invite'];
const EVE = 'eve@example.com';

/** Ada, who left through the bridge, so long ago that reads decide. */
async function startWithLeaver(backEnd: BackEnd = 'organization', sandbox: Partial<SandboxOptions> = {}) {
  const site = await startUsers({ backEnd, sandbox: { organization: backEnd === 'organization', ...sandbox } });
  const { accountId } = await site.known();
  await site.replace(accountId, ada());
  expect((await site.state(accountId, false)).status).toBe(200);
  site.clock.advance(11 * 60_000);
  site.received();
  return { site, id: accountId, access: site.sandbox.groups.access.id };
}

async function events(site: UserSite, subject?: string): Promise<readonly string[]> {
  return (await site.audited(subject)).map(({ event, result }) => `${event} ${result}`);
}

describe.each(BACK_ENDS)('active: true on the back end %s', (backEnd) => {
  it.each([400, 404, 'limit'] as const)(
    'for a closed account (answered %s) is 409 that says so, and gives nothing [US8]',
    async (strangerAdd) => {
      const { site, id } = await startWithLeaver(backEnd, { strangerAdd });
      site.sandbox.closeAccount(id);

      const reply = await site.state(id, true);

      expectScimError(reply, 409);
      expect(detailOf(reply)).toMatch(/closed \(deleted\)/);
      expect(site.received('writes')).toEqual(['confluence.addMember']);
      expect(site.sandbox.groupsOf(id)).toEqual([]);
      expect(bodyOf(await site.get(id)).active).toBe(false);
    },
  );

  it('for an account that Atlassian has deactivated is 409 that says so, where it refuses the group [US8]', async () => {
    const { site, id } = await startWithLeaver(backEnd);
    site.sandbox.updatePerson(id, { accountStatus: 'inactive' });
    site.sandbox.faults.next({ method: 'POST', path: /userByGroupId/, status: 400 });

    const reply = await site.state(id, true);

    expectScimError(reply, 409);
    expect(detailOf(reply)).toMatch(/is deactivated\. Have an organization admin reactivate it/);
  });
});

describe.each(['jira', 'invite'] as const)('active: true on the back end %s', (backEnd) => {
  it('for somebody removed from the site is 409 that says what may have happened, and names both ways out [US8]', async () => {
    const { site, id } = await startWithLeaver(backEnd);
    site.sandbox.removeFromSite(id);

    const reply = await site.state(id, true);

    expectScimError(reply, 409);
    expect(detailOf(reply)).toMatch(/removed from it, or merged into another one/);
    expect(detailOf(reply)).toMatch(
      /Invite the person in Atlassian administration.*confluence-scim-bridge link EMAIL ACCOUNT/,
    );
    expect(site.received('writes')).toEqual(['confluence.addMember']);
  });
});

describe('active: true for somebody removed from the site', () => {
  it.each([true, false])(
    'invites the same account again (managed: %s), into the group that was remembered [US8]',
    async (managed) => {
      const { site, id, access } = await startWithLeaver();
      site.sandbox.updatePerson(id, { managed });
      site.sandbox.removeFromSite(id);

      const reply = await site.state(id, true);

      expect(reply.status).toBe(200);
      expect(bodyOf(reply)).toMatchObject({ id, active: true, groups: [{ value: access }] });
      expect(site.sandbox.groupsOf(id)).toEqual([access]);
      expect(site.received('writes')).toEqual(['confluence.addMember', 'organization.inviteUsers']);
      expect(await site.holds(id, 'remembered')).toEqual([]);
      expect((await events(site, id)).slice(-3)).toEqual([
        'group.memberAdded refused',
        'group.memberAdded done',
        'user.reactivated done',
      ]);
      expect(bodyOf(await site.get(id)).active).toBe(true);
      await site.state(id, true);
      expect(site.received('writes')).toEqual([]);
    },
  );

  it('gives the other groups after the invitation, which gives one [US8]', async () => {
    const { site, id, access } = await startWithLeaver();
    const writers = site.sandbox.addGroup({ name: 'writers', grants: 'user' }).id;
    await site.store.holds.put({ personId: id, groupId: writers, kind: 'owed' });
    site.sandbox.removeFromSite(id);

    expect((await site.state(id, true)).status).toBe(200);
    expect([...site.sandbox.groupsOf(id)].sort()).toEqual([access, writers].sort());
    expect(site.received('writes').filter((operation) => operation === 'organization.inviteUsers')).toHaveLength(1);
  });

  it('joins the group itself where the invitation names no result for it [US8]', async () => {
    const { site, id, access } = await startWithLeaver();
    site.sandbox.removeFromSite(id);
    site.sandbox.faults.when(
      { path: /users\/invite/ },
      () => void site.sandbox.updatePerson(id, { inDirectory: true }),
    );
    site.sandbox.faults.next({
      path: /users\/invite/,
      status: 200,
      body: { data: [{ id, email: ADA, results: [{ groupAssignmentResult: [] }] }] },
    });

    expect((await site.state(id, true)).status).toBe(200);
    expect(site.sandbox.groupsOf(id)).toEqual([access]);
    expect(site.received('writes')).toEqual([
      'confluence.addMember',
      'organization.inviteUsers',
      'confluence.addMember',
    ]);
  });

  it('is 409 once the invitation was tried, and invites again with the next message only [US8]', async () => {
    const { site, id } = await startWithLeaver();
    site.sandbox.removeFromSite(id);
    site.sandbox.faults.always({
      path: /users\/invite/,
      status: 200,
      body: { data: [{ id, email: ADA, results: [{ groupAssignmentResult: [] }] }] },
    });

    expectScimError(await site.state(id, true), 409);
    expect(site.received('writes')).toEqual([
      'confluence.addMember',
      'organization.inviteUsers',
      'confluence.addMember',
    ]);
    expect((await site.holds(id, 'remembered')).length).toBe(1);
  });

  it('is 409 without scimType when no seat is free, and gives nothing [SA5] [US8]', async () => {
    const { site, id } = await startWithLeaver('organization', { seats: 1 });
    site.sandbox.removeFromSite(id);

    const reply = await site.state(id, true);

    expectScimError(reply, 409);
    expect(detailOf(reply)).toMatch(/licence/);
    expect(site.sandbox.groupsOf(id)).toEqual([]);
  });

  it('does not invite while the refusal is that of a credential which lost its rights [SA2]', async () => {
    const { site, id } = await startWithLeaver();
    site.sandbox.faults.always({ path: /userByGroupId|membersByGroupId/, status: 404 });

    expect([500, 503]).toContain((await site.state(id, true)).status);
    expect(site.received('writes')).not.toContain('organization.inviteUsers');
  });
});

describe('active: true for an address that has another account by now', () => {
  it.each(['organization', 'jira'] as const)(
    'is 409 that names link, for a merged account, and invites nobody (%s) [US8]',
    async (backEnd) => {
      const { site, id } = await startWithLeaver(backEnd);
      const other = site.sandbox.addPerson({ email: EVE, displayName: 'Eve' }).accountId;
      site.sandbox.mergeAccount(id, other);

      const reply = await site.state(id, true);

      expectScimError(reply, 409);
      expect(detailOf(reply)).toMatch(
        /merged, or the address was passed on.*confluence-scim-bridge link EMAIL ACCOUNT/,
      );
      expect(site.received('writes')).toEqual(['confluence.addMember']);
      expect(site.sandbox.groupsOf(other)).toEqual([]);
    },
  );

  it('is 409 that names link when the look-up names another account, and invites nobody [US8]', async () => {
    const { site, id } = await startWithLeaver();
    site.sandbox.removeFromSite(id);
    site.sandbox.updatePerson(id, { email: 'former@example.com' });
    const other = site.sandbox.addPerson({ email: ADA, displayName: 'Another Ada' }).accountId;

    const reply = await site.state(id, true);

    expectScimError(reply, 409);
    expect(detailOf(reply)).toMatch(/another account.*confluence-scim-bridge link EMAIL ACCOUNT/);
    expect(site.received('writes')).toEqual(['confluence.addMember']);
    expect(site.sandbox.groupsOf(other)).toEqual([]);
    expect(await site.link(id)).toMatchObject({ accountId: id });
  });

  it('takes back what an account that nobody knew was given by the invitation, and says so in the audit [US8]', async () => {
    const { site, id, access } = await startWithLeaver();
    site.sandbox.removeFromSite(id);
    // The address in the record has never been the account's own.
    site.sandbox.updatePerson(id, { email: 'former@example.com' });

    const reply = await site.state(id, true);

    expectScimError(reply, 409);
    expect(detailOf(reply)).toMatch(/confluence-scim-bridge link EMAIL ACCOUNT/);
    const stranger = site.sandbox.findPersonByEmail(ADA)?.accountId ?? '';
    expect(stranger).not.toBe(id);
    expect(site.sandbox.groupsOf(stranger)).toEqual([]);
    expect(site.sandbox.membersOf(access)).not.toContain(stranger);
    expect(await site.find(`userName eq "${ADA}"`)).toMatchObject([{ id, active: false }]);
    expect(await events(site, id)).toContain('user.anotherInvited noted');
    expect(await events(site, stranger)).toEqual(
      expect.arrayContaining(['group.memberAdded done', 'group.memberRemoved done']),
    );
  });

  it('leaves the access of an account that was there before, which nobody can tell apart, to an admin [US8]', async () => {
    const { site, id, access } = await startWithLeaver();
    const eve = await site.known({ email: EVE, displayName: 'Eve' });
    site.sandbox.removeFromSite(id);
    site.sandbox.updatePerson(id, { email: 'former@example.com' });
    site.sandbox.faults.next({
      path: /users\/invite/,
      status: 200,
      body: {
        data: [{ id: eve.accountId, email: ADA, results: [{ groupAssignmentResult: [{ status: 'INVITED' }] }] }],
      },
    });

    expectScimError(await site.state(id, true), 409);

    expect(site.sandbox.groupsOf(eve.accountId)).toEqual([access]);
    expect(site.received('writes')).not.toContain('confluence.removeMember');
    expect((await site.audited(id)).find(({ event }) => event === 'user.anotherInvited')?.note).toMatch(
      /See in Atlassian administration/,
    );
  });
});
