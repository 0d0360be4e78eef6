import { afterEach, expect } from '@jest/globals';
import supertest from 'supertest';
import { type App, createApp } from '../../src/app.js';
import { createDirectory } from '../../src/atlassian/backends.js';
import { connect, type TokenKind } from '../../src/atlassian/connection.js';
import { upstreamConfig } from '../../src/bridge.js';
import { type Config, readConfig } from '../../src/config.js';
import { Health } from '../../src/observability/health.js';
import { createMetrics } from '../../src/observability/metrics.js';
import { enterMode } from '../../src/observe/mode.js';
import type { Call, Clock, UpstreamCall } from '../../src/provisioning/call.js';
import type { BackEnd } from '../../src/provisioning/directory.js';
import type { Store } from '../../src/provisioning/store.js';
import { type Sandbox, startSandbox, type StartOptions } from '../../src/sandbox/server.js';
import { listen, type Listening } from '../../src/server.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { type Answer, recordAnswers } from './answers.js';
import { type Contract, readContract } from './openapi.js';

export const OKTA_TOKEN = 'okta-secret-0123456789abcdef';
export const ENTRA_TOKEN = 'entra-secret-0123456789abcdef';

/** A clock whose time tests move. */
export interface TestClock extends Clock {
  advance(ms: number): void;
}

/** Runs with real time, ahead of it by what tests add; sleeping takes as long as it says. */
export function createTestClock(): TestClock {
  let aheadMs = 0;
  return {
    now: () => Date.now() + aheadMs,
    advance: (ms) => {
      aheadMs += ms;
    },
    sleep: async (ms, signal) => {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(resolve, ms);
        signal?.addEventListener('abort', () => {
          clearTimeout(timer);
          reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
        });
      });
    },
  };
}

export interface BridgeOptions {
  readonly backEnd?: BackEnd;
  /** Which of the site's tokens is used; `classic` when absent. */
  readonly tokenKind?: TokenKind;
  /** Environment variables over the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly sandbox?: StartOptions;
  /** A sandbox that is there already; the test closes it. */
  readonly site?: Sandbox;
  readonly store?: Store;
  readonly clock?: TestClock;
  /** False leaves the first scan to the test. */
  readonly scan?: boolean;
  /** Outlives the test that uses it: whoever starts it, in `beforeAll`, closes it. */
  readonly isShared?: boolean;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A bridge in this process over real HTTP, with a sandbox as its Atlassian. Closed after each test. */
export interface TestBridge {
  readonly sandbox: Sandbox;
  readonly app: App;
  readonly config: Config;
  readonly clock: TestClock;
  readonly store: Store;
  readonly logs: readonly LogLine[];
  /** What the bridge sent to Atlassian so far, whether or not it arrived. */
  readonly sent: readonly UpstreamCall[];
  /** What was answered over HTTP so far, in order; after the test, all of it is held against the OpenAPI document. */
  readonly answers: readonly Answer[];
  /** Base address, without `/scim/v2`. */
  readonly url: string;
  /** Requests as an identity provider; `okta` unless another caller's token is given. */
  scim(
    method: 'get' | 'post' | 'put' | 'patch' | 'delete' | 'head' | 'options',
    path: string,
    body?: unknown,
    token?: string,
  ): supertest.Test;
  /** A call of the test's own, for domain functions. */
  call(caller?: string): Call;
  /** Makes a scan and waits for what follows it. */
  scan(): Promise<void>;
  close(): Promise<void>;
}

const open: (() => Promise<void>)[] = [];
const unchecked: Answer[] = [];
let contract: Promise<Contract> | undefined;

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  const answers = unchecked.splice(0);
  if (answers.length === 0) return;
  const document = await (contract ??= readContract());
  const problems = new Set(answers.flatMap((answer) => document.problemsOf(answer)));
  if (problems.size > 0) throw new Error(`Not as openapi/scim-bridge.yaml has it:\n${[...problems].join('\n')}`);
});

export async function startTestBridge(options: BridgeOptions = {}): Promise<TestBridge> {
  const backEnd = options.backEnd ?? 'organization';
  const clock = options.clock ?? createTestClock();
  const sandbox =
    options.site ??
    (await startSandbox({
      now: () => clock.now(),
      jira: backEnd === 'jira',
      organization: backEnd === 'organization',
      ...options.sandbox,
    }));
  const { credentials } = sandbox;
  const tokenKind = options.tokenKind ?? 'classic';
  const config = readConfig({
    ATLASSIAN_SITE_URL: sandbox.url,
    ATLASSIAN_API_URL: sandbox.url,
    ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
    ATLASSIAN_API_TOKEN: tokenKind === 'classic' ? credentials.apiToken : credentials.scopedToken,
    ATLASSIAN_TOKEN_KIND: tokenKind,
    ...(backEnd === 'organization'
      ? { ATLASSIAN_ORG_ID: credentials.orgId, ATLASSIAN_ORG_API_KEY: credentials.orgApiKey }
      : {}),
    SCIM_TOKENS: `okta:${OKTA_TOKEN},entra:${ENTRA_TOKEN}`,
    PUBLIC_URL: 'https://scim.example.com',
    ...options.settings,
  });
  const logs: LogLine[] = [];
  const log =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      void logs.push({ level, message, fields });
  const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  const store = options.store ?? (await openSqliteStore({ url: ':memory:', clock }));
  const sent: UpstreamCall[] = [];
  const connection = connect({
    config: upstreamConfig(config),
    clock,
    pauses: store.pauses,
    log: logger,
    onCall: (call) => void sent.push(call),
  });
  await enterMode(config.mode, store);
  const health = new Health(() => clock.now());
  health.set('store', { ok: true });
  const app = createApp({
    config,
    callers: () => config.callers,
    directory: createDirectory(connection, backEnd),
    store,
    clock,
    logger,
    metrics: createMetrics(() => clock.now()),
    health,
    ownAccountId: sandbox.admin.accountId,
  });
  const answers: Answer[] = [];
  const recorded = recordAnswers(app.handler, (answer) => {
    answers.push(answer);
    unchecked.push(answer);
  });
  const server: Listening = await listen(recorded, { host: '127.0.0.1', port: 0 });
  let isClosed = false;
  const bridge: TestBridge = {
    sandbox,
    app,
    config,
    clock,
    store,
    logs,
    sent,
    answers,
    url: server.url,
    scim(method, path, body, token = OKTA_TOKEN) {
      const request = supertest(server.url)
        [method](`/scim/v2${path}`)
        .set('Authorization', `Bearer ${token}`)
        // superagent knows no media type of SCIM's own.
        .buffer(true)
        .parse(parseJson);
      return body === undefined
        ? request
        : request
            .set('Content-Type', 'application/scim+json')
            .send(typeof body === 'string' ? body : JSON.stringify(body));
    },
    call: (caller = 'okta') => ({
      requestId: 'test',
      caller,
      kind: 'request',
      deadlineMs: clock.now() + config.requestBudgetMs,
      signal: new AbortController().signal,
      upstream: [],
    }),
    async scan() {
      await app.roster.scan(bridge.call());
      while (!app.roster.settled()) await new Promise((resolve) => setTimeout(resolve, 2));
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await server.close(0);
      await app.stop();
      connection.close();
      if (options.store === undefined) await store.close();
      if (options.site === undefined) await sandbox.close();
    },
  };
  if (options.isShared !== true) open.push(() => bridge.close());
  if (options.scan !== false) {
    await bridge.scan();
    health.set('atlassian', { ok: true });
    sandbox.takeCalls();
  }
  return bridge;
}

function parseJson(response: supertest.Response, done: (error: Error | null, body: unknown) => void): void {
  let text = '';
  const stream = response as unknown as NodeJS.ReadableStream;
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => (text += chunk));
  stream.on('end', () => {
    try {
      done(null, text === '' ? undefined : JSON.parse(text));
    } catch {
      // Not JSON: the test sees the text and fails on what it expects.
      done(null, text);
    }
  });
}

/** What the sandbox received, as operations in order; `writes` leaves reads out. */
export function operations(sandbox: Sandbox, kind: 'all' | 'writes' = 'all'): string[] {
  return sandbox.calls
    .filter((call) => kind === 'all' || call.isWrite)
    .map((call) => call.operation ?? `${call.method} ${call.path}`);
}

/** Checks a SCIM error: status, scimType, media type, and that the detail is there for people. */
export function expectScimError(reply: supertest.Response, status: number, scimType?: string): void {
  expect({ status: reply.status, scimType: (reply.body as { scimType?: string } | undefined)?.scimType }).toEqual({
    status,
    scimType,
  });
  expect(reply.headers['content-type']).toBe('application/scim+json');
  expect(reply.body).toMatchObject({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
  });
}
