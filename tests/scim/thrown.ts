import { Failure } from '../../src/provisioning/failure.js';

/** The Failure that `work` throws. Anything else, or nothing, fails the test. */
export function thrownBy(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}
