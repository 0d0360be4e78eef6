import type { DirectoryIndex, ListedGroup, ListedPerson } from '../provisioning/indexRecords.js';
import { toGroupLink } from './groups.js';
import { ofCurrentGeneration, toIndexedGroup } from './indexTables.js';
import { toPersonLink } from './people.js';
import { type Handle, inOneView, type ResourceKind } from './schema.js';

type Lists = Pick<
  DirectoryIndex,
  'listPeople' | 'countPeople' | 'findListed' | 'listGroups' | 'countGroups' | 'findListedGroup'
>;

/**
 * Links and index as one list each, in the order of places. A page is found by walking places and looking each up in
 * its tables' indexes; only what is on the page is then read.
 */
export function lists(db: Handle): Lists {
  return {
    listPeople: (caller, { offset, limit }) =>
      inOneView(db, async (trx) => {
        const places = await listedPeople(trx)
          .select(['places.id', 'places.first_seen_at'])
          .orderBy('places.place')
          .limit(limit)
          .offset(offset)
          .execute();
        return readPeople(trx, caller, places);
      }),
    async countPeople() {
      const { rows } = await listedPeople(db)
        .select((eb) => eb.fn.countAll<number | string>().as('rows'))
        .executeTakeFirstOrThrow();
      return Number(rows);
    },
    findListed: (id, caller) =>
      inOneView(db, async (trx) => {
        const places = await listedPeople(trx)
          .select(['places.id', 'places.first_seen_at'])
          .where('places.id', '=', id)
          .execute();
        return (await readPeople(trx, caller, places))[0];
      }),
    listGroups: (caller, { offset, limit }) =>
      inOneView(db, async (trx) => {
        const places = await listedGroups(trx)
          .select(['places.id', 'places.first_seen_at'])
          .orderBy('places.place')
          .limit(limit)
          .offset(offset)
          .execute();
        return readGroups(trx, caller, places);
      }),
    async countGroups() {
      const { rows } = await listedGroups(db)
        .select((eb) => eb.fn.countAll<number | string>().as('rows'))
        .executeTakeFirstOrThrow();
      return Number(rows);
    },
    findListedGroup: (id, caller) =>
      inOneView(db, async (trx) => {
        const places = await listedGroups(trx)
          .select(['places.id', 'places.first_seen_at'])
          .where('places.id', '=', id)
          .execute();
        return (await readGroups(trx, caller, places))[0];
      }),
  };
}

interface Place {
  readonly id: string;
  readonly first_seen_at: string;
}

/** Every link, and every person of the index with access whose account is not linked. */
function listedPeople(db: Handle) {
  return db
    .selectFrom('places')
    .where('places.resource', '=', 'person')
    .where((eb) =>
      eb.or([
        eb.exists(
          eb.selectFrom('person_links').select('person_links.id').whereRef('person_links.id', '=', 'places.id'),
        ),
        eb.and([
          eb.exists(
            eb
              .selectFrom('index_memberships')
              .select('index_memberships.group_id')
              .where('index_memberships.generation', '=', ofCurrentGeneration(db))
              .whereRef('index_memberships.account_id', '=', 'places.id'),
          ),
          eb.exists(
            eb
              .selectFrom('index_people')
              .select('index_people.account_id')
              .where('index_people.generation', '=', ofCurrentGeneration(db))
              .whereRef('index_people.account_id', '=', 'places.id')
              .where('index_people.kind', '=', 'atlassian'),
          ),
          eb.not(
            eb.exists(
              eb
                .selectFrom('person_links')
                .select('person_links.id')
                .whereRef('person_links.account_id', '=', 'places.id'),
            ),
          ),
        ]),
      ]),
    );
}

/** Groups of links and index, without those that were released or deleted. */
function listedGroups(db: Handle) {
  return db
    .selectFrom('places')
    .leftJoin('group_links', 'group_links.id', 'places.id')
    .leftJoin('index_groups', 'index_groups.id', 'places.id')
    .where('places.resource', '=', 'group')
    .where((eb) =>
      eb.or([
        eb('group_links.is_released', '=', 0),
        eb.and([eb('group_links.id', 'is', null), eb('index_groups.id', 'is not', null)]),
      ]),
    )
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('tombstones')
            .select('tombstones.id')
            .whereRef('tombstones.id', '=', 'places.id')
            .where('tombstones.resource', '=', 'group'),
        ),
      ),
    );
}

async function readPeople(db: Handle, caller: string, places: readonly Place[]): Promise<readonly ListedPerson[]> {
  if (places.length === 0) return [];
  const ids = places.map(({ id }) => id);
  const rows = await db.selectFrom('person_links').selectAll().where('id', 'in', ids).execute();
  const links = new Map(rows.map((row) => [row.id, toPersonLink(row)]));
  const externalIds = await externalIdsOn(db, 'person', caller, ids);
  const accountOf = (id: string) => {
    const link = links.get(id);
    return link === undefined ? id : link.accountId;
  };
  const memberships = await db
    .selectFrom('index_memberships')
    .select('account_id')
    .distinct()
    .where('generation', '=', ofCurrentGeneration(db))
    .where(
      'account_id',
      'in',
      ids.map((id) => accountOf(id)).filter((accountId) => accountId !== undefined),
    )
    .execute();
  const withAccess = new Set(memberships.map(({ account_id }) => account_id));
  return places.map(({ id, first_seen_at: firstSeenAt }) => {
    const accountId = accountOf(id);
    return {
      id,
      accountId,
      link: links.get(id),
      externalId: externalIds.get(id),
      hasAccess: accountId !== undefined && withAccess.has(accountId),
      firstSeenAt,
    };
  });
}

async function readGroups(db: Handle, caller: string, places: readonly Place[]): Promise<readonly ListedGroup[]> {
  if (places.length === 0) return [];
  const ids = places.map(({ id }) => id);
  const linkRows = await db.selectFrom('group_links').selectAll().where('id', 'in', ids).execute();
  const groupRows = await db.selectFrom('index_groups').selectAll().where('id', 'in', ids).execute();
  const links = new Map(linkRows.map((row) => [row.id, toGroupLink(row)]));
  const groups = new Map(groupRows.map((row) => [row.id, row]));
  const externalIds = await externalIdsOn(db, 'group', caller, ids);
  return places.map(({ id, first_seen_at }) => {
    const group = groups.get(id);
    return {
      id,
      group: group === undefined ? undefined : toIndexedGroup({ ...group, first_seen_at }),
      link: links.get(id),
      externalId: externalIds.get(id),
      firstSeenAt: first_seen_at,
    };
  });
}

async function externalIdsOn(
  db: Handle,
  resource: ResourceKind,
  caller: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .selectFrom('external_ids')
    .select(['resource_id', 'external_id'])
    .where('resource', '=', resource)
    .where('caller', '=', caller)
    .where('resource_id', 'in', ids)
    .execute();
  return new Map(rows.map((row) => [row.resource_id, row.external_id]));
}
