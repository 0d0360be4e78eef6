import { randomUUID } from 'node:crypto';

import { createChangeLog, type ChangeLog, type NoteChange } from './changes.js';
import { createMemberships, type Memberships } from './memberships.js';
import type { SandboxOptions } from './options.js';

/** An Atlassian account as this site knows it. */
export interface Person {
  readonly accountId: string;
  readonly accountType: 'atlassian' | 'app' | 'customer';
  readonly accountStatus: 'active' | 'inactive' | 'closed';
  readonly email: string;
  /** Whether the owner lets others see the address. The Organizations API shows it regardless. */
  readonly emailVisible: boolean;
  readonly displayName: string;
  /** Suspended in the organization: keeps its groups, and vanishes from Confluence's member listings. */
  readonly suspended: boolean;
  /** In the site's directory; nobody outside it can be added to a group. */
  readonly inDirectory: boolean;
  /** The address belongs to a domain that the organization has claimed. */
  readonly managed: boolean;
  /** In Jira's user base; `hasJira`: and has a Jira app. */
  readonly inJira: boolean;
  readonly hasJira: boolean;
  /** Roles of the person's own, without a group: `atlassian/site-admin` on the site, any other on its Confluence. */
  readonly directRoles: readonly string[];
}

/** A role that a group gives on something. */
export interface GroupRole {
  readonly resourceId: string;
  /** Atlassian's name of the app, `jira-software`, or `platform`. */
  readonly resourceOwner: string;
  readonly role: string;
}

export type AccessType = 'user' | 'admin' | 'site-admin';

export interface Group {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly usageType: 'USERBASE_GROUP' | 'TEAM_COLLABORATION';
  readonly managedBy: 'ADMINS' | 'EXTERNAL' | 'TEAM_MEMBERS' | 'OPEN';
  /** What membership grants in Confluence; undefined for nothing. */
  readonly grants: AccessType | undefined;
  /** Whether Confluence lists it by `accessType`; a grant shows in the role assignments in any case. */
  readonly isListed: boolean;
  /** What role assignments show besides `grants`. */
  readonly otherRoles: readonly GroupRole[];
  /** A default group of its role, which cannot be deleted. */
  readonly isDefault: boolean;
  /** False: neither its members nor the group itself can be changed through an API. */
  readonly writable: boolean;
}

export type NewPerson = Partial<Person> & {
  /** Puts the person into the access group. */
  readonly access?: boolean;
};
export type PersonChange = Partial<Omit<Person, 'accountId'>>;
export type NewGroup = Partial<Group> & { readonly name: string };

/** Everything the site remembers. Writes of the API go through `join` and `leave`, which the lag holds back in `shown`. */
export interface State {
  readonly people: ReadonlyMap<string, Person>;
  readonly groups: ReadonlyMap<string, Group>;
  /** The truth. */
  readonly actual: Memberships;
  /** What reads show. */
  readonly shown: Memberships;
  /** Accounts that member listings leave out. */
  readonly hidden: ReadonlySet<string>;
  readonly changes: ChangeLog;

  addPerson(person: Partial<Person>): Person;
  /** @throws Error for an account that does not exist */
  updatePerson(accountId: string, change: PersonChange): Person;
  /** The same; a suspension shows without lag. */
  updatePersonNow(accountId: string, change: PersonChange): Person;
  peopleWithEmail(email: string): readonly Person[];

  addGroup(group: NewGroup): Group;
  updateGroup(groupId: string, change: Partial<Omit<Group, 'id'>>): Group;
  findGroupByName(name: string): Group | undefined;
  /** Alphabetical, as Confluence lists them. */
  listGroups(): readonly Group[];
  deleteGroup(groupId: string): void;

  /** Changes a membership; reads show it when the lag has passed. */
  join(groupId: string, accountId: string): void;
  leave(groupId: string, accountId: string): void;
  /** The same, without lag. */
  joinNow(groupId: string, accountId: string): void;
  leaveNow(groupId: string, accountId: string): void;
  /** Active Atlassian people in at least one granting group. */
  seatsUsed(): number;
  holdsSeat(accountId: string): boolean;
  /** Whether joining needs a seat that is not there. */
  lacksSeat(group: Group, person: Person): boolean;
}

export function createState(options: SandboxOptions, now: () => number): State {
  const people = new Map<string, Person>();
  const byEmail = new Map<string, Set<string>>();
  const groups = new Map<string, Group>();
  const byName = new Map<string, string>();
  const actual = createMemberships();
  const shown = createMemberships();
  const hidden = new Set<string>();
  const seated = new Set<string>();
  const changes = createChangeLog(options, now);

  const indexEmail = (person: Person): void => {
    if (person.email === '') return;
    const key = person.email.toLowerCase();
    const ids = byEmail.get(key) ?? new Set();
    byEmail.set(key, ids.add(person.accountId));
  };

  const countSeat = (accountId: string): void => {
    const person = people.get(accountId);
    const takesSeat =
      person !== undefined &&
      canHoldSeat(person) &&
      (person.directRoles.length > 0 ||
        [...actual.groupsOf(accountId)].some((id) => groups.get(id)?.grants !== undefined));
    if (takesSeat) seated.add(accountId);
    else seated.delete(accountId);
  };

  const update = (note: NoteChange, accountId: string, change: PersonChange): Person => {
    const before = people.get(accountId);
    if (before === undefined) throw new Error(`The sandbox has no account ${accountId}.`);
    const person = { ...before, ...change };
    people.set(accountId, person);
    if (person.email !== before.email) {
      byEmail.get(before.email.toLowerCase())?.delete(accountId);
      indexEmail(person);
    }
    if (person.suspended !== before.suspended) {
      note(`suspension ${accountId}`, () => (person.suspended ? hidden.add(accountId) : hidden.delete(accountId)));
    }
    countSeat(accountId);
    return person;
  };

  const join = (note: NoteChange, groupId: string, accountId: string): void => {
    actual.add(groupId, accountId);
    countSeat(accountId);
    note(`membership ${groupId} ${accountId}`, () => {
      if (groups.has(groupId)) shown.add(groupId, accountId);
    });
  };

  const leave = (note: NoteChange, groupId: string, accountId: string): void => {
    actual.remove(groupId, accountId);
    countSeat(accountId);
    note(`membership ${groupId} ${accountId}`, () => shown.remove(groupId, accountId));
  };

  return {
    people,
    groups,
    actual,
    shown,
    hidden,
    changes,

    addPerson(given) {
      const email = given.email ?? '';
      const inDirectory = given.inDirectory ?? true;
      const person: Person = {
        accountId: `712020:${randomUUID()}`,
        accountType: 'atlassian',
        accountStatus: 'active',
        email,
        emailVisible: true,
        displayName: email,
        suspended: false,
        inDirectory,
        managed: false,
        inJira: inDirectory,
        hasJira: false,
        directRoles: [],
        ...given,
      };
      people.set(person.accountId, person);
      indexEmail(person);
      if (person.suspended) hidden.add(person.accountId);
      countSeat(person.accountId);
      return person;
    },

    updatePerson: (accountId, change) => update(changes.append, accountId, change),
    updatePersonNow: (accountId, change) => update(changes.showNow, accountId, change),

    peopleWithEmail: (email) => [...(byEmail.get(email.toLowerCase()) ?? [])].flatMap((id) => people.get(id) ?? []),

    addGroup(given) {
      const grants = given.grants;
      const managedBy = given.managedBy ?? 'ADMINS';
      const usageType = given.usageType ?? 'USERBASE_GROUP';
      const group: Group = {
        id: randomUUID(),
        description: '',
        isDefault: false,
        isListed: true,
        otherRoles: [],
        writable:
          managedBy === 'ADMINS' && usageType === 'USERBASE_GROUP' && (grants === undefined || grants === 'user'),
        ...given,
        usageType,
        managedBy,
        grants,
      };
      groups.set(group.id, group);
      byName.set(group.name.toLowerCase(), group.id);
      return group;
    },

    updateGroup(groupId, change) {
      const before = groups.get(groupId);
      if (before === undefined) throw new Error(`The sandbox has no group ${groupId}.`);
      const group = { ...before, ...change };
      groups.set(groupId, group);
      byName.delete(before.name.toLowerCase());
      byName.set(group.name.toLowerCase(), groupId);
      if (group.grants !== before.grants) actual.membersOf(groupId).forEach(countSeat);
      return group;
    },

    findGroupByName: (name) => groups.get(byName.get(name.toLowerCase()) ?? ''),

    listGroups: () => [...groups.values()].sort((one, other) => (one.name < other.name ? -1 : 1)),

    deleteGroup(groupId) {
      const name = groups.get(groupId)?.name;
      if (name === undefined) return;
      groups.delete(groupId);
      byName.delete(name.toLowerCase());
      for (const accountId of [...actual.membersOf(groupId)]) {
        actual.remove(groupId, accountId);
        countSeat(accountId);
      }
      for (const accountId of [...shown.membersOf(groupId)]) shown.remove(groupId, accountId);
    },

    join: (groupId, accountId) => join(changes.append, groupId, accountId),
    leave: (groupId, accountId) => leave(changes.append, groupId, accountId),
    joinNow: (groupId, accountId) => join(changes.showNow, groupId, accountId),
    leaveNow: (groupId, accountId) => leave(changes.showNow, groupId, accountId),

    seatsUsed: () => seated.size,
    holdsSeat: (accountId) => seated.has(accountId),
    lacksSeat: (group, person) =>
      options.seats !== undefined &&
      group.grants !== undefined &&
      canHoldSeat(person) &&
      !seated.has(person.accountId) &&
      seated.size >= options.seats,
  };
}

/** Apps, customers and people who cannot log in are not billed. */
function canHoldSeat({ accountType, accountStatus, suspended }: Person): boolean {
  return accountType === 'atlassian' && accountStatus === 'active' && !suspended;
}
