import { Failure } from '../provisioning/failure.js';

/** One piece of a filter. `text` of a `string` is what it stands for, its escapes resolved. */
export interface Token {
  readonly kind: 'word' | 'string' | '(' | ')' | '[' | ']' | 'end';
  readonly text: string;
  /** Position in the filter, from 0. */
  readonly at: number;
}

/** Refuses a filter; `what` is a sentence that says what to do, too. */
export function refuseFilter(what: string, token?: Pick<Token, 'at'>): Failure {
  const where = token === undefined ? '' : ` at character ${token.at + 1}`;
  return new Failure('invalid', `The filter cannot be read${where}: ${what}`, { scimType: 'invalidFilter' });
}

const WORD = /[^\s()[\]"]+/y;
const SPACE = /\s*/y;
// NUL and lone surrogates can be escaped in JSON, but no database and no URL can carry them.
const UNSTORABLE = /[\0\p{Surrogate}]/u;

/**
 * Cuts a filter (RFC 7644 §3.4.2.2) into its pieces, without an `end`. Looks at each character a fixed number of times.
 *
 * @throws Failure `invalid` (`invalidFilter`) for a string that does not end or is no JSON string
 */
export function tokenise(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = skip(SPACE, text, 0);
  while (at < text.length) {
    const kind = text.charAt(at);
    let end: number;
    if (kind === '(' || kind === ')' || kind === '[' || kind === ']') {
      end = at + 1;
      tokens.push({ kind, text: kind, at });
    } else if (kind === '"') {
      end = endOfString(text, at);
      tokens.push({ kind: 'string', text: readString(text, at, end), at });
    } else {
      end = skip(WORD, text, at);
      tokens.push({ kind: 'word', text: text.slice(at, end), at });
    }
    at = skip(SPACE, text, end);
  }
  return tokens;
}

function skip(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}

/** Walks instead of matching a pattern: a backslash takes the character after it along, so no input is tried twice. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') return at + 1;
    if (character === '\\') at += 1;
  }
  throw refuseFilter('this quote is never closed. Close it with a second double quote.', { at: start });
}

function readString(text: string, start: number, end: number): string {
  let value: unknown;
  try {
    value = JSON.parse(text.slice(start, end));
  } catch {
    value = undefined;
  }
  if (typeof value !== 'string') {
    throw refuseFilter('this is no JSON string. Inside quotes, write \\" for a quote and \\\\ for a backslash.', {
      at: start,
    });
  }
  if (UNSTORABLE.test(value)) {
    throw refuseFilter('this text holds a NUL or half a character. Take it out.', { at: start });
  }
  return value;
}
