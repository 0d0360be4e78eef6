import type { SiteConfig } from './config.js';
import type { Metrics } from './observability/metrics.js';
import type { Log } from './provisioning/dependencies.js';
import type { Clock } from './provisioning/call.js';
import { repeatedly } from './provisioning/waiting.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;
/** Days before the end at which the operator is told; 0 is the day itself, during which it stops working. */
const WARN_AT_DAYS = [30, 7, 1, 0];

/** A credential that stops working on a day that its maker chose; only where it was made that day is shown. */
export interface Expiry {
  readonly credential: 'site' | 'organization';
  /** For sentences: "the API token". */
  readonly name: string;
  readonly setting: 'ATLASSIAN_API_TOKEN_EXPIRES' | 'ATLASSIAN_ORG_API_KEY_EXPIRES';
  /** The beginning of that day (UTC), milliseconds since the epoch; undefined where the operator did not note it. */
  readonly expiresAtMs: number | undefined;
}

export function expiriesOf({ tokenExpiresAtMs, organization }: SiteConfig): readonly [Expiry, ...Expiry[]] {
  const token: Expiry = {
    credential: 'site',
    name: 'the API token',
    setting: 'ATLASSIAN_API_TOKEN_EXPIRES',
    expiresAtMs: tokenExpiresAtMs,
  };
  if (organization === undefined) return [token];
  const key: Expiry = {
    credential: 'organization',
    name: 'the organization key',
    setting: 'ATLASSIAN_ORG_API_KEY_EXPIRES',
    expiresAtMs: organization.expiresAtMs,
  };
  return [token, key];
}

/** Whether it is time to make a new one, and the sentence that says so. */
export function expiryInWords({ name, expiresAtMs }: { name: string; expiresAtMs: number }, nowMs: number) {
  const days = Math.floor(expiresAtMs / DAY_MS) - Math.floor(nowMs / DAY_MS);
  const [date] = new Date(expiresAtMs).toISOString().split('T');
  const isDue = days <= Math.max(...WARN_AT_DAYS);
  const when =
    days < 0
      ? `was to expire on ${date}`
      : `expires on ${date}, ${days === 0 ? 'today' : days === 1 ? 'in 1 day' : `in ${days} days`}`;
  return { isDue, sentence: `${capital(name)} ${when}.` };
}

/**
 * Warns in the log 30, 7 and 1 days before a credential expires, and on the day. What was due before the start is the
 * doctor's to say.
 *
 * @param signal ends it
 */
export async function watchExpiry(
  expiries: readonly Expiry[],
  { clock, log, signal }: { readonly clock: Clock; readonly log: Pick<Log, 'warn'>; readonly signal: AbortSignal },
): Promise<void> {
  const known = expiries.filter(isKnown);
  if (known.length === 0) return;
  let lookedAtMs = clock.now();
  await repeatedly(HOUR_MS, { clock, signal }, () => {
    const nowMs = clock.now();
    for (const expiry of known) {
      if (becameDue(expiry.expiresAtMs, lookedAtMs, nowMs)) {
        const finding = expiryInWords(expiry, nowMs).sentence;
        log.warn('A credential of the bridge expires', { whose: expiry.credential, finding, remedy: renewal(expiry) });
      }
    }
    lookedAtMs = nowMs;
  });
}

/** Watches the ends of the credentials of one configuration, and then of another in its place. */
export function createExpiryWatch({
  metrics,
  signal,
  ...parts
}: {
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  readonly metrics: Pick<Metrics, 'credentialExpires'>;
  /** Ends it. */
  readonly signal: AbortSignal;
}): { watch(site: SiteConfig): void; ended(): Promise<void> } {
  let replaced = new AbortController();
  let watching = Promise.resolve();
  return {
    watch(site) {
      replaced.abort();
      replaced = new AbortController();
      const expiries = expiriesOf(site);
      for (const { credential, expiresAtMs } of expiries) metrics.credentialExpires(credential, expiresAtMs);
      watching = watchExpiry(expiries, { ...parts, signal: AbortSignal.any([signal, replaced.signal]) });
    },
    ended: () => watching,
  };
}

/** Whether one of the moments at which the operator is told lies between two looks. */
export function becameDue(expiresAtMs: number, lookedAtMs: number, nowMs: number): boolean {
  return WARN_AT_DAYS.some((days) => {
    const atMs = expiresAtMs - days * DAY_MS;
    return lookedAtMs < atMs && atMs <= nowMs;
  });
}

export function isKnown(expiry: Expiry): expiry is Expiry & { readonly expiresAtMs: number } {
  return expiry.expiresAtMs !== undefined;
}

export function renewal({ name, setting }: Expiry): string {
  return `Make a new one in place of ${name}, set it and ${setting}, and send SIGHUP to the bridge or restart it.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
