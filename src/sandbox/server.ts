/*
 * A stateful stand-in for an Atlassian Cloud site with its organization, over real HTTP: Confluence, Jira, the
 * Organizations API and the `/ex/…` gateway at one address. It is written from Atlassian's documents and shares no code
 * with the bridge, so that it does not share the bridge's mistakes. A route it does not know is refused and recorded.
 *
 * What it does not imitate:
 * - content, spaces, search by CQL, user properties, `/user/bulk`, `/user/email`; `expand` is checked and adds nothing
 * - Jira's own group calls, `/users`, `/users/search`, `/user/bulk`, `/user/groups`; Jira licences
 * - Organizations API v1, role assignments, several directories, the filters `resourceIds`, `roleIds`, `claimStatus`
 *   and `sortBy`, workspace queries, a refusal to delete a group that has members (ADMIN-409-5)
 * - OAuth, single scopes of a token, service accounts, scoped organization keys
 * - rate limits that arise by themselves (`faults` injects 429), mails, approvals of invitations
 * - the moment that a removed user stays queued: removal is done at once
 * Where Atlassian documents nothing, the choice made here is an assumption: a duplicate group name is 400 on Confluence
 * and 409 on the Organizations API, an account outside the directory is 400 on Confluence, and write-protected groups
 * are 403 on both.
 */
import type { ReceivedCall } from './calls.js';
import { makeCredentials, type CredentialName, type Credentials } from './credentials.js';
import { createFaults, type Faults } from './faults.js';
import { defaultOptions, type SandboxOptions } from './options.js';
import { listen } from './app.js';
import { createSite, letAppear, type DefaultGroups } from './site.js';
import type { Group, NewGroup, NewPerson, Person } from './state.js';

export interface StartOptions extends Partial<SandboxOptions> {
  /** 127.0.0.1 when absent. */
  readonly host?: string;
  /** Any free one when absent or 0. */
  readonly port?: number;
  /** Milliseconds since the epoch; drives lag and invitations. */
  readonly now?: () => number;
  readonly seed?: Seed;
  /** Called when a call was answered or its connection is gone. */
  readonly onEnd?: (call: ReceivedCall) => void;
}

/** Whom and what the site holds at the start, besides its default groups. */
export interface Seed {
  readonly people?: readonly NewPerson[];
  readonly groups?: readonly (NewGroup & {
    /** Addresses of people of the same seed. */
    readonly members?: readonly string[];
  })[];
}

/**
 * A running sandbox, and the hand of its site admin: what is done through this object is done at once, without rights,
 * seats or lag standing in the way, and is not recorded as a call.
 */
export interface Sandbox {
  /** Address of the site, the gateway and the Organizations API alike. */
  readonly url: string;
  readonly credentials: Credentials;
  /** Change them at any time. */
  readonly options: SandboxOptions;
  readonly faults: Faults;
  /** Every call since the last `takeCalls`, in order of arrival. */
  readonly calls: readonly ReceivedCall[];
  /** Returns the calls and starts a new list. */
  takeCalls(): readonly ReceivedCall[];

  /** The groups that every site starts with, as they were then; `groups.access` is where new people go. */
  readonly groups: DefaultGroups;
  /** The person behind the site credential. */
  readonly admin: Person;
  /** Id of the app that every site has in its access group. */
  readonly appAccountId: string;

  addPerson(person: NewPerson): Person;
  /** @throws Error for an account that does not exist */
  person(accountId: string): Person;
  updatePerson(accountId: string, change: Partial<Omit<Person, 'accountId'>>): Person;
  suspend(accountId: string): void;
  /** Closes an account for good, as its owner may: the address and the name go, the memberships too. */
  closeAccount(accountId: string): void;
  findPersonByEmail(email: string): Person | undefined;
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
  /** From now on the credential is refused; `reinstate` takes that back. */
  revoke(credential: CredentialName): void;
  reinstate(credential: CredentialName): void;

  close(): Promise<void>;
}

/** Starts a site that listens on a loopback address. */
export async function startSandbox(start: StartOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, now = Date.now, seed = {}, onEnd = () => undefined, ...given } = start;
  const options: SandboxOptions = { ...defaultOptions(), ...given };
  const credentials = makeCredentials();
  const closing = new AbortController();
  const revoked = new Set<CredentialName>();
  const faults = createFaults();
  let calls: ReceivedCall[] = [];
  let url = '';

  const site = createSite(options, credentials, { now, url: () => url, closing: closing.signal });
  const { state, groups, admin } = site;
  const server = await listen(
    { site, credentials, revoked, faults, onArrival: (call) => calls.push(call), onEnd },
    host,
    port,
  );
  url = server.url;

  const existing = (accountId: string): Person => {
    const person = state.people.get(accountId);
    if (person === undefined) throw new Error(`The sandbox has no account ${accountId}.`);
    return person;
  };

  const sandbox: Sandbox = {
    url,
    credentials,
    options,
    faults,
    get calls() {
      return calls;
    },
    takeCalls() {
      const taken = calls;
      calls = [];
      return taken;
    },
    groups,
    admin,
    appAccountId: site.appAccountId,

    addPerson({ access = false, ...details }) {
      const person = state.addPerson(details);
      if (access) state.joinNow(groups.access.id, person.accountId);
      return person;
    },
    person: existing,
    updatePerson: (accountId, change) => state.updatePersonNow(accountId, change),
    suspend: (accountId) => void state.updatePersonNow(accountId, { suspended: true }),
    closeAccount(accountId) {
      for (const groupId of [...state.actual.groupsOf(accountId)]) state.leaveNow(groupId, accountId);
      state.updatePersonNow(accountId, {
        accountStatus: 'closed',
        displayName: 'Former user',
        email: '',
        inJira: false,
        hasJira: false,
      });
    },
    findPersonByEmail: (email) => state.peopleWithEmail(email)[0],
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
    revoke: (credential) => void revoked.add(credential),
    reinstate: (credential) => void revoked.delete(credential),

    async close() {
      closing.abort();
      await server.close();
    },
  };
  plant(sandbox, seed);
  return sandbox;
}

function plant(sandbox: Sandbox, { people = [], groups = [] }: Seed): void {
  for (const person of people) sandbox.addPerson(person);
  for (const { members = [], ...group } of groups) {
    const { id } = sandbox.addGroup(group);
    for (const email of members) {
      const person = sandbox.findPersonByEmail(email);
      if (person === undefined) throw new Error(`The seed has no person for a member of ${group.name}.`);
      sandbox.addMember(id, person.accountId);
    }
  }
}
