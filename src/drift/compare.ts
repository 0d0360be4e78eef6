import { Collected, type Comparing } from './comparing.js';
import type { Drift, Finding, FindingKind } from './findings.js';
import { compareGroups } from './groups.js';
import { comparePeople } from './people.js';
import { compareWaiting } from './waiting.js';

/** The order in which findings are told: what lets somebody in comes first. */
const ORDER: readonly FindingKind[] = [
  'leaverHasAccess',
  'deletedHasAccess',
  'accessLost',
  'suspended',
  'accountGone',
  'foreignMember',
  'memberMissing',
  'groupGone',
  'membershipOwed',
  'invitationOverdue',
];

/**
 * Compares the record with Confluence (rule SA15), read-only. Memory grows with what differs, not with the site.
 *
 * What cannot be read is left out and said to be; when not even the credential and the granting groups answer, nothing
 * is compared.
 */
export async function compare(comparing: Comparing): Promise<Drift> {
  const collected = new Collected();
  const { questions } = comparing;
  const withAccess = comparing.openSet();
  try {
    await collected.part('everything', async () => {
      await questions.currentUser();
      await questions.grantingGroups();
      await collected.part('who has access', () => comparePeople(withAccess, comparing, collected));
      await compareGroups(withAccess, comparing, collected);
      await compareWaiting(comparing, collected);
    });
  } finally {
    withAccess.close();
  }
  const { findings, unread, remarks } = collected;
  return { findings: findings.sort(byKind), unread, remarks };
}

function byKind(one: Finding, other: Finding): number {
  const rank = ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind);
  return rank === 0 ? nameOf(one).localeCompare(nameOf(other)) : rank;
}

function nameOf({ person, groups }: Finding): string {
  return person?.name ?? groups[0]?.name ?? '';
}
