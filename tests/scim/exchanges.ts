import { connect, type Socket } from 'node:net';
import type supertest from 'supertest';
import { createTestClock, OKTA_TOKEN, type TestBridge, type TestClock } from '../support/bridge.js';

export const USER_URN = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_URN = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const PATCH_URN = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
export const SEARCH_URN = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

/** A person as an identity provider sends one. */
export function user(name: string, more: object = {}): object {
  const userName = `${name}@example.com`;
  return { schemas: [USER_URN], userName, emails: [{ value: userName, type: 'work', primary: true }], ...more };
}

export function patch(...operations: object[]): object {
  return { schemas: [PATCH_URN], Operations: operations };
}

/** @param query names to values, to be encoded */
export function at(path: string, query: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${path}?${pairs.join('&')}`;
}

export function filtered(path: string, filter: string, more: Readonly<Record<string, string | number>> = {}): string {
  return at(path, { filter, ...more });
}

export function search(bridge: TestBridge, path: string, query: object): supertest.Test {
  return bridge.scim('post', path, { schemas: [SEARCH_URN], ...query });
}

/** An answer's list, as far as tests look at it. */
export interface ListBody {
  readonly totalResults: number;
  readonly startIndex: number;
  readonly itemsPerPage: number;
  readonly Resources: readonly Readonly<Record<string, unknown>>[];
}

export function listOf(reply: supertest.Response): ListBody {
  if (reply.status !== 200) throw new Error(`Expected a list, got ${reply.status}: ${JSON.stringify(reply.body)}`);
  return reply.body as ListBody;
}

export function idOf(reply: supertest.Response): string {
  const { id } = reply.body as { readonly id?: string };
  if (id === undefined) throw new Error(`Expected a resource, got ${reply.status}: ${JSON.stringify(reply.body)}`);
  return id;
}

export function detailOf(reply: { readonly body: unknown }): string {
  return (reply.body as { readonly detail: string }).detail;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** One TCP connection that is used for request after request, as identity providers keep theirs. */
export interface Connection {
  send(
    method: string,
    path: string,
    options?: { readonly body?: string; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<RawAnswer>;
  readonly isOpen: () => boolean;
  close(): void;
}

/** @throws Error from `send` when the server closes the connection before it has answered */
export async function openConnection(url: string): Promise<Connection> {
  const { hostname, port } = new URL(url);
  const socket = await new Promise<Socket>((resolve, reject) => {
    const opened = connect({ host: hostname, port: Number(port) }, () => resolve(opened));
    opened.once('error', reject);
  });
  return {
    send(method, path, { body = '', headers = {} } = {}) {
      const lines = Object.entries({
        Host: hostname,
        Authorization: `Bearer ${OKTA_TOKEN}`,
        ...(body === '' ? {} : { 'Content-Type': 'application/scim+json' }),
        'Content-Length': String(Buffer.byteLength(body)),
        ...headers,
      }).map(([name, value]) => `${name}: ${value}`);
      const answer = nextAnswer(socket);
      socket.write(`${method} /scim/v2${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
      return answer;
    },
    isOpen: () => !socket.destroyed && !socket.readableEnded,
    close: () => void socket.destroy(),
  };
}

function nextAnswer(socket: Socket): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const end = (settle: () => void): void => {
      socket.off('data', take).off('close', fail).off('error', fail);
      settle();
    };
    const fail = (): void => end(() => reject(new Error('The server closed the connection before it answered.')));
    const take = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      const headEnd = received.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const [statusLine = '', ...lines] = received.subarray(0, headEnd).toString().split('\r\n');
      const headers = Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
      );
      const text = received.subarray(headEnd + 4).toString();
      if (Buffer.byteLength(text) < Number(headers['content-length'] ?? 0)) return;
      const status = Number(statusLine.split(' ')[1]);
      end(() => resolve({ status, headers, body: text === '' ? undefined : (JSON.parse(text) as unknown) }));
    };
    socket.on('data', take).on('close', fail).on('error', fail);
  });
}

/** The waits between attempts; longer ones pass in real time. */
const SHORT_WAIT_MS = 1_300;

/** Short waits pass at once, so that a table of failures does not take minutes. */
export function createHastyClock(): TestClock {
  const clock = createTestClock();
  return {
    ...clock,
    sleep: async (ms, signal) => {
      if (ms > SHORT_WAIT_MS) return clock.sleep(ms, signal);
      signal?.throwIfAborted();
      clock.advance(ms);
    },
  };
}
