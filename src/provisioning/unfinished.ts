import { createHash } from 'node:crypto';
import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import type { NewPerson } from './provision.js';
import type { IntentRecords, PersonLink, Records } from './store.js';

/** For how long the repeat of a message finishes what the message left undone. */
const UNFINISHED_MS = 24 * 60 * 60 * 1000;

/** Stands for one message of one caller, and tells nothing of whom it is about. */
function keyOf(message: NewPerson, call: Call): string {
  return createHash('sha256')
    .update(JSON.stringify([call.caller, message]))
    .digest('hex');
}

/**
 * Notes, with the record that a message has made, that the rest of it is still to be done: its repeat, and no other
 * message, then finds the record to be its own (rule SA6).
 */
export async function beginMessage(
  message: NewPerson,
  records: Records,
  deps: Dependencies,
  call: Call,
): Promise<void> {
  const startedAt = new Date(deps.clock.now()).toISOString();
  await records.intents.begin({ kind: 'createUser', key: keyOf(message, call), caller: call.caller, startedAt });
}

/** All is done that the message asked for. */
export async function endMessage(message: NewPerson, deps: Dependencies, call: Call): Promise<void> {
  await deps.store.intents.end('createUser', keyOf(message, call));
}

/** Forgets messages that were not repeated in time, and whose repeat would finish nothing any more. */
export async function forgetUnrepeated(intents: IntentRecords, nowMs: number): Promise<void> {
  await intents.prune('createUser', new Date(nowMs - UNFINISHED_MS).toISOString());
}

/** Whether the record is one that this very message made without finishing it, and nobody has stated otherwise since. */
export async function isUnfinished(
  record: PersonLink,
  message: NewPerson,
  deps: Dependencies,
  call: Call,
): Promise<boolean> {
  if (record.wanted !== wishOf(message)) return false;
  const intent = await deps.store.intents.find('createUser', keyOf(message, call));
  return intent !== undefined && Date.parse(intent.startedAt) >= deps.clock.now() - UNFINISHED_MS;
}

/** Creating is asking for access, unless the message says otherwise. */
export function wishOf({ active }: NewPerson): 'active' | 'inactive' {
  return active === false ? 'inactive' : 'active';
}
