import { audit } from './auditing.js';
import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import type { Records } from './store.js';

/** An older, still active record that is about to lose its externalId to another is reported (rule ID6). */
export async function noteSuperseded(
  externalId: string,
  id: string,
  records: Records,
  deps: Dependencies,
  call: Call,
): Promise<void> {
  for (const older of await records.people.findByExternalId(call.caller, externalId)) {
    if (older.id === id || older.wanted !== 'active') continue;
    deps.log.warn('A record takes the externalId of another that is still active', { superseded: older.id, by: id });
    await audit(records, deps, call, {
      event: 'user.superseded',
      subject: older.id,
      object: id,
      decision: 'ID6',
      result: 'noted',
    });
  }
}
