import { type Caller, CALLERS, type Client, type Reply } from './client.js';
import {
  addMembers,
  createGroup,
  deleteGroup,
  findGroup,
  patchGroup,
  putGroup,
  removeMembers,
  replaceMembers,
} from './messages.js';
import { type ChangingGroup, expectStatus, type Model, nameOf, type SharedGroup } from './model.js';
import type { Random } from './random.js';
import { Violation } from './violation.js';

/** What a group goes through, one message after the other. */
export interface GroupParts {
  readonly model: Model;
  readonly random: Random;
  readonly clientFor: (name: string) => Client;
}

type Move = (group: ChangingGroup, caller: Caller, parts: GroupParts) => Promise<void>;

const MOVES: readonly Move[] = [add, add, take, take, replace, replace, clear, rename, remove];

/** Makes one move with one group. @throws Violation */
export async function moveGroup(group: ChangingGroup, parts: GroupParts): Promise<void> {
  group.isInDoubt = true;
  const move = group.id === undefined ? create : parts.random.pick(MOVES);
  await move(group, parts.random.pick(CALLERS), parts);
  group.isInDoubt = false;
}

/** Makes a group that stays. */
export async function createShared(group: SharedGroup, caller: Caller, parts: GroupParts): Promise<void> {
  group.id = await created(group.displayName, caller, [], parts);
}

async function create(group: ChangingGroup, _caller: Caller, parts: GroupParts): Promise<void> {
  group.generation += 1;
  group.displayName = nameOf(group);
  const memberIds = parts.random.some(parts.model.bystanders);
  group.id = await created(group.displayName, group.owner, memberIds, parts);
  group.members.clear();
  for (const id of memberIds) group.members.set(id, group.owner);
}

/** @returns the id, which a caller that is told "there already" looks up */
async function created(
  displayName: string,
  caller: Caller,
  memberIds: readonly string[],
  { model, clientFor }: GroupParts,
): Promise<string> {
  const client = clientFor(displayName);
  const reply = await client.insist(createGroup(caller, displayName, memberIds));
  expectStatus(model, displayName, 'created', reply, 201, ...(reply.requestIds.length > 1 ? [409] : []));
  model.acknowledged.push({ what: `${displayName} created`, requestIds: reply.requestIds });
  if (reply.status === 201) return String(reply.body['id']);
  const found = await client.insist(findGroup(caller, displayName));
  const [group] = (found.body['Resources'] ?? []) as readonly { readonly id: string }[];
  if (group !== undefined) return group.id;
  throw new Violation(`${displayName} is there already for POST, and is not found`, model.history.of(displayName));
}

async function add(group: ChangingGroup, caller: Caller, parts: GroupParts): Promise<void> {
  const memberIds = parts.random.some(parts.model.bystanders, 1);
  const reply = await parts.clientFor(nameOf(group)).insist(addMembers(caller, known(group), memberIds));
  expectStatus(parts.model, nameOf(group), 'given members', reply, 204);
  // Sent again after an answer was lost, who is found there already is not added, and the audit has nothing to tell.
  const isNew = memberIds.some((id) => !group.members.has(id));
  if (isNew && reply.requestIds.length === 1) acknowledge(group, 'given members', reply, parts);
  for (const id of memberIds) group.members.set(id, caller);
}

/** Whom another caller put there, stays: such a message is refused as a whole (rule SA12). */
async function take(group: ChangingGroup, caller: Caller, parts: GroupParts): Promise<void> {
  const memberIds = parts.random.some([...group.members.keys()]);
  if (memberIds.length === 0) return;
  const isRefused = memberIds.some((id) => group.members.get(id) !== caller);
  const reply = await parts.clientFor(nameOf(group)).insist(removeMembers(caller, known(group), memberIds));
  // Sent again, what was done already names members whom nobody keeps any more.
  expectStatus(parts.model, nameOf(group), 'relieved of members', reply, isRefused ? 403 : 204);
  if (isRefused) return;
  for (const id of memberIds) group.members.delete(id);
  if (reply.requestIds.length === 1) acknowledge(group, 'relieved of members', reply, parts);
}

/** A list leaves out nobody whom another caller put there (rule SA12). */
async function replace(group: ChangingGroup, caller: Caller, parts: GroupParts): Promise<void> {
  const memberIds = parts.random.some(parts.model.bystanders);
  const isPut = caller === group.owner && parts.random.chance(0.5);
  const id = known(group);
  const message = isPut ? putGroup(caller, id, group.displayName, memberIds) : replaceMembers(caller, id, memberIds);
  const reply = await parts.clientFor(nameOf(group)).insist(message);
  expectStatus(parts.model, nameOf(group), 'given a list', reply, isPut ? 200 : 204);
  for (const [member, owner] of [...group.members]) {
    if (owner === caller && !memberIds.includes(member)) group.members.delete(member);
  }
  for (const member of memberIds) group.members.set(member, caller);
}

async function clear(group: ChangingGroup, caller: Caller, parts: GroupParts): Promise<void> {
  const isRefused = [...group.members.values()].some((owner) => owner !== caller);
  const message = patchGroup(caller, known(group), { op: 'remove', path: 'members' });
  const reply = await parts.clientFor(nameOf(group)).insist(message);
  expectStatus(parts.model, nameOf(group), 'cleared', reply, isRefused ? 403 : 204);
  if (!isRefused) group.members.clear();
}

async function rename(group: ChangingGroup, caller: Caller, parts: GroupParts): Promise<void> {
  const isOwn = caller === group.owner;
  const displayName = `${nameOf(group)} ${parts.random.below(1_000)}`;
  // That would change nothing, which nobody is refused.
  if (displayName === group.displayName) return;
  const message = patchGroup(caller, known(group), { op: 'replace', path: 'displayName', value: displayName });
  const reply = await parts.clientFor(nameOf(group)).insist(message);
  expectStatus(parts.model, nameOf(group), 'renamed', reply, ...(isOwn ? [200, 204] : [403]));
  if (isOwn) group.displayName = displayName;
}

async function remove(group: ChangingGroup, caller: Caller, parts: GroupParts): Promise<void> {
  const isOwn = caller === group.owner;
  const reply = await parts.clientFor(nameOf(group)).insist(deleteGroup(caller, known(group)));
  const wasRepeated = reply.requestIds.length > 1;
  expectStatus(parts.model, nameOf(group), 'deleted', reply, ...(isOwn ? [204, ...(wasRepeated ? [404] : [])] : [403]));
  if (!isOwn) return;
  group.id = undefined;
  group.members.clear();
  acknowledge(group, 'deleted', reply, parts);
}

function acknowledge(group: ChangingGroup, what: string, { requestIds }: Reply, { model }: GroupParts): void {
  model.acknowledged.push({ what: `${nameOf(group)} ${what}`, requestIds });
}

function known(group: ChangingGroup): string {
  if (group.id === undefined) throw new Error(`${nameOf(group)} is not there.`);
  return group.id;
}
