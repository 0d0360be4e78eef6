import { connect } from '../atlassian/connection.js';
import { createProbes } from '../atlassian/probes.js';
import { upstreamConfig } from '../bridge.js';
import { systemClock } from '../clock.js';
import { type Config, readConfig } from '../config.js';
import { databasePlace } from '../databaseAddress.js';
import { questionsTo } from '../doctor/questions.js';
import { loadEnvironment } from '../environment.js';
import { EXIT_CODES, ExitError } from '../exit.js';
import { Failure } from '../provisioning/failure.js';
import { onShutdown } from '../shutdown.js';
import { glanceAtStore } from '../store/glance.js';
import { openStore } from '../store/open.js';
import { printable } from '../terminal.js';
import { isClean, toJson, toLine, toSummary } from '../writeTest/evidence.js';
import { toText } from '../writeTest/plan.js';
import { Stopped } from '../writeTest/recorder.js';
import { prepareWriteTest } from '../writeTest/run.js';
import { isAgreed } from './agreement.js';
import { clearWhileLocked, withWriteTestLock } from './leftovers.js';
import { refuseWhileObserving } from './operator.js';

export interface WriteTestOptions {
  /** The host of the site as the operator typed it again: it must be the configured one. */
  readonly site: string;
  /** The address of a person to give access and take it from. */
  readonly person: string | undefined;
  /** Does not ask. */
  readonly yes: boolean;
  readonly json: boolean;
}

/**
 * Tries on the real site what only writing shows, after the operator has agreed to the calls. It may run beside a
 * bridge that serves. With `json` standard output is the evidence, and everything for people goes to standard error.
 *
 * @returns the exit code: 1 when an answer was not as believed, something is left, or nothing was tested
 * @throws ConfigurationError; ExitError for another site, a person who may not be used, a store that cannot be used
 */
export async function writeTest(options: WriteTestOptions): Promise<number> {
  const config = readConfig(loadEnvironment());
  assertSameSite(options.site, config);
  refuseWhileObserving(config);
  const stopping = new AbortController();
  const forget = onShutdown(['SIGINT', 'SIGTERM'], () => stopping.abort());
  try {
    await assertStoreOfThisRelease(config.databaseUrl);
    const code = await withWriteTestLock(config.databaseUrl, () => testOnce(config, options, stopping.signal));
    if (code !== undefined) return code;
    throw new ExitError('Another write test is running. Wait for its end.', EXIT_CODES.failure);
  } catch (error) {
    if (error instanceof Failure || error instanceof Stopped) {
      throw new ExitError(error.message, EXIT_CODES.failure, { cause: error });
    }
    throw error;
  } finally {
    forget();
  }
}

function assertSameSite(typed: string, { site }: Config): void {
  const { host } = new URL(site.url);
  if (typed.trim().toLowerCase() === host) return;
  throw new ExitError(
    `--site ${printable(typed)} is not the site of ATLASSIAN_SITE_URL. Type the site that the test shall write to, ${host}, or correct the setting.`,
    EXIT_CODES.usage,
  );
}

/** An older database is brought up to date by `serve` alone, which may be an older release that still runs. */
async function assertStoreOfThisRelease(url: string): Promise<void> {
  const { kind } = await glanceAtStore(url);
  if (kind === 'older') {
    throw new ExitError(
      'The database is of an older release. Start serve, which brings it up to date.',
      EXIT_CODES.configuration,
    );
  }
}

async function testOnce(config: Config, options: WriteTestOptions, signal: AbortSignal): Promise<number> {
  const show = (text: string): void => void (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  const store = await openStore({
    url: config.databaseUrl,
    clock: systemClock,
    // The test belongs before the first start, and needs a place for its notes.
    onMade: () => show(newDatabase(config.databaseUrl)),
  });
  const connection = connect({ config: upstreamConfig(config), clock: systemClock, pauses: store.pauses });
  try {
    const questions = questionsTo(config, connection, systemClock);
    for (const { message } of await clearWhileLocked({ store, questions, clock: systemClock, signal })) show(message);
    const test = await prepareWriteTest({
      config,
      questions,
      probes: createProbes(connection),
      store,
      clock: systemClock,
      signal,
      email: options.person,
      onStep: (step) => show(toLine(step)),
    });
    show(toText(test.plan));
    if (!options.yes && !(await isAgreed(`Do this on ${test.plan.site}?`, signal))) {
      show('Nothing was written.');
      return EXIT_CODES.failure;
    }
    const evidence = await test.run();
    show(toSummary(evidence));
    if (options.json) process.stdout.write(toJson(evidence));
    return isClean(evidence) ? EXIT_CODES.ok : EXIT_CODES.failure;
  } finally {
    connection.close();
    await store.close();
  }
}

function newDatabase(databaseUrl: string): string {
  return `There was no database at ${databasePlace(databaseUrl)}, so an empty one was made. If a bridge runs already, that is not its own: answer no, and run this with the settings of the bridge.`;
}
