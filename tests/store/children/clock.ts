import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../../src/provisioning/call.js';

/** The real one: these processes are watched from outside. */
export const clock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => sleep(ms),
};
