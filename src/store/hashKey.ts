import { randomBytes } from 'node:crypto';
import { keyedHash, type KeyedHash } from './addresses.js';
import type { Handle } from './schema.js';

/** The hash whose key was made when the database was. */
export async function readHash(db: Handle): Promise<KeyedHash> {
  const { value } = await db
    .selectFrom('meta')
    .select('value')
    .where('name', '=', 'hash_key')
    .executeTakeFirstOrThrow();
  return keyedHash(Buffer.from(value, 'hex'));
}

/** The same, once the key is made where there is none. */
export async function ensureHash(db: Handle): Promise<KeyedHash> {
  await db
    .insertInto('meta')
    .values({ name: 'hash_key', value: randomBytes(32).toString('hex') })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return readHash(db);
}
