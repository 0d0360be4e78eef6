import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { generate } from 'selfsigned';
import { listen } from '../../src/server.js';

interface LockEntry {
  readonly version: string;
  readonly integrity: string;
  readonly license?: string;
  readonly dev?: boolean;
}
interface Lock {
  readonly packages: Record<string, LockEntry>;
}
interface Component {
  readonly purl: string;
  readonly hashes: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses: readonly unknown[];
}
interface Bom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly serialNumber: string;
  readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** A port that no server is given. */
const NOBODY_LISTENS = '1';
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0)) await step();
});

/** Runs a script of the project, or of a copy of it, as a process of its own. */
function run(
  script: string,
  { args = [], env = {}, root = ROOT }: { args?: readonly string[]; env?: NodeJS.ProcessEnv; root?: string } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: 25_000, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [join(root, 'scripts', script), ...args], options, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr }),
    );
  });
}

const readLock = async (): Promise<Lock> => JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;

/** A copy of what the scripts read, with a lock file of the test's own. */
async function copyWith(lock: Lock): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-supply-'));
  undo.push(() => rm(folder, { recursive: true }));
  for (const name of ['package.json', 'LICENCES.md', 'scripts/supply'])
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lock));
  return folder;
}

describe('npm run licences', () => {
  it('lists every package that the bridge may run with, and finds LICENCES.md true', async () => {
    const { code, stdout } = await run('supply/licences.mjs');
    const checked = await run('supply/licences.mjs', { args: ['--check'] });

    expect(code).toBe(0);
    for (const [path, { version, dev }] of Object.entries((await readLock()).packages)) {
      if (path === '' || dev === true) continue;
      expect(stdout).toContain(`| ${path.split('node_modules/').at(-1) ?? ''} | ${version} | `);
    }
    expect(checked).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it.each([
    ['GPL-3.0-only', 'express 5.3.0 has the licence "GPL-3.0-only"'],
    [undefined, 'express 5.3.0 has the licence "not stated"'],
  ])('fails on the licence %j', async (license, words) => {
    const { packages } = await readLock();
    const { license: _before, ...express } = packages['node_modules/express'] ?? { version: '', integrity: '' };
    const changed = { ...express, version: '5.3.0', ...(license === undefined ? {} : { license }) };
    const root = await copyWith({ packages: { ...packages, 'node_modules/express': changed } });

    const { code, stderr } = await run('supply/licences.mjs', { root });

    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(words) });
  });

  it('fails when LICENCES.md does not name what the lock file has', async () => {
    const { packages } = await readLock();
    const root = await copyWith({
      packages: { ...packages, 'node_modules/another': { version: '1.0.0', integrity: '', license: 'MIT' } },
    });

    const { code, stderr } = await run('supply/licences.mjs', { args: ['--check'], root });

    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('npm run licences -- --write') });
  });
});

describe('npm run sbom', () => {
  let printed: readonly string[];
  let bom: Bom;

  beforeAll(async () => {
    const runs = await Promise.all([run('supply/sbom.mjs'), run('supply/sbom.mjs')]);
    printed = runs.map(({ stdout }) => stdout);
    bom = JSON.parse(printed[0] ?? '') as Bom;
  });

  it('names every package that the bridge may run with, by version and hash, and nothing else', async () => {
    const wanted = Object.entries((await readLock()).packages)
      .filter(([path, { dev }]) => path !== '' && dev !== true)
      .map(([path, { version, integrity }]) => ({
        purl: `pkg:npm/${(path.split('node_modules/').at(-1) ?? '').replace('@', '%40')}@${version}`,
        hash: Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex'),
      }));
    const named = bom.components.map(({ purl, hashes }) => ({
      purl,
      hash: hashes.find(({ alg }) => alg === 'SHA-512')?.content,
    }));
    const unique = new Map(wanted.map((entry) => [entry.purl, entry]));
    expect(new Map(named.map((entry) => [entry.purl, entry]))).toEqual(unique);
    expect(named).toHaveLength(unique.size);
  });

  it('is a CycloneDX document of this project, in which every package is needed by something', () => {
    expect(bom).toMatchObject({
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      serialNumber: expect.stringMatching(/^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      metadata: { component: { name: 'confluence-scim-bridge', version: '0.1.0' } },
    });
    expect(bom.components.filter(({ licenses }) => licenses.length === 0)).toEqual([]);
    const needed = new Set(bom.dependencies.flatMap(({ dependsOn }) => dependsOn));
    expect(bom.dependencies.map(({ ref }) => ref).filter((ref) => !needed.has(ref))).toEqual([
      'confluence-scim-bridge@0.1.0',
    ]);
    expect(bom.dependencies).toHaveLength(bom.components.length + 1);
  });

  it('is the same document each time', () => {
    expect(printed[1]).toBe(printed[0]);
  });
});

describe('npm run audit:advisories', () => {
  const ADVISORY = {
    id: 1,
    url: 'https://advisories.example.com/1',
    title: 'Lets anybody in',
    vulnerable_versions: '*',
  };

  /** A registry that answers every request in one way. */
  async function registry(answer: RequestListener): Promise<NodeJS.ProcessEnv> {
    const server = await listen(answer, { host: '127.0.0.1', port: 0 });
    // npm remembers advisories; the memory of whoever runs the tests is left alone.
    const cache = await mkdtemp(join(tmpdir(), 'bridge-npm-'));
    undo.push(
      () => server.close(0),
      () => rm(cache, { recursive: true }),
    );
    return { npm_config_registry: server.url, npm_config_cache: cache };
  }
  /** npm also reads which releases there are of a package that it is warned of. */
  const RELEASES = { name: 'helmet', versions: { '8.3.0': { name: 'helmet', version: '8.3.0' } } };
  const answering = (status: number, body: unknown): RequestListener => {
    return (request, response) => {
      request.resume();
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(request.method === 'GET' ? RELEASES : body));
    };
  };

  it('ends with 0 where the registry knows of nothing', async () => {
    const { code, stdout } = await run('supply/advisories.mjs', { env: await registry(answering(200, {})) });

    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('high or critical: 0') });
  });

  it.each([
    ['critical', 1],
    ['high', 1],
    ['moderate', 0],
  ])('tells of a %s advisory and ends with %i', async (severity, wanted) => {
    const env = await registry(answering(200, { helmet: [{ ...ADVISORY, severity }] }));

    const { code, stdout } = await run('supply/advisories.mjs', { env });

    expect({ code, stdout }).toEqual({
      code: wanted,
      stdout: expect.stringContaining(`${severity}: helmet`),
    });
    expect(stdout).toContain('Lets anybody in https://advisories.example.com/1');
  });

  it.each([404, 405])('ends with 2 where the registry offers none and answers %i', async (status) => {
    const { code, stderr } = await run('supply/advisories.mjs', { env: await registry(answering(status, {})) });

    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('NOT CHECKED: this registry offers no advisories'),
    });
  });

  it('ends with 3 where the registry cannot be reached, or is not well', async () => {
    const away = { npm_config_registry: `http://127.0.0.1:${NOBODY_LISTENS}` };
    const unwell = await registry(answering(500, {}));

    for (const env of [away, unwell]) {
      const { code, stderr } = await run('supply/advisories.mjs', { env });

      expect({ code, stderr }).toEqual({
        code: 3,
        stderr: expect.stringContaining('NOT CHECKED: the registry could not be asked'),
      });
    }
  });
});

describe('the health check of the image', () => {
  /** Listens and answers one status after the other at /healthz, and 404 elsewhere. */
  async function listening(create: (answer: RequestListener) => Server, statuses: number[]): Promise<string> {
    const server = create((request, response) => {
      response.writeHead(request.url === '/healthz' ? (statuses.shift() ?? 500) : 404).end();
    }).listen(0, '127.0.0.1');
    undo.push(() => new Promise((resolve) => server.close(resolve)));
    await once(server, 'listening');
    return String((server.address() as AddressInfo).port);
  }

  it('is content with a bridge that answers, and with nothing else', async () => {
    const env = { PORT: await listening(createServer, [200, 500]) };

    expect((await run('healthcheck.mjs', { env })).code).toBe(0);
    expect((await run('healthcheck.mjs', { env })).code).toBe(1);
    expect((await run('healthcheck.mjs', { env: { PORT: NOBODY_LISTENS } })).code).toBe(1);
  });

  it('asks by TLS where the bridge has a certificate, for whatever name that is', async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'scim.example.com' }]);
    const env = {
      PORT: await listening((answer) => createTlsServer({ cert, key }, answer), [200]),
      TLS_CERT_FILE: '/etc/bridge/tls.crt',
    };

    expect((await run('healthcheck.mjs', { env })).code).toBe(0);
  });
});
