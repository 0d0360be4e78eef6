import { z } from 'zod';
import { type CheckResult, numberRepeats, oneLine, type Outcome } from './results.js';

const sanityReport = z.object({
  results: z.array(
    z.object({
      name: z.string(),
      status: z.enum(['pass', 'fail', 'error', 'warn', 'warning', 'skip']),
      message: z.string().optional(),
    }),
  ),
});

const SANITY_OUTCOMES = {
  pass: 'passed',
  fail: 'failed',
  error: 'failed',
  warn: 'skipped',
  warning: 'skipped',
  skip: 'skipped',
} as const satisfies Record<string, Outcome>;

/** scim-sanity's `--json-output`. */
export function parseScimSanity(text: string): CheckResult[] {
  return numberRepeats(
    sanityReport.parse(JSON.parse(text)).results.map(({ name, status, message }) => ({
      check: name,
      outcome: SANITY_OUTCOMES[status],
      detail: oneLine(message ?? ''),
    })),
  );
}

const driverReport = z.array(
  z.object({ check: z.string(), outcome: z.enum(['passed', 'failed', 'skipped']), detail: z.string() }),
);

/** What the project's own Python drivers print. */
export function parseDriver(text: string): CheckResult[] {
  return numberRepeats(
    driverReport.parse(JSON.parse(text)).map((result) => ({ ...result, detail: oneLine(result.detail) })),
  );
}

const scenarioLine = z.object({
  check: z.string(),
  outcome: z.enum(['pass', 'fail']),
  reason: z.string().optional(),
});

/** What the project's own scenarios print, a line a check. */
export function parseScenario(text: string): CheckResult[] {
  const lines = text.trim().split('\n');
  return numberRepeats(
    lines
      .map((line) => scenarioLine.parse(JSON.parse(line)))
      .map(({ check, outcome, reason }) => ({
        check,
        outcome: outcome === 'pass' ? 'passed' : 'failed',
        detail: oneLine(reason ?? ''),
      })),
  );
}

const GO_OUTCOMES: Readonly<Record<string, Outcome>> = {
  PASS: 'passed',
  FAIL: 'failed',
  // A failed test of a feature that the server says it does not have.
  WARN: 'skipped',
  SKIP: 'skipped',
};

/** The lines of scim2/test-suite: `  [FAIL] RFC7644-3.5-L1607/put_returns_200`, with the reason on the next. */
export function parseGoSuite(text: string): CheckResult[] {
  return numberRepeats(
    [...text.matchAll(/^ {2}\[(PASS|FAIL|WARN|SKIP)\] (\S+)\n(?: {9}(.*)\n)?/gm)].map(
      ([, word = '', check = '', detail = '']) => ({
        check,
        outcome: GO_OUTCOMES[word] ?? 'failed',
        detail: oneLine(detail),
      }),
    ),
  );
}
