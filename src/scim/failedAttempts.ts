import { isIPv4, isIPv6 } from 'node:net';
import type { Clock } from '../provisioning/call.js';
import type { Log } from '../provisioning/dependencies.js';

/** Wrong tokens that one source may send in a minute before they are answered 429. */
const MAX_ATTEMPTS = 10;
const MINUTE_MS = 60_000;
/** Sources that are told apart within a minute; later ones count together. */
const MAX_SOURCES = 1_000;
const ALL_OTHERS = 'other addresses';
const UNKNOWN = 'unknown';

/** Counts wrong tokens by where they come from (rule SA19), and tells of them once a minute. */
export interface FailedAttempts {
  /**
   * Counts one.
   *
   * @param address of the client; undefined when the connection is gone
   * @returns whole seconds after which the source may try again, once there were too many; undefined before that
   */
  count(address: string | undefined): number | undefined;
}

interface Minute {
  readonly endsAtMs: number;
  attempts: number;
}

/**
 * Only failures are slowed: the token is always compared, and a right one passes at once, so that an identity provider
 * gone wrong does not lock out another behind the same proxy. Delaying the answers instead would cost a guesser nothing,
 * who need not wait for them, and the bridge its connections. In memory, for each process by itself: it bounds the log
 * and tells a misconfigured client to pause; what stops guessing is the length of the secrets.
 */
export function createFailedAttempts({ clock, log }: { readonly clock: Clock; readonly log: Log }): FailedAttempts {
  /** In the order in which the minutes began, and end. */
  const minutes = new Map<string, Minute>();

  function minuteOf(source: string, nowMs: number): Minute {
    const known = minutes.get(source);
    if (known !== undefined && nowMs < known.endsAtMs) return known;
    for (const [other, { endsAtMs }] of minutes) {
      if (nowMs < endsAtMs) break;
      minutes.delete(other);
    }
    if (minutes.size >= MAX_SOURCES && source !== ALL_OTHERS) return minuteOf(ALL_OTHERS, nowMs);
    const minute = { endsAtMs: nowMs + MINUTE_MS, attempts: 0 };
    minutes.set(source, minute);
    log.warn('Requests with a wrong token come in', { source, inTheMinuteBefore: known?.attempts });
    return minute;
  }

  return {
    count(address) {
      const nowMs = clock.now();
      const source = sourceOf(address);
      const minute = minuteOf(source, nowMs);
      minute.attempts += 1;
      return minute.attempts > MAX_ATTEMPTS ? Math.ceil((minute.endsAtMs - nowMs) / 1000) : undefined;
    },
  };
}

/**
 * An IPv4 address, or the network of 64 bits that an IPv6 address is in, for whoever has one of its addresses has them
 * all. What is no address is not repeated: a proxy may hand over whatever its client wrote.
 */
export function sourceOf(address = ''): string {
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/i, '').replace(/%.*$/, '');
  if (isIPv4(plain)) return plain;
  if (!isIPv6(plain)) return UNKNOWN;
  const [left = [], right = []] = plain.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = new Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  const network = [...left, ...zeros, ...right].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
