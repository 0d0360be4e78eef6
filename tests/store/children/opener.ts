// Opens the store, adds one line to the audit and closes it.
import { openSqliteStore } from '../../../src/store/sqlite.js';
import { clock } from './clock.js';

const [, , url = '', name = ''] = process.argv;
const store = await openSqliteStore({ url, clock });
await store.audit.append({
  at: new Date().toISOString(),
  caller: 'bridge',
  requestId: name,
  event: 'store.opened',
  subject: name,
  object: undefined,
  decision: 'ID3',
  result: 'noted',
  upstream: [],
  note: undefined,
});
await store.close();
console.log('opened');
