import { beforeAll, describe, expect, it } from '@jest/globals';
import type supertest from 'supertest';
import { expectScimError } from '../support/bridge.js';
import { at, filtered, type ListBody, listOf, search } from '../scim/exchanges.js';
import { sharedSite } from './site.js';

type Query = Readonly<Record<string, string | number>>;

const site = sharedSite();

/** Every address that answers a list, asked for a window of it. */
const ADDRESSES: readonly (readonly [string, (query: Query) => supertest.Test])[] = [
  ['GET /Users', (query) => site.scim('get', at('/Users', query))],
  ['GET /Users with a filter', (query) => site.scim('get', filtered('/Users', 'id pr', query))],
  ['GET /Groups', (query) => site.scim('get', at('/Groups', query))],
  ['GET /Groups with a filter', (query) => site.scim('get', filtered('/Groups', 'displayName pr', query))],
  ['POST /Users/.search', (query) => search(site.bridge, '/Users/.search', query)],
  ['POST /Groups/.search', (query) => search(site.bridge, '/Groups/.search', query)],
  ['POST /.search', (query) => search(site.bridge, '/.search', query)],
];

/** @returns startIndex, and the places of the first and the last one shown, of `total` in all */
const WINDOWS: readonly (readonly [
  Query,
  (total: number) => readonly [startIndex: number, from: number, to: number],
])[] = [
  [{}, (total) => [1, 1, total]],
  [{ startIndex: 1, count: 1 }, () => [1, 1, 1]],
  [{ startIndex: 2, count: 2 }, () => [2, 2, 3]],
  [{ startIndex: 3 }, (total) => [3, 3, total]],
  [{ startIndex: 0, count: 2 }, () => [1, 1, 2]],
  [{ startIndex: -5, count: 2 }, () => [1, 1, 2]],
  [{ startIndex: 1_000 }, () => [1_000, 1, 0]],
  [{ startIndex: 1_000, count: 0 }, () => [1_000, 1, 0]],
  [{ count: 0 }, () => [1, 1, 0]],
  [{ count: -1 }, () => [1, 1, 0]],
  [{ count: 100_000 }, (total) => [1, 1, total]],
  [{ startIndex: '+2', count: '01' }, () => [2, 2, 2]],
];

describe.each(ADDRESSES)('%s', (_address, list) => {
  beforeAll(async () => {
    for (let made = 0; made < 4; made += 1) {
      await site.createUser();
      await site.createGroup();
    }
  });

  it.each(WINDOWS)(
    'RFC 7644 §3.4.2.4: shows the window that %j asks for, with true counts',
    async (query, expected) => {
      const all = listOf(await list({ excludedAttributes: 'members' }));
      const [startIndex, from, to] = expected(all.totalResults);

      const page = listOf(await list({ excludedAttributes: 'members', ...query }));

      expect(page.Resources).toEqual(all.Resources.slice(from - 1, to));
      expect(page).toMatchObject({ totalResults: all.totalResults, startIndex, itemsPerPage: page.Resources.length });
    },
  );

  it('RFC 7644 §3.4.2: is a ListResponse, also when empty (RFC7644-3.4.2-L817)', async () => {
    for (const query of [{}, { count: 0 }, { startIndex: 1_000 }]) {
      const { Resources, ...counts } = listOf(await list(query));

      expect(counts).toEqual({
        schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
        totalResults: expect.any(Number),
        startIndex: expect.any(Number),
        itemsPerPage: Resources.length,
      });
    }
  });

  it.each([
    ['startIndex', 'one'],
    ['startIndex', ''],
    ['startIndex', '1.5'],
    ['count', '1e2'],
    ['count', '0x10'],
    ['count', 'NaN'],
    ['count', ' '],
  ])('RFC 7644 §3.4.2.4: is 400 invalidValue for %s=%j, which is no whole number', async (name, value) => {
    expectScimError(await list({ [name]: value }), 400, 'invalidValue');
  });

  it('RFC 7644 §3.4.2.4: shows everybody once, page by page, while others are added', async () => {
    const before = listOf(await list({ excludedAttributes: 'members' }));
    const seen: unknown[] = [];
    let page: ListBody;
    do {
      page = listOf(await list({ startIndex: seen.length + 1, count: 3, excludedAttributes: 'members' }));
      seen.push(...page.Resources.map(({ id }) => id));
      // At the root people stand in front of groups, so a new person moves those.
      if (seen.length < 7) await (_address === 'POST /.search' ? site.createGroup() : both());
    } while (seen.length < page.totalResults);

    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(before.Resources.map(({ id }) => id)));
    expect(seen.slice(0, before.totalResults)).toEqual(before.Resources.map(({ id }) => id));
  });

  async function both(): Promise<void> {
    await site.createUser();
    await site.createGroup();
  }
});

describe('a list of more than a page holds', () => {
  const large = sharedSite({
    sandbox: {
      seed: {
        people: Array.from({ length: 240 }, (_, n) => ({ email: `p${n}@example.com`, access: true })),
        groups: Array.from({ length: 240 }, (_, n) => ({ name: `group ${n}` })),
      },
    },
  });

  it.each(['/Users', '/Groups'])(
    'RFC 7644 §3.4.2.4: is cut to 200 at %s whatever count asks for, never refused, and goes on at the next index',
    async (path) => {
      const query = { count: 5_000, excludedAttributes: 'members' };
      const first = listOf(await large.scim('get', at(path, query)));
      const searched = listOf(await search(large.bridge, `${path}/.search`, query));
      const second = listOf(await large.scim('get', at(path, { ...query, startIndex: 201 })));

      expect(first).toMatchObject({ itemsPerPage: 200, startIndex: 1 });
      expect(first.totalResults).toBeGreaterThan(240);
      expect(searched).toEqual(first);
      expect(second.itemsPerPage).toBe(first.totalResults - 200);
      const ids = [...first.Resources, ...second.Resources].map(({ id }) => id);
      expect(new Set(ids).size).toBe(first.totalResults);
    },
  );
});
