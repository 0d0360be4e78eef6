import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { Failure } from './provisioning/failure.js';
import { isPublic } from './secretFiles.js';

/** PEM files; both may be replaced while the bridge runs. */
export interface TlsFiles {
  /** The certificate, and behind it the chain that leads to a root. */
  readonly certFile: string;
  readonly keyFile: string;
}

/** What the bridge shows to whoever connects. */
export interface ServerCertificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** Whether every user of the machine may read the key. */
  readonly isKeyPublic: boolean;
  /** When it begins and ends to be valid, milliseconds since the epoch. */
  readonly validFromMs: number;
  readonly expiresAtMs: number;
  /** Whether a client that asks for this host accepts it. */
  readonly covers: (host: string) => boolean;
}

/**
 * Reads a certificate and its key, and makes sure that a server can use them.
 *
 * @throws Failure `misconfigured` that says which file is wrong, and what to do; it holds nothing of the key
 */
export function readServerCertificate({ certFile, keyFile }: TlsFiles): ServerCertificate {
  const { pem: cert } = read('TLS_CERT_FILE', certFile);
  const { pem: key, isPublic: isKeyPublic } = read('TLS_KEY_FILE', keyFile);
  const certificate = parseCertificate(cert, certFile);
  if (!certificate.checkPrivateKey(parseKey(key, keyFile))) {
    throw unusable(
      `The key in ${keyFile} does not belong to the first certificate in ${certFile}.`,
      'Set TLS_KEY_FILE and TLS_CERT_FILE to files of one pair, the own certificate in front of its chain.',
    );
  }
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw unusable(`The chain in ${certFile} cannot be used.`, 'Check each certificate of TLS_CERT_FILE.', error);
  }
  return {
    cert,
    key,
    isKeyPublic,
    validFromMs: Date.parse(certificate.validFrom),
    expiresAtMs: Date.parse(certificate.validTo),
    covers: (host) => (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined,
  };
}

function read(setting: string, path: string): { readonly pem: string; readonly isPublic: boolean } {
  try {
    return { pem: readFileSync(path, 'utf8'), isPublic: isPublic(statSync(path)) };
  } catch (error) {
    throw unusable(`${setting} names ${path}, which cannot be read.`, 'Check that it is there and readable.', error);
  }
}

function parseCertificate(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw unusable(`There is no certificate in ${path}.`, 'Set TLS_CERT_FILE to a file in PEM format.', error);
  }
}

function parseKey(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // What went wrong inside stays there: it is about a key.
    throw pem.includes('ENCRYPTED')
      ? unusable(
          `The key in ${path} is locked with a passphrase, and nobody is there to type it.`,
          'Unlock it with "openssl pkey", and let nobody but the bridge read the file.',
        )
      : unusable(`There is no private key in ${path}.`, 'Set TLS_KEY_FILE to a file in PEM format.');
  }
}

function unusable(happened: string, remedy: string, cause?: unknown): Failure {
  return new Failure('misconfigured', `${happened} ${remedy}`, { cause });
}
