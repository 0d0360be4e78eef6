import { createHash, randomUUID } from 'node:crypto';
import { audit } from './auditing.js';
import { spending } from './brake.js';
import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import { assertNameFree, nameKey } from './groupNames.js';
import { type CheckedChange, checkChange, type GroupChange, sparingProtected } from './groupChange.js';
import { currentMembers, type KnownGroup, knownGroup, viewOf } from './groupReads.js';
import type { Jobs, Progress } from './jobs.js';
import { readForChange } from './memberReading.js';
import type { Member } from './members.js';
import { assertMayRemove, recordMemberOwners, sparingOthers } from './memberOwners.js';
import { type MemberStep, planMembers } from './memberships.js';
import type { PlannedStep } from './memberSteps.js';
import { carryOut } from './memberWork.js';
import { assertOwnGroup } from './ownership.js';
import { refusing } from './refusals.js';
import { exchangeOf } from './seating.js';
import type { GroupLink, Records } from './store.js';
import type { GroupView } from './views.js';

/**
 * Changes a group: members, recorded name, externalId. Everything that can refuse comes before the first upstream write
 * and before anything is recorded. Messages to one group are carried out one after the other, each planned only when its
 * turn comes (rule SA4).
 *
 * @returns the group; with members only where the change had to read them all (`replaceWith`, `removeMatching`)
 * @throws Failure `notFound`; `forbidden` for groups and people that SCIM does not change; `invalid` for a member nobody
 *   knows; `conflict` for a name that is taken; `unsupported` for a rename where those are rejected; `refused` when no
 *   seat was free for somebody (the others are done); `unavailable` while the work goes on in the background (rule GR8)
 */
export async function changeGroup(
  id: string,
  change: GroupChange,
  deps: Dependencies,
  jobs: Jobs,
  call: Call,
): Promise<GroupView> {
  const checked = await checkChange(id, change, deps, call);
  const { locks } = deps.store;
  return jobs.run(messageKey(id, change, call), call, (jobCall, progress) => {
    const locked = (outer: Call): Promise<GroupView> =>
      locks.withLock(`group:${id}`, outer, (held) => applyChange(checked, deps, held, progress));
    return checked.renameTo === undefined
      ? locked(jobCall)
      : locks.withLock(`groupName:${nameKey(checked.renameTo)}`, jobCall, locked);
  });
}

/** The same message has the same key. One with a filter cannot be compared: repeated, it runs again and finds the rest. */
function messageKey(id: string, change: GroupChange, call: Call): string {
  const { removeMatching, ...comparable } = change;
  if (removeMatching !== undefined) return `group:${id} ${randomUUID()}`;
  return `group:${id} ${createHash('sha256')
    .update(JSON.stringify([call.caller, comparable]))
    .digest('hex')}`;
}

/** Holds the lock of the group, and of its new name. */
async function applyChange(
  checked: CheckedChange,
  deps: Dependencies,
  call: Call,
  progress: Progress,
): Promise<GroupView> {
  const { group, change, renameTo, access } = checked;
  // Another message may have adopted, changed, released or deleted the group while this one waited.
  const known: KnownGroup = await knownGroup(group.id, deps);
  if (renameTo !== undefined) {
    const attempt = { event: 'group.changed', subject: group.id };
    await refusing('SA12', attempt, deps, call, () => assertOwnGroup(known.link, 'renamed', deps, call));
    await refusing('GR3', attempt, deps, call, () => assertNameFree(renameTo, group.id, deps, call));
  }
  const leaving = change.remove.flatMap((memberId) => checked.people.get(memberId) ?? []);
  await assertMayRemove(group.id, leaving, access, deps, call);
  const accounts = await readForChange(known, change, deps, call);
  const current = await currentMembers(known, accounts, deps, call);
  const people = new Map([...current.people, ...checked.people]);
  const unprotected = await sparingProtected(planMembers(change, current), people, group.id, access, deps, call);
  const plan = await sparingOthers(unprotected, change, people, group.id, access, deps, call);

  const work = { groupId: group.id, remove: planned(plan.remove, people), add: planned(plan.add, people) };
  const isGranting = access.granting.has(group.id);
  if (isGranting) {
    await refusing('US14', { event: 'group.changed', subject: group.id }, deps, call, () =>
      deps.seats.check(exchangeOf(work), call),
    );
  }
  const loss = {
    groupId: group.id,
    isGranting,
    members: work.remove.map(({ member }) => member),
    size: known.link?.memberCount,
  };
  const reservation = await refusing('SA11', { event: 'group.changed', subject: group.id }, deps, call, () =>
    deps.brake.reserve({ groups: [loss] }, call),
  );
  return spending(reservation, async () => {
    const link = await deps.store.transaction((records) => record(checked, known, records, deps, call));
    const outcome = await carryOut(work, access, deps, call, progress);
    for (const memberId of outcome.removed) reservation.keep(memberId);
    await deps.store.transaction(async (records) => {
      await recordMemberOwners(group.id, change, plan, outcome.settled, records, deps, call);
      if (outcome.hasChanged) await records.groups.update(group.id, { modifiedAt: timeOf(deps) });
    });
    if (outcome.failure !== undefined) throw outcome.failure;

    const isWhole = change.replaceWith !== undefined || change.removeMatching !== undefined;
    const after = isWhole ? await currentMembers({ ...known, link }, accounts, deps, call) : undefined;
    return viewOf(group, after?.shown, deps, call);
  });
}

export function planned(steps: readonly MemberStep[], people: ReadonlyMap<string, Member>): PlannedStep[] {
  return steps.flatMap(({ id, by }) => {
    const member = people.get(id);
    return member === undefined ? [] : [{ member, by }];
  });
}

/** What the change does to our own records: adoption, name, externalId. */
async function record(
  { group, change, renameTo }: CheckedChange,
  known: KnownGroup,
  records: Records,
  deps: Dependencies,
  call: Call,
): Promise<GroupLink> {
  const now = timeOf(deps);
  let { link } = known;
  if (link === undefined) {
    link = await adopt(group, known, records, deps, call);
  }
  if (renameTo !== undefined && renameTo !== link.displayName) {
    link = { ...link, displayName: renameTo, modifiedAt: now };
    await records.groups.update(group.id, { displayName: renameTo, modifiedAt: now });
    await audit(records, deps, call, {
      event: 'group.renamed',
      subject: group.id,
      decision: 'GROUP_RENAMES=record',
      result: 'done',
      note: 'Recorded only: the group keeps its name in Confluence.',
    });
  }
  if (change.externalId !== undefined) {
    const stated = change.externalId.value === '' ? undefined : change.externalId.value;
    if (stated !== (await records.groups.externalId(group.id, call.caller))) {
      await records.groups.setExternalId(group.id, call.caller, stated);
      await records.groups.update(group.id, { modifiedAt: now });
    }
  }
  return link;
}

/** Takes up a group that `ADOPT_GROUPS` names (rule GR1): from now on the IdP manages it. */
export async function adopt(
  group: { readonly id: string; readonly name: string },
  known: Pick<KnownGroup, 'indexed'>,
  records: Records,
  deps: Dependencies,
  call: Call,
): Promise<GroupLink> {
  const link = {
    id: group.id,
    displayName: group.name,
    confluenceName: group.name,
    origin: 'adopted',
    caller: call.caller,
    owner: call.caller,
    isReleased: false,
    memberCount: undefined,
    createdAt: known.indexed?.firstSeenAt ?? timeOf(deps),
  } as const;
  await records.groups.insert(link);
  await audit(records, deps, call, {
    event: 'group.adopted',
    subject: group.id,
    decision: 'ADOPT_GROUPS',
    result: 'done',
  });
  return { ...link, modifiedAt: link.createdAt };
}

function timeOf(deps: Dependencies): string {
  return new Date(deps.clock.now()).toISOString();
}
