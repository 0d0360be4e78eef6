import pg from 'pg';
import { atStart, fromPostgres } from './postgresErrors.js';
import { clientConfig } from './postgresPool.js';
import type { ProcessLock } from './serveLock.js';

/**
 * A lock of a session of PostgreSQL, which the server drops with the connection, and so with the process.
 *
 * @returns undefined when another process holds it
 * @throws Failure `misconfigured` when the server refuses us; `unavailable` when it cannot be reached
 */
export async function holdPostgresLock(url: string, name: string): Promise<ProcessLock | undefined> {
  const client = new pg.Client(clientConfig(url));
  // A connection that is lost takes the lock with it; what is done under the lock fails at its own connection.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ isHeld: boolean }>(
      `select pg_try_advisory_lock(hashtext('confluence-scim-bridge ' || $1), hashtext(current_schema())) as "isHeld"`,
      [name],
    );
    if (rows[0]?.isHeld === true) return { release: () => client.end() };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw atStart(fromPostgres(error));
  }
  await client.end();
  return undefined;
}
