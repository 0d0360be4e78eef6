import type { Kysely } from 'kysely';
import type { Clock } from '../provisioning/call.js';
import type { Locks, Store } from '../provisioning/store.js';
import type { KeyedHash } from './addresses.js';
import type { ProcessRole } from './locks.js';
import { recordsOf } from './records.js';
import type { Database } from './schema.js';
import type { TransactionScope } from './scope.js';

export interface StoreOptions {
  /** `DATABASE_URL`, or `:memory:` for a store that goes with the process. */
  readonly url: string;
  /** For leases of locks; waiting for a busy database goes by real time. */
  readonly clock: Clock;
  /** `serve`, `apply` only for the process that holds that lock. */
  readonly role?: ProcessRole;
  /** Told when there was nothing, and a new, empty database was made. */
  readonly onMade?: () => void;
}

/** What a database brings to a store. */
export interface StoreParts {
  readonly db: Kysely<Database>;
  readonly hash: KeyedHash;
  readonly scope: TransactionScope;
  readonly locks: Locks;
  readonly close: () => Promise<void>;
}

export function assembleStore({ db, hash, scope, locks, close }: StoreParts): Store {
  return {
    ...recordsOf(db, hash),
    locks,
    transaction: (work) => db.transaction().execute((trx) => scope.run(() => work(recordsOf(trx, hash)))),
    close: async () => {
      await close();
      scope.end();
    },
  };
}
