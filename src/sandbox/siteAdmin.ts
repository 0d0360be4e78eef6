import { letAppear, type DefaultGroups, type Site } from './site.js';
import type { Group, NewGroup, NewPerson, Person, PersonChange } from './state.js';

/**
 * The hand of somebody who manages the site in a browser, and the eye of a test: what is done here is done at once,
 * without rights, seats or lag standing in the way, and is not recorded as a call.
 */
export interface SiteAdmin {
  /** The groups that every site starts with, as they were then; `groups.access` is where new people go. */
  readonly groups: DefaultGroups;
  /** The person behind the site credential. */
  readonly admin: Person;
  /** Id of the app that every site has in its access group. */
  readonly appAccountId: string;

  addPerson(person: NewPerson): Person;
  /** @throws Error for an account that does not exist */
  person(accountId: string): Person;
  updatePerson(accountId: string, change: PersonChange): Person;
  suspend(accountId: string): void;
  /** Closes an account for good, as its owner may: the address and the name go, the memberships too. */
  closeAccount(accountId: string): void;
  /** Takes a person out of the site's directory: groups, roles and Jira go, the account stays. */
  removeFromSite(accountId: string): void;
  /** Merges one account into another: the first is closed, and the second has its address from now on. */
  mergeAccount(accountId: string, into: string): void;
  findPersonByEmail(email: string): Person | undefined;
  /** Whether Confluence has invited the address and its account has not appeared. */
  isInvited(email: string): boolean;
  addGroup(group: NewGroup): Group;
  updateGroup(groupId: string, change: Partial<Omit<Group, 'id'>>): Group;
  findGroupByName(name: string): Group | undefined;
  deleteGroup(groupId: string): void;
  addMember(groupId: string, accountId: string): void;
  removeMember(groupId: string, accountId: string): void;
  /** Account ids of the true members, whatever reads still show. */
  membersOf(groupId: string): readonly string[];
  /** Ids of the groups the person truly is in. */
  groupsOf(accountId: string): readonly string[];
  seatsUsed(): number;
  /** Lets reads catch up with all writes. */
  settle(): void;
  /** Makes the account of an address appear, as accepting an invitation does; also where it would never have. */
  acceptInvitation(email: string): Person;
}

export function actAsSiteAdmin(site: Site): SiteAdmin {
  const { state, groups } = site;

  const existing = (accountId: string): Person => {
    const person = state.people.get(accountId);
    if (person === undefined) throw new Error(`The sandbox has no account ${accountId}.`);
    return person;
  };

  const leaveAll = (accountId: string): void => {
    for (const groupId of [...state.actual.groupsOf(accountId)]) state.leaveNow(groupId, accountId);
  };
  const closeAccount = (accountId: string): void => {
    leaveAll(accountId);
    state.updatePersonNow(accountId, {
      accountStatus: 'closed',
      displayName: 'Former user',
      email: '',
      inJira: false,
      hasJira: false,
      directRoles: [],
    });
  };

  return {
    groups,
    admin: site.admin,
    appAccountId: site.appAccountId,

    addPerson({ access = false, ...details }) {
      const person = state.addPerson(details);
      if (access) state.joinNow(groups.access.id, person.accountId);
      return person;
    },
    person: existing,
    updatePerson: (accountId, change) => state.updatePersonNow(accountId, change),
    suspend: (accountId) => void state.updatePersonNow(accountId, { suspended: true }),
    closeAccount,
    removeFromSite(accountId) {
      leaveAll(accountId);
      state.updatePersonNow(accountId, { inDirectory: false, inJira: false, hasJira: false, directRoles: [] });
    },
    mergeAccount(accountId, into) {
      const { email } = existing(accountId);
      closeAccount(accountId);
      state.updatePersonNow(into, { email });
    },
    findPersonByEmail: (email) => state.peopleWithEmail(email)[0],
    isInvited: (email) => site.invitations.has(email.toLowerCase()),
    addGroup: (group) => state.addGroup(group),
    updateGroup: (groupId, change) => state.updateGroup(groupId, change),
    findGroupByName: (name) => state.findGroupByName(name),
    deleteGroup: (groupId) => state.deleteGroup(groupId),
    addMember(groupId, accountId) {
      if (!state.groups.has(groupId)) throw new Error(`The sandbox has no group ${groupId}.`);
      state.joinNow(groupId, existing(accountId).accountId);
    },
    removeMember: (groupId, accountId) => state.leaveNow(groupId, accountId),
    membersOf: (groupId) => [...state.actual.membersOf(groupId)],
    groupsOf: (accountId) => [...state.actual.groupsOf(accountId)],
    seatsUsed: () => state.seatsUsed(),
    settle: () => state.changes.settle(),
    acceptInvitation: (email) => letAppear(site, email),
  };
}
