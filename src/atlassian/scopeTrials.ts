import type { Call } from '../provisioning/call.js';
import { Failure } from '../provisioning/failure.js';
import * as confluence from './confluence.js';
import type { Connection } from './connection.js';
import * as jira from './jira.js';
import type { ScopedOperation } from './scopes.js';

/** What trying an operation told of the scopes of the token; `untold` where Atlassian did not answer usefully. */
export interface ScopeTrial {
  readonly operation: ScopedOperation;
  readonly outcome: 'held' | 'missing' | 'untold';
  /** False where another operation that needs the same scopes was tried in its place, or one that could change nothing. */
  readonly isItself: boolean;
}

interface Trial {
  /** The one that is tried, and those that need the same scopes, or scopes that other trials show as well. */
  readonly operations: readonly [ScopedOperation, ...ScopedOperation[]];
  /** Changes nothing, whatever is answered. */
  readonly ask: (connection: Connection, call: Call) => Promise<unknown>;
  /** A write of nothing: what answers it has seen the scopes, and nothing more of the operation. */
  readonly isEmpty?: true;
}

/** An id that Atlassian gives to nothing and nobody. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

const TRIALS: readonly Trial[] = [
  {
    operations: ['confluence.listGroups'],
    ask: ({ confluence: site }, call) => confluence.listGrantingGroups(site, 'user', call),
  },
  { operations: ['confluence.getGroup'], ask: ({ confluence: site }, call) => confluence.getGroup(site, NOBODY, call) },
  {
    operations: ['confluence.searchGroups'],
    ask: ({ confluence: site }, call) => confluence.findGroupByName(site, NOBODY, call),
  },
  {
    operations: ['confluence.listMembers'],
    ask: ({ confluence: site }, call) =>
      confluence.listMembers(site, NOBODY, { start: 0, limit: 1, withTotal: false }, call),
  },
  {
    operations: ['confluence.listMemberships'],
    ask: ({ confluence: site }, call) => confluence.listMemberships(site, NOBODY, call),
  },
  {
    operations: ['confluence.usersBulk'],
    ask: ({ confluence: site }, call) => confluence.listAccounts(site, [NOBODY], call),
  },
  {
    operations: ['confluence.removeMember', 'confluence.addMember', 'confluence.createGroup', 'confluence.deleteGroup'],
    ask: ({ confluence: site }, call) => confluence.removeMember(site, NOBODY, NOBODY, call),
    isEmpty: true,
  },
  {
    operations: ['confluence.checkAccessByEmail', 'confluence.inviteByEmail'],
    ask: ({ confluence: site, config }, call) => confluence.hasAccess(site, config.adminEmail, call),
  },
  {
    operations: ['jira.searchUsers'],
    ask: ({ jira: site, config }, call) => jira.findByEmail(site, config.adminEmail, call),
  },
];

/**
 * Tries operations of the site credential in ways that change nothing, to learn which scopes a token lacks: Atlassian
 * has no call that lists them. Operations that no trial stands for are left out.
 *
 * @param open makes the call of one trial
 * @param sendsWrites false leaves out what is a write by its method, though it changes nothing
 */
export async function tryScopes(
  connection: Connection,
  wanted: readonly ScopedOperation[],
  open: () => Call,
  sendsWrites: boolean,
): Promise<readonly ScopeTrial[]> {
  const trials = TRIALS.filter(
    ({ operations, isEmpty }) =>
      (sendsWrites || isEmpty !== true) && operations.some((operation) => wanted.includes(operation)),
  );
  const tried = await Promise.all(
    trials.map(async ({ operations, ask, isEmpty }) => {
      const outcome = await outcomeOf(ask(connection, open()));
      return operations.map((operation, at) => ({ operation, outcome, isItself: at === 0 && isEmpty !== true }));
    }),
  );
  return tried.flat().filter(({ operation }) => wanted.includes(operation));
}

/** That nobody is found, or that a right is missing, is said by what lies behind the gateway, which looks at scopes. */
async function outcomeOf(asked: Promise<unknown>): Promise<ScopeTrial['outcome']> {
  try {
    await asked;
    return 'held';
  } catch (error) {
    const { upstream } = Failure.from(error);
    if (upstream?.lacksScope === true) return 'missing';
    const status = upstream?.status ?? 0;
    return status >= 400 && status < 500 && ![401, 408, 429].includes(status) ? 'held' : 'untold';
  }
}
