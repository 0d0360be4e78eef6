import type { Store } from '../provisioning/store.js';
import type { StoreOptions } from './assemble.js';
import { openPostgresStore } from './postgres.js';
import { isPostgresUrl } from './postgresUrl.js';
import { readRecords } from './reading.js';
import { openSqliteStore } from './sqlite.js';

/**
 * Opens the store that `DATABASE_URL` names, makes it where there is none, and brings its schema up to date.
 *
 * @throws Failure `misconfigured` for what the operator must cure; `unavailable` when the database cannot be used
 */
export function openStore(options: StoreOptions): Promise<Store> {
  return isPostgresUrl(options.url) ? openPostgresStore(options) : openSqliteStore(options);
}

/**
 * Opens a store that is there and of this release. For commands beside `serve`: typed in another folder, or with another
 * `DATABASE_URL`, they would make an empty database, and of another release `serve` itself may still be running.
 *
 * @throws Failure as `readRecords` and `openStore`
 */
export async function openExistingStore(options: StoreOptions): Promise<Store> {
  await readRecords(options.url, () => Promise.resolve());
  return openStore(options);
}
