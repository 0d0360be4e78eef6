import { type RawBuilder, sql } from 'kysely';
import type { Call, Clock } from '../provisioning/call.js';
import { Failure } from '../provisioning/failure.js';
import type { Locks } from '../provisioning/store.js';
import { endsInTime } from '../provisioning/waiting.js';
import type { KeyedHash } from './addresses.js';
import type { Fence } from './fence.js';
import { type Instant, Lease, LEASE_MS, lostLock, thisInstant } from './lease.js';
import type { Handle } from './schema.js';
import { Turns } from './turns.js';

const RENEWAL_MS = LEASE_MS / 3;
/** How often a lock of another process is looked at. */
const POLL_MS = 100;

export interface LockOptions {
  /** That of the database whose changes the locks guard. */
  readonly fence: Fence;
  /** By whose clock leases run, in milliseconds since the epoch: one that all processes on the database share. */
  readonly now: () => RawBuilder<number>;
}

interface Queue {
  readonly turns: Turns;
  /** Holder and waiters; the queue goes with the last of them. */
  size: number;
}

/**
 * Locks in two steps: a queue inside this process, which is fair, then a row in the store, which holds across
 * processes. Rows carry hashes, because a key may be an address.
 */
export class StoreLocks implements Locks {
  readonly #db: Handle;
  readonly #hash: KeyedHash;
  readonly #clock: Clock;
  readonly #fence: Fence;
  readonly #now: () => RawBuilder<number>;
  readonly #queues = new Map<string, Queue>();

  constructor(db: Handle, hash: KeyedHash, clock: Clock, { fence, now }: LockOptions) {
    this.#db = db;
    this.#hash = hash;
    this.#clock = clock;
    this.#fence = fence;
    this.#now = now;
  }

  /**
   * Drops the locks of every process of a role. For a new one that holds the role's own lock on the database: whichever
   * held these is dead, and nobody has to wait for their leases.
   */
  async dropLocksOf(role: 'serve' | 'apply'): Promise<void> {
    await this.#db.deleteFrom('locks').where('owner', 'like', `${role}:%`).execute();
  }

  async withLock<T>(key: string, call: Call, work: (held: Call) => Promise<T>): Promise<T> {
    const lockKey = this.#hash(key);
    return this.#inTurn(lockKey, call, async () => {
      const lease = new Lease(call, await this.#taken(lockKey, call));
      const renewal = setInterval(() => void this.#renew(lockKey, lease), RENEWAL_MS);
      // A heartbeat must not keep a process alive that has nothing else to do.
      renewal.unref();
      let done: T;
      let wasOurs: boolean;
      try {
        done = await this.#fence.within(lockKey, () => work(lease.held));
      } finally {
        clearInterval(renewal);
        lease.end();
        wasOurs = await this.#release(lockKey);
      }
      // It may have given up halfway without saying so.
      if (lease.isLost || !wasOurs) throw lostLock();
      return done;
    });
  }

  /** @returns an instant before the lease began */
  async #taken(lockKey: string, call: Call): Promise<Instant> {
    for (;;) {
      const before = thisInstant();
      if (await this.#take(lockKey)) return before;
      const leftMs = call.deadlineMs - this.#clock.now();
      if (leftMs <= 0 || call.signal.aborted) throw busy();
      await this.#clock.sleep(Math.min(POLL_MS, leftMs), call.signal).catch(() => undefined);
    }
  }

  async #inTurn<T>(lockKey: string, call: Call, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(lockKey) ?? { turns: new Turns(), size: 0 };
    this.#queues.set(lockKey, queue);
    queue.size += 1;
    const turn = queue.turns.next();
    try {
      if (queue.size > 1 && !(await endsInTime(turn.begun, call.deadlineMs, call.signal, this.#clock))) throw busy();
      return await work();
    } finally {
      turn.end();
      queue.size -= 1;
      if (queue.size === 0) this.#queues.delete(lockKey);
    }
  }

  /** One statement, so that of two processes one gets it: a new row, or the row of a lease that has run out. */
  async #take(lockKey: string): Promise<boolean> {
    const lease = { owner: this.#fence.owner, expires_at_ms: this.#leaseEnd() };
    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto('locks')
      .values({ lock_key: lockKey, ...lease })
      .onConflict((conflict) =>
        conflict
          .column('lock_key')
          .doUpdateSet(lease)
          // Our own row is one that could not be released: inside this process the turn is ours.
          .where((eb) =>
            eb.or([eb('locks.expires_at_ms', '<=', this.#now()), eb('locks.owner', '=', this.#fence.owner)]),
          ),
      )
      .executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows === 1n;
  }

  #leaseEnd(): RawBuilder<number> {
    return sql<number>`${this.#now()} + ${LEASE_MS}`;
  }

  async #renew(lockKey: string, lease: Lease): Promise<void> {
    lease.check();
    if (lease.isLost) return;
    const before = thisInstant();
    try {
      const { numUpdatedRows } = await this.#db
        .updateTable('locks')
        .set({ expires_at_ms: this.#leaseEnd() })
        .where('lock_key', '=', lockKey)
        .where('owner', '=', this.#fence.owner)
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 0n) lease.lose();
      else lease.renewed(before);
    } catch {
      // The lease outlasts two more renewals.
    }
  }

  /** @returns false when it is another process's by now, or was */
  async #release(lockKey: string): Promise<boolean> {
    try {
      const { numDeletedRows } = await this.#fence.outside(() =>
        this.#db
          .deleteFrom('locks')
          .where('lock_key', '=', lockKey)
          .where('owner', '=', this.#fence.owner)
          .executeTakeFirstOrThrow(),
      );
      return numDeletedRows > 0n;
    } catch {
      // The work is done and its outcome counts; the lock falls free by its lease.
      return true;
    }
  }
}

function busy(): Failure {
  return new Failure('unavailable', 'Another request is still working on this. Send the request again.', {
    retryAfterSeconds: 5,
  });
}
