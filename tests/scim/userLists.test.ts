import { beforeEach, describe, expect, it } from '@jest/globals';
import { expectScimError, operations, startTestBridge, type TestBridge } from '../support/bridge.js';
import { at, detailOf, filtered, idOf, listOf, patch, user } from './exchanges.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** Two people on record, one of them deactivated, and three whom nobody provisioned: two show their address. */
interface Site {
  readonly bridge: TestBridge;
  readonly ids: Readonly<Record<'ada' | 'bob' | 'carol' | 'dan' | 'admin', string>>;
}

async function startSite(): Promise<Site> {
  const bridge = await startTestBridge({
    sandbox: {
      seed: {
        people: [
          { email: 'carol@example.com', displayName: 'Carol Shaw', access: true },
          { email: 'dan@example.com', displayName: 'Dan Bricklin', emailVisible: false, access: true },
        ],
      },
    },
  });
  const { sandbox } = bridge;
  const ada = user('ada', {
    externalId: 'e-ada',
    displayName: 'Ada King',
    name: { givenName: 'Ada', familyName: 'King' },
    title: 'Countess',
    [ENTERPRISE]: { department: 'R&D' },
  });
  const ids = {
    ada: idOf(await bridge.scim('post', '/Users', ada)),
    bob: idOf(await bridge.scim('post', '/Users', user('bob', { externalId: 'e-bob', displayName: 'Bob' }))),
    carol: sandbox.findPersonByEmail('carol@example.com')?.accountId ?? '',
    dan: sandbox.findPersonByEmail('dan@example.com')?.accountId ?? '',
    admin: sandbox.admin.accountId,
  };
  await bridge.scim('patch', `/Users/${ids.bob}`, patch({ op: 'replace', path: 'active', value: false }));
  sandbox.takeCalls();
  return { bridge, ids };
}

describe('GET /Users with a filter', () => {
  let site: Site;
  let namesOf: (filter: string) => Promise<string[]>;

  // Nothing here changes the site, so one serves each group of cases.
  beforeEach(async () => {
    site = await startSite();
    const names = new Map(Object.entries(site.ids).map(([name, id]) => [id, name]));
    namesOf = async (filter) => {
      const list = listOf(await site.bridge.scim('get', filtered('/Users', filter)));
      expect(list.totalResults).toBe(list.Resources.length);
      return list.Resources.map((resource) => names.get(resource['id'] as string) ?? 'stranger').sort();
    };
  });

  it('finds one person by each identifier, on record or not, in any letter case (RFC7644-3.4.2.2-L944, RFC7644-3.4.2.2-L1217, RFC7643-7-L1748, EXTRA-CASE-EXACT, EXTRA-CASE-INSENSITIVE) [LI3] [ID4]', async () => {
    const { ids } = site;
    for (const [filter, name] of [
      ['userName eq "ada@example.com"', 'ada'],
      ['USERNAME Eq "ADA@Example.com"', 'ada'],
      ['userName eq "carol@example.com"', 'carol'],
      [`userName eq "${ids.dan}"`, 'dan'],
      ['userName eq "DAN@example.com"', 'dan'],
      ['externalId eq "e-ada"', 'ada'],
      [`id eq "${ids.ada}"`, 'ada'],
      [`id eq "${ids.carol}"`, 'carol'],
      ['emails.value eq "bob@EXAMPLE.com"', 'bob'],
      ['emails[type eq "work" and value eq "ada@example.com"]', 'ada'],
      ['emails[type eq "work"].value eq "ada@example.com"', 'ada'],
      ['emails eq "carol@example.com"', 'carol'],
      ['urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ada@example.com"', 'ada'],
      ['externalId eq "e-ada" and active eq true', 'ada'],
      ['userName eq "bob@example.com" and active eq false', 'bob'],
    ] as const) {
      expect({ filter, found: await namesOf(filter) }).toEqual({ filter, found: [name] });
    }
  });

  it('answers 200 and an empty list where nobody matches (RFC7644-3.4.2-L847, RFC7643-7-L1748, EXTRA-CASE-EXACT) [LI3]', async () => {
    for (const filter of [
      'userName eq "nobody@example.com"',
      'userName eq "nobody"',
      'userName eq ""',
      'externalId eq "E-ADA"',
      'externalId eq ""',
      'id eq "nothing like an id / at all"',
      'emails.value eq "nobody@example.com"',
      'userName eq "ada@example.com" and active eq false',
      'emails[type eq "home" and value eq "ada@example.com"]',
      'members.value eq "x"',
      'urn:ietf:params:scim:schemas:core:2.0:Group:displayName eq "Ada King"',
    ]) {
      expect({ filter, found: await namesOf(filter) }).toEqual({ filter, found: [] });
    }
  });

  it('answers over records, index and the details of a few exactly (RFC7644-3.4.2.2-L1197) [LI3]', async () => {
    const everybody = ['ada', 'admin', 'bob', 'carol', 'dan'];
    for (const [filter, found] of [
      ['active eq true', ['ada', 'admin', 'carol', 'dan']],
      ['active eq "False"', ['bob']],
      ['active ne false', ['ada', 'admin', 'carol', 'dan']],
      ['displayName eq "carol SHAW"', ['carol']],
      ['displayName sw "b"', ['bob']],
      ['displayName co "in"', ['ada', 'admin', 'dan']],
      ['name.familyName eq "shaw"', ['carol']],
      ['title eq "Countess"', ['ada']],
      ['title pr', ['ada']],
      ['not (title pr)', ['admin', 'bob', 'carol', 'dan']],
      [`${ENTERPRISE}:department eq "R&D"`, ['ada']],
      ['externalId pr', ['ada', 'bob']],
      ['externalId sw "e-"', ['ada', 'bob']],
      ['userName sw "c" or displayName ew "lin"', ['carol', 'dan']],
      ['userName eq "ada@example.com" or userName eq "carol@example.com"', ['ada', 'carol']],
      ['emails.value ew "@example.com" and active eq true', ['ada', 'admin', 'carol']],
      ['(displayName co "a" and active eq true) and not (userName eq "ada@example.com")', ['admin', 'carol', 'dan']],
      ['meta.created gt "2020-01-01T00:00:00Z"', everybody],
      ['meta.lastModified lt "2020-01-01T00:00:00Z"', []],
      ['meta.resourceType eq "User"', everybody],
      ['id pr', everybody],
      ['nickName eq "x"', []],
    ] as const) {
      expect({ filter, found: await namesOf(filter) }).toEqual({ filter, found });
    }
  });

  it('is 400 invalidFilter where the filter cannot be read or answered, without any upstream call (RFC7644-3.4.2.2-L1001, RFC7644-3.4.2.2-L1127, RFC7644-3.4.2.2-L1208) [LI3]', async () => {
    for (const filter of [
      'bogus',
      'userName eq',
      'userName eq ada king',
      'userName is "ada"',
      '(userName eq "a"',
      'userName eq "a',
      'active gt true',
      'active eq "maybe"',
      'groups.value eq "x"',
      'groups pr',
      'password eq "x"',
      'userName eq "a" and password sw "x"',
      '',
    ]) {
      expectScimError(await site.bridge.scim('get', filtered('/Users', filter)), 400, 'invalidFilter');
    }
    expect(site.bridge.sandbox.calls).toHaveLength(0);
  });

  it('shows groups where it names one person, and leaves them out of other lists [LI2]', async () => {
    const { bridge, ids } = site;
    const groupsIn = async (path: string) =>
      listOf(await bridge.scim('get', path)).Resources.map((resource) => 'groups' in resource);

    for (const filter of [
      'userName eq "ada@example.com"',
      'userName eq "carol@example.com"',
      'externalId eq "e-ada"',
      `id eq "${ids.ada}"`,
      `id eq "${ids.carol}"`,
      'emails.value eq "ada@example.com"',
    ]) {
      expect({ filter, hasGroups: await groupsIn(filtered('/Users', filter)) }).toEqual({ filter, hasGroups: [true] });
    }
    expect(await groupsIn('/Users')).not.toContain(true);
    expect(await groupsIn(filtered('/Users', 'displayName co "a"'))).not.toContain(true);
  });

  it('costs what the table of costs says [LI2]', async () => {
    const { bridge, ids } = site;
    const callsOf = async (path: string): Promise<string[]> => {
      bridge.sandbox.takeCalls();
      listOf(await bridge.scim('get', path));
      return operations(bridge.sandbox);
    };

    expect(await callsOf(filtered('/Users', 'userName eq "ada@example.com"'))).toEqual(['confluence.listMemberships']);
    expect(await callsOf(filtered('/Users', 'externalId eq "e-ada"'))).toEqual(['confluence.listMemberships']);
    expect(await callsOf(filtered('/Users', `id eq "${ids.ada}"`))).toEqual(['confluence.listMemberships']);
    expect(await callsOf(filtered('/Users', 'userName eq "new@example.com"'))).toEqual(['organization.searchUsers']);
    expect(await callsOf(filtered('/Users', 'externalId eq "unknown"'))).toEqual([]);
    expect(await callsOf('/Users')).toEqual(['confluence.usersBulk']);
    expect(await callsOf('/Users?count=0')).toEqual([]);
    expect(await callsOf('/Users?startIndex=900')).toEqual([]);
    expect(await callsOf(filtered('/Users', 'title pr or displayName co "a"'))).toEqual(['confluence.usersBulk']);
    expect(await callsOf(filtered('/Users', 'externalId pr'))).toEqual([]);
  });
});

describe('GET /Users with many whom nobody provisioned', () => {
  async function startWith(count: number): Promise<TestBridge> {
    const people = Array.from({ length: count }, (_, n) => ({
      email: `p${n}@example.com`,
      displayName: `Person ${n}`,
      access: true,
    }));
    return startTestBridge({ sandbox: { seed: { people } } });
  }

  it('asks one users-bulk for the details of 200 candidates, and refuses one more [LI3]', async () => {
    const bridge = await startWith(199);
    const path = filtered('/Users', 'displayName co "Person"', { count: 50 });

    const list = listOf(await bridge.scim('get', path));
    expect(list).toMatchObject({ totalResults: 199, itemsPerPage: 50 });
    expect(operations(bridge.sandbox)).toEqual(['confluence.usersBulk']);

    bridge.sandbox.addPerson({ email: 'one@example.com', displayName: 'One', access: true });
    await bridge.scan();
    bridge.sandbox.takeCalls();
    const refused = await bridge.scim('get', path);
    expectScimError(refused, 400, 'invalidFilter');
    expect(detailOf(refused)).toMatch(/more than 200 .*eq on userName/);
    expect(bridge.sandbox.calls).toHaveLength(0);
  });

  it('still answers what records and index decide alone [LI3]', async () => {
    const bridge = await startWith(300);
    await bridge.scim('post', '/Users', user('ada', { title: 'Dr' }));

    const active = await bridge.scim('get', filtered('/Users', 'active eq true', { count: 2 }));
    const narrowed = await bridge.scim('get', filtered('/Users', 'externalId pr and displayName co "x"'));
    const named = await bridge.scim('get', filtered('/Users', 'userName eq "p7@example.com" and title eq "Dr"'));

    expect(listOf(active)).toMatchObject({ totalResults: 302, itemsPerPage: 2 });
    expect(listOf(narrowed).totalResults).toBe(0);
    expect(listOf(named).totalResults).toBe(0);
  });
});

describe('the window of a list', () => {
  it.each([
    [{}, [1, 5, 0]],
    [{ startIndex: 1, count: 2 }, [1, 2, 0]],
    [{ startIndex: 2, count: 2 }, [2, 2, 1]],
    [{ startIndex: 5, count: 10 }, [5, 1, 4]],
    [{ startIndex: 6 }, [6, 0, undefined]],
    [{ startIndex: 0, count: 1 }, [1, 1, 0]],
    [{ startIndex: -7, count: 1 }, [1, 1, 0]],
    [{ startIndex: 99999999999999 }, [2 ** 31 - 1, 0, undefined]],
    [{ count: 0 }, [1, 0, undefined]],
    [{ count: -1 }, [1, 0, undefined]],
    [{ count: 99999999 }, [1, 5, 0]],
  ])(
    '%j begins and holds %j, with and without a filter (RFC7644-3.4.2.4-L1358, RFC7644-3.4.2.4-L1363) [LI2]',
    async (query, [startIndex, length, first]) => {
      const { bridge } = await startSite();
      const all = listOf(await bridge.scim('get', '/Users')).Resources.map((resource) => resource['id']);

      for (const path of [at('/Users', query), filtered('/Users', 'id pr', query)]) {
        const list = listOf(await bridge.scim('get', path));

        expect(list).toMatchObject({ totalResults: 5, startIndex, itemsPerPage: length });
        expect(list.Resources.map((resource) => resource['id'])).toEqual(
          first === undefined ? [] : all.slice(first, first + (length ?? 0)),
        );
      }
    },
  );

  it.each(['startIndex=one', 'count=1.5', 'count=', 'startIndex=1e3', 'count=0x10', 'count=%20'])(
    'is 400 invalidValue for %s [LI2]',
    async (query) => {
      const bridge = await startTestBridge();

      expectScimError(await bridge.scim('get', `/Users?${query}`), 400, 'invalidValue');
    },
  );

  it('has newcomers that a scan finds at its end, and nobody moves [LI2]', async () => {
    const { bridge } = await startSite();
    const idsNow = async () => listOf(await bridge.scim('get', '/Users')).Resources.map((resource) => resource['id']);
    const before = await idsNow();

    const early = bridge.sandbox.addPerson({ accountId: '000:first-by-id', email: 'a@example.com', access: true });
    await bridge.scan();

    expect(await idsNow()).toEqual([...before, early.accountId]);
  });

  it('follows the index: refreshed when it is old, served for an hour when it cannot be, then 503 [LI1]', async () => {
    const { bridge } = await startSite();
    const { sandbox, clock } = bridge;
    sandbox.addPerson({ email: 'new@example.com', access: true });
    clock.advance(301_000);
    expect(listOf(await bridge.scim('get', '/Users')).totalResults).toBe(6);

    sandbox.addPerson({ email: 'later@example.com', access: true });
    sandbox.faults.always({ path: /rest\/api\/group/, kind: 'html', status: 404 });
    clock.advance(301_000);
    expect(listOf(await bridge.scim('get', '/Users')).totalResults).toBe(6);
    expect(bridge.logs.some(({ level, message }) => level === 'warn' && message.includes('older directory'))).toBe(
      true,
    );

    clock.advance(3_600_000);
    const reply = await bridge.scim('get', '/Users');
    expectScimError(reply, 503);
    expect(reply.headers['retry-after']).toMatch(/^[1-9]\d*$/);
  });
});
