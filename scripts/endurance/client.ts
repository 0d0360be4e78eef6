import { randomUUID } from 'node:crypto';
import type { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './http.js';
import { Violation } from './violation.js';

/** The two identity providers of every run; each writes as the product of that name does. */
export const CALLERS = ['okta', 'entra'] as const;
export type Caller = (typeof CALLERS)[number];

export interface Message {
  readonly caller: Caller;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/scim/v2`. */
  readonly path: string;
  readonly body?: object;
}

export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Request ids of every time that the message was sent, the answered one last. */
  readonly requestIds: readonly string[];
}

/** What was sent, and what came of it: `undefined` when no answer came. */
export interface Exchange {
  readonly message: Message;
  readonly requestId: string;
  readonly status: number | undefined;
  readonly detail: string | undefined;
  readonly retryAfterSeconds: number | undefined;
}

/** Opens while the bridge may be spoken to. */
export class Gate {
  #open: (() => void) | undefined;
  #isOpen = Promise.resolve();

  close(): void {
    if (this.#open !== undefined) return;
    this.#isOpen = new Promise((open) => (this.#open = open));
  }

  open(): void {
    this.#open?.();
    this.#open = undefined;
  }

  opened(): Promise<void> {
    return this.#isOpen;
  }
}

/** How often one message may be without a definite answer before something must be wrong. */
const MOST_ATTEMPTS = 60;
/** Longer than the bridge's own budget for a request. */
const ANSWER_MS = 40_000;
const PAUSE_MS = 40;
const LONGEST_PAUSE_MS = 1_000;

export interface ClientOptions {
  readonly url: string;
  readonly tokens: Readonly<Record<Caller, string>>;
  readonly gate: Gate;
  /** Its connections are the callers'. */
  readonly agent: Agent;
  /** Told of everything that was sent. */
  readonly onExchange: (exchange: Exchange) => void;
}

/** An identity provider that does not give up: what got no answer, or "later", is sent again. */
export class Client {
  constructor(private readonly options: ClientOptions) {}

  /** Sends it once. `undefined`: no answer, or one that says "send it again" (503, 429). */
  async send(message: Message, requestId: string = randomUUID()): Promise<Reply | undefined> {
    const exchange = { message, requestId, status: undefined, detail: undefined, retryAfterSeconds: undefined };
    const { url, tokens, agent, onExchange } = this.options;
    try {
      const { status, text, retryAfter } = await ask(
        {
          method: message.method,
          url: `${url}/scim/v2${message.path}`,
          headers: {
            Authorization: `Bearer ${tokens[message.caller]}`,
            'Content-Type': 'application/scim+json',
            'X-Request-Id': requestId,
          },
          body: message.body && JSON.stringify(message.body),
          timeoutMs: ANSWER_MS,
        },
        agent,
      );
      const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
      const detail = typeof body['detail'] === 'string' ? body['detail'] : undefined;
      onExchange({ ...exchange, status, detail, retryAfterSeconds: retryAfter });
      return status === 503 || status === 429 ? undefined : { status, body, requestIds: [requestId] };
    } catch {
      onExchange(exchange);
      return undefined;
    }
  }

  /**
   * Sends the same message until it has a definite answer.
   *
   * @param mayGiveUp asked after each attempt without an answer
   * @returns undefined when it was given up: whether it was carried out, nobody knows
   * @throws Violation when there is no end to it
   */
  async insist(message: Message, mayGiveUp?: () => false): Promise<Reply>;
  async insist(message: Message, mayGiveUp: () => boolean): Promise<Reply | undefined>;
  async insist(message: Message, mayGiveUp = (): boolean => false): Promise<Reply | undefined> {
    const requestIds: string[] = [];
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      await this.options.gate.opened();
      const requestId = randomUUID();
      requestIds.push(requestId);
      const reply = await this.send(message, requestId);
      if (reply !== undefined) return { ...reply, requestIds };
      if (mayGiveUp()) return undefined;
      await sleep(Math.min(PAUSE_MS * attempt, LONGEST_PAUSE_MS));
    }
    throw new Violation(`${message.method} ${message.path} has no definite answer after ${MOST_ATTEMPTS} attempts.`);
  }
}
