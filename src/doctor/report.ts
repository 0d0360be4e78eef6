import type { Logger } from '../observability/log.js';
import type { Finding } from './check.js';

/** One line: status, question, what is the case, how sure that is, and what to do. */
export function toLine({ check, status, certainty, message, remedy }: Finding): string {
  const sure = certainty === undefined ? '' : ` [${certainty}]`;
  return `${status.padEnd(8)} ${check.padEnd(16)} ${message}${sure}${remedy === undefined ? '' : ` ${remedy}`}`;
}

/** For people: a line for each finding, and the sum. */
export function toText(findings: readonly Finding[]): string {
  const count = (status: Finding['status']): number => findings.filter((finding) => finding.status === status).length;
  const sum = `${count('ok')} ok, ${count('warning')} to look at, ${count('unknown')} unknown, ${count('failed')} failed`;
  return `${[...findings.map(toLine), '', sum].join('\n')}\n`;
}

/** For programs: an array of findings. */
export function toJson(findings: readonly Finding[]): string {
  return `${JSON.stringify(findings, undefined, 2)}\n`;
}

export function hasFailed({ status }: Finding): boolean {
  return status === 'failed';
}

/** For the log of a start: what failed nevertheless, and what should be looked at. */
export function logFindings(findings: readonly Finding[], logger: Pick<Logger, 'warn' | 'error'>): void {
  for (const finding of findings) {
    const { check, message, remedy } = finding;
    const fields = { check, finding: message, remedy };
    if (hasFailed(finding)) logger.error('A check failed', fields);
    else if (finding.status === 'warning') logger.warn('A check found something to look at', fields);
  }
}
