import { type Caller, CALLERS, type Message, type Reply } from './client.js';
import { createUser, getUser } from './messages.js';
import { expectStatus, type Person } from './model.js';
import {
  acknowledge,
  externalId,
  idFor,
  idOf,
  newTitle,
  type PeopleParts,
  profileOf,
  violation,
} from './personMove.js';

/** A person who is not there becomes a user of the caller's. */
export async function create(person: Person, caller: Caller, parts: PeopleParts): Promise<void> {
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
export async function createAtOnce(person: Person, _caller: Caller, parts: PeopleParts): Promise<void> {
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
