import { type Caller, CALLERS, type Client, type Message, type Reply } from './client.js';
import {
  addMembers,
  createUser,
  deleteUser,
  findUser,
  getUser,
  patchUser,
  type Profile,
  putUser,
  removeMembers,
  setActive,
} from './messages.js';
import { expectStatus, type Model, type Person } from './model.js';
import type { Random } from './random.js';
import { Violation } from './violation.js';

/** What people go through, one message after the other for each person. */
export interface PeopleParts {
  readonly model: Model;
  readonly random: Random;
  /** Notes what it sends under the name. */
  readonly clientFor: (name: string) => Client;
  /** Makes the account of an invited address appear; for addresses that were invited twice without an answer. */
  readonly acceptInvitation: (email: string) => void;
}

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

async function create(person: Person, caller: Caller, parts: PeopleParts): Promise<void> {
  const { model } = parts;
  const profile = { ...profileOf(person, caller), title: newTitle(parts), active: true };
  const reply = await creating(person, parts, (insist) => insist(createUser(caller, profile)));
  const wasRepeated = reply.requestIds.length > 1;
  expectStatus(model, person.name, 'created', reply, 201, ...(wasRepeated ? [409] : []));
  const id = reply.status === 201 ? idOf(reply) : await idFor(person, caller, parts);
  becomeActive(person, caller, id, profile.title);
  acknowledge(person, 'created', reply, parts);
}

/** Both at once: one of them creates the person, and nobody is invited twice. */
async function createAtOnce(person: Person, _caller: Caller, parts: PeopleParts): Promise<void> {
  const { model } = parts;
  const title = newTitle(parts);
  const messages = CALLERS.map((caller) => createUser(caller, { ...profileOf(person, caller), title, active: true }));
  const replies = await creating(person, parts, (insist) => Promise.all(messages.map(insist)));
  for (const reply of replies) expectStatus(model, person.name, 'created by both', reply, 201, 409);
  const created = CALLERS.filter((_, n) => replies[n]?.status === 201);
  const wasRepeated = replies.some(({ requestIds }) => requestIds.length > 1);
  if (created.length > 1 || (created.length === 0 && !wasRepeated)) {
    throw violation(person, `${created.length} of two callers were told that they created the person`, parts);
  }
  const id = await idFor(person, person.callers[0] ?? 'okta', parts);
  const creator = created[0] ?? (await creatorOf(person, id, parts));
  becomeActive(person, creator, id, title);
  acknowledge(person, 'created by both', { requestIds: replies.flatMap(({ requestIds }) => requestIds) }, parts);
}

/** The caller whose message the record was made of, when both were told that it is there already. */
async function creatorOf(person: Person, id: string, parts: PeopleParts): Promise<Caller> {
  for (const caller of CALLERS) {
    const reply = await parts.clientFor(person.name).insist(getUser(caller, id));
    if (reply.body['externalId'] !== undefined) return caller;
  }
  throw violation(person, 'the person is there, and neither caller has an externalId', parts);
}

/** Counts one creation of a person, however many callers ask for it and however often. */
function creating<T>(
  person: Person,
  parts: PeopleParts,
  work: (insist: (message: Message) => Promise<Reply>) => Promise<T>,
): Promise<T> {
  const { creations } = person;
  const isReturn = creations.count > 0;
  let isDoubtful = false;
  creations.count += 1;
  const noteUnanswered = (): false => {
    if (isReturn) creations.unansweredReturns += 1;
    if (!isDoubtful) creations.doubtful += 1;
    isDoubtful = true;
    return false;
  };
  return work((message) => insistOnCreation(person, message, noteUnanswered, parts));
}

/**
 * Where an invitation names no account, one whose answer was lost is sent once more, and after that refused until the
 * person is there (rule US5).
 */
async function insistOnCreation(
  person: Person,
  message: Message,
  noteUnanswered: () => false,
  parts: PeopleParts,
): Promise<Reply> {
  const client = parts.clientFor(person.name);
  const reply = await client.insist(message, noteUnanswered);
  const detail = reply.body['detail'];
  if (reply.status !== 409 || typeof detail !== 'string' || !detail.includes('was invited twice without')) return reply;
  parts.acceptInvitation(person.email);
  const again = await client.insist(message, noteUnanswered);
  return { ...again, requestIds: [...reply.requestIds, ...again.requestIds] };
}

function becomeActive(person: Person, caller: Caller, id: string, title: string): void {
  person.status = 'active';
  person.id = id;
  person.owner = caller;
  person.title = title;
  person.externalIds.clear();
  person.externalIds.set(caller, externalId(person, caller));
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

async function idFor(person: Person, caller: Caller, parts: PeopleParts): Promise<string> {
  const reply = await parts.clientFor(person.name).insist(findUser(caller, person.email));
  expectStatus(parts.model, person.name, 'looked up', reply, 200);
  const [found] = (reply.body['Resources'] ?? []) as readonly { readonly id: string }[];
  if (found === undefined) throw violation(person, 'is there already for POST, and not found by userName', parts);
  return found.id;
}

function acknowledge(
  person: Person,
  what: string,
  { requestIds }: Pick<Reply, 'requestIds'>,
  parts: PeopleParts,
): void {
  parts.model.acknowledged.push({ what: `${person.name} ${what}`, requestIds, personId: person.id });
}

function profileOf(person: Person, caller: Caller): Profile {
  return { userName: person.email, externalId: externalId(person, caller), title: person.title };
}

function externalId({ name }: Person, caller: Caller): string {
  return `${caller}-${name}`;
}

function newTitle({ random }: PeopleParts): string {
  return `Title ${random.below(10_000)}`;
}

function idOf({ body }: Reply): string {
  return String(body['id']);
}

function known({ id, name }: Person): string {
  if (id === undefined) throw new Error(`${name} has no id yet.`);
  return id;
}

function violation(person: Person, what: string, { model }: PeopleParts): Violation {
  return new Violation(`${person.name}: ${what}`, model.history.of(person.name));
}
