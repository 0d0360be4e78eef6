import type { Store } from '../provisioning/store.js';
import type { StoreOptions } from './assemble.js';
import { openPostgresStore } from './postgres.js';
import { isPostgresUrl } from './postgresUrl.js';
import { openSqliteStore } from './sqlite.js';

/**
 * Opens the store that `DATABASE_URL` names, makes it where there is none, and brings its schema up to date.
 *
 * @throws Failure `misconfigured` for what the operator must cure; `unavailable` when the database cannot be used
 */
export function openStore(options: StoreOptions): Promise<Store> {
  return isPostgresUrl(options.url) ? openPostgresStore(options) : openSqliteStore(options);
}
