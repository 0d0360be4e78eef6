import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CONNECTION_LIMITS, type ConnectionLimits } from '../../src/connectionLimits.js';
import { watchCertificate } from '../../src/certificateWatch.js';
import { readConfig } from '../../src/config.js';
import { examine } from '../../src/doctor/check.js';
import { tls } from '../../src/doctor/tls.js';
import type { Clock } from '../../src/provisioning/call.js';
import { listen, type Listening } from '../../src/server.js';
import { readServerCertificate, type TlsFiles } from '../../src/tls.js';
import { makePair, type Pair, writePair } from '../support/certificates.js';
import { startCommand } from '../support/command.js';
import { freePort } from '../support/gate.js';

const DAY_MS = 86_400_000;
const ANYWHERE = { host: '127.0.0.1', port: 0 };

let pair: Pair;
let other: Pair;
beforeAll(async () => {
  [pair, other] = await Promise.all([makePair(), makePair({ host: 'scim.example.com' })]);
});

let folder: string;
const servers: Listening[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridge-tls-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close(0);
  await rm(folder, { recursive: true });
});

async function serveWith(
  pairShown: Pair,
  limits: ConnectionLimits = CONNECTION_LIMITS,
): Promise<Listening & { readonly port: number }> {
  const certificate = readServerCertificate(await writePair(pairShown, folder));
  const server = await listen((_request, response) => response.end('served'), { ...ANYWHERE, certificate }, limits);
  servers.push(server);
  return { ...server, port: Number(new URL(server.url).port) };
}

function ask(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve(body));
    }).on('error', reject);
  });
}

/** Connects without judging the certificate. */
async function open(port: number): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  return socket;
}

/** The host of the certificate that new connections are shown. */
async function shown(port: number): Promise<string | undefined> {
  const socket = await open(port);
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

/** Of a `serve` that never reaches its Atlassian. */
function settings({ certFile, keyFile }: TlsFiles, port = 0): Record<string, string> {
  return {
    ATLASSIAN_SITE_URL: 'http://127.0.0.1:9',
    ATLASSIAN_ADMIN_EMAIL: 'admin@acme.com',
    ATLASSIAN_API_TOKEN: 'the-token-of-the-site',
    SCIM_TOKENS: 'okta:okta-secret-0123456789abcdef',
    DATABASE_URL: `file:${join(folder, 'bridge.db')}`,
    TLS_CERT_FILE: certFile,
    TLS_KEY_FILE: keyFile,
    ...(port === 0 ? {} : { PORT: String(port) }),
  };
}

describe('a certificate that cannot be used', () => {
  let locked: string;
  beforeAll(() => {
    const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'unknown' } as const;
    locked = createPrivateKey(pair.key).export(options).toString();
  });

  it.each([
    ['of another key', () => ({ cert: pair.cert, key: other.key }), /does not belong to the first certificate/],
    ['behind its chain', () => ({ cert: `${other.cert}\n${pair.cert}`, key: pair.key }), /own certificate in front/],
    ['that is none', () => ({ cert: 'no PEM', key: pair.key }), /There is no certificate in .*tls\.crt/],
    [
      'with a broken chain',
      () => ({ cert: `${pair.cert}\n${pair.cert.replace(/M/g, 'N')}`, key: pair.key }),
      /chain in/,
    ],
    ['without a key', () => ({ cert: pair.cert, key: pair.cert }), /There is no private key in .*tls\.key/],
    ['with a locked key', () => ({ cert: pair.cert, key: locked }), /locked with a passphrase.*openssl pkey/],
  ])('%s is refused in words that say what to do [SA20]', async (_what, made, words) => {
    const files = await writePair(made(), folder);

    expect(() => readServerCertificate(files)).toThrow(words);
    expect(() => readServerCertificate(files)).toThrow(expect.objectContaining({ kind: 'misconfigured' }));
  });

  it('ends the start with 78, whichever file is missing [SA20]', async () => {
    const { certFile, keyFile } = await writePair(pair, folder);
    const env = settings({ certFile, keyFile: `${keyFile}.gone` });
    const serve = startCommand(['serve'], { env, cwd: folder });

    expect(await serve.exit).toBe(78);
    expect(serve.output().stderr).toMatch(/^TLS_KEY_FILE names .*tls\.key\.gone, which cannot be read\. Check/);
  });
});

describe('a server with a certificate', () => {
  it('shows another one from SIGHUP on, and cuts nobody off [SA20]', async () => {
    const port = await freePort();
    const serve = startCommand(['serve'], { env: settings(await writePair(pair, folder), port), cwd: folder });
    try {
      await serve.said('Listening');
      expect(await shown(port)).toBe('localhost');
      const before = await open(port);

      await writePair(other, folder);
      serve.signal('SIGHUP');
      await serve.said('The TLS certificate was renewed');

      expect(await shown(port)).toBe('scim.example.com');
      expect(before.closed).toBe(false);
      before.destroy();
    } finally {
      serve.signal('SIGKILL');
      await serve.exit;
    }
  });

  it('speaks TLS 1.2 and newer to clients that trust it, and nothing older [SA20]', async () => {
    const server = await serveWith(pair);
    const agent = new Agent({ ca: pair.cert });

    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(await ask(server.url, agent)).toBe('served');
    await expect(ask(server.url, new Agent({ ca: other.cert }))).rejects.toThrow(/self-signed/);
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
      expect(await ask(server.url, new Agent({ ca: pair.cert, maxVersion: version }))).toBe('served');
    const old = { ca: pair.cert, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(ask(server.url, new Agent(old))).rejects.toThrow(/protocol version/);
  });

  it('cuts whoever speaks plain HTTP, and answers nothing [SA20]', async () => {
    const { port } = await serveWith(pair);
    const socket = connectPlain(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'close');

    expect(answer).toBe('');
  });

  it('cuts whoever does not end the handshake in time [SA18]', async () => {
    const { port } = await serveWith(pair, { ...CONNECTION_LIMITS, headersMs: 60 });
    const socket = connectPlain(port, '127.0.0.1');
    socket.on('error', () => undefined);

    await new Promise((resolve) => socket.once('close', resolve));

    expect(socket.bytesRead).toBe(0);
  });

  it('closes connections that are idle, or on which nothing was asked after the handshake [SA21]', async () => {
    const server = await serveWith(pair);
    const agent = new Agent({ ca: pair.cert, keepAlive: true });
    await ask(server.url, agent);
    const silent = await open(server.port);

    expect(await server.close(60_000)).toBe(true);
    if (!silent.closed) await once(silent, 'close');
    agent.destroy();
  });
});

describe('a certificate that is renewed', () => {
  /** A watch whose minutes pass when the test says so. */
  async function watched(first: Pair, nowMs = Date.now()) {
    const server = await serveWith(first);
    const files = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') };
    const lines: string[] = [];
    const log = (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      void lines.push([message, fields['finding']].join(' '));
    const time = { nowMs, wake: (): void => undefined };
    const clock: Clock = {
      now: () => time.nowMs,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new Error('aborted')));
          time.wake = () => {
            time.nowMs += ms;
            resolve();
          };
        }),
    };
    const stopping = new AbortController();
    const watch = watchCertificate(readServerCertificate(files), {
      files,
      clock,
      log: { info: log, warn: log, error: log },
      signal: stopping.signal,
      onCertificate: (certificate) => server.useCertificate(certificate),
    });
    return {
      port: server.port,
      lines,
      time,
      minute: async () => {
        time.wake();
        await new Promise((resolve) => setImmediate(resolve));
      },
      stop: async () => {
        stopping.abort();
        await watch.ended;
      },
    };
  }

  it('is shown to new connections within a minute, and cuts none of the old [SA20]', async () => {
    const { port, minute, lines, stop } = await watched(pair);
    const before = await open(port);
    await minute();
    expect([await shown(port), lines]).toEqual(['localhost', []]);

    await writePair(other, folder);
    await minute();

    expect(await shown(port)).toBe('scim.example.com');
    expect(lines).toEqual([expect.stringContaining('The TLS certificate was renewed')]);
    before.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const [answer] = (await once(before, 'data')) as [Buffer];
    expect(answer.toString()).toContain('served');
    await stop();
  });

  it('waits for its key, says so once, and keeps the old one until then [SA20]', async () => {
    const { port, minute, lines, stop } = await watched(pair);
    await writeFile(join(folder, 'tls.crt'), other.cert);
    await minute();
    await minute();
    expect(await shown(port)).toBe('localhost');
    expect(lines).toEqual([expect.stringMatching(/the one at hand stays The key in .* does not belong/)]);

    await writeFile(join(folder, 'tls.key'), other.key);
    await minute();

    expect(await shown(port)).toBe('scim.example.com');
    await stop();
  });

  it('is found behind links that are swapped, as Kubernetes mounts secrets [SA20]', async () => {
    await mkdir(join(folder, 'old'));
    await mkdir(join(folder, 'new'));
    const { port, minute, stop } = await watched(pair);
    await writePair(pair, join(folder, 'old'));
    await writePair(other, join(folder, 'new'));
    await symlink('old', join(folder, 'data'));
    for (const name of ['tls.crt', 'tls.key']) {
      await rm(join(folder, name));
      await symlink(join('data', name), join(folder, name));
    }
    await minute();
    expect(await shown(port)).toBe('localhost');

    await symlink('new', join(folder, 'swapped'));
    await rename(join(folder, 'swapped'), join(folder, 'data'));
    await minute();

    expect(await shown(port)).toBe('scim.example.com');
    await stop();
  });

  it('is asked for 30, 7 and 1 days before the old one ends, and on the day [SA20]', async () => {
    // Not around midnight, where half a minute makes it another day.
    const endMs = Date.UTC(2040, 2, 31, 12);
    const { time, minute, lines, stop } = await watched(await makePair({ expiresAtMs: endMs }), endMs - 31 * DAY_MS);
    for (const days of [30.5, 30, 29, 7, 3, 1, 0.5, 0]) {
      time.nowMs = endMs - days * DAY_MS - 30_000;
      await minute();
    }

    expect(lines).toEqual([
      expect.stringContaining('in 30 days.'),
      expect.stringContaining('in 7 days.'),
      expect.stringContaining('in 1 day.'),
      expect.stringContaining('The TLS certificate expires on'),
    ]);
    await stop();
  });
});

describe('doctor', () => {
  async function look(made: Pair, publicUrl: string, nowMs = Date.now()) {
    const { certFile, keyFile } = await writePair(made, folder);
    const config = readConfig({
      ATLASSIAN_SITE_URL: 'https://acme.atlassian.net',
      ATLASSIAN_ADMIN_EMAIL: 'admin@acme.com',
      ATLASSIAN_API_TOKEN: 'the-token-of-the-site',
      SCIM_TOKENS: 'okta:okta-secret-0123456789abcdef',
      PUBLIC_URL: publicUrl,
      TLS_CERT_FILE: certFile,
      TLS_KEY_FILE: keyFile,
    });
    const findings = await examine([tls], { config, now: () => nowMs });
    return findings.map(({ status, message }) => `${status} ${message}`);
  }

  it('says how long the certificate lasts, for which host it is not, and who may read its key [SA20]', async () => {
    const nowMs = Date.now();
    const used = await makePair({ validFromMs: nowMs - DAY_MS, expiresAtMs: nowMs + 60 * DAY_MS });

    expect(await look(used, 'https://localhost')).toEqual([expect.stringMatching(/^ok .* in 60 days\.$/)]);
    expect(await look(used, 'https://127.0.0.1:8443')).toEqual([expect.stringMatching(/^ok /)]);
    expect(await look(used, 'https://scim.acme.com')).toEqual([
      expect.stringMatching(/^ok /),
      expect.stringMatching(/^warning The TLS certificate is not for scim\.acme\.com, the host of PUBLIC_URL/),
    ]);
    expect(await look(used, 'https://localhost', nowMs + 54 * DAY_MS)).toEqual([
      expect.stringMatching(/^warning .* in 6 days\.$/),
    ]);
    expect(await look(used, 'https://localhost', nowMs + 61 * DAY_MS)).toEqual([
      expect.stringMatching(/^failed The TLS certificate was to expire on/),
    ]);
    expect(await look(used, 'https://localhost', nowMs - 2 * DAY_MS)).toEqual([
      expect.stringMatching(/^ok /),
      expect.stringMatching(/^failed The TLS certificate is not valid before/),
    ]);
    await chmod(join(folder, 'tls.key'), 0o644);
    expect(await look(used, 'https://localhost')).toEqual([
      expect.stringMatching(/^ok /),
      expect.stringMatching(/^warning TLS_KEY_FILE names a file that every user of this machine may read/),
    ]);
    expect(await look({ cert: used.cert, key: other.key }, 'https://localhost')).toEqual([
      expect.stringMatching(/^failed The key in .* does not belong to the first certificate/),
    ]);
  });
});
