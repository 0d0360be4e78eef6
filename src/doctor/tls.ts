import { CERTIFICATE, RENEW_CERTIFICATE } from '../certificateWatch.js';
import type { Config } from '../config.js';
import { expiryInWords } from '../expiry.js';
import { readServerCertificate } from '../tls.js';
import type { Check, Observation } from './check.js';

/** Will identity providers accept the certificate of this bridge? */
export const tls: Check<{ readonly config: Config; readonly now: () => number }> = {
  name: 'tls',
  observe({ config, now }) {
    if (config.tls === undefined) return Promise.resolve([]);
    const { validFromMs, expiresAtMs, covers, isKeyPublic } = readServerCertificate(config.tls);
    const nowMs = now();
    const { isDue, sentence } = expiryInWords({ name: CERTIFICATE, expiresAtMs }, nowMs);
    const { hostname } = new URL(config.publicUrl);
    const observations: Observation[] = [];
    if (nowMs >= expiresAtMs) observations.push({ status: 'failed', message: sentence, remedy: RENEW_CERTIFICATE });
    else if (isDue) observations.push({ status: 'warning', message: sentence, remedy: RENEW_CERTIFICATE });
    else observations.push({ status: 'ok', message: sentence });
    if (nowMs < validFromMs) {
      const from = new Date(validFromMs).toISOString();
      const message = `The TLS certificate is not valid before ${from}.`;
      observations.push({ status: 'failed', message, remedy: 'Check the clock of this machine, or wait.' });
    }
    if (!covers(hostname.replace(/^\[|\]$/g, ''))) {
      observations.push({
        status: 'warning',
        message: `The TLS certificate is not for ${hostname}, the host of PUBLIC_URL: whoever connects to that name refuses it.`,
        remedy: 'Have a certificate made for that name, or set PUBLIC_URL to one that it names.',
      });
    }
    if (isKeyPublic) {
      observations.push({
        status: 'warning',
        message: 'TLS_KEY_FILE names a file that every user of this machine may read.',
        remedy: 'chmod o-r takes that away.',
      });
    }
    return Promise.resolve(observations);
  },
};
