import { describe, expect, it } from '@jest/globals';
import type { BackEnd } from '../../src/provisioning/directory.js';
import { expectScimError } from '../support/bridge.js';
import { bodyOf, startUsers, type UserSite } from './userSite.js';

const TEST = 'check-1@example.com';
const BACK_ENDS: readonly BackEnd[] = ['organization', 'jira', 'invite'];

const startTests = (backEnd: BackEnd = 'organization'): Promise<UserSite> =>
  startUsers({ backEnd, settings: { TEST_ADDRESSES: 'check-*@example.com' } });

const tester = { userName: TEST, emails: [{ value: TEST }] };

describe.each(BACK_ENDS)("an identity provider's connection test, on %s", (backEnd) => {
  it('creates, finds, changes and deletes its user, and Atlassian hears nothing of it [US13]', async () => {
    const site = await startTests(backEnd);

    expect(await site.find(`userName eq "${TEST}"`)).toEqual([]);
    const { id, active } = bodyOf(await site.create(tester));
    expect(active).toBe(true);
    expect(await site.find(`userName eq "${TEST}"`)).toMatchObject([{ id, active: true }]);
    expect(bodyOf(await site.replace(id, { ...tester, title: 'Dr' })).title).toBe('Dr');
    for (const wanted of [false, false, true, true]) {
      expect(bodyOf(await site.state(id, wanted)).active).toBe(wanted);
      expect(bodyOf(await site.get(id)).active).toBe(wanted);
    }
    expect((await site.remove(id)).status).toBe(204);
    expectScimError(await site.get(id), 404);
    expect((await site.create(tester)).status).toBe(201);
    await site.scan();

    expect(site.received('writes')).toEqual([]);
    expect(site.sandbox.findPersonByEmail(TEST)).toBeUndefined();
  });

  it('creates its user switched off and switches it on, and nobody is invited [US13]', async () => {
    const site = await startTests(backEnd);
    const { id } = bodyOf(await site.create({ ...tester, active: false }));

    expect(bodyOf(await site.state(id, true)).active).toBe(true);

    expect(site.received()).toEqual([]);
  });
});

describe('a connection test', () => {
  it('is told apart in the audit [US13] [SA10]', async () => {
    const site = await startTests();
    const { id } = await site.created(tester);

    expect(await site.audited(id)).toMatchObject([
      { event: 'user.recorded', decision: 'TEST_ADDRESSES', upstream: [] },
    ]);
  });

  it('is made a member of a group in the record alone [US13] [GR4]', async () => {
    const site = await startTests();
    const { id } = await site.created(tester);
    const group = await site.scim('post', '/Groups', { displayName: 'check', members: [{ value: id }] });

    expect(group.body).toMatchObject({ members: [{ value: id }] });
    expect((await site.scim('delete', `/Groups/${(group.body as { id: string }).id}`)).status).toBe(204);
    expect(site.received('writes')).toEqual(['confluence.createGroup', 'confluence.deleteGroup']);
  });

  it('takes nothing from people whose address does not fit [US13] [US4]', async () => {
    const site = await startTests();

    await site.create({ userName: 'recheck-1@example.com', emails: [{ value: 'recheck-1@example.com' }] });

    expect(site.received('writes')).toEqual(['organization.inviteUsers']);
  });
});

describe('somebody real whose address fits a pattern', () => {
  it.each(BACK_ENDS)('and who has access is adopted and can lose it, on %s [US13] [US7]', async (backEnd) => {
    const site = await startTests(backEnd);
    const { accountId } = await site.known({ email: TEST });

    expect((await site.created(tester)).id).toBe(accountId);
    expect(bodyOf(await site.state(accountId, false)).active).toBe(false);
    expect(site.sandbox.groupsOf(accountId)).toEqual([]);
  });

  it.each(BACK_ENDS)(
    'and who is given access after the test loses it by the next deactivation, on %s [US13] [US5]',
    async (backEnd) => {
      const site = await startTests(backEnd);
      const { id } = await site.created(tester);
      const { accountId } = site.sandbox.addPerson({ email: TEST });
      site.sandbox.addMember(site.sandbox.groups.access.id, accountId);
      await site.scan();

      expect(bodyOf(await site.state(id, false)).active).toBe(false);
      expect(site.sandbox.groupsOf(accountId)).toEqual([]);
    },
  );

  it('and whose record has its account already is deactivated like anybody [US13] [US7]', async () => {
    const site = await startUsers();
    const { id } = await site.created(tester);
    const later = await startUsers({
      site: site.sandbox,
      store: site.store,
      clock: site.clock,
      settings: { TEST_ADDRESSES: 'check-*@example.com' },
    });

    expect(bodyOf(await later.state(id, false)).active).toBe(false);
    expect(site.sandbox.groupsOf(id)).toEqual([]);
  });
});
