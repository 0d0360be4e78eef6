import { assertNotProtected, firstAccessGroup, layOwnWrites, type Memberships, readMemberships } from './access.js';
import {
  accountWithAccess,
  assertAllowedDomain,
  giveAccess,
  giveNewAccess,
  locateAccount,
  restoreAccount,
} from './accounts.js';
import { assertUsableAccount, type LocatedAccount } from './accountStates.js';
import { audit } from './auditing.js';
import { spending } from './brake.js';
import type { Call } from './call.js';
import type { Access, Dependencies } from './dependencies.js';
import type { UpstreamAccount } from './directory.js';
import { Failure } from './failure.js';
import { type CurrentMemberships, viewOfLink } from './people.js';
import { grantingGroupsOf } from './leaving.js';
import { assertMayTake } from './ownership.js';
import { type Attempt, refusing } from './refusals.js';
import { insertPerson } from './inserting.js';
import { holdingSeat } from './seating.js';
import { reactivate } from './reactivating.js';
import { deactivate, lossesOf, readStanding } from './status.js';
import { rememberedAccount, withRecord } from './sameAccount.js';
import { isTestAddress } from './invitations.js';
import { noteSuperseded } from './superseded.js';
import type { JsonObject, PersonLink } from './store.js';
import { beginMessage, endMessage, isUnfinished, wishOf } from './unfinished.js';
import type { PersonView } from './views.js';

/** A person as an IdP asks for one. */
export interface NewPerson {
  readonly userName: string;
  readonly externalId: string | undefined;
  /** Undefined counts as true: creating is asking for access. */
  readonly active: boolean | undefined;
  readonly profile: JsonObject;
  /** The address to invite (rule US3), lower case. */
  readonly address: string;
}

/**
 * Creates a SCIM User (rules US4, US6): finds or makes the account of the address, gives it access unless the message
 * says inactive, and links it. Everything that refuses comes before the first upstream write.
 *
 * @throws Failure `conflict` for a userName that a record holds; `refused` for accounts that cannot be given access;
 *   `forbidden` for protected people and foreign domains
 */
export async function provision(person: NewPerson, deps: Dependencies, call: Call): Promise<PersonView> {
  const { locks } = deps.store;
  return locks.withLock(`userName:${person.userName.toLowerCase()}`, call, (held) =>
    locks.withLock(`address:${person.address}`, held, (both) => provisionLocked(person, deps, both)),
  );
}

const ATTEMPT: Attempt = { event: 'user.provisioned', subject: 'new' };

async function provisionLocked(person: NewPerson, deps: Dependencies, call: Call): Promise<PersonView> {
  await refusing('SA8', ATTEMPT, deps, call, () =>
    assertNotProtected({ accountId: undefined, addresses: [person.address, person.userName] }, deps),
  );
  return refusing('US4', ATTEMPT, deps, call, async () => {
    const holder = await deps.store.people.findByUserName(person.userName);
    if (holder !== undefined) return finish(holder.id, person, deps, call);
    if (person.active !== false) assertAllowedDomain(person.address, deps);
    const access = await deps.roster.access(call);
    const located = (await locateAccount(person.address, deps, call)) ?? (await rememberedAccount(person, deps, call));
    return provisionLocated(person, located, access, deps, call);
  });
}

/** Under the lock of the person whom the message is about, where the record or the account is known. */
async function provisionLocated(
  person: NewPerson,
  located: LocatedAccount | undefined,
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<PersonView> {
  if (located !== undefined) assertNotProtected({ accountId: located.accountId, addresses: [] }, deps);
  return withRecord(person, located, deps, call, (known, held) => {
    if (located !== undefined && person.active !== false) {
      // A suspension of ours ends with the record's reactivation.
      assertUsableAccount({ ...located, suspended: located.suspended && known?.suspended !== true }, deps);
    }
    if (known !== undefined) return takeUp(known, person, deps, held);
    return located === undefined ? create(person, access, deps, held) : adopt(person, located, access, deps, held);
  });
}

/**
 * The userName is on record: a message that made the record, and stopped half-way, is finished by its repeat.
 *
 * @throws Failure `conflict` for any other message
 */
async function finish(id: string, person: NewPerson, deps: Dependencies, call: Call): Promise<PersonView> {
  return deps.store.locks.withLock(`person:${id}`, call, async (held) => {
    const link = await deps.store.people.find(id);
    if (link === undefined || !(await isUnfinished(link, person, deps, held))) throw userNameTaken(id);
    if (person.active === false) assertMayTake(link, 'access', deps, held);
    const state = person.active === false ? deactivate : reactivate;
    const after = await state(link, await readStanding(link, deps, held), deps, held);
    await endMessage(person, deps, held);
    return latestView(id, after, deps, held);
  });
}

export function userNameTaken(id: string): Failure {
  return new Failure(
    'conflict',
    `A user with this userName exists already (id ${id}). Look it up by userName and update it instead.`,
  );
}

/** A rename, or a person who comes back: the inactive record, or the one with the same externalId, is taken up, same id. */
async function takeUp(link: PersonLink, person: NewPerson, deps: Dependencies, call: Call): Promise<PersonView> {
  const isSame =
    person.externalId !== undefined && (await deps.store.people.externalId(link.id, call.caller)) === person.externalId;
  if (link.wanted === 'active' && !isSame) {
    throw new Failure(
      'conflict',
      `The account of this address belongs to the active user ${JSON.stringify(link.userName)} (id ${link.id}). Look that userName up and update it, or deactivate it first.`,
    );
  }
  assertNotProtected({ accountId: link.accountId, addresses: [link.address] }, deps);
  if (person.active === false) assertMayTake(link, 'access', deps, call);
  const now = new Date(deps.clock.now()).toISOString();
  const changes = { userName: person.userName, profile: person.profile, address: person.address, modifiedAt: now };
  const takenUp = { ...link, ...changes };
  // Recorded together, so that a stop between the two leaves no record that says otherwise than its message.
  const wanted = wishOf(person);
  const wish = link.wanted === wanted ? {} : { wanted, wantedAt: now };
  const standing = await readStanding(takenUp, deps, call);
  const record = async (): Promise<PersonView> => {
    await deps.store.transaction(async (records) => {
      await records.people.update(link.id, { ...changes, ...wish });
      await beginMessage(person, records, deps, call);
      if (person.externalId !== undefined) {
        await noteSuperseded(person.externalId, link.id, records, deps, call);
        await records.people.setExternalId(link.id, call.caller, person.externalId);
      }
      await audit(records, deps, call, { event: 'user.takenUp', subject: link.id, decision: 'US6', result: 'done' });
    });
    const state = person.active === false ? deactivate : reactivate;
    const after = await state(takenUp, standing, deps, call);
    await endMessage(person, deps, call);
    return latestView(link.id, after, deps, call);
  };
  if (person.active !== false) return holdingSeat(takenUp, standing, deps, call, record);
  const losses = await lossesOf(takenUp, standing, deps, call);
  return spending(await deps.brake.reserve(losses, call), record);
}

export async function latestView(
  id: string,
  after: CurrentMemberships | undefined,
  deps: Dependencies,
  call: Call,
  account?: UpstreamAccount,
): Promise<PersonView> {
  const link = await deps.store.people.find(id);
  if (link === undefined)
    throw new Failure('unexpected', 'The record vanished while it was changed. Send the message again.');
  return viewOfLink(link, call, after, account, deps);
}

/** A person with an account nobody linked yet: with access adopted, without it given access (rule US6). */
async function adopt(
  person: NewPerson,
  located: LocatedAccount,
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<PersonView> {
  const { accountId } = located;
  const purpose = person.active === false ? 'judging' : 'giving';
  const memberships = await membershipsOf(located, access, deps, call, purpose);
  const grants = (ids: Iterable<string>) => [...ids].some((id) => access.granting.has(id));
  const hadAccess = grants(memberships.shown);
  const shown = new Set(memberships.shown);
  let wanted: 'active' | 'inactive' = 'active';
  if (person.active === false) {
    wanted = 'inactive';
  } else {
    const newcomer = { accountId, address: person.address, hasAccess: hadAccess && !located.suspended };
    await deps.seats.hold(newcomer, call, async (giving) => {
      if (located.suspended) await giving(() => restoreAccount(accountId, shown, access, deps, call));
      if (!hadAccess) await giveAccess(accountId, person.address, access, deps, call);
    });
    if (!hadAccess) shown.add(firstAccessGroup(access).id);
  }
  // A leaver's message about somebody who has access: taken, not only noted.
  const takesAccess =
    wanted === 'inactive' && (await grantingGroupsOf(accountId, memberships, access, deps)).length > 0;
  const losses = takesAccess ? { access: [{ id: accountId, accountId }] } : {};
  return spending(await deps.brake.reserve(losses, call), async () => {
    const link = await insertPerson(
      person,
      {
        accountId,
        shownIn: memberships.shown,
        wanted,
        origin: 'adopted',
        invited: false,
        isUnfinished: takesAccess,
        event: hadAccess || wanted === 'inactive' ? 'user.adopted' : 'user.provisioned',
      },
      deps,
      call,
    );
    if (!takesAccess) return viewOfLink(link, call, { access, shown, names: memberships.names }, undefined, deps);
    return takeFrom(link, person, deps, call);
  });
}

/** Carries out what a message says that made an inactive record. */
async function takeFrom(link: PersonLink, person: NewPerson, deps: Dependencies, call: Call): Promise<PersonView> {
  const after = await deactivate(link, await readStanding(link, deps, call), deps, call);
  await endMessage(person, deps, call);
  return latestView(link.id, after, deps, call);
}

/** The organization's look-up names the groups; elsewhere `memberof` does. Own writes beat both. */
async function membershipsOf(
  located: LocatedAccount,
  access: Access,
  deps: Dependencies,
  call: Call,
  purpose: 'judging' | 'giving',
): Promise<Memberships> {
  if (located.groupIds === undefined) return readMemberships(located.accountId, deps, access, call, purpose);
  return layOwnWrites(located.accountId, located.groupIds, new Map(), deps);
}

/** Nobody has the address on the site: invited or created; recorded only for a connection test or when the message says inactive. */
async function create(person: NewPerson, access: Access, deps: Dependencies, call: Call): Promise<PersonView> {
  const recorded = { accountId: undefined, origin: 'created', invited: false, event: 'user.recorded' } as const;
  if (await isTestAddress(person.address, deps)) {
    const wanted = person.active === false ? 'inactive' : 'active';
    const link = await insertPerson(person, { ...recorded, wanted, decision: 'TEST_ADDRESSES' }, deps, call);
    return viewOfLink(link, call, undefined, undefined, deps);
  }
  if (person.active === false) {
    // Where people may hide their address, somebody with access may be behind it (rule US5).
    const mayBeHidden = deps.directory.backEnd !== 'organization';
    const link = await insertPerson(person, { ...recorded, wanted: 'inactive', isUnfinished: mayBeHidden }, deps, call);
    return mayBeHidden ? takeFrom(link, person, deps, call) : viewOfLink(link, call, undefined, undefined, deps);
  }
  const found = await accountWithAccess(person.address, access, deps, call);
  if (found !== undefined) return provisionLocated(person, found, access, deps, call);
  const link = await giveNewAccess(person.address, undefined, access, deps, call, (accountId) => {
    const invited = accountId === undefined;
    const event = invited ? 'user.invited' : 'user.provisioned';
    return insertPerson(person, { accountId, wanted: 'active', origin: 'created', invited, event }, deps, call);
  });
  if (link.accountId === undefined) {
    deps.roster.expectAccount();
    return viewOfLink(link, call, undefined, undefined, deps);
  }
  const group = firstAccessGroup(access);
  return viewOfLink(
    link,
    call,
    { access, shown: new Set([group.id]), names: new Map([[group.id, group.name]]) },
    undefined,
    deps,
  );
}
