import { describe, expect, it } from '@jest/globals';
import { createLists } from '../../src/roster/lists.js';
import { addPeople, makeCall, startSite } from './site.js';

async function startLists(people: number) {
  const site = await startSite();
  addPeople(site.sandbox, people - 1);
  await site.roster.ready(makeCall(site.clock));
  return { ...site, lists: createLists(site.store.index) };
}

describe('lists', () => {
  it('walk over everybody once, in the order of the pages [LI2]', async () => {
    const { lists } = await startLists(1203);
    const walked: string[] = [];
    const chunks: number[] = [];
    for await (const rows of lists.walkPeople('okta')) {
      chunks.push(rows.length);
      walked.push(...rows.map(({ id }) => id));
    }

    const paged: string[] = [];
    for (let startIndex = 1; startIndex <= 1203; startIndex += 200) {
      paged.push(...(await lists.pagePeople('okta', { startIndex, count: 200 })).rows.map(({ id }) => id));
    }

    expect(chunks).toEqual([500, 500, 203]);
    expect(new Set(walked).size).toBe(1203);
    expect(paged).toEqual(walked);
  });

  it.each([
    ['before the beginning', 0, 2, [0, 1]],
    ['far before the beginning', -5, 1, [0]],
    ['in the middle', 3, 2, [2, 3]],
    ['over the end', 5, 10, [4]],
    ['past the end', 6, 10, []],
    ['of no size', 1, 0, []],
    ['of a negative size', 1, -1, []],
  ])('answer a page %s with the total [LI2]', async (_, startIndex, count, expected) => {
    const { lists } = await startLists(5);
    const all = (await lists.pagePeople('okta', { startIndex: 1, count: 100 })).rows;

    const page = await lists.pagePeople('okta', { startIndex, count });

    expect(page.total).toBe(5);
    expect(page.rows).toEqual(expected.map((at) => all[at]));
  });

  it('keep everybody at the same place when new people come [LI2]', async () => {
    const { lists, sandbox, roster, clock } = await startLists(5);
    const before = (await lists.pagePeople('okta', { startIndex: 1, count: 100 })).rows.map(({ id }) => id);
    addPeople(sandbox, 20);
    await clock.advance(60_000);
    await roster.scan(makeCall(clock));

    const after = (await lists.pagePeople('okta', { startIndex: 1, count: 100 })).rows.map(({ id }) => id);

    expect(after).toHaveLength(25);
    expect(after.slice(0, 5)).toEqual(before);
  });

  it('hold every group [LI2]', async () => {
    const { lists, sandbox } = await startLists(1);
    const walked: string[] = [];
    for await (const rows of lists.walkGroups('okta')) walked.push(...rows.map(({ id }) => id));

    const page = await lists.pageGroups('okta', { startIndex: 1, count: 2 });

    expect(walked).toContain(sandbox.groups.access.id);
    expect(page.total).toBe(walked.length);
    expect(page.rows.map(({ id }) => id)).toEqual(walked.slice(0, 2));
  });
});
