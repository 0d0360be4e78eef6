import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import axios, { AxiosHeaders, isAxiosError, type AxiosResponse } from 'axios';
import type { Call, Clock, UpstreamCall } from '../provisioning/call.js';
import { Failure } from '../provisioning/failure.js';
import { countdown, isOver, outOfTime } from './budget.js';
import type { Limiter } from './limiter.js';
import type { Answer, Message, Operation } from './operation.js';
import { isUseless, unreachable, UNTRUSTED } from './responses.js';
import { retryAfterSeconds, waitBeforeRetryMs, type Outcome } from './retry.js';
import { type Proxy, PROXY_REFUSED, TunnelAgent } from './tunnel.js';

/** Sends messages to one base address with one credential. */
export interface Client {
  /**
   * Sends, tries again where that is safe and fits the budget, and records every attempt in `call.upstream`.
   *
   * @returns the last answer, whatever its status
   * @throws Failure `unavailable` when none came; `rateLimited` or `unavailable` when waiting does not fit the budget
   */
  send(operation: Operation, message: Message, call: Call): Promise<Answer>;
  /** Closes idle connections. */
  close(): void;
}

export interface ClientOptions {
  /** The base address without a slash at its end; where it must be looked up first, that spends the call's budget. */
  readonly base: (call: Call) => Promise<string>;
  /** The `Authorization` header as it is at the moment; undefined where none may be sent. */
  readonly authorization: () => string | undefined;
  /** Shared by all clients of one credential. */
  readonly limiter: Limiter;
  readonly maxSockets: number;
  /** Leads to every https address; undefined to go there directly, whatever the environment names. */
  readonly proxy: Proxy | undefined;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  /** Told of every answer, before it is judged. */
  readonly onAnswer: (operation: Operation, answer: Answer) => void;
  /** Told of every attempt, answered or not. */
  readonly onCall: (call: UpstreamCall) => void;
}

/** `GET /group` of a large organization takes 30 s; what is silent twice as long will not answer any more. */
const LONGEST_ATTEMPT_MS = 60_000;
/** Of a body, inflated; ten times what the largest page has. What is longer is cut off where it passes the limit. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Errors of a connection that never came about. */
const NOT_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  PROXY_REFUSED,
  ...UNTRUSTED,
]);

type Attempt =
  | (Outcome & { readonly kind: 'answer'; readonly answer: Answer })
  | { readonly kind: 'notSent' | 'lost'; readonly code: string };

/** One axios instance for one base address; axios' errors hold the credential, so none of them leaves this file. */
export function createClient(options: ClientOptions): Client {
  const { clock, limiter } = options;
  const reused = agents(options.proxy, { keepAlive: true, maxSockets: options.maxSockets, scheduling: 'lifo' });
  // A connection that the server closed while it was idle loses the call that is sent on it. Where the call must not
  // be sent again, a new connection keeps that from leaving its outcome unknown. (With a limit of sockets Node would
  // keep the connection open after all; the limiter bounds them.)
  const fresh = agents(options.proxy, { keepAlive: false });
  const http = axios.create({
    adapter: 'http',
    headers: {
      Accept: 'application/json',
      'User-Agent': 'confluence-scim-bridge',
    },
    maxRedirects: 0,
    proxy: false,
    maxContentLength: MAX_ANSWER_BYTES,
    responseType: 'text',
    transformResponse: (text: unknown) => text,
    validateStatus: () => true,
  });

  async function attempt(operation: Operation, message: Message, url: string, call: Call): Promise<Attempt> {
    const { signal, stop } = countdown(call, clock, LONGEST_ATTEMPT_MS);
    const startedAtMs = clock.now();
    let status: number | undefined;
    let useless = false;
    try {
      const response = await http.request<string>({
        url,
        method: message.method,
        headers: headersOf(message, options.authorization()),
        ...(message.body === undefined ? {} : { data: JSON.stringify(message.body) }),
        ...(operation.repeatability === 'once' ? fresh : reused),
        signal,
      });
      status = response.status;
      const answer = answerOf(response, clock.now());
      useless = isUseless(answer);
      return { kind: 'answer', status, isUseless: useless, answer };
    } catch (error) {
      const code = isAxiosError(error) ? (error.code ?? 'unknown') : 'unknown';
      return { kind: NOT_SENT.has(code) ? 'notSent' : 'lost', code: signal.aborted ? 'TIMEOUT' : code };
    } finally {
      stop();
      const sent: UpstreamCall = {
        operation: operation.name,
        status,
        ...(useless ? { isUseless: true } : {}),
        durationMs: clock.now() - startedAtMs,
      };
      call.upstream.push(sent);
      options.onCall(sent);
    }
  }

  /** What an answer means for every other call of the credential. */
  async function heed(operation: Operation, ended: Attempt): Promise<void> {
    if (ended.kind !== 'answer') return;
    const { answer, status } = ended;
    options.onAnswer(operation, answer);
    if (status === 429) await limiter.pause('rateLimited', answer.retryAfterSeconds);
    else if (status === 503 && answer.retryAfterSeconds !== undefined) {
      await limiter.pause('unavailable', answer.retryAfterSeconds);
    }
    if (status < 300) limiter.recovered();
  }

  return {
    async send(operation, message, call) {
      const url = urlOf(await options.base(call), message);
      let lastStatus: number | undefined;
      for (let number = 1; ; number += 1) {
        const release = await limiter.acquire(call, { operation: operation.name, status: lastStatus });
        let ended: Attempt;
        try {
          ended = await attempt(operation, message, url, call);
          await heed(operation, ended);
        } finally {
          release();
        }
        const waitMs = waitBeforeRetryMs(operation.repeatability, number, ended, options.random());
        if (waitMs === undefined || isOver(call, clock) || clock.now() + waitMs >= call.deadlineMs) {
          if (ended.kind === 'answer') return ended.answer;
          throw unreachable(operation, ended);
        }
        lastStatus = ended.kind === 'answer' ? ended.status : undefined;
        await clock.sleep(waitMs, call.signal).catch(() => Promise.reject(outOfTime(call)));
      }
    },
    close() {
      for (const agent of [...Object.values(reused), ...Object.values(fresh)]) agent.destroy();
    },
  };
}

/**
 * An id as one segment of a path.
 *
 * @throws Failure `invalid` for `.` and `..`, which no escaping keeps from being resolved
 */
export function segment(id: string): string {
  if (/^\.{0,2}$/.test(id)) throw new Failure('invalid', 'This is not an id that Atlassian issues. Check the id.');
  return encodeURIComponent(id);
}

function agents(proxy: Proxy | undefined, options: { keepAlive: boolean; maxSockets?: number; scheduling?: 'lifo' }) {
  // Whatever the environment asks of Node.
  const checked = { ...options, rejectUnauthorized: true };
  return {
    httpAgent: new HttpAgent(options),
    httpsAgent: proxy === undefined ? new HttpsAgent(checked) : new TunnelAgent(proxy, checked),
  };
}

/**
 * The one place where an address is made. Paths hold ids and cursors that came in answers: whatever they are, the
 * credential goes nowhere else than below its base.
 *
 * @throws Failure `unexpected`
 */
function urlOf(base: string, { path, query }: Message): string {
  const pairs = Object.entries(query ?? {}).map(([name, value]): [string, string] => [name, String(value)]);
  const url = pairs.length === 0 ? `${base}${path}` : `${base}${path}?${new URLSearchParams(pairs).toString()}`;
  if (!URL.canParse(url) || !new URL(url).href.startsWith(`${base}/`)) {
    throw new Failure(
      'unexpected',
      'The bridge did not send a call that led away from Atlassian. Report it to its makers.',
    );
  }
  return url;
}

function headersOf({ method, body }: Message, authorization: string | undefined): Record<string, string> {
  return {
    ...(authorization === undefined ? {} : { Authorization: authorization }),
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    // Without it Confluence answers writes with 403 "XSRF check failed"; its document does not mention it.
    ...(method === 'GET' ? {} : { 'X-Atlassian-Token': 'no-check' }),
  };
}

function answerOf(response: AxiosResponse<string>, nowMs: number): Answer {
  const headers = AxiosHeaders.from(response.headers as Record<string, string>);
  const header = (name: string): string | undefined => {
    const value = headers.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  return {
    status: response.status,
    // An answer without a body arrives as undefined or empty, by the kind of response.
    body: typeof response.data === 'string' ? response.data : '',
    retryAfterSeconds: retryAfterSeconds(header('retry-after'), nowMs),
    header,
  };
}
