import { connect } from '../atlassian/connection.js';
import { upstreamConfig } from '../bridge.js';
import { systemClock } from '../clock.js';
import { type Config, readConfig } from '../config.js';
import { questionsTo } from '../doctor/questions.js';
import { compare } from '../drift/compare.js';
import type { Drift, RepairName } from '../drift/findings.js';
import { driftJson } from '../drift/json.js';
import { planRepairs, planText, type Repair } from '../drift/plan.js';
import { carryOutRepairs, outcomeText } from '../drift/repair.js';
import { driftText } from '../drift/text.js';
import { loadEnvironment } from '../environment.js';
import { EXIT_CODES, ExitError } from '../exit.js';
import { byScimIds } from '../observe/groupIds.js';
import { Failure } from '../provisioning/failure.js';
import { openOwnCall } from '../roster/ownCall.js';
import { SCAN_BUDGET_MS } from '../roster/runner.js';
import { openAccountSet } from '../store/accountSet.js';
import { pausesKeptIn, readRecords } from '../store/reading.js';
import { printable, progressBar } from '../terminal.js';
import { isAgreed } from './agreement.js';
import { asOperator, operatorCall } from './operator.js';

export interface DriftOptions {
  readonly json: boolean;
  /** Undefined: nothing is written. */
  readonly repair: readonly RepairName[] | undefined;
  /** Does not ask. */
  readonly yes: boolean;
}

/**
 * Compares the record with Confluence (rule SA15) and, where asked to, puts right what differs. It may run beside a bridge
 * that serves.
 *
 * @returns the exit code: 0 no difference, or none left; 1 differences, or some left; 75 something could not be compared
 * @throws ConfigurationError; ExitError when there is no store to read
 */
export async function drift({ json, repair, yes }: DriftOptions): Promise<number> {
  const config = readConfig(loadEnvironment());
  const { found, plan } = await comparison(config, repair);
  process.stdout.write(json ? driftJson(found, new Date(systemClock.now()).toISOString()) : driftText(found));
  if (repair === undefined) return exitCode(found, found.findings.length);
  if (plan.length === 0) {
    process.stdout.write(`There is nothing to repair of: ${repair.join(', ')}.\n`);
    return exitCode(found, found.findings.length);
  }
  process.stdout.write(`\n${planText(plan)}`);
  if (!yes && !(await isAgreed(`Do this on ${config.site.url}?`, new AbortController().signal))) {
    process.stdout.write('Nothing was written.\n');
    return exitCode(found, found.findings.length);
  }
  const outcomes = await asOperator(
    (deps) =>
      carryOutRepairs(plan, deps, operatorCall, (one, outcome) => {
        process.stdout.write(`${printable(outcomeText(one, outcome))}\n`);
      }),
    { isBraked: true },
  );
  const repaired = outcomes.filter(({ kind }) => kind === 'done' || kind === 'needless').length;
  return exitCode(found, found.findings.length - repaired);
}

async function comparison(
  config: Config,
  names: readonly RepairName[] = [],
): Promise<{ readonly found: Drift; readonly plan: readonly Repair[] }> {
  const pauses = pausesKeptIn(config.databaseUrl);
  const connection = connect({ config: upstreamConfig(config), clock: systemClock, pauses });
  const progress = progressBar(process.stderr, 'Comparing');
  const signal = new AbortController().signal;
  try {
    return await readRecords(config.databaseUrl, async (records) => {
      const asked = questionsTo(config, connection, systemClock);
      // A group that was planned before it was made has one id here and another in Confluence (rule SA14).
      const questions = { ...asked, directory: async () => byScimIds(await asked.directory(), records) };
      const found = await compare({
        questions,
        records,
        clock: systemClock,
        openSet: openAccountSet,
        openCall: () => openOwnCall('scan', SCAN_BUDGET_MS, signal, systemClock),
        progress,
      });
      return { found, plan: await planRepairs(found.findings, names, { questions, records }) };
    });
  } catch (error) {
    if (error instanceof Failure) throw new ExitError(error.message, EXIT_CODES.failure, { cause: error });
    throw error;
  } finally {
    progress.end();
    connection.close();
  }
}

function exitCode({ unread }: Drift, left: number): number {
  if (unread.length > 0) return EXIT_CODES.tryAgain;
  return left === 0 ? EXIT_CODES.ok : EXIT_CODES.failure;
}
