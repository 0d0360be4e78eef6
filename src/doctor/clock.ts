import type { Check } from './check.js';
import type { Questions } from './questions.js';

const TOLERATED_MS = 60_000;

/** Does the clock of this machine agree with Atlassian's (`Date`, RFC 9110 §6.6.1)? */
export const clock: Check<Questions> = {
  name: 'clock',
  async observe({ currentUser }) {
    const { answeredAtMs, serverTimeMs } = await currentUser();
    if (serverTimeMs === undefined) {
      return [{ status: 'unknown', message: 'Atlassian did not tell its time.' }];
    }
    const aheadMs = answeredAtMs - serverTimeMs;
    if (Math.abs(aheadMs) <= TOLERATED_MS) {
      return [{ status: 'ok', message: "The clock agrees with Atlassian's within a minute." }];
    }
    const seconds = Math.round(Math.abs(aheadMs) / 1000);
    return [
      {
        status: 'warning',
        message: `The clock of this machine is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} Atlassian's, so the times in answers and in the audit are wrong.`,
        remedy: 'Have the clock set by NTP.',
      },
    ];
  },
};
