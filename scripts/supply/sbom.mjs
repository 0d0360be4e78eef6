#!/usr/bin/env node
// Prints the software bill of materials of the bridge: CycloneDX 1.5, one component for each package that it may run with.
// The same lock file and npm give the same document, so that two of them can be compared.
//   npm run --silent sbom > sbom.json
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readJson, root, runtimePackages } from './runtime.mjs';

// npm's own `--omit dev` also leaves out what a development dependency needs, too: a third of the packages.
const all = JSON.parse(
  execFileSync('npm', ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  }),
);

const { name, version } = readJson('package.json');
const own = `${name}@${version}`;
const runtime = new Set(runtimePackages().map((entry) => `${entry.name}@${entry.version}`));
const components = all.components.filter((component) => runtime.has(component['bom-ref']));
const missing = [...runtime].filter((ref) => !components.some((component) => component['bom-ref'] === ref));
if (missing.length > 0) throw new Error(`npm sbom leaves out ${missing.join(', ')}; its document cannot be used.`);

const dependencies = all.dependencies
  .filter(({ ref }) => ref === own || runtime.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((needed) => runtime.has(needed)) }));
const { timestamp: _now, ...metadata } = all.metadata;
const document = {
  ...all,
  // A random number and the time of day would make every document another one.
  serialNumber: `urn:uuid:${uuidOf(JSON.stringify([own, components, dependencies]))}`,
  // npm calls the project like the folder that it lies in.
  metadata: { ...metadata, component: { ...metadata.component, name } },
  components,
  dependencies,
};
console.log(JSON.stringify(document, null, 2));

/** A UUID of version 8 (RFC 9562): ours to define, here by what it names. */
function uuidOf(text) {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = ((Number.parseInt(hex[16], 16) & 0b11) | 0b1000).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-');
}
