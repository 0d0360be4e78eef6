import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bridge } from './bridge.js';
import { auditProblems, listProblems, type Problem, siteProblems } from './checks.js';
import { Client, type Exchange, Gate } from './client.js';
import type { CreateDatabase } from './databases.js';
import { measure, type Sample } from './measures.js';
import { describe, type Model } from './model.js';
import { createRandom, type Random } from './random.js';
import { settingsOf, TOKENS } from './settings.js';
import { BACK_ENDS, type Site, startSite } from './site.js';
import { HEAD, toRow } from './soakTable.js';
import { describeMemory, leakProblems, memoryProblems } from './verdict.js';
import { Violation } from './violation.js';
import { bother, visit } from './visitors.js';
import { startWeather, type Weather } from './weather.js';
import { populate, prepare, startTraffic, type Traffic } from './world.js';

export interface SoakOptions {
  readonly durationMs: number;
  readonly seed: number;
  readonly createDatabase: CreateDatabase;
}

export interface SoakResult {
  readonly problems: readonly string[];
  readonly requests: number;
  readonly gusts: number;
  readonly samples: readonly Sample[];
}

/** The longest pause between two messages of one sender; about thirty requests a second together. */
const PAUSE_MS = 400;
const VISITORS = 3;
const NUISANCES = 2;
/** Rows of the table and spells of weather in one run; short ones have fewer. */
const ROWS = 20;
const LEAST_ROW_MS = 5_000;
const SAMPLES_A_ROW = 12;
const SPELLS = 20;
const LEAST_SPELL_MS = 4_000;
const INVITED_WAIT_MS = 3_000;
/** Until the last pause and what is owed to the invited must be over. */
const SETTLING_MS = 90_000;
/** Connections that the other side has ended are closed within moments. */
const CLOSING_MS = 20_000;

/** Runs a bridge under steady load in good and bad weather, and looks what it takes of its machine. */
export async function runSoak(options: SoakOptions, print: (line: string) => void): Promise<SoakResult> {
  const random = createRandom(options.seed);
  const backEnd = BACK_ENDS[options.seed % BACK_ENDS.length] ?? 'organization';
  print(`Soak of ${Math.round(options.durationMs / 1000)} s, back end ${backEnd}, seed ${options.seed}.`);
  const folder = await mkdtemp(join(tmpdir(), 'bridge-soak-'));
  const site = await startSite(backEnd, random.fork());
  const database = await options.createDatabase(folder);
  const errors: string[] = [];
  const bridge = await Bridge.at({
    folder,
    settings: {
      ...settingsOf(site, database.url),
      // Lists refresh it, so that scans and requests meet.
      INDEX_MAX_AGE_SECONDS: '5',
      // What hangs is given up soon.
      REQUEST_BUDGET_SECONDS: '5',
    },
    onLine: (line) => void errors.push(line),
    isProbed: true,
  });
  try {
    await bridge.start();
    const soak = new Soak({ site, bridge, random, databaseFile: database.file, print });
    const problems = await soak.run(options.durationMs).catch(toProblems);
    return { ...soak.figures(), problems: [...problems, ...errors.map((line) => `the log has an error: ${line}`)] };
  } finally {
    await bridge.kill();
    await site.close();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  }
}

function toProblems(error: unknown): readonly string[] {
  if (!(error instanceof Violation)) throw error;
  return [error.message, ...error.history.map((line) => `  ${line}`)];
}

/** The verdict, for people. */
export function describeSoak({ problems, requests, gusts, samples }: SoakResult): readonly string[] {
  return [
    `${requests} requests, ${gusts} times bad weather. ${describeMemory(samples)}`,
    ...(problems.length === 0
      ? ['Everything is as it was acknowledged, and all is closed again.']
      : ['NOT AS IT MUST BE:', ...problems]),
  ];
}

interface SoakParts {
  readonly site: Site;
  readonly bridge: Bridge;
  readonly random: Random;
  readonly databaseFile: string | undefined;
  readonly print: (line: string) => void;
}

class Soak {
  readonly #parts: SoakParts;
  readonly #model: Model;
  readonly #samples: Sample[] = [];
  readonly #unexplained: string[] = [];
  #startedAtMs = Date.now();
  readonly #agent = new Agent({ keepAlive: true });
  #weather: Weather | undefined;
  #traffic: Traffic | undefined;
  #isStopped = false;
  #requests = 0;
  #postponed = 0;

  constructor(parts: SoakParts) {
    this.#parts = parts;
    this.#model = populate(parts.site);
  }

  figures(): Omit<SoakResult, 'problems'> {
    return { requests: this.#requests, gusts: this.#weather?.gusts() ?? 0, samples: this.#samples };
  }

  /** @returns what is wrong in the end. @throws Violation as soon as an answer is wrong, with nobody at work any more */
  async run(durationMs: number): Promise<readonly string[]> {
    try {
      return await this.#run(durationMs);
    } finally {
      this.#isStopped = true;
      await this.#weather?.stop();
      void this.#traffic?.stop().catch(() => undefined);
    }
  }

  async #run(durationMs: number): Promise<readonly string[]> {
    const { site, bridge, random, print } = this.#parts;
    const begun = await this.#sample();
    const parts = {
      model: this.#model,
      site,
      random: random.fork(),
      clientFor: (name: string) => this.#clientFor(name),
    };
    await prepare(parts);
    this.#weather = startWeather(site, random.fork(), Math.max(LEAST_SPELL_MS, durationMs / SPELLS));
    const traffic = startTraffic(parts, PAUSE_MS);
    this.#traffic = traffic;
    const guests = Promise.all([
      ...Array.from({ length: VISITORS }, () => this.#visiting(random.fork())),
      ...Array.from({ length: NUISANCES }, () => this.#bothering(random.fork())),
      this.#accepting(random.fork()),
    ]);
    const failed = Promise.race([traffic.failed, guests.then(() => new Promise<never>(() => undefined))]);
    print(HEAD);
    this.#startedAtMs = Date.now();
    await Promise.race([failed, this.#watch(durationMs)]);
    this.#isStopped = true;
    await this.#weather.stop();
    await Promise.race([traffic.failed, Promise.all([traffic.stop(), guests])]);
    for (const email of [...site.pending]) site.acceptInvitation(email);
    await this.#untilSettled();
    const problems: readonly Problem[] = [
      ...(await listProblems(this.#model, this.#clientFor('lists'), true)),
      ...auditProblems(this.#model, await bridge.command('audit', 'export')),
    ];
    return [
      ...problems.map(({ text }) => text),
      ...this.#unexplained,
      ...(await this.#untilClosed(begun)),
      ...memoryProblems(this.#samples),
    ];
  }

  async #watch(durationMs: number): Promise<void> {
    const rowMs = Math.max(LEAST_ROW_MS, durationMs / ROWS);
    const { print } = this.#parts;
    let row: Sample[] = [];
    let before = { requests: 0, gusts: 0, postponed: 0 };
    while (this.#now() < durationMs) {
      await sleep(rowMs / SAMPLES_A_ROW);
      row.push(await this.#sample());
      if (row.length < SAMPLES_A_ROW) continue;
      const { requests, gusts } = this.figures();
      const now = { requests, gusts, postponed: this.#postponed };
      print(toRow(row, now, before));
      before = now;
      row = [];
    }
  }

  async #visiting(random: Random): Promise<void> {
    const client = this.#clientFor('a visitor');
    while (!this.#isStopped) {
      await visit(this.#model, client, random);
      await sleep(random.below(PAUSE_MS));
    }
  }

  async #bothering(random: Random): Promise<void> {
    while (!this.#isStopped) await bother(this.#parts.bridge.port, TOKENS.okta, random);
  }

  /** People accept their invitations when they come to it, also when they have left meanwhile. */
  async #accepting(random: Random): Promise<void> {
    const { site } = this.#parts;
    while (!this.#isStopped) {
      await sleep(random.below(INVITED_WAIT_MS));
      for (const email of random.some([...site.pending])) site.acceptInvitation(email);
    }
  }

  /** A list that begins asks for a scan, which finds the accounts of the invited. */
  async #untilSettled(): Promise<void> {
    const { site } = this.#parts;
    const client = this.#clientFor('lists');
    const deadlineMs = Date.now() + SETTLING_MS;
    for (;;) {
      const [first, ...others] = siteProblems(this.#model, site, true);
      if (first === undefined) return;
      if (Date.now() > deadlineMs) {
        const text = [first, ...others].map((problem) => problem.text).join('\n');
        throw new Violation(text, this.#model.history.of(first.about));
      }
      await client.insist({ caller: 'okta', method: 'GET', path: '/Users?count=1' });
      await sleep(500);
    }
  }

  /** Files and connections must be as few as at the start, once nobody asks for anything. */
  async #untilClosed(begun: Sample): Promise<readonly string[]> {
    this.#agent.destroy();
    const deadlineMs = Date.now() + CLOSING_MS;
    for (;;) {
      const problems = leakProblems(begun, await this.#sample());
      if (problems.length === 0 || Date.now() > deadlineMs) return problems;
      await sleep(500);
    }
  }

  async #sample(): Promise<Sample> {
    const { site, bridge, databaseFile } = this.#parts;
    const upstreamPort = Number(new URL(site.sandbox.url).port);
    const sample = { ...(await measure(bridge.running, upstreamPort, databaseFile)), atMs: this.#now() };
    this.#samples.push(sample);
    return sample;
  }

  #clientFor(name: string): Client {
    return new Client({
      url: this.#parts.bridge.url,
      tokens: TOKENS,
      gate: new Gate(),
      agent: this.#agent,
      onExchange: (exchange) => this.#note(name, exchange),
    });
  }

  #note(name: string, exchange: Exchange): void {
    this.#requests += 1;
    const line = describe(exchange);
    this.#model.history.note(name, line);
    const { status = 0, message } = exchange;
    const isPostponed = status === 503 || status === 429;
    if (isPostponed) this.#postponed += 1;
    // 501 is what is not possible; whatever else is above 500 is nobody's fault but the bridge's.
    const isExplained = isPostponed
      ? this.#weather?.isFelt(message.method !== 'GET' && message.path.startsWith('/Groups')) === true
      : status !== 0 && (status < 500 || status === 501);
    if (!isExplained) this.#unexplained.push(`not explained by any fault: ${line}`);
  }

  #now(): number {
    return Date.now() - this.#startedAtMs;
  }
}
