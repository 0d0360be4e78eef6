import { connect } from '../atlassian/connection.js';
import { upstreamConfig } from '../bridge.js';
import { systemClock } from '../clock.js';
import { readConfig } from '../config.js';
import { examine, type Finding } from '../doctor/check.js';
import { DOCTOR_CHECKS, OWN_CHECKS } from '../doctor/checks.js';
import { once, type Questions, questionsTo } from '../doctor/questions.js';
import { hasFailed, toJson, toText } from '../doctor/report.js';
import { loadEnvironment } from '../environment.js';
import { EXIT_CODES } from '../exit.js';
import { Failure } from '../provisioning/failure.js';
import { glanceAtStore } from '../store/glance.js';
import { pausesKeptIn } from '../store/reading.js';
import { openExistingStore } from '../store/open.js';
import { clearWriteTests } from './leftovers.js';

/**
 * Checks settings, credentials, rights and access groups, and prints what it found. It changes nothing, neither upstream
 * nor in the store, except that it takes away what an interrupted write test left. It may run beside a bridge that serves.
 *
 * @returns the exit code: 1 when a check failed
 * @throws ConfigurationError
 */
export async function doctor({ json }: { readonly json: boolean }): Promise<number> {
  const config = readConfig(loadEnvironment());
  const pauses = pausesKeptIn(config.databaseUrl);
  const connection = connect({ config: upstreamConfig(config), clock: systemClock, pauses });
  try {
    const questions = questionsTo(config, connection, systemClock);
    const findings = [
      ...(await examine(DOCTOR_CHECKS, questions)),
      ...(config.mode === 'observe' ? [] : await takeLeftovers(config.databaseUrl, questions)),
      ...(await examine(OWN_CHECKS, {
        config,
        store: once(() => glanceAtStore(config.databaseUrl)),
        now: () => systemClock.now(),
      })),
    ];
    process.stdout.write(json ? toJson(findings) : toText(findings));
    return findings.some(hasFailed) ? EXIT_CODES.failure : EXIT_CODES.ok;
  } finally {
    connection.close();
  }
}

/** A line for everything that was taken away; what could not be, the check of the records tells. */
async function takeLeftovers(databaseUrl: string, questions: Questions): Promise<readonly Finding[]> {
  const glance = await glanceAtStore(databaseUrl).catch(() => undefined);
  if (glance?.kind !== 'read' || glance.writeTests === 0) return [];
  const store = await openExistingStore({ url: databaseUrl, clock: systemClock });
  try {
    const { signal } = new AbortController();
    const leftovers = await clearWriteTests({ databaseUrl, store, questions, clock: systemClock, signal });
    return leftovers.map(({ isGone, message }) => ({ check: 'records', status: isGone ? 'ok' : 'warning', message }));
  } catch (error) {
    return [{ check: 'records', status: 'warning', message: Failure.from(error).message }];
  } finally {
    await store.close();
  }
}
