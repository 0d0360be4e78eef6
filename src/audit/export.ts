import type { AuditRecords } from '../provisioning/auditRecords.js';
import type { AuditFormat } from './formats.js';

/** Lines read and written at once: what the export holds in memory, however long the audit is. */
const PAGE_SIZE = 500;

/**
 * The audit as text, piece by piece, in the order in which it was written. It holds ids and no personal data, since the
 * audit holds none (rule SA10).
 *
 * @param sinceIso everything when undefined
 */
export async function* exportAudit(
  audit: Pick<AuditRecords, 'pages'>,
  format: AuditFormat,
  sinceIso: string | undefined,
): AsyncGenerator<string> {
  if (format.head !== '') yield format.head;
  const pages = audit.pages({ pageSize: PAGE_SIZE, ...(sinceIso === undefined ? {} : { sinceIso }) });
  for await (const lines of pages) yield lines.map(format.toText).join('');
}
