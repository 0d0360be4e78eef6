import type { Caller, Exchange, Reply } from './client.js';
import { Violation } from './violation.js';

/** What the bridge has acknowledged of one person, and nothing else. */
export interface Person {
  /** Made up; the local part of the address, and the name in histories. */
  readonly name: string;
  /** Also the userName. */
  readonly email: string;
  /** Who writes about the person. */
  readonly callers: readonly Caller[];
  status: 'absent' | 'active' | 'inactive';
  /** SCIM id; of an absent person the last one. */
  id: string | undefined;
  /** Who said `active: true` last. */
  owner: Caller | undefined;
  readonly externalIds: Map<Caller, string>;
  title: string;
  /** Whether access is the second granting group as well as the first. */
  hasBothGroups: boolean;
  /** Shared groups, each with who named the person there last. */
  readonly memberships: Map<SharedGroup, Caller>;
  /** A message is under way, or was never answered: what holds is the state before or after it. */
  isInDoubt: boolean;
  readonly creations: Creations;
}

/** How a person came to be, the current attempt included: what decides how often an address may have been invited. */
export interface Creations {
  /** How often the person was created; again after each deletion. */
  count: number;
  /** Of these, how many were sent at least once without an answer. */
  doubtful: number;
  /** How often a creation of somebody who had been there before was sent without an answer. */
  unansweredReturns: number;
}

/** A group in which both callers put people one by one, all at once. It is there for the whole run. */
export interface SharedGroup {
  readonly displayName: string;
  id: string;
}

/** A group that is made, filled, renamed and deleted; its members are people whom nothing else changes. */
export interface ChangingGroup {
  readonly slot: string;
  /** How often a group of this slot was made; each has a name of its own. */
  generation: number;
  readonly owner: Caller;
  /** Undefined while there is none. */
  id: string | undefined;
  displayName: string;
  /** SCIM ids, each with who named the member last. */
  readonly members: Map<string, Caller>;
  isInDoubt: boolean;
}

/** The name of the group in Confluence, for as long as it lives; and in histories. */
export function nameOf({ slot, generation }: ChangingGroup): string {
  return `${slot}-${generation}`;
}

/** A change that was acknowledged, for the audit to have. */
export interface Acknowledged {
  readonly what: string;
  /** One of these requests has done it. */
  readonly requestIds: readonly string[];
  /** SCIM id of the person whose access it gave or took; a scan may have finished it before the message came again. */
  readonly personId?: string | undefined;
}

/** Everything that holds, as far as the bridge has acknowledged it. */
export interface Model {
  readonly people: readonly Person[];
  readonly shared: readonly SharedGroup[];
  readonly changing: readonly ChangingGroup[];
  /** People of the site whom nobody deactivates, by account id, which is their SCIM id. */
  readonly bystanders: readonly string[];
  /** SCIM ids of those who lost access in acknowledged messages: what the brake must have counted. */
  readonly lostAccess: Set<string>;
  readonly acknowledged: Acknowledged[];
  readonly history: History;
}

const MOST_REMEMBERED = 40;

/** What was last sent about whom, for the report of a violation. Ids and made-up names only. */
export class History {
  readonly #lines = new Map<string, string[]>();

  note(subject: string, text: string): void {
    const lines = this.#lines.get(subject) ?? [];
    this.#lines.set(subject, lines);
    lines.push(`${new Date().toISOString().slice(11, 23)} ${text}`);
    if (lines.length > MOST_REMEMBERED) lines.shift();
  }

  of(subject: string): readonly string[] {
    return this.#lines.get(subject) ?? [];
  }
}

/** One line about something sent. */
export function describe({ message, requestId, status, detail }: Exchange): string {
  const { caller, method, path, body } = message;
  const outcome = status === undefined ? 'no answer' : `${status}${detail === undefined ? '' : ` ${detail}`}`;
  const operations = (body as { Operations?: unknown } | undefined)?.Operations;
  const said = operations === undefined ? '' : ` ${JSON.stringify(operations)}`;
  return `${caller} ${method} ${decodeURIComponent(path)}${said} -> ${outcome} [${requestId.slice(0, 8)}]`;
}

/** @throws Violation when the answer is none of those that the rules allow here */
export function expectStatus(model: Model, subject: string, what: string, reply: Reply, ...allowed: number[]): void {
  if (allowed.includes(reply.status)) return;
  const detail = typeof reply.body['detail'] === 'string' ? `: ${reply.body['detail']}` : '';
  throw new Violation(
    `${subject}, ${what}: ${reply.status} instead of ${allowed.join(' or ')}${detail}`,
    model.history.of(subject),
  );
}
