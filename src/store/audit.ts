import type { Selectable } from 'kysely';
import type { AuditLine, AuditRecords } from '../provisioning/store.js';
import type { AuditRow, Handle } from './schema.js';

/** An `UpstreamCall` in JSON, which leaves an undefined status out. */
interface StoredCall {
  readonly operation: string;
  readonly status?: number;
  readonly durationMs: number;
}

/** The append-only trail of every attempt to change access. Listed newest first. */
export function auditRecords(db: Handle): AuditRecords {
  return {
    async append(line) {
      await db
        .insertInto('audit')
        .values({
          at: line.at,
          caller: line.caller,
          request_id: line.requestId,
          event: line.event,
          subject: line.subject,
          object: line.object ?? null,
          decision: line.decision,
          result: line.result,
          upstream: JSON.stringify(line.upstream),
          note: line.note ?? null,
        })
        .execute();
    },
    async list({ sinceIso, subject, limit }) {
      let lines = db.selectFrom('audit').selectAll().orderBy('line', 'desc').limit(limit);
      if (sinceIso !== undefined) lines = lines.where('at', '>=', sinceIso);
      if (subject !== undefined) lines = lines.where('subject', '=', subject);
      return (await lines.execute()).map(toAuditLine);
    },
  };
}

function toAuditLine(row: Selectable<AuditRow>): AuditLine {
  return {
    at: row.at,
    caller: row.caller,
    requestId: row.request_id,
    event: row.event,
    subject: row.subject,
    object: row.object ?? undefined,
    decision: row.decision,
    result: row.result as AuditLine['result'],
    upstream: (JSON.parse(row.upstream) as readonly StoredCall[]).map((call) => ({ ...call, status: call.status })),
    note: row.note ?? undefined,
  };
}
