import type { Handle, ResourceKind } from './schema.js';

/** This caller's externalId of a person or group. */
export async function externalIdOf(
  db: Handle,
  resource: ResourceKind,
  id: string,
  caller: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('external_ids')
    .select('external_id')
    .where('resource', '=', resource)
    .where('resource_id', '=', id)
    .where('caller', '=', caller)
    .executeTakeFirst();
  return row?.external_id;
}

/** Sets, moves here from whatever record of the caller has it, or (undefined, '') removes. Needs a transaction. */
export async function putExternalId(
  db: Handle,
  resource: ResourceKind,
  id: string,
  caller: string,
  externalId: string | undefined,
): Promise<void> {
  await db
    .deleteFrom('external_ids')
    .where('resource', '=', resource)
    .where('caller', '=', caller)
    .where((eb) => eb.or([eb('resource_id', '=', id), eb('external_id', '=', externalId ?? '')]))
    .execute();
  if (externalId === undefined || externalId === '') return;
  await db.insertInto('external_ids').values({ resource, caller, external_id: externalId, resource_id: id }).execute();
}

/** All of a record's externalIds: caller to value. */
export async function externalIdsOf(
  db: Handle,
  resource: ResourceKind,
  id: string,
): Promise<readonly { caller: string; external_id: string }[]> {
  return db
    .selectFrom('external_ids')
    .select(['caller', 'external_id'])
    .where('resource', '=', resource)
    .where('resource_id', '=', id)
    .execute();
}

export async function dropExternalIds(db: Handle, resource: ResourceKind, id: string): Promise<void> {
  await db.deleteFrom('external_ids').where('resource', '=', resource).where('resource_id', '=', id).execute();
}
