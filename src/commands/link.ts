import { connect } from '../atlassian/connection.js';
import { chooseBackEnd, createDirectory } from '../atlassian/backends.js';
import { createProbes } from '../atlassian/probes.js';
import { upstreamConfig } from '../bridge.js';
import { systemClock } from '../clock.js';
import { readConfig, secretsOf } from '../config.js';
import { loadEnvironment } from '../environment.js';
import { EXIT_CODES, ExitError } from '../exit.js';
import { createLogger } from '../observability/logger.js';
import { Failure } from '../provisioning/failure.js';
import { linkAccount } from '../provisioning/linking.js';
import { openOwnCall } from '../roster/ownCall.js';
import { createRoster } from '../roster/roster.js';
import { openSqliteStore } from '../store/sqlite.js';

const BUDGET_MS = 120_000;

/** Connects an invited person, whose account Atlassian hides, with an account that the operator names (rule US5). */
export async function link(email: string, account: string): Promise<void> {
  const config = readConfig(loadEnvironment());
  const logger = createLogger({ ...config.log, secrets: secretsOf(config) });
  const store = await openSqliteStore({ url: config.databaseUrl, clock: systemClock });
  const connection = connect({ config: upstreamConfig(config), clock: systemClock, log: logger });
  try {
    const call = {
      ...openOwnCall('request', BUDGET_MS, new AbortController().signal, systemClock),
      caller: 'operator',
    };
    const probes = createProbes(connection);
    const { accountId } = await probes.currentUser(call);
    const backEnd = await chooseBackEnd(connection.config, () => probes.jiraAccess(call));
    const directory = createDirectory(connection, backEnd);
    const roster = createRoster({
      directory,
      store,
      settings: config,
      clock: systemClock,
      log: logger,
      onScanned: () => Promise.resolve(),
    });
    const deps = {
      directory,
      store,
      roster,
      settings: config,
      ownAccountId: () => accountId,
      clock: systemClock,
      log: logger,
    };
    const id = await linkAccount(email, account, deps, call);
    await roster.stop();
    process.stdout.write(
      `The user ${id} is linked to the account ${account}, and has what its identity provider asked for.\n`,
    );
  } catch (error) {
    if (error instanceof Failure) throw new ExitError(error.message, EXIT_CODES.failure, { cause: error });
    throw error;
  } finally {
    connection.close();
    await store.close();
  }
}
