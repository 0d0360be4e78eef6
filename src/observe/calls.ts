import type { Message } from '../atlassian/operation.js';
import * as writes from '../atlassian/writes.js';
import type { PendingStep } from './pending.js';

/** One call of a plan, as it will be sent. What is not known before stands in angle brackets. */
export interface PlannedCall {
  readonly method: Message['method'];
  /** From the root of the site or, for the Organizations API, of `ATLASSIAN_API_URL`. */
  readonly path: string;
  readonly query: Message['query'];
  readonly body: Message['body'];
  /** The call follows as soon as the account of an invited person is there. */
  readonly isLater: boolean;
}

export interface CallContext {
  /** Undefined without an organization credential. */
  readonly orgId: string | undefined;
  /** Confluence's id of a group. */
  readonly groupIdOf: (scimId: string) => string;
}

/** The calls that a step comes to, look-ups left out. */
export function callsOf({ entry, owed }: PendingStep, { orgId, groupIdOf }: CallContext): readonly PlannedCall[] {
  const { accountId = '', groupName = '', address = '' } = entry;
  const groupId = groupIdOf(entry.groupId ?? '');
  const account = entry.accountId ?? `<account of ${address}>`;
  const join = (id: string): Message => writes.addMember(groupIdOf(id), account);
  switch (entry.kind) {
    case 'removeMember':
      return now(writes.removeMember(groupId, accountId));
    case 'addMember':
      return now(writes.addMember(groupId, accountId));
    case 'createGroup':
      return now(writes.createGroup(groupName));
    case 'deleteGroup':
      return now(writes.deleteGroup(groupId));
    case 'suspend':
    case 'restore':
      return now(organizations(writes.changeSuspension(orgId ?? '', accountId, entry.kind)));
    case 'inviteByEmail':
      return [...now(writes.inviteByEmail(address)), ...owed.map((id) => ({ ...toCall(join(id)), isLater: true }))];
    case 'createAccount':
      if (orgId === undefined) return now(writes.createJiraUser(address), join(entry.groupId ?? ''), ...owed.map(join));
      return now(organizations(writes.inviteToOrganization(orgId, address, groupId)), ...owed.map(join));
  }
}

function now(...messages: readonly Message[]): readonly PlannedCall[] {
  return messages.map((message) => ({ ...toCall(message), isLater: false }));
}

function toCall({ method, path, query, body }: Message): Omit<PlannedCall, 'isLater'> {
  return { method, path, query, body };
}

function organizations(message: Message): Message {
  return { ...message, path: `/admin${message.path}` };
}

/** Method, path with query, and body, on one line. */
export function toLine({ method, path, query = {}, body }: PlannedCall): string {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${escaped(String(value))}`);
  const address = pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
  return [method, address, ...(body === undefined ? [] : [JSON.stringify(body)])].join(' ');
}

function escaped(value: string): string {
  return value.startsWith('<') ? value : encodeURIComponent(value);
}
