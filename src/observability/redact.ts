const REDACTED = '[redacted]';
const MASKED_ADDRESS = '[e-mail]';
const MAX_DEPTH = 8;
const MAX_ENTRIES = 100;
const MAX_TEXT_LENGTH = 4_000;
const MAX_STACK_FRAMES = 12;
const MAX_CAUSES = 5;

/** Parts of keys, in small letters without punctuation, whose values are secret or personal whatever they look like. */
const PRIVATE_KEYS = [
  'authorization',
  'token',
  'secret',
  'password',
  'passwd',
  'apikey',
  'cookie',
  'credential',
  'email',
  'username',
  'displayname',
  'givenname',
  'familyname',
  'nickname',
  'phonenumber',
];

// Every repetition is bounded and begins with what cannot follow it, so the time grows with the text's length alone.
const ADDRESSES = /[^\s@"<>()[\],;:=/?&\\]{1,64}(?:@|%40)[\p{L}\p{N}][\p{L}\p{N}.-]{0,252}/giu;
const AUTHORIZATIONS = /\b(Bearer|Basic) +[A-Za-z0-9._~+/=-]{16,}/g;

/** Makes any value fit for a log: plain, bounded, without secrets and without personal data (rule SA7). */
export interface Redactor {
  text(text: string): string;
  /** Plain data for JSON. Errors become name, code, kind, message, stack and cause; cycles and depth are cut. */
  value(value: unknown): unknown;
  /** Adds secrets to those that are known. */
  learn(secrets: readonly string[]): void;
}

/** @param secrets texts that must not appear anywhere, as they are or in one of their usual spellings */
export function createRedactor(secrets: readonly string[]): Redactor {
  const forms = new Set<string>();
  let known: readonly string[] = [];

  const learn = (more: readonly string[]): void => {
    for (const form of more.flatMap(spellings)) if (form !== '') forms.add(form);
    // The longest first: a secret may be part of another, and the rest of the longer one must not stay behind.
    known = [...forms].sort((a, b) => b.length - a.length);
  };
  learn(secrets);

  const text = (original: string): string => {
    let clean = original;
    for (const secret of known) clean = clean.replaceAll(secret, REDACTED);
    clean = clean.replace(AUTHORIZATIONS, `$1 ${REDACTED}`).replace(ADDRESSES, MASKED_ADDRESS);
    // Cut last, or half of a secret could be left at the edge.
    return clean.length > MAX_TEXT_LENGTH ? `${clean.slice(0, MAX_TEXT_LENGTH)}…` : clean;
  };

  const errorOf = (error: Error, seen: readonly object[]): Record<string, unknown> => {
    const { code, kind, cause, errors } = error as Error & Record<'code' | 'kind' | 'cause' | 'errors', unknown>;
    const causes = seen.filter((outer) => outer instanceof Error).length;
    const deeper = causes < MAX_CAUSES;
    return {
      name: text(error.name),
      ...(typeof code === 'string' || typeof code === 'number' ? { code: plain(code, seen) } : {}),
      ...(typeof kind === 'string' ? { kind: text(kind) } : {}),
      // One of JSON.parse quotes what it could not read.
      message: error.name === 'SyntaxError' ? REDACTED : text(error.message),
      stack: framesOf(error).map(text),
      ...(cause !== undefined && deeper ? { cause: plain(cause, [...seen, error]) } : {}),
      ...(Array.isArray(errors) && deeper ? { errors: plain(errors, [...seen, error]) } : {}),
    };
  };

  const objectOf = (object: object, seen: readonly object[]): unknown => {
    if (seen.includes(object)) return '[circular]';
    if (object instanceof Error) return errorOf(object, seen);
    if (object instanceof Date) return Number.isNaN(object.getTime()) ? null : object.toISOString();
    if (object instanceof URL) return text(object.href);
    if (ArrayBuffer.isView(object)) return '[binary]';
    if (seen.length >= MAX_DEPTH) return '[deep]';
    const inside = [...seen, object];
    if (Array.isArray(object) || object instanceof Set) {
      return cut(Array.from(object as Iterable<unknown>)).map((entry) => plain(entry, inside));
    }
    const entries: [unknown, unknown][] = object instanceof Map ? [...object] : Object.entries(object);
    return Object.fromEntries(
      cut(entries).map(([key, inner]) => {
        const name = text(String(key));
        return [name, isPrivate(String(key)) && !isHarmless(inner) ? REDACTED : plain(inner, inside)];
      }),
    );
  };

  const plain = (value: unknown, seen: readonly object[]): unknown => {
    if (typeof value === 'string') return text(value);
    if (typeof value === 'bigint') return value.toString();
    if (typeof value === 'function' || typeof value === 'symbol') return undefined;
    return typeof value === 'object' && value !== null ? objectOf(value, seen) : value;
  };

  return { text, value: (value) => plain(value, []), learn };
}

/** How a secret may be written in a URL, in JSON, or in base64. */
function spellings(secret: string): readonly string[] {
  const encoded = encodeURIComponent(secret);
  const bytes = Buffer.from(secret);
  return [
    secret,
    encoded,
    encoded.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('base64'),
    bytes.toString('base64url'),
  ];
}

/** The places of a stack, innermost first; the message above them is logged by itself. */
function framesOf(error: Error): string[] {
  const lines = error.stack?.split('\n') ?? [];
  return lines
    .filter((line) => /^\s+at /.test(line))
    .slice(0, MAX_STACK_FRAMES)
    .map((line) => line.trim());
}

function cut<T>(entries: readonly T[]): readonly T[] {
  return entries.slice(0, MAX_ENTRIES);
}

function isPrivate(key: string): boolean {
  const name = key.toLowerCase().replace(/[^a-z0-9]/g, '');
  return PRIVATE_KEYS.some((part) => name.includes(part));
}

/** Whether something was there at all may be said. */
function isHarmless(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'boolean';
}
