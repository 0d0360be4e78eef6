import type { UpstreamCall } from '../provisioning/call.js';
import type { NumberedAuditLine } from '../provisioning/auditRecords.js';
import { printable, printableJson } from '../terminal.js';

/** How the audit is written out. */
export interface AuditFormat {
  /** What stands in front of the first line, also when there is none. */
  readonly head: string;
  readonly toText: (line: NumberedAuditLine) => string;
}

/** The columns, in this order in every release; new ones would come at the end. */
const COLUMNS = [
  'line',
  'at',
  'caller',
  'requestId',
  'event',
  'subject',
  'object',
  'decision',
  'result',
  'upstream',
  'note',
] as const satisfies readonly (keyof NumberedAuditLine)[];

/** What spreadsheets take for the beginning of a formula, their full-width forms included. */
const FORMULA = /^\s*[=+\-@＝＋－＠]/u;

/** One JSON object a line; what there is none of is null. */
const jsonl: AuditFormat = {
  head: '',
  toText(line) {
    const upstream = line.upstream.map(({ operation, status, durationMs }) => ({
      operation,
      status: status ?? null,
      durationMs,
    }));
    const whole = { ...line, upstream };
    return `${printableJson(Object.fromEntries(COLUMNS.map((name) => [name, whole[name] ?? null])), 0)}\n`;
  },
};

/** RFC 4180: a line of names, CRLF, quotes doubled. Calls are `operation:status:milliseconds`, separated by spaces. */
const csv: AuditFormat = {
  head: toRow(COLUMNS),
  toText(line) {
    const texts = { ...line, line: String(line.line), upstream: line.upstream.map(toWord).join(' ') };
    return toRow(COLUMNS.map((name) => texts[name] ?? ''));
  },
};

export const AUDIT_FORMATS = { jsonl, csv } as const;

export type AuditFormatName = keyof typeof AUDIT_FORMATS;

function toWord({ operation, status, durationMs }: UpstreamCall): string {
  return `${operation}:${status === undefined ? 'none' : String(status)}:${String(durationMs)}`;
}

function toRow(cells: readonly string[]): string {
  return `${cells.map(toCell).join(',')}\r\n`;
}

/** An apostrophe in front makes a spreadsheet take the cell for text. */
function toCell(value: string): string {
  const text = printable(value);
  const cell = FORMULA.test(text) ? `'${text}` : text;
  return /[",'\s]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
