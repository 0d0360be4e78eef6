import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from './provisioning/call.js';

/** Real time. Sleeping does not keep the process alive by itself once it is told to stop. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
};
