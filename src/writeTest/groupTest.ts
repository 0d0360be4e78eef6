import type { Call, Clock } from '../provisioning/call.js';
import type { Directory } from '../provisioning/directory.js';
import { Failure, type FailureKind } from '../provisioning/failure.js';
import type { Store } from '../provisioning/store.js';
import type { Entry, Journal } from './journal.js';
import { type Recorder, Stopped, type Trial } from './recorder.js';
import { assertGrantsNothing, assertNothingGained, readStanding, type StandingReading } from './standing.js';

const FIRST_PAGE = { start: 0, limit: 200, withTotal: false };

/** Of an addition of somebody who is in already, these are the answers that the bridge is prepared for. */
const ANSWERS_TO_A_DUPLICATE = [200, 201, 204, 400, 404, 409, 500];

/** Refusals after which nothing was made, whatever else is unclear. */
const NOT_MADE: readonly FailureKind[] = ['invalid', 'misconfigured', 'refused', 'forbidden', 'rateLimited'];

export interface GroupTest extends StandingReading {
  readonly directory: Directory;
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly journal: Journal;
  readonly store: Store;
  /** Of the site credential. */
  readonly ownAccountId: string;
  readonly groupName: string;
}

/**
 * Makes the group, puts the credential's own account in and out twice, and deletes the group. What is in the journal
 * afterwards is still there, or may be.
 *
 * @throws Stopped when it ends early; Failure when something could not be asked
 */
export async function testGroup(test: GroupTest): Promise<void> {
  const before = await readStanding(test.ownAccountId, test);
  const entry = await create(test);
  const groupId = entry.id ?? '';
  await assertGrantsNothing(groupId, test);

  await giveTwice(test, groupId, () => assertNothingGained(before, test.ownAccountId, groupId, test));
  await takeTwice(test, groupId);
  await remove(test, entry, groupId);
}

async function create(test: GroupTest): Promise<Entry> {
  const { directory, journal, recorder, groupName } = test;
  const begun = await journal.begin('writeTest', groupName);
  const created = await recorder.attempt(
    {
      act: 'create the group',
      operation: 'confluence.createGroup',
      belief: 'confluence.createGroup/name-as-given',
      believed: [201],
      audited: { event: 'group.created', subject: 'new' },
    },
    (call) => directory.createGroup(groupName, call),
    ({ name }) => (name === groupName ? undefined : 'The group has another name than the one that was sent.'),
  );
  if (!created.ok) {
    if (NOT_MADE.includes(created.failure.kind)) await journal.end(begun);
    throw new Stopped(`The group could not be created. ${created.failure.message}`);
  }
  const entry = await journal.named(begun, created.value.id);
  await recorder.until(
    {
      act: 'find it by its name',
      operation: 'confluence.searchGroups',
      belief: 'confluence.createGroup/visible-after-creation',
      believed: [200],
    },
    created.atMs,
    async (call) => (await directory.findGroupByName(groupName, call))?.id === created.value.id,
  );
  return entry;
}

async function giveTwice(test: GroupTest, groupId: string, assertHarmless: () => Promise<void>): Promise<void> {
  const { directory, recorder, ownAccountId } = test;
  const membership = { subject: ownAccountId, object: groupId };
  const add = (call: Call): Promise<void> => directory.addMember(groupId, ownAccountId, call);
  const added = await recorder.attempt(
    {
      act: 'add your own account',
      operation: 'confluence.addMember',
      belief: 'confluence.addMember/success-is-201',
      believed: [201],
      audited: { event: 'group.memberAdded', ...membership },
    },
    add,
  );
  if (!added.ok) throw new Stopped(`Your own account could not be added. ${added.failure.message}`);
  await untilMembershipIs(true, test, groupId, added.atMs);
  await assertHarmless();
  const again = await recorder.attempt(
    {
      act: 'add it again',
      operation: 'confluence.addMember',
      belief: 'confluence.addMember/addition-of-a-member',
      believed: ANSWERS_TO_A_DUPLICATE,
      audited: { event: 'group.memberAdded', ...membership },
    },
    add,
  );
  if (again.ok) await untilMembershipIs(true, test, groupId, again.atMs);
}

async function takeTwice(test: GroupTest, groupId: string): Promise<void> {
  const { directory, recorder, ownAccountId } = test;
  const audited = { event: 'group.memberRemoved', subject: ownAccountId, object: groupId };
  const remove = (call: Call): Promise<void> => directory.removeMember(groupId, ownAccountId, call);
  const removed = await recorder.attempt(
    {
      act: 'remove your own account',
      operation: 'confluence.removeMember',
      belief: 'confluence.removeMember/undocumented-removal',
      believed: [204],
      audited,
    },
    remove,
  );
  if (!removed.ok) throw new Stopped(`Your own account could not be removed. ${removed.failure.message}`);
  await untilMembershipIs(false, test, groupId, removed.atMs);
  await recorder.attempt(
    {
      act: 'remove it again',
      operation: 'confluence.removeMember',
      belief: 'confluence.removeMember/removal-of-no-member',
      believed: [204],
      refusals: [404, 400],
      audited,
    },
    remove,
  );
}

async function untilMembershipIs(isMember: boolean, test: GroupTest, groupId: string, sinceMs: number): Promise<void> {
  const { directory, recorder, ownAccountId } = test;
  const ending = isMember ? '' : ' no more';
  const listed: Trial = {
    act: `the list of members shows it${ending}`,
    operation: 'confluence.listMembers',
    belief: 'confluence.listMembers/members-shown-late',
    believed: [200],
  };
  // At once, so that the lag of neither read is that of the other.
  await Promise.all([
    recorder.until(listed, sinceMs, async (call) => {
      const { members } = await directory.listMembers(groupId, FIRST_PAGE, call);
      return members.some(({ accountId }) => accountId === ownAccountId) === isMember;
    }),
    recorder.until(memberof(`the groups of the account show the group${ending}`), sinceMs, async (call) => {
      const groups = await directory.listMemberships(ownAccountId, call);
      return groups.some(({ id }) => id === groupId) === isMember;
    }),
  ]);
}

/** What a read of somebody's groups is expected to show. */
export function memberof(act: string): Trial {
  return {
    act,
    operation: 'confluence.listMemberships',
    belief: 'confluence.listMemberships/memberships-shown-late',
    believed: [200],
  };
}

async function remove(test: GroupTest, entry: Entry, groupId: string): Promise<void> {
  const { directory, recorder, journal } = test;
  const deleted = await recorder.attempt(
    {
      act: 'delete the group',
      operation: 'confluence.deleteGroup',
      belief: 'confluence.deleteGroup/success-is-204',
      believed: [204],
      audited: { event: 'group.removed', subject: groupId },
    },
    (call) => directory.deleteGroup(groupId, call),
  );
  if (!deleted.ok) throw new Stopped(`The group could not be deleted. ${deleted.failure.message}`);
  await journal.end(entry);
  await test.store.writes.groupDeleted(groupId, deleted.atMs);
  await recorder.until(
    {
      act: 'its id is unknown',
      operation: 'confluence.getGroup',
      belief: 'confluence.getGroup/shown-after-deletion',
      believed: [404, 400],
    },
    deleted.atMs,
    (call) => isUnknown(directory, groupId, call),
  );
  await recorder.attempt(
    {
      act: 'list the members of the deleted group',
      operation: 'confluence.listMembers',
      belief: 'confluence.listMembers/members-of-an-unknown-group',
      believed: [200],
      refusals: [404],
    },
    (call) => directory.listMembers(groupId, FIRST_PAGE, call),
    ({ members }) => (members.length === 0 ? undefined : 'It still has members.'),
  );
}

async function isUnknown(directory: Directory, groupId: string, call: Call): Promise<boolean> {
  try {
    await directory.getGroup(groupId, call);
    return false;
  } catch (error) {
    if (Failure.from(error).kind === 'notFound') return true;
    throw error;
  }
}
