import { EXIT_CODES, ExitError } from '../exit.js';

/** Checks settings, credentials and access groups. */
export function doctor(_options: { readonly json: boolean }): Promise<number> {
  throw new ExitError('doctor is not built yet.', EXIT_CODES.failure);
}
