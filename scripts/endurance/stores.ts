import { type CreateDatabase, createSqlite } from './databases.js';
import { UsageError } from './options.js';
import { createPostgres } from './postgres.js';
import { postgresPrograms, startPostgres } from './postgresServer.js';

/** The same as for the tests: the URL of a user who may make databases. */
const URL_VARIABLE = 'TEST_DATABASE_URL';

/**
 * Runs `work` with what makes databases of these kinds. PostgreSQL is the one that `TEST_DATABASE_URL` names, or one that
 * is started for this run.
 *
 * @throws UsageError where there is none
 */
export async function withStores<T>(
  names: readonly ('sqlite' | 'postgres')[],
  work: (stores: ReadonlyMap<string, CreateDatabase>) => Promise<T>,
): Promise<T> {
  const sqlite = names
    .filter((name) => name === 'sqlite')
    .map((name): [string, CreateDatabase] => [name, createSqlite]);
  if (!names.includes('postgres')) return work(new Map(sqlite));
  return withServer((url) => work(new Map([...sqlite, ['postgres', createPostgres(url)]])));
}

async function withServer<T>(work: (url: string) => Promise<T>): Promise<T> {
  const given = process.env[URL_VARIABLE];
  if (given !== undefined) return work(given);
  if (postgresPrograms() === undefined) {
    throw new UsageError(
      `There is no PostgreSQL here. Install Debian's package postgresql, or set ${URL_VARIABLE} to the URL of a user who may make databases.`,
    );
  }
  const server = await startPostgres();
  const endWithUs = (): void => server.kill();
  process.once('exit', endWithUs);
  try {
    return await work(server.url);
  } finally {
    process.off('exit', endWithUs);
    await server.remove();
  }
}
