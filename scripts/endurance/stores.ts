import { type CreateDatabase, createSqlite } from './databases.js';
import { UsageError } from './options.js';
import { createPostgres, postgresUrl } from './postgres.js';

/** Runs `work` with what makes databases of these kinds. @throws UsageError where there is no PostgreSQL to use */
export async function withStores<T>(
  names: readonly ('sqlite' | 'postgres')[],
  work: (stores: ReadonlyMap<string, CreateDatabase>) => Promise<T>,
): Promise<T> {
  const stores = new Map<string, CreateDatabase>();
  for (const name of names) stores.set(name, name === 'sqlite' ? createSqlite : createPostgres(requiredUrl()));
  return work(stores);
}

function requiredUrl(): string {
  const url = postgresUrl();
  if (url !== undefined) return url;
  throw new UsageError('TEST_DATABASE_URL names no PostgreSQL. Set it to the URL of a user who may make databases.');
}
