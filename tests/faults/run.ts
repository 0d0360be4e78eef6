import type { Cast } from './cast.js';
import { type UpstreamFault, UPSTREAM_WORDS } from './faults.js';
import { Lane } from './lane.js';
import { messagesOf, play, type Play } from './play.js';
import { type Cell, differences, judge, judgeRepeat, same } from './rules.js';
import { BATCH, type Request, type Scenario, type Script, type SiteName } from './scenario.js';

/** A lane is renewed after so many cells: its site grows with each. */
const MOST_CASTS = 120;
/** Tries that an identity provider makes; each fault has gone by the second. */
const MOST_ATTEMPTS = 4;
/** Where no Retry-After was told. */
const LATER_SECONDS = 61;

/** What to play: the faults of each upstream operation of a scenario on a site, by the position in its list of calls. */
export interface Task {
  readonly scenario: Scenario;
  readonly site: SiteName;
  readonly cells: readonly { readonly position: number; readonly fault: UpstreamFault }[];
}

/** Keeps the lanes of one test file: one for each site, renewed before it grows too large. */
export class Runner {
  readonly #isSlow: boolean;
  readonly #lanes = new Map<SiteName, Lane>();

  constructor(isSlow: boolean) {
    this.#isSlow = isSlow;
  }

  /** @returns what does not hold, cell by cell */
  async run(task: Task): Promise<string[]> {
    const { scenario, site, cells } = task;
    const problems: string[] = [];
    const perCast = scenario.cellsPerCast ?? 1;
    const size = scenario.isAlone === true ? perCast : BATCH;
    let faultless: Play | undefined;
    let left: readonly (Task['cells'][number] | undefined)[] = [undefined, ...cells];
    while (left.length > 0) {
      const lane = await this.#lane(site, scenario);
      const batch = left.slice(0, size);
      left = left.slice(size);
      const prepared: { readonly cast: Cast; readonly script: Script }[] = [];
      for (let index = 0; index < batch.length; index += perCast) {
        const cast = lane.cast();
        prepared.push({ cast, script: await scenario.prepare(cast) });
      }
      if (scenario.isUnscanned !== true) await lane.age();
      for (const [index, cell] of batch.entries()) {
        const { cast, script } = prepared[Math.floor(index / perCast)] ?? unreachable();
        if (cell === undefined) {
          faultless = await playFaultless(task, cast, script, problems);
          continue;
        }
        if (faultless === undefined) return problems;
        const title = `${scenario.operation}, ${scenario.title} (${site}), ${scenario.calls[site]?.[cell.position] ?? '?'}`;
        try {
          const found = await playCell(task, cell, faultless, cast, script);
          problems.push(...found.map((problem) => `${title} #${cell.position}, ${cell.fault.name}: ${problem}`));
        } catch (error) {
          problems.push(`${title} #${cell.position}, ${cell.fault.name}: ${String(error)}`);
        }
        lane.bridge.clock.advance(LATER_SECONDS * 1000);
      }
    }
    return problems;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()));
    this.#lanes.clear();
  }

  async #lane(site: SiteName, scenario: Scenario): Promise<Lane> {
    const used = this.#lanes.get(site);
    if (used !== undefined && scenario.isAlone !== true && used.casts < MOST_CASTS) return used;
    await used?.close();
    const lane = await Lane.open(site, this.#isSlow);
    // A short budget does not suffice to wait for the first scan.
    if (this.#isSlow && scenario.isAlone !== true) await lane.age();
    this.#lanes.set(site, lane);
    return lane;
  }
}

function unreachable(): never {
  throw new Error('This cannot be.');
}

/** @returns undefined when the scenario does not go as it says it does */
async function playFaultless(
  { scenario, site }: Task,
  cast: Cast,
  { request, justBefore, undo }: Script,
  problems: string[],
): Promise<Play | undefined> {
  const title = `${scenario.operation}, ${scenario.title} (${site})`;
  justBefore?.();
  const faultless = await play(cast, request);
  const sent = messagesOf(faultless.arrivals).map(({ operation }) => operation);
  const declared = scenario.calls[site] ?? [];
  if ([...sent].sort().join() !== [...declared].sort().join()) {
    problems.push(`${title}: makes the calls ${sent.join(', ')}, and says it makes ${declared.join(', ')}.`);
    return undefined;
  }
  if (faultless.answer.status >= 300) {
    problems.push(`${title}: is answered ${faultless.answer.status} ${faultless.body} without any fault.`);
    return undefined;
  }
  if (undo !== undefined) problems.push(...(await playUndo(cast, undo, faultless)).map((text) => `${title}: ${text}`));
  return faultless;
}

async function playUndo(cast: Cast, undo: NonNullable<Script['undo']>, faultless: Play): Promise<string[]> {
  const undone = await play(cast, undo);
  return [
    ...(undone.answer.status < 300 ? [] : [`is undone with ${undone.answer.status} ${undone.body}`]),
    ...differences(faultless.before, undone.after).map((difference) => `undone, it ${difference}`),
  ];
}

async function playCell(
  { scenario, site }: Task,
  { position, fault }: Task['cells'][number],
  faultless: Play,
  cast: Cast,
  { request, justBefore, undo, regret }: Script,
): Promise<string[]> {
  const { bridge } = cast.lane;
  const message = messageAt(position, scenario.calls[site] ?? [], faultless);
  const cell: Cell = { scenario, site, message, fault };
  justBefore?.();
  const faulted = await play(cast, request, { message, fault });
  const { apiToken, scopedToken, orgApiKey } = bridge.sandbox.credentials;
  const problems = judge(cell, faultless, faulted, [apiToken, scopedToken, orgApiKey, UPSTREAM_WORDS]);
  // A success is less than it was to be where a rule allows that, or where it speaks for a scan and not for what follows.
  const isWhole = same(faulted.record, faultless.record) && same(faulted.after, faultless.after);
  // Who was deleted has no id any more under which the rest could be asked for.
  const isOver = request !== 'scan' && request.method === 'DELETE';
  const hasFailed = faulted.answer.status >= 300 || (!isWhole && !isOver);
  if (hasFailed) wait(cast, faulted);
  if (hasFailed && regret !== undefined) problems.push(...(await playUndo(cast, regret, faultless)));
  else if (hasFailed) problems.push(...(await repeat(cast, request, faultless)));
  if (undo !== undefined && (regret === undefined || !hasFailed))
    problems.push(...(await playUndo(cast, undo, faultless)));
  return problems;
}

/** Sends the request again until it is answered for good, as an identity provider does. */
async function repeat(cast: Cast, request: Request, faultless: Play): Promise<string[]> {
  for (let attempt = 2; ; attempt += 1) {
    const last = await play(cast, request);
    const problems = judgeRepeat(faultless, last, attempt);
    const isToBeRepeated = last.answer.status === 503 || last.answer.status === 429;
    if (problems.length === 0 || !isToBeRepeated || attempt === MOST_ATTEMPTS) return problems;
    wait(cast, last);
  }
}

function wait({ lane }: Cast, { answer }: Play): void {
  lane.bridge.clock.advance((answer.retryAfterSeconds ?? LATER_SECONDS) * 1000);
}

/** The message that stands at a position of the declared calls: the same number of its operation. */
function messageAt(position: number, declared: readonly string[], faultless: Play) {
  const operation = declared[position];
  const index = declared.slice(0, position).filter((other) => other === operation).length;
  return messagesOf(faultless.arrivals).filter((one) => one.operation === operation)[index] ?? unreachable();
}
