import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../provisioning/failure.js';

/**
 * The absolute path of a SQLite `DATABASE_URL` (`file:./data/bridge.db`, `file:/var/lib/bridge.db`,
 * `file:///var/lib/bridge.db`); undefined for `:memory:`.
 *
 * @throws Failure `misconfigured` for anything else
 */
export function databasePath(url: string): string | undefined {
  if (url === ':memory:') return undefined;
  const path = url.startsWith('file:///') ? fileURLToPath(url) : /^file:(?!\/\/)(.+)$/s.exec(url)?.[1];
  if (path === undefined) {
    throw new Failure('misconfigured', 'DATABASE_URL is no SQLite file. Write it like file:./data/bridge.db.');
  }
  return resolve(path);
}
