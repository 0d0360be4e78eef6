import { connect } from '../atlassian/connection.js';
import { chooseBackEnd, createDirectory } from '../atlassian/backends.js';
import { createProbes } from '../atlassian/probes.js';
import { upstreamConfig } from '../bridge.js';
import { systemClock } from '../clock.js';
import { type Config, readConfig, secretsOf } from '../config.js';
import { loadEnvironment } from '../environment.js';
import { EXIT_CODES, ExitError } from '../exit.js';
import { createLogger } from '../observability/logger.js';
import { braked } from '../observe/braked.js';
import { byScimIds } from '../observe/groupIds.js';
import { RELEASED_BRAKE } from '../provisioning/brake.js';
import type { Call } from '../provisioning/call.js';
import type { Dependencies } from '../provisioning/dependencies.js';
import { Failure } from '../provisioning/failure.js';
import { createSeats } from '../provisioning/seats.js';
import type { Store } from '../provisioning/store.js';
import { openOwnCall } from '../roster/ownCall.js';
import { createRoster } from '../roster/roster.js';
import type { ProcessRole } from '../store/fence.js';
import { openExistingStore } from '../store/open.js';

const BUDGET_MS = 120_000;

/** A call in the name of whoever types a command. */
export function operatorCall(): Call {
  return {
    ...openOwnCall('request', BUDGET_MS, new AbortController().signal, systemClock),
    caller: 'operator',
  };
}

/**
 * Does something to people or groups by order of the operator, beside a bridge that serves. The brake (rule SA11) does not
 * hold it up where a person decides, one by one.
 *
 * @param options.isBraked for what is done to many at once
 * @throws ExitError with the words of the failure; in observe mode, in which nothing may be sent (rule SA14)
 */
export async function asOperator<T>(
  work: (deps: Dependencies, call: Call) => Promise<T>,
  { isBraked }: { readonly isBraked: boolean } = { isBraked: false },
): Promise<T> {
  const config = readConfig(loadEnvironment());
  refuseWhileObserving(config);
  return atSite(config, (parts, call) =>
    work(isBraked ? braked(parts, config.brake) : { ...parts, brake: RELEASED_BRAKE }, call),
  );
}

/** @throws ExitError for a command that changes something in Confluence, while nothing may be changed there */
export function refuseWhileObserving({ mode }: Config): void {
  if (mode === 'live') return;
  throw new ExitError(
    'With MODE=observe nothing is sent to Confluence, and this command was not carried out. Do it in Atlassian administration, or set MODE=live for this one command.',
    EXIT_CODES.failure,
  );
}

type SiteWork<T> = (parts: Omit<Dependencies, 'brake'>, call: Call) => Promise<T>;

/**
 * Works on the site of the configuration, beside a bridge that serves. Whatever the mode, what `work` writes is sent.
 *
 * @throws ExitError with the words of the failure, also where the bridge has no database yet
 */
export async function atSite<T>(config: Config, work: SiteWork<T>, role: ProcessRole = 'command'): Promise<T> {
  try {
    const store = await openExistingStore({ url: config.databaseUrl, clock: systemClock, role });
    try {
      return await withStore(store, config, work);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof Failure) throw new ExitError(error.message, EXIT_CODES.failure, { cause: error });
    throw error;
  }
}

async function withStore<T>(store: Store, config: Config, work: SiteWork<T>): Promise<T> {
  const log = createLogger({ ...config.log, secrets: secretsOf(config) });
  const connection = connect({ config: upstreamConfig(config), clock: systemClock, pauses: store.pauses, log });
  try {
    const call = operatorCall();
    const probes = createProbes(connection);
    const { accountId } = await probes.currentUser(call);
    const backEnd = await chooseBackEnd(connection.config, () => probes.jiraAccess(call));
    const common = {
      directory: byScimIds(createDirectory(connection, backEnd), store),
      store,
      settings: config,
      clock: systemClock,
      log,
    };
    const roster = createRoster({ ...common, onScanned: () => Promise.resolve() });
    const seats = createSeats({
      ...common,
      limit: config.seatLimit,
      indexReady: (own) => roster.ready(own),
    });
    const done = await work({ ...common, roster, seats, ownAccountId: () => accountId }, call);
    await roster.stop();
    return done;
  } finally {
    connection.close();
  }
}
