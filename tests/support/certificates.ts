import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import type { TlsFiles } from '../../src/tls.js';

export interface CertificateOptions {
  /** The one DNS name that it is for; besides, it is for 127.0.0.1. */
  readonly host?: string;
  readonly validFromMs?: number;
  readonly expiresAtMs?: number;
}

export interface Pair {
  /** PEM. It signs itself, so it is the authority to trust, too. */
  readonly cert: string;
  readonly key: string;
}

export async function makePair(options: CertificateOptions = {}): Promise<Pair> {
  const { host = 'localhost', validFromMs = Date.now() - 60_000, expiresAtMs = Date.now() + 90 * 86_400_000 } = options;
  const made = await generate([{ name: 'commonName', value: host }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(validFromMs),
    notAfterDate: new Date(expiresAtMs),
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: host },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** Writes both files, which may be there. */
export async function writePair({ cert, key }: Pair, folder: string): Promise<TlsFiles> {
  const files = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') };
  await writeFile(files.certFile, cert);
  await writeFile(files.keyFile, key, { mode: 0o600 });
  return files;
}
