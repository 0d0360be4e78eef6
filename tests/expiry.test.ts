import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../src/clock.js';
import { type Expiry, watchExpiry } from '../src/expiry.js';
import type { Clock } from '../src/provisioning/call.js';

const END = Date.UTC(2027, 2, 31);
const TOKEN: Expiry = {
  credential: 'site',
  name: 'the API token',
  setting: 'ATLASSIAN_API_TOKEN_EXPIRES',
  expiresAtMs: END,
};
const KEY: Expiry = {
  credential: 'organization',
  name: 'the organization key',
  setting: 'ATLASSIAN_ORG_API_KEY_EXPIRES',
  expiresAtMs: Date.UTC(2027, 2, 8),
};

/** Watches from one moment to another; the clock jumps from sleep to sleep. */
async function watched(expiries: readonly Expiry[], from: string, to: string): Promise<readonly string[]> {
  let nowMs = Date.parse(from);
  const clock: Clock = {
    now: () => nowMs,
    sleep(ms) {
      nowMs += ms;
      return nowMs > Date.parse(to) ? Promise.reject(new Error('aborted')) : Promise.resolve();
    },
  };
  const lines: string[] = [];
  const log = {
    warn: (_message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      void lines.push(`${new Date(nowMs).toISOString().slice(0, 13)} ${String(fields['finding'])}`),
  };
  await watchExpiry(expiries, { clock, log, signal: new AbortController().signal });
  return lines;
}

describe('a bridge that runs', () => {
  it('warns once at each of 30, 7 and 1 days before a credential expires, and on the day', async () => {
    expect(await watched([TOKEN], '2027-02-01T10:00:00Z', '2027-04-15T00:00:00Z')).toEqual([
      '2027-03-01T00 The API token expires on 2027-03-31, in 30 days.',
      '2027-03-24T00 The API token expires on 2027-03-31, in 7 days.',
      '2027-03-30T00 The API token expires on 2027-03-31, in 1 day.',
      '2027-03-31T00 The API token expires on 2027-03-31, today.',
    ]);
  });

  it('tells of each credential by itself, and leaves to the doctor what was due before the start', async () => {
    expect(await watched([TOKEN, KEY], '2027-03-01T10:30:00Z', '2027-03-08T12:00:00Z')).toEqual([
      '2027-03-07T00 The organization key expires on 2027-03-08, in 1 day.',
      '2027-03-08T00 The organization key expires on 2027-03-08, today.',
    ]);
  });

  it('has nothing to watch where no day was noted, and ends when it is told to', async () => {
    const stop = new AbortController();
    const log = { warn: () => undefined };
    const watching = watchExpiry([TOKEN], { clock: systemClock, log, signal: stop.signal });
    const nothing = watchExpiry([{ ...TOKEN, expiresAtMs: undefined }], {
      clock: systemClock,
      log,
      signal: stop.signal,
    });

    await expect(nothing).resolves.toBeUndefined();
    stop.abort();
    await expect(watching).resolves.toBeUndefined();
  });
});
