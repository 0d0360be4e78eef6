/** A promise of the bridge that did not hold, with what led to it. Ids and made-up names only. */
export class Violation extends Error {
  constructor(
    message: string,
    readonly history: readonly string[] = [],
  ) {
    super(message);
  }
}
