import type { Call, UpstreamCall } from './call.js';
import type { Dependencies } from './dependencies.js';
import type { AuditLine } from './auditRecords.js';
import type { Records } from './store.js';

/** What an audit line says beyond who asked and when. */
export interface AuditEntry {
  readonly event: string;
  readonly subject: string;
  readonly object?: string;
  readonly decision: string;
  readonly result: AuditLine['result'];
  /** The upstream calls that belong to it; default all of the request so far. */
  readonly upstream?: readonly UpstreamCall[];
  /** Without personal data. */
  readonly note?: string;
}

/** Appends one line to the audit (rule SA10), inside the transaction of the change it tells of where there is one. */
export async function audit(
  records: Records,
  deps: Pick<Dependencies, 'clock'>,
  call: Call,
  entry: AuditEntry,
): Promise<void> {
  await records.audit.append({
    at: new Date(deps.clock.now()).toISOString(),
    caller: call.caller,
    requestId: call.requestId,
    event: entry.event,
    subject: entry.subject,
    object: entry.object,
    decision: entry.decision,
    result: entry.result,
    upstream: entry.upstream ?? [...call.upstream],
    note: entry.note,
  });
}
