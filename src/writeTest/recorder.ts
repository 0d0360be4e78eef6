import { type AuditEntry, audit } from '../provisioning/auditing.js';
import type { Call, Clock, UpstreamCall } from '../provisioning/call.js';
import { Failure } from '../provisioning/failure.js';
import type { Records } from '../provisioning/store.js';
import { openOwnCall } from '../roster/ownCall.js';
import type { Step, Verdict } from './evidence.js';

const BUDGET_MS = 60_000;
/** Documented for role changes are 30 s; longer lags were reported, and end the wait as "not shown". */
const LONGEST_LAG_MS = 60_000;
const POLL_MS = 500;
/** Of a read that is repeated; a slow one must not use up the time of the others. */
const READ_BUDGET_MS = 20_000;

/** Answers that tell of a credential, a limit or an outage, and nothing of the belief. */
const TELL_NOTHING: ReadonlySet<number | undefined> = new Set([undefined, 401, 429, 502, 503, 504]);

/** What decides, in the audit. */
export const DECISION = 'doctor --write-test';

/** What is tried, and what the bridge believes of it. */
export interface Trial {
  readonly act: string;
  readonly operation: string;
  /** Operation and id in `openapi/upstream.yaml`. */
  readonly belief: string;
  /** The statuses that are the believed answer. */
  readonly believed: readonly number[];
  /** Those that are it although the bridge takes them for a refusal. */
  readonly refusals?: readonly number[];
  /** Of a write: its line in the audit (rule SA10). */
  readonly audited?: Pick<AuditEntry, 'event' | 'subject' | 'object'>;
}

export type Outcome<T> =
  { readonly ok: true; readonly value: T; readonly atMs: number } | { readonly ok: false; readonly failure: Failure };

/** Ends a test early. The message is a sentence for the operator. */
export class Stopped extends Error {}

/** Carries out the steps of a test one after the other, and writes down what came of each. */
export interface Recorder {
  readonly steps: readonly Step[];
  /** A call by the operator, with a budget of its own, for what is no step. */
  call(): Call;
  /** The same recorder, for steps that go on only as long as what `held` holds. */
  under(held: Call): Recorder;
  /** @param check what is not as believed in an answer that came; undefined when all is */
  attempt<T>(
    trial: Trial,
    work: (call: Call) => Promise<T>,
    check?: (value: T) => string | undefined,
  ): Promise<Outcome<T>>;
  /**
   * Reads until what was written at `sinceMs` shows, a minute at most.
   *
   * @returns whether it showed
   */
  until(trial: Trial, sinceMs: number, isShown: (call: Call) => Promise<boolean>): Promise<boolean>;
}

export interface RecorderParts {
  readonly store: Records;
  readonly clock: Clock;
  /** Aborts when the operator wants it to end. */
  readonly signal: AbortSignal;
  /** Told of each step as it ends. */
  readonly onStep: (step: Step) => void;
}

export function createRecorder(parts: RecorderParts): Recorder {
  return recordInto([], parts, parts);
}

function recordInto(
  steps: Step[],
  parts: RecorderParts,
  { signal, checkLocks }: Pick<Call, 'signal' | 'checkLocks'>,
): Recorder {
  const { store, clock, onStep } = parts;
  const open = (budgetMs = BUDGET_MS): Call => {
    if (signal.aborted) throw interrupted(signal);
    const call = { ...openOwnCall('request', budgetMs, signal, clock), caller: 'operator' };
    return checkLocks === undefined ? call : { ...call, checkLocks };
  };
  const note = (
    trial: Trial,
    sent: readonly UpstreamCall[],
    rest: Pick<Step, 'lagMs' | 'verdict' | 'remark'>,
  ): void => {
    const last = sent.at(-1);
    const step = {
      act: trial.act,
      operation: trial.operation,
      status: last?.status,
      durationMs: last?.durationMs ?? 0,
      sent: sent.length,
      lagMs: rest.lagMs,
      belief: trial.belief,
      verdict: rest.verdict,
      remark: rest.remark,
    };
    steps.push(step);
    onStep(step);
  };

  return {
    steps,
    call: () => open(),
    under: (held) => recordInto(steps, parts, held),
    async attempt(trial, work, check = () => undefined) {
      const call = open();
      const outcome = await settle(work(call), clock);
      const sent = call.upstream.filter(({ operation }) => operation === trial.operation);
      const wrong = outcome.ok ? check(outcome.value) : undefined;
      const expected = outcome.ok ? trial.believed : (trial.refusals ?? []);
      const isBelieved = expected.includes(sent.at(-1)?.status ?? 0) && wrong === undefined;
      note(trial, sent, {
        lagMs: undefined,
        verdict: isBelieved ? 'believed' : verdictOf(sent.at(-1)?.status),
        remark: wrong ?? (outcome.ok ? settledBy(call, trial) : isBelieved ? undefined : outcome.failure.message),
      });
      if (trial.audited !== undefined) {
        const result = outcome.ok ? 'done' : 'failed';
        await audit(store, { clock }, call, { ...trial.audited, decision: DECISION, result });
      }
      return outcome;
    },
    async until(trial, sinceMs, isShown) {
      const sent: UpstreamCall[] = [];
      for (;;) {
        const call = open(READ_BUDGET_MS);
        const outcome = await settle(isShown(call), clock);
        const [first, ...pages] = call.upstream.filter(({ operation }) => operation === trial.operation);
        // Pages of one read are one read.
        if (first !== undefined) sent.push(pages.at(-1) ?? first);
        const lagMs = clock.now() - sinceMs;
        if (outcome.ok && outcome.value) {
          note(trial, sent, { lagMs, verdict: 'believed', remark: undefined });
          return true;
        }
        if (lagMs >= LONGEST_LAG_MS) {
          note(trial, sent, {
            lagMs: undefined,
            verdict: outcome.ok ? 'otherwise' : 'undecided',
            remark: outcome.ok ? `Not shown within ${LONGEST_LAG_MS / 1000} s.` : outcome.failure.message,
          });
          return false;
        }
        await clock.sleep(POLL_MS, signal).catch(() => Promise.reject(interrupted(signal)));
      }
    },
  };
}

async function settle<T>(work: Promise<T>, clock: Clock): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work, atMs: clock.now() };
  } catch (error) {
    return { ok: false, failure: Failure.from(error) };
  }
}

function verdictOf(status: number | undefined): Verdict {
  return TELL_NOTHING.has(status) ? 'undecided' : 'otherwise';
}

/** Whether the answer itself said it, or the bridge had to look: that tells a text it knows from one it does not. */
function settledBy(call: Call, trial: Trial): string | undefined {
  const at = call.upstream.findLastIndex(({ operation }) => operation === trial.operation);
  const other = call.upstream[at + 1]?.operation;
  return other === undefined ? undefined : `The answer left it open; ${other} settled it.`;
}

function interrupted({ reason }: AbortSignal): Error {
  return reason instanceof Failure ? reason : new Stopped('It was interrupted.');
}
