import { describe, expect, it } from '@jest/globals';
import { operations, startTestBridge, type TestBridge } from '../support/bridge.js';
import { at, filtered, idOf, listOf, patch, user } from './exchanges.js';

const PEOPLE = 6_000;
const COUNT = 200;

const email = (n: number): string => `person-${n}@example.com`;

/**
 * Six thousand people with access, every third in a second granting group, half of those in that one only, and apps
 * in both. The admin of the sandbox and its own app come on top.
 */
function startBigSite(): Promise<TestBridge> {
  const numbers = Array.from({ length: PEOPLE }, (_, n) => n);
  const people = numbers.map((n) => ({ email: email(n), displayName: `Person ${n}`, access: n % 6 !== 0 }));
  const apps = ['chart@apps.example.com', 'draw@apps.example.com'];
  const members = [...numbers.filter((n) => n % 3 === 0).map(email), ...apps];
  return startTestBridge({
    settings: { CONFLUENCE_ACCESS_GROUPS: 'confluence-users-sandbox' },
    scan: false,
    sandbox: {
      seed: {
        people: [...people, ...apps.map((app) => ({ email: app, accountType: 'app' as const, access: true }))],
        groups: [{ name: 'confluence-users-second', grants: 'user', members }],
      },
    },
  });
}

async function readAll(bridge: TestBridge, from = 1): Promise<{ ids: string[]; totals: Set<number> }> {
  const ids: string[] = [];
  const totals = new Set<number>();
  for (let startIndex = from; ; startIndex += COUNT) {
    const page = listOf(await bridge.scim('get', at('/Users', { startIndex, count: COUNT, attributes: 'userName' })));
    expect(page.itemsPerPage).toBe(page.Resources.length);
    expect(page.startIndex).toBe(startIndex);
    totals.add(page.totalResults);
    ids.push(...page.Resources.map((resource) => resource['id'] as string));
    if (page.Resources.length === 0) return { ids, totals };
  }
}

describe('a site of six thousand people', () => {
  it('is listed exactly: everybody once, in a stable order, newcomers last, leavers in their place [LI1] [LI2]', async () => {
    const bridge = await startBigSite();
    const { sandbox } = bridge;
    await bridge.scan();
    // 5,004 and 2,002 members; the admins' groups have one and none.
    const members = operations(sandbox).filter((operation) => operation === 'confluence.listMembers');
    expect(members.length).toBeLessThanOrEqual(Math.ceil(5_004 / COUNT) + Math.ceil(2_002 / COUNT) + 2);

    sandbox.takeCalls();
    const first = await readAll(bridge);
    expect(first.totals).toEqual(new Set([PEOPLE + 1]));
    expect(new Set(first.ids).size).toBe(PEOPLE + 1);
    expect(first.ids).toHaveLength(PEOPLE + 1);
    expect(first.ids).not.toContain(sandbox.appAccountId);
    // At most one call a page, all of them for details.
    expect(new Set(operations(sandbox))).toEqual(new Set(['confluence.usersBulk']));
    expect(sandbox.calls.length).toBeLessThanOrEqual(Math.ceil((PEOPLE + 1) / COUNT));

    // Twenty leavers, one from each stretch of the list, and one newcomer.
    const leavers = first.ids.filter((id, place) => place % 300 === 7 && id !== sandbox.admin.accountId);
    expect(leavers).toHaveLength(20);
    for (const id of leavers) {
      const reply = await bridge.scim('patch', `/Users/${id}`, patch({ op: 'replace', value: { active: false } }));
      expect(reply.body).toMatchObject({ active: false });
    }
    const newcomer = idOf(await bridge.scim('post', '/Users', user('newcomer')));
    const second = await readAll(bridge);
    expect(second.ids).toEqual([...first.ids, newcomer]);
    expect(second.totals).toEqual(new Set([PEOPLE + 2]));

    // The same after another scan, which no longer finds the leavers in any granting group.
    await bridge.scan();
    expect((await readAll(bridge)).ids).toEqual(second.ids);
    const inactive = listOf(await bridge.scim('get', filtered('/Users', 'active eq false', { count: COUNT })));
    expect(inactive.Resources.map((resource) => resource['id'])).toEqual(leavers);
    const active = listOf(
      await bridge.scim('get', filtered('/Users', 'active eq true', { startIndex: 5_982, count: 5 })),
    );
    expect(active.totalResults).toBe(PEOPLE + 2 - 20);
    expect(active.Resources.map((resource) => resource['id'])).toEqual([newcomer]);
  }, 60_000);

  it('keeps its index when a scan fails half-way [LI1] [SA2]', async () => {
    const bridge = await startBigSite();
    await bridge.scan();
    const before = listOf(await bridge.scim('get', at('/Users', { startIndex: 5_900, count: COUNT })));

    bridge.sandbox.faults.always({ path: /membersByGroupId\?start=3000/, status: 400 });
    await expect(bridge.scan()).rejects.toMatchObject({ name: 'Failure' });

    const after = listOf(await bridge.scim('get', at('/Users', { startIndex: 5_900, count: COUNT })));
    expect(after).toEqual(before);
    expect(after.totalResults).toBe(PEOPLE + 1);
  }, 60_000);
});
