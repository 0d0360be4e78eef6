import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Folder of the project. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** @param {string} name of a file in the project's folder */
export const readJson = (name) => JSON.parse(readFileSync(new URL(name, `file://${root}`), 'utf8'));

/**
 * What `npm ci --omit=dev` may install, on whatever platform, by name and version.
 *
 * @returns {{ name: string, version: string, licence: string | undefined }[]}
 */
export function runtimePackages() {
  const found = new Map();
  for (const [path, entry] of Object.entries(readJson('package-lock.json').packages)) {
    if (path === '' || entry.dev === true) continue;
    const name = entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    // One package may lie in several folders.
    found.set(`${name}@${entry.version}`, { name, version: entry.version, licence: entry.license });
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
}
