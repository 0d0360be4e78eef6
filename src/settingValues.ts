import { isIP } from 'node:net';
import { OWN_CALLERS } from './provisioning/call.js';
import type { RemovalLimit } from './provisioning/brakeLimits.js';

/** What a text of the environment means, or what is wrong with it: words that follow the setting's name. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string };

/** Reads a text that is trimmed and not empty. A problem never repeats the text: it may be a secret in the wrong place. */
export type Parser<T> = (text: string) => Parsed<T>;

/** The people of one identity provider's token: `secrets` has two entries while a token is being replaced. */
export interface Caller {
  readonly name: string;
  readonly secrets: readonly string[];
  /** `:ro`: may look things up and change nothing (rule SA13). */
  readonly isReadOnly: boolean;
}

const MAX_ADDRESS_LENGTH = 254;
const ADDRESS = /^[^\s@:,;<>"]+@[^\s@:,;<>"]+\.[^\s@:,;<>".]+$/;
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/i;
const DOMAIN_PATTERN = /^[a-z0-9.*-]{1,253}$/i;
const ACCOUNT_ID = /^[A-Za-z0-9:_-]{1,128}$/;
const CALLER_NAME = /^[a-z0-9-]+$/;
const CALLER_SECRET = /^[A-Za-z0-9._~+/=-]{16,}$/;
const PRINTABLE = /^[\x21-\x7e]+$/;
const MAX_GROUP_NAME_LENGTH = 255;
/**
 * Whether only this machine can reach the host, as a URL or a listen address spells it. Names below `localhost` are asked
 * of the name server on many systems, which may send them anywhere.
 */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name);
}

export function oneOf<const T extends string>(...words: readonly T[]): Parser<T> {
  return (text) => {
    const word = words.find((known) => known === text.toLowerCase());
    return word === undefined ? { problem: `must be one of ${words.join(', ')}` } : { value: word };
  };
}

export function wholeNumber(min: number, max: number): Parser<number> {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    return value >= min && value <= max
      ? { value }
      : { problem: `must be a whole number from ${min} to ${max}, without a unit` };
  };
}

export function webAddress(text: string): Parsed<URL> {
  const problem = 'must be an address that begins with https://';
  if (!URL.canParse(text)) return { problem };
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { problem };
  if (url.username !== '' || url.password !== '') return { problem: 'must not hold a user name or password' };
  if (url.search !== '' || url.hash !== '') return { problem: 'must end before any ? or #' };
  return { value: url };
}

/** An address to which credentials are sent: no path, and encrypted unless it stays on this machine. */
export const upstreamAddress: Parser<string> = (text) => {
  const parsed = webAddress(text);
  if ('problem' in parsed) return parsed;
  const { protocol, hostname, pathname, origin } = parsed.value;
  if (protocol !== 'https:' && !isLoopback(hostname))
    return { problem: 'must use https, or the API token could be read on the way' };
  if (pathname !== '/') return { problem: 'must be the host alone, without a path such as /wiki' };
  return { value: origin };
};

/** Where identity providers find the bridge, without the SCIM base path and without a slash at its end. */
export const publicAddress: Parser<string> = (text) => {
  const parsed = webAddress(text);
  if ('problem' in parsed) return parsed;
  const path = parsed.value.pathname.replace(/\/+$/, '');
  if (/\/scim\/v2$/i.test(path)) return { problem: 'must end before /scim/v2, which the bridge adds itself' };
  return { value: parsed.value.origin + path };
};

export const listenHost: Parser<string> = (text) =>
  isIP(text) !== 0 || /^[a-z0-9](?:[a-z0-9.-]{0,252})$/i.test(text)
    ? { value: text }
    : { problem: 'must be an IP address or a host name, without port or brackets' };

export const address: Parser<string> = (text) =>
  text.length <= MAX_ADDRESS_LENGTH && ADDRESS.test(text) ? { value: text } : { problem: 'must be one e-mail address' };

export const emailDomain: Parser<string> = (text) => {
  const domain = text.replace(/^@/, '').toLowerCase();
  return domain.length <= 253 && DOMAIN.test(domain) ? { value: domain } : { problem: 'must be one domain' };
};

export const secretText: Parser<string> = (text) =>
  PRINTABLE.test(text) ? { value: text } : { problem: 'holds a space or another character that no such key has' };

export const organizationId: Parser<string> = (text) =>
  /^[A-Za-z0-9-]{1,64}$/.test(text) ? { value: text } : { problem: 'must be letters, digits and hyphens only' };

/** A day of the calendar: the milliseconds since the epoch at which it begins in UTC. */
export const day: Parser<number> = (text) => {
  const value = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00.000Z`) : NaN;
  // A day that no month has may be read as one of the next month.
  const isDay = !Number.isNaN(value) && new Date(value).toISOString().startsWith(text);
  return isDay ? { value } : { problem: 'must be a day, as year-month-day' };
};

/** Comma-separated entries; empty ones are skipped, and one that comes again is dropped. */
export function listOf<T>(parse: Parser<T>): Parser<readonly T[]> {
  return (text) => {
    const values = new Set<T>();
    for (const [index, entry] of text.split(',').entries()) {
      if (entry.trim() === '') continue;
      const parsed = parse(entry.trim());
      if ('problem' in parsed) return { problem: `entry ${index + 1} ${parsed.problem}` };
      values.add(parsed.value);
    }
    return values.size === 0 ? { problem: 'holds only commas' } : { value: [...values] };
  };
}

/** The name of a group, or a pattern over names. */
export const groupPattern: Parser<string> = (text) =>
  text.length <= MAX_GROUP_NAME_LENGTH && !/\p{Cc}/u.test(text)
    ? { value: text }
    : { problem: `must be a group's name of at most ${MAX_GROUP_NAME_LENGTH} characters` };

export const groupName: Parser<string> = (text) =>
  text.includes('*')
    ? { problem: 'must be the whole name of a group; patterns are not allowed here' }
    : groupPattern(text);

export const domainPattern: Parser<string> = (text) => {
  const pattern = text.replace(/^@/, '').toLowerCase();
  return DOMAIN_PATTERN.test(pattern) ? { value: pattern } : { problem: 'must be a domain or a pattern of domains' };
};

/** An address or a pattern of addresses, in lower case; one that a whole domain fits would keep everybody out. */
export const testAddress: Parser<string> = (text) => {
  const [local = '', domain = '', ...more] = text.toLowerCase().split('@');
  if (more.length > 0 || !DOMAIN_PATTERN.test(domain))
    return { problem: 'must be an e-mail address or a pattern of them' };
  return local.replaceAll('*', '').length < 3
    ? { problem: 'must have at least three characters beside * in front of @, so that no real person fits it' }
    : { value: `${local}@${domain}` };
};

/** An e-mail address, in lower case, or an Atlassian account id, as it is. */
export const person: Parser<string> = (text) => {
  if (ACCOUNT_ID.test(text)) return { value: text };
  const parsed = address(text);
  return 'value' in parsed
    ? { value: parsed.value.toLowerCase() }
    : { problem: 'must be an e-mail address or an account id' };
};

/** A number, a percentage, or both, of which the larger counts; or `off`. */
export const removalLimit: Parser<RemovalLimit | 'off'> = (text) => {
  if (text.toLowerCase() === 'off') return { value: 'off' };
  const problem = 'must be off, or a whole number and a percentage such as 10,20%';
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length > 2) return { problem };
  const limit: { count?: number; percent?: number } = {};
  for (const part of parts) {
    const [, digits, sign] = /^(\d{1,7})(%?)$/.exec(part) ?? [];
    const unit = sign === '%' ? 'percent' : 'count';
    if (digits === undefined || limit[unit] !== undefined) return { problem };
    limit[unit] = Number(digits);
  }
  const { count = 0, percent = 0 } = limit;
  return percent > 100 ? { problem: 'has a percentage over 100' } : { value: { count, percent } };
};

/** Pairs `name:secret`, or `name:secret:ro`, by commas or lines; a name that comes twice is one caller with two secrets. */
export const callers: Parser<readonly Caller[]> = (text) => {
  const byName = new Map<string, Caller>();
  const seen = new Set<string>();
  for (const [index, entry] of text.split(/[,\n]/).entries()) {
    const pair = entry.trim();
    if (pair === '') continue;
    const [name = '', secret = '', right, ...rest] = pair.split(':');
    const isReadOnly = right === 'ro';
    const hasMore = rest.length > 0 || (right !== undefined && !isReadOnly);
    const problem = pairProblem(name, secret, hasMore, seen.has(secret));
    if (problem !== undefined) return { problem: `entry ${index + 1} ${problem}` };
    const { secrets = [], isReadOnly: isAlreadyReadOnly = isReadOnly } = byName.get(name) ?? {};
    if (secrets.length === 2)
      return { problem: `holds three secrets of "${name}"; a name may come twice, while a secret is replaced` };
    if (isReadOnly !== isAlreadyReadOnly)
      return { problem: `holds "${name}" once with :ro and once without; one caller has one right` };
    byName.set(name, { name, secrets: [...secrets, secret], isReadOnly });
    seen.add(secret);
  }
  if (seen.size === 0) return { problem: 'holds only commas' };
  return { value: [...byName.values()] };
};

function pairProblem(name: string, secret: string, hasMore: boolean, isKnown: boolean): string | undefined {
  if (secret === '' || hasMore) return 'must be name:secret, or name:secret:ro for one who only reads';
  if (!CALLER_NAME.test(name)) return 'must begin with a name of small letters, digits and hyphens';
  const reserved = new Map(Object.entries(OWN_CALLERS)).get(name);
  if (reserved !== undefined) return `must not be called "${name}", which is ${reserved}`;
  if (!CALLER_SECRET.test(secret))
    return 'must have a secret of 16 characters or more out of A-Z a-z 0-9 . _ ~ + / = -';
  return isKnown ? 'repeats the secret of an entry before it' : undefined;
}
