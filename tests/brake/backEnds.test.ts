import { describe, expect, it } from '@jest/globals';
import { expectScimError } from '../support/bridge.js';
import { detailOf, startInviting, type UserSite } from '../provisioning/userSite.js';
import { flood, REMOVALS, startCrowd } from './wave.js';

async function invite(site: UserSite, ...names: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const name of names) {
    const email = `${name}@example.com`;
    ids.push((await site.created({ userName: email, emails: [{ value: email }], externalId: name })).id);
  }
  return ids;
}

describe('DEACTIVATION=suspend', () => {
  it('stops at the limit, and suspends nobody beyond it [SA11]', async () => {
    const site = await startCrowd(30, { settings: { DEACTIVATION: 'suspend' } });
    const removals = [REMOVALS['PATCH of a path'], REMOVALS['PUT'], REMOVALS['POST of an inactive user']];

    await flood(
      site.people.map((id, n) => () => {
        const removal = removals[n % removals.length];
        if (removal === undefined) throw new Error('There is no such removal.');
        return removal(site, id);
      }),
      20,
    );

    const suspended = site.people.filter((id) => site.sandbox.person(id).suspended);
    expect(suspended).toHaveLength(10);
    expect(site.sandbox.calls.filter(({ operation }) => operation === 'organization.suspendUser')).toHaveLength(10);
  });

  it('does not count the deletion of somebody who is suspended already [SA11]', async () => {
    const site = await startCrowd(12, { settings: { DEACTIVATION: 'suspend', ACCESS_LOSS_LIMIT: '1' } });
    const [one = '', two = ''] = site.people;
    const off = REMOVALS['PATCH of a path'];
    expect((await off?.(site, one))?.status).toBe(200);
    site.clock.advance(61 * 60_000);
    await site.scan();

    expect((await site.scim('delete', `/Users/${one}`)).status).toBe(204);
    expect((await off?.(site, two))?.status).toBe(200);
  });
});

describe('people who are invited', () => {
  const settings = { ACCESS_LOSS_LIMIT: '2' };

  it('count when their entitlement is taken, and the third keeps it [SA11]', async () => {
    const site = await startInviting({ settings });
    const [ada = '', bob = '', eve = ''] = await invite(site, 'ada', 'bob', 'eve');

    expect((await site.state(ada, false)).status).toBe(200);
    expect((await site.remove(bob)).status).toBe(204);
    for (const reply of [await site.state(eve, false), await site.remove(eve)]) {
      expectScimError(reply, 503);
      expect(detailOf(reply)).toContain('ACCESS_LOSS_LIMIT');
    }

    expect(await site.link(eve)).toMatchObject({ wanted: 'active' });
    expect((await site.state(ada, false)).status).toBe(200);
  });

  it('whose leaving was accepted lose the access that appears later, whatever the brake refuses by then [SA11] [US5]', async () => {
    const site = await startInviting({ settings });
    const [ada = '', bob = '', eve = ''] = await invite(site, 'ada', 'bob', 'eve');
    await site.state(ada, false);
    await site.remove(bob);
    expectScimError(await site.state(eve, false), 503);

    for (const name of ['ada', 'bob', 'eve']) site.sandbox.acceptInvitation(`${name}@example.com`);
    await site.scan();

    const access = site.sandbox.membersOf(site.sandbox.groups.access.id);
    const accountOf = (name: string) => site.sandbox.findPersonByEmail(`${name}@example.com`)?.accountId ?? name;
    expect(['ada', 'bob', 'eve'].filter((name) => access.includes(accountOf(name)))).toEqual(['eve']);
    expect((await site.store.brake.counted('access', 0)).size).toBe(2);
  });

  it('do not count when they were a connection test, which invites nobody [SA11]', async () => {
    const site = await startInviting({ settings: { ACCESS_LOSS_LIMIT: '0', TEST_ADDRESSES: 'test-*@example.com' } });
    const [one = '', two = ''] = await invite(site, 'test-1', 'test-2');

    expect((await site.remove(one)).status).toBe(204);
    expect((await site.state(two, false)).status).toBe(200);
  });

  it('count once when the account is there already and is only found now [SA11]', async () => {
    const site = await startInviting({ settings: { ACCESS_LOSS_LIMIT: '1' } });
    const [ada = ''] = await invite(site, 'ada');
    site.sandbox.acceptInvitation('ada@example.com');

    expect((await site.state(ada, false)).status).toBe(200);

    expect(site.sandbox.membersOf(site.sandbox.groups.access.id)).toHaveLength(2);
    expect(await site.store.brake.counted('access', 0)).toEqual(new Set([ada]));
  });
});
