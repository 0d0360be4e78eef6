import type { Handle, ResourceKind } from './schema.js';

/**
 * Gives an id the next place in the lists of its kind, unless it has one: places are never given twice, so that nobody
 * ever changes places. Needs a transaction.
 */
export async function ensurePlace(db: Handle, resource: ResourceKind, id: string, firstSeenAt: string): Promise<void> {
  const known = await db
    .selectFrom('places')
    .select('place')
    .where('resource', '=', resource)
    .where('id', '=', id)
    .executeTakeFirst();
  if (known !== undefined) return;
  await db
    .insertInto('places')
    .values({ place: (await lastPlace(db)) + 1, resource, id, first_seen_at: firstSeenAt })
    .execute();
}

/** 0 before the first. */
export async function lastPlace(db: Handle): Promise<number> {
  const last = await db
    .selectFrom('places')
    .select((eb) => eb.fn.max('place').as('place'))
    .executeTakeFirst();
  return last?.place ?? 0;
}
