#!/usr/bin/env node
// Lists the licences of what the bridge installs to run, and fails where one is not known to allow that.
//   npm run licences               prints the table
//   npm run licences -- --write    writes it to LICENCES.md
//   npm run licences -- --check    also fails when LICENCES.md says something else (part of `npm run lint`)
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runtimePackages } from './runtime.mjs';

/** SPDX identifiers that ask for no more than their text beside copies. Another one is for people to read first. */
const ALLOWED = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT']);
const FILE = join(root, 'LICENCES.md');

const packages = runtimePackages();
const counts = new Map();
for (const { licence = 'not stated' } of packages) counts.set(licence, (counts.get(licence) ?? 0) + 1);
const document = [
  '# Licences of what the bridge runs with',
  '',
  'Everything that `npm ci --omit=dev` may install, of which `@libsql/…` is one build for each platform. Each package brings the text of its',
  'licence. Written by `npm run licences -- --write`; `npm run lint` compares.',
  '',
  [...counts].map(([licence, count]) => `${licence}: ${count}`).join(', '),
  '',
  '| package | version | licence |',
  '| --- | --- | --- |',
  ...packages.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence ?? 'not stated'} |`),
  '',
].join('\n');

const refused = packages.filter(({ licence }) => !ALLOWED.has(licence));
if (process.argv.includes('--write')) writeFileSync(FILE, document);
else if (!process.argv.includes('--check')) console.log(document);
else if (!existsSync(FILE) || readFileSync(FILE, 'utf8') !== document) {
  console.error('LICENCES.md is not what package-lock.json says. Write it anew: npm run licences -- --write');
  process.exitCode = 1;
}
for (const { name, version, licence } of refused) {
  console.error(
    `${name} ${version} has the licence "${licence ?? 'not stated'}", which nobody has allowed. Read it; then add it to scripts/supply/licences.mjs, or take another package.`,
  );
  process.exitCode = 1;
}
