#!/usr/bin/env node
// Measures the bridge on the sandbox of 6,000 people, in one process and one run. Machines differ: read the ratios to the
// bare Express answer of the same run, and the upstream calls, which do not depend on the machine.
import express from 'express';
import autocannon from 'autocannon';
import { startBridge } from '../dist/bridge.js';
import { systemClock } from '../dist/clock.js';
import { readConfig } from '../dist/config.js';
import { startSandbox } from '../dist/sandbox/server.js';
import { openStore } from '../dist/store/open.js';

const PEOPLE = 6_000;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 2);
const TOKEN = 'bench-secret-0123456789abcdef';
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

const people = Array.from({ length: PEOPLE }, (_, n) => ({
  email: `p${n}@example.com`,
  displayName: `Person ${n}`,
  access: true,
}));
const sandbox = await startSandbox({ seed: { people } });
const bare = express()
  .get('/', (_request, response) => response.json({ hello: 'world' }))
  .listen(0, '127.0.0.1');
const config = readConfig({
  ATLASSIAN_SITE_URL: sandbox.url,
  ATLASSIAN_API_URL: sandbox.url,
  ATLASSIAN_ADMIN_EMAIL: sandbox.credentials.adminEmail,
  ATLASSIAN_API_TOKEN: sandbox.credentials.apiToken,
  ATLASSIAN_ORG_ID: sandbox.credentials.orgId,
  ATLASSIAN_ORG_API_KEY: sandbox.credentials.orgApiKey,
  SCIM_TOKENS: `bench:${TOKEN}`,
  PORT: process.env.BENCH_PORT ?? '18080',
});
const store = await openStore({ url: ':memory:', clock: systemClock });
const bridge = await startBridge({ config, store, clock: systemClock, logger: quiet });
const app = await bridge.ready;
const call = () => ({
  requestId: 'bench',
  caller: 'bench',
  kind: 'scan',
  deadlineMs: Date.now() + 60_000,
  signal: new AbortController().signal,
  upstream: [],
});
const startedAt = performance.now();
await app.roster.ready(call());
const scanMs = performance.now() - startedAt;

const base = `${bridge.url}/scim/v2`;
const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/scim+json' };
const scim = async (method, path, body) => {
  const response = await fetch(`${base}${path}`, { method, headers, body: body && JSON.stringify(body) });
  return response.status === 204 ? {} : response.json();
};
const ada = await scim('POST', '/Users', {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  userName: 'ada@example.com',
});
const patch = (operation) =>
  JSON.stringify({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [operation] });

const cases = [
  ['GET /ServiceProviderConfig', { url: `${base}/ServiceProviderConfig` }],
  ['GET /Users/{id}', { url: `${base}/Users/${encodeURIComponent(ada.id)}` }],
  [
    'GET /Users?filter=userName eq',
    { url: `${base}/Users?filter=${encodeURIComponent('userName eq "ada@example.com"')}` },
  ],
  ['GET /Users, 200 of 6,000', { url: `${base}/Users?startIndex=2001&count=200`, connections: 4 }],
  ['GET /Groups', { url: `${base}/Groups?excludedAttributes=members` }],
  [
    'PATCH profile (501)',
    {
      url: `${base}/Users/${encodeURIComponent(ada.id)}`,
      method: 'PATCH',
      body: patch({ op: 'replace', path: 'title', value: 'x' }),
    },
  ],
  [
    'PATCH active:true, no change',
    {
      url: `${base}/Users/${encodeURIComponent(ada.id)}`,
      method: 'PATCH',
      body: patch({ op: 'replace', path: 'active', value: true }),
    },
  ],
];

const measure = (options) => autocannon({ connections: 10, duration: SECONDS, headers, ...options });
const baseline = (await measure({ url: `http://127.0.0.1:${bare.address().port}/` })).requests.average;
console.log(
  `bare Express answer: ${Math.round(baseline)} requests/s; first scan of ${PEOPLE} people: ${Math.round(scanMs)} ms\n`,
);
console.log(
  `${'request'.padEnd(32)} ${'requests/s'.padStart(10)} ${'ratio'.padStart(7)} ${'p50 ms'.padStart(7)} ${'p99 ms'.padStart(7)} ${'upstream'.padStart(9)}`,
);
for (const [title, options] of cases) {
  // What the last measurement cut off still ends.
  await new Promise((resolve) => setTimeout(resolve, 300));
  sandbox.takeCalls();
  await fetch(options.url, { headers, method: options.method ?? 'GET', body: options.body });
  const upstream = sandbox.takeCalls().length;
  const result = await measure(options);
  sandbox.takeCalls();
  const ratio = result.requests.average / baseline;
  console.log(
    `${title.padEnd(32)} ${String(Math.round(result.requests.average)).padStart(10)} ${ratio.toFixed(3).padStart(7)} ${String(result.latency.p50).padStart(7)} ${String(result.latency.p99).padStart(7)} ${String(upstream).padStart(9)}`,
  );
}
bare.close();
await bridge.close(1_000);
await sandbox.close();
