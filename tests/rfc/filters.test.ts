import { beforeAll, describe, expect, it } from '@jest/globals';
import { expectScimError } from '../support/bridge.js';
import { filtered, listOf, patch, search } from '../scim/exchanges.js';
import { sharedSite } from './site.js';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const site = sharedSite();
/** Ada, Bo (deactivated) and Zoë are on record; the admin is not. */
const names = new Map<string, string>();
let bornAt: string;

beforeAll(async () => {
  const people = {
    ada: {
      externalId: 'E-1',
      displayName: 'Ada King',
      title: 'Dr',
      nickName: 'say "hi"',
      name: { givenName: 'Ada', familyName: 'King' },
      emails: [
        { value: 'ada@example.com', type: 'work', primary: true },
        { value: 'ada@home.example', type: 'home' },
      ],
      [ENTERPRISE]: { department: 'R&D', manager: { value: 'm1' } },
    },
    bo: { externalId: 'e-2', displayName: 'rock and roll', nickName: String.raw`C:\temp`, title: 'Mr' },
    zoe: { displayName: 'Zoë 漢字', emails: [{ value: 'zoe@example.com', type: 'home' }] },
  };
  for (const [name, more] of Object.entries(people)) {
    names.set((await site.createUser({ userName: `${name}@example.com`, ...more })).id, name);
  }
  names.set(site.bridge.sandbox.admin.accountId, 'admin');
  const [ada = '', bo = ''] = names.keys();
  await site.scim('patch', `/Users/${bo}`, patch({ op: 'replace', path: 'active', value: false }));
  const crew = await site.createGroup({ displayName: 'Crew', members: [{ value: ada }] });
  names.set(crew.id, 'Crew');
  names.set((await site.createGroup({ displayName: 'crew (two)' })).id, 'crew (two)');
  bornAt = (crew.body['meta'] as { created: string }).created;
});

/** Names of those found, the same by GET and by POST .search; groups that the site had before are left out. */
async function find(endpoint: '/Users' | '/Groups', filter: string): Promise<string[]> {
  const got = listOf(await site.scim('get', filtered(endpoint, filter)));
  const searched = listOf(await search(site.bridge, `${endpoint}/.search`, { filter }));
  expect(searched).toEqual(got);
  return got.Resources.flatMap(({ id }) => names.get(id as string) ?? []).sort();
}

describe('a filter on Users', () => {
  it.each<[string, string[]]>([
    // Names, operators and values.
    ['userName eq "ada@example.com"', ['ada']],
    ['USERNAME EQ "ada@example.com"', ['ada']],
    ['username eQ "ADA@EXAMPLE.COM"', ['ada']],
    ['externalId eq "E-1"', ['ada']],
    ['externalId eq "e-1"', []],
    ['externalId sw "e-"', ['bo']],
    ['externalId pr and not (externalId co "E")', ['bo']],
    [`${USER}:userName eq "ada@example.com"`, ['ada']],
    [`${USER.toUpperCase()}:DISPLAYNAME eq "ada king"`, ['ada']],
    [`${ENTERPRISE}:department eq "r&d"`, ['ada']],
    [`${ENTERPRISE}:manager.value eq "m1"`, ['ada']],
    [`${GROUP}:displayName eq "Ada King"`, []],
    ['name.familyName eq "king"', ['ada']],
    // Escapes of JSON.
    [String.raw`nickName eq "say \"hi\""`, ['ada']],
    [String.raw`nickName eq "C:\\temp"`, ['bo']],
    [String.raw`displayName eq "Zo\u00eb \u6f22\u5b57"`, ['zoe']],
    ['displayName eq "Zoë 漢字"', ['zoe']],
    [String.raw`title eq "D\u0072"`, ['ada']],
    // Operators on texts.
    ['title ne "Dr"', ['admin', 'bo', 'zoe']],
    ['displayName co "KING"', ['ada']],
    ['displayName sw "zo"', ['zoe']],
    ['displayName ew "ROLL"', ['bo']],
    ['title pr', ['ada', 'bo']],
    ['title gt "dr"', ['bo']],
    ['title ge "dr"', ['ada', 'bo']],
    ['title lt "MR"', ['ada']],
    ['title le "mr"', ['ada', 'bo']],
    ['title eq null', ['admin', 'zoe']],
    ['title ne null', ['ada', 'bo']],
    // On booleans and times.
    ['active eq true', ['ada', 'admin', 'zoe']],
    ['active eq False', ['bo']],
    ['active ne TRUE', ['bo']],
    ['meta.created gt "2020-01-01T00:00:00Z"', ['ada', 'admin', 'bo', 'zoe']],
    ['meta.created le "2020-01-01T01:00:00+01:00"', []],
    ['not (meta.lastModified lt "2020-01-01T00:00:00.000Z")', ['ada', 'admin', 'bo', 'zoe']],
    // Value paths.
    ['emails[type eq "work" and value co "@example"]', ['ada', 'bo']],
    ['emails[type eq "home" and value ew "home.example"]', ['ada']],
    ['emails[type eq "work" and value ew "home.example"]', []],
    ['emails[type eq "home"].value eq "zoe@example.com"', ['zoe']],
    ['emails.type eq "home"', ['ada', 'zoe']],
    ['emails[not (type eq "work") and value pr]', ['ada', 'admin', 'zoe']],
    // Precedence: not before and, and before or.
    ['title eq "Dr" or title eq "Mr" and active eq true', ['ada']],
    ['(title eq "Dr" or title eq "Mr") and active eq false', ['bo']],
    ['not (title eq "Dr") and title pr', ['bo']],
    ['not (title eq "Dr" and active eq true) and title pr', ['bo']],
    ['((((title eq "Dr"))))', ['ada']],
    ['displayName eq "rock and roll" AND NOT (active eq true)', ['bo']],
    // What no User has.
    ['noSuchAttribute eq "x"', []],
    ['noSuchAttribute pr', []],
    ['urn:example:2.0:User:level gt 5', []],
    ['members.value eq "x"', []],
  ])('RFC 7644 §3.4.2.2: %s finds %j', async (filter, found) => {
    expect(await find('/Users', filter)).toEqual(found);
  });
});

describe('a filter on Groups', () => {
  it.each<[string | ((ada: string) => string), string[]]>([
    ['displayName eq "crew"', ['Crew']],
    ['DISPLAYNAME Sw "CREW"', ['Crew', 'crew (two)']],
    ['displayName ew "(two)"', ['crew (two)']],
    [`${GROUP}:displayName eq "CREW"`, ['Crew']],
    [`${USER}:displayName eq "Crew"`, []],
    [(ada) => `members.value eq "${ada}"`, ['Crew']],
    [(ada) => `members[value eq "${ada}"]`, ['Crew']],
    [(ada) => `members eq "${ada}" and displayName co "w"`, ['Crew']],
    [(ada) => `members.value eq "${ada.toUpperCase()}x"`, []],
    [() => `meta.created ge "${bornAt}"`, ['Crew', 'crew (two)']],
    ['displayName eq "crew" or displayName eq "crew (two)"', ['Crew', 'crew (two)']],
    ['displayName sw "crew" and not (displayName eq "crew")', ['crew (two)']],
    ['displayName sw "crew" and externalId pr', []],
    ['userName eq "ada@example.com"', []],
    ['noSuchAttribute pr', []],
  ])('RFC 7644 §3.4.2.2: %s finds %j', async (filter, found) => {
    const [ada = ''] = names.keys();

    expect(await find('/Groups', typeof filter === 'string' ? filter : filter(ada))).toEqual(found);
  });
});

describe('a filter that is none', () => {
  it.each([
    '',
    ' ',
    '(((',
    'userName',
    'userName eq',
    'eq "x"',
    'userName regex "x"',
    'userName = "x"',
    'userName eq "x',
    "userName eq 'x' or",
    String.raw`userName eq "\x"`,
    String.raw`userName eq "\u12"`,
    '(userName eq "x"',
    'userName eq "x")',
    'userName eq "x" and',
    'and userName eq "x"',
    'userName eq "x" userName eq "y"',
    'not userName eq "x"',
    'emails[type eq "work"',
    'emails[]',
    'emails[emails[type eq "x"]]',
    'active gt true',
    'active ge false',
    'active co "r"',
    'active eq "maybe"',
    'meta.created gt "yesterday"',
    'meta.created eq 7',
    'userName gt true',
    'userName co 7',
    'userName pw "x"',
    'name.given.name eq "x"',
    '.value eq "x"',
    'user name eq "x"',
  ])('RFC 7644 §3.4.2.2: %j is 400 invalidFilter at every address, without a call', async (filter) => {
    site.bridge.sandbox.takeCalls();

    for (const path of ['/Users', '/Groups']) {
      expectScimError(await site.scim('get', filtered(path, filter)), 400, 'invalidFilter');
    }
    for (const path of ['/Users/.search', '/Groups/.search', '/.search']) {
      expectScimError(await search(site.bridge, path, { filter }), 400, 'invalidFilter');
    }
    expect(site.bridge.sandbox.calls).toHaveLength(0);
  });
});

describe('a filter of the most characters that is read', () => {
  it('RFC 7644 §3.4.2.2: arrives whole, though each of them is three bytes of UTF-8 in percent-encoding', async () => {
    const longest = (more: number): string => `userName eq "${'漢'.repeat(4000 - 'userName eq ""'.length + more)}"`;

    expect(listOf(await site.scim('get', filtered('/Users', longest(0)))).totalResults).toBe(0);
    expectScimError(await site.scim('get', filtered('/Users', longest(1))), 400, 'invalidFilter');
    expectScimError(await site.scim('get', filtered('/Users', '😀'.repeat(4001))), 400, 'invalidFilter');
  });
});

describe('a filter at the root', () => {
  it('RFC 7644 §3.4.2.1: takes an attribute that a type has not for absent there', async () => {
    const find = async (filter: string) =>
      listOf(await search(site.bridge, '/.search', { filter, count: 200 })).Resources.flatMap(
        ({ id }) => names.get(id as string) ?? [],
      );

    expect(await find('userName sw "ada" or displayName eq "crew"')).toEqual(['ada', 'Crew']);
    expect(await find('title pr')).toEqual(['ada', 'bo']);
    expect(await find(`${GROUP}:displayName co "crew" and not (userName pr)`)).toEqual(['Crew', 'crew (two)']);
    expect(await find('active eq false')).toEqual(['bo']);
  });

  it('RFC 7644 §3.4.2.1: is served by POST .search alone, the base address has no GET', async () => {
    expectScimError(await site.scim('get', filtered('/', 'id pr')), 404);
  });
});
