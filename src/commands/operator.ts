import { connect } from '../atlassian/connection.js';
import { chooseBackEnd, createDirectory } from '../atlassian/backends.js';
import { createProbes } from '../atlassian/probes.js';
import { upstreamConfig } from '../bridge.js';
import { systemClock } from '../clock.js';
import { readConfig, secretsOf } from '../config.js';
import { loadEnvironment } from '../environment.js';
import { EXIT_CODES, ExitError } from '../exit.js';
import { createLogger } from '../observability/logger.js';
import { RELEASED_BRAKE } from '../provisioning/brake.js';
import type { Call } from '../provisioning/call.js';
import type { Dependencies } from '../provisioning/dependencies.js';
import { Failure } from '../provisioning/failure.js';
import { openOwnCall } from '../roster/ownCall.js';
import { createRoster } from '../roster/roster.js';
import { openSqliteStore } from '../store/sqlite.js';

const BUDGET_MS = 120_000;

/** A call in the name of whoever types a command. */
export function operatorCall(): Call {
  return {
    ...openOwnCall('request', BUDGET_MS, new AbortController().signal, systemClock),
    caller: 'operator',
  };
}

/**
 * Does something to people or groups by order of the operator, beside a bridge that serves. The brake does not hold it up:
 * here a person decides, one by one.
 *
 * @throws ExitError with the words of the failure
 */
export async function asOperator<T>(work: (deps: Dependencies, call: Call) => Promise<T>): Promise<T> {
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
    const done = await work({ ...common, roster, brake: RELEASED_BRAKE, ownAccountId: () => accountId }, call);
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
