import type { Caller, Client, Reply } from './client.js';
import { findUser, type Profile } from './messages.js';
import { expectStatus, type Model, type Person } from './model.js';
import type { Random } from './random.js';
import { Violation } from './violation.js';

/** What a move of a person needs. */
export interface PeopleParts {
  readonly model: Model;
  readonly random: Random;
  /** Notes what it sends under the name. */
  readonly clientFor: (name: string) => Client;
  /** Makes the account of an invited address appear; for addresses that were invited twice without an answer. */
  readonly acceptInvitation: (email: string) => void;
}

/** The id of somebody whom the bridge says it has. */
export async function idFor(person: Person, caller: Caller, parts: PeopleParts): Promise<string> {
  const reply = await parts.clientFor(person.name).insist(findUser(caller, person.email));
  expectStatus(parts.model, person.name, 'looked up', reply, 200);
  const [found] = (reply.body['Resources'] ?? []) as readonly { readonly id: string }[];
  if (found === undefined) throw violation(person, 'is there already for POST, and not found by userName', parts);
  return found.id;
}

/** What the bridge has said yes to, for the audit to be held against. */
export function acknowledge(
  person: Person,
  what: string,
  { requestIds }: Pick<Reply, 'requestIds'>,
  parts: PeopleParts,
): void {
  parts.model.acknowledged.push({ what: `${person.name} ${what}`, requestIds, personId: person.id });
}

export function profileOf(person: Person, caller: Caller): Profile {
  return { userName: person.email, externalId: externalId(person, caller), title: person.title };
}

export function externalId({ name }: Person, caller: Caller): string {
  return `${caller}-${name}`;
}

export function newTitle({ random }: PeopleParts): string {
  return `Title ${random.below(10_000)}`;
}

export function idOf({ body }: Reply): string {
  return String(body['id']);
}

export function known({ id, name }: Person): string {
  if (id === undefined) throw new Error(`${name} has no id yet.`);
  return id;
}

export function violation(person: Person, what: string, { model }: PeopleParts): Violation {
  return new Violation(`${person.name}: ${what}`, model.history.of(person.name));
}
