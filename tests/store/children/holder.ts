// Takes a lock of the store and keeps it until it is killed.
import type { Call } from '../../../src/provisioning/call.js';
import { openSqliteStore } from '../../../src/store/sqlite.js';
import { clock } from './clock.js';

const [, , url = '', key = ''] = process.argv;
const store = await openSqliteStore({ url, clock });
const call: Call = {
  requestId: 'holder',
  caller: 'bridge',
  kind: 'request',
  deadlineMs: Date.now() + 10_000,
  signal: new AbortController().signal,
  upstream: [],
};
await store.locks.withLock(key, call, () => {
  console.log('held');
  return new Promise<void>(() => setInterval(() => undefined, 60_000));
});
