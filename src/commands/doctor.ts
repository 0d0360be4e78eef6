import { connect } from '../atlassian/connection.js';
import { upstreamConfig } from '../bridge.js';
import { systemClock } from '../clock.js';
import { readConfig } from '../config.js';
import { examine } from '../doctor/check.js';
import { OWN_CHECKS, SITE_CHECKS } from '../doctor/checks.js';
import { questionsTo } from '../doctor/questions.js';
import { hasFailed, toJson, toText } from '../doctor/report.js';
import { loadEnvironment } from '../environment.js';
import { EXIT_CODES } from '../exit.js';
import { glanceAtStore } from '../store/glance.js';

/**
 * Checks settings, credentials, rights and access groups, and prints what it found. It writes nothing, neither upstream
 * nor in the store, and may run beside a bridge that serves.
 *
 * @returns the exit code: 1 when a check failed
 * @throws ConfigurationError
 */
export async function doctor({ json }: { readonly json: boolean }): Promise<number> {
  const config = readConfig(loadEnvironment());
  const connection = connect({ config: upstreamConfig(config), clock: systemClock });
  try {
    const findings = [
      ...(await examine(SITE_CHECKS, questionsTo(config, connection, systemClock))),
      ...(await examine(OWN_CHECKS, {
        config,
        store: () => glanceAtStore(config.databaseUrl),
        now: () => systemClock.now(),
      })),
    ];
    process.stdout.write(json ? toJson(findings) : toText(findings));
    return findings.some(hasFailed) ? EXIT_CODES.failure : EXIT_CODES.ok;
  } finally {
    connection.close();
  }
}
