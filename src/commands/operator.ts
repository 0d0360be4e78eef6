import { connect } from '../atlassian/connection.js';
import { chooseBackEnd, createDirectory } from '../atlassian/backends.js';
import { createProbes } from '../atlassian/probes.js';
import { upstreamConfig } from '../bridge.js';
import { systemClock } from '../clock.js';
import { readConfig, secretsOf } from '../config.js';
import { loadEnvironment } from '../environment.js';
import { EXIT_CODES, ExitError } from '../exit.js';
import { createLogger } from '../observability/logger.js';
import { type BrakeMetrics, createBrake, RELEASED_BRAKE } from '../provisioning/brake.js';
import type { Call } from '../provisioning/call.js';
import type { Dependencies } from '../provisioning/dependencies.js';
import { Failure } from '../provisioning/failure.js';
import { countMembers } from '../provisioning/groupReads.js';
import { createSeats } from '../provisioning/seats.js';
import { openOwnCall } from '../roster/ownCall.js';
import { createRoster } from '../roster/roster.js';
import { openSqliteStore } from '../store/sqlite.js';

const BUDGET_MS = 120_000;

/** A command ends before anybody could ask for its metrics. */
const UNCOUNTED: BrakeMetrics = {
  brakeTripped: () => undefined,
  brakeRefused: () => undefined,
  removalsCounted: () => undefined,
};

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
 * @throws ExitError with the words of the failure
 */
export async function asOperator<T>(
  work: (deps: Dependencies, call: Call) => Promise<T>,
  { isBraked }: { readonly isBraked: boolean } = { isBraked: false },
): Promise<T> {
  const config = readConfig(loadEnvironment());
  const log = createLogger({ ...config.log, secrets: secretsOf(config) });
  const store = await openSqliteStore({ url: config.databaseUrl, clock: systemClock });
  const connection = connect({ config: upstreamConfig(config), clock: systemClock, log });
  try {
    const call = operatorCall();
    const probes = createProbes(connection);
    const { accountId } = await probes.currentUser(call);
    const backEnd = await chooseBackEnd(connection.config, () => probes.jiraAccess(call));
    const common = {
      directory: createDirectory(connection, backEnd),
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
    const brake = createBrake({
      ...common,
      limits: config.brake,
      metrics: UNCOUNTED,
      countMembers: (groupId, own) => countMembers(groupId, deps, own),
      indexReady: (own) => roster.ready(own),
    });
    const deps: Dependencies = {
      ...common,
      roster,
      brake: isBraked ? brake : RELEASED_BRAKE,
      seats,
      ownAccountId: () => accountId,
    };
    const done = await work(deps, call);
    await roster.stop();
    return done;
  } catch (error) {
    if (error instanceof Failure) throw new ExitError(error.message, EXIT_CODES.failure, { cause: error });
    throw error;
  } finally {
    connection.close();
    await store.close();
  }
}
