import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Failure } from '../provisioning/failure.js';
import { shown } from './json.js';

/** Of one message: 50,000 members with a PATCH operation each, and as much again. */
export const MAX_JSON_VALUES = 600_000;
/** Of one object. Ten times as many as are kept of one, for a leaver's `active` is looked for among too many (rule US12). */
export const MAX_JSON_KEYS = 2_000;
/** Read without letting others go on; takes a few milliseconds. */
const VALUES_AT_ONCE = 5_000;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const LITERALS = [
  { text: 'true', value: true },
  { text: 'false', value: false },
  { text: 'null', value: null },
] as const;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const BYTE_ORDER_MARK = '\ufeff';

type Container = { readonly list: unknown[] } | { readonly object: Record<string, unknown>; names: number };

/**
 * Reads JSON (RFC 8259) as `JSON.parse` does, with three differences: a name that comes twice in one object is refused, for
 * two readers would take two different values; the number of values, and of names in an object, is bounded; and a large
 * text is read in turns with whatever else the process has to do, where `JSON.parse` would hold it up for half a second.
 *
 * @throws Failure `invalid`: `invalidSyntax` for what is no JSON in UTF-8 or repeats a name, `invalidValue` for too much
 */
export async function readJson(bytes: Buffer): Promise<unknown> {
  const reader = new JsonReader(bytes);
  while (!reader.read(VALUES_AT_ONCE)) await nextTurn();
  return reader.result;
}

/** As {@link readJson}, without letting anybody else go on: for short texts. */
export function readJsonNow(text: string): unknown {
  // Half of a surrogate pair has no bytes, and would be read as another character.
  if (/\p{Surrogate}/u.test(text)) throw notJson();
  const reader = new JsonReader(Buffer.from(text));
  while (!reader.read(VALUES_AT_ONCE));
  return reader.result;
}

class JsonReader {
  readonly #bytes: Buffer;
  /** Lists and objects that are not closed yet, the innermost last. A stack of our own, so that no nesting overflows another. */
  readonly #open: Container[] = [];
  #at: number;
  #values = 0;
  #isDone = false;
  #result: unknown;

  constructor(bytes: Buffer) {
    if (!isUtf8(bytes)) throw syntax('The body is not UTF-8. Send JSON in UTF-8.');
    this.#bytes = bytes;
    this.#at = bytes.toString('utf8', 0, 3) === BYTE_ORDER_MARK ? 3 : 0;
  }

  /** The value of the text, once `read` said that it is all there. */
  get result(): unknown {
    return this.#result;
  }

  /** Goes on for so many values. @returns whether that was all */
  read(most: number): boolean {
    for (let count = 0; count < most && !this.#isDone; count += 1) this.#readValue();
    return this.#isDone;
  }

  /** One value with the name in front and what is closed behind it; of a list or an object only its opening. */
  #readValue(): void {
    this.#values += 1;
    if (this.#values > MAX_JSON_VALUES) {
      throw new Failure('invalid', `The body holds more than ${MAX_JSON_VALUES} values. Send it in several messages.`);
    }
    const parent = this.#open.at(-1);
    const name = parent !== undefined && 'object' in parent ? this.#readName(parent) : '';
    const byte = this.#nextByte();
    if (byte !== OPEN_LIST && byte !== OPEN_OBJECT) {
      this.#place(this.#readScalar(byte), parent, name);
      this.#closeWhatEnds();
      return;
    }
    const opened: Container = byte === OPEN_LIST ? { list: [] } : { object: {}, names: 0 };
    this.#place('list' in opened ? opened.list : opened.object, parent, name);
    this.#open.push(opened);
    this.#at += 1;
    if (this.#nextByte() === closingOf(opened)) this.#closeWhatEnds();
  }

  #readName(parent: Extract<Container, { readonly object: unknown }>): string {
    if (this.#nextByte() !== QUOTE) throw notJson();
    const name = this.#readString();
    if (this.#nextByte() !== COLON) throw notJson();
    this.#at += 1;
    if (Object.hasOwn(parent.object, name)) {
      throw syntax(`The body names ${shown(name)} twice in one object. Send every name once.`);
    }
    parent.names += 1;
    if (parent.names > MAX_JSON_KEYS) {
      throw new Failure('invalid', `The body has an object of more than ${MAX_JSON_KEYS} names. Send fewer.`);
    }
    return name;
  }

  #place(value: unknown, parent: Container | undefined, name: string): void {
    if (parent === undefined) this.#result = value;
    else if ('list' in parent) parent.list.push(value);
    else define(parent.object, name, value);
  }

  /** Behind a value: either another one follows, or lists and objects end until one does. */
  #closeWhatEnds(): void {
    for (;;) {
      const container = this.#open.at(-1);
      const byte = this.#nextByte();
      if (container === undefined) {
        if (this.#at < this.#bytes.length) throw notJson();
        this.#isDone = true;
        return;
      }
      if (byte === COMMA) {
        this.#at += 1;
        return;
      }
      if (byte !== closingOf(container)) throw notJson();
      this.#at += 1;
      this.#open.pop();
    }
  }

  #readScalar(byte: number | undefined): unknown {
    if (byte === QUOTE) return this.#readString();
    if (byte === MINUS || isDigit(byte)) return this.#readNumber();
    const literal = LITERALS.find(({ text }) => this.#text(this.#at, this.#at + text.length) === text);
    if (literal === undefined) throw notJson();
    this.#at += literal.text.length;
    return literal.value;
  }

  #readString(): string {
    const bytes = this.#bytes;
    const start = this.#at;
    let hasEscape = false;
    let at = start + 1;
    for (; ; at += 1) {
      const byte = bytes[at];
      if (byte === undefined || byte < 0x20) throw notJson();
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        hasEscape = true;
        at += 1;
      }
    }
    this.#at = at + 1;
    return hasEscape ? unescaped(this.#text(start, at + 1)) : this.#text(start + 1, at);
  }

  #readNumber(): number {
    const start = this.#at;
    let end = start + 1;
    for (let byte = this.#bytes[end]; isPartOfNumber(byte); byte = this.#bytes[end]) end += 1;
    const text = this.#text(start, end);
    if (!NUMBER.test(text)) throw notJson();
    this.#at = end;
    return Number(text);
  }

  /** The next byte that is no blank, which stays to be read. */
  #nextByte(): number | undefined {
    let byte = this.#bytes[this.#at];
    while (isBlank(byte)) byte = this.#bytes[(this.#at += 1)];
    return byte;
  }

  #text(start: number, end: number): string {
    return this.#bytes.toString('utf8', start, end);
  }
}

/** `__proto__` becomes a property like any other, as with `JSON.parse`; assigned, it would be a prototype. */
function define(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  } else object[name] = value;
}

function unescaped(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    throw notJson();
  }
}

function closingOf(container: Container): number {
  return 'list' in container ? CLOSE_LIST : CLOSE_OBJECT;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** Digits, and `+ - . E e`. */
function isPartOfNumber(byte: number | undefined): boolean {
  return isDigit(byte) || byte === 0x2b || byte === MINUS || byte === 0x2e || byte === 0x45 || byte === 0x65;
}

function notJson(): Failure {
  return syntax('The body is no valid JSON. Send a JSON object.');
}

function syntax(message: string): Failure {
  return new Failure('invalid', message, { scimType: 'invalidSyntax' });
}
