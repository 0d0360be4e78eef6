import { describe, expect, it } from '@jest/globals';
import type { TestBridge } from '../support/bridge.js';
import { adding, group, known, removing, sent, startAdopting, stating, user } from './site.js';

const TEN_MINUTES = 10 * 60_000;

async function listed(bridge: TestBridge): Promise<Readonly<Record<string, boolean>>> {
  const reply = await bridge.scim('get', '/Users');
  const { Resources = [] } = reply.body as { Resources?: readonly { userName: string; active: boolean }[] };
  return Object.fromEntries(Resources.map(({ userName, active }) => [userName, active]));
}

const membersOf = async (bridge: TestBridge, id: string): Promise<readonly string[]> =>
  [...(await sent(bridge.scim('get', `/Groups/${id}`))).memberIds].sort();

describe.each([
  ['five minutes', { ms: 5 * 60_000, reads: 0 }],
  ['forty reads', { ms: 0, reads: 40 }],
] as const)('reads that lag by %s', (_, lag) => {
  it('never take back what was just answered, not even by a scan [US2]', async () => {
    const bridge = await startAdopting();
    Object.assign(bridge.sandbox.options.lag, lag);
    const ADA = 'ada@example.com';

    const { id } = await sent(bridge.scim('post', '/Users', user(ADA)));
    for (const active of [true, false, true, false]) {
      const stated = await sent(bridge.scim('patch', `/Users/${id}`, stating(active)));
      expect(stated).toMatchObject({ status: 200, active });
      expect((await sent(bridge.scim('get', `/Users/${id}`))).active).toBe(active);
      expect(await listed(bridge)).toMatchObject({ [ADA]: active });
      await bridge.scan();
      expect(await listed(bridge)).toMatchObject({ [ADA]: active });
      expect((await sent(bridge.scim('get', `/Users/${id}`))).active).toBe(active);
      expect(bridge.sandbox.groupsOf(id)).toHaveLength(active ? 1 : 0);
    }
  });

  it('never bring a member back, and a list is replaced by what it truly is [US2]', async () => {
    const bridge = await startAdopting();
    const [ada = '', bob = '', cyd = ''] = await known(bridge, 'ada@example.com', 'bob@example.com', 'cyd@example.com');
    Object.assign(bridge.sandbox.options.lag, lag);

    const { id } = await sent(bridge.scim('post', '/Groups', group('plain', [ada, bob])));
    await sent(bridge.scim('patch', `/Groups/${id}`, removing(ada)));
    await sent(bridge.scim('patch', `/Groups/${id}`, adding(cyd)));
    expect(await membersOf(bridge, id)).toEqual([bob, cyd].sort());
    await bridge.scan();
    expect(await membersOf(bridge, id)).toEqual([bob, cyd].sort());

    await sent(bridge.scim('put', `/Groups/${id}`, group('plain', [ada])));
    expect(await membersOf(bridge, id)).toEqual([ada]);
    expect(bridge.sandbox.membersOf(id)).toEqual([ada]);
  });
});

describe('after ten minutes', () => {
  it('what Atlassian shows counts again, in answers, lists and plans [US2]', async () => {
    const bridge = await startAdopting();
    const { sandbox } = bridge;
    const { id } = await sent(bridge.scim('post', '/Users', user('ada@example.com')));
    const plain = await sent(bridge.scim('post', '/Groups', group('plain', [id])));
    // By hand, behind the bridge's back: inside the ten minutes taken for lag.
    sandbox.removeMember(sandbox.groups.access.id, id);
    sandbox.removeMember(plain.id, id);
    await bridge.scan();
    expect((await sent(bridge.scim('get', `/Users/${id}`))).active).toBe(true);
    expect(await membersOf(bridge, plain.id)).toEqual([id]);

    bridge.clock.advance(TEN_MINUTES + 1000);

    expect((await sent(bridge.scim('get', `/Users/${id}`))).active).toBe(false);
    expect(await membersOf(bridge, plain.id)).toEqual([]);
    await bridge.scan();
    expect(await listed(bridge)).toMatchObject({ 'ada@example.com': false });
  });
});

describe('a scan under way', () => {
  it('loses none of the writes that were made while it read [LI1]', async () => {
    const bridge = await startAdopting();
    const { sandbox } = bridge;
    const { id: leaver } = await sent(bridge.scim('post', '/Users', user('leaver@example.com')));
    sandbox.options.lag.ms = 60_000;
    let newcomer = '';
    sandbox.faults.when({ method: 'GET', path: /membersByGroupId/ }, async () => {
      newcomer = (await sent(bridge.scim('post', '/Users', user('newcomer@example.com')))).id;
      await sent(bridge.scim('patch', `/Users/${leaver}`, stating(false)));
      await sent(bridge.scim('post', '/Groups', group('born-meanwhile', [newcomer])));
    });

    await bridge.scan();

    expect(await listed(bridge)).toMatchObject({ 'newcomer@example.com': true, 'leaver@example.com': false });
    const groups = await bridge.scim('get', '/Groups?excludedAttributes=members');
    expect((groups.body as { Resources: { displayName: string }[] }).Resources).toContainEqual(
      expect.objectContaining({ displayName: 'born-meanwhile' }),
    );
  });
});
