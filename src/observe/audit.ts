import type { AuditRecords } from '../provisioning/auditRecords.js';
import type { Records, Store } from '../provisioning/store.js';

const PLANNED_NOTE = 'MODE=observe: planned, and not sent to Confluence.';

/** What decides about a planned write that is carried out. */
export const APPLY = 'plan apply';

/** The store of a bridge that observes: whatever the domain notes as done is audited as planned. */
export function auditingAsPlanned(store: Store): Store {
  return {
    ...store,
    audit: asPlanned(store.audit),
    transaction: (work) =>
      store.transaction((records: Records) => work({ ...records, audit: asPlanned(records.audit) })),
  };
}

function asPlanned(audit: AuditRecords): AuditRecords {
  return {
    ...audit,
    append: (line) =>
      audit.append(
        line.result === 'done'
          ? { ...line, result: 'planned', note: [line.note, PLANNED_NOTE].filter(Boolean).join(' ') }
          : line,
      ),
  };
}
