import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { styleText } from 'node:util';
import { startBridge } from '../bridge.js';
import { systemClock } from '../clock.js';
import { readConfig, secretsOf } from '../config.js';
import { CHAPTERS, type Stage } from '../demo/chapters.js';
import { scimClient, type ScimClient } from '../demo/client.js';
import { tellStory, type Step } from '../demo/story.js';
import { EXIT_CODES, ExitError } from '../exit.js';
import { createLogger } from '../observability/logger.js';
import { type Sandbox, startSandbox } from '../sandbox/server.js';
import { SCIM_BASE_PATH } from '../scim/router.js';
import { onShutdown } from '../shutdown.js';
import { openStore } from '../store/open.js';

const HOST = '127.0.0.1';
const DRAIN_MS = 2_000;
const READY_MS = 30_000;

/**
 * Plays an identity provider against a sandbox of Atlassian and a bridge, both on free loopback ports. Each step is one
 * line: what the IdP did, the SCIM status, the upstream calls it cost, and what is to be seen on the site.
 *
 * @param options.full tells the chapters of the longer story afterwards
 */
export async function demo({ keep, full }: { readonly keep: boolean; readonly full: boolean }): Promise<void> {
  const sandbox = await startSandbox();
  const port = await freePort();
  const token = newToken();
  const secondToken = newToken();
  const { credentials } = sandbox;
  const config = readConfig({
    ATLASSIAN_SITE_URL: sandbox.url,
    ATLASSIAN_API_URL: sandbox.url,
    ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
    ATLASSIAN_API_TOKEN: credentials.apiToken,
    ATLASSIAN_ORG_ID: credentials.orgId,
    ATLASSIAN_ORG_API_KEY: credentials.orgApiKey,
    SCIM_TOKENS: `demo:${token},second:${secondToken}`,
    HOST,
    PORT: String(port),
    LOG_LEVEL: 'error',
  });
  const logger = createLogger({ ...config.log, secrets: secretsOf(config) });
  const store = await openStore({ url: ':memory:', clock: systemClock });
  const bridge = await startBridge({ config, store, clock: systemClock, logger });
  const stop = async (): Promise<void> => {
    await bridge.close(DRAIN_MS);
    await sandbox.close();
  };
  const baseUrl = `${bridge.url}${SCIM_BASE_PATH}`;
  const scim = scimClient(baseUrl, token);
  try {
    const app = await bridge.ready;
    await app.roster.ready({
      requestId: 'demo',
      caller: 'demo',
      kind: 'scan',
      deadlineMs: systemClock.now() + READY_MS,
      signal: new AbortController().signal,
      upstream: [],
    });
    print(
      `An identity provider meets Confluence: a sandbox of Atlassian at ${sandbox.url}, the bridge at ${baseUrl}\n\n`,
    );
    const results = await play(tellStory(), scim, sandbox);
    printTable(results);
    if (results.some(({ ok }) => !ok)) throw wentWrong();
    const second = scimClient(baseUrl, secondToken);
    if (full) await playChapters({ scim, second, sandbox, app, config, store, clock: systemClock, print });
  } catch (error) {
    await stop();
    throw error;
  }
  if (!keep) {
    await stop();
    return;
  }
  printCurl(baseUrl, token);
  onShutdown(['SIGTERM', 'SIGINT'], () => void stop());
}

function newToken(): string {
  return randomBytes(24).toString('base64url');
}

async function playChapters(stage: Stage): Promise<void> {
  for (const { title, play: playChapter } of CHAPTERS) {
    print(`\n${styleText('bold', title)}\n\n`);
    try {
      await playChapter(stage);
    } catch (error) {
      throw wentWrong(error);
    }
  }
}

function wentWrong(cause?: unknown): ExitError {
  const reason = cause instanceof Error ? ` ${cause.message}` : '';
  return new ExitError(`The demo did not go as it should.${reason}`, EXIT_CODES.failure, { cause });
}

interface Result {
  readonly title: string;
  readonly status: number;
  readonly calls: number;
  readonly ok: boolean;
}

async function play(steps: readonly Step[], scim: ScimClient, sandbox: Sandbox): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const step of steps) {
    sandbox.takeCalls();
    const reply = await step.send(scim);
    const calls = sandbox.takeCalls().length;
    let seen: string;
    let ok = reply.status === step.status;
    try {
      seen = ok ? step.show(reply, sandbox) : `expected ${step.status}: ${String(reply.body['detail'])}`;
    } catch (error) {
      ok = false;
      seen = error instanceof Error ? error.message : 'unknown';
    }
    results.push({ title: step.title, status: reply.status, calls, ok });
    const mark = ok ? styleText('green', '✓') : styleText('red', '✗');
    const cost = styleText('dim', `${calls} upstream`.padStart(11));
    print(`${mark} ${step.title.padEnd(28)} ${reply.status} ${cost}  ${seen}\n`);
  }
  return results;
}

function printTable(results: readonly Result[]): void {
  print(`\n  ${'SCIM request'.padEnd(28)} status  upstream calls\n`);
  for (const { title, status, calls } of results)
    print(`  ${title.padEnd(28)} ${String(status).padEnd(6)}  ${String(calls)}\n`);
  const total = results.reduce((sum, { calls }) => sum + calls, 0);
  print(`  ${`${results.length} steps`.padEnd(28)} ${' '.repeat(6)}  ${String(total)}\n`);
}

function printCurl(baseUrl: string, token: string): void {
  print(`
Both keep running; end them with Ctrl+C. Try, for example:

  curl -s -H 'Authorization: Bearer ${token}' ${baseUrl}/ServiceProviderConfig
  curl -s -H 'Authorization: Bearer ${token}' '${baseUrl}/Users?count=5'
  curl -s -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/scim+json' \\
    -d '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"grace@example.com"}' ${baseUrl}/Users
  curl -s -X PATCH -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/scim+json' \\
    -d '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}' ${baseUrl}/Users/ID
`);
}

/** A port that was free a moment ago; the bridge has to know its own address before it listens. */
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

function print(text: string): void {
  process.stdout.write(text);
}
