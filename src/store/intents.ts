import type { Intent, IntentRecords } from '../provisioning/store.js';
import type { Handle } from './schema.js';

/** What was begun upstream and may have lost its outcome. */
export function intentRecords(db: Handle): IntentRecords {
  return {
    async begin({ kind, key, caller, startedAt }) {
      await db
        .insertInto('intents')
        .values({ kind, intent_key: key, caller, started_at: startedAt, attempts: 1 })
        .onConflict((conflict) =>
          conflict.columns(['kind', 'intent_key']).doUpdateSet((eb) => ({
            attempts: eb(eb.ref('intents.attempts'), '+', 1),
          })),
        )
        .execute();
    },
    async find(kind, key) {
      const row = await db
        .selectFrom('intents')
        .selectAll()
        .where('kind', '=', kind)
        .where('intent_key', '=', key)
        .executeTakeFirst();
      return row === undefined ? undefined : toIntent(row);
    },
    async list(kind) {
      const rows = await db
        .selectFrom('intents')
        .selectAll()
        .where('kind', '=', kind)
        .orderBy('started_at')
        .orderBy('intent_key')
        .execute();
      return rows.map(toIntent);
    },
    async end(kind, key) {
      await db.deleteFrom('intents').where('kind', '=', kind).where('intent_key', '=', key).execute();
    },
    async prune(kind, beforeIso) {
      await db.deleteFrom('intents').where('kind', '=', kind).where('started_at', '<', beforeIso).execute();
    },
  };
}

function toIntent(row: {
  kind: string;
  intent_key: string;
  caller: string;
  started_at: string;
  attempts: number;
}): Intent {
  return {
    kind: row.kind as Intent['kind'],
    key: row.intent_key,
    caller: row.caller,
    startedAt: row.started_at,
    attempts: row.attempts,
  };
}
