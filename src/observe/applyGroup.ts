import { audit } from '../provisioning/auditing.js';
import type { Call } from '../provisioning/call.js';
import type { Dependencies } from '../provisioning/dependencies.js';
import type { UpstreamGroup } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import { nameKey } from '../provisioning/groupNames.js';
import type { PlanEntry } from '../provisioning/planRecords.js';
import { APPLY } from './audit.js';

/**
 * Holds what messages hold that delete the group, or make one of its name: a group that nobody wants any more must not be
 * made behind their back.
 */
export function holdingGroup<T>(
  { groupId, groupName }: PlanEntry,
  { store: { locks } }: Pick<Dependencies, 'store'>,
  call: Call,
  work: (held: Call) => Promise<T>,
): Promise<T> {
  if (groupId === undefined || groupName === undefined) return work(call);
  return locks.withLock(`groupName:${nameKey(groupName)}`, call, (held) =>
    locks.withLock(`group:${groupId}`, held, work),
  );
}

/**
 * Makes a group that was planned, and ties its minted id to Confluence's for ever (rule ID1). An intent is stored before
 * the call, so that a group whose answer was lost is found again and is ours. Inside {@link holdingGroup}.
 *
 * @throws Failure `refused` when a group of the name is there that is not ours
 */
export async function makePlannedGroup(entry: PlanEntry, deps: Dependencies, call: Call): Promise<void> {
  const { groupId, groupName } = entry;
  if (groupId === undefined || groupName === undefined) return;
  const made = (await findOurs(groupName, deps, call)) ?? (await make(groupName, deps, call));
  await deps.store.transaction(async (records) => {
    await records.groupIds.put(groupId, made.id);
    await records.intents.end('createGroup', nameKey(groupName));
    await records.plan.settle(entry.number, 'applied');
    await audit(records, deps, call, {
      event: 'group.created',
      subject: groupId,
      object: made.id,
      decision: APPLY,
      result: 'done',
    });
  });
}

async function findOurs(name: string, deps: Dependencies, call: Call): Promise<UpstreamGroup | undefined> {
  const existing = await deps.directory.findGroupByName(name, call);
  if (existing === undefined) return undefined;
  const intent = await deps.store.intents.find('createGroup', nameKey(name));
  const isKnown = (await deps.store.groups.find(existing.id)) !== undefined;
  if (intent !== undefined && !isKnown) {
    // What we made and lost sight of has no members; one that has some is more likely somebody else's.
    const page = await deps.directory.listMembers(existing.id, { start: 0, limit: 1, withTotal: false }, call);
    if (page.members.length === 0) return existing;
  }
  throw new Failure(
    'refused',
    'A group of this name is in Confluence already, and was not made by this plan. Rename or delete it there, then run plan apply again.',
  );
}

async function make(name: string, deps: Dependencies, call: Call): Promise<UpstreamGroup> {
  const { intents } = deps.store;
  const key = nameKey(name);
  const earlier = await intents.find('createGroup', key);
  const startedAt = new Date(deps.clock.now()).toISOString();
  await intents.begin({ kind: 'createGroup', key, caller: call.caller, startedAt });
  try {
    const made = await deps.directory.createGroup(name, call);
    if ((await deps.store.index.group(made.id)) === undefined) return made;
  } catch (error) {
    const failure = Failure.from(error);
    const isUndone = failure.kind === 'invalid' || failure.kind === 'misconfigured' || failure.kind === 'rateLimited';
    if (isUndone && earlier === undefined) await intents.end('createGroup', key);
    throw failure;
  }
  await intents.end('createGroup', key);
  throw new Failure(
    'refused',
    'Atlassian answered with a group that is there already, and was not made by this plan. Rename or delete it, then run plan apply again.',
  );
}
