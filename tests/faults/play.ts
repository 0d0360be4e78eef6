import { inspect } from 'node:util';
import type { AuditLine } from '../../src/provisioning/auditRecords.js';
import type { ReceivedCall } from '../../src/sandbox/calls.js';
import type { Cast } from './cast.js';
import { NO_ANSWER, REFUSED, type UpstreamFault } from './faults.js';
import type { Answer } from './lane.js';
import type { Request } from './scenario.js';

/** A call as it arrived at Atlassian. */
export interface Arrival {
  readonly operation: string;
  /** All that it says, without what differs from cell to cell. */
  readonly text: string;
  /** Of the answer; 0 for none. */
  readonly status: number;
  readonly isStruck: boolean;
}

/** What a request says to Atlassian; every attempt at it is the same message. */
export interface UpstreamMessage {
  readonly operation: string;
  readonly text: string;
  /** Of the answer to the first attempt. */
  readonly status: number;
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
  readonly arrivals: readonly Arrival[];
  /** Operations of the calls that the bridge sent and got no answer to. */
  readonly unanswered: readonly string[];
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
  const [logged, sent] = [bridge.logs.length, bridge.sent.length];
  const before = cast.upstream();
  await cast.parts();
  sandbox.takeCalls();
  if (struck !== undefined) strike(cast, struck.message, struck.fault);

  const answer = await lane.send(request);
  // What does not answer is waited for by nobody but the request.
  await lane.settle(() => struck?.fault.name === NO_ANSWER && sandbox.calls.some(({ isStruck }) => isStruck));
  const [after, record] = [cast.upstream(), await cast.record()];
  const audit = await store.audit.list({ sinceIso, limit: 500 });
  const arrivals = sandbox.takeCalls().map((call) => arrivalOf(cast, call));
  const unanswered = bridge.sent.slice(sent).filter(({ status }) => status === undefined);
  sandbox.faults.clear();
  if (struck?.fault.name === REFUSED) await sandbox.reopen();
  await lane.settle();

  return {
    answer,
    body: await cast.anonymous(answer.text),
    before,
    after,
    record,
    arrivals,
    unanswered: unanswered.map(({ operation }) => operation),
    audit,
    log: inspect(bridge.logs.slice(logged), { depth: 8 }),
    parts: await cast.parts(),
  };
}

function strike(cast: Cast, message: UpstreamMessage, fault: UpstreamFault): void {
  const { sandbox } = cast.lane.bridge;
  const effect = fault.strike(message);
  if (effect !== 'refused') {
    // Every attempt at the same message fails alike.
    sandbox.faults.always({ ...effect, where: (call) => cast.said(call) === message.text });
    return;
  }
  if (message.callsBefore === 0) sandbox.shut();
  let arrived = 0;
  sandbox.faults.when({ times: Infinity }, () => {
    arrived += 1;
    if (arrived === message.callsBefore) sandbox.shut();
  });
}

function arrivalOf(cast: Cast, call: ReceivedCall): Arrival {
  const { operation = `${call.method} ${call.path}`, status = 0, isStruck } = call;
  return { operation, text: cast.said(call), status, isStruck };
}

/** The messages among calls, each once. */
export function messagesOf(arrivals: readonly Arrival[]): readonly UpstreamMessage[] {
  const messages = new Map<string, UpstreamMessage>();
  arrivals.forEach(({ operation, text, status }, callsBefore) => {
    if (!messages.has(text)) messages.set(text, { operation, text, status, callsBefore });
  });
  return [...messages.values()];
}
