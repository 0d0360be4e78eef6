// Takes a lock of the store and keeps it until it is killed.
import { openSqliteStore } from '../../../src/store/sqlite.js';
import { clock } from './clock.js';

const [, , url = '', key = ''] = process.argv;
const store = await openSqliteStore({ url, clock });
await store.locks.withLock(key, Date.now() + 10_000, () => {
  console.log('held');
  return new Promise<void>(() => setInterval(() => undefined, 60_000));
});
