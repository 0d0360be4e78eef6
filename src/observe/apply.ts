import { assertNotProtected, assertWritableGroup, isPlainAccess } from '../provisioning/access.js';
import { giveAccess } from '../provisioning/accounts.js';
import { audit } from '../provisioning/auditing.js';
import { mayHaveHappened, type Reservation, spending } from '../provisioning/brake.js';
import type { Call } from '../provisioning/call.js';
import type { Access, Dependencies } from '../provisioning/dependencies.js';
import { Failure } from '../provisioning/failure.js';
import { joinGroups } from '../provisioning/joining.js';
import { leaveGroups, refuseStuck } from '../provisioning/leaving.js';
import type { PlanEntry, PlannedKind } from '../provisioning/planRecords.js';
import { reactivate } from '../provisioning/reactivating.js';
import { readStanding } from '../provisioning/status.js';
import { holdingGroup, makePlannedGroup } from './applyGroup.js';
import { APPLY } from './audit.js';
import { effectOf } from './effect.js';
import { isOnlyPlanned } from './groupIds.js';
import { whilePlanning } from './observing.js';
import { type PendingStep, pendingStep, pendingSteps } from './pending.js';

const GIVING: readonly PlannedKind[] = ['createAccount', 'inviteByEmail', 'restore'];

/** What came of one step. */
export interface Outcome {
  readonly entry: PlanEntry;
  readonly state: 'applied' | 'dropped' | 'failed';
  /** Why it was dropped or failed. */
  readonly reason: string | undefined;
}

export interface ApplyParts {
  /** Of a bridge that is live, its brake included. */
  readonly deps: Dependencies;
  /** What the operator has seen; whatever was planned since waits for the next time. */
  readonly agreed: readonly PlanEntry[];
  /** A call with a budget of its own, for each step. */
  readonly call: () => Call;
  /** Aborts when the operator wants it to end; the step under way is finished. */
  readonly signal: AbortSignal;
  readonly onOutcome: (outcome: Outcome) => void;
}

/**
 * Carries out the plan (rule SA14), one step after the other, each looked at again and recorded at once, so that it can
 * be ended at any moment and run again. Beside a bridge that serves on the same store it is safe: of a step and a message
 * about the same, one waits for the other.
 *
 * @returns whether every step was tried
 * @throws Failure `unavailable`, refused by SA11, before the first call, when the plan takes more than the brake allows
 */
export async function applyPlan(parts: ApplyParts): Promise<boolean> {
  const { deps } = parts;
  const beginning = parts.call();
  const access = await deps.roster.access(beginning);
  const agreed = new Set(parts.agreed.map(keyOf));
  const steps = (await pendingSteps(deps.store)).filter(({ entry }) => agreed.has(keyOf(entry)));
  const { lost, groups } = await effectOf(steps, new Set(access.granting.keys()), deps.store);
  const reservation = await deps.brake.reserve({ access: lost, groups }, beginning);
  return spending(reservation, async () => {
    for (const step of steps) {
      if (parts.signal.aborted) return false;
      const { outcome, failure } = await applyStep(step, access, reservation, parts);
      parts.onOutcome(outcome);
      // The next one would wait for the same.
      if (failure?.kind === 'unavailable' || failure?.kind === 'rateLimited') return false;
    }
    return true;
  });
}

/** Numbers of entries that were taken off the plan may be given again. */
function keyOf({ number, at, kind }: PlanEntry): string {
  return `${String(number)} ${at} ${kind}`;
}

async function applyStep(
  planned: PendingStep,
  access: Access,
  reservation: Reservation,
  { deps, call: open }: ApplyParts,
): Promise<{ outcome: Outcome; failure?: Failure }> {
  const { plan } = deps.store;
  const call = open();
  const { entry } = planned;
  const leaverId = planned.person?.id ?? entry.accountId ?? '';
  try {
    return await inTurn(entry, deps, call, async (step, held) => {
      if (step === undefined) {
        const reason = 'Nobody wants it any more.';
        await plan.settle(entry.number, 'dropped', reason);
        return { outcome: { entry, state: 'dropped', reason } };
      }
      assertAllowed(step, deps);
      if (givesAccess(step, access)) await deps.seats.assertKept(held);
      await send(step, access, deps, held);
      await plan.settle(entry.number, 'applied');
      if (isRemoval(entry)) reservation.keep(leaverId);
      return { outcome: { entry, state: 'applied', reason: undefined } };
    });
  } catch (error) {
    const failure = Failure.from(error);
    if (isRemoval(entry) && mayHaveHappened(failure)) reservation.keep(leaverId);
    const reason = reasonOf(failure);
    await plan.settle(entry.number, 'failed', reason);
    return { outcome: { entry, state: 'failed', reason }, failure };
  }
}

/** With what Atlassian answered, which its admins may ask for. */
function reasonOf({ message, upstream }: Failure): string {
  return upstream === undefined ? message : `${message} (${upstream.operation}: ${upstream.status ?? 'no answer'})`;
}

function isRemoval({ kind }: PlanEntry): boolean {
  return kind === 'removeMember' || kind === 'suspend';
}

/**
 * Under the locks that messages about the same take, in their order: the person's or the group's, and the one of planning.
 * Whoever was nobody's record may have become one while this waited, under another id.
 */
async function inTurn<T extends object>(
  entry: PlanEntry,
  deps: Dependencies,
  call: Call,
  work: (step: PendingStep | undefined, held: Call) => Promise<T>,
): Promise<T> {
  const { store } = deps;
  for (;;) {
    const person = (await pendingStep(entry, store))?.person;
    const locked = async (held: Call): Promise<T | undefined> => {
      const step = await pendingStep(entry, store);
      return step === undefined || step.person?.id === person?.id ? work(step, held) : undefined;
    };
    const subject = entry.accountId ?? (person === undefined ? entry.groupId : undefined);
    const planned = (held: Call): Promise<T | undefined> =>
      subject === undefined ? locked(held) : whilePlanning(subject, store, held, locked);
    const id = person?.id ?? entry.accountId;
    const done = await (id === undefined
      ? holdingGroup(entry, deps, call, planned)
      : store.locks.withLock(`person:${id}`, call, planned));
    if (done !== undefined) return done;
  }
}

/** @throws Failure `forbidden` for whoever is protected now (rule SA8) */
function assertAllowed({ entry, person }: PendingStep, deps: Dependencies): void {
  const addresses = [person?.address, person?.userName, entry.address];
  assertNotProtected({ accountId: entry.accountId ?? person?.accountId, addresses }, deps);
}

/** Whoever is planned to have access has a seat in the record already, by a limit that may have been another one then. */
function givesAccess({ entry }: PendingStep, { granting }: Access): boolean {
  const { kind, groupId = '' } = entry;
  return kind === 'addMember' ? granting.has(groupId) : GIVING.includes(kind);
}

/** @throws Failure */
async function send(step: PendingStep, access: Access, deps: Dependencies, call: Call): Promise<void> {
  const { entry, person } = step;
  const { accountId = '', groupId = '' } = entry;
  const member = { id: person?.id ?? accountId, accountId };
  switch (entry.kind) {
    case 'removeMember': {
      await assertChangeable(groupId, access, deps, call);
      const left = await leaveGroups(member, [groupId], APPLY, access, deps, call);
      if (left.failure !== undefined) throw left.failure;
      refuseStuck(left.stuck, access);
      return;
    }
    case 'addMember':
      await give(step, access, deps, call);
      return;
    case 'createAccount':
    case 'inviteByEmail':
      if (entry.accountId !== undefined) {
        // An account that exists, and was in no group that grants access.
        assertGivable(step, access);
        await giveAccess(accountId, entry.address ?? '', access, deps, call);
        await deps.store.holds.remove(member.id, groupId, 'owed');
      } else if (person !== undefined) {
        // Not invited so far, whatever the record had to say while it was planned.
        const asked = { ...person, invitedAt: undefined };
        try {
          await reactivate(asked, await readStanding(asked, deps, call), deps, call);
        } catch (error) {
          const { kind, upstream } = Failure.from(error);
          const isOfAtlassian = kind !== 'unavailable' || upstream !== undefined;
          if (isOfAtlassian || !(await isAnyOnlyPlanned(step.owed, deps))) throw error;
          // No reason to keep the others waiting: the account is there, and what is owed to it stays so.
          throw groupMissing(error);
        }
      }
      return;
    case 'createGroup':
      await makePlannedGroup(entry, deps, call);
      return;
    case 'deleteGroup':
      await deleteGroup(entry, access, deps, call);
      return;
    case 'suspend':
    case 'restore':
      await changeSuspension(step, deps, call);
  }
}

/** Recorded at once: a bridge that is live shows who is suspended from the record. */
async function changeSuspension({ entry, person }: PendingStep, deps: Dependencies, call: Call): Promise<void> {
  const { accountId = '' } = entry;
  const suspends = entry.kind === 'suspend';
  if (suspends) await deps.directory.suspend(accountId, call);
  else {
    const restore = (): Promise<void> => deps.directory.restore(accountId, call);
    await deps.seats.hold({ accountId, address: person?.address }, call, (giving) => giving(restore));
  }
  await deps.store.transaction(async (records) => {
    if (person !== undefined) await records.people.update(person.id, { suspended: suspends });
    await audit(records, deps, call, {
      event: suspends ? 'user.deactivated' : 'user.reactivated',
      subject: person?.id ?? accountId,
      decision: APPLY,
      result: 'done',
    });
  });
}

async function give(step: PendingStep, access: Access, deps: Dependencies, call: Call): Promise<void> {
  const { entry, person } = step;
  const { accountId = '', groupId = '' } = entry;
  assertGivable(step, access);
  await assertChangeable(groupId, access, deps, call);
  if (await isOnlyPlanned(groupId, deps.store)) throw groupMissing();
  const id = person?.id ?? accountId;
  await joinGroups({ id, accountId, address: person?.address }, [groupId], APPLY, access, deps, call);
  await deps.store.holds.remove(id, groupId, 'owed');
}

async function isAnyOnlyPlanned(groupIds: readonly string[], { store }: Dependencies): Promise<boolean> {
  for (const groupId of groupIds) if (await isOnlyPlanned(groupId, store)) return true;
  return false;
}

function groupMissing(cause?: unknown): Failure {
  return new Failure('refused', 'The group is not there: it has to be created first. See why that failed.', { cause });
}

/** @throws Failure `refused`: whoever is recorded inactive gets no access (rule GR2), and nobody gets rights beyond use */
function assertGivable({ entry, person }: PendingStep, access: Access): void {
  const granting = access.granting.get(entry.groupId ?? '');
  if (granting === undefined) return;
  if (person?.wanted === 'inactive') {
    throw new Failure('refused', 'The person is deactivated by now and is given no access.');
  }
  if (!isPlainAccess(granting)) {
    throw new Failure('refused', 'The group gives more than the use of Confluence by now; nobody is put there.');
  }
}

/** Rule GR1 as it is now; of the groups that grant access, people are put into and taken out of without it. */
async function assertChangeable(groupId: string, access: Access, deps: Dependencies, call: Call): Promise<void> {
  if (access.granting.has(groupId)) return;
  const group = (await deps.store.index.group(groupId)) ?? (await deps.directory.getGroup(groupId, call));
  assertWritableGroup(group, await deps.store.groups.find(groupId), access, deps.settings);
}

async function deleteGroup(entry: PlanEntry, access: Access, deps: Dependencies, call: Call): Promise<void> {
  const { groupId = '' } = entry;
  if (deps.settings.groupDelete === 'never' || access.granting.has(groupId)) {
    throw new Failure(
      'forbidden',
      'The group may not be deleted by now (GROUP_DELETE, or it grants access). Delete it in Confluence, or leave it.',
    );
  }
  try {
    await deps.directory.deleteGroup(groupId, call);
  } catch (error) {
    const failure = Failure.from(error);
    if (failure.kind !== 'notFound') throw failure;
    await deps.directory.getGroup(groupId, call).then(
      () => Promise.reject(failure),
      () => undefined,
    );
  }
  await audit(deps.store, deps, call, { event: 'group.removed', subject: groupId, decision: APPLY, result: 'done' });
}
