import { assertNotProtected, isSurelyIn, type Memberships, readMemberships } from './access.js';
import { audit, type AuditEntry } from './auditing.js';
import { type Reservation, spending } from './brake.js';
import type { Losses } from './brakeLimits.js';
import type { Call } from './call.js';
import type { Access, Dependencies } from './dependencies.js';
import { attachIfPresent } from './invitations.js';
import { grantingGroupsOf, isInvited, leaveGroups, refuseStuck } from './leaving.js';
import { takeOver } from './ownership.js';
import type { CurrentMemberships } from './people.js';
import type { PersonLink, Records } from './store.js';
import { isSuspendedUpstream, suspend } from './suspending.js';

/** A linked person as Confluence has it now: the one read that a statement of `active` is judged against (rule US2). */
export interface Standing {
  readonly access: Access;
  /** Undefined for a person without an account. */
  readonly memberships: Memberships | undefined;
  readonly isActive: boolean;
  /** The read itself shows it, so that there is nothing to give; less than `isActive` while reads lag (rule US2). */
  readonly isSurelyActive: boolean;
}

/** What taking access needs to know of where a person stands. */
export type Reach = Pick<Standing, 'access' | 'memberships'>;

/** Reads where a linked person stands. One `memberof`; none for a person without an account. `purpose` as in `readMemberships`. */
export async function readStanding(
  link: PersonLink,
  deps: Dependencies,
  call: Call,
  purpose: 'judging' | 'giving' = 'judging',
): Promise<Standing> {
  const access = await deps.roster.access(call);
  if (link.accountId === undefined) {
    const isActive = link.wanted === 'active';
    // Without an invitation under way nothing will give what the person is entitled to.
    return { access, memberships: undefined, isActive, isSurelyActive: isActive && link.invitedAt !== undefined };
  }
  const memberships = await readMemberships(link.accountId, deps, access, call, purpose);
  const granting = [...memberships.shown].filter((id) => access.granting.has(id));
  return {
    access,
    memberships,
    isActive: granting.length > 0 && !link.suspended,
    isSurelyActive: granting.some((id) => isSurelyIn(memberships, id)) && !link.suspended,
  };
}

/** What a deactivation has to do, and whether it takes access that the person has. */
interface Taking {
  /** Granting groups to leave or, when the account is suspended instead, everything the person is seen in. */
  readonly groupIds: readonly string[];
  readonly suspends: boolean;
  readonly takesAccess: boolean;
}

async function planTaking(link: PersonLink, standing: Reach, deps: Dependencies, call: Call): Promise<Taking> {
  const { access, memberships } = standing;
  // Entitled to what an invitation will give (rule US5): losing that counts when it is asked for, not when it is done.
  if (link.accountId === undefined || memberships === undefined)
    return { groupIds: [], suspends: false, takesAccess: isInvited(link) };
  if (deps.settings.deactivation === 'suspend') {
    const suspends = !link.suspended || !(await isSuspendedUpstream(link, deps, call));
    return { groupIds: [...memberships.shown], suspends, takesAccess: suspends };
  }
  const groupIds = await grantingGroupsOf(link.accountId, memberships, access, deps);
  return { groupIds, suspends: false, takesAccess: groupIds.length > 0 };
}

/** What the brake is asked before a person is deactivated (rule SA11); nobody who has nothing to lose. */
export async function lossesOf(
  link: PersonLink,
  standing: Reach,
  deps: Dependencies,
  call: Call,
): Promise<Required<Pick<Losses, 'access'>>> {
  return { access: (await planTaking(link, standing, deps, call)).takesAccess ? [link] : [] };
}

/**
 * Takes away access (rule US7). The brake is asked first (rule SA11). The wish and the groups found are stored before
 * anything is taken, in one transaction, so that a restart in the middle forgets neither; success means that every
 * granting group was left, or the person suspended.
 *
 * @param decision what the audit names as the reason
 * @returns the memberships as they are afterwards; undefined for a person without an account
 * @throws Failure `refused` naming groups that cannot be left; `unavailable`, `rateLimited` with the wish kept, unless
 *   the brake refused
 */
export async function deactivate(
  link: PersonLink,
  standing: Reach,
  deps: Dependencies,
  call: Call,
  decision = 'US7',
): Promise<CurrentMemberships | undefined> {
  assertNotProtected({ accountId: link.accountId, addresses: [link.address, link.userName] }, deps);
  const taking = await planTaking(link, standing, deps, call);
  const reservation = await deps.brake.reserve({ access: taking.takesAccess ? [link] : [] }, call);
  return spending(reservation, () => take(link, standing, taking, reservation, decision, deps, call));
}

async function take(
  link: PersonLink,
  standing: Reach,
  taking: Taking,
  reservation: Reservation,
  decision: string,
  deps: Dependencies,
  call: Call,
): Promise<CurrentMemberships | undefined> {
  const { accountId } = link;
  const { access, memberships } = standing;
  await rememberWish(link, 'inactive', taking.groupIds, deps, call);
  if (accountId === undefined || memberships === undefined) {
    reservation.keep(link.id);
    const attached = await attachIfPresent(link, deps, call);
    if (attached !== undefined)
      return deactivate(attached, await readStanding(attached, deps, call), deps, call, decision);
    await concludeWithoutAccount(link, 'inactive', deps, call);
    return undefined;
  }
  if (deps.settings.deactivation === 'suspend') {
    if (taking.suspends)
      await suspend({ ...link, accountId }, { access, memberships }, reservation, decision, deps, call);
    else {
      await deps.store.transaction((records) =>
        conclude(link, 'inactive', false, records, deps, call, {
          event: 'user.deactivated',
          decision: `${decision} DEACTIVATION=suspend`,
          result: 'done',
        }),
      );
    }
    return { access, ...memberships };
  }
  const { groupIds } = taking;
  const { stuck, failure, mayHaveTaken } = await leaveGroups(
    { id: link.id, accountId },
    groupIds,
    decision,
    access,
    deps,
    call,
  );
  if (mayHaveTaken) reservation.keep(link.id);
  if (failure !== undefined) throw failure;
  refuseStuck(stuck, access);
  await deps.store.transaction((records) =>
    conclude(link, 'inactive', groupIds.length > 0, records, deps, call, {
      event: 'user.deactivated',
      decision,
      result: 'done',
    }),
  );
  return {
    access,
    names: memberships.names,
    shown: new Set([...memberships.shown].filter((id) => !groupIds.includes(id))),
  };
}

/** Stores what was asked for, by whom, and what is about to be taken, before anything is given or taken. */
export async function rememberWish(
  link: PersonLink,
  wanted: 'active' | 'inactive',
  taken: readonly string[],
  deps: Dependencies,
  call: Call,
): Promise<void> {
  const now = new Date(deps.clock.now()).toISOString();
  const kind = deps.settings.deactivation === 'suspend' ? 'suspended' : 'remembered';
  await deps.store.transaction(async (records) => {
    if (link.wanted !== wanted) {
      await records.people.update(link.id, { wanted, wantedAt: now, modifiedAt: now });
      await records.intents.begin({ kind: 'status', key: link.id, caller: call.caller, startedAt: now });
    }
    if (wanted === 'active') await takeOver(link.id, records, deps, call);
    for (const groupId of taken) await records.holds.put({ personId: link.id, groupId, kind });
  });
}

/**
 * The other end of {@link rememberWish}: what was asked for is done, and the audit says so. Also where nothing was left to
 * do, because an earlier message has done it and did not live to tell (rule SA10); not where nothing was asked for.
 *
 * @param link as it was before the wish
 * @param didSomething whether this message gave or took anything
 */
export async function conclude(
  link: PersonLink,
  wanted: 'active' | 'inactive',
  didSomething: boolean,
  records: Records,
  deps: Dependencies,
  call: Call,
  entry: Omit<AuditEntry, 'subject'>,
): Promise<void> {
  if (!didSomething && link.wanted === wanted && !(await hasOpenWish(link, records))) return;
  await records.intents.end('status', link.id);
  await audit(records, deps, call, { ...entry, subject: link.id });
}

/** For somebody invited: what was asked for is carried out when the account appears (rule US5). */
export async function concludeWithoutAccount(
  link: PersonLink,
  wanted: 'active' | 'inactive',
  deps: Dependencies,
  call: Call,
): Promise<void> {
  await deps.store.transaction((records) =>
    conclude(link, wanted, false, records, deps, call, {
      event: wanted === 'active' ? 'user.reactivated' : 'user.deactivated',
      decision: 'US5',
      result: 'noted',
      note: 'There is no account yet; carried out when it appears.',
    }),
  );
}

/** Whether a wish about the person is stored whose end nobody has recorded. */
export async function hasOpenWish({ id }: PersonLink, { intents }: Pick<Records, 'intents'>): Promise<boolean> {
  return (await intents.find('status', id)) !== undefined;
}
