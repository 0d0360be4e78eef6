import { describe, expect, it } from '@jest/globals';
import { operations, startTestBridge, type TestBridge } from '../support/bridge.js';
import { filtered, idOf, listOf, user } from './exchanges.js';

/** People with access whom nobody provisioned, some of them with an account that Atlassian has switched off. */
async function startWith(usable: number, switchedOff: number): Promise<TestBridge> {
  const person = (name: string, accountStatus: 'active' | 'inactive') => ({
    email: `${name}@example.com`,
    displayName: name,
    access: true,
    accountStatus,
  });
  return startTestBridge({
    sandbox: {
      seed: {
        people: [
          ...Array.from({ length: usable }, (_, n) => person(`p${n}`, 'active')),
          ...Array.from({ length: switchedOff }, (_, n) => person(`off${n}`, 'inactive')),
        ],
      },
    },
  });
}

async function pageOf(bridge: TestBridge, filter: string, more: Readonly<Record<string, number>> = {}) {
  const list = listOf(await bridge.scim('get', filtered('/Users', filter, more)));
  const names = list.Resources.map((resource) => (resource['userName'] as string).replace('@example.com', ''));
  return { total: list.totalResults, names, active: new Set(list.Resources.map((resource) => resource['active'])) };
}

describe('active in a filter', () => {
  it('is what the answer shows, for people on record and for others, at one call [LI3] [US2]', async () => {
    const bridge = await startWith(3, 2);
    idOf(await bridge.scim('post', '/Users', user('ada')));
    bridge.sandbox.takeCalls();

    const on = await pageOf(bridge, 'active eq true');
    expect(operations(bridge.sandbox)).toEqual(['confluence.usersBulk']);
    expect(on).toMatchObject({ total: 5, active: new Set([true]) });
    expect(on.names).toEqual(expect.arrayContaining(['p0', 'p1', 'p2', 'ada']));

    const off = await pageOf(bridge, 'active eq false');
    expect(off).toMatchObject({ total: 2, active: new Set([false]) });
    expect(off.names.sort()).toEqual(['off0', 'off1']);
    expect(await pageOf(bridge, 'active eq true and displayName sw "off"')).toMatchObject({ total: 0 });
    expect(await pageOf(bridge, 'not (active eq true) and displayName sw "off"')).toMatchObject({ total: 2 });
  });

  it('goes by access where more than 200 are unlinked, and still shows nobody whom it excludes [LI3]', async () => {
    const bridge = await startWith(198, 5);
    const seen: string[] = [];

    for (let startIndex = 1; startIndex <= 204; startIndex += 100) {
      const { names, active } = await pageOf(bridge, 'active eq true', { startIndex, count: 100 });
      expect(active).toEqual(new Set(names.length === 0 ? [] : [true]));
      seen.push(...names);
    }

    expect(seen).toHaveLength(199);
    expect(seen.some((name) => name.startsWith('off'))).toBe(false);
    expect(await pageOf(bridge, 'active eq true', { count: 200 })).toMatchObject({ active: new Set([true]) });
    expect(await pageOf(bridge, 'active eq false')).toMatchObject({ total: 0 });
  });
});
