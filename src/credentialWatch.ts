import type { CredentialVerdict } from './atlassian/verdict.js';
import type { Failure } from './provisioning/failure.js';
import type { Health } from './observability/health.js';
import type { Logger } from './observability/log.js';
import type { Metrics } from './observability/metrics.js';

interface WatchParts {
  readonly health: Health;
  readonly metrics: Pick<Metrics, 'credentialRefused' | 'operationsRefused'>;
  readonly logger: Pick<Logger, 'info' | 'error'>;
}

/**
 * Tells when Atlassian begins to refuse a credential, or a right of it, and when that is over (rule SA5): a line in the
 * log for each change, the metric, and health, which leaves readiness alone.
 */
export function watchCredentials({ health, metrics, logger }: WatchParts): (verdict: CredentialVerdict) => void {
  /** By the name of a credential that is refused as such, or by that and the name of an operation that it may not do. */
  const refusals = new Map<string, { readonly refusal: Failure; readonly isWhole: boolean }>();

  function tell(): void {
    const all = [...refusals.values()];
    const whole = all.filter(({ isWhole }) => isWhole);
    metrics.credentialRefused(whole.length > 0);
    metrics.operationsRefused(all.length - whole.length);
    // A refusal of the credential as such explains all others. Operations that lack one right say the same of it.
    const messages = new Set((whole.length > 0 ? whole : all).map(({ refusal }) => refusal.message));
    health.set('credential', messages.size === 0 ? { ok: true } : { ok: false, message: [...messages].join(' ') });
  }

  return ({ credential, operation, refusal, isWhole }) => {
    const ofOperation = `${credential} ${operation}`;
    if (refusal === undefined) {
      const wasRefused = [refusals.delete(credential), refusals.delete(ofOperation)].includes(true);
      if (!wasRefused) return;
      tell();
      if (refusals.size === 0) logger.info('Atlassian accepts the credentials of the bridge again');
      return;
    }
    const key = isWhole ? credential : ofOperation;
    const isNew = !refusals.has(key);
    refusals.set(key, { refusal, isWhole });
    if (!isNew) return;
    tell();
    logger.error('Atlassian refuses a credential of the bridge; look at the reason', {
      // Under other names the redactor would hide them.
      whose: credential,
      operation,
      error: refusal,
    });
  };
}
