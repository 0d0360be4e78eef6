/*
 * A stateful stand-in for an Atlassian Cloud site with its organization, over real HTTP: Confluence, Jira, the
 * Organizations API and the `/ex/…` gateway at one address. It is written from Atlassian's documents and shares no code
 * with the bridge, so that it does not share the bridge's mistakes. A route it does not know is refused and recorded.
 *
 * What it does not imitate:
 * - content, spaces, search by CQL, user properties, `/user/bulk`, `/user/email`; `expand` is checked and adds nothing
 * - Jira's own group calls, `/users`, `/users/search`, `/user/bulk`, `/user/groups`; Jira licences
 * - Organizations API v1, giving and revoking of roles, several directories, the filters `resourceIds`, `roleIds`, `claimStatus`
 *   and `sortBy`, workspace queries, a refusal to delete a group that has members (ADMIN-409-5)
 * - User management but for the list of API tokens
 * - OAuth, bearer tokens of service accounts, scoped organization keys, the end of a token's life
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
import { createSite } from './site.js';
import { actAsSiteAdmin, type SiteAdmin } from './siteAdmin.js';
import type { NewGroup, NewPerson } from './state.js';

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

/** A running sandbox. */
export interface Sandbox extends SiteAdmin {
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

  /** From now on the credential is refused; `reinstate` takes that back. */
  revoke(credential: CredentialName): void;
  reinstate(credential: CredentialName): void;

  /** Refuses connections from now on, as a site that is down; calls under way are still answered. */
  shut(): void;
  reopen(): Promise<void>;

  close(): Promise<void>;
}

/** Starts a site that listens on a loopback address. */
export async function startSandbox(start: StartOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, now = Date.now, seed = {}, onEnd = () => undefined, ...given } = start;
  const options: SandboxOptions = { ...defaultOptions(), ...given };
  const credentials = makeCredentials(options);
  const closing = new AbortController();
  const revoked = new Set<CredentialName>(options.siteAccount === 'person' ? [] : ['apiToken']);
  const faults = createFaults();
  let calls: ReceivedCall[] = [];
  let url = '';

  const site = createSite(options, credentials, { now, url: () => url, closing: closing.signal });
  const siteAdmin = actAsSiteAdmin(site);
  plant(siteAdmin, seed);
  const onArrival = (call: ReceivedCall): void => void calls.push(call);
  const server = await listen({ site, credentials, revoked, faults, onArrival, onEnd }, host, port);
  url = server.url;

  return {
    ...siteAdmin,
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
    revoke: (credential) => void revoked.add(credential),
    reinstate: (credential) => void revoked.delete(credential),
    shut: () => server.shut(),
    reopen: () => server.reopen(),
    async close() {
      closing.abort();
      await server.close();
    },
  };
}

function plant(siteAdmin: SiteAdmin, { people = [], groups = [] }: Seed): void {
  for (const person of people) siteAdmin.addPerson(person);
  for (const { members = [], ...group } of groups) {
    const { id } = siteAdmin.addGroup(group);
    for (const email of members) {
      const person = siteAdmin.findPersonByEmail(email);
      if (person === undefined) throw new Error(`The seed has no person for a member of ${group.name}.`);
      siteAdmin.addMember(id, person.accountId);
    }
  }
}
