import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { CreateDatabase, Database } from './databases.js';

/** Makes each database of its own on a server. @param url of a user who may make databases */
export function createPostgres(url: string): CreateDatabase {
  return async () => ({
    ...(await createEmptyDatabase(url)),
    file: undefined,
    // What the server itself finds damaged, it does not serve.
    damages: () => Promise.resolve([]),
  });
}

/** A new database without anything in it. @param url of a user who may make databases */
export async function createEmptyDatabase(url: string): Promise<Pick<Database, 'url' | 'drop'>> {
  const name = `bridge_${randomBytes(6).toString('hex')}`;
  await execute(url, `create database ${name} template template0 encoding 'UTF8'`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return { url: own.href, drop: () => execute(url, `drop database ${name} with (force)`) };
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
