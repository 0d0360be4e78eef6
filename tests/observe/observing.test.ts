import { describe, expect, it } from '@jest/globals';
import { bodyOf, createGroup } from '../provisioning/userSite.js';
import { BACK_ENDS, READS, startObserved } from './site.js';

describe.each(BACK_ENDS)('MODE=observe on %s', (backEnd) => {
  it('creates people and groups and deactivates as if it were done, however much later it is looked at [SA14]', async () => {
    const site = await startObserved({ backEnd });
    const before = site.sandbox.seatsUsed();
    const bob = await site.known({ email: 'bob@example.com', displayName: 'Bob' });

    const ada = bodyOf(await site.create());
    expect(ada).toMatchObject({ id: expect.stringMatching(/^inv-/), active: true });
    expect(bodyOf(await site.get(ada.id))).toMatchObject({ userName: 'ada@example.com', active: true });
    expect(bodyOf(await site.state(bob.accountId, false)).active).toBe(false);
    expect(bodyOf(await site.get(bob.accountId)).active).toBe(false);
    const group = await createGroup(site, 'engineering', ada.id);
    expect(group).toMatch(/^grp-/);
    await site.scan();
    site.clock.advance(3_600_000);
    await site.scan();

    expect(bodyOf(await site.get(bob.accountId)).active).toBe(false);
    expect(bodyOf(await site.get(ada.id)).groups).toEqual([
      expect.objectContaining({ value: group, display: 'engineering' }),
    ]);
    expect((await site.scim('get', `/Groups/${group}`)).body).toMatchObject({
      displayName: 'engineering',
      members: [{ value: ada.id }],
    });
    const access = site.sandbox.groups.access.name;
    expect(await site.plan()).toEqual([
      `removeMember ${bob.accountId} ${access}`,
      'createGroup engineering',
      backEnd === 'invite' ? 'inviteByEmail ada@example.com' : `createAccount ada@example.com ${access}`,
    ]);
    expect(site.sandbox.calls.filter(({ operation }) => !READS.has(operation))).toEqual([]);
    expect(site.sandbox.seatsUsed()).toBe(before + 1);
  });
});
