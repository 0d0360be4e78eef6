#!/usr/bin/env node
// Builds the bridge and runs its tests with other releases of Node, the processes that tests start included.
//   npm run test:node                     the tests of what a runtime can change, with each release of package.json beside this
//   npm run test:node -- 24               with one of them
//   npm run test:node -- --all 22 24      all tests
// The releases are npm packages, pinned by hash like everything else, and fetched into node_modules/.cache. Linux on x64 only.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What is Node's own work in the bridge, and the tests that show it. */
const OF_THE_RUNTIME = [
  'tests/atlassian', // HTTP as a client: sockets, timers, aborts, compressed and broken answers
  'tests/bridge.test.ts', // the start, with an Atlassian that comes up late
  'tests/clients/okta.test.ts', // one client's whole life, on every back end
  'tests/cli.test.ts', // arguments and exit codes
  'tests/connectionLimits.test.ts', // slow and idle connections, pipelined requests
  'tests/environment.test.ts', // .env and environment
  'tests/observability', // streams of the log, metrics
  'tests/rfc/http.test.ts', // HTTP as a server: methods, headers, media types, URLs
  'tests/sandbox/server.test.ts', // connections that are cut, answers that hang
  'tests/scim/filter.test.ts', // regular expressions and Unicode
  'tests/scim/hostile.test.ts', // prototypes, deep and huge JSON
  'tests/secretFiles.test.ts', // files, links and modes
  'tests/serve.test.ts', // processes and signals
  'tests/server.test.ts', // listening, keep-alive, closing
  'tests/shutdown.test.ts', // the end of a process
  'tests/store', // the native module, transactions, files and their modes, hashes
  'tests/terminal.test.ts', // terminals and pipes
  'tests/transport', // TLS, tunnels, headers
];

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = dirname(fileURLToPath(import.meta.url));
const releases = new Map(
  Object.entries(JSON.parse(readFileSync(join(here, 'package.json'), 'utf8')).dependencies).map(([name, version]) => [
    name.slice('node-'.length),
    version.slice(version.lastIndexOf('@') + 1),
  ]),
);
const asked = process.argv.slice(2).filter((argument) => argument !== '--all');
const isWhole = process.argv.includes('--all');
const unknown = asked.filter((major) => !releases.has(major));
if (unknown.length > 0)
  fail(64, `Not a release that is pinned: ${unknown.join(', ')}. There are ${[...releases.keys()].join(', ')}.`);
const gone = OF_THE_RUNTIME.filter((path) => !existsSync(join(root, path)));
if (gone.length > 0) fail(1, `No such tests: ${gone.join(', ')}. Correct the list in scripts/nodes/run.mjs.`);
if (process.platform !== 'linux' || process.arch !== 'x64')
  fail(1, 'The releases are there for Linux on x64. Elsewhere install one and run npm test with it.');

const cache = fetched();
run('npm', ['run', '--silent', 'build']);
for (const major of asked.length > 0 ? asked : releases.keys()) {
  const node = join(cache, 'node_modules', `node-${major}`, 'bin', 'node');
  const started = performance.now();
  console.log(`\n== Node ${releases.get(major)}: ${isWhole ? 'all tests' : 'tests of what a runtime can change'}`);
  run(node, [
    ...['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'],
    ...(isWhole ? [] : OF_THE_RUNTIME.map((path) => `^${join(root, path)}`)),
  ]);
  console.log(`== Node ${releases.get(major)}: passed in ${Math.round((performance.now() - started) / 1000)} s`);
}

/** The folder with the releases, which are fetched where it has not these yet. */
function fetched() {
  const folder = join(root, 'node_modules', '.cache', 'other-nodes');
  const isThere = ([major, version]) => {
    const manifest = join(folder, 'node_modules', `node-${major}`, 'package.json');
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version;
  };
  if ([...releases].every(isThere)) return folder;
  mkdirSync(folder, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(here, file), join(folder, file));
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder);
  return folder;
}

function run(command, args, cwd = root) {
  const path = `${dirname(command)}${delimiter}${process.env.PATH}`;
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit', env: { ...process.env, PATH: path } });
  if (status !== 0)
    fail(1, `Failed: ${[command, ...args].join(' ')}${error === undefined ? '' : ` (${error.message})`}`);
}

/** @returns {never} */
function fail(code, message) {
  console.error(message);
  process.exit(code);
}
