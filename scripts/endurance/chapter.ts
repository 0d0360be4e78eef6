import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bridge } from './bridge.js';
import { sendWave, type Wave } from './brakeWave.js';
import { auditProblems, listProblems, type Problem, siteProblems } from './checks.js';
import { Client, type Exchange, Gate } from './client.js';
import type { CreateDatabase, Database } from './databases.js';
import { describe, type Model } from './model.js';
import type { Random } from './random.js';
import { settingsOf, TOKENS } from './settings.js';
import { type BackEnd, type Site, startSite } from './site.js';
import { Violation } from './violation.js';
import { addressOf, names, populate, prepare, startTraffic, type Traffic } from './world.js';

const LEAVERS = 12;
const ROOM = 7;
/** Traffic is cut off after as long as a start takes, which tells how fast the machine is; this at least may pass. */
const LEAST_TRAFFIC_MS = 400;
const MOST_WRITES = 14;
/** Of the wave at the end. */
const EXPECTED_COMPLAINT = 'The mass-removal brake tripped';
/** Between what two messages of a lane wait. */
const PAUSE_MS = 5;
/** How long what is owed to the invited may take after a start, which scans. */
const SETTLING_MS = 20_000;

export interface Figures {
  kills: number;
  /** Of these while the bridge started or migrated its database. */
  killedAtStart: number;
  requests: number;
  /** Requests with a definite answer. */
  answered: number;
  /** Changes that were acknowledged. */
  acknowledged: number;
}

export interface ChapterParts {
  readonly backEnd: BackEnd;
  readonly createDatabase: CreateDatabase;
  /** How often it is killed; at least two, and once more for the brake. */
  readonly kills: number;
  readonly random: Random;
  /** Counted up while it runs. */
  readonly figures: Figures;
}

/**
 * A site, an empty database, and a bridge that is killed again and again while two identity providers work with it.
 *
 * @throws Violation with the first promise that did not hold
 */
export async function runChapter(parts: ChapterParts): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-crash-'));
  const site = await startSite(parts.backEnd, parts.random.fork());
  const database = await parts.createDatabase(folder);
  const complaints: string[] = [];
  const bridge = await Bridge.at({
    folder,
    settings: settingsOf(site, database.url),
    onLine: (line) => {
      if (!line.includes(EXPECTED_COMPLAINT)) complaints.push(line);
    },
  });
  try {
    await new Chapter(parts, site, database, bridge, complaints).run();
  } finally {
    await bridge.kill();
    await site.close();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  }
}

class Chapter {
  readonly #gate = new Gate();
  readonly #agent = new Agent({ keepAlive: true });
  readonly #model: Model;
  readonly #wave: Wave;
  /** For what is asked while everybody else has to wait. */
  readonly #passer: Client;

  constructor(
    private readonly parts: ChapterParts,
    private readonly site: Site,
    private readonly database: Database,
    private readonly bridge: Bridge,
    private readonly complaints: readonly string[],
  ) {
    this.#model = populate(site);
    const leavers = names('leaver', LEAVERS).map(
      (name) => site.sandbox.addPerson({ email: addressOf(name), displayName: name, access: true }).accountId,
    );
    this.#wave = { leavers, room: ROOM };
    this.#passer = this.#client((exchange) => {
      this.#count(exchange);
    }, new Gate());
  }

  async run(): Promise<void> {
    const { figures, kills } = this.parts;
    const until = figures.kills + kills;
    this.#gate.close();
    // Of an empty database: in the middle of its migration.
    await this.#killAtStart();
    await this.#start();
    await prepare(this.#traffic());
    const traffic = startTraffic(this.#traffic(), PAUSE_MS);
    while (figures.kills < until - 1) {
      await Promise.race([traffic.failed, this.#killInTraffic()]);
      if (this.parts.random.chance(0.15) && figures.kills < until - 1) await this.#killAtStart();
      await this.#start();
    }
    await this.#finish(traffic);
  }

  /** Everything was answered in the end, so that everything must be as it was acknowledged. */
  async #finish(traffic: Traffic): Promise<void> {
    const { bridge, site } = this;
    await Promise.race([traffic.failed, traffic.stop()]);
    for (const email of [...site.pending]) site.acceptInvitation(email);
    this.#gate.close();
    await bridge.stop();
    await bridge.start();
    await this.#untilSettled();
    this.#expectNone(await listProblems(this.#model, this.#passer, true));
    await bridge.stop();
    this.parts.figures.kills += await sendWave(this.#wave, {
      model: this.#model,
      site,
      bridge,
      gate: this.#gate,
      clientWith: (onExchange) =>
        this.#client((exchange) => {
          this.#count(exchange);
          onExchange(exchange);
        }),
    });
    this.#expectNone(auditProblems(this.#model, await bridge.command('audit', 'export')));
    this.parts.figures.acknowledged += this.#model.acknowledged.length;
    await bridge.stop();
    await this.#expectSound();
  }

  async #start(): Promise<void> {
    const { bridge } = this;
    await bridge.start();
    this.#expectNone(await listProblems(this.#model, this.#passer, false));
    this.#gate.open();
  }

  async #killInTraffic(): Promise<void> {
    const { site, bridge, parts } = this;
    const { random } = parts;
    for (const email of random.some([...site.pending])) site.acceptInvitation(email);
    const longest = sleep(random.below(Math.max(LEAST_TRAFFIC_MS, bridge.startMs)));
    const writes = site.reached(site.writes() + 1 + random.below(MOST_WRITES));
    await (random.chance(0.6) ? Promise.race([longest, writes]) : longest);
    this.#gate.close();
    await bridge.kill();
    parts.figures.kills += 1;
    await site.quiet();
    this.#expectNone(siteProblems(this.#model, site, false));
    await this.#expectSound();
  }

  async #killAtStart(): Promise<void> {
    const { bridge, parts } = this;
    await bridge.startAndKill(parts.random.below(bridge.startMs));
    parts.figures.kills += 1;
    parts.figures.killedAtStart += 1;
    await this.#expectSound();
  }

  async #untilSettled(): Promise<void> {
    const deadlineMs = Date.now() + SETTLING_MS;
    for (;;) {
      const problems = siteProblems(this.#model, this.site, true);
      if (problems.length === 0) return;
      if (Date.now() > deadlineMs) this.#expectNone(problems);
      await sleep(50);
    }
  }

  async #expectSound(): Promise<void> {
    const damages = await this.database.damages();
    if (damages.length > 0) throw new Violation(`The database is damaged: ${damages.join('; ')}`);
    const [complaint] = this.complaints;
    if (complaint !== undefined) throw new Violation(`serve complains: ${complaint}`);
  }

  #expectNone(problems: readonly Problem[]): void {
    const [first] = problems;
    if (first === undefined) return;
    throw new Violation(problems.map(({ text }) => text).join('\n'), this.#model.history.of(first.about));
  }

  #traffic(): Parameters<typeof startTraffic>[0] {
    return {
      model: this.#model,
      site: this.site,
      random: this.parts.random.fork(),
      clientFor: (name) => this.#clientFor(name),
    };
  }

  #clientFor(name: string): Client {
    return this.#client((exchange) => {
      this.#count(exchange);
      this.#model.history.note(name, describe(exchange));
    });
  }

  #client(onExchange: (exchange: Exchange) => void, gate = this.#gate): Client {
    return new Client({ url: this.bridge.url, tokens: TOKENS, gate, agent: this.#agent, onExchange });
  }

  #count({ status }: Exchange): void {
    this.parts.figures.requests += 1;
    if (status !== undefined) this.parts.figures.answered += 1;
  }
}
