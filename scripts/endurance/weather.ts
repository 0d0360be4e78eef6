import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../../src/sandbox/faults.js';
import type { Random } from './random.js';
import type { Site } from './site.js';

/** What goes wrong between the bridge and Atlassian, and passes. */
const FAULTS: readonly Fault[] = [
  { kind: 'status', status: 429, retryAfter: 1 },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503, retryAfter: 2 },
  { kind: 'html', status: 502 },
  { kind: 'reset' },
  { kind: 'hang' },
  { kind: 'drop-after' },
  { kind: 'error-after', status: 502 },
];
/** How far reads trail behind writes meanwhile. */
const LAGS_MS = [0, 200, 1_000];
/** A fault may be felt as long as a request may last, and the pause lasts that Atlassian has asked for. */
const FELT_MS = 15_000;
/** A call that hangs keeps its place among those that may be under way for a minute; work that outlasts its request tries three times. */
const HANGING_MS = 60_000;
const TRIES_OF_WORK = 3;
/** A gust strikes every call that arrives while it lasts. */
const LONGEST_GUST_MS = 250;
/** Between two gusts. */
const LONGEST_BREAK_MS = 1_500;

export interface Weather {
  /** How often something went wrong so far, each time for a moment. */
  readonly gusts: () => number;
  /** Whether a fault may be the reason of an answer that is given now. @param byWork to a message that begins work, or waits for it */
  isFelt(byWork: boolean): boolean;
  /** Fine from now on. */
  stop(): Promise<void>;
}

/** Bad weather and good in turns, beginning with bad. @param spellMs how long each lasts */
export function startWeather(site: Site, random: Random, spellMs: number): Weather {
  const { sandbox } = site;
  const stopping = new AbortController();
  let [gusts, lastAtMs, lastHangAtMs] = [0, Date.now(), 0];
  const wait = (ms: number): Promise<void> => sleep(ms, undefined, { signal: stopping.signal });

  async function storm(): Promise<void> {
    const endsAtMs = Date.now() + spellMs;
    // An account that no call names is found by a listing alone: until that shows it, the answer is rightly 409 (rule US4).
    sandbox.options.lag.ms = site.backEnd === 'invite' ? 0 : random.pick(LAGS_MS);
    while (Date.now() < endsAtMs) {
      const fault = random.pick(FAULTS);
      const pass = sandbox.faults.always(fault);
      gusts += 1;
      await wait(random.below(LONGEST_GUST_MS)).finally(pass);
      lastAtMs = Date.now();
      if (fault.kind === 'hang') lastHangAtMs = lastAtMs;
      await wait(random.below(LONGEST_BREAK_MS));
    }
    sandbox.options.lag.ms = 0;
  }

  async function run(): Promise<void> {
    for (;;) {
      await storm();
      await wait(spellMs);
    }
  }

  const running = run().catch(() => undefined);
  return {
    gusts: () => gusts,
    isFelt: (byWork) =>
      Date.now() < lastAtMs + FELT_MS ||
      Date.now() < lastHangAtMs + (byWork ? TRIES_OF_WORK : 1) * HANGING_MS + FELT_MS,
    async stop() {
      stopping.abort();
      await running;
      sandbox.options.lag.ms = 0;
      sandbox.settle();
    },
  };
}
