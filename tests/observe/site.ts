import { connect } from '../../src/atlassian/connection.js';
import { createDirectory } from '../../src/atlassian/backends.js';
import { upstreamConfig } from '../../src/bridge.js';
import { applyPlan, type Outcome } from '../../src/observe/apply.js';
import { braked } from '../../src/observe/braked.js';
import { byScimIds } from '../../src/observe/groupIds.js';
import { pendingSteps } from '../../src/observe/pending.js';
import type { BackEnd } from '../../src/provisioning/directory.js';
import type { PlanEntry } from '../../src/provisioning/planRecords.js';
import type { Dependencies } from '../../src/provisioning/dependencies.js';
import { startSandbox, type StartOptions } from '../../src/sandbox/server.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { startUsers, type UserSite } from '../provisioning/userSite.js';
import { type BridgeOptions, createTestClock, type TestBridge } from '../support/bridge.js';

export const BACK_ENDS: readonly BackEnd[] = ['organization', 'jira', 'invite'];

/** Everything that a bridge may ask while it observes; searches sent as POST are among it by name. */
export const READS: ReadonlySet<string | undefined> = new Set([
  'confluence.listGroups',
  'confluence.getGroup',
  'confluence.searchGroups',
  'confluence.listMembers',
  'confluence.listMemberships',
  'organization.listGroupRoles',
  'confluence.usersBulk',
  'confluence.checkAccessByEmail',
  'jira.searchUsers',
  'organization.searchUsers',
  'site.tenantInfo',
]);

export interface ObservedSite extends UserSite {
  /** What the plan comes to, in order, each as kind and what it is about. */
  plan(): Promise<readonly string[]>;
  /** Carries the plan out, beside the bridge that observes. */
  apply(change?: Partial<Dependencies>): Promise<readonly Outcome[]>;
}

/** A bridge that observes. */
export async function startObserved(options: BridgeOptions = {}): Promise<ObservedSite> {
  const site = await startUsers({ ...options, settings: { MODE: 'observe', ...options.settings } });
  return {
    ...site,
    plan: async () =>
      (await pendingSteps(site.store)).map(({ entry }) =>
        [entry.kind, entry.address, entry.accountId, entry.groupName ?? entry.groupId]
          .filter((part) => part !== undefined)
          .join(' '),
      ),
    apply: (change) => applyBeside(site, options.backEnd ?? 'organization', change),
  };
}

export async function applyBeside(
  site: TestBridge,
  backEnd: BackEnd,
  change: Partial<Dependencies> = {},
  agreed?: readonly PlanEntry[],
): Promise<readonly Outcome[]> {
  const connection = connect({ config: upstreamConfig(site.config), clock: site.clock });
  const outcomes: Outcome[] = [];
  try {
    const directory = byScimIds(createDirectory(connection, backEnd), site.store);
    const deps = braked({ ...site.app.deps, directory, store: site.store }, site.config.brake);
    await applyPlan({
      deps: { ...deps, ...change },
      agreed: agreed ?? (await site.store.plan.open()),
      call: () => site.call('operator'),
      signal: new AbortController().signal,
      onOutcome: (outcome) => outcomes.push(outcome),
    });
  } finally {
    connection.close();
  }
  return outcomes;
}

/** A store and a site that outlive the bridges on them. */
export async function startShared(backEnd: BackEnd, sandbox: StartOptions = {}) {
  const clock = createTestClock();
  const site = await startSandbox({
    now: () => clock.now(),
    jira: backEnd === 'jira',
    organization: backEnd === 'organization',
    ...sandbox,
  });
  const store = await openSqliteStore({ url: ':memory:', clock });
  return {
    backEnd,
    clock,
    site,
    store,
    close: async () => {
      await store.close();
      await site.close();
    },
  };
}
