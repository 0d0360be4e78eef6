import { randomUUID } from 'node:crypto';
import { type RawBuilder, sql } from 'kysely';
import type { Call, Clock } from '../provisioning/call.js';
import { Failure } from '../provisioning/failure.js';
import type { Locks } from '../provisioning/store.js';
import { endsInTime } from '../provisioning/waiting.js';
import type { KeyedHash } from './addresses.js';
import type { Handle } from './schema.js';
import { Turns } from './turns.js';

/** A lock whose holder has died falls free after this long. */
const LEASE_MS = 30_000;
const RENEWAL_MS = LEASE_MS / 3;
/** How often a lock of another process is looked at. */
const POLL_MS = 100;

/** `serve` and `apply` (of a plan) are each the only one of their kind on a SQLite file; other commands work beside them. */
export type ProcessRole = 'serve' | 'apply' | 'command';

export interface LockOptions {
  readonly role: ProcessRole;
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
  readonly #owner: string;
  readonly #now: () => RawBuilder<number>;
  readonly #queues = new Map<string, Queue>();

  constructor(db: Handle, hash: KeyedHash, clock: Clock, { role, now }: LockOptions) {
    this.#db = db;
    this.#hash = hash;
    this.#clock = clock;
    this.#owner = `${role}:${randomUUID()}`;
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
      while (!(await this.#take(lockKey))) {
        const leftMs = call.deadlineMs - this.#clock.now();
        if (leftMs <= 0 || call.signal.aborted) throw busy();
        await this.#clock.sleep(Math.min(POLL_MS, leftMs), call.signal).catch(() => undefined);
      }
      const renewal = setInterval(() => void this.#renew(lockKey), RENEWAL_MS);
      // A heartbeat must not keep a process alive that has nothing else to do.
      renewal.unref();
      try {
        return await work(call);
      } finally {
        clearInterval(renewal);
        await this.#release(lockKey);
      }
    });
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
    const lease = { owner: this.#owner, expires_at_ms: this.#leaseEnd() };
    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto('locks')
      .values({ lock_key: lockKey, ...lease })
      .onConflict((conflict) =>
        conflict
          .column('lock_key')
          .doUpdateSet(lease)
          // Our own row is one that could not be released: inside this process the turn is ours.
          .where((eb) => eb.or([eb('locks.expires_at_ms', '<=', this.#now()), eb('locks.owner', '=', this.#owner)])),
      )
      .executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows === 1n;
  }

  #leaseEnd(): RawBuilder<number> {
    return sql<number>`${this.#now()} + ${LEASE_MS}`;
  }

  async #renew(lockKey: string): Promise<void> {
    try {
      await this.#db
        .updateTable('locks')
        .set({ expires_at_ms: this.#leaseEnd() })
        .where('lock_key', '=', lockKey)
        .where('owner', '=', this.#owner)
        .execute();
    } catch {
      // The lease outlasts two more renewals; a store that stays away fails the work itself at its next call.
    }
  }

  async #release(lockKey: string): Promise<void> {
    try {
      await this.#db.deleteFrom('locks').where('lock_key', '=', lockKey).where('owner', '=', this.#owner).execute();
    } catch {
      // The work is done and its outcome counts; the lock falls free by its lease.
    }
  }
}

function busy(): Failure {
  return new Failure('unavailable', 'Another request is still working on this. Send the request again.', {
    retryAfterSeconds: 5,
  });
}
