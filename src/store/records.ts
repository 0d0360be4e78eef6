import type { Records } from '../provisioning/store.js';
import type { KeyedHash } from './addresses.js';
import { auditRecords } from './audit.js';
import { brakeRecords } from './brake.js';
import { directoryIndex } from './directoryIndex.js';
import { groupIdRecords } from './groupIds.js';
import { groupRecords } from './groups.js';
import { holdRecords } from './holds.js';
import { intentRecords } from './intents.js';
import { instanceRecords } from './instances.js';
import { membershipOwners } from './membershipOwners.js';
import { pauseRecords } from './pauses.js';
import { personRecords } from './people.js';
import { planRecords } from './plan.js';
import type { Handle } from './schema.js';
import { roleRecords } from './roles.js';
import { seatRecords } from './seats.js';
import { tombstoneRecords } from './tombstones.js';
import { ownWriteRecords } from './writes.js';

/** Every kind of record over one handle: the database, or a transaction on it. */
export function recordsOf(db: Handle, hash: KeyedHash): Records {
  return {
    people: personRecords(db, hash),
    holds: holdRecords(db),
    groups: groupRecords(db),
    membershipOwners: membershipOwners(db),
    writes: ownWriteRecords(db),
    tombstones: tombstoneRecords(db, hash),
    intents: intentRecords(db),
    index: directoryIndex(db, hash),
    audit: auditRecords(db),
    brake: brakeRecords(db),
    roles: roleRecords(db),
    seats: seatRecords(db),
    plan: planRecords(db),
    groupIds: groupIdRecords(db),
    pauses: pauseRecords(db, hash),
    instances: instanceRecords(db),
  };
}
