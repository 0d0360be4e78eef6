import { setImmediate as turn } from 'node:timers/promises';
import { connect } from '../../src/atlassian/connection.js';
import { createProbes } from '../../src/atlassian/probes.js';
import { upstreamConfig } from '../../src/bridge.js';
import { questionsTo } from '../../src/doctor/questions.js';
import type { Clock } from '../../src/provisioning/call.js';
import type { BackEnd } from '../../src/provisioning/directory.js';
import type { Store } from '../../src/provisioning/store.js';
import type { Sandbox, StartOptions } from '../../src/sandbox/server.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import type { Evidence, Step } from '../../src/writeTest/evidence.js';
import { createJournal, type Entry } from '../../src/writeTest/journal.js';
import type { Leftover } from '../../src/writeTest/leftovers.js';
import type { Plan } from '../../src/writeTest/plan.js';
import { prepareWriteTest } from '../../src/writeTest/run.js';
import { clearWriteTests } from '../../src/commands/leftovers.js';
import { configFor, startSite } from '../doctor/examination.js';

export interface TrialClock extends Clock {
  advance(ms: number): void;
}

/** Real time, and what was slept on top of it: waits cost nothing. */
export function createTrialClock(): TrialClock {
  let sleptMs = 0;
  return {
    now: () => Date.now() + sleptMs,
    advance: (ms) => {
      sleptMs += ms;
    },
    async sleep(ms, signal) {
      await turn();
      signal?.throwIfAborted();
      sleptMs += ms;
    },
  };
}

/** A site, and a store that write tests use one after the other. */
export interface TrialSite {
  readonly sandbox: Sandbox;
  readonly store: Store;
  readonly clock: TrialClock;
  run(options?: TrialOptions): Promise<{ readonly plan: Plan; readonly evidence: Evidence }>;
  entries(): Promise<readonly Entry[]>;
  /** What a start of `serve` or `doctor` does. */
  clear(): Promise<readonly Leftover[]>;
}

export interface TrialOptions {
  readonly email?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export async function startTrialSite({
  backEnd = 'organization',
  ...options
}: StartOptions & { readonly backEnd?: BackEnd } = {}): Promise<TrialSite> {
  const clock = createTrialClock();
  const sandbox = await startSite({
    now: () => clock.now(),
    jira: backEnd === 'jira',
    organization: backEnd === 'organization',
    ...options,
  });
  const store = await openSqliteStore({ url: ':memory:', clock });
  const journal = createJournal(store, clock);
  const never = new AbortController().signal;
  const connectWith = (settings: Readonly<Record<string, string>> = {}) => {
    const config = configFor(sandbox, settings);
    const connection = connect({ config: upstreamConfig(config), clock });
    return { config, connection, questions: questionsTo(config, connection, clock) };
  };
  return {
    sandbox,
    store,
    clock,
    async run({ email, settings, signal = never } = {}) {
      const { config, connection, questions } = connectWith(settings);
      try {
        const probes = createProbes(connection);
        const onStep = (): void => undefined;
        const test = await prepareWriteTest({ config, questions, probes, store, clock, signal, email, onStep });
        return { plan: test.plan, evidence: await test.run() };
      } finally {
        connection.close();
      }
    },
    entries: () => journal.list(),
    async clear() {
      const { connection, questions } = connectWith();
      try {
        return await clearWriteTests({ databaseUrl: ':memory:', store, questions, clock, signal: never });
      } finally {
        connection.close();
      }
    },
  };
}

/** Groups of write tests that are truly on the site. */
export function testGroups(sandbox: Sandbox): readonly string[] {
  const names = sandbox.calls.flatMap(({ method, path, body }) =>
    method === 'POST' && path === '/wiki/rest/api/group' ? [(body as { name: string }).name] : [],
  );
  return names.filter((name) => sandbox.findGroupByName(name) !== undefined);
}

export function stepOf({ steps }: Evidence, act: string): Step {
  const found = steps.find((step) => step.act === act);
  if (found === undefined)
    throw new Error(`There is no step "${act}", only ${steps.map((step) => step.act).join(', ')}.`);
  return found;
}
