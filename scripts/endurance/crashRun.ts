import { type ChapterParts, type Figures, runChapter } from './chapter.js';
import type { CreateDatabase } from './databases.js';
import { createRandom } from './random.js';
import { BACK_ENDS } from './site.js';
import { Violation } from './violation.js';

export interface CrashOptions {
  /** How often the bridge is killed on each store, at least. */
  readonly kills: number;
  readonly seed: number;
  /** What the records are kept in, by a name for the reader. */
  readonly stores: ReadonlyMap<string, CreateDatabase>;
}

export interface CrashResult extends Figures {
  readonly isKept: boolean;
}

/** Long enough for people to go through several lives, short enough for every back end to have its turn. */
const KILLS_A_CHAPTER = 20;

/**
 * Kills bridges and holds them to what they have acknowledged. Each chapter has another back end and begins with an empty
 * database; the first promise that does not hold ends the run.
 *
 * @param print takes lines for people
 */
export async function runCrash(
  { kills, seed, stores }: CrashOptions,
  print: (line: string) => void,
): Promise<CrashResult> {
  const figures: Figures = { kills: 0, killedAtStart: 0, requests: 0, answered: 0, acknowledged: 0 };
  print(`Seed ${seed}, ${kills} kills on ${[...stores.keys()].join(' and on ')}.`);
  const random = createRandom(seed);
  const chapters = Math.max(1, Math.round(kills / KILLS_A_CHAPTER));
  for (const [store, createDatabase] of stores) {
    for (let n = 0; n < chapters; n += 1) {
      const backEnd = BACK_ENDS[(seed + n) % BACK_ENDS.length] ?? 'organization';
      const share = Math.ceil((kills * (n + 1)) / chapters) - Math.ceil((kills * n) / chapters);
      const parts = { backEnd, createDatabase, kills: share, random: random.fork(), figures };
      if (!(await isChapterKept(`${store}, ${backEnd}`, parts, print))) return { ...figures, isKept: false };
    }
  }
  print(
    `${figures.kills} kills (${figures.killedAtStart} at the start), ${figures.requests} requests, ` +
      `${figures.answered} answered, ${figures.acknowledged} changes acknowledged. Every promise was kept.`,
  );
  return { ...figures, isKept: true };
}

async function isChapterKept(title: string, parts: ChapterParts, print: (line: string) => void): Promise<boolean> {
  const { figures } = parts;
  const before = { ...figures };
  const startedAtMs = Date.now();
  try {
    await runChapter(parts);
    const since = (name: keyof Figures): number => figures[name] - before[name];
    print(
      `${title}: ${since('kills')} kills, ${since('requests')} requests, ${since('acknowledged')} changes acknowledged, ` +
        `${((Date.now() - startedAtMs) / 1_000).toFixed(1)} s`,
    );
    return true;
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    print(`BROKEN after ${figures.kills} kills, on ${title}:`);
    for (const line of [error.message, ...error.history.map((entry) => `  ${entry}`)]) print(line);
    return false;
  }
}
