import { systemClock } from '../clock.js';
import { type Config, readConfig } from '../config.js';
import { loadEnvironment } from '../environment.js';
import { EXIT_CODES, ExitError } from '../exit.js';
import { applyPlan, type Outcome } from '../observe/apply.js';
import { braked } from '../observe/braked.js';
import { type PlanReport, reportPlan, toJson, toText } from '../observe/report.js';
import { Failure } from '../provisioning/failure.js';
import { onShutdown } from '../shutdown.js';
import { lockToApply } from '../store/processLocks.js';
import { readRecords } from '../store/reading.js';
import { printable } from '../terminal.js';
import { ask } from './agreement.js';
import { atSite, operatorCall } from './operator.js';

/** Prints what observe mode planned (rule SA14). It writes nothing and asks Atlassian nothing. */
export async function plan({ json }: { readonly json: boolean }): Promise<void> {
  const report = await readReport(readConfig(loadEnvironment()));
  if (json) process.stdout.write(toJson(report));
  else {
    process.stdout.write(toText(report));
    if (report.steps.length > 0) process.stdout.write('Carry it out with: confluence-scim-bridge plan apply\n');
  }
}

export interface ApplyOptions {
  /** The host of the site, typed again; else it is asked for. */
  readonly site: string | undefined;
  /** Does not ask. */
  readonly yes: boolean;
}

/**
 * Carries the plan out, once the operator has typed whose site it is. It may run beside a bridge that serves.
 *
 * @returns the exit code: 1 when something failed, is left, or was not agreed to
 * @throws ConfigurationError; ExitError for another site, and where the brake refuses
 */
export async function applyPlanned({ site, yes }: ApplyOptions): Promise<number> {
  const config = readConfig(loadEnvironment());
  const report = await readReport(config);
  if (site !== undefined && !isSite(site, report)) throw otherSite(site, report);
  process.stdout.write(toText(report));
  if (report.steps.length === 0) return EXIT_CODES.ok;
  if (!yes && !isSite(await ask(`Type ${report.site} to carry it out: `), report)) {
    process.stdout.write('That is not the site. Nothing was sent.\n');
    return EXIT_CODES.failure;
  }
  const lock = await lockToApply(config.databaseUrl);
  if (lock === undefined) {
    throw new ExitError('Another plan apply is running. Wait for its end.', EXIT_CODES.failure);
  }
  const stopping = new AbortController();
  const forget = onShutdown(['SIGINT', 'SIGTERM'], () => stopping.abort());
  try {
    return await carryOut(report, config, stopping.signal);
  } finally {
    forget();
    await lock.release();
  }
}

async function carryOut({ steps }: PlanReport, config: Config, signal: AbortSignal): Promise<number> {
  const counts = { applied: 0, dropped: 0, failed: 0 };
  const isWhole = await atSite(
    config,
    (parts) =>
      applyPlan({
        deps: braked(parts, config.brake),
        agreed: steps.map(({ entry }) => entry),
        call: operatorCall,
        signal,
        onOutcome(outcome) {
          counts[outcome.state] += 1;
          process.stdout.write(`${printable(sayOutcome(outcome))}\n`);
        },
      }),
    'apply',
  );
  process.stdout.write(`${counts.applied} applied, ${counts.dropped} dropped, ${counts.failed} failed.\n`);
  if (!isWhole || counts.failed > 0) process.stdout.write('Run plan apply again for what is left.\n');
  return isWhole && counts.failed === 0 ? EXIT_CODES.ok : EXIT_CODES.failure;
}

function sayOutcome({ entry, state, reason }: Outcome): string {
  return [`${String(entry.number).padStart(5)}  ${state}`, ...(reason === undefined ? [] : [reason])].join('  ');
}

async function readReport(config: Config): Promise<PlanReport> {
  try {
    return await readRecords(config.databaseUrl, (records) => reportPlan(records, config, systemClock.now()));
  } catch (error) {
    if (error instanceof Failure) throw new ExitError(error.message, EXIT_CODES.failure, { cause: error });
    throw error;
  }
}

function isSite(typed: string, { site }: PlanReport): boolean {
  return typed.trim().toLowerCase() === site;
}

function otherSite(typed: string, { site }: PlanReport): ExitError {
  return new ExitError(
    `--site ${printable(typed)} is not the site of ATLASSIAN_SITE_URL. Type the site that the plan is for, ${site}, or correct the setting.`,
    EXIT_CODES.usage,
  );
}
