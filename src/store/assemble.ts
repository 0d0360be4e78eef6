import type { Kysely } from 'kysely';
import type { Clock } from '../provisioning/call.js';
import type { Locks, Store } from '../provisioning/store.js';
import type { KeyedHash } from './addresses.js';
import type { Fence, ProcessRole } from './fence.js';
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
  readonly fence: Fence;
  readonly locks: Locks;
  readonly close: () => Promise<void>;
}

export function assembleStore({ db, hash, scope, fence, locks, close }: StoreParts): Store {
  const records = recordsOf(db, hash);
  const { audit, brake, seats, pauses } = records;
  return {
    ...records,
    // Who has lost a lock may change nothing more, and yet says what was tried, gives back what it took, and passes on
    // what Atlassian asked for.
    audit: { ...audit, append: (...args) => fence.outside(() => audit.append(...args)) },
    brake: { ...brake, settle: (...args) => fence.outside(() => brake.settle(...args)) },
    seats: { ...seats, release: (...args) => fence.outside(() => seats.release(...args)) },
    pauses: { ...pauses, extend: (...args) => fence.outside(() => pauses.extend(...args)) },
    locks,
    transaction: (work) => db.transaction().execute((trx) => scope.run(() => work(recordsOf(trx, hash)))),
    close: async () => {
      await close();
      scope.end();
      fence.end();
    },
  };
}
