import type { Selectable } from 'kysely';
import type { AuditLine, AuditRecords, LastMembershipWrite } from '../provisioning/auditRecords.js';
import type { AuditRow, Handle } from './schema.js';

/** An `UpstreamCall` in JSON, which leaves an undefined status out. */
interface StoredCall {
  readonly operation: string;
  readonly status?: number;
  readonly durationMs: number;
}

const MEMBER_ADDED = 'group.memberAdded';
const MEMBER_REMOVED = 'group.memberRemoved';

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
    async list({ sinceIso, subject, about, limit }) {
      let lines = db.selectFrom('audit').selectAll().orderBy('line', 'desc').limit(limit);
      if (sinceIso !== undefined) lines = lines.where('at', '>=', sinceIso);
      if (subject !== undefined) lines = lines.where('subject', '=', subject);
      if (about !== undefined)
        lines = lines.where((eb) => eb.or([eb('subject', 'in', about), eb('object', 'in', about)]));
      return (await lines.execute()).map(toAuditLine);
    },
    async *pages({ sinceIso = '', pageSize }) {
      const { last } = await db
        .selectFrom('audit')
        .select((eb) => eb.fn.max<number | null>('line').as('last'))
        .executeTakeFirstOrThrow();
      for (let after = 0; ;) {
        const rows = await db
          .selectFrom('audit')
          .selectAll()
          .where('line', '>', after)
          .where('line', '<=', last ?? 0)
          .where('at', '>=', sinceIso)
          .orderBy('line')
          .limit(pageSize)
          .execute();
        const lines = rows.map((row) => ({ line: row.line, ...toAuditLine(row) }));
        if (lines.length > 0) yield lines;
        const read = lines.at(-1);
        if (read === undefined || lines.length < pageSize) return;
        after = read.line;
      }
    },
    async lastMembershipWrites(of) {
      let latest = latestMembershipLines(db);
      if ('personIds' in of) latest = latest.where('subject', 'in', of.personIds);
      if (of.groupId !== undefined) latest = latest.where('object', '=', of.groupId);
      const rows = await db.selectFrom('audit').selectAll().where('line', 'in', latest).orderBy('line').execute();
      return rows.map(toMembershipWrite);
    },
    async pageOfMembershipWrites(groupId, { afterPersonId, limit }) {
      const latest = latestMembershipLines(db)
        .where('object', '=', groupId)
        .where('subject', '>', afterPersonId)
        .orderBy('subject')
        .limit(limit);
      const rows = await db.selectFrom('audit').selectAll().where('line', 'in', latest).orderBy('subject').execute();
      return rows.map(toMembershipWrite);
    },
  };
}

/** Numbers of the lines that tell the last confirmed write to each membership. */
function latestMembershipLines(db: Handle) {
  return db
    .selectFrom('audit')
    .select((eb) => eb.fn.max('line').as('line'))
    .where('event', 'in', [MEMBER_ADDED, MEMBER_REMOVED])
    .where('result', '=', 'done')
    .where('object', 'is not', null)
    .groupBy(['subject', 'object']);
}

function toMembershipWrite({ subject, object, event, at, caller }: Selectable<AuditRow>): LastMembershipWrite {
  return { personId: subject, groupId: object ?? '', isMember: event === MEMBER_ADDED, at, caller };
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
