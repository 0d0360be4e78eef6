import { mkdtemp, rm } from 'node:fs/promises';
import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { makePair, writePair } from '../support/certificates.js';
import { type RunningCommand, startCommand } from '../support/command.js';
import { freePort } from '../support/gate.js';
import { holdNext } from '../support/held.js';

const TOKEN = 'okta-secret-0123456789abcdef';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
/** Connections that are kept alive and busy all the time. */
const LANES = 12;

let folder: string;
let sandbox: Sandbox;
const commands: RunningCommand[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridge-drain-'));
  sandbox = await startSandbox({ jira: false });
});
afterEach(async () => {
  for (const command of commands.splice(0)) {
    command.signal('SIGKILL');
    await command.exit;
  }
  await sandbox.close();
  await rm(folder, { recursive: true });
});

interface Reply {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly body: string;
}

/** One client with one connection, which it keeps. */
interface Client {
  ask(path: string, message?: { readonly method: string; readonly body: object }): Promise<Reply>;
  close(): void;
}

function clientOf(url: string, ca?: string): Client {
  const options = { keepAlive: true, maxSockets: 1 };
  const isTls = url.startsWith('https:');
  const agent = isTls ? new HttpsAgent({ ...options, ca }) : new HttpAgent(options);
  const request = isTls ? requestHttps : requestHttp;
  return {
    ask: (path, message) =>
      new Promise((resolve, reject) => {
        const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/scim+json' };
        const sent = request(`${url}${path}`, { agent, method: message?.method ?? 'GET', headers }, (response) => {
          let body = '';
          response.on('data', (chunk: Buffer) => (body += chunk.toString()));
          response.on('error', reject);
          response.on('end', () =>
            resolve({ status: response.statusCode, connection: response.headers.connection, body }),
          );
        });
        sent.on('error', reject);
        sent.end(message && JSON.stringify(message.body));
      }),
    close: () => agent.destroy(),
  };
}

async function serve(more: Readonly<Record<string, string>> = {}): Promise<RunningCommand & { readonly url: string }> {
  const { credentials } = sandbox;
  const port = String(await freePort());
  const env = {
    ATLASSIAN_SITE_URL: sandbox.url,
    ATLASSIAN_API_URL: sandbox.url,
    ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
    ATLASSIAN_API_TOKEN: credentials.apiToken,
    ATLASSIAN_ORG_ID: credentials.orgId,
    ATLASSIAN_ORG_API_KEY: credentials.orgApiKey,
    SCIM_TOKENS: `okta:${TOKEN}`,
    DATABASE_URL: `file:${join(folder, 'bridge.db')}`,
    LOG_LEVEL: 'info',
    PORT: port,
    ...more,
  };
  const command = startCommand(['serve'], { env, cwd: folder });
  commands.push(command);
  await command.said('The directory index is up to date');
  return { ...command, url: `${'TLS_CERT_FILE' in more ? 'https' : 'http'}://127.0.0.1:${port}` };
}

/** Asks for a person, for which Atlassian takes its time. Resolves when that is under way. */
async function hold(client: Client): Promise<{ readonly held: Promise<Reply>; readonly answerNow: () => void }> {
  const { arrived, answerNow } = holdNext(sandbox, /memberof/);
  const held = client.ask(`/scim/v2/Users/${encodeURIComponent(sandbox.admin.accountId)}`);
  await arrived;
  return { held, answerNow };
}

/** How often a client was answered, and what else happened to it. */
interface Seen {
  answered: number;
  readonly failures: string[];
}

/** Asks without a pause until the bridge is gone. */
async function goOnAsking(client: Client, path: string, seen: Seen): Promise<void> {
  for (;;) {
    try {
      const { status } = await client.ask(path);
      if (status === 200) seen.answered += 1;
      else seen.failures.push(`status ${String(status)}`);
    } catch (error) {
      const code = String((error as NodeJS.ErrnoException).code);
      if (code !== 'ECONNREFUSED') seen.failures.push(code);
      return;
    }
  }
}

describe('SIGTERM', () => {
  it.each(['HTTP', 'TLS'])(
    'over %s under load loses no request: busy connections are told to end, new ones refused, and the exit code is 0 [SA21]',
    async (transport) => {
      const pair = await makePair();
      const { certFile, keyFile } = await writePair(pair, folder);
      const running = await serve(transport === 'TLS' ? { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile } : {});
      const newClient = (): Client => clientOf(running.url, pair.cert);
      const [slow, watcher, idle] = [newClient(), newClient(), newClient()];
      for (const client of [watcher, idle]) expect(await client.ask('/readyz')).toMatchObject({ status: 200 });

      const { held, answerNow } = await hold(slow);
      const clients = Array.from({ length: LANES }, newClient);
      const seen = clients.map((): Seen => ({ answered: 0, failures: [] }));
      const lanes = seen.map((own, lane) => goOnAsking(clients[lane] ?? watcher, '/scim/v2/Users?count=1', own));
      while (seen.some(({ answered }) => answered < 2)) await watcher.ask('/healthz');

      running.signal('SIGTERM');
      await running.said('"Stopping"');
      expect(await watcher.ask('/readyz')).toMatchObject({
        status: 503,
        connection: 'close',
        body: JSON.stringify({ ready: false, reasons: ['The bridge is stopping.'] }),
      });
      await Promise.all(lanes);
      await expect(newClient().ask('/readyz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      answerNow();

      expect(await held).toMatchObject({ status: 200, connection: 'close' });
      expect(await running.exit).toBe(0);
      expect(running.output().stdout).toContain('"answered":true');
      expect(running.output().stderr).toBe('');
      expect(seen.flatMap(({ failures }) => failures)).toEqual([]);
      for (const client of [slow, watcher, idle, ...clients]) client.close();
    },
  );

  it('leaves work that outlasted its request to the repeat of its message, which finishes it [SA21]', async () => {
    const people = Array.from({ length: 12 }, (_, n) =>
      sandbox.addPerson({ email: `p${n}@example.com`, displayName: `p${n}`, access: true }),
    );
    const { id, name } = sandbox.addGroup({ name: 'drained' });
    const settings = { ADOPT_GROUPS: name };
    const first = await serve({ ...settings, REQUEST_BUDGET_SECONDS: '1' });
    const client = clientOf(first.url);
    const value = people.map(({ accountId }) => ({ value: accountId }));
    const add = { method: 'PATCH', body: { schemas: [PATCH_OP], Operations: [{ op: 'add', path: 'members', value }] } };
    const slow = sandbox.faults.when(
      { method: 'POST', path: /userByGroupId/, times: 1000 },
      () => new Promise<void>((resolve) => setTimeout(resolve, 1_200)),
    );
    expect(await client.ask(`/scim/v2/Groups/${id}`, add)).toMatchObject({ status: 503 });
    first.signal('SIGTERM');
    expect(await first.exit).toBe(0);
    client.close();
    slow();
    const membersBefore = sandbox.membersOf(id).length;
    expect(membersBefore).toBeLessThan(people.length);

    const second = await serve(settings);
    const again = clientOf(second.url);
    expect(await again.ask(`/scim/v2/Groups/${id}`, add)).toMatchObject({ status: 204 });
    again.close();

    expect(sandbox.membersOf(id)).toHaveLength(people.length);
    second.signal('SIGTERM');
    expect(await second.exit).toBe(0);
  });
});

describe('a log that nobody reads any more', () => {
  it('stops the bridge as SIGTERM does, with 75, so that it is started again [SA21]', async () => {
    const running = await serve();
    const [slow, other] = [clientOf(running.url), clientOf(running.url)];
    const { held, answerNow } = await hold(slow);

    running.stopReading();
    await goOnAsking(other, '/scim/v2/Users?count=1', { answered: 0, failures: [] });
    answerNow();

    expect(await held).toMatchObject({ status: 200 });
    expect(await running.exit).toBe(75);
    expect(running.output().stderr).toBe('');
    for (const client of [slow, other]) client.close();
  });
});
