import { afterEach } from '@jest/globals';
import { createDirectory } from '../../src/atlassian/backends.js';
import { connect } from '../../src/atlassian/connection.js';
import type { Call } from '../../src/provisioning/call.js';
import type { Log, Settings } from '../../src/provisioning/dependencies.js';
import type { Directory } from '../../src/provisioning/directory.js';
import type { PersonLink, Store } from '../../src/provisioning/store.js';
import { createRoster, type RosterParts, type RunningRoster } from '../../src/roster/roster.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { createHandClock, type HandClock } from './handClock.js';

export interface LogLine {
  readonly level: keyof Log;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** A sandbox over real HTTP, a store in memory and a roster between them. */
export interface Site {
  readonly sandbox: Sandbox;
  readonly store: Store;
  readonly clock: HandClock;
  readonly directory: Directory;
  readonly roster: RunningRoster;
  readonly log: readonly LogLine[];
  /** A second instance of the bridge on the same store. */
  readonly anotherRoster: (parts?: Partial<RosterParts>) => RunningRoster;
  /** How often the sandbox was asked for members, per group id. */
  readonly memberPages: () => Readonly<Record<string, number>>;
}

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

export async function startSite(settings: Partial<Settings> = {}, parts: Partial<RosterParts> = {}): Promise<Site> {
  const clock = createHandClock();
  const sandbox = await startSandbox({ siteName: 'acme', now: () => clock.now() });
  closers.push(() => sandbox.close());
  const store = await openSqliteStore({ url: ':memory:', clock });
  closers.push(() => store.close());
  const { adminEmail, apiToken } = sandbox.credentials;
  const connection = connect({
    config: {
      siteUrl: sandbox.url,
      apiUrl: sandbox.url,
      adminEmail,
      apiToken,
      tokenKind: 'classic',
      orgId: undefined,
      orgApiKey: undefined,
      concurrency: 8,
    },
    clock,
  });
  closers.push(() => {
    connection.close();
    return Promise.resolve();
  });
  const directory = createDirectory(connection, 'invite');
  const log: LogLine[] = [];
  const common: RosterParts = {
    directory,
    store,
    settings: { ...SETTINGS, ...settings },
    clock,
    log: recorder(log),
    random: () => 0.5,
    onScanned: () => Promise.resolve(),
    ...parts,
  };
  const make = (changes: Partial<RosterParts>): RunningRoster => {
    const roster = createRoster({ ...common, ...changes });
    closers.push(() => roster.stop());
    return roster;
  };
  return {
    sandbox,
    store,
    clock,
    directory,
    roster: make({}),
    log,
    anotherRoster: (changes = {}) => make(changes),
    memberPages() {
      const pages: Record<string, number> = {};
      for (const { path } of sandbox.calls) {
        const groupId = /\/group\/([^/]+)\/membersByGroupId/.exec(path)?.[1];
        if (groupId !== undefined) pages[groupId] = (pages[groupId] ?? 0) + 1;
      }
      return pages;
    },
  };
}

/** One SCIM request's call. */
export function makeCall(clock: HandClock, budgetMs = 25_000, signal = new AbortController().signal): Call {
  return {
    requestId: 'r-1',
    caller: 'okta',
    kind: 'request',
    deadlineMs: clock.now() + budgetMs,
    signal,
    upstream: [],
  };
}

/** Puts people with access on the site. @returns their account ids */
export function addPeople(sandbox: Sandbox, count: number, groupIds = [sandbox.groups.access.id]): string[] {
  return Array.from({ length: count }, (_, at) => {
    const { accountId } = sandbox.addPerson({ email: `person-${at}@example.com`, displayName: `Person ${at}` });
    for (const groupId of groupIds) sandbox.addMember(groupId, accountId);
    return accountId;
  });
}

/** Records somebody as an identity provider would have, as inactive since `wantedAtMs`. */
export async function recordLeaver(store: Store, accountId: string, wantedAtMs: number): Promise<void> {
  const at = new Date(wantedAtMs).toISOString();
  const link: Omit<PersonLink, 'modifiedAt'> = {
    id: accountId,
    accountId,
    userName: `${accountId}@example.com`,
    profile: {},
    wanted: 'inactive',
    suspended: false,
    address: undefined,
    invitedAt: undefined,
    origin: 'adopted',
    caller: 'okta',
    owner: undefined,
    createdAt: at,
    wantedAt: at,
  };
  await store.people.insert(link);
}

/** What the design gives as defaults. */
export const SETTINGS: Settings = {
  accessGroups: [],
  deactivation: 'access-groups',
  profileUpdates: 'put',
  groupRenames: 'record',
  adoptGroups: [],
  privilegedGroups: [],
  guessesPrivileged: true,
  protectedUsers: [],
  groupDelete: 'created',
  defaultEmailDomain: undefined,
  allowedEmailDomains: [],
  testAddresses: [],
  callers: [],
  requestBudgetMs: 25_000,
  indexMaxAgeMs: 300_000,
};

function recorder(lines: LogLine[]): Log {
  const at =
    (level: keyof Log) =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void =>
      void lines.push({ level, message, fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
