#!/usr/bin/env node
// Asks the registry for advisories about what the bridge runs with, and says which of four things it found:
//   exit 0  the registry knows of nothing high or critical
//   exit 1  it knows of something high or critical
//   exit 2  this registry offers no advisories: nothing was checked
//   exit 3  the registry could not be asked: nothing was checked
// CI fails on 1 alone: an advisory is a fact about this code, whereas a registry that is away or offers none says nothing of it.
import { spawnSync } from 'node:child_process';
import { root } from './runtime.mjs';

const LEVELS = ['critical', 'high', 'moderate', 'low', 'info'];
const NOT_OFFERED = new Set([400, 404, 405, 410, 501]);

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--package-lock-only', '--json', '--fetch-retries=0'], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
  timeout: 60_000,
});
const report = parsed(stdout);

if (report?.vulnerabilities !== undefined) tell(Object.values(report.vulnerabilities));
else if (NOT_OFFERED.has(report?.statusCode)) {
  console.error(
    `NOT CHECKED: this registry offers no advisories (status ${report.statusCode}). Run it where it does: npm run audit:advisories`,
  );
  process.exitCode = 2;
} else {
  console.error(
    `NOT CHECKED: the registry could not be asked${report?.statusCode === undefined ? '' : ` (status ${report.statusCode})`}. Try again later.`,
  );
  process.exitCode = 3;
}

function tell(packages) {
  const sorted = packages.sort((a, b) => LEVELS.indexOf(a.severity) - LEVELS.indexOf(b.severity));
  for (const { name, severity, range, via, fixAvailable } of sorted) {
    const titles = via.map((cause) => (typeof cause === 'string' ? `through ${cause}` : `${cause.title} ${cause.url}`));
    const fix = fixAvailable === false ? 'no release without it' : 'a release without it exists';
    console.log(`${severity}: ${name} ${range}: ${titles.join('; ')} (${fix})`);
  }
  const serious = sorted.filter(({ severity }) => severity === 'critical' || severity === 'high').length;
  console.log(
    `Advisories about what the bridge runs with: ${sorted.length}, of which high or critical: ${serious}.${serious > 0 ? ' Update or replace those packages.' : ''}`,
  );
  process.exitCode = serious > 0 ? 1 : 0;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
