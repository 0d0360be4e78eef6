import { assertWritableGroup } from './access.js';
import { audit } from './auditing.js';
import { mayHaveHappened, type Reservation, spending } from './brake.js';
import type { Call } from './call.js';
import { adopt } from './changeGroup.js';
import type { Dependencies } from './dependencies.js';
import { Failure } from './failure.js';
import { nameKey } from './groupNames.js';
import { type KnownGroup, knownGroup, readGroup } from './groupReads.js';
import { assertEndsNoAccess } from './memberOwners.js';
import { assertOwnGroup } from './ownership.js';
import { refusing } from './refusals.js';
import type { GroupLink } from './store.js';

/**
 * Removes a group for SCIM: one that the bridge created is deleted in Confluence (one call), an adopted one is released
 * (no call; its Confluence members stay). Afterwards the id answers 404 (RFC 7644 §3.6).
 *
 * @throws Failure `notFound`; `forbidden` for groups that are not ours, and always with `GROUP_DELETE=never`
 */
export async function removeGroup(id: string, deps: Dependencies, call: Call): Promise<void> {
  const attempt = { event: 'group.removed', subject: id };
  const before = await knownGroup(id, deps);
  const access = await deps.roster.access(call);
  const group =
    before.indexed ?? (before.link === undefined ? await readGroup(before, deps, call) : fromLink(before.link));
  await refusing('GR1', attempt, deps, call, () => assertWritableGroup(group, before.link, access, deps.settings));
  await refusing('GROUP_DELETE', attempt, deps, call, () => {
    if (deps.settings.groupDelete !== 'never') return;
    throw new Failure(
      'forbidden',
      'Groups are never deleted through this bridge. Delete it in Confluence, or have the operator set GROUP_DELETE=created.',
    );
  });
  await deps.store.locks.withLock(`group:${id}`, call, async (held) => {
    const known = await knownGroup(id, deps);
    await refusing('SA12', attempt, deps, held, () => assertOwnGroup(known.link, 'deleted', deps, held));
    if (known.link?.origin === 'created') {
      const { link } = known;
      await refusing('SA12', attempt, deps, held, () => assertEndsNoAccess(id, access, deps, held));
      const isGranting = access.granting.has(id);
      const loss = { groupId: id, isGranting, members: 'all', size: link.memberCount } as const;
      const reservation = await refusing('SA11', attempt, deps, held, () =>
        deps.brake.reserve({ groups: [loss] }, held),
      );
      await spending(reservation, () => deleteCreated(link, reservation, deps, held));
    } else await release(group, known, deps, held);
  });
}

/** Enough to judge a group of ours that the index lacks: what it does not say, Confluence says when it is changed. */
function fromLink(link: GroupLink) {
  return { id: link.id, name: link.confluenceName, usageType: undefined, managedBy: undefined };
}

async function deleteCreated(link: GroupLink, reservation: Reservation, deps: Dependencies, call: Call): Promise<void> {
  try {
    await deps.directory.deleteGroup(link.id, call);
    reservation.keepAll();
  } catch (error) {
    const failure = Failure.from(error);
    if (failure.kind !== 'notFound') {
      if (mayHaveHappened(failure)) reservation.keepAll();
      await audit(deps.store, deps, call, {
        event: 'group.removed',
        subject: link.id,
        decision: 'GROUP_DELETE=created',
        result: 'failed',
        note: failure.kind,
      });
      throw failure;
    }
    await assertGone(link, failure, deps, call);
  }
  const nowMs = deps.clock.now();
  await deps.store.transaction(async (records) => {
    await records.writes.groupDeleted(link.id, nowMs);
    await records.tombstones.putGroup(link.id, new Date(nowMs).toISOString());
    await records.groups.remove(link.id);
    await records.intents.end('createGroup', nameKey(link.displayName));
    await audit(records, deps, call, {
      event: 'group.removed',
      subject: link.id,
      decision: 'GROUP_DELETE=created',
      result: 'done',
    });
  });
}

/** A 404 says that the group is gone only when it has no answer by its id either, and the credential sees others (rule SA2). */
async function assertGone(link: GroupLink, failure: Failure, deps: Dependencies, call: Call): Promise<void> {
  try {
    await readGroup({ id: link.id, link, indexed: await deps.store.index.group(link.id) }, deps, call);
  } catch (error) {
    if (error instanceof Failure && error.kind === 'notFound') return;
    throw error;
  }
  throw new Failure(
    'unavailable',
    'Atlassian does not delete this group, which is still there. Send the request again later.',
    { cause: failure, ...(failure.upstream === undefined ? {} : { upstream: failure.upstream }) },
  );
}

async function release(
  group: { readonly id: string; readonly name: string },
  known: KnownGroup,
  deps: Dependencies,
  call: Call,
): Promise<void> {
  await deps.store.transaction(async (records) => {
    const link = known.link ?? (await adopt(group, known, records, deps, call));
    await records.groups.setExternalId(link.id, call.caller, undefined);
    await records.membershipOwners.removeGroup(link.id);
    // What is only owed to the group ends with the IdP's interest in it; what deactivation took away is still given back.
    for (const hold of await records.holds.ofGroup(link.id)) {
      if (hold.kind === 'owed') await records.holds.remove(hold.personId, link.id, 'owed');
    }
    await records.groups.update(link.id, { isReleased: true, modifiedAt: new Date(deps.clock.now()).toISOString() });
    await records.intents.end('createGroup', nameKey(link.displayName));
    await audit(records, deps, call, {
      event: 'group.released',
      subject: link.id,
      decision: 'GROUP_DELETE=created',
      result: 'done',
      upstream: [],
    });
  });
}
