#!/usr/bin/env node
// Lists every rule of src/RULES.md with the tests that prove it; fails when a rule has none, or a test names an unknown one.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const rules = [...readFileSync(join(root, 'src/RULES.md'), 'utf8').matchAll(/^- \*\*([A-Z]{2}\d+)\*\*/gm)].map(
  (match) => match[1],
);

/** @type {Map<string, string[]>} */
const tests = new Map(rules.map((rule) => [rule, []]));
const unknown = [];
for (const file of readdirSync(join(root, 'tests'), { recursive: true })) {
  if (!/\.(ts|json)$/.test(file)) continue;
  const text = readFileSync(join(root, 'tests', file), 'utf8');
  // Titles are string literals that end with the numbers: '… [US4]', "… [US4, SA2]", `… [US4] [SA2]`.
  for (const [, title, numbers] of text.matchAll(
    /['"`]([^'"`\n]*?)((?:\s*\[[A-Z]{2}\d+(?:[, ]+[A-Z]{2}\d+)*\])+)['"`]/g,
  )) {
    for (const [rule] of numbers.matchAll(/[A-Z]{2}\d+/g)) {
      const list = tests.get(rule);
      if (list === undefined) unknown.push(`${rule} in ${file}`);
      else list.push(`${file}: ${title}`);
    }
  }
}

const isVerbose = process.argv.includes('--list');
for (const [rule, titles] of tests) {
  console.log(`${rule.padEnd(5)} ${String(titles.length).padStart(4)} ${titles.length === 1 ? 'test' : 'tests'}`);
  if (isVerbose) for (const title of titles) console.log(`        ${title}`);
}
const untested = [...tests].filter(([, titles]) => titles.length === 0).map(([rule]) => rule);
if (untested.length > 0) console.error(`Rules without a test: ${untested.join(', ')}`);
if (unknown.length > 0) console.error(`Tests that name no rule of src/RULES.md: ${unknown.join('; ')}`);
process.exitCode = untested.length + unknown.length > 0 ? 1 : 0;
