import { Failure } from '../provisioning/failure.js';

/**
 * Refuses text that a database would not give back as it was: libsql cuts it at a NUL and PostgreSQL has none, and
 * half of a surrogate pair is no UTF-8, so that another character would take its place.
 *
 * @throws Failure `invalid`, without the text
 */
export function assertStorable(text: string): void {
  if (text.includes('\0')) throw new Failure('invalid', 'A value holds a NUL character, which cannot be stored.');
  if (/\p{Surrogate}/u.test(text)) {
    throw new Failure('invalid', 'A value holds half of a surrogate pair, which cannot be stored.');
  }
}
