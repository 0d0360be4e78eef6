import { createHash, createHmac } from 'node:crypto';
import type { Json, JsonObject } from '../provisioning/store.js';

/** Text as it is compared without regard to case: Unicode NFC, lower case. */
export function caseless(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

/** Turns an address (or anything else personal) into what may be kept after the person is gone. */
export type KeyedHash = (text: string) => string;

/**
 * HMAC-SHA-256 of the text without regard to case, in hex. The key lives in the database it serves: the hash keeps
 * addresses from being read, not from being tried out by somebody who has the whole file.
 */
export function keyedHash(key: Buffer): KeyedHash {
  return (text) => createHmac('sha256', key).update(caseless(text)).digest('hex');
}

/** An index of PostgreSQL takes texts of some 2,600 bytes, and one of these characters takes three at most; an address has 254. */
const LONGEST_KEY = 700;

/** What a look-up by e-mail compares: the text without regard to case, or what stands for one that no index takes. */
export function addressKey(address: string): string {
  const key = caseless(address);
  return key.length <= LONGEST_KEY ? key : createHash('sha256').update(key).digest('hex');
}

const ADDRESS = /^[^\s@]+@[^\s@]+$/;

/** Every address a look-up by e-mail finds the link under, without regard to case and without repeats. */
export function addressKeysOf(link: {
  readonly address: string | undefined;
  readonly userName: string;
  readonly profile: JsonObject;
}): readonly string[] {
  const addresses = emailValues(link.profile);
  if (link.address !== undefined) addresses.push(link.address);
  if (ADDRESS.test(link.userName)) addresses.push(link.userName);
  return [...new Set(addresses.filter((address) => address !== '').map(addressKey))];
}

function emailValues(profile: JsonObject): string[] {
  const emails = profile['emails'];
  if (!isList(emails)) return [];
  return emails
    .map((email) => (isObject(email) ? email['value'] : undefined))
    .filter((value) => typeof value === 'string');
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value);
}
