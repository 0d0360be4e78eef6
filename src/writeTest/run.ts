import { randomBytes } from 'node:crypto';
import type { Probes } from '../atlassian/probes.js';
import type { Config } from '../config.js';
import type { Questions } from '../doctor/questions.js';
import { firstAccessGroup } from '../provisioning/access.js';
import type { Clock } from '../provisioning/call.js';
import { Failure } from '../provisioning/failure.js';
import type { Store } from '../provisioning/store.js';
import { openOwnCall } from '../roster/ownCall.js';
import { type Evidence, type Step, versions } from './evidence.js';
import { testGroup } from './groupTest.js';
import { createJournal, nameOfTestGroup } from './journal.js';
import { takeLeftovers } from './leftovers.js';
import { assertFree, testPerson } from './personTest.js';
import type { Plan } from './plan.js';
import { createRecorder, Stopped } from './recorder.js';

const CLEANING_BUDGET_MS = 60_000;

export interface WriteTestParts {
  readonly config: Config;
  readonly questions: Questions;
  readonly probes: Probes;
  readonly store: Store;
  readonly clock: Clock;
  /** Aborts when the operator wants it to end; what was made is taken away all the same. */
  readonly signal: AbortSignal;
  /** The address of a person to give access and take it from, where that is wanted. */
  readonly email: string | undefined;
  readonly onStep: (step: Step) => void;
}

/** A test that is ready to run. */
export interface WriteTest {
  readonly plan: Plan;
  run(): Promise<Evidence>;
}

/**
 * Finds out what a test would do. It reads and changes nothing.
 *
 * @throws Stopped when the person may not be used; Failure when Atlassian could not be asked
 */
export async function prepareWriteTest(parts: WriteTestParts): Promise<WriteTest> {
  const { config, questions, store, clock, email } = parts;
  const recorder = createRecorder(parts);
  const { accountId: ownAccountId } = await questions.currentUser();
  const directory = await questions.directory();
  const journal = createJournal(store, clock);
  const groupName = nameOfTestGroup(clock, randomBytes(6).toString('hex'));
  const common = { ...parts, directory, recorder, journal, ownAccountId };
  const person =
    email === undefined ? undefined : { ...common, settings: config, access: await questions.access(), email };
  if (person !== undefined) await assertFree(person);

  return {
    plan: {
      backEnd: directory.backEnd,
      site: new URL(config.site.url).host,
      groupName,
      person: person && { email: person.email, accessGroup: firstAccessGroup(person.access).name },
    },
    async run() {
      const startedAt = new Date(clock.now()).toISOString();
      const stopped = await reasonToStop(async () => {
        await testGroup({ ...common, groupName });
        if (person !== undefined) await testPerson(person);
      });
      // Whatever the test was told meanwhile: this is the part that must not be left out.
      const left = await takeLeftovers({ ...common, grantingGroups: questions.grantingGroups }, () => ({
        ...openOwnCall('request', CLEANING_BUDGET_MS, new AbortController().signal, clock),
        caller: 'operator',
      }));
      return {
        versions: versions(),
        platform: `${process.platform} ${process.arch}`,
        backEnd: directory.backEnd,
        tokenKind: config.site.tokenKind,
        startedAt,
        withPerson: person !== undefined,
        steps: recorder.steps,
        stopped,
        left: left.filter(({ isGone }) => !isGone).map(({ message }) => message),
      };
    },
  };
}

/** @returns undefined when the work was done to its end */
async function reasonToStop(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof Stopped ? error.message : Failure.from(error).message;
  }
}
