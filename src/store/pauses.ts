import { BELIEVED_MS, type PauseReason, type PauseRecords } from '../provisioning/pauseRecords.js';
import type { KeyedHash } from './addresses.js';
import type { Handle } from './schema.js';

/** Until when the credentials pause. What names a credential may hold an address, so that a hash stands for it. */
export function pauseRecords(db: Handle, hash: KeyedHash): PauseRecords {
  return {
    async find(credential) {
      const row = await db
        .selectFrom('credential_pauses')
        .select(['until_ms', 'reason'])
        .where('credential', '=', hash(credential))
        .executeTakeFirst();
      return row === undefined ? undefined : { untilMs: row.until_ms, reason: row.reason as PauseReason };
    },
    /** One statement, so that of two processes neither shortens what the other was told. */
    async extend(credential, { untilMs, reason }) {
      const pause = { until_ms: untilMs, reason };
      await db
        .insertInto('credential_pauses')
        .values({ credential: hash(credential), ...pause })
        .onConflict((conflict) =>
          conflict
            .column('credential')
            .doUpdateSet(pause)
            .where((eb) =>
              eb.or([
                eb('credential_pauses.until_ms', '<', untilMs),
                eb('credential_pauses.until_ms', '>', untilMs + BELIEVED_MS),
              ]),
            ),
        )
        .execute();
    },
  };
}
