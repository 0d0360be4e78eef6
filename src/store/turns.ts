/** A place in a queue: `begun` resolves when everybody before has ended; `end` may be called before that, to give up. */
export interface Turn {
  readonly begun: Promise<void>;
  end(): void;
}

/** Lets one through at a time, strictly in the order of asking. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  next(): Turn {
    const begun = this.#last;
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    // Somebody who gives up while waiting must not let the next one pass those who are still before them.
    this.#last = begun.then(() => ended);
    return { begun, end };
  }
}
