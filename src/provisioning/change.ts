import { assertNotProtected, readMemberships } from './access.js';
import { assertUsableAccount } from './accountStates.js';
import { audit } from './auditing.js';
import { spending } from './brake.js';
import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import { Failure } from './failure.js';
import { assertRoomToLeave } from './leaving.js';
import { type CurrentMemberships, isUsable, notFound, type People, viewOfLink } from './people.js';
import { latestView, userNameTaken } from './provision.js';
import { assertMayTake, takeOver } from './ownership.js';
import { refusing } from './refusals.js';
import { reactivate } from './reactivating.js';
import { deactivate, hasOpenWish, lossesOf, type Reach, readStanding } from './status.js';
import type { JsonObject, NewPersonLink, PersonLink } from './store.js';
import { noteSuperseded } from './superseded.js';
import type { PersonView } from './views.js';

/** What a PUT or PATCH comes to, decided by the edge from the message and the record (rules US10, US11). */
export interface PersonChange {
  readonly active: boolean | undefined;
  /** `value` undefined removes the caller's externalId; undefined leaves it. */
  readonly externalId: { readonly value: string | undefined } | undefined;
  /** What becomes the record (`PROFILE_UPDATES`); undefined leaves it. The userName of a leaver's message is never recorded (US12). */
  readonly record:
    { readonly userName: string; readonly profile: JsonObject; readonly address: string | undefined } | undefined;
  /** What an unlinked person's record becomes when the change adopts one and `record` is undefined. */
  readonly adoption: { readonly userName: string; readonly profile: JsonObject; readonly address: string | undefined };
  /** Names of attributes that were asked to change and are not carried out in Confluence; audited. */
  readonly dropped: readonly string[];
  /** Why the message is refused, unless it changes the status (US12). */
  readonly refusal: Failure | undefined;
}

/**
 * Changes one person under the person's lock. `decide` is pure; it sees the record, for an unlinked person also what
 * Confluence shows (one `users-bulk`), and no group: a message that is refused costs nothing more.
 *
 * A message that takes access is carried out whatever else it carries, and so is one that gives access back (rule US12).
 */
export async function changePerson(
  id: string,
  decide: (view: PersonView) => PersonChange,
  people: People,
  deps: Dependencies,
  call: Call,
): Promise<PersonView> {
  return deps.store.locks.withLock(`person:${id}`, call, async (held) => {
    const view = await readForChange(id, people, deps, held);
    const change = decide(view);
    if (change.refusal !== undefined && change.active === undefined) throw change.refusal;
    const isNoted = change.active !== undefined || change.externalId !== undefined || change.record !== undefined;
    if (isNoted) {
      const addresses = [view.link?.address, view.link?.userName, view.account?.email];
      await refusing('SA8', { event: eventOf(change), subject: id }, deps, held, () =>
        assertNotProtected({ accountId: view.accountId, addresses }, deps),
      );
    }
    if (change.active === false) {
      await refusing('SA12', { event: eventOf(change), subject: id }, deps, held, () =>
        assertMayTake(view.link, 'access', deps, held),
      );
      await refusing('SA11', { event: eventOf(change), subject: id }, deps, held, () =>
        assertRoomToLeave(id, view.accountId, view.link, deps, held),
      );
    }
    if (change.active !== false && change.record !== undefined)
      await assertUserNameFree(id, change.record.userName, deps);
    return view.link === undefined
      ? changeUnlinked(view, change, deps, held)
      : changeLinked(view.link, change, deps, held);
  });
}

/** What the audit calls a change that fails. */
function eventOf({ active }: PersonChange): string {
  if (active === undefined) return 'user.changed';
  return active ? 'user.reactivated' : 'user.deactivated';
}

/** The record alone for a linked person: no upstream call before the message is understood. */
async function readForChange(id: string, people: People, deps: Dependencies, call: Call): Promise<PersonView> {
  const link = await deps.store.people.find(id);
  if (link === undefined) return people.get(id, call, { groups: false });
  return {
    id,
    accountId: link.accountId,
    link,
    externalId: await deps.store.people.externalId(id, call.caller),
    account: undefined,
    active: link.wanted === 'active',
    groups: undefined,
    createdAt: link.createdAt,
    modifiedAt: link.modifiedAt,
  };
}

async function assertUserNameFree(id: string, userName: string, deps: Dependencies): Promise<void> {
  const holder = await deps.store.people.findByUserName(userName);
  if (holder !== undefined && holder.id !== id) throw userNameTaken(holder.id);
}

async function changeLinked(
  link: PersonLink,
  change: PersonChange,
  deps: Dependencies,
  call: Call,
): Promise<PersonView> {
  const after =
    change.active === undefined
      ? asRead(await readStanding(link, deps, call))
      : await refusing(change.active ? 'US8' : 'US7', { event: eventOf(change), subject: link.id }, deps, call, () =>
          stateActive(link, change, deps, call),
        );
  await recordChange(link, change, deps, call);
  return latestView(link.id, after, deps, call);
}

function asRead({ access, memberships }: Reach): CurrentMemberships | undefined {
  return memberships === undefined ? undefined : { access, ...memberships };
}

/** Carries out what a message says of `active`, judged against Confluence (rule US2). */
async function stateActive(
  link: PersonLink,
  change: PersonChange,
  deps: Dependencies,
  call: Call,
): Promise<CurrentMemberships | undefined> {
  const standing = await readStanding(link, deps, call, change.active === true ? 'giving' : 'judging');
  if (change.active === false) return deactivate(link, standing, deps, call);
  const isWanted = link.wanted === 'active';
  // Who is shown active already gets nothing by this message, so what else it carries decides (rule US12).
  if (change.refusal !== undefined && standing.isActive && isWanted) throw change.refusal;
  const hasNothingToGive = standing.isSurelyActive && isWanted && !(await hasGroupsToGive(link, deps));
  if (!hasNothingToGive) return reactivate(link, standing, deps, call);
  if (link.owner !== call.caller) await deps.store.transaction((records) => takeOver(link.id, records, deps, call));
  return asRead(standing);
}

/** A reactivation that stopped half-way leaves groups to give, though one of them gives access already (rule US8). */
async function hasGroupsToGive(link: PersonLink, deps: Dependencies): Promise<boolean> {
  if (link.accountId === undefined) return false;
  if (await hasOpenWish(link, deps.store)) return true;
  return (await deps.store.holds.ofPerson(link.id)).some(({ kind }) => kind !== 'suspended');
}

/** Writes what the message says of the record and the caller's externalId; nothing when it says what is there. */
async function recordChange(link: PersonLink, change: PersonChange, deps: Dependencies, call: Call): Promise<void> {
  const now = new Date(deps.clock.now()).toISOString();
  const { record, externalId, dropped } = change;
  await deps.store.transaction(async (records) => {
    if (record !== undefined) {
      const userName = change.active === false ? link.userName : record.userName;
      // The account of a pending invitation appears under the address that was invited.
      const address = link.invitedAt === undefined ? (record.address ?? link.address) : link.address;
      await records.people.update(link.id, { userName, profile: record.profile, address, modifiedAt: now });
    }
    if (externalId !== undefined && externalId.value !== (await records.people.externalId(link.id, call.caller))) {
      if (externalId.value !== undefined) await noteSuperseded(externalId.value, link.id, records, deps, call);
      await records.people.setExternalId(link.id, call.caller, externalId.value);
      await records.people.update(link.id, { modifiedAt: now });
    }
    if (dropped.length > 0) {
      await audit(records, deps, call, {
        event: record === undefined ? 'user.profileDropped' : 'user.profileRecorded',
        subject: link.id,
        decision: record === undefined ? 'US12' : 'US10',
        result: 'noted',
        note: `Not applied in Confluence: ${dropped.join(', ')}.`,
      });
    }
  });
}

/** First contact with a person of the granting groups: adopted, then changed like a linked one (rule US10). */
async function changeUnlinked(
  view: PersonView,
  change: PersonChange,
  deps: Dependencies,
  call: Call,
): Promise<PersonView> {
  const accountId = view.accountId ?? view.id;
  const access = await deps.roster.access(call);
  const memberships = await readMemberships(accountId, deps, access, call);
  const isMember = [...memberships.shown].some((groupId) => access.granting.has(groupId));
  if (!isMember) throw notFound();
  const isActive = isUsable(view.account);
  if (change.active === true) {
    const status = view.account?.accountStatus ?? 'unknown';
    assertUsableAccount({ accountId, status, suspended: false, groupIds: undefined }, deps);
  }
  // Active already: a refused message changes nothing and adopts nobody.
  if (change.refusal !== undefined && change.active === true && isActive) throw change.refusal;
  const asked = change.active !== undefined || change.externalId !== undefined || change.record !== undefined;
  if (!asked)
    return {
      ...view,
      active: isActive,
      groups: (await viewAsRead(view, { access, ...memberships }, deps, call)).groups,
    };
  const now = new Date(deps.clock.now()).toISOString();
  const { userName, profile, address } = change.record ?? change.adoption;
  const holder = await deps.store.people.findByUserName(userName);
  const fresh: NewPersonLink = {
    id: view.id,
    accountId,
    // A leaver is deactivated even when another record holds the name.
    userName: holder === undefined ? userName : accountId,
    profile,
    wanted: 'active',
    suspended: false,
    address,
    invitedAt: undefined,
    origin: 'adopted',
    caller: call.caller,
    owner: change.active === true ? call.caller : undefined,
    createdAt: view.createdAt,
    wantedAt: now,
  };
  const link: PersonLink = { ...fresh, modifiedAt: view.createdAt };
  const adopt = (): Promise<void> =>
    deps.store.transaction(async (records) => {
      await records.people.insert(fresh);
      await records.tombstones.removeAccount(accountId);
      await audit(records, deps, call, { event: 'user.adopted', subject: link.id, decision: 'US10', result: 'done' });
    });
  let after: CurrentMemberships | undefined = { access, ...memberships };
  if (change.active === false) {
    after = await refusing('US7', { event: eventOf(change), subject: link.id }, deps, call, async () => {
      // Holds the room until the deactivation has it: whom the brake keeps is not adopted either.
      const reservation = await deps.brake.reserve(await lossesOf(link, { access, memberships }, deps, call), call);
      return spending(reservation, async () => {
        await adopt();
        return deactivate(link, { access, memberships }, deps, call);
      });
    });
  } else {
    await adopt();
  }
  await recordChange(
    link,
    { ...change, record: undefined, dropped: change.active === false ? change.dropped : [] },
    deps,
    call,
  );
  return latestView(link.id, after, deps, call, view.account);
}

/** An unlinked person's groups, through the same view as everybody's. */
async function viewAsRead(
  view: PersonView,
  current: CurrentMemberships,
  deps: Dependencies,
  call: Call,
): Promise<PersonView> {
  const accountId = view.accountId ?? view.id;
  const shell: PersonLink = {
    id: view.id,
    accountId,
    userName: accountId,
    profile: {},
    wanted: 'active',
    suspended: false,
    address: undefined,
    invitedAt: undefined,
    origin: 'adopted',
    caller: call.caller,
    owner: undefined,
    createdAt: view.createdAt,
    modifiedAt: view.modifiedAt,
    wantedAt: view.createdAt,
  };
  return viewOfLink(shell, call, current, view.account, deps);
}
