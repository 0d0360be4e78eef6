import type { Expression } from 'kysely';
import type { IndexedGroup, IndexedPerson } from '../provisioning/indexRecords.js';
import type { Handle, IndexGroupRow } from './schema.js';

/** The generation that is read; undefined before the first committed scan. */
export async function currentGeneration(db: Handle): Promise<number | undefined> {
  const state = await db.selectFrom('index_state').select('current_generation').executeTakeFirstOrThrow();
  return state.current_generation ?? undefined;
}

/** The same inside a statement, so that one statement sees one generation. */
export function ofCurrentGeneration(db: Handle): Expression<number | null> {
  return db.selectFrom('index_state').select('current_generation').$asScalar();
}

export async function isGrantingGroup(db: Handle, groupId: string): Promise<boolean> {
  const group = await db
    .selectFrom('index_groups')
    .select('id')
    .where('id', '=', groupId)
    .where('access_types', '<>', '')
    .executeTakeFirst();
  return group !== undefined;
}

/** People (no apps or customers) who are in a granting group. */
export function peopleWithin(db: Handle) {
  return db
    .selectFrom('index_people')
    .where('index_people.generation', '=', ofCurrentGeneration(db))
    .where('index_people.kind', '=', 'atlassian')
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('index_memberships')
          .select('index_memberships.group_id')
          .whereRef('index_memberships.generation', '=', 'index_people.generation')
          .whereRef('index_memberships.account_id', '=', 'index_people.account_id'),
      ),
    );
}

export function countPeople(db: Handle) {
  return peopleWithin(db).select((eb) => eb.fn.countAll<number | string>().as('people'));
}

export function toGroupRow(group: Omit<IndexedGroup, 'firstSeenAt'>, putAtMs: number | null): IndexGroupRow {
  return {
    id: group.id,
    name: group.name,
    usage_type: group.usageType ?? null,
    managed_by: group.managedBy ?? null,
    access_types: group.accessTypes.join(','),
    put_at_ms: putAtMs,
  };
}

export function toIndexedGroup(row: Omit<IndexGroupRow, 'put_at_ms'> & { first_seen_at: string }): IndexedGroup {
  return {
    id: row.id,
    name: row.name,
    usageType: row.usage_type ?? undefined,
    managedBy: row.managed_by ?? undefined,
    accessTypes:
      row.access_types === '' ? [] : (row.access_types.split(',') as readonly string[] as IndexedGroup['accessTypes']),
    firstSeenAt: row.first_seen_at,
  };
}

/** One row per membership (or one without, for a person in no group), ordered by account, as people. */
export function toIndexedPeople(
  rows: readonly { account_id: string; kind: string; group_id: string | null }[],
): readonly IndexedPerson[] {
  const people = new Map<string, { accountId: string; kind: IndexedPerson['kind']; grantingGroupIds: string[] }>();
  for (const { account_id: accountId, kind, group_id: groupId } of rows) {
    const person = people.get(accountId) ?? {
      accountId,
      kind: kind as IndexedPerson['kind'],
      grantingGroupIds: [],
    };
    if (groupId !== null) person.grantingGroupIds.push(groupId);
    people.set(accountId, person);
  }
  return [...people.values()];
}
