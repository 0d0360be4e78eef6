import { describe, expect, it } from '@jest/globals';
import { bodyOf, createGroup } from '../provisioning/userSite.js';
import { operations } from '../support/bridge.js';
import { BACK_ENDS, startObserved } from './site.js';

describe.each(BACK_ENDS)('plan apply on %s', (backEnd) => {
  it('does what was planned, removals first, and the minted ids stay [SA14]', async () => {
    const site = await startObserved({ backEnd });
    const bob = await site.known({ email: 'bob@example.com', displayName: 'Bob' });
    const eve = await site.known({ email: 'eve@example.com', displayName: 'Eve' });
    const ada = bodyOf(await site.create());
    const group = await createGroup(site, 'engineering', ada.id, eve.accountId);
    await site.state(bob.accountId, false);
    site.sandbox.takeCalls();

    const outcomes = await site.apply();

    expect(outcomes.map(({ state, reason }) => reason ?? state)).toEqual(outcomes.map(() => 'applied'));
    expect(operations(site.sandbox, 'writes')[0]).toBe('confluence.removeMember');
    expect(await site.plan()).toEqual([]);
    const access = site.sandbox.groups.access.id;
    const made = site.sandbox.findGroupByName('engineering');
    expect(site.sandbox.groupsOf(bob.accountId)).toEqual([]);
    expect(site.sandbox.membersOf(made?.id ?? '')).toContain(eve.accountId);
    if (backEnd !== 'invite') {
      const account = site.sandbox.findPersonByEmail('ada@example.com')?.accountId ?? '';
      expect(site.sandbox.groupsOf(account)).toEqual(expect.arrayContaining([access, made?.id]));
      expect((await site.link(ada.id))?.accountId).toBe(account);
    }
    await site.scan();
    site.clock.advance(3_600_000);
    await site.scan();
    expect((await site.scim('get', `/Groups/${group}`)).body).toMatchObject({
      id: group,
      displayName: 'engineering',
      members: expect.arrayContaining([expect.objectContaining({ value: eve.accountId })]),
    });
    expect(bodyOf(await site.get(ada.id))).toMatchObject({ id: ada.id, active: true });
    expect((await site.scim('get', '/Groups?count=100')).body).toMatchObject({
      Resources: expect.not.arrayContaining([expect.objectContaining({ id: made?.id })]),
    });
  });
});
