import type { BrakeTrip } from '../provisioning/brakeRecords.js';
import { OWN_WRITE_MS } from '../provisioning/dependencies.js';
import type { LeaverLook } from '../provisioning/roleRecords.js';
import { brakeRecords } from './brake.js';
import { leaversWithAccess } from './leavers.js';
import { OPEN_STATES } from './plan.js';
import { lookInto } from './reading.js';
import { roleRecords } from './roles.js';
import type { Handle } from './schema.js';
import { seatRecords } from './seats.js';

/** What a store holds that its operator should look at. */
export type StoreGlance =
  /** There is no file, or there are no tables of ours. */
  | { readonly kind: 'absent' }
  /** Of another release: its tables may be others. */
  | { readonly kind: 'older' | 'newer' }
  | {
      readonly kind: 'read';
      /** Groups whose recorded name is not the one in Confluence, by name. */
      readonly renamed: readonly { readonly displayName: string; readonly confluenceName: string }[];
      /** Ids of people who lost their externalId to another record of its caller and are still active (rule ID6). */
      readonly superseded: readonly string[];
      /** ISO times at which people were invited who have no account yet, the oldest first. */
      readonly invitedAt: readonly string[];
      /** The mass-removal brake: until when it is released, and every counter that refused something (rule SA11). */
      readonly brake: { readonly releasedUntilMs: number; readonly trips: readonly BrakeTrip[] };
      /** Callers that own people or groups, by name (rule SA12). */
      readonly owners: readonly string[];
      /** People who left whose roles on the site are open: they have some, or it could not be looked (rule SA16). */
      readonly leavers: readonly LeaverLook[];
      /** People with access or a pending invitation (rule US14); undefined before the first scan. */
      readonly seatsUsed: number | undefined;
      /** How many writes observe mode planned, and are neither carried out nor obsolete (rule SA14). */
      readonly planned: number;
      /** How many things write tests made and have not taken away: one may be running. */
      readonly writeTests: number;
      /** How many people recorded inactive the last scan found with access (rule SA9). */
      readonly leaversWithAccess: number;
    };

/**
 * Looks into a store without making, migrating or changing it, also while a bridge serves it.
 *
 * @param url as for `openStore`; a store in memory has nothing to show
 * @throws Failure as `lookInto`
 */
export async function glanceAtStore(url: string): Promise<StoreGlance> {
  const looked = await lookInto(url, readGlance);
  return looked.kind === 'read' ? { kind: 'read', ...looked.value } : looked;
}

async function readGlance(db: Handle) {
  const renamed = await db
    .selectFrom('group_links')
    .select(['display_name as displayName', 'confluence_name as confluenceName'])
    .whereRef('display_name', '<>', 'confluence_name')
    .where('is_released', '=', 0)
    .orderBy('display_name')
    .execute();
  const superseded = await db
    .selectFrom('audit')
    .innerJoin('person_links', 'person_links.id', 'audit.subject')
    .select('audit.subject as id')
    .distinct()
    .where('audit.event', '=', 'user.superseded')
    .where('person_links.wanted', '=', 'active')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('external_ids')
            .select('external_ids.external_id')
            .where('external_ids.resource', '=', 'person')
            .whereRef('external_ids.resource_id', '=', 'audit.subject')
            .whereRef('external_ids.caller', '=', 'audit.caller'),
        ),
      ),
    )
    .orderBy('audit.subject')
    .execute();
  const invited = await db
    .selectFrom('person_links')
    .select((eb) => eb.fn.coalesce('invited_at', 'created_at').as('at'))
    .where('account_id', 'is', null)
    // Nobody is invited by a plan.
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('plan_entries')
            .select('plan_entries.number')
            .where('plan_entries.state', 'in', OPEN_STATES)
            .where('plan_entries.account_id', 'is', null)
            .whereRef('plan_entries.address', '=', 'person_links.address'),
        ),
      ),
    )
    .orderBy('at')
    .execute();
  const brake = brakeRecords(db);
  // An account that is to be made for an address is obsolete when nobody with that address waits for it.
  const planned = await db
    .selectFrom('plan_entries')
    .select((eb) => eb.fn.countAll<number | bigint>().as('count'))
    .where('state', 'in', OPEN_STATES)
    .where((eb) =>
      eb.or([
        eb('account_id', 'is not', null),
        eb('address', 'is', null),
        eb.exists(
          eb
            .selectFrom('person_links')
            .select('person_links.id')
            .whereRef('person_links.address', '=', 'plan_entries.address')
            .where('person_links.account_id', 'is', null)
            .where('person_links.wanted', '=', 'active'),
        ),
      ]),
    )
    .executeTakeFirstOrThrow();
  const writeTests = await db
    .selectFrom('intents')
    .select((eb) => eb.fn.countAll<number | bigint>().as('count'))
    .where('kind', 'in', ['writeTest', 'writeTestPerson'])
    .executeTakeFirstOrThrow();
  const owners = await db
    .selectFrom('person_links')
    .select('owner')
    .union(db.selectFrom('group_links').select('owner').where('is_released', '=', 0))
    .execute();
  const { scanned_at_ms: scannedAtMs } = await db
    .selectFrom('index_state')
    .select('scanned_at_ms')
    .executeTakeFirstOrThrow();
  return {
    renamed,
    superseded: superseded.map(({ id }) => id),
    invitedAt: invited.map(({ at }) => at),
    brake: { releasedUntilMs: await brake.releasedUntilMs(), trips: await brake.trips(0) },
    owners: owners.flatMap(({ owner }) => owner ?? []).sort(),
    leavers: await roleRecords(db).openLeavers(),
    // Without those who are just being given access.
    seatsUsed: scannedAtMs === null ? undefined : await seatRecords(db).count(Number.MAX_SAFE_INTEGER),
    planned: Number(planned.count),
    writeTests: Number(writeTests.count),
    leaversWithAccess: (await leaversWithAccess(db, (scannedAtMs ?? 0) - OWN_WRITE_MS)).length,
  };
}
