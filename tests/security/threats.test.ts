import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';

const read = (name: string): Promise<string> => readFile(new URL(`../../${name}`, import.meta.url), 'utf8');

/** A test file, and the words of a title in it. */
const PROOF = /`(tests\/[\w/]+\.test\.ts)` "([^"]+)"/g;

interface Threat {
  readonly name: string;
  readonly stops: readonly string[];
  readonly text: string;
}

/** The chapter's threats, each with the rows of its table. */
async function readThreats(): Promise<readonly Threat[]> {
  const [, chapter = ''] = (await read('SECURITY.md')).split('\n## Threats\n');
  return chapter
    .split('\n### ')
    .slice(1)
    .map((text) => {
      const [name = '', ...lines] = text.split('\n');
      const rows = lines.filter((line) => line.startsWith('| ') && !/^\| (stopped by|---) \|/.test(line));
      return { name, stops: rows, text };
    });
}

describe('the threats of SECURITY.md', () => {
  it('say what is stopped by what, and what is not', async () => {
    const threats = await readThreats();

    expect(threats.length).toBeGreaterThan(6);
    for (const { name, stops, text } of threats) {
      expect([name, stops.length > 0, text.includes('\n*Not stopped*: ')]).toEqual([name, true, true]);
    }
  });

  it('name a test for each thing that stops one, and each test exists under its title', async () => {
    const missing: string[] = [];
    for (const { stops } of await readThreats()) {
      for (const row of stops) {
        const proofs = [...row.matchAll(PROOF)];
        if (proofs.length === 0) missing.push(`no test: ${row}`);
        for (const [, file = '', title = ''] of proofs) {
          const source = await read(file).catch(() => undefined);
          if (source === undefined) missing.push(`no such file: ${file}`);
          else if (!titlesOf(source).some((text) => text.includes(title)))
            missing.push(`no such test: ${file} "${title}"`);
        }
      }
    }

    expect(missing).toEqual([]);
  });
});

/** Every text of a line in quotes, of which titles are some: those of tables stand on lines of their own. */
function titlesOf(source: string): readonly string[] {
  return [...source.matchAll(/(['"`])((?:(?!\1|\n).)*)\1/g)].map(([, , text = '']) => text);
}
