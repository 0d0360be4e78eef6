import { Refusal, type Surface } from './errors.js';

/** A call after it was recorded, authenticated and its parameters were checked by name. */
export interface SandboxRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined when the call had no body. */
  readonly body: unknown;
  /** Nobody is logged in; only for routes that serve anonymous callers. */
  readonly isAnonymous: boolean;
}

export interface Answer {
  readonly status: number;
  /** Sent as JSON, unless it is a string; nothing is sent when undefined. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  /** `surface.verb`, as it appears in the list of calls. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** An express path. */
  readonly path: string;
  readonly surface: Surface;
  /** Query parameters that exist; any other is a 400. */
  readonly query?: readonly string[];
  /** Query parameters that may be repeated. */
  readonly repeatable?: readonly string[];
  readonly isWrite: boolean;
  /** Needs a JSON body; without the media type the answer is 415. */
  readonly takesBody?: boolean;
  /** Who may call; `nobody in particular` needs no credential. The default is anybody who may use the application. */
  readonly right?: 'site admin' | 'nobody in particular' | 'anonymous too';
  /** @throws Refusal */
  readonly answer: (request: SandboxRequest) => Answer | Promise<Answer>;
}

/** @throws Refusal 400 when the parameter is missing or empty */
export function requiredParameter({ query }: SandboxRequest, name: string): string {
  const value = query.get(name);
  if (value === null || value === '') throw new Refusal(400, `Required parameter '${name}' is missing.`);
  return value;
}

/** @throws Refusal 400 for anything but a whole number of 0 or more */
export function wholeNumber({ query }: SandboxRequest, name: string, fallback: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  if (!/^\d{1,9}$/.test(text)) throw new Refusal(400, `Parameter '${name}' must be a whole number of 0 or more.`);
  return Number(text);
}

/** @throws Refusal 400 for anything but `true` and `false` */
export function flag({ query }: SandboxRequest, name: string): boolean {
  const text = query.get(name) ?? 'false';
  if (text !== 'true' && text !== 'false') throw new Refusal(400, `Parameter '${name}' must be true or false.`);
  return text === 'true';
}

/** @throws Refusal 400 (with `code`) when the body is no JSON object or has other fields than these */
export function bodyWith(
  { body }: SandboxRequest,
  fields: readonly string[],
  code?: string,
): Readonly<Record<string, unknown>> {
  const details = code === undefined ? {} : { code };
  if (!isObject(body)) throw new Refusal(400, 'The body must be a JSON object.', details);
  const strange = Object.keys(body).find((field) => !fields.includes(field));
  if (strange !== undefined) throw new Refusal(400, `Unrecognized field "${strange}".`, details);
  return body;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

export function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

export function isEmail(value: string): boolean {
  return EMAIL.test(value);
}
