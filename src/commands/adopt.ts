import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { dryRun } from '../adoption/dryRun.js';
import { ListProblem, readList } from '../adoption/list.js';
import type { AdoptionParts } from '../adoption/parts.js';
import { toJsonLine, toTextLine } from '../adoption/text.js';
import { connect } from '../atlassian/connection.js';
import { upstreamConfig } from '../bridge.js';
import { systemClock } from '../clock.js';
import { type Config, readConfig } from '../config.js';
import { type Questions, questionsTo } from '../doctor/questions.js';
import { loadEnvironment } from '../environment.js';
import { EXIT_CODES, ExitError } from '../exit.js';
import { byScimIds } from '../observe/groupIds.js';
import { Failure } from '../provisioning/failure.js';
import type { Records } from '../provisioning/store.js';
import { openOwnCall } from '../roster/ownCall.js';
import { glanceAtStore } from '../store/glance.js';
import { pausesKeptIn, readRecords } from '../store/reading.js';
import { openStore } from '../store/open.js';
import { printable } from '../terminal.js';

/** A list of groups can take minutes, and so can what Atlassian tells the bridge to wait. */
const BUDGET_MS = 10 * 60_000;

/**
 * Shows what the first contact with people and groups that were there before would do. It writes nothing, neither upstream
 * nor in the store, and works beside a bridge that serves as well as before the first start.
 *
 * @param file a list of addresses or ids, `-` for standard input; undefined for everybody with access who is not linked
 * @throws ConfigurationError; ExitError for a list that cannot be read, or when Atlassian or the store cannot
 */
export async function adopt(file: string | undefined, { json }: { readonly json: boolean }): Promise<void> {
  const list = file === undefined ? undefined : await readListFrom(file);
  const config = readConfig(loadEnvironment());
  const pauses = pausesKeptIn(config.databaseUrl);
  const connection = connect({ config: upstreamConfig(config), clock: systemClock, pauses });
  try {
    const questions = questionsTo(config, connection, systemClock);
    await withRecords(config.databaseUrl, async (store) => {
      const parts = await partsOf(config, questions, store);
      const { backEnd } = parts.directory;
      for await (const line of dryRun(list, parts)) {
        const text = json ? toJsonLine(line) : toTextLine(line, backEnd);
        if (!process.stdout.write(text)) await once(process.stdout, 'drain');
      }
    });
  } catch (error) {
    if (error instanceof Failure) throw new ExitError(error.message, EXIT_CODES.failure, { cause: error });
    throw error;
  } finally {
    connection.close();
  }
}

async function readListFrom(file: string): Promise<readonly string[]> {
  try {
    return await readList(file === '-' ? process.stdin : createReadStream(file));
  } catch (error) {
    if (error instanceof ListProblem) throw new ExitError(error.message, EXIT_CODES.usage, { cause: error });
    throw new ExitError(
      `The file ${printable(file)} cannot be read. Give the name of a list, or - for standard input.`,
      EXIT_CODES.usage,
      { cause: error },
    );
  }
}

async function partsOf(config: Config, questions: Questions, store: Records): Promise<AdoptionParts> {
  const { accountId } = await questions.currentUser();
  return {
    // A group that was planned before it was made has one id here and another in Confluence (rule SA14).
    directory: byScimIds(await questions.directory(), store),
    store,
    settings: config,
    seatLimit: config.seatLimit,
    access: await questions.access(),
    ownAccountId: () => accountId,
    clock: systemClock,
    call: () => openOwnCall('request', BUDGET_MS, new AbortController().signal, systemClock),
  };
}

/** Where the bridge has never run nobody is recorded, and no database is made by looking. */
async function withRecords(databaseUrl: string, work: (records: Records) => Promise<void>): Promise<void> {
  if ((await glanceAtStore(databaseUrl)).kind !== 'absent') return readRecords(databaseUrl, work);
  const nothing = await openStore({ url: ':memory:', clock: systemClock });
  try {
    await work(nothing);
  } finally {
    await nothing.close();
  }
}
