import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { expect } from '@jest/globals';
import { connect, type AtlassianConfig, type Connection, type Log } from '../../src/atlassian/connection.js';
import type { Call, Clock } from '../../src/provisioning/call.js';
import { Failure, type FailureKind } from '../../src/provisioning/failure.js';
import type { PauseRecords } from '../../src/provisioning/pauseRecords.js';

/** What the stub answers; `hang` never does, `reset` drops the connection. */
export type Reply =
  | 'hang'
  | 'reset'
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** An object is sent as JSON, a text as it is, without a type of its own. */
      readonly body?: unknown;
    };

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** A server that answers as it is told: for answers that the sandbox, which imitates Atlassian, never gives. */
export interface Upstream {
  readonly url: string;
  readonly received: Received[];
  /** Calls under way at this moment, and the most that ever were. */
  readonly load: { now: number; most: number };
  answer: (request: Received, index: number) => Reply | Promise<Reply>;
  close(): Promise<void>;
}

export async function startUpstream(): Promise<Upstream> {
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const upstream: Upstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    load: { now: 0, most: 0 },
    answer: () => ({ status: 500 }),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readText(request);
    const url = new URL(request.url ?? '/', upstream.url);
    const received: Received = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
    upstream.received.push(received);
    upstream.load.now += 1;
    upstream.load.most = Math.max(upstream.load.most, upstream.load.now);
    const reply = await upstream.answer(received, upstream.received.length - 1);
    upstream.load.now -= 1;
    if (reply === 'hang') return;
    if (reply === 'reset') {
      request.socket.destroy();
      return;
    }
    const { status = 200, headers = {}, body } = reply;
    const isText = typeof body === 'string' || body === undefined;
    response.writeHead(status, { ...(isText ? {} : { 'Content-Type': 'application/json' }), ...headers });
    response.end(isText ? body : JSON.stringify(body));
  }

  return upstream;
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Goes on with the time of day, but sleeps in no time: a sleep moves it forward. */
export interface TestClock extends Clock {
  readonly sleeps: number[];
}

export function testClock(): TestClock {
  let skippedMs = 0;
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => Date.now() + skippedMs,
    sleep(ms, signal) {
      if (signal?.aborted) return Promise.reject(new Error('aborted'));
      sleeps.push(ms);
      skippedMs += ms;
      return Promise.resolve();
    },
  };
}

export function callOf(clock: Clock, budgetMs = 25_000, overrides: Partial<Call> = {}): Call {
  return {
    requestId: 'request-1',
    caller: 'okta',
    kind: 'request',
    deadlineMs: clock.now() + budgetMs,
    signal: new AbortController().signal,
    upstream: [],
    ...overrides,
  };
}

/** Recognizable, so that a test can prove that they go nowhere. */
export const SECRETS = {
  apiToken: 'token-that-nobody-may-see',
  orgApiKey: 'key-that-nobody-may-see',
  email: 'ada.lovelace@example.com',
  body: 'body-that-nobody-may-see',
};

export function connectTo(
  url: string,
  clock: Clock,
  overrides: Partial<AtlassianConfig> & { log?: Log; pauses?: PauseRecords } = {},
): Connection {
  const { log, pauses, ...config } = overrides;
  return connect({
    config: {
      siteUrl: url,
      adminEmail: 'admin@example.com',
      apiToken: SECRETS.apiToken,
      tokenKind: 'classic',
      apiUrl: url,
      orgId: 'org-1',
      orgApiKey: SECRETS.orgApiKey,
      concurrency: 8,
      ...config,
    },
    clock,
    ...(log === undefined ? {} : { log }),
    ...(pauses === undefined ? {} : { pauses }),
    random: () => 0.5,
  });
}

/** The Failure that `work` ends with, proven to hold nothing that must not be seen. */
export async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('value' in outcome) throw new Error(`expected a Failure, but it succeeded with ${inspect(outcome.value)}`);
  expect(outcome.error).toBeInstanceOf(Failure);
  const failure = outcome.error as Failure;
  const everything = inspect(failure, { depth: 20, showHidden: true });
  for (const secret of [...Object.values(SECRETS), Buffer.from(SECRETS.apiToken).toString('base64').slice(0, 20)]) {
    expect(everything).not.toContain(secret);
  }
  return failure;
}

export async function expectFailure(work: Promise<unknown>, kind: FailureKind): Promise<Failure> {
  const failure = await failureOf(work);
  expect(failure.kind).toBe(kind);
  return failure;
}
