import { afterEach } from '@jest/globals';
import { createBrake } from '../../src/provisioning/brake.js';
import type { Call } from '../../src/provisioning/call.js';
import type { Dependencies, Settings } from '../../src/provisioning/dependencies.js';
import { countMembers } from '../../src/provisioning/groupReads.js';
import { createGroups, type Groups } from '../../src/provisioning/groups.js';
import { createJobs, type Jobs } from '../../src/provisioning/jobs.js';
import { createSeats } from '../../src/provisioning/seats.js';
import type { AuditLine } from '../../src/provisioning/auditRecords.js';
import type { PersonLink } from '../../src/provisioning/store.js';
import { addPeople, makeCall, type Site, startSite } from '../roster/site.js';

/** The groups of a bridge between a sandbox over real HTTP and a store in memory, with a first scan done. */
export interface GroupSite extends Site {
  readonly groups: Groups;
  readonly jobs: Jobs;
  readonly deps: Dependencies;
  /** A request of the caller `okta`, or of another. */
  request(options?: { caller?: string; budgetMs?: number }): Call;
  /** The operations the sandbox received since the last look, without `confluence.`. */
  operations(): string[];
  /** Links a person as an identity provider would have; of account `undefined` while an invitation is pending. */
  link(accountId: string | undefined, changes?: Partial<PersonLink>): Promise<string>;
  audited(subject?: string): Promise<readonly AuditLine[]>;
}

const stopped: Jobs[] = [];

afterEach(async () => {
  for (const jobs of stopped.splice(0)) await jobs.stop();
});

const DEFAULTS: Settings = {
  accessGroups: [],
  deactivation: 'access-groups',
  profileUpdates: 'put',
  groupRenames: 'record',
  adoptGroups: [],
  privilegedGroups: ['*admin*', 'jira-*', 'confluence-*'],
  guessesPrivileged: true,
  protectedUsers: [],
  groupDelete: 'created',
  defaultEmailDomain: undefined,
  allowedEmailDomains: [],
  testAddresses: [],
  callers: [
    { name: 'okta', isReadOnly: false },
    { name: 'entra', isReadOnly: false },
  ],
  requestBudgetMs: 25_000,
  indexMaxAgeMs: 300_000,
};

export async function startGroups(
  settings: Partial<Settings> = {},
  { maxRunning = 50, scanned = true }: { maxRunning?: number; scanned?: boolean } = {},
): Promise<GroupSite> {
  const all: Settings = { ...DEFAULTS, ...settings };
  const site = await startSite(all);
  const { sandbox, store, clock, directory, roster } = site;
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const jobs = createJobs({ clock, log, maxRunning, maxMs: 15 * 60_000 });
  stopped.push(jobs);
  const deps: Dependencies = {
    brake: createBrake({
      store,
      clock,
      log,
      limits: {
        accessLoss: { count: 10, percent: 20 },
        groupRemoval: { count: 100, percent: 30 },
        windowMs: 60 * 60_000,
      },
      metrics: { brakeTripped: ignore, brakeRefused: ignore, removalsCounted: ignore },
      countMembers: (groupId, call) => countMembers(groupId, deps, call),
      indexReady: (call) => roster.ready(call),
    }),
    seats: createSeats({ store, clock, log, limit: undefined, indexReady: (call) => roster.ready(call) }),
    directory,
    store,
    roster,
    settings: all,
    ownAccountId: () => sandbox.admin.accountId,
    clock,
    log,
  };
  if (scanned) await roster.scan(makeCall(clock));
  sandbox.takeCalls();
  let requests = 0;
  return {
    ...site,
    groups: createGroups(deps, jobs),
    jobs,
    deps,
    request({ caller = 'okta', budgetMs = 25_000 } = {}) {
      requests += 1;
      return { ...makeCall(clock, budgetMs), requestId: `r-${requests}`, caller };
    },
    operations: () => sandbox.takeCalls().map(({ operation = 'unknown' }) => operation.replace('confluence.', '')),
    async link(accountId, changes = {}) {
      const at = new Date(clock.now()).toISOString();
      const id = changes.id ?? accountId ?? 'inv-0b5c2f0e-7f3c-4f0e-9d4e-1c1d52d5a001';
      await store.people.insert({
        id,
        accountId,
        userName: `${id}@example.com`,
        profile: {},
        wanted: 'active',
        suspended: false,
        address: undefined,
        invitedAt: accountId === undefined ? at : undefined,
        origin: 'created',
        caller: 'okta',
        owner: 'okta',
        createdAt: at,
        wantedAt: at,
        ...changes,
      });
      return id;
    },
    audited: (subject) => store.audit.list({ limit: 1000, ...(subject === undefined ? {} : { subject }) }),
  };
}

/** As many calls of the same operation. */
export function times(count: number, operation: string): string[] {
  return Array.from({ length: count }, () => operation);
}

/** A plain group with people who have access; scanned, the calls forgotten. */
export async function addGroupOf(
  site: GroupSite,
  name: string,
  count: number,
): Promise<{ id: string; people: string[] }> {
  const { id } = site.sandbox.addGroup({ name });
  const people = addPeople(site.sandbox, count, [site.sandbox.groups.access.id, id]);
  await site.roster.scan(site.request());
  site.sandbox.takeCalls();
  return { id, people };
}

/** People with access, known to the index. */
export async function addKnownPeople(site: GroupSite, count: number): Promise<string[]> {
  const people = addPeople(site.sandbox, count);
  await site.roster.scan(site.request());
  site.sandbox.takeCalls();
  return people;
}

function ignore(): void {
  // Nothing is logged in these tests.
}
