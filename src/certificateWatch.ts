import { becameDue, expiryInWords } from './expiry.js';
import type { Clock } from './provisioning/call.js';
import type { Log } from './provisioning/dependencies.js';
import { Failure } from './provisioning/failure.js';
import { repeatedly } from './provisioning/waiting.js';
import { readServerCertificate, type ServerCertificate, type TlsFiles } from './tls.js';

const LOOK_EVERY_MS = 60_000;

/** For sentences. */
export const CERTIFICATE = 'the TLS certificate';
export const RENEW_CERTIFICATE =
  'Replace the files of TLS_CERT_FILE and TLS_KEY_FILE; the bridge sees it within a minute.';

export interface CertificateWatchParts {
  readonly files: TlsFiles;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Told of each pair that can be used, the one at hand included. */
  readonly onCertificate: (certificate: ServerCertificate) => void;
}

export interface CertificateWatch {
  /** Looks at the files now. */
  look(): void;
  /** Resolves when `signal` has ended the watch. */
  readonly ended: Promise<void>;
}

/**
 * Takes over a certificate that was renewed, by what the files hold: their times say little where they are links to
 * folders that are swapped. A pair that cannot be used leaves the one at hand in place: while the files are being
 * replaced, one of them is older than the other. Warns before the certificate ends, as of the other credentials.
 */
export function watchCertificate(first: ServerCertificate, parts: CertificateWatchParts): CertificateWatch {
  const { files, clock, log, signal, onCertificate } = parts;
  let current = first;
  let complaint: string | undefined;
  let lookedAtMs = clock.now();

  function look(): void {
    try {
      const found = readServerCertificate(files);
      complaint = undefined;
      if (found.cert === current.cert && found.key === current.key) return;
      current = found;
      onCertificate(found);
      log.info('The TLS certificate was renewed', { expiresAt: new Date(found.expiresAtMs).toISOString() });
    } catch (error) {
      const { message } = Failure.from(error);
      if (message === complaint) return;
      complaint = message;
      log.error('The files of the TLS certificate cannot be used; the one at hand stays', { finding: message });
    }
  }

  function lookAndWarn(): void {
    look();
    const nowMs = clock.now();
    if (becameDue(current.expiresAtMs, lookedAtMs, nowMs)) {
      const finding = expiryInWords({ name: CERTIFICATE, expiresAtMs: current.expiresAtMs }, nowMs).sentence;
      log.warn('A credential of the bridge expires', { whose: 'certificate', finding, remedy: RENEW_CERTIFICATE });
    }
    lookedAtMs = nowMs;
  }

  onCertificate(first);
  return { look, ended: repeatedly(LOOK_EVERY_MS, { clock, signal }, lookAndWarn) };
}
