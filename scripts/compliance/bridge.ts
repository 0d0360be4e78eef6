import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inTemporaryFolder, type Processes, type Started } from './processes.js';
import type { Mode } from './results.js';
import type { Target } from './target.js';

/** What the sandbox's process prints when it listens. */
interface SandboxAddress {
  readonly url: string;
  readonly accessGroup: string;
  readonly credentials: {
    readonly adminEmail: string;
    readonly apiToken: string;
    readonly orgId: string;
    readonly orgApiKey: string;
  };
}

const HOST = '127.0.0.1';
const START_MS = 30_000;
const POLL_MS = 50;
/** How the bridge ends when somebody else took its port in the meantime (`sysexits.h`). */
const ADDRESS_TAKEN = 69;

/**
 * Runs `work` against a bridge and a sandbox of its own, each a process, with an empty store in a temporary folder.
 *
 * @param root the project's folder, with what it built in `dist`
 * @param work also gets `said`: what the bridge has logged of errors so far
 */
export async function withBridge<T>(
  { processes, root, mode }: { readonly processes: Processes; readonly root: string; readonly mode: Mode },
  work: (target: Target, said: () => string) => Promise<T>,
): Promise<T> {
  return inTemporaryFolder(async (folder) => {
    const env = { PATH: process.env['PATH'] };
    const sandbox = processes.start(process.execPath, [join(root, 'scripts/compliance/sandbox.mjs')], {
      env,
      cwd: folder,
    });
    try {
      const token = randomBytes(24).toString('base64url');
      const settings = { ...env, ...settingsFor(await addressOf(sandbox), mode, token) };
      const [bridge, url] = await startBridge(settings, { processes, root, folder });
      try {
        return await work({ url: `${url}/scim/v2`, token }, () => bridge.out() + bridge.err());
      } finally {
        await processes.stop(bridge);
      }
    } finally {
      await processes.stop(sandbox);
    }
  });
}

function settingsFor({ url, credentials, accessGroup }: SandboxAddress, mode: Mode, token: string): NodeJS.ProcessEnv {
  return {
    ATLASSIAN_SITE_URL: url,
    ATLASSIAN_API_URL: url,
    ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
    ATLASSIAN_API_TOKEN: credentials.apiToken,
    ATLASSIAN_ORG_ID: credentials.orgId,
    ATLASSIAN_ORG_API_KEY: credentials.orgApiKey,
    CONFLUENCE_ACCESS_GROUPS: accessGroup,
    SCIM_TOKENS: `compliance:${token}`,
    PROFILE_UPDATES: mode,
    // The suites create people whose userName is no address, and give none.
    DEFAULT_EMAIL_DOMAIN: 'example.com',
    // The suites delete everybody they create, which looks like an identity provider gone wrong.
    ACCESS_LOSS_LIMIT: '100000',
    GROUP_REMOVAL_LIMIT: '100000',
    // Schemathesis tries more wrong tokens than are 401 from one address, so it says that it has several.
    TRUST_PROXY: 'loopback',
    DATABASE_URL: 'file:./bridge.db',
    LOG_LEVEL: 'error',
  };
}

async function addressOf(sandbox: Started): Promise<SandboxAddress> {
  return until(sandbox, 'The sandbox', () => {
    const line = sandbox.out();
    return Promise.resolve(line.endsWith('\n') ? (JSON.parse(line) as SandboxAddress) : undefined);
  });
}

/** The bridge has to know its own address before it listens; a port that was free may be taken by then. */
async function startBridge(
  settings: NodeJS.ProcessEnv,
  { processes, root, folder }: { readonly processes: Processes; readonly root: string; readonly folder: string },
  attempts = 5,
): Promise<[Started, string]> {
  const port = await freePort();
  const url = `http://${HOST}:${port}`;
  const bridge = processes.start(process.execPath, [join(root, 'dist/main.js'), 'serve'], {
    env: { ...settings, HOST, PORT: String(port) },
    // Where no .env of the project is found.
    cwd: folder,
  });
  try {
    await until(bridge, 'The bridge', async () => ((await isReady(url)) ? true : undefined));
    return [bridge, url];
  } catch (error) {
    const code = bridge.child.exitCode;
    await processes.stop(bridge);
    if (code !== ADDRESS_TAKEN || attempts <= 1) throw error;
    return startBridge(settings, { processes, root, folder }, attempts - 1);
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).status === 200;
  } catch {
    return false;
  }
}

async function until<T>(started: Started, who: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadlineMs = Date.now() + START_MS;
  while (Date.now() < deadlineMs) {
    const found = await look();
    if (found !== undefined) return found;
    if (started.child.exitCode !== null || started.child.signalCode !== null) break;
    await sleep(POLL_MS);
  }
  throw new Error(`${who} did not start: ${started.out()}${started.err()}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, HOST, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
