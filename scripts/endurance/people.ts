import type { Caller } from './client.js';
import { create, createAtOnce } from './creations.js';
import {
  addMembers,
  createUser,
  deleteUser,
  getUser,
  patchUser,
  putUser,
  removeMembers,
  setActive,
} from './messages.js';
import { expectStatus, type Person } from './model.js';
import { acknowledge, externalId, known, newTitle, type PeopleParts, profileOf, violation } from './personMove.js';

interface Move {
  readonly weight: number;
  readonly isPossible: (person: Person) => boolean;
  readonly make: (person: Person, caller: Caller, parts: PeopleParts) => Promise<void>;
}

const isThere = ({ status }: Person): boolean => status !== 'absent';
const isAbsent = ({ status }: Person): boolean => status === 'absent';
const isActive = ({ status }: Person): boolean => status === 'active';
const isInactive = ({ status }: Person): boolean => status === 'inactive';

const MOVES: readonly Move[] = [
  { weight: 4, isPossible: isAbsent, make: create },
  { weight: 2, isPossible: (person) => isAbsent(person) && person.callers.length > 1, make: createAtOnce },
  { weight: 4, isPossible: isActive, make: deactivate },
  { weight: 4, isPossible: isInactive, make: reactivate },
  { weight: 1, isPossible: isInactive, make: deactivateAgain },
  { weight: 1, isPossible: (person) => isActive(person) && person.callers.length > 1, make: takeOver },
  { weight: 2, isPossible: isThere, make: retitle },
  { weight: 1, isPossible: isThere, make: refuseTitle },
  { weight: 1, isPossible: isThere, make: createAgain },
  { weight: 2, isPossible: isThere, make: remove },
  { weight: 4, isPossible: isThere, make: join },
  { weight: 4, isPossible: ({ memberships }) => memberships.size > 0, make: leave },
  { weight: 1, isPossible: () => true, make: read },
];

/** Makes one move with one person. @throws Violation */
export async function movePerson(person: Person, parts: PeopleParts): Promise<void> {
  const { random } = parts;
  const possible = MOVES.filter((move) => move.isPossible(person));
  const move = random.pick(possible.flatMap((one) => Array.from({ length: one.weight }, () => one)));
  await asking(person, () => move.make(person, random.pick(person.callers), parts));
}

/** Makes a person who is there already, or is to be there from the start, one that a caller has created. */
export function adopt(person: Person, parts: PeopleParts): Promise<void> {
  return asking(person, () => create(person, parts.random.pick(person.callers), parts));
}

/** Nobody judges the person meanwhile. A run that ends with a violation leaves the doubt where it was. */
async function asking(person: Person, work: () => Promise<void>): Promise<void> {
  person.isInDoubt = true;
  await work();
  person.isInDoubt = false;
}

async function deactivate(person: Person, caller: Caller, parts: PeopleParts): Promise<void> {
  const { model, random } = parts;
  const id = known(person);
  const isOwn = person.owner === caller;
  // Who is counted by the brake already is counted whatever becomes of this message.
  const mayGiveUp = (): boolean => isOwn && model.lostAccess.has(id) && random.chance(0.3);
  const message = random.chance(0.3)
    ? putUser(caller, id, { ...profileOf(person, caller), active: false })
    : setActive(caller, id, false);
  const reply = await parts.clientFor(person.name).insist(message, mayGiveUp);
  if (reply === undefined) return settleAsActive(person, caller, parts);
  expectStatus(model, person.name, 'deactivated', reply, isOwn ? 200 : 403);
  if (!isOwn) return;
  if (message.method === 'PUT') person.externalIds.set(caller, externalId(person, caller));
  person.status = 'inactive';
  model.lostAccess.add(id);
  acknowledge(person, 'deactivated', reply, parts);
}

async function deactivateAgain(person: Person, caller: Caller, parts: PeopleParts): Promise<void> {
  const reply = await parts.clientFor(person.name).insist(setActive(caller, known(person), false));
  expectStatus(parts.model, person.name, 'deactivated again', reply, 200);
}

/** By whichever caller; that one owns the person then. */
async function reactivate(person: Person, caller: Caller, parts: PeopleParts): Promise<void> {
  const { random } = parts;
  // Given up half-way, access is taken again: what is to be given back must not have been forgotten.
  const mayGiveUp = (): boolean => person.owner === caller && random.chance(0.3);
  const reply = await parts.clientFor(person.name).insist(setActive(caller, known(person), true), mayGiveUp);
  if (reply === undefined) return settleAsInactive(person, caller, parts);
  expectStatus(parts.model, person.name, 'reactivated', reply, 200);
  person.status = 'active';
  person.owner = caller;
  acknowledge(person, 'reactivated', reply, parts);
}

async function settleAsActive(person: Person, caller: Caller, parts: PeopleParts): Promise<void> {
  const reply = await parts.clientFor(person.name).insist(setActive(caller, known(person), true));
  expectStatus(parts.model, person.name, 'kept active after a deactivation without answer', reply, 200);
}

async function settleAsInactive(person: Person, caller: Caller, parts: PeopleParts): Promise<void> {
  const reply = await parts.clientFor(person.name).insist(setActive(caller, known(person), false));
  expectStatus(parts.model, person.name, 'kept inactive after a reactivation without answer', reply, 200);
  parts.model.lostAccess.add(known(person));
}

async function takeOver(person: Person, caller: Caller, parts: PeopleParts): Promise<void> {
  const reply = await parts.clientFor(person.name).insist(setActive(caller, known(person), true));
  expectStatus(parts.model, person.name, 'taken over', reply, 200);
  person.owner = caller;
}

/** By PUT, which is recorded; it states `active: true` of somebody who is, and takes over with it. */
async function retitle(person: Person, caller: Caller, parts: PeopleParts): Promise<void> {
  const title = newTitle(parts);
  const states = isActive(person) ? { active: true } : {};
  const message = putUser(caller, known(person), { ...profileOf(person, caller), title, ...states });
  const reply = await parts.clientFor(person.name).insist(message);
  expectStatus(parts.model, person.name, 'given a title', reply, 200);
  person.title = title;
  person.externalIds.set(caller, externalId(person, caller));
  if (isActive(person)) person.owner = caller;
}

async function refuseTitle(person: Person, caller: Caller, parts: PeopleParts): Promise<void> {
  const message = patchUser(caller, known(person), { op: 'replace', path: 'title', value: 'never' });
  const reply = await parts.clientFor(person.name).insist(message);
  expectStatus(parts.model, person.name, 'given a title by PATCH', reply, 501);
}

async function createAgain(person: Person, caller: Caller, parts: PeopleParts): Promise<void> {
  const message = createUser(caller, { ...profileOf(person, caller), active: true });
  const reply = await parts.clientFor(person.name).insist(message);
  expectStatus(parts.model, person.name, 'created though there', reply, 409);
}

async function remove(person: Person, caller: Caller, parts: PeopleParts): Promise<void> {
  const { model } = parts;
  const id = known(person);
  const isOwn = person.owner === caller;
  const reply = await parts.clientFor(person.name).insist(deleteUser(caller, id));
  const wasRepeated = reply.requestIds.length > 1;
  expectStatus(model, person.name, 'deleted', reply, ...(isOwn ? [204, ...(wasRepeated ? [404] : [])] : [403]));
  if (!isOwn) return;
  if (isActive(person)) model.lostAccess.add(id);
  person.status = 'absent';
  person.owner = undefined;
  person.externalIds.clear();
  person.memberships.clear();
  person.hasBothGroups = false;
  acknowledge(person, 'deleted', reply, parts);
}

async function join(person: Person, caller: Caller, parts: PeopleParts): Promise<void> {
  const group = parts.random.pick(parts.model.shared);
  const isNew = !person.memberships.has(group);
  const reply = await parts.clientFor(person.name).insist(addMembers(caller, group.id, [known(person)]));
  expectStatus(parts.model, person.name, `added to ${group.displayName}`, reply, 204);
  person.memberships.set(group, caller);
  if (isNew) acknowledge(person, `added to ${group.displayName}`, reply, parts);
}

async function leave(person: Person, caller: Caller, parts: PeopleParts): Promise<void> {
  const [group, owner] = parts.random.pick([...person.memberships]);
  const reply = await parts.clientFor(person.name).insist(removeMembers(caller, group.id, [known(person)]));
  const isOwn = owner === caller;
  expectStatus(parts.model, person.name, `taken out of ${group.displayName}`, reply, isOwn ? 204 : 403);
  if (!isOwn) return;
  person.memberships.delete(group);
  acknowledge(person, `taken out of ${group.displayName}`, reply, parts);
}

async function read(person: Person, caller: Caller, parts: PeopleParts): Promise<void> {
  if (person.id === undefined) return;
  const reply = await parts.clientFor(person.name).insist(getUser(caller, person.id));
  expectStatus(parts.model, person.name, 'read', reply, isThere(person) ? 200 : 404);
  if (!isThere(person)) return;
  const groups = (reply.body['groups'] ?? []) as readonly { readonly value: string }[];
  const shared = parts.model.shared.filter(({ id }) => groups.some(({ value }) => value === id));
  const read = { ...shownOf(reply.body), groups: shared.map(({ displayName }) => displayName).sort() };
  const wanted = {
    ...wantedOf(person, caller),
    groups: [...person.memberships.keys()].map(({ displayName }) => displayName).sort(),
  };
  if (JSON.stringify(read) === JSON.stringify(wanted)) return;
  throw violation(person, `reads as ${JSON.stringify(read)} instead of ${JSON.stringify(wanted)}`, parts);
}

/** What a caller must see of a person who is there. */
export function wantedOf(person: Person, caller: Caller): Readonly<Record<string, unknown>> {
  return {
    userName: person.email,
    active: isActive(person),
    title: person.title,
    externalId: person.externalIds.get(caller) ?? null,
  };
}

/** The same of a representation. */
export function shownOf(user: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { userName, active, title, externalId: own = null } = user;
  return { userName, active, title, externalId: own };
}
