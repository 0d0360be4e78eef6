import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

/** What the RFCs ask, one by one, under the ids of the public suite scim2/test-suite: RFC, section and line. */
interface Requirement {
  readonly id: string;
  readonly asks: string;
  /** What the bridge does where it does something else by design. */
  readonly instead?: string;
  /** Files that hold a test of it, whose title ends with the id. */
  readonly tests?: readonly string[];
  /** Why no test from outside can show it. */
  readonly untestable?: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const requirements = JSON.parse(
  readFileSync(new URL('requirements.json', import.meta.url), 'utf8'),
) as readonly Requirement[];

/** Ids at the end of titles, in front of the numbers of rules: `… (RFC7644-3.2-L490, EXTRA-MUT-IMMUTABLE) [US10]`. */
const TITLE = /(['"`])(?:(?!\1)[^\n])*?\(((?:RFC764\d-|EXTRA-)[^()\n]*)\)(?:\s\[[A-Z]{2}\d+\])*\1/g;

/** Each id that a title names, with the files it stands in, sorted. */
function idsInTitles(): Readonly<Record<string, readonly string[]>> {
  const found = new Map<string, Set<string>>();
  const files = readdirSync(join(root, 'tests'), { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => name.endsWith('.test.ts'))) {
    for (const [, , ids = ''] of readFileSync(join(root, 'tests', file), 'utf8').matchAll(TITLE)) {
      for (const id of ids.split(', ')) found.set(id, (found.get(id) ?? new Set()).add(`tests/${file}`));
    }
  }
  return Object.fromEntries([...found].map(([id, names]) => [id, [...names].sort()]));
}

describe('the requirements of the RFCs', () => {
  it('are listed all, each once: 145 that can be tested from outside, 16 that cannot, with the reason', () => {
    const testable = requirements.filter(({ untestable }) => untestable === undefined);

    expect(new Set(requirements.map(({ id }) => id)).size).toBe(requirements.length);
    expect(testable.filter(({ id }) => /^RFC764[34]-\d+(\.\d+)*-L\d+$/.test(id))).toHaveLength(127);
    expect(testable.filter(({ id }) => /^EXTRA(-[A-Z]+)+$/.test(id))).toHaveLength(18);
    expect(testable).toHaveLength(145);
    expect(requirements).toHaveLength(161);
    expect(requirements.filter(({ asks, untestable }) => [asks, untestable].includes(''))).toEqual([]);
  });

  it('have a test each, in the files the list names, and no test names another', () => {
    const listed = requirements.flatMap(({ id, tests }) => (tests === undefined ? [] : [[id, tests] as const]));

    expect(listed.filter(([, files]) => files.length === 0)).toEqual([]);
    expect(idsInTitles()).toEqual(Object.fromEntries(listed));
  });
});
