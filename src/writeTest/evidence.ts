import { readFileSync } from 'node:fs';
import type { BackEnd } from '../provisioning/directory.js';
import { printable } from '../terminal.js';

/**
 * What an answer says about a belief of `openapi/upstream.yaml`: it is what the bridge believes, it is something else,
 * or it tells nothing (no answer, an outage, a rate limit).
 */
export type Verdict = 'believed' | 'otherwise' | 'undecided';

/** One thing that was tried. Holds neither an address, nor an id of a person, nor a secret. */
export interface Step {
  readonly act: string;
  /** As in `openapi/upstream.yaml`. */
  readonly operation: string;
  /** HTTP status of the last attempt; undefined when no answer came. */
  readonly status: number | undefined;
  /** Of the last attempt. */
  readonly durationMs: number;
  /** How often it was sent: a write again where that is safe, a read until it showed what was written. */
  readonly sent: number;
  /** From the answer to the write until the read showed it; only of such reads, and undefined when none did. */
  readonly lagMs: number | undefined;
  /** Operation and id of the belief that this decides. */
  readonly belief: string;
  readonly verdict: Verdict;
  /** What was found instead, or what settled it; a sentence. */
  readonly remark: string | undefined;
}

/** All that a bug report needs. */
export interface Evidence {
  readonly versions: { readonly bridge: string; readonly node: string };
  readonly platform: string;
  readonly backEnd: BackEnd;
  readonly tokenKind: 'classic' | 'scoped';
  readonly startedAt: string;
  readonly withPerson: boolean;
  readonly steps: readonly Step[];
  /** Why it ended early; undefined when everything was tried. */
  readonly stopped: string | undefined;
  /** What the test made and could not take away again, each with what to do. */
  readonly left: readonly string[];
}

export function versions(): Evidence['versions'] {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return { bridge: manifest.version, node: process.versions.node };
}

/** Whether everything was tried, was answered as believed, and nothing is left behind. */
export function isClean({ steps, stopped, left }: Evidence): boolean {
  return stopped === undefined && left.length === 0 && steps.every(({ verdict }) => verdict === 'believed');
}

/** One line for people. */
export function toLine({ act, operation, status, durationMs, lagMs, sent, belief, verdict, remark }: Step): string {
  const answer = `${String(status ?? '---')} ${String(Math.round(durationMs)).padStart(6)} ms`;
  const seen =
    lagMs === undefined ? '' : `; shown after ${Math.round(lagMs)} ms (${sent} ${sent === 1 ? 'read' : 'reads'})`;
  const what = remark === undefined ? '' : ` ${printable(remark)}`;
  return `${answer}  ${operation.padEnd(29)} ${act}${seen}\n${' '.repeat(15)}${WORDS[verdict]}: ${belief}.${what}`;
}

const WORDS: Readonly<Record<Verdict, string>> = {
  believed: 'as believed',
  otherwise: 'NOT as believed',
  undecided: 'not decided',
};

/** For people: how it ended. The steps were shown as they happened. */
export function toSummary({ steps, stopped, left }: Evidence): string {
  const named = (verdict: Verdict): readonly string[] =>
    [...new Set(steps.filter((step) => step.verdict === verdict).map(({ belief }) => belief))].map(
      (belief) => `  ${belief}`,
    );
  const lines = (['believed', 'otherwise', 'undecided'] as const).flatMap((verdict) => {
    const beliefs = named(verdict);
    return beliefs.length === 0 ? [] : [`Answers ${WORDS[verdict]}:`, ...beliefs];
  });
  return [
    '',
    ...lines,
    ...(stopped === undefined ? [] : [`Stopped: ${printable(stopped)}`]),
    ...left.map((one) => `LEFT BEHIND: ${printable(one)}`),
    ...(left.length === 0 ? ['Nothing of the test is left on the site.'] : []),
    '',
  ].join('\n');
}

/** For a bug report. An answer or lag that there was not is `null`. */
export function toJson(evidence: Evidence): string {
  const absentAsNull = (_key: string, value: unknown): unknown => (value === undefined ? null : value);
  return `${JSON.stringify(evidence, absentAsNull, 2)}\n`;
}
