import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { lostLock } from './lease.js';

/** `serve` and `apply` (of a plan) are each the only one of their kind on a SQLite file; other commands work beside them. */
export type ProcessRole = 'serve' | 'apply' | 'command';

/** Runs one query in the transaction that is about to be committed. */
export type Ask = (sql: string, values: readonly string[]) => Promise<{ readonly rows: readonly unknown[] }>;

interface HeldLock {
  readonly lockKey: string;
  readonly outer: HeldLock | undefined;
  isOver: boolean;
}

/**
 * Knows under which locks the work at hand goes on, and has the store itself say, at the end of each transaction, that
 * they are this process's still: whoever was held up for longer than a lease need not know of it.
 */
export class Fence {
  /** Whose the locks of this store are. */
  readonly owner: string;
  readonly #innermost = new AsyncLocalStorage<HeldLock | undefined>();

  constructor(role: ProcessRole) {
    this.owner = `${role}:${randomUUID()}`;
  }

  /** Runs work under one lock more. What it began and left behind is not bound by the lock once the work is over. */
  async within<T>(lockKey: string, work: () => Promise<T>): Promise<T> {
    const lock: HeldLock = { lockKey, outer: this.#current(), isOver: false };
    try {
      return await this.#innermost.run(lock, work);
    } finally {
      lock.isOver = true;
    }
  }

  /** Runs what is right whoever has the locks by now. */
  outside<T>(work: () => T): T {
    return this.#innermost.run(undefined, work);
  }

  /**
   * To be awaited right before a commit.
   *
   * @throws Failure `unavailable` when a lock that the work is under is not this process's any more
   */
  async assertHeld(ask: Ask): Promise<void> {
    const lockKeys = this.#lockKeys();
    if (lockKeys.length === 0) return;
    const places = lockKeys.map((_, index) => `$${index + 2}`).join(', ');
    const sql = `select 1 from locks where owner = $1 and lock_key in (${places})`;
    const { rows } = await ask(sql, [this.owner, ...lockKeys]);
    if (rows.length < lockKeys.length) throw lostLock();
  }

  /** Of a closed store, as with {@link TransactionScope.end}. */
  end(): void {
    this.#innermost.disable();
  }

  #lockKeys(): readonly string[] {
    const lockKeys: string[] = [];
    for (let lock = this.#current(); lock !== undefined; lock = lock.outer) {
      if (!lock.isOver) lockKeys.push(lock.lockKey);
    }
    return lockKeys;
  }

  /** The innermost lock that still binds: work that each time begins the next must not carry along all that were before. */
  #current(): HeldLock | undefined {
    let lock = this.#innermost.getStore();
    while (lock?.isOver === true) lock = lock.outer;
    return lock;
  }
}
