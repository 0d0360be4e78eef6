import { AsyncLocalStorage } from 'node:async_hooks';

/** Knows which work runs inside a transaction of its own. */
export class TransactionScope {
  readonly #open = new AsyncLocalStorage<{ isOpen: boolean }>();

  async run<T>(work: () => Promise<T>): Promise<T> {
    const scope = { isOpen: true };
    try {
      return await this.#open.run(scope, work);
    } finally {
      scope.isOpen = false;
    }
  }

  /** @throws Error inside a transaction: its end would wait for the work that is waiting for it here */
  assertOutside(): void {
    if (this.#open.getStore()?.isOpen !== true) return;
    throw new Error('Inside a transaction use the records it hands out, not those of the store.');
  }

  /** Of a closed store. Until then the scope is carried along by every promise of the process, and never freed. */
  end(): void {
    this.#open.disable();
  }
}
