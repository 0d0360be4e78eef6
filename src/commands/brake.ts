import { systemClock } from '../clock.js';
import { type Config, readConfig } from '../config.js';
import { loadEnvironment } from '../environment.js';
import { EXIT_CODES, ExitError } from '../exit.js';
import { brakeStatus, currentAccessLimit, releaseBrake } from '../provisioning/brakeStatus.js';
import { Failure } from '../provisioning/failure.js';
import type { Records } from '../provisioning/store.js';
import { readRecords } from '../store/reading.js';
import { openExistingStore } from '../store/open.js';
import { operatorCall } from './operator.js';

const LONGEST_RELEASE_MS = 24 * 60 * 60_000;
const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 60 * 60_000 };

/** Shows or releases the mass-removal brake (rule SA11), beside a bridge that serves. Asks Atlassian nothing. */
export async function brake(action: 'status' | 'release', options: { readonly for?: string }): Promise<void> {
  const releaseMs = options.for === undefined ? 0 : durationMs(options.for);
  const config = readConfig(loadEnvironment());
  try {
    const described =
      action === 'release'
        ? await release(config, releaseMs)
        : await readRecords(config.databaseUrl, (records) => describeStatus(records, config));
    process.stdout.write(described);
  } catch (error) {
    if (error instanceof Failure) throw new ExitError(error.message, EXIT_CODES.failure, { cause: error });
    throw error;
  }
}

async function release({ databaseUrl }: Config, releaseMs: number): Promise<string> {
  const store = await openExistingStore({ url: databaseUrl, clock: systemClock });
  const untilMs = systemClock.now() + releaseMs;
  try {
    await releaseBrake(store, untilMs, systemClock, operatorCall());
  } finally {
    await store.close();
  }
  return releaseMs === 0
    ? 'The brake is released and counts from zero. Identity providers send again what was refused.\n'
    : `The brake lets everything pass until ${timeOf(untilMs)}, and counts from zero then. To end that earlier: brake release\n`;
}

async function describeStatus(records: Records, { brake: limits }: Config): Promise<string> {
  const nowMs = systemClock.now();
  const status = await brakeStatus(records, limits, nowMs);
  const limit = await currentAccessLimit(records, limits, nowMs);
  const lines = [
    ...status.trips.map(
      ({ counter, trippedAtMs, lastRefusedAtMs, refusals }) =>
        `TRIPPED ${counter} at ${timeOf(trippedAtMs)}: ${refusals} messages refused, the last at ${timeOf(lastRefusedAtMs)}`,
    ),
    ...(status.releasedUntilMs === undefined ? [] : [`Everything passes until ${timeOf(status.releasedUntilMs)}`]),
    `In the last ${limits.windowMs / 60_000} minutes, or since the last release:`,
    `  access lost by ${status.accessLosses} people, limit ${limit ?? 'off'}`,
    ...status.groups.map(({ groupId, removed }) => `  members removed from group ${groupId}: ${removed}`),
    ...(status.trips.length === 0 ? [] : ['If they are meant: brake release, or brake release --for 1h']),
  ];
  return `${lines.join('\n')}\n`;
}

function durationMs(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,4})([mh])$/.exec(text.trim().toLowerCase()) ?? [];
  const ms = Number(digits) * (UNITS_MS[unit] ?? NaN);
  if (ms > 0 && ms <= LONGEST_RELEASE_MS) return ms;
  throw new ExitError('--for takes minutes or hours up to 24h, for example: --for 30m or --for 1h', EXIT_CODES.usage);
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
