import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NO_ANSWER } from './faults.js';
import { tasksOf } from './matrix.js';
import { Runner, type Task } from './run.js';
import type { Scenario } from './scenario.js';

/** Sites that do not answer at once: waiting for them costs time and nothing else. */
const WAITING_AT_ONCE = 6;
const LONGEST_MS = 15 * 60_000;

/** Declares a test for each scenario and site, in which all of its cells are played. */
export function playCells(scenarios: readonly Scenario[]): void {
  const tasks = tasksOf(scenarios);
  const unanswered = tasks.map((task) => only(task, true)).filter(({ cells }) => cells.length > 0);
  const runner = new Runner(false);
  let waiting: Promise<readonly string[]> = Promise.resolve([]);
  // In the background, because nothing but time passes in it.
  beforeAll(() => {
    waiting = playWaiting(unanswered);
    waiting.catch(() => undefined);
  });
  afterAll(() => runner.close());

  describe('whatever becomes of an upstream call, the bridge tells the truth, loses nothing, and the repeat converges', () => {
    it.each(tasks.map((task) => ({ ...task, title: `${task.scenario.operation}: ${task.scenario.title}` })))(
      '$title ($site) [SA2] [SA3]',
      async (task) => {
        expect(await runner.run(only(task, false))).toEqual([]);
      },
      LONGEST_MS,
    );

    it(
      'where Atlassian does not answer [SA2] [SA3]',
      async () => {
        expect(await waiting).toEqual([]);
      },
      LONGEST_MS,
    );
  });
}

function only(task: Task, isUnanswered: boolean): Task {
  return { ...task, cells: task.cells.filter(({ fault }) => (fault.name === NO_ANSWER) === isUnanswered) };
}

async function playWaiting(tasks: readonly Task[]): Promise<readonly string[]> {
  const problems: string[] = [];
  const queue = tasks.values();
  const work = async (): Promise<void> => {
    const runner = new Runner(true);
    try {
      for (const task of queue) problems.push(...(await runner.run(task)));
    } finally {
      await runner.close();
    }
  };
  await Promise.all(Array.from({ length: WAITING_AT_ONCE }, work));
  return problems;
}
