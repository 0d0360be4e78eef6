import { createHash } from 'node:crypto';
import { assertWritableGroup } from './access.js';
import { audit } from './auditing.js';
import type { Call } from './call.js';
import { adopt, planned } from './changeGroup.js';
import type { Access, Dependencies } from './dependencies.js';
import type { UpstreamGroup } from './directory.js';
import { Failure } from './failure.js';
import { protectedMember, sparingProtected } from './groupChange.js';
import { assertPossibleName, displayNameOf, findUpstreamByName, nameKey, nameTaken } from './groupNames.js';
import { currentMembers, knownGroup, readGroupAndMembers, viewOf } from './groupReads.js';
import type { Jobs, Progress } from './jobs.js';
import { readForChange } from './memberReading.js';
import { recordMemberOwners } from './memberOwners.js';
import { assertMembersKnown, type Member, protectionOf } from './members.js';
import { planMembers } from './memberships.js';
import { carryOut } from './memberWork.js';
import { refusing } from './refusals.js';
import { exchangeOf } from './seating.js';
import type { GroupLink, Intent, Records } from './store.js';
import type { GroupView } from './views.js';

/** A group as an IdP asks for one. */
export interface NewGroup {
  readonly displayName: string;
  readonly externalId: string | undefined;
  /** SCIM ids. */
  readonly memberIds: readonly string[];
}

/** What `createGroup` has settled before the group exists. */
interface Preparation {
  readonly group: NewGroup;
  /** Stands for this very message. */
  readonly messageKey: string;
  readonly people: ReadonlyMap<string, Member>;
  readonly access: Access;
}

/** A group that is there now, and whether it was made in this very run, so that it surely is empty. */
interface Made {
  readonly group: UpstreamGroup;
  readonly isNew: boolean;
}

/** For how long an unfinished creation makes a group of that name ours. */
const INTENT_MS = 24 * 60 * 60 * 1000;
const ATTEMPT = { event: 'group.created', subject: 'new' };

/**
 * Creates a group with its members (rules GR3, GR8): one look-up of the name, one call to create it, one per member.
 * Members are checked before the first call. Two intents follow each other: one of the name until the group is recorded,
 * so that a group whose answer was lost is ours; one of the message until a request was told that all is done, so that
 * its repeat, and no other message, goes on with the group.
 *
 * @throws Failure `conflict` that names the group which holds the name; `invalid` for names and members that cannot be;
 *   `forbidden` for protected people; `unavailable` while the work goes on in the background
 */
export async function createGroup(group: NewGroup, deps: Dependencies, jobs: Jobs, call: Call): Promise<GroupView> {
  await refusing('GR3', ATTEMPT, deps, call, () => assertPossibleName(group.displayName));
  const memberIds = [...new Set(group.memberIds)];
  const key = nameKey(group.displayName);
  const hash = createHash('sha256')
    .update(JSON.stringify([call.caller, { ...group, memberIds }]))
    .digest('hex');
  const messageKey = `${key} ${hash}`;
  const running = jobs.run(`groupName:${messageKey}`, call, (jobCall, progress) =>
    deps.store.locks.withLock(`groupName:${key}`, jobCall, (held) =>
      createLocked({ ...group, memberIds }, messageKey, deps, held, progress),
    ),
  );
  const view = await running.catch((error: unknown) => {
    throw withoutNotFound(Failure.from(error));
  });
  await deps.store.intents.end('createGroup', messageKey);
  return view;
}

/** Nobody asked for a group by its id: that the one just made is not there now is for another attempt to settle. */
function withoutNotFound(failure: Failure): Failure {
  if (failure.kind !== 'notFound') return failure;
  return new Failure(
    'unavailable',
    'The group went away while its members were added. Send the same message again to create it.',
    { cause: failure, ...(failure.upstream === undefined ? {} : { upstream: failure.upstream }) },
  );
}

/** Holds the lock of the name until the members are in. */
async function createLocked(
  group: NewGroup,
  messageKey: string,
  deps: Dependencies,
  call: Call,
  progress: Progress,
): Promise<GroupView> {
  const recorded = await deps.store.groups.findByDisplayName(group.displayName);
  if (recorded !== undefined && (await unfinished(messageKey, deps)) === undefined) {
    await refusing('GR3', ATTEMPT, deps, call, () => {
      throw nameTaken(recorded.id, recorded.displayName);
    });
  }
  const access = await deps.roster.access(call);
  const people = await refusing('GR4', ATTEMPT, deps, call, () =>
    assertMembersKnown(group.memberIds, deps, access, call),
  );
  const preparation = { group, messageKey, people, access };
  const made =
    recorded === undefined
      ? await make(preparation, deps, call)
      : {
          group: { id: recorded.id, name: recorded.confluenceName, usageType: undefined, managedBy: undefined },
          isNew: false,
        };
  return deps.store.locks.withLock(`group:${made.group.id}`, call, (held) =>
    fill(made, preparation, deps, held, progress),
  );
}

async function unfinished(key: string, deps: Dependencies): Promise<Intent | undefined> {
  const intent = await deps.store.intents.find('createGroup', key);
  if (intent === undefined || Date.parse(intent.startedAt) >= deps.clock.now() - INTENT_MS) return intent;
  await deps.store.intents.end('createGroup', intent.key);
  return undefined;
}

/** Finds out whose the name is, and makes the group or takes up the one that is ours. */
async function make(preparation: Preparation, deps: Dependencies, call: Call): Promise<Made> {
  const { group, messageKey, people } = preparation;
  const intent = await unfinished(nameKey(group.displayName), deps);
  const existing = await findUpstreamByName(group.displayName, deps, call);
  if (existing !== undefined) return takeUp(existing, preparation, intent, deps, call);
  await refusing('SA8', ATTEMPT, deps, call, async () => {
    if ([...people.values()].some(await protectionOf(deps))) throw protectedMember();
  });
  await begin(nameKey(group.displayName), deps.store, deps, call);
  const created = await send(group.displayName, intent, deps, call);
  if ((await deps.store.index.group(created.id)) !== undefined) {
    // Not made now: Atlassian answered with the group that has the name, and which the look-up did not show.
    if (intent === undefined) await deps.store.intents.end('createGroup', nameKey(group.displayName));
    return takeUp(created, preparation, intent, deps, call);
  }
  await recordCreated(created, group, messageKey, deps, call);
  return { group: created, isNew: true };
}

async function send(name: string, intent: Intent | undefined, deps: Dependencies, call: Call): Promise<UpstreamGroup> {
  try {
    return await deps.directory.createGroup(name, call);
  } catch (error) {
    const failure = Failure.from(error);
    await audit(deps.store, deps, call, { ...ATTEMPT, decision: 'GR3', result: 'failed', note: failure.kind });
    const isUndone = failure.kind === 'invalid' || failure.kind === 'misconfigured' || failure.kind === 'rateLimited';
    if (isUndone && intent === undefined) await deps.store.intents.end('createGroup', nameKey(name));
    if (failure.kind !== 'invalid') throw failure;
    // A name that is taken is refused alike: ours, when an earlier answer was lost and the look-up lagged behind it.
    const lost = intent === undefined ? undefined : await findUpstreamByName(name, deps, call);
    if (lost !== undefined) return lost;
    throw new Failure(
      'invalid',
      `Atlassian refuses the displayName ${JSON.stringify(name)}. Choose another name for the group.`,
      {
        cause: failure,
      },
    );
  }
}

/**
 * A group of the name exists in Confluence. It is taken up when it is ours: made by a creation whose answer was lost, or
 * adopted, released and still named by `ADOPT_GROUPS`.
 *
 * @throws Failure `conflict` for every other one
 */
async function takeUp(
  existing: UpstreamGroup,
  { group, messageKey, access }: Preparation,
  intent: Intent | undefined,
  deps: Dependencies,
  call: Call,
): Promise<Made> {
  const link = await deps.store.groups.find(existing.id);
  if (link === undefined && intent !== undefined && (await isEmpty(existing, deps, call))) {
    await recordCreated(existing, group, messageKey, deps, call);
    return { group: existing, isNew: false };
  }
  if (link?.isReleased === true && isWritable(existing, link, access, deps)) {
    const indexed = await deps.store.index.group(existing.id);
    await deps.store.transaction(async (records) => {
      await begin(messageKey, records, deps, call);
      await adopt({ id: existing.id, name: group.displayName }, { indexed }, records, deps, call);
      await records.groups.update(existing.id, { confluenceName: existing.name });
      await records.groups.setExternalId(existing.id, call.caller, group.externalId);
    });
    return { group: existing, isNew: false };
  }
  return refusing('GR3', ATTEMPT, deps, call, () => {
    throw nameTaken(existing.id, displayNameOf(existing, link));
  });
}

/** What we made and lost sight of has no members; one that has some is more likely somebody else's. */
async function isEmpty(group: UpstreamGroup, deps: Dependencies, call: Call): Promise<boolean> {
  const page = await deps.directory.listMembers(group.id, { start: 0, limit: 1, withTotal: false }, call);
  return page.members.length === 0;
}

function isWritable(group: UpstreamGroup, link: GroupLink, access: Access, deps: Dependencies): boolean {
  try {
    assertWritableGroup(group, link, access, deps.settings);
    return true;
  } catch {
    return false;
  }
}

async function begin(key: string, records: Records, deps: Dependencies, call: Call): Promise<void> {
  const startedAt = new Date(deps.clock.now()).toISOString();
  await records.intents.begin({ kind: 'createGroup', key, caller: call.caller, startedAt });
}

/** The intent of the name ends, that of the message begins. */
async function recordCreated(
  created: UpstreamGroup,
  group: NewGroup,
  messageKey: string,
  deps: Dependencies,
  call: Call,
): Promise<void> {
  const nowMs = deps.clock.now();
  await deps.store.transaction(async (records) => {
    await records.index.putGroup({ ...created, accessTypes: [] }, nowMs);
    await records.groups.insert({
      id: created.id,
      displayName: group.displayName,
      confluenceName: created.name,
      origin: 'created',
      caller: call.caller,
      owner: call.caller,
      isReleased: false,
      memberCount: 0,
      createdAt: new Date(nowMs).toISOString(),
    });
    await records.groups.setExternalId(created.id, call.caller, group.externalId);
    await records.intents.end('createGroup', nameKey(group.displayName));
    await begin(messageKey, records, deps, call);
    await audit(records, deps, call, { ...ATTEMPT, subject: created.id, decision: 'GR3', result: 'done' });
  });
}

/** Adds the members. Holds the lock of the group. */
async function fill(
  made: Made,
  { group, people, access }: Preparation,
  deps: Dependencies,
  call: Call,
  progress: Progress,
): Promise<GroupView> {
  const known = await knownGroup(made.group.id, deps);
  const change = { add: group.memberIds, remove: [] };
  const accounts = made.isNew ? [] : await readForChange(known, change, deps, call);
  const plan = await sparingProtected(
    planMembers(change, await currentMembers(known, accounts, deps, call)),
    people,
    known.id,
    access,
    deps,
    call,
  );
  const work = { groupId: known.id, remove: [], add: planned(plan.add, people) };
  if (access.granting.has(known.id)) {
    await refusing('US14', { ...ATTEMPT, subject: known.id }, deps, call, () =>
      deps.seats.check(exchangeOf(work), call),
    );
  }
  const outcome = await carryOut(work, access, deps, call, progress);
  await deps.store.transaction((records) =>
    recordMemberOwners(known.id, change, plan, outcome.settled, records, deps, call),
  );
  if (outcome.failure !== undefined) throw outcome.failure;
  if (made.isNew) return viewOf(made.group, group.memberIds, deps, call);
  const now = await readGroupAndMembers(known, deps, call);
  return viewOf(now.group, (await currentMembers(known, now.accounts, deps, call)).shown, deps, call);
}
