import { beforeEach, describe, expect, it } from '@jest/globals';
import { expectScimError, operations, startTestBridge, type TestBridge } from '../support/bridge.js';
import { at, filtered, GROUP_URN, idOf, listOf, patch, user } from './exchanges.js';

/** The sandbox's six groups, `crew` (created here, two members) and `legacy` (nobody's, one member). */
interface Site {
  readonly bridge: TestBridge;
  readonly ids: Readonly<Record<'ada' | 'bob' | 'crew' | 'legacy', string>>;
}

async function startSite(): Promise<Site> {
  const bridge = await startTestBridge({ sandbox: { seed: { groups: [{ name: 'Legacy' }] } } });
  const ada = idOf(await bridge.scim('post', '/Users', user('ada')));
  const bob = idOf(await bridge.scim('post', '/Users', user('bob')));
  const members = [{ value: ada }, { value: bob }];
  const crew = { schemas: [GROUP_URN], displayName: 'Crew', externalId: 'g-crew', members };
  const ids = {
    ada,
    bob,
    crew: idOf(await bridge.scim('post', '/Groups', crew)),
    legacy: bridge.sandbox.findGroupByName('Legacy')?.id ?? '',
  };
  bridge.sandbox.addMember(ids.legacy, ada);
  bridge.sandbox.takeCalls();
  return { bridge, ids };
}

const NAMES = [
  'Crew',
  'Legacy',
  'Team Rocket',
  'confluence-admins-sandbox',
  'confluence-users-sandbox',
  'org-admins',
  'site-admins',
  'synced-from-hr',
];

describe('GET /Groups with a filter', () => {
  let site: Site;
  let namesOf: (filter: string) => Promise<string[]>;

  beforeEach(async () => {
    site = await startSite();
    namesOf = async (filter) => {
      const list = listOf(
        await site.bridge.scim('get', filtered('/Groups', filter, { excludedAttributes: 'members' })),
      );
      expect(list.totalResults).toBe(list.Resources.length);
      return list.Resources.map((resource) => resource['displayName'] as string).sort();
    };
  });

  it('answers over names, ids, externalIds, members and times [LI3]', async () => {
    const { ids } = site;
    for (const [filter, found] of [
      ['displayName eq "crew"', ['Crew']],
      ['displayName eq "LEGACY"', ['Legacy']],
      ['displayName eq "nothing"', []],
      [`id eq "${ids.crew}"`, ['Crew']],
      [`id eq "${ids.legacy}"`, ['Legacy']],
      ['id eq "nothing / like an id"', []],
      ['externalId eq "g-crew"', ['Crew']],
      ['externalId eq "other"', []],
      [`members.value eq "${ids.ada}"`, ['Crew', 'Legacy', 'confluence-users-sandbox']],
      [`members eq "${ids.bob}"`, ['Crew', 'confluence-users-sandbox']],
      [`members[value eq "${ids.bob}"]`, ['Crew', 'confluence-users-sandbox']],
      [`displayName eq "Crew" and members.value eq "${ids.ada}"`, ['Crew']],
      [`displayName eq "site-admins" and members.value eq "${ids.ada}"`, []],
      [`members.value eq "${ids.ada}" and not (displayName sw "confluence")`, ['Crew', 'Legacy']],
      ['members.value eq "nobody"', []],
      [`members.value eq "${site.bridge.sandbox.appAccountId}"`, []],
      ['displayName sw "confluence-"', ['confluence-admins-sandbox', 'confluence-users-sandbox']],
      ['displayName co "admins" and not (displayName sw "conf")', ['org-admins', 'site-admins']],
      ['externalId pr', ['Crew']],
      ['meta.lastModified gt "2020-01-01T00:00:00Z"', NAMES],
      ['meta.resourceType eq "User"', []],
      ['userName eq "ada@example.com"', []],
    ] as const) {
      expect({ filter, found: await namesOf(filter) }).toEqual({ filter, found: [...found].sort() });
    }
  });

  it('says the same of a membership as the group and the person do [LI3] [GR4]', async () => {
    const { bridge, ids } = site;
    await bridge.scim('patch', `/Users/${ids.bob}`, patch({ op: 'replace', path: 'active', value: false }));

    const person = (await bridge.scim('get', `/Users/${ids.bob}`)).body as { groups: { display: string }[] };
    const group = (await bridge.scim('get', `/Groups/${ids.crew}`)).body as { members: { value: string }[] };

    expect(group.members.map((member) => member.value)).toContain(ids.bob);
    expect(await namesOf(`members.value eq "${ids.bob}"`)).toEqual(person.groups.map(({ display }) => display));
    expect(person.groups.map(({ display }) => display)).toEqual(['Crew']);
  });

  it('is 400 invalidFilter where it cannot be read or answered, without any upstream call [LI3]', async () => {
    for (const filter of [
      'members pr',
      'members.value ne "x"',
      'members.display eq "Ada"',
      `not (members.value eq "${site.ids.ada}")`,
      `displayName eq "Crew" and members.value sw "${site.ids.ada.slice(0, 4)}"`,
      'displayName',
      'displayName eq My Crew',
      '',
    ]) {
      expectScimError(await site.bridge.scim('get', filtered('/Groups', filter)), 400, 'invalidFilter');
    }
    expect(site.bridge.sandbox.calls).toHaveLength(0);
  });

  it('costs what the table of costs says [LI2]', async () => {
    const { bridge, ids } = site;
    const callsOf = async (path: string): Promise<string[]> => {
      bridge.sandbox.takeCalls();
      listOf(await bridge.scim('get', path));
      return operations(bridge.sandbox);
    };
    const bare = { excludedAttributes: 'members' };

    expect(await callsOf(filtered('/Groups', 'displayName eq "Crew"', bare))).toHaveLength(1);
    expect(await callsOf(filtered('/Groups', 'displayName eq "Legacy"', bare))).toHaveLength(1);
    expect(await callsOf(filtered('/Groups', 'displayName eq "nothing"', bare))).toHaveLength(1);
    expect(await callsOf(filtered('/Groups', 'externalId eq "nothing"', bare))).toHaveLength(0);
    expect(await callsOf(filtered('/Groups', `members.value eq "${ids.ada}"`, bare))).toEqual([
      'confluence.listMemberships',
    ]);
    expect(await callsOf(at('/Groups', bare))).toHaveLength(0);
    expect(await callsOf('/Groups?count=0')).toHaveLength(0);
    expect(await callsOf(filtered('/Groups', 'displayName co "e"', bare))).toHaveLength(0);
    // One page of members each; an empty group is asked for by its id before that is believed.
    const withMembers = await callsOf('/Groups');
    expect(withMembers.filter((operation) => operation === 'confluence.listMembers')).toHaveLength(NAMES.length);
    expect(withMembers.filter((operation) => operation === 'confluence.getGroup')).toHaveLength(4);
  });
});

describe('the members of listed groups', () => {
  it('are people only, each with type and absolute $ref, and left out where there are none [GR9] [ID2]', async () => {
    const { bridge, ids } = await startSite();

    const { Resources } = listOf(await bridge.scim('get', '/Groups'));
    const membersOf = (name: string) => Resources.find((group) => group['displayName'] === name)?.['members'];

    expect(membersOf('Legacy')).toEqual([
      {
        value: ids.ada,
        type: 'User',
        $ref: `https://scim.example.com/scim/v2/Users/${ids.ada}`,
      },
    ]);
    expect(membersOf('Crew')).toHaveLength(2);
    expect(membersOf('confluence-users-sandbox')).toHaveLength(3);
    expect(membersOf('confluence-admins-sandbox')).toBeUndefined();
    expect(Resources.map((group) => group['displayName']).sort()).toEqual(NAMES);
  });

  it('cost one call for each 200, whatever the group [GR9]', async () => {
    const people = Array.from({ length: 450 }, (_, n) => ({ email: `p${n}@example.com`, access: true }));
    const bridge = await startTestBridge({ sandbox: { seed: { people } } });

    const path = filtered('/Groups', 'displayName eq "confluence-users-sandbox"');
    const { Resources } = listOf(await bridge.scim('get', path));

    expect(Resources[0]?.['members']).toHaveLength(451);
    expect(operations(bridge.sandbox).sort()).toEqual([
      'confluence.listMembers',
      'confluence.listMembers',
      'confluence.listMembers',
      'confluence.searchGroups',
    ]);
  });

  it('are read of four groups at once, and answered in the order of the list [GR9] [LI2]', async () => {
    const { bridge } = await startSite();
    const order = listOf(await bridge.scim('get', '/Groups?excludedAttributes=members')).Resources;
    const waiting: (() => void)[] = [];
    let most = 0;
    // Every fourth lets its predecessors go on, the last first.
    bridge.sandbox.faults.when({ path: /membersByGroupId/, times: 4 }, async () => {
      const turn = new Promise<void>((resolve) => waiting.push(resolve));
      most = Math.max(most, waiting.length);
      if (waiting.length === 4) for (const go of waiting.splice(0).reverse()) go();
      await turn;
    });

    const { Resources } = listOf(await bridge.scim('get', '/Groups'));

    expect(most).toBe(4);
    expect(Resources.map((group) => group['id'])).toEqual(order.map((group) => group['id']));
  });

  it('end the page where the time of the request would not do, and the totals stay true [GR9]', async () => {
    const bridge = await startTestBridge();
    bridge.sandbox.faults.when({ path: /membersByGroupId/, times: 3 }, () => bridge.clock.advance(6_000));

    // Four groups are begun at once.
    const first = listOf(await bridge.scim('get', '/Groups?count=5'));
    const rest = listOf(await bridge.scim('get', `/Groups?startIndex=${1 + first.itemsPerPage}`));

    expect(first).toMatchObject({ totalResults: 6, startIndex: 1, itemsPerPage: 4 });
    expect(first.Resources).toHaveLength(4);
    expect(rest).toMatchObject({ totalResults: 6, startIndex: 5, itemsPerPage: 2 });
    const all = listOf(await bridge.scim('get', '/Groups')).Resources;
    expect([...first.Resources, ...rest.Resources]).toEqual(all);
  });

  it('that is too large for the time of a request are 400 tooMany, alone; by its id it is 503 [GR9]', async () => {
    const people = Array.from({ length: 1900 }, (_, n) => ({ email: `p${n}@example.com`, access: true }));
    const bridge = await startTestBridge({
      settings: { REQUEST_BUDGET_SECONDS: '2' },
      sandbox: { seed: { people } },
    });
    const { id } = bridge.sandbox.groups.access;
    bridge.sandbox.faults.always({ kind: 'hang', path: new RegExp(`${id}/membersByGroupId.*start=1800`) });

    const list = await bridge.scim('get', filtered('/Groups', `id eq "${id}"`));

    expectScimError(list, 400, 'tooMany');
    expect(list.body).toMatchObject({ detail: expect.stringContaining('excludedAttributes=members') });
    expectScimError(await bridge.scim('get', `/Groups/${id}`), 503);
  });

  it('that outage pages with 200 keep from being read in time are 503, and never too many [GR9] [SA3]', async () => {
    const bridge = await startTestBridge({ settings: { REQUEST_BUDGET_SECONDS: '3' } });
    const { id } = bridge.sandbox.groups.access;
    const path = new RegExp(`${id}/membersByGroupId`);
    bridge.sandbox.faults.next({ kind: 'html', status: 200, path, times: 2 });
    bridge.sandbox.faults.always({ kind: 'hang', path });

    expectScimError(await bridge.scim('get', filtered('/Groups', `id eq "${id}"`)), 503);
  });

  it('are not asked for when Confluence deleted the group since the last scan [SA2]', async () => {
    const { bridge, ids } = await startSite();
    bridge.sandbox.deleteGroup(ids.legacy);

    const { Resources, totalResults } = listOf(await bridge.scim('get', '/Groups'));

    expect(totalResults).toBe(NAMES.length);
    expect(Resources.find((group) => group['id'] === ids.legacy)).not.toHaveProperty('members');
    expect(Resources.find((group) => group['id'] === ids.crew)).toHaveProperty('members.length', 2);
  });

  it('end the page before a group that does not answer in time; alone it is 503 [GR9] [SA3]', async () => {
    const bridge = await startTestBridge({ settings: { REQUEST_BUDGET_SECONDS: '1' } });
    const all = listOf(await bridge.scim('get', '/Groups?excludedAttributes=members')).Resources;
    const place = 2;
    const id = all[place - 1]?.['id'] as string;
    bridge.sandbox.faults.always({ kind: 'hang', path: new RegExp(`${id}/membersByGroupId`) });

    const [cut, alone, bare] = await Promise.all([
      bridge.scim('get', `/Groups?startIndex=${place - 1}`),
      bridge.scim('get', `/Groups?startIndex=${place}`),
      bridge.scim('get', `/Groups?startIndex=${place}&excludedAttributes=members`),
    ]);

    expect(listOf(cut)).toMatchObject({ totalResults: 6, itemsPerPage: 1 });
    expectScimError(alone, 503);
    expect(alone.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(listOf(bare).Resources[0]).toEqual(all[place - 1]);
  });

  it('that Atlassian fails to answer are never an empty list [SA2]', async () => {
    const bridge = await startTestBridge({ settings: { REQUEST_BUDGET_SECONDS: '4' } });
    bridge.sandbox.faults.always({ path: /membersByGroupId/, status: 403 });

    expectScimError(await bridge.scim('get', '/Groups'), 500);
  });
});

describe('the window of a list of groups', () => {
  it.each([
    [{ startIndex: 1, count: 3 }, 1, 3],
    [{ startIndex: 7, count: 3 }, 7, 2],
    [{ startIndex: 9 }, 9, 0],
    [{ startIndex: -1, count: -1 }, 1, 0],
    [{ count: 1000 }, 1, 8],
  ])('%j begins at %d and holds %d, with and without a filter [LI2]', async (window, startIndex, itemsPerPage) => {
    const { bridge } = await startSite();
    const query = { ...window, excludedAttributes: 'members' };

    for (const path of [at('/Groups', query), filtered('/Groups', 'id pr', query)]) {
      expect(listOf(await bridge.scim('get', path))).toMatchObject({ totalResults: 8, startIndex, itemsPerPage });
    }
  });

  it('never shows a group that was deleted [LI2]', async () => {
    const { bridge, ids } = await startSite();

    expect((await bridge.scim('delete', `/Groups/${ids.crew}`)).status).toBe(204);
    await bridge.scan();

    for (const path of [
      '/Groups',
      filtered('/Groups', 'displayName eq "Crew"'),
      filtered('/Groups', `id eq "${ids.crew}"`),
    ]) {
      const { Resources } = listOf(await bridge.scim('get', path));
      expect(Resources.map((group) => group['id'])).not.toContain(ids.crew);
    }
  });
});
