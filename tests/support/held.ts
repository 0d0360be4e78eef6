import type { Sandbox } from '../../src/sandbox/server.js';

/** A call that Atlassian has and does not answer yet. */
export interface HeldCall {
  /** Resolves when the call is there. */
  readonly arrived: Promise<void>;
  readonly answerNow: () => void;
}

/** Keeps the answer to the next call of a path that matches, until the test lets it go. */
export function holdNext(sandbox: Pick<Sandbox, 'faults'>, path: RegExp): HeldCall {
  let answerNow = (): void => undefined;
  const mayAnswer = new Promise<void>((resolve) => (answerNow = resolve));
  const arrived = new Promise<void>((resolve) =>
    sandbox.faults.when({ path }, () => {
      resolve();
      return mayAnswer;
    }),
  );
  return { arrived, answerNow: () => answerNow() };
}
