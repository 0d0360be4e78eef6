import type { Probes } from '../atlassian/probes.js';
import type { Clock } from '../provisioning/call.js';
import type { Directory } from '../provisioning/directory.js';
import { readGrantingGroups } from '../roster/accessGroups.js';
import { type Recorder, Stopped } from './recorder.js';

const RANKS = ['lacksScope', 'refused', 'none', 'user', 'admin'] as const;

/** What an account may do, as far as calls tell: the groups it is in, and what it is in Jira. */
export interface Standing {
  readonly groupIds: ReadonlySet<string>;
  /** A site without Jira, or one that does not let the account in, is `none`; a token that may not ask tells nothing. */
  readonly jira: (typeof RANKS)[number];
}

export interface StandingReading {
  readonly directory: Directory;
  readonly probes: Probes;
  readonly clock: Clock;
  readonly recorder: Recorder;
}

/** Of the account behind the site credential. @throws Failure */
export async function readStanding(
  accountId: string,
  { directory, probes, recorder }: StandingReading,
): Promise<Standing> {
  const groups = await directory.listMemberships(accountId, recorder.call());
  return { groupIds: new Set(groups.map(({ id }) => id)), jira: await probes.jiraAccess(recorder.call()) };
}

/**
 * Whether the group of the test gave its only member anything.
 *
 * @throws Stopped when it did; Failure when it cannot be told, which ends the test as well
 */
export async function assertNothingGained(
  before: Standing,
  accountId: string,
  groupId: string,
  reading: StandingReading,
): Promise<void> {
  await assertGrantsNothing(groupId, reading);
  const after = await readStanding(accountId, reading);
  const isNew = [...after.groupIds].some((id) => id !== groupId && !before.groupIds.has(id));
  if (isNew || RANKS.indexOf(after.jira) > RANKS.indexOf(before.jira)) {
    throw new Stopped(
      'The new group gave its member more than membership in it. Ask an Atlassian admin what it grants.',
    );
  }
}

/** @throws Stopped when Confluence lists the group among those that grant access; Failure when it does not tell */
export async function assertGrantsNothing(
  groupId: string,
  { directory, clock, recorder }: StandingReading,
): Promise<void> {
  const granting = await readGrantingGroups(directory, clock, recorder.call());
  const grants = granting.find(({ id }) => id === groupId)?.accessTypes ?? [];
  if (grants.length === 0) return;
  throw new Stopped(
    `The new group grants access to Confluence (${grants.join(', ')}), so nobody was put into it. Ask an Atlassian admin why new groups do.`,
  );
}
