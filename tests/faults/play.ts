import { inspect } from 'node:util';
import type { AuditLine } from '../../src/provisioning/auditRecords.js';
import type { ReceivedCall } from '../../src/sandbox/calls.js';
import type { Cast } from './cast.js';
import { NO_ANSWER, type UpstreamFault } from './faults.js';
import type { Answer } from './lane.js';
import type { Request } from './scenario.js';

/** One message to Atlassian within a request: the so-manieth of its operation that differs from the others. */
export interface UpstreamMessage {
  readonly operation: string;
  readonly index: number;
  /** How many calls arrived before it. */
  readonly callsBefore: number;
}

/** What a request came to, seen from all sides. */
export interface Play {
  readonly answer: Answer;
  /** The answer's body without what differs from cell to cell, its lists in order; empty for none. */
  readonly body: string;
  readonly before: ReadonlySet<string>;
  readonly after: ReadonlySet<string>;
  readonly record: ReadonlySet<string>;
  readonly calls: readonly ReceivedCall[];
  readonly audit: readonly AuditLine[];
  /** Every line of the log, with the causes of its errors. */
  readonly log: string;
  /** Ids to parts, as far as the request and what it left show. */
  readonly parts: ReadonlyMap<string, string>;
}

/** Sends a request, with a fault for one of its upstream messages where one is given, and looks at everything. */
export async function play(
  cast: Cast,
  request: Request,
  struck?: { readonly message: UpstreamMessage; readonly fault: UpstreamFault },
): Promise<Play> {
  const { lane } = cast;
  const { bridge } = lane;
  const { sandbox, clock, store } = bridge;
  clock.advance(1);
  const sinceIso = new Date(clock.now()).toISOString();
  const logged = bridge.logs.length;
  const before = cast.upstream();
  await cast.parts();
  sandbox.takeCalls();
  if (struck !== undefined) strike(cast, struck.message, struck.fault);

  const answer = await lane.send(request);
  // What does not answer is waited for by nobody but the request.
  if (struck?.fault.name !== NO_ANSWER) await lane.settle();
  const [after, record] = [cast.upstream(), await cast.record()];
  const audit = await store.audit.list({ sinceIso, limit: 500 });
  const calls = sandbox.takeCalls();
  sandbox.faults.clear();
  if (struck?.fault.strike(struck.message.operation) === 'refused') await sandbox.reopen();
  await lane.settle();

  return {
    answer,
    body: ordered(await cast.anonymous(answer.text)),
    before,
    after,
    record,
    calls,
    audit,
    log: inspect(bridge.logs.slice(logged), { depth: 8 }),
    parts: await cast.parts(),
  };
}

function strike({ lane }: Cast, message: UpstreamMessage, fault: UpstreamFault): void {
  const { sandbox } = lane.bridge;
  const effect = fault.strike(message.operation);
  if (effect !== 'refused') {
    const number = numbering();
    // Every attempt at the same message fails alike.
    sandbox.faults.always({
      ...effect,
      where: (call) => call.operation === message.operation && number(call) === message.index,
    });
    return;
  }
  if (message.callsBefore === 0) sandbox.shut();
  let arrived = 0;
  sandbox.faults.when({ times: Infinity }, () => {
    arrived += 1;
    if (arrived === message.callsBefore) sandbox.shut();
  });
}

/** Numbers the different messages of each operation in the order of their arrival. */
function numbering(): (call: ReceivedCall) => number {
  const seen = new Map<string, string[]>();
  return ({ operation = 'nothing', method, path, body }) => {
    const message = `${method} ${path} ${JSON.stringify(body)}`;
    const messages = seen.get(operation) ?? [];
    seen.set(operation, messages);
    const index = messages.indexOf(message);
    return index === -1 ? messages.push(message) - 1 : index;
  };
}

/** The messages among calls, each once. */
export function messagesOf(calls: readonly ReceivedCall[]): readonly UpstreamMessage[] {
  const number = numbering();
  const messages = new Map<string, UpstreamMessage>();
  calls.forEach((call, callsBefore) => {
    const operation = call.operation ?? `${call.method} ${call.path}`;
    const index = number(call);
    const key = `${operation} ${index}`;
    if (!messages.has(key)) messages.set(key, { operation, index, callsBefore });
  });
  return [...messages.values()];
}

/** The same text for bodies that differ in the order of their lists only. */
function ordered(text: string): string {
  if (text === '') return '';
  return JSON.stringify(inOrder(JSON.parse(text) as unknown));
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(inOrder).sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, inOrder(inner)]));
}
