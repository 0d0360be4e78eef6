import type { CredentialVerdict } from './atlassian/verdict.js';
import type { Failure } from './provisioning/failure.js';
import type { Health } from './observability/health.js';
import type { Logger } from './observability/log.js';
import type { Metrics } from './observability/metrics.js';

interface WatchParts {
  readonly health: Health;
  readonly metrics: Pick<Metrics, 'credentialRefused'>;
  readonly logger: Pick<Logger, 'info' | 'error'>;
}

/**
 * Tells when Atlassian begins to refuse a credential, or a right of it, and when that is over (rule SA5): a line in the
 * log for each change, the metric, and health, which leaves readiness alone.
 */
export function watchCredentials({ health, metrics, logger }: WatchParts): (verdict: CredentialVerdict) => void {
  const refusals = new Map<string, Failure>();

  function tell(): void {
    const [first] = refusals.values();
    metrics.credentialRefused(first !== undefined);
    health.set('credential', first === undefined ? { ok: true } : { ok: false, message: first.message });
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
    refusals.set(key, refusal);
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
